//! From what is planned to messages for the senders: the ledger first, then the stream.

use std::collections::HashSet;

use jiff::Timestamp;
use messaging::{Envelope, HandlerError, Message, Messaging, PublishError};
use storage::{DeliveryState, Installation, Platform, Storage};

use crate::notification::{Notification, What};
use crate::unavailable;

/// Where pushes are queued.
#[derive(Debug, Clone)]
pub struct Queue {
    /// The ledger.
    pub storage: Storage,
    /// Where the notifications go.
    pub messaging: Messaging,
}

/// One push that is to be.
#[derive(Debug, Clone)]
pub struct Planned {
    notification: Notification,
    platform: Platform,
    cause: Envelope,
}

impl Planned {
    /// Tells `device` of `what`, which the message that `cause` describes has brought.
    pub fn new(what: What, device: &Installation, cause: &Envelope) -> Self {
        Self {
            notification: Notification::of(what, device.id),
            platform: device.platform,
            cause: cause.clone(),
        }
    }

    fn row(&self) -> storage::Delivery {
        storage::Delivery {
            id: self.notification.delivery,
            event_at: self.notification.what.at(),
            installation: self.notification.installation,
            platform: self.platform,
            about: self.notification.what.about(),
            state: DeliveryState::Queued,
            attempts: 0,
            provider: None,
        }
    }

    fn message(&self, now: Timestamp) -> Result<Message, HandlerError> {
        self.notification
            .message(self.platform, &self.cause, now)
            .map_err(|error| HandlerError::Failed(format!("a notification can't be written: {error}")))
    }
}

impl Queue {
    /// Writes the ledger first, then publishes what is queued there: a crash between is healed by redelivery of the cause.
    /// What is planned twice is queued once. Gives how many messages were published.
    ///
    /// # Errors
    /// Where the ledger or the stream can't be written.
    pub async fn queue(&self, mut planned: Vec<Planned>, now: Timestamp) -> Result<usize, HandlerError> {
        let mut seen = HashSet::new();
        planned.retain(|planned| seen.insert(planned.notification.delivery));
        if planned.is_empty() {
            return Ok(0);
        }
        let rows: Vec<_> = planned.iter().map(Planned::row).collect();
        let waiting = self.storage.queue_deliveries(&rows).await.map_err(unavailable)?;
        let waiting: HashSet<_> = waiting.into_iter().collect();
        let messages = planned
            .iter()
            .filter(|planned| waiting.contains(&planned.notification.delivery))
            .map(|planned| planned.message(now))
            .collect::<Result<Vec<_>, _>>()?;
        metrics::counter!("push_announced_total").increment(messages.len() as u64);
        self.publish(&messages).await?;
        Ok(messages.len())
    }

    async fn publish(&self, messages: &[Message]) -> Result<(), HandlerError> {
        for result in self.messaging.publish_all(messages).await {
            match result {
                Ok(_) => {}
                Err(error @ (PublishError::QueueFull | PublishError::Unknown(_))) => {
                    return Err(HandlerError::Unavailable(format!(
                        "notifications can't be queued: {error}"
                    )));
                }
                Err(error @ (PublishError::Occupied | PublishError::Refused(_))) => {
                    return Err(HandlerError::Failed(format!(
                        "notifications can't be queued: {error}"
                    )));
                }
            }
        }
        Ok(())
    }
}
