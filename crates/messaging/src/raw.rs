//! Single messages read from a stream's leader.

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{LastRawMessageErrorKind, RawMessageError, Stream};

use crate::publisher::from_server;
use crate::{Messaging, PublishError};

/// A handle on `name`, without asking the server about it.
pub(crate) async fn stream(messaging: &Messaging, name: &str) -> Result<Stream<()>, PublishError> {
    messaging
        .jetstream
        .get_stream_no_info(name)
        .await
        .map_err(|error| PublishError::Refused(error.to_string()))
}

/// What was found, `None` where there is no such message.
pub(crate) fn found(
    answer: Result<StreamMessage, RawMessageError>,
) -> Result<Option<StreamMessage>, PublishError> {
    match answer {
        Ok(message) => Ok(Some(message)),
        Err(error) => match error.kind() {
            LastRawMessageErrorKind::NoMessageFound => Ok(None),
            LastRawMessageErrorKind::InvalidSubject => Err(PublishError::Refused(error.to_string())),
            LastRawMessageErrorKind::JetStream(refusal) => Err(from_server(&refusal)),
            LastRawMessageErrorKind::Other => Err(PublishError::Unknown(error.to_string())),
        },
    }
}
