//! What could not be handled, with its reason.

mod choose;
mod gauge;
mod letter;

use domain::{EventId, OrderId, Version};

pub use choose::Letters;
pub use letter::DeadLetter;
pub(crate) use letter::{Verdict, to_letter};

use crate::publisher::from_server;
use crate::topology::{DEAD_LETTERS, ORDERS, processor_consumer};
use crate::{Messaging, PublishError, raw};

/// The stream `DEAD_LETTERS`.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    messaging: Messaging,
}

impl DeadLetters {
    /// Over `messaging`.
    pub fn new(messaging: Messaging) -> Self {
        Self { messaging }
    }

    /// At most `limit` letters from sequence `from` on, oldest first.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn list(&self, from: u64, limit: usize) -> Result<Vec<DeadLetter>, PublishError> {
        let stream = raw::stream(&self.messaging, DEAD_LETTERS).await?;
        let mut letters = Vec::new();
        let mut next = from.max(1);
        while letters.len() < limit {
            let request = stream
                .raw_message_builder()
                .sequence(next)
                .next_by_subject("dead-letters.>");
            let Some(message) = raw::found(request.send().await)? else {
                break;
            };
            next = message.sequence + 1;
            letters.extend(letter::read(message));
        }
        Ok(letters)
    }

    /// One letter.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn get(&self, sequence: u64) -> Result<Option<DeadLetter>, PublishError> {
        // The server reads sequence 0 as "none given".
        if sequence == 0 {
            return Ok(None);
        }
        let stream = raw::stream(&self.messaging, DEAD_LETTERS).await?;
        Ok(raw::found(stream.get_raw_message(sequence).await)?.and_then(letter::read))
    }

    /// The newest letter that holds the submission of `order`.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn of_submission(&self, order: OrderId) -> Result<Option<DeadLetter>, PublishError> {
        let consumer = processor_consumer(order.partition());
        let id = EventId {
            order,
            version: Version::FIRST,
        }
        .to_string();
        let subject = letter::subject(ORDERS, &consumer, &id);
        let stream = raw::stream(&self.messaging, DEAD_LETTERS).await?;
        let newest = raw::found(stream.get_last_raw_message_by_subject(&subject).await)?;
        Ok(newest.and_then(letter::read))
    }

    /// Publishes the original to its subject again (same `ce-id`, message id `replay:<sequence>`), then deletes the letter. False where there is none.
    /// One that had expired goes without its expiry.
    ///
    /// # Errors
    /// Where the server does not answer; the letter is kept.
    pub async fn replay(&self, sequence: u64) -> Result<bool, PublishError> {
        let Some(letter) = self.get(sequence).await? else {
            return Ok(false);
        };
        let original = letter::original(&letter, (self.messaging.now)());
        let published = self.messaging.send(original).await?;
        tracing::info!(
            letter.sequence = sequence, letter.subject = %letter.subject, letter.reason = %letter.reason,
            stream = %published.stream, sequence = published.sequence, "dead letter replayed"
        );
        self.delete(sequence).await?;
        Ok(true)
    }

    /// Deletes the letter. False where there is none.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub async fn discard(&self, sequence: u64) -> Result<bool, PublishError> {
        let deleted = self.delete(sequence).await?;
        if deleted {
            tracing::info!(letter.sequence = sequence, "dead letter discarded");
        }
        Ok(deleted)
    }

    async fn delete(&self, sequence: u64) -> Result<bool, PublishError> {
        use async_nats::jetstream::stream::DeleteMessageErrorKind::{JetStream, TimedOut};
        if self.get(sequence).await?.is_none() {
            return Ok(false);
        }
        let stream = raw::stream(&self.messaging, DEAD_LETTERS).await?;
        match stream.delete_message(sequence).await {
            Ok(deleted) => Ok(deleted),
            Err(error) => match error.kind() {
                JetStream(refusal) => Err(from_server(&refusal)),
                TimedOut => Err(PublishError::Unknown("the server did not answer in time".into())),
                _ => Err(PublishError::Unknown(error.to_string())),
            },
        }
    }
}
