//! What is to be told, and what of it its owners want to be told.

use std::collections::HashMap;

use domain::Customer;
use jiff::Timestamp;
use messaging::{Envelope, Message};
use storage::{DeliveryState, Installation, Platform, Preferences, Topic, Way};

use crate::news::NewsOf;
use crate::notification::{Notification, What, mail_deadline};

/// One push that is to be.
#[derive(Debug, Clone)]
pub struct Planned {
    pub(crate) notification: Notification,
    pub(crate) platform: Platform,
    /// Whose device or mailbox it is: what he has chosen counts.
    pub(crate) owner: Customer,
    /// What he has chosen about.
    topic: Topic,
    pub(crate) cause: Envelope,
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

    /// Its row of the ledger.
    pub(crate) fn row(&self) -> storage::Delivery {
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

    /// Its message for the senders.
    pub(crate) fn message(&self, now: Timestamp) -> Result<Message, serde_json::Error> {
        self.notification.message(self.platform, &self.cause, now)
    }
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

/// What customers have chosen. Honoured here alone, for all that is told.
#[derive(Debug, Default)]
pub struct Chosen {
    by_owner: HashMap<Customer, Preferences>,
    /// Of who has said nothing.
    usual: Preferences,
}

/// What its owners want to be told, each in the language of their choice.
#[derive(Debug)]
pub struct Wanted(Vec<Planned>);

impl From<HashMap<Customer, Preferences>> for Chosen {
    fn from(by_owner: HashMap<Customer, Preferences>) -> Self {
        Self {
            by_owner,
            usual: Preferences::default(),
        }
    }
}

impl Chosen {
    /// What one of them has chosen.
    pub fn of(&self, owner: Customer) -> &Preferences {
        self.by_owner.get(&owner).unwrap_or(&self.usual)
    }

    /// Drops what its owner does not want to be told.
    pub fn wanted(&self, mut planned: Vec<Planned>) -> Wanted {
        let before = planned.len();
        planned.retain_mut(|planned| {
            let chosen = self.of(planned.owner);
            planned.notification.locale.clone_from(&chosen.locale);
            planned.is_wanted(chosen)
        });
        metrics::counter!("push_unwanted_total").increment((before - planned.len()) as u64);
        Wanted(planned)
    }
}

impl Wanted {
    /// What is wanted.
    pub fn planned(&self) -> &[Planned] {
        &self.0
    }

    /// The same, to be queued.
    pub fn into_planned(self) -> Vec<Planned> {
        self.0
    }
}
