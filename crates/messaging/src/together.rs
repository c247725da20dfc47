//! Messages that are stored all or not at all: an atomic batch within one stream.
//!
//! A round trip for each message and one more flush: never on the hot path.

use async_nats::HeaderMap;
use async_nats::jetstream::ErrorCode;
use bytes::Bytes;
use tokio::time::{Instant, sleep};

use crate::envelope::MESSAGE_ID;
use crate::publisher::{Outgoing, RETRY_PAUSE, count, from_server};
use crate::request::Answer;
use crate::{Message, Messaging, PublishError, Published};

/// The most messages in one batch: the server's limit.
pub const MOST_TOGETHER: usize = 1000;

const BATCH_ID: &str = "Nats-Batch-Id";
const BATCH_SEQUENCE: &str = "Nats-Batch-Sequence";
const BATCH_COMMIT: &str = "Nats-Batch-Commit";
/// A message with this and an id that the stream has seen is answered as a duplicate; any other is refused.
const EXPECTED_LAST_ID: &str = "Nats-Expected-Last-Msg-Id";
const WRONG_LAST_ID: u64 = 10070;

/// Why nothing of a batch was stored, or is known to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TogetherError {
    /// A batch has 1 to 1,000 messages.
    #[error("a batch has 1 to {MOST_TOGETHER} messages, not {messages}")]
    Size {
        /// How many it has.
        messages: usize,
    },
    /// Two messages of the batch have one id.
    #[error("two messages of the batch have the id {id}")]
    Twice {
        /// Their id.
        id: String,
    },
    /// Some of the messages, but not all, were stored before: nothing was stored now.
    #[error("stored before, without the others: {}", ids.join(", "))]
    Repeated {
        /// Their ids.
        ids: Vec<String>,
    },
    /// As for a single message.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// What one try came to.
enum Tried {
    Stored(Published),
    /// Nothing was stored: the stream has seen an id.
    Seen,
    /// To be tried again.
    Unknown(String),
}

impl Messaging {
    /// Stores all of `messages`, which go to one stream, or none of them. An unknown outcome is tried again with the same messages within the request time-out.
    /// Gives the place of the last one; `duplicate` where all were stored before, by an earlier try or call.
    /// Submissions among other commands are announced in `EVENTS` only when they are processed: their announcement is a batch too, and not whole.
    ///
    /// # Errors
    /// [`TogetherError`].
    pub async fn publish_together(&self, messages: &[Message]) -> Result<Published, TogetherError> {
        check(messages)?;
        let outgoing: Vec<_> = messages.iter().map(Outgoing::from).collect();
        let result = self.store_together(&outgoing).await;
        let counted = match &result {
            Ok(published) => Ok(published.clone()),
            Err(TogetherError::Publish(error)) => Err(error.clone()),
            Err(error) => Err(PublishError::Refused(error.to_string())),
        };
        for message in messages {
            count(&message.subject, &counted);
        }
        result
    }

    async fn store_together(&self, messages: &[Outgoing]) -> Result<Published, TogetherError> {
        let deadline = Instant::now() + self.request_timeout;
        loop {
            let why = match self.try_together(messages).await? {
                Tried::Stored(published) => return Ok(published),
                Tried::Seen => match self.seen(messages).await {
                    Ok(Some(published)) => return Ok(published),
                    Ok(None) => "what was seen is forgotten".into(),
                    Err(TogetherError::Publish(PublishError::Unknown(why))) => why,
                    Err(error) => return Err(error),
                },
                Tried::Unknown(why) => why,
            };
            if Instant::now() + RETRY_PAUSE >= deadline {
                return Err(PublishError::Unknown(why).into());
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    /// Each try is a batch of its own: one that was broken off is dropped by the server, and the messages' ids tell whether it was stored.
    async fn try_together(&self, messages: &[Outgoing]) -> Result<Tried, PublishError> {
        let batch = format!("{:032x}", rand::random::<u128>());
        for (index, message) in messages.iter().enumerate() {
            let mut message = message.clone();
            message.headers.insert(BATCH_ID, batch.as_str());
            message.headers.insert(BATCH_SEQUENCE, (index + 1).to_string());
            if index + 1 == messages.len() {
                message.headers.insert(BATCH_COMMIT, "1");
            }
            let refusal = match self.ask(&message).await {
                Ok(Answer::Taken) => continue,
                Ok(Answer::Stored(ack)) => {
                    return Ok(Tried::Stored(Published {
                        stream: ack.stream,
                        sequence: ack.sequence,
                        duplicate: ack.duplicate,
                    }));
                }
                Ok(Answer::Refused(refusal)) => refusal,
                Err(PublishError::Unknown(why)) => return Ok(Tried::Unknown(why)),
                Err(error) => return Err(error),
            };
            return match refusal.error_code() {
                ErrorCode::ATOMIC_PUBLISH_CONTAINS_DUPLICATE_MESSAGE => Ok(Tried::Seen),
                // The connection broke, or many make batches at once.
                ErrorCode::ATOMIC_PUBLISH_INCOMPLETE_BATCH | ErrorCode::ATOMIC_PUBLISH_TOO_MANY_INFLIGHT => {
                    Ok(Tried::Unknown(refusal.to_string()))
                }
                _ => match from_server(&refusal) {
                    PublishError::Unknown(why) => Ok(Tried::Unknown(why)),
                    error => Err(error),
                },
            };
        }
        Ok(Tried::Unknown("the batch was not answered".into()))
    }

    /// Where the last one stands if the stream has seen every one of `messages`; `None` if it has seen none.
    async fn seen(&self, messages: &[Outgoing]) -> Result<Option<Published>, TogetherError> {
        let (mut ids, mut last) = (Vec::new(), None);
        for message in messages {
            let id = message.headers.get(MESSAGE_ID).map(|id| id.as_str());
            let id = id.unwrap_or_default();
            match self.ask(&question(&message.subject, id)).await? {
                Answer::Stored(ack) => {
                    ids.push(id.to_owned());
                    last = Some(Published {
                        stream: ack.stream,
                        sequence: ack.sequence,
                        duplicate: true,
                    });
                }
                Answer::Refused(refusal) if refusal.error_code().0 == WRONG_LAST_ID => {}
                Answer::Refused(refusal) => match from_server(&refusal) {
                    // It would have been answered as a duplicate before the stream's limits are looked at.
                    PublishError::QueueFull => {}
                    error => return Err(error.into()),
                },
                Answer::Taken => return Err(PublishError::Unknown("the answer was empty".into()).into()),
            }
        }
        match ids.len() {
            0 => Ok(None),
            seen if seen == messages.len() => Ok(last),
            _ => Err(TogetherError::Repeated { ids }),
        }
    }
}

/// Asks whether the stream has seen `id`, without storing anything.
fn question(subject: &str, id: &str) -> Outgoing {
    let mut headers = HeaderMap::new();
    headers.insert(MESSAGE_ID, id);
    headers.insert(EXPECTED_LAST_ID, format!("{:032x}", rand::random::<u128>()));
    Outgoing {
        subject: subject.to_owned(),
        headers,
        body: Bytes::new(),
    }
}

fn check(messages: &[Message]) -> Result<(), TogetherError> {
    if !(1..=MOST_TOGETHER).contains(&messages.len()) {
        let messages = messages.len();
        return Err(TogetherError::Size { messages });
    }
    let mut ids: Vec<_> = messages.iter().map(|message| &message.envelope.id).collect();
    ids.sort();
    match ids.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(TogetherError::Twice { id: pair[0].clone() }),
        None => Ok(()),
    }
}
