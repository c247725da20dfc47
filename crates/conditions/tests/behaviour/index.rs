//! Equalities: what an index of conditions may rely on.

use std::collections::HashMap;

use conditions::{Condition, Key, Properties, Property, Value};
use proptest::prelude::*;
use serde_json::json;

use crate::generate::{condition, event, narrow_condition, narrow_event};

/// `property: values` for each equality of `text`.
fn equalities(text: &str) -> Vec<String> {
    Condition::parse(text)
        .unwrap()
        .equalities()
        .into_iter()
        .map(|equality| {
            let values: Vec<_> = equality.values.iter().map(ToString::to_string).collect();
            format!("{}: {}", equality.property, values.join(" "))
        })
        .collect()
}

#[test]
fn equalities_are_found() {
    for (text, found) in [
        ("a = 1", vec!["a: 1"]),
        ("1 = a", vec!["a: 1"]),
        ("A = 1.0", vec!["a: 1"]),
        ("a = 1.5", vec!["a: 1.5"]),
        ("a = TRUE", vec!["a: TRUE"]),
        (
            "price < 2000 AND category IN ('tea', 'cups')",
            vec!["category: 'cups' 'tea'"],
        ),
        ("a = 1 AND b = 'x' AND c > 2", vec!["a: 1", "b: 'x'"]),
        ("a = 1 OR a = 2", vec!["a: 1 2"]),
        ("(a = 1 AND b = 1) OR (a = 2 AND c = 1)", vec!["a: 1 2"]),
        ("a = 1 OR b = 1", vec![]),
        ("a IN (1, 2) AND a IN (2, 3)", vec!["a: 2"]),
        ("a = 1 AND a = 2", vec!["a: "]),
        ("a = NULL", vec!["a: "]),
        ("a IN (1, NULL)", vec!["a: 1"]),
        ("a IN (1, b)", vec![]),
        ("a = b", vec![]),
        ("a + 1 = 2", vec![]),
        ("a = 1 + 1", vec![]),
        ("NOT a = 1", vec![]),
        ("NOT NOT a = 1", vec![]),
        ("a <> 1", vec![]),
        ("a NOT IN (1)", vec![]),
        ("a LIKE 'x'", vec![]),
        ("a BETWEEN 1 AND 1", vec![]),
        ("a IS NULL", vec![]),
    ] {
        assert_eq!(equalities(text), found, "{text}");
    }
}

#[test]
fn an_index_of_keys_finds_what_matches() {
    let conditions: Vec<_> = (0..1_000)
        .map(|sku| Condition::parse(&format!("sku = 'S-{sku}' AND price_minor < 2000")).unwrap())
        .collect();
    let mut index: HashMap<Property, HashMap<Key<'static>, Vec<usize>>> = HashMap::new();
    for (place, condition) in conditions.iter().enumerate() {
        let equality = condition.equalities().remove(0);
        for value in equality.values {
            index
                .entry(equality.property.clone())
                .or_default()
                .entry(value.into_owned())
                .or_default()
                .push(place);
        }
    }
    let event = json!({ "sku": "S-417", "price_minor": 1999 });
    let found: Vec<_> = index
        .iter()
        .filter_map(|(property, places)| places.get(&event.value(property)?.key()?))
        .flatten()
        .filter(|place| conditions[**place].matches(&event))
        .collect();
    assert_eq!(found, [&417]);
}

#[test]
fn null_and_objects_have_no_key() {
    for value in [
        Value::Null,
        Value::Composite,
        f64::NAN.into(),
        f64::INFINITY.into(),
    ] {
        assert_eq!(value.key(), None);
    }
}

/// Panics where a match does not fulfil what the condition asks of every match.
fn keeps_the_promise(text: &str, event: &serde_json::Value) {
    let condition = Condition::parse(text).unwrap();
    if condition.matches(event) {
        for equality in condition.equalities() {
            let key = event.value(equality.property).and_then(|value| value.key());
            assert!(
                key.is_some_and(|key| equality.values.contains(&key)),
                "{text} {event}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_match_fulfils_every_equality(text in narrow_condition(), event in narrow_event()) {
        keeps_the_promise(&text, &event);
    }

    #[test]
    fn so_does_a_match_of_any_condition(text in condition(), event in event()) {
        keeps_the_promise(&text, &event);
    }
}
