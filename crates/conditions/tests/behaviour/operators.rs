//! Properties and operators on an event.

use conditions::{Condition, Properties, Property, Value};
use serde_json::json;

use crate::{ask, plain};

fn event() -> serde_json::Value {
    json!({
        "type": "order.confirmed.v1",
        "state": "confirmed",
        "data": { "total": { "minor": 1999, "currency": "EUR" }, "gift": true, "note": null, "weight": 0.25 },
        "tags": ["new"],
        "customerTier": "gold",
        "HR-Id": 7,
        "a.b": 1,
    })
}

#[test]
fn an_event_is_asked_by_its_properties() {
    for text in [
        "type = 'order.confirmed.v1'",
        "type LIKE 'order.%.v1' AND data.total.minor < 2000",
        "data.total.currency IN ('EUR', 'CHF')",
        "data.gift = TRUE AND data.weight * 4 = 1",
        "[HR-Id] = 7 AND \"HR-Id\" = 7",
        "\"a.b\" = 1",
        "NOT data.total.minor BETWEEN 2000 AND 3000",
    ] {
        assert_eq!(ask(text, &event()), Some(true), "{text}");
    }
}

#[test]
fn names_without_quotes_are_met_in_any_case() {
    for text in [
        "STATE = 'confirmed'",
        "customertier = 'gold'",
        "Data.Total.MINOR = 1999",
    ] {
        assert_eq!(ask(text, &event()), Some(true), "{text}");
    }
    assert_eq!(ask("\"STATE\" = 'confirmed'", &event()), None);
    assert_eq!(ask("\"customerTier\" = 'gold'", &event()), Some(true));
    // The exact name goes first.
    assert_eq!(ask("id = 1", &json!({ "ID": 2, "id": 1 })), Some(true));
}

#[test]
fn values_compare_with_their_case() {
    assert_eq!(ask("state = 'Confirmed'", &event()), Some(false));
    assert_eq!(plain("'Z' < 'a'"), Some(true));
    assert_eq!(plain("'tea' < 'teas'"), Some(true));
    assert_eq!(plain("'it''s' = 'it''s'"), Some(true));
}

#[test]
fn words_of_other_sql_are_names_here() {
    for name in [
        "type",
        "state",
        "order",
        "date",
        "at",
        "by",
        "group",
        "interval",
        "timestamp",
        "version",
        "array",
    ] {
        assert_eq!(
            ask(&format!("{name} = 1"), &json!({ name: 1 })),
            Some(true),
            "{name}"
        );
    }
    assert_eq!(
        ask("data.select = 1", &json!({ "data": { "select": 1 } })),
        Some(true)
    );
    assert_eq!(ask("\"select\" = 1", &json!({ "select": 1 })), Some(true));
}

#[test]
fn exists_tells_null_from_absent() {
    for (text, outcome) in [
        ("EXISTS(state)", true),
        ("EXISTS(data.note)", true),
        ("EXISTS(data.total)", true),
        ("EXISTS(tags)", true),
        ("EXISTS(data.colour)", false),
        ("EXISTS(state.inner)", false),
        ("EXISTS ( \"a.b\" )", true),
        ("NOT EXISTS(absent)", true),
        ("data.note IS NULL", true),
        ("data.colour IS NULL", true),
        ("data.total IS NULL", false),
        ("tags IS NOT NULL", true),
    ] {
        assert_eq!(ask(text, &event()), Some(outcome), "{text}");
    }
}

#[test]
fn what_is_unknown_does_not_match() {
    for text in [
        "absent = 1",
        "NOT absent = 1",
        "absent <> 1",
        "state > 5",
        "tags = 'new'",
        "data <> 1",
        "TRUE < FALSE",
    ] {
        let condition = Condition::parse(text).unwrap();
        assert_eq!(condition.evaluate(&event()), None, "{text}");
        assert!(!condition.matches(&event()), "{text}");
    }
    assert!(!Condition::parse("state = 'held'").unwrap().matches(&event()));
    assert!(Condition::parse("state = 'confirmed'").unwrap().matches(&event()));
}

#[test]
fn booleans_are_equal_or_not() {
    assert_eq!(plain("TRUE = TRUE"), Some(true));
    assert_eq!(plain("TRUE <> FALSE"), Some(true));
    assert_eq!(ask("data.gift IN (FALSE)", &event()), Some(false));
}

#[test]
fn operators_bind_as_in_sql() {
    for (text, same) in [
        ("a = 1 OR b = 1 AND c = 1", "a = 1 OR (b = 1 AND c = 1)"),
        ("NOT a = 1 AND b = 1", "(NOT (a = 1)) AND b = 1"),
        ("a = 2 + 3 * 4", "a = 2 + (3 * 4)"),
        ("a = 7 - 2 - 1", "a = (7 - 2) - 1"),
        ("a = 8 / 4 / 2", "a = (8 / 4) / 2"),
        ("a = -b * 2", "a = (-b) * 2"),
        ("a BETWEEN 1 AND 2 AND b = 1", "(a BETWEEN 1 AND 2) AND (b = 1)"),
        ("NOT a IS NULL", "NOT (a IS NULL)"),
        ("a + 1 IN (2)", "(a + 1) IN (2)"),
    ] {
        assert_eq!(
            Condition::parse(text).unwrap(),
            Condition::parse(same).unwrap(),
            "{text}"
        );
    }
    assert_ne!(
        Condition::parse("a = 7 - (2 - 1)").unwrap(),
        Condition::parse("a = 7 - 2 - 1").unwrap()
    );
}

/// A type of one's own that is no JSON.
struct Price(i64);

impl Properties for Price {
    fn value(&self, property: &Property) -> Option<Value<'_>> {
        match property.segments() {
            [name] if name.is("price_minor") => Some(self.0.into()),
            [name] if name.is("ratio") => Some(f64::NAN.into()),
            [name] if name.is("label") => Some(format!("price {}", self.0).into()),
            _ => None,
        }
    }
}

#[test]
fn any_type_can_give_properties() {
    assert!(
        Condition::parse("Price_Minor < 2000 AND label = 'price 5'")
            .unwrap()
            .matches(&Price(5))
    );
    assert!(
        !Condition::parse("price_minor < 2000")
            .unwrap()
            .matches(&&Price(2000))
    );
    // No number: unknown, as null is.
    assert_eq!(Condition::parse("ratio <> 1").unwrap().evaluate(&Price(1)), None);
    assert_eq!(
        Condition::parse("ratio IS NULL").unwrap().evaluate(&Price(1)),
        Some(true)
    );
}

#[test]
fn the_properties_it_names_are_listed_once() {
    let condition = Condition::parse("a = 1 AND (\"B\" LIKE 'x' OR EXISTS(c.d) OR a + e IN (f))").unwrap();
    let names: Vec<_> = condition.properties().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["a", "\"B\"", "c.d", "e", "f"]);
}

#[test]
fn an_explanation_names_the_part_that_failed() {
    let steps = Condition::parse("state = 'confirmed' AND NOT data.gift = TRUE AND colour = 'red'")
        .unwrap()
        .explain(&event());
    let lines: Vec<_> = steps
        .iter()
        .map(|step| format!("{}{} -> {:?}", "  ".repeat(step.depth), step.text, step.outcome))
        .collect();
    assert_eq!(
        lines,
        [
            "state = 'confirmed' AND NOT data.gift = TRUE AND colour = 'red' -> Some(false)",
            "  state = 'confirmed' -> Some(true)",
            "  NOT data.gift = TRUE -> Some(false)",
            "    data.gift = TRUE -> Some(true)",
            "  colour = 'red' -> None",
        ]
    );
}
