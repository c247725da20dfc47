//! What a message of `EVENTS` is to those who wish.

use ::wishes::Happened;
use domain::Customer;
use jiff::Timestamp;
use messaging::events::Event;
use messaging::{Delivery, Outcome};
use serde_json::{Map, Value};

use crate::notification::deadline;

/// What a message is.
pub(super) enum Reading {
    /// Something that everyone may hear of.
    ForAll(Happened),
    /// Something about an order, and whose it is.
    ForOwner(Customer, Happened),
    /// Something that happened too long ago.
    Stale,
    /// Nothing that customers hear of.
    Other,
    /// Nothing that can be handled ever.
    Unread(Outcome),
}

pub(super) fn read(delivery: &Delivery, now: Timestamp) -> Reading {
    if now >= deadline(delivery.envelope.time) {
        return Reading::Stale;
    }
    // What can't be read about an order is a dead letter of the announcer's already.
    let is_object = || serde_json::from_slice::<Map<String, Value>>(&delivery.body).is_ok();
    if delivery.subject.starts_with("events.catalog.") && !is_object() {
        return Reading::Unread(Outcome::Reject {
            reason: "undecodable",
            why: format!("the message is not a valid `{}`", delivery.envelope.kind),
        });
    }
    let event = Event {
        subject: delivery.subject.clone(),
        envelope: delivery.envelope.clone(),
        body: delivery.body.clone(),
    };
    match Happened::of(event.properties()) {
        None => Reading::Other,
        Some(happened) => match happened.owner() {
            None => Reading::ForAll(happened),
            Some(owner) => Reading::ForOwner(owner, happened),
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use messaging::Envelope;

    use super::*;

    const NOW: &str = "2026-11-21T10:00:00Z";

    fn delivery(subject: &str, body: &'static str) -> Delivery {
        Delivery {
            stream: "EVENTS".into(),
            sequence: 1,
            subject: subject.into(),
            envelope: Envelope {
                id: "1".into(),
                kind: "catalog.added.v1".into(),
                source: "order-processor".into(),
                time: NOW.parse().unwrap(),
                actor: "staff:sam".parse().unwrap(),
                correlation_id: None,
                traceparent: None,
                expires_at: None,
            },
            body: body.into(),
            redelivered: false,
        }
    }

    #[test]
    fn what_is_for_whom_is_told_by_the_event() {
        let now: Timestamp = NOW.parse().unwrap();
        let catalog = delivery("events.catalog.added.tea", r#"{"sku":"tea"}"#);
        assert!(matches!(read(&catalog, now), Reading::ForAll(_)));
        let late = now.saturating_add(31.minutes()).unwrap();
        assert!(matches!(read(&catalog, late), Reading::Stale));
        let order = delivery(
            "events.order.shipped.1",
            r#"{"customer":"guest:6f2d1f0a-0c5e-4b39-9d3c-6a1f0f7f5f11"}"#,
        );
        assert!(matches!(read(&order, now), Reading::ForOwner(..)));
        let refused = delivery("events.catalog.refused.tea", r#"{"sku":"tea"}"#);
        assert!(matches!(read(&refused, now), Reading::Other));
    }

    #[test]
    fn what_cannot_be_read_is_a_dead_letter_once() {
        let now: Timestamp = NOW.parse().unwrap();
        let catalog = delivery("events.catalog.added.tea", "[1]");
        assert!(matches!(
            read(&catalog, now),
            Reading::Unread(Outcome::Reject { .. })
        ));
        let order = delivery("events.order.shipped.1", "{");
        assert!(matches!(read(&order, now), Reading::Other));
    }
}
