//! What templates can say of an order's event.

use domain::{Actor, Customer, GuestId, Money, OrderEvent, OrderId, Reason, ReasonCode, Version};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{Language, amount, order};

/// What the templates for `event` go by: `order.confirmed`, `order.refused`.
pub fn order_name(event: &OrderEvent) -> String {
    let kind = event.message_type();
    kind.rsplit_once(".v")
        .map_or(kind.as_str(), |(name, _)| name)
        .to_owned()
}

/// What a template can say of `event`: [`ORDER_PROPERTIES`], those that it has.
pub fn order_properties(event: &OrderEvent, language: Language) -> Map<String, Value> {
    let text = order(event, language);
    let (title, body) = text.map(|text| (text.title, text.body)).unzip();
    let values = [
        ("title", title),
        ("body", body),
        ("order", Some(event.order.to_string())),
        ("version", Some(event.version.to_string())),
        ("state", Some(event.state.as_str().to_owned())),
        ("total", event.total.map(|total| amount(total, language))),
        ("total_minor", event.total.map(|total| total.minor.to_string())),
        (
            "currency",
            event.total.map(|total| total.currency.as_str().to_owned()),
        ),
        (
            "reason",
            event
                .reason
                .as_ref()
                .map(|reason| reason.code.as_str().to_owned()),
        ),
        ("refused", event.refused.clone()),
    ];
    let said = values
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))));
    said.collect()
}

/// A made-up event of that name, to try texts with; `None` where there is none that is told.
pub fn sample(name: &str) -> Option<OrderEvent> {
    let verb = name.strip_prefix("order.")?;
    let refused = (verb == "refused").then(|| "cancel".to_owned());
    let state = if refused.is_some() { "shipped" } else { verb };
    let customer = Customer::Guest(GuestId(Uuid::from_u128(1)));
    let event = OrderEvent {
        order: OrderId(Uuid::from_u128(2)),
        version: Version(2),
        state: serde_json::from_value(Value::String(state.to_owned())).ok()?,
        customer,
        by: Actor::Customer(customer),
        at: jiff::Timestamp::UNIX_EPOCH,
        total: Some(Money::new(1_250, "EUR".parse().ok()?)),
        reason: (state == "rejected").then_some(Reason {
            code: ReasonCode::OutOfStock,
            line: None,
        }),
        refused,
        erased: false,
    };
    order(&event, Language::English).map(|_| event)
}

/// The properties that events of orders have. Title and body are the built-in ones.
pub(crate) const ORDER_PROPERTIES: [&str; 10] = [
    "title",
    "body",
    "order",
    "version",
    "state",
    "total",
    "total_minor",
    "currency",
    "reason",
    "refused",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_the_properties_that_templates_are_checked_against() {
        let mut event = sample("order.rejected").unwrap();
        event.refused = Some("cancel".into());
        let said = order_properties(&event, Language::German);
        let mut known = ORDER_PROPERTIES.to_vec();
        known.sort_unstable();
        assert_eq!(said.keys().map(String::as_str).collect::<Vec<_>>(), known);
        assert_eq!(said["total"], "12,50 €");
        assert_eq!(order_name(&event), "order.refused");
    }

    #[test]
    fn every_event_that_is_told_has_a_sample() {
        for name in [
            "order.submitted",
            "order.awaiting_uploads",
            "order.confirmed",
            "order.rejected",
            "order.cancelled",
            "order.expired",
            "order.shipped",
            "order.delivered",
            "order.refused",
        ] {
            assert_eq!(order_name(&sample(name).unwrap()), name);
        }
        for other in ["order.held", "order.erased", "order", "catalog.restocked"] {
            assert_eq!(sample(other), None, "{other}");
        }
    }
}
