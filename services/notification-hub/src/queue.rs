//! From what is planned to messages for the senders: the ledger first, then the stream.

use std::collections::{BTreeMap, HashSet};

use chassis::clock;
use domain::Customer;
use jiff::Timestamp;
use messaging::{Envelope, HandlerError, Message, Messaging, PublishError};
use storage::{DeliveryState, Installation, Platform, Preferences, Storage, Topic, Way};

use crate::bundle;
use crate::news::NewsOf;
use crate::notification::{Notification, What, mail_deadline};
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
    /// Whose device or mailbox it is: what he has chosen counts.
    owner: Customer,
    /// What he has chosen about.
    topic: Topic,
    cause: Envelope,
}

impl Planned {
    /// Tells `device` of `what`, which the message that `cause` describes has brought.
    pub fn new(what: What, device: &Installation, cause: &Envelope) -> Self {
        let mut notification = Notification::of(what, device.id);
        if let (Platform::Email, What::Order(event)) = (device.platform, &notification.what) {
            notification.expires_at = Some(mail_deadline(event.at));
        }
        Self {
            platform: device.platform,
            owner: device.customer,
            topic: topic(&notification.what),
            notification,
            cause: cause.clone(),
        }
    }

    /// The same for a wish that came true: it is told even where it is about an order, of which nothing else is to be told.
    pub fn wished(what: What, device: &Installation, cause: &Envelope) -> Self {
        Self {
            topic: Topic::Wishes,
            ..Self::new(what, device, cause)
        }
    }

    /// Whether its owner wants to be told of it in this way.
    fn is_wanted(&self, chosen: &Preferences) -> bool {
        let way = match self.platform {
            Platform::Email => Way::Email,
            Platform::Apns | Platform::Fcm | Platform::Wns | Platform::WebPush => Way::Push,
        };
        chosen.allows(self.topic, way)
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
            .map_err(|error| unwritten(&error))
    }
}

fn unwritten(error: &serde_json::Error) -> HandlerError {
    HandlerError::Failed(format!("a notification can't be written: {error}"))
}

fn topic(what: &What) -> Topic {
    match what {
        What::Order(_) => Topic::Orders,
        What::News(news) => match news.about {
            NewsOf::Wish(_) => Topic::Wishes,
            NewsOf::Campaign(_) => Topic::News,
        },
    }
}

/// An order's push has a message of its own; what goes to many shares messages.
fn messages(planned: &[Planned], now: Timestamp) -> Result<Vec<Message>, HandlerError> {
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
        let bundled = bundle::messages(&alike, bundle::MOST, platform, cause, now);
        messages.extend(bundled.map_err(|error| unwritten(&error))?);
    }
    Ok(messages)
}

impl Queue {
    /// Drops what its owner does not want to be told, writes the ledger, then publishes what is queued there: a crash between is healed by redelivery of the cause.
    /// What is planned twice is queued once. Gives how many pushes were published.
    ///
    /// # Errors
    /// Where the ledger or the stream can't be written.
    pub async fn queue(&self, mut planned: Vec<Planned>, now: Timestamp) -> Result<usize, HandlerError> {
        let mut seen = HashSet::new();
        planned.retain(|planned| seen.insert(planned.notification.delivery));
        self.retain_wanted(&mut planned).await?;
        if planned.is_empty() {
            return Ok(0);
        }
        let rows: Vec<_> = planned.iter().map(Planned::row).collect();
        let waiting = self.storage.queue_deliveries(&rows).await.map_err(unavailable)?;
        let waiting: HashSet<_> = waiting.into_iter().collect();
        planned.retain(|planned| waiting.contains(&planned.notification.delivery));
        metrics::counter!("push_announced_total").increment(planned.len() as u64);
        self.publish(&messages(&planned, now)?).await?;
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

    /// What a customer has chosen is honoured here alone, for all that is told.
    async fn retain_wanted(&self, planned: &mut Vec<Planned>) -> Result<(), HandlerError> {
        let owners: HashSet<_> = planned.iter().map(|planned| planned.owner).collect();
        if owners.is_empty() {
            return Ok(());
        }
        let owners: Vec<_> = owners.into_iter().collect();
        let chosen = self.storage.preferences_told_of(&owners).await;
        let (chosen, usual) = (chosen.map_err(unavailable)?, Preferences::default());
        let before = planned.len();
        planned.retain_mut(|planned| {
            let chosen = chosen.get(&planned.owner).unwrap_or(&usual);
            planned.notification.locale.clone_from(&chosen.locale);
            planned.is_wanted(chosen)
        });
        metrics::counter!("push_unwanted_total").increment((before - planned.len()) as u64);
        Ok(())
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
