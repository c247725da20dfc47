//! Random conditions, as text, and random events.

use proptest::prelude::*;
use serde_json::{Value, json};

/// A property that events may have.
pub(crate) fn property() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "B", "c.d", "\"A b\"", "[x]]y]", "gone"]).prop_map(str::to_owned)
}

pub(crate) fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (-3_i64..=3).prop_map(|number| number.to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        2 => (-6_i32..=6).prop_map(|number| format!("{:?}", f64::from(number) / 2.0)),
        1 => any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| format!("{number:e}")),
        3 => "[ab']{0,2}".prop_map(|text| format!("'{}'", text.replace('\'', "''"))),
        1 => prop::sample::select(vec!["TRUE", "false", "NULL"]).prop_map(str::to_owned),
    ]
}

pub(crate) fn operand() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![3 => property(), 2 => literal()];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (
                inner.clone(),
                prop::sample::select(vec!["+", "-", "*", "/", "%"]),
                inner.clone()
            )
                .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
            (
                inner.clone(),
                prop::sample::select(vec!["+", "-", "*", "/", "%"]),
                inner.clone()
            )
                .prop_map(|(left, operator, right)| format!("{left} {operator} ({right})")),
            inner.clone().prop_map(|inner| format!("({inner})")),
            inner.clone().prop_map(|inner| format!("- {inner}")),
            inner.prop_map(|inner| format!("+{inner}")),
        ]
    })
}

fn not() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "NOT "])
}

/// A condition without `AND`, `OR` or a leading `NOT`.
pub(crate) fn simple() -> impl Strategy<Value = String> {
    let comparison = prop::sample::select(vec!["=", "=", "=", "<>", "!=", "<", "<=", ">", ">="]);
    prop_oneof![
        3 => (property(), literal()).prop_map(|(property, literal)| format!("{property} = {literal}")),
        1 => (property(), literal()).prop_map(|(property, literal)| format!("{literal} = {property}")),
        2 => (property(), prop::collection::vec(literal(), 1..4))
            .prop_map(|(property, list)| format!("{property} IN ({})", list.join(", "))),
        3 => (operand(), comparison, operand())
            .prop_map(|(left, operator, right)| format!("{left} {operator} {right}")),
        1 => (operand(), not(), prop::collection::vec(operand(), 1..4))
            .prop_map(|(operand, not, list)| format!("{operand} {not}in ({})", list.join(","))),
        1 => (operand(), not(), operand(), operand())
            .prop_map(|(operand, not, low, high)| format!("{operand} {not}BETWEEN {low} AND {high}")),
        1 => (operand(), not(), "[ab%_]{0,4}").prop_map(|(operand, not, pattern)| format!("{operand} {not}LIKE '{pattern}'")),
        1 => (operand(), not()).prop_map(|(operand, not)| format!("{operand} is {not}null")),
        1 => property().prop_map(|property| format!("EXISTS({property})")),
    ]
}

pub(crate) fn condition() -> impl Strategy<Value = String> {
    simple().prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{left} AND {right}")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{left} or {right}")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}) AND ({right})")),
            inner.clone().prop_map(|inner| format!("NOT {inner}")),
            inner.prop_map(|inner| format!("(\n{inner}\t)")),
        ]
    })
}

/// A condition of few properties and few values, that many events match.
pub(crate) fn narrow_condition() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["a", "b", "c.d"]);
    let item = move || {
        prop_oneof![
            5 => (0..=2_i64).prop_map(|number| number.to_string()),
            1 => prop::sample::select(vec!["1.0", "0.5", "NULL", "'a'", "a", "b", "b - 1"]).prop_map(str::to_owned),
        ]
    };
    let operator = prop::sample::select(vec!["=", "=", "=", "<>", "<", "<=", ">", ">="]);
    let simple = prop_oneof![
        3 => (name(), operator.clone(), item()).prop_map(|(name, operator, item)| format!("{name} {operator} {item}")),
        1 => (name(), operator, item()).prop_map(|(name, operator, item)| format!("{item} {operator} {name}")),
        2 => (name(), not(), prop::collection::vec(item(), 1..4))
            .prop_map(|(name, not, list)| format!("{name} {not}IN ({})", list.join(", "))),
        1 => (name(), not()).prop_map(|(name, not)| format!("{name} IS {not}NULL")),
    ];
    simple.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}) AND ({right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left}) OR ({right})")),
            inner.prop_map(|inner| format!("NOT ({inner})")),
        ]
    })
}

/// An event for `narrow_condition`.
pub(crate) fn narrow_event() -> impl Strategy<Value = Value> {
    let value = || prop_oneof![6 => (0..=2_i64).prop_map(Value::from), 1 => value()];
    (value(), value(), value()).prop_map(|(a, b, d)| json!({ "a": a, "b": b, "c": { "d": d } }))
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (-3_i64..=3).prop_map(Value::from),
        2 => (-6_i32..=6).prop_map(|number| Value::from(f64::from(number) / 2.0)),
        3 => "[ab']{0,2}".prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => prop::sample::select(vec![json!(null), json!([1]), json!({ "d": 1 })]),
    ]
}

pub(crate) fn event() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec!["a", "b", "B", "A b", "x]y", "c"]);
    (
        prop::collection::vec((names, value()), 0..6),
        prop::option::of(value()),
    )
        .prop_map(|(members, inner)| {
            let mut event: serde_json::Map<_, _> = members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            if let Some(inner) = inner {
                event.insert("c".to_owned(), json!({ "d": inner }));
            }
            Value::Object(event)
        })
}
