//! What arrived, and what was turned away.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::device::Platform;

/// One push that a pretend device took.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// Counts up from 1.
    pub sequence: u64,
    /// When it arrived.
    pub at: Timestamp,
    /// By which service.
    pub platform: Platform,
    /// The device's id in this sandbox.
    pub device: String,
    /// Its token, id or channel URI.
    pub channel: String,
    /// What the service calls it: `apns-id`, message name, `X-WNS-Msg-ID`, the message's address at Web Push.
    pub provider_id: String,
    /// `apns-collapse-id`, `collapse_key`, `X-WNS-Tag`, `Topic`: a later push with the same one replaces this on the screen.
    pub collapse_key: Option<String>,
    /// The first line on the screen.
    pub title: String,
    /// The rest.
    pub body: String,
    /// Headers or options that matter to delivery.
    pub options: BTreeMap<String, String>,
    /// The whole payload: JSON, or XML as a string.
    pub payload: Value,
}

/// A push before it is taken.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub provider_id: String,
    pub collapse_key: Option<String>,
    pub title: String,
    pub body: String,
    pub options: BTreeMap<String, String>,
    pub payload: Value,
}

/// A request that was turned away, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// When.
    pub at: Timestamp,
    /// By which service.
    pub platform: Platform,
    /// The device, where the request named one that is known.
    pub device: Option<String>,
    /// The HTTP status it got.
    pub status: u16,
    /// The service's word for it.
    pub reason: String,
    /// In our words.
    pub explanation: String,
}

/// Which deliveries are wanted; an empty filter wants all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// Of that platform.
    pub platform: Option<Platform>,
    /// To that device of this sandbox.
    pub device: Option<String>,
    /// To that token, id or URI.
    pub channel: Option<String>,
    /// With that collapse key.
    pub collapse_key: Option<String>,
    /// About that order: its id is the collapse key or stands in the payload.
    pub order: Option<String>,
    /// At that time or later.
    pub since: Option<Timestamp>,
    /// After that sequence number.
    pub after: Option<u64>,
}

impl Filter {
    /// Whether it wants that one.
    pub fn wants(&self, delivery: &Delivery) -> bool {
        fn fits<T: PartialEq>(wanted: Option<&T>, is: &T) -> bool {
            wanted.is_none_or(|wanted| wanted == is)
        }
        fits(self.platform.as_ref(), &delivery.platform)
            && fits(self.device.as_ref(), &delivery.device)
            && fits(self.channel.as_ref(), &delivery.channel)
            && self
                .collapse_key
                .as_ref()
                .is_none_or(|key| delivery.collapse_key.as_ref() == Some(key))
            && self.since.is_none_or(|since| delivery.at >= since)
            && self.after.is_none_or(|after| delivery.sequence > after)
            && self.order.as_ref().is_none_or(|order| is_about(delivery, order))
    }
}

fn is_about(delivery: &Delivery, order: &str) -> bool {
    delivery.collapse_key.as_deref() == Some(order) || mentions(&delivery.payload, order)
}

fn mentions(payload: &Value, order: &str) -> bool {
    match payload {
        Value::String(text) => text.contains(order),
        Value::Array(items) => items.iter().any(|item| mentions(item, order)),
        Value::Object(fields) => fields.values().any(|field| mentions(field, order)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            sequence: 7,
            at: "2026-11-21T10:00:00Z".parse().unwrap(),
            platform: Platform::Wns,
            device: "wns-1".into(),
            channel: "https://sandbox.notify.windows.com/?token=a".into(),
            provider_id: "1".into(),
            collapse_key: Some("order42".into()),
            title: "Confirmed".into(),
            body: String::new(),
            options: BTreeMap::new(),
            payload: json!({"deep": ["<toast launch=\"order=42-a\"/>"]}),
        }
    }

    #[test]
    fn every_filter_wants_its_own_and_no_other() {
        let filter = |json: Value| serde_json::from_value::<Filter>(json).unwrap();
        for (name, fits, other) in [
            ("platform", json!("wns"), json!("fcm")),
            ("device", json!("wns-1"), json!("wns-2")),
            (
                "channel",
                json!("https://sandbox.notify.windows.com/?token=a"),
                json!("b"),
            ),
            ("collapse_key", json!("order42"), json!("order")),
            ("order", json!("42-a"), json!("42-b")),
            ("order", json!("order42"), json!("order43")),
            (
                "since",
                json!("2026-11-21T10:00:00Z"),
                json!("2026-11-21T10:00:01Z"),
            ),
            ("after", json!(6), json!(7)),
        ] {
            assert!(filter(json!({ name: fits })).wants(&delivery()), "{name} {fits}");
            assert!(
                !filter(json!({ name: other })).wants(&delivery()),
                "{name} {other}"
            );
        }
        assert!(serde_json::from_value::<Filter>(json!({"colour": "red"})).is_err());
    }
}
