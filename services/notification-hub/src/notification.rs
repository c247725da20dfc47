//! The message that travels in `NOTIFICATIONS`: one push to one device.

use std::fmt::Display;

use domain::commands::without_contents;
use domain::{Actor, Customer, EventId, InstallationId, OrderEvent, Version};
use jiff::{SignedDuration, Timestamp};
use messaging::{Envelope, Message, subjects};
use serde::{Deserialize, Serialize};
use storage::{About, Platform};
use uuid::Uuid;

use crate::news::News;

/// A push that is later than this after its event helps nobody: it becomes `expired`. News may say otherwise.
pub const PUSH_DEADLINE: SignedDuration = SignedDuration::from_mins(30);

/// A mail is still worth reading when a push is stale, and a mail server may be away for a while.
pub const MAIL_DEADLINE: SignedDuration = SignedDuration::from_hours(24);

/// The service's name, as it signs what it publishes.
pub const SERVICE: &str = "notification-hub";

const ORDER_TYPE: &str = "notification.order.v1";
const NEWS_TYPE: &str = "notification.news.v1";

/// The body of `notification.order.v1` and of `notification.news.v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// The row of the ledger.
    pub delivery: Uuid,
    /// Which device.
    pub installation: InstallationId,
    /// What is announced.
    #[serde(flatten)]
    pub what: What,
    /// The language that its customer has chosen, where he has: a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Until when it is wanted, where the event's own deadline is another. Travels in the envelope.
    #[serde(skip)]
    pub expires_at: Option<Timestamp>,
    /// Before that its push service does not want it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
}

/// What is announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// What happened to an order.
    #[serde(rename = "event")]
    Order(OrderEvent),
    /// What a customer wished to hear of, or the shop wants to say.
    #[serde(rename = "news")]
    News(News),
}

impl What {
    /// The id of the event: the same for everyone who is told of it.
    pub fn event_id(&self) -> String {
        match self {
            Self::Order(event) => event.id().to_string(),
            Self::News(news) => news.event_id.clone(),
        }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Order(event) => event.at,
            Self::News(news) => news.at,
        }
    }

    /// What the ledger says it is about.
    pub fn about(&self) -> About {
        match self {
            Self::Order(event) => About::Order {
                order: event.order,
                version: event.version,
            },
            Self::News(news) => news.about.into(),
        }
    }

    /// Whom it concerns: the device must still hear of what concerns him. None where it is for anyone.
    pub fn customer(&self) -> Option<Customer> {
        match self {
            Self::Order(event) => Some(event.customer),
            Self::News(news) => news.customer,
        }
    }

    fn message_type(&self) -> &'static str {
        match self {
            Self::Order(_) => ORDER_TYPE,
            Self::News(_) => NEWS_TYPE,
        }
    }
}

impl Notification {
    /// The notification of `what` to `installation`.
    pub fn of(what: What, installation: InstallationId) -> Self {
        Self {
            delivery: delivery_id(what.event_id(), installation),
            installation,
            locale: None,
            not_before: None,
            expires_at: match &what {
                What::Order(_) => None,
                What::News(news) => news.expires_at,
            },
            what,
        }
    }

    /// After that it is not sent any more.
    pub fn deadline(&self) -> Timestamp {
        let usual = deadline(self.what.at());
        match (&self.what, self.expires_at) {
            (_, None) => usual,
            (What::Order(event), Some(expires_at)) => expires_at.min(mail_deadline(event.at)),
            (What::News(_), Some(expires_at)) => expires_at,
        }
    }

    /// As a message, caused by the message that `cause` describes.
    ///
    /// # Errors
    /// Where it can't be written as JSON.
    pub fn message(
        &self,
        platform: Platform,
        cause: &Envelope,
        now: Timestamp,
    ) -> serde_json::Result<Message> {
        Ok(Message {
            subject: match self.what {
                What::Order(_) => subjects::notification(platform.as_str(), self.installation),
                What::News(_) => subjects::bulk_notification(platform.as_str(), self.installation),
            },
            envelope: self.envelope(self.delivery, self.what.message_type(), cause, now),
            body: serde_json::to_vec(self)?.into(),
        })
    }

    /// Of the message `id` that brings it.
    pub(crate) fn envelope(&self, id: Uuid, kind: &str, cause: &Envelope, now: Timestamp) -> Envelope {
        Envelope {
            id: id.to_string(),
            kind: kind.to_owned(),
            source: SERVICE.to_owned(),
            time: now,
            actor: Actor::System(SERVICE.to_owned()),
            correlation_id: cause.correlation_id.clone(),
            traceparent: cause.traceparent.clone(),
            expires_at: Some(self.deadline()),
        }
    }

