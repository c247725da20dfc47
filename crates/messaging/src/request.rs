//! One publish and the server's own answer to it, for what needs to know the code of a refusal.

use async_nats::client::RequestErrorKind;
use async_nats::jetstream::Error as ServerError;
use async_nats::jetstream::publish::PublishAck;
use async_nats::jetstream::response::Response;
use async_nats::{HeaderMap, Request};

use crate::publisher::Outgoing;
use crate::{Messaging, PublishError};

/// What the server said.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Stored.
    Stored(PublishAck),
    /// Taken as part of a batch, which is not stored yet.
    Taken,
    /// Not stored.
    Refused(ServerError),
}

impl Messaging {
    /// Publishes once.
    ///
    /// # Errors
    /// [`PublishError::Unknown`] without an answer, [`PublishError::Refused`] where it is too large to be sent.
    pub(crate) async fn ask(&self, message: &Outgoing) -> Result<Answer, PublishError> {
        let request = Request::new()
            .headers(message.headers.clone())
            .payload(message.body.clone());
        let answer = self.client.send_request(message.subject.clone(), request).await;
        let answer = answer.map_err(|error| match error.kind() {
            RequestErrorKind::MaxPayloadExceeded | RequestErrorKind::InvalidSubject => {
                PublishError::Refused(error.to_string())
            }
            _ => PublishError::Unknown(error.to_string()),
        })?;
        if answer.payload.is_empty() {
            return Ok(Answer::Taken);
        }
        match serde_json::from_slice(&answer.payload) {
            Ok(Response::Ok(ack)) => Ok(Answer::Stored(ack)),
            Ok(Response::Err { error }) => Ok(Answer::Refused(error)),
            Err(error) => Err(PublishError::Unknown(format!(
                "the answer can't be read: {error}"
            ))),
        }
    }
}

/// `headers` without those called `name`.
pub(crate) fn without(headers: &HeaderMap, name: &str) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for (other, values) in headers.iter() {
        if other.to_string() != name {
            values
                .iter()
                .for_each(|value| kept.append(other.clone(), value.clone()));
        }
    }
    kept
}
