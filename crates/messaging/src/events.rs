//! Events as messages, and messages as events.

use bytes::Bytes;
use domain::{Actor, CatalogEvent, EventId, OrderEvent, OrderState, Version};

use crate::commands::json;
use crate::{Envelope, Message, subjects};

/// A message of `EVENTS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// `events.<entity>.<verb>.<id>`
    pub subject: String,
    /// What it says about itself.
    pub envelope: Envelope,
    /// JSON; empty where only headers were announced: a submission that is not processed yet, a dead letter.
    pub body: Bytes,
}

impl Event {
    /// The event in `message`, or in words what is wrong with it.
    pub(crate) fn of(message: &async_nats::Message) -> Result<Self, String> {
        let headers = message.headers.as_ref().ok_or("it has no headers")?;
        Ok(Self {
            subject: message.subject.to_string(),
            envelope: Envelope::from_headers(headers)?,
            body: message.payload.clone(),
        })
    }
}

/// `event` as a message from `source`.
pub fn order_event_message(event: &OrderEvent, source: &str) -> Message {
    Message {
        subject: subjects::event("order", event.verb(), event.order),
        envelope: Envelope {
            id: event.id().to_string(),
            kind: event.message_type(),
            source: source.into(),
            time: event.at,
            actor: event.by.clone(),
            correlation_id: None,
            traceparent: None,
            expires_at: None,
        },
        body: json(serde_json::to_vec(event)),
    }
}

/// `event` as a message from `source`.
pub fn catalog_event_message(event: &CatalogEvent, source: &str) -> Message {
    Message {
        subject: subjects::event("catalog", &event.verb, &event.sku),
        envelope: Envelope {
            id: event.command.to_string(),
            kind: format!("catalog.{}.v1", event.verb),
            source: source.into(),
            time: event.at,
            actor: event.by.clone(),
            correlation_id: None,
            traceparent: None,
            expires_at: None,
        },
        body: json(serde_json::to_vec(event)),
    }
}

/// The event in a message of `EVENTS`. A republished submission has headers only: it is read from them as version 1, `submitted`.
/// `None` where it is no event of an order or of a version this program does not know.
pub fn read_order_event(envelope: &Envelope, body: &[u8]) -> Option<OrderEvent> {
    if envelope.kind == "order.submit.v1" {
        return submitted(envelope);
    }
    let verb = envelope.kind.strip_prefix("order.")?.strip_suffix(".v1")?;
    let event: OrderEvent = serde_json::from_slice(body).ok()?;
    (event.verb() == verb).then_some(event)
}

fn submitted(envelope: &Envelope) -> Option<OrderEvent> {
    let id: EventId = envelope.id.parse().ok()?;
    let Actor::Customer(customer) = envelope.actor else {
        return None;
    };
    (id.version == Version::FIRST).then(|| OrderEvent {
        order: id.order,
        version: id.version,
        state: OrderState::Submitted,
        customer,
        by: envelope.actor.clone(),
        at: envelope.time,
        total: None,
        reason: None,
        refused: None,
        erased: false,
    })
}

#[cfg(test)]
mod tests {
    use domain::{OrderEvent, OrderId, OrderState, Version};

    use super::{order_event_message, read_order_event};

    fn event() -> OrderEvent {
        let customer = "guest:6f2d1f0a-0c5e-4b39-9d3c-6a1f0f7f5f11".parse().unwrap();
        OrderEvent {
            order: OrderId::derive(customer, &"key".parse().unwrap()),
            version: Version(3),
            state: OrderState::Shipped,
            customer,
            by: "staff:sam".parse().unwrap(),
            at: jiff::Timestamp::from_second(1).unwrap(),
            total: None,
            reason: None,
            refused: None,
            erased: false,
        }
    }

    #[test]
    fn an_event_is_read_as_it_was_told() {
        let message = order_event_message(&event(), "order-processor");
        assert_eq!(message.subject, format!("events.order.shipped.{}", event().order));
        assert_eq!(message.envelope.id, format!("{}:3", event().order));
        assert_eq!(read_order_event(&message.envelope, &message.body), Some(event()));
    }

    #[test]
    fn what_is_of_another_kind_or_version_is_no_event_of_an_order() {
        let message = order_event_message(&event(), "order-processor");
        for kind in [
            "order.shipped.v2",
            "order.delivered.v1",
            "catalog.added.v1",
            "shipped",
        ] {
            let envelope = crate::Envelope {
                kind: kind.into(),
                ..message.envelope.clone()
            };
            assert_eq!(read_order_event(&envelope, &message.body), None, "{kind}");
        }
        let staff = crate::Envelope {
            kind: "order.submit.v1".into(),
            ..message.envelope
        };
        assert_eq!(
            read_order_event(&staff, b""),
            None,
            "a submission is a customer's, and version 1"
        );
    }
}
