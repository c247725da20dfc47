//! From what is planned to messages for the senders: the ledger first, then the stream.

use std::collections::{BTreeMap, HashSet};

use chassis::clock;
use domain::Customer;
use jiff::Timestamp;
use messaging::{Envelope, HandlerError, Message, Messaging, PublishError};
use storage::{Platform, Storage};

use crate::bundle;
use crate::notification::{Notification, What};
use crate::planned::{Chosen, Planned, Wanted};
use crate::unavailable;

/// Where pushes are queued.
#[derive(Debug, Clone)]
pub struct Queue {
    /// The ledger.
    pub storage: Storage,
    /// Where the notifications go.
    pub messaging: Messaging,
}

fn unwritten(error: &serde_json::Error) -> HandlerError {
    HandlerError::Failed(format!("a notification can't be written: {error}"))
}

/// An order's push has a message of its own; what goes to many shares messages.
fn messages(planned: &[Planned], now: Timestamp) -> Result<Vec<Message>, serde_json::Error> {
    let mut messages = Vec::new();
    let mut together: BTreeMap<_, Vec<&Planned>> = BTreeMap::new();
    for planned in planned {
        match planned.notification.what {
            What::Order(_) => messages.push(planned.message(now)?),
            What::News(_) => {
                let deadline = planned.notification.deadline();
                let alike = (planned.platform.as_str(), deadline, planned.cause.id.as_str());
                together.entry(alike).or_default().push(planned);
            }
        }
    }
    for alike in together.into_values() {
        let (platform, cause) = (alike[0].platform, &alike[0].cause);
        let alike: Vec<_> = alike.iter().map(|planned| &planned.notification).collect();
        messages.extend(bundle::messages(&alike, bundle::MOST, platform, cause, now)?);
    }
    Ok(messages)
}

impl Queue {
    /// [`Self::queue_wanted`] of what its owners want to be told.
    ///
    /// # Errors
    /// Where the ledger or the stream can't be written.
    pub async fn queue(&self, planned: Vec<Planned>, now: Timestamp) -> Result<usize, HandlerError> {
        let chosen = self.chosen(planned.iter().map(|planned| planned.owner)).await?;
        self.queue_wanted(chosen.wanted(planned), now).await
    }

    /// What these customers have chosen.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub async fn chosen(&self, owners: impl Iterator<Item = Customer>) -> Result<Chosen, HandlerError> {
        let owners: HashSet<_> = owners.collect();
        if owners.is_empty() {
            return Ok(Chosen::default());
        }
        let owners: Vec<_> = owners.into_iter().collect();
        let chosen = self.storage.preferences_told_of(&owners).await;
        Ok(Chosen::from(chosen.map_err(unavailable)?))
    }

    /// Writes the ledger, then publishes what is queued there: a crash between is healed by redelivery of the cause.
    /// What is planned twice is queued once. Gives how many pushes were published.
    ///
    /// # Errors
    /// Where the ledger or the stream can't be written.
    pub async fn queue_wanted(&self, wanted: Wanted, now: Timestamp) -> Result<usize, HandlerError> {
        let (mut planned, mut seen) = (wanted.into_planned(), HashSet::new());
        planned.retain(|planned| seen.insert(planned.notification.delivery));
        if planned.is_empty() {
            return Ok(0);
        }
        let rows: Vec<_> = planned.iter().map(Planned::row).collect();
        let waiting = self.storage.queue_deliveries(&rows).await.map_err(unavailable)?;
        let waiting: HashSet<_> = waiting.into_iter().collect();
        planned.retain(|planned| waiting.contains(&planned.notification.delivery));
        metrics::counter!("push_announced_total").increment(planned.len() as u64);
        let messages = messages(&planned, now).map_err(|error| unwritten(&error))?;
        self.publish(&messages).await?;
        Ok(planned.len())
    }

    /// Publishes once more what a message brought together and what is not done yet, up to `most` in one message.
    ///
    /// # Errors
    /// Where the stream can't be written.
    pub async fn pass_on(
        &self,
        notifications: &[&Notification],
        most: usize,
        platform: Platform,
        cause: &Envelope,
    ) -> Result<(), HandlerError> {
        let messages = bundle::messages(notifications, most, platform, cause, clock::now());
        self.publish(&messages.map_err(|error| unwritten(&error))?).await
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
