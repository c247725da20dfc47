//! Whatever fits is found by its keys.

use proptest::prelude::*;
use serde_json::json;
use wishes::{Happened, Wish};

use crate::happened::product;

/// Comparisons of few properties with few values, so that many hold.
fn comparison() -> impl Strategy<Value = String> {
    let texts = prop::sample::select(vec!["sku", "SKU", "name", "category", "\"sku\""]);
    let text = prop::sample::select(vec!["'a'", "'b'", "NULL"]);
    let numbers = prop::sample::select(vec!["available", "price_minor", "old_available", "Version"]);
    let number = prop::sample::select(vec!["1", "2", "2.0", "0", "1.5"]);
    prop_oneof![
        (texts.clone(), text.clone()).prop_map(|(name, value)| format!("{name} = {value}")),
        (texts.clone(), text.clone(), text).prop_map(|(name, a, b)| format!("{name} IN ({a}, {b})")),
        (numbers.clone(), number.clone()).prop_map(|(name, value)| format!("{name} = {value}")),
        (numbers, number).prop_map(|(name, value)| format!("{name} >= {value}")),
        texts.prop_map(|name| format!("{name} LIKE '%'")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    comparison().prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} AND {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            inner.prop_map(|a| format!("(NOT {a})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_fits_is_found(
        condition in condition(),
        sku in prop::sample::select(vec!["a", "b"]),
        category in prop::sample::select(vec!["a", "b", "c"]),
        available in 0..3_i64,
        old in 0..3_i64,
    ) {
        let event = Happened::of(product("stock-changed", &json!({
            "sku": sku, "name": sku, "category": category, "available": available, "version": 1,
            "price": { "minor": available, "currency": "EUR" },
            "was": { "price": { "minor": 1, "currency": "EUR" }, "available": old },
        }))).unwrap();
        for topic in ["catalog.restocked", "catalog.stock-changed", "catalog.added"] {
            let wish = Wish::parse(topic, Some(&condition)).unwrap();
            if event.fits(topic, Some(&condition)).unwrap() {
                let keys = event.keys();
                prop_assert!(wish.keys().iter().any(|key| keys.contains(key)), "{condition}");
            }
        }
    }
}
