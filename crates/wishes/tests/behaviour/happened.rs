//! Events as wishes see them.

use serde_json::{Value, json};
use wishes::Happened;

/// An event of the catalog, as the broker's messages say it.
pub(crate) fn product(verb: &str, more: &Value) -> Value {
    let mut event = json!({
        "id": "3cdbab16-244a-87e8-8847-6bd79213d1ff", "type": format!("catalog.{verb}.v1"), "source": "order-processor",
        "time": "2026-11-21T10:00:00Z", "actor": "staff:ines", "subject": format!("events.catalog.{verb}.tea"),
        "entity": "catalog", "verb": verb, "key": "tea", "sku": "tea", "version": 3, "name": "Tea", "category": "teas",
        "price": { "minor": 450, "currency": "EUR" }, "available": 5, "by": "staff:ines",
        "at": "2026-11-21T10:00:00Z", "command": "3cdbab16-244a-87e8-8847-6bd79213d1ff",
    });
    let more = more.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(more);
    event
}

fn was(minor: i64, available: i64) -> Value {
    json!({ "was": { "price": { "minor": minor, "currency": "EUR" }, "available": available } })
}

fn order(verb: &str) -> Value {
    json!({
        "entity": "order", "verb": verb, "order": "5f0c2a5e-9d0b-8c7a-b1de-2f6f3f0f6a11", "version": 3, "state": "shipped",
        "customer": "guest:6f2d1f0a-0c5e-4b39-9d3c-6a1f0f7f5f11", "by": "staff:ines",
        "total": { "minor": 12_000, "currency": "EUR" }, "reason": { "code": "too_late" },
    })
}

fn topics(event: Value) -> Vec<String> {
    Happened::of(event).unwrap().topics().to_vec()
}

#[test]
fn stock_that_came_back_is_a_restock_and_a_lower_price_a_drop() {
    let stock = |old: i64, now: i64| {
        let mut more = was(450, old);
        more["available"] = now.into();
        topics(product("stock-changed", &more))
    };
    assert_eq!(stock(0, 5), ["catalog.restocked", "catalog.stock-changed"]);
    for (old, now) in [(1, 5), (5, 0), (0, 0)] {
        assert_eq!(stock(old, now), ["catalog.stock-changed"], "{old} {now}");
    }
    let price = |old| topics(product("price-changed", &was(old, 5)));
    assert_eq!(price(451), ["catalog.price-dropped", "catalog.price-changed"]);
    assert_eq!(price(450), ["catalog.price-changed"]);
    assert_eq!(price(449), ["catalog.price-changed"]);
    let other = json!({ "was": { "price": { "minor": 9_000, "currency": "JPY" }, "available": 5 } });
    assert_eq!(
        topics(product("price-changed", &other)),
        ["catalog.price-changed"]
    );
    assert_eq!(
        topics(product("stock-changed", &json!({}))),
        ["catalog.stock-changed"],
        "of before"
    );
    assert_eq!(topics(product("added", &json!({}))), ["catalog.added"]);
}

#[test]
fn what_is_no_customers_business_is_not_heard_of() {
    let other = json!({ "entity": "push", "verb": "sent" });
    let mut nobodys = order("shipped");
    nobodys["customer"] = json!(7);
    for event in [
        product("refused", &json!({})),
        order("erased"),
        other,
        nobodys,
        json!({}),
        json!(1),
    ] {
        assert_eq!(Happened::of(event.clone()), None, "{event}");
    }
}

#[test]
fn properties_are_plain_and_hold_nothing_of_the_shops_own() {
    let mut changed = product("stock-changed", &was(500, 0));
    changed["season"] = json!("spring");
    let changed = Happened::of(changed).unwrap();
    assert_eq!(
        Value::Object(changed.properties().clone()),
        json!({
            "time": "2026-11-21T10:00:00Z", "sku": "tea", "version": 3, "name": "Tea", "category": "teas",
            "price_minor": 450, "currency": "EUR", "available": 5, "old_price_minor": 500, "old_available": 0,
            "season": "spring",
        })
    );
    assert_eq!(changed.owner(), None);
    let shipped = Happened::of(order("shipped")).unwrap();
    assert_eq!(
        Value::Object(shipped.properties().clone()),
        json!({
            "order": "5f0c2a5e-9d0b-8c7a-b1de-2f6f3f0f6a11", "version": 3, "state": "shipped",
            "total_minor": 12_000, "currency": "EUR", "reason": "too_late",
        })
    );
    assert_eq!(shipped.keys(), Vec::<i64>::new());
    assert!(shipped.owner().is_some());
}

#[test]
fn only_what_is_true_fits() {
    let event = Happened::of(product("stock-changed", &was(450, 0))).unwrap();
    let fits = |condition| event.fits("catalog.restocked", condition).unwrap();
    assert!(fits(None));
    assert!(fits(Some("price_minor < 2000 AND category IN ('teas', 'cups')")));
    assert!(!fits(Some("price_minor > 2000")));
    assert!(!fits(Some("weight > 1")), "unknown is no match");
    assert!(!fits(Some("NOT weight > 1")), "nor is its contrary");
    assert_eq!(event.fits("catalog.added", None), Ok(false));
    assert!(event.fits("catalog.restocked", Some("???")).is_err());
}