    /// Reads what [`Notification::message`] wrote.
    ///
    /// # Errors
    /// In words, for the dead letter.
    pub fn read(envelope: &Envelope, body: &[u8]) -> Result<Self, String> {
        let kind = envelope.kind.as_str();
        if ![ORDER_TYPE, NEWS_TYPE].contains(&kind) {
            return Err(format!("`{kind}` is no notification that this program reads"));
        }
        let read: Self = serde_json::from_slice(body)
            .map_err(|error| without_contents(&error))
            .map_err(|why| format!("the body is not a valid `{kind}`: {why}"))?;
        Ok(Self {
            expires_at: envelope.expires_at,
            ..read
        })
    }
}

/// UUIDv5 (RFC 9562) of the event's id in the installation's name space: the same push has the same id, always.
pub fn delivery_id(event: impl Display, installation: InstallationId) -> Uuid {
    Uuid::new_v5(&installation.0, event.to_string().as_bytes())
}

/// When a push about something that happened at `event_at` is too late.
pub fn deadline(event_at: Timestamp) -> Timestamp {
    event_at.saturating_add(PUSH_DEADLINE).unwrap_or(Timestamp::MAX)
}

/// When a mail about something that happened at `event_at` is too late.
pub fn mail_deadline(event_at: Timestamp) -> Timestamp {
    event_at.saturating_add(MAIL_DEADLINE).unwrap_or(Timestamp::MAX)
}

/// The ids that later versions of the same order have at the same device. A version about which nothing is sent lies between at times.
pub fn successors(event: &OrderEvent, installation: InstallationId) -> impl Iterator<Item = Uuid> + use<> {
    let event = event.id();
    (1..=3).map(move |ahead| {
        let later = EventId {
            order: event.order,
            version: Version(event.version.0.saturating_add(ahead)),
        };
        delivery_id(later, installation)
    })
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use domain::{Customer, Money, OrderId, OrderState};

    pub(crate) const NOW: &str = "2026-11-21T10:00:00Z";

    pub(crate) fn event(state: OrderState) -> OrderEvent {
        let customer: Customer = "guest:018f0000-0000-7000-8000-000000000001".parse().unwrap();
        OrderEvent {
            order: OrderId("018f0000-0000-8000-8000-000000000002".parse().unwrap()),
            version: Version(2),
            state,
            customer,
            by: Actor::System("order-processor".into()),
            at: NOW.parse().unwrap(),
            total: Some(Money::new(125_050, "EUR".parse().unwrap())),
            reason: None,
            refused: None,
            erased: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::OrderState;

    fn device(last: u8) -> InstallationId {
        InstallationId(Uuid::from_bytes([last; 16]))
    }

    #[test]
    fn a_push_has_the_same_id_always_and_its_own_per_device() {
        let event = samples::event(OrderState::Confirmed);
        assert_eq!(
            delivery_id(event.id(), device(1)),
            delivery_id(event.id(), device(1))
        );
        assert_ne!(
            delivery_id(event.id(), device(1)),
            delivery_id(event.id(), device(2))
        );
        assert_eq!(delivery_id(event.id(), device(1)).get_version_num(), 5);
    }

    #[test]
    fn what_is_written_is_read_and_carries_the_cause() {
        let event = samples::event(OrderState::Confirmed);
        let cause = Envelope {
            id: event.id().to_string(),
            kind: event.message_type(),
            source: "order-processor".into(),
            time: event.at,
            actor: event.by.clone(),
            correlation_id: Some("request-1".into()),
            traceparent: None,
            expires_at: None,
        };
        let notification = Notification::of(What::Order(event.clone()), device(1));
        let message = notification.message(Platform::Fcm, &cause, event.at).unwrap();
        assert_eq!(message.subject, format!("notifications.fcm.{}", device(1)));
        assert_eq!(message.envelope.id, notification.delivery.to_string());
        assert_eq!(message.envelope.correlation_id.as_deref(), Some("request-1"));
        let read = Notification::read(&message.envelope, &message.body).unwrap();
        assert_eq!(
            (read.delivery, &read.what),
            (notification.delivery, &notification.what)
        );
        assert_eq!(read.deadline(), event.at + PUSH_DEADLINE);
    }
}
