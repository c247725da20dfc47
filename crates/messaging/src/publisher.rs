//! Durable publishing.

use std::error::Error as _;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::Error as ServerError;
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout_at};

use crate::{Message, Messaging};

/// Between two tries of an unknown outcome.
pub(crate) const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// The stream could not store the message: its limits are reached, or the disk's or account's.
const FULL: [u64; 3] = [10077, 10047, 10023];
/// The subject's last message is not the one that was expected.
const OCCUPIED: [u64; 2] = [10071, 10164];
/// The last message that its subject is to hold; 0: none.
const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";

/// Where a message was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its stream.
    pub stream: String,
    /// Its sequence there.
    pub sequence: u64,
    /// Whether the stream had one of this id in its duplicate window.
    pub duplicate: bool,
}

/// Why a message is not known to be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The stream is full (error 10077): nothing was stored.
    #[error("the stream is full")]
    QueueFull,
    /// Its subject holds a message already, and it was to be the first: nothing was stored.
    #[error("there is a message on its subject already")]
    Occupied,
    /// No acknowledgement came: it may be stored once or not at all. Send the same id again.
    #[error("no acknowledgement came: {0}")]
    Unknown(String),
    /// The server refused it: nothing was stored.
    #[error("the server refused the message: {0}")]
    Refused(String),
}

/// What goes over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) subject: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl From<&Message> for Outgoing {
    fn from(message: &Message) -> Self {
        Self {
            subject: message.subject.clone(),
            headers: message.envelope.to_headers(),
            body: message.body.clone(),
        }
    }
}

impl Messaging {
    /// Publishes and waits for the durable acknowledgement; an unknown outcome is tried again under the same id within the request time-out.
    ///
    /// # Errors
    /// [`PublishError`].
    pub async fn publish(&self, message: &Message) -> Result<Published, PublishError> {
        self.send(message.into()).await
    }

    /// As [`Self::publish`], where the subject holds no message: of all that are published so there is one at a time.
    ///
    /// # Errors
    /// [`PublishError::Occupied`] where it holds one, else as [`Self::publish`].
    pub async fn publish_first(&self, message: &Message) -> Result<Published, PublishError> {
        let mut outgoing = Outgoing::from(message);
        outgoing.headers.insert(EXPECTED, "0");
        self.send(outgoing).await
    }

    /// Publishes all in their order, awaiting the acknowledgements together. One result per message.
    pub async fn publish_all(&self, messages: &[Message]) -> Vec<Result<Published, PublishError>> {
        self.send_all(messages.iter().map(Outgoing::from).collect()).await
    }

    pub(crate) async fn send(&self, message: Outgoing) -> Result<Published, PublishError> {
        let mut results = self.send_all(vec![message]).await;
        results
            .pop()
            .unwrap_or_else(|| Err(PublishError::Unknown("nothing was sent".into())))
    }

    async fn send_all(&self, messages: Vec<Outgoing>) -> Vec<Result<Published, PublishError>> {
        let deadline = Instant::now() + self.request_timeout;
        let unsent = || Err(PublishError::Unknown("it could not be sent in time".into()));
        let mut results: Vec<_> = messages.iter().map(|_| unsent()).collect();
        let mut open: Vec<usize> = (0..messages.len()).collect();
        while !open.is_empty() {
            for (index, result) in self.try_once(&messages, &open, deadline).await {
                results[index] = result;
            }
            open.retain(|&index| matches!(results[index], Err(PublishError::Unknown(_))));
            if Instant::now() + RETRY_PAUSE >= deadline {
                break;
            }
            if !open.is_empty() {
                sleep(RETRY_PAUSE).await;
            }
        }
        for (message, result) in messages.iter().zip(&results) {
            count(&message.subject, result);
        }
        results
    }

    /// Sends one after the other, then awaits all acknowledgements.
    async fn try_once(
        &self,
        messages: &[Outgoing],
        open: &[usize],
        deadline: Instant,
    ) -> Vec<(usize, Result<Published, PublishError>)> {
        let mut sent = Vec::with_capacity(open.len());
        for &index in open {
            let Outgoing {
                subject,
                headers,
                body,
            } = messages[index].clone();
            let message = PublishMessage::build().headers(headers).payload(body);
            sent.push((index, self.jetstream.send_publish(subject, message).await));
        }
        let acknowledged = sent.into_iter().map(async |(index, ack)| match ack {
            Ok(ack) => (index, acknowledgement(ack, deadline).await),
            Err(error) => (index, Err(classify(&error))),
        });
        join_all(acknowledged).await
    }
}

async fn acknowledgement(ack: PublishAckFuture, deadline: Instant) -> Result<Published, PublishError> {
    let late = |_| PublishError::Unknown("the server did not answer in time".into());
    let ack = timeout_at(deadline, ack)
        .await
        .map_err(late)?
        .map_err(|error| classify(&error))?;
    Ok(Published {
        stream: ack.stream,
        sequence: ack.sequence,
        duplicate: ack.duplicate,
    })
}

fn classify(error: &async_nats::jetstream::context::PublishError) -> PublishError {
    match error.kind() {
        PublishErrorKind::Other
        | PublishErrorKind::WrongLastMessageId
        | PublishErrorKind::WrongLastSequence => {
            match error
                .source()
                .and_then(|source| source.downcast_ref::<ServerError>())
            {
                Some(refusal) => from_server(refusal),
                None => PublishError::Unknown(error.to_string()),
            }
        }
        PublishErrorKind::MaxPayloadExceeded => PublishError::Refused(error.to_string()),
        // Also while the server starts: its streams do not listen yet.
        _ => PublishError::Unknown(error.to_string()),
    }
}

/// What an error answer of the server means for a publish.
pub(crate) fn from_server(error: &ServerError) -> PublishError {
    match error.error_code().0 {
        code if FULL.contains(&code) => PublishError::QueueFull,
        code if OCCUPIED.contains(&code) => PublishError::Occupied,
        _ if error.code() == 503 => PublishError::Unknown(error.to_string()),
        _ => PublishError::Refused(error.to_string()),
    }
}

pub(crate) fn count(subject: &str, result: &Result<Published, PublishError>) {
    let root = subject.split('.').next().unwrap_or_default().to_owned();
    let outcome = match result {
        Ok(published) if published.duplicate => "duplicate",
        Ok(_) => "stored",
        Err(PublishError::QueueFull) => "full",
        Err(PublishError::Occupied) => "occupied",
        Err(PublishError::Unknown(_)) => "unknown",
        Err(PublishError::Refused(_)) => "refused",
    };
    metrics::counter!("messaging_published_total", "subject" => root, "outcome" => outcome).increment(1);
    if let Err(error) = result
        && *error != PublishError::Occupied
    {
        tracing::warn!(subject, %error, "message not published");
    }
}
