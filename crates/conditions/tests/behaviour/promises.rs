//! Laws over random conditions and events.

use conditions::Condition;
use proptest::prelude::*;

use crate::ask;
use crate::generate::{condition, event, operand, simple};

/// Words and signs that conditions are made of, in no order.
fn soup() -> impl Strategy<Value = String> {
    let words = vec![
        "a", "b.c", "\"q\"", "[r]", "'t'", "'%'", "1", "2.5", "1e9", "NULL", "TRUE", "AND", "OR", "NOT",
        "IN", "LIKE", "ESCAPE", "BETWEEN", "IS", "EXISTS", "ANY", "CASE", "SELECT", "AT", "TIME", "ZONE",
        "INTERVAL", "(", ")", "(", ")", ",", ".", "=", "<>", "<", ">=", "+", "-", "*", "/", "%", "--", "/*",
        "'", "\"", "[", "]", "::", "{", ":", ";", "$$", "@", "\n", "\u{0}", "é",
    ];
    prop::collection::vec(
        (prop::sample::select(words), prop::sample::select(vec!["", " "])),
        0..40,
    )
    .prop_map(|parts| {
        parts
            .into_iter()
            .flat_map(|(word, space)| [word, space])
            .collect()
    })
}

fn negated(outcome: Option<bool>) -> Option<bool> {
    outcome.map(|known| !known)
}

/// Reads anything, and checks what it says of it.
fn read(text: &str) {
    match Condition::parse(text) {
        Ok(condition) => {
            assert_eq!(Condition::parse(&condition.to_string()).unwrap(), condition);
        }
        Err(error) => {
            let before = &text[..error.position.offset];
            assert_eq!(
                before.matches('\n').count() + 1,
                error.position.line,
                "{text:?}: {error}"
            );
            let line = before.rsplit('\n').next().unwrap();
            assert_eq!(
                line.chars().count() + 1,
                error.position.column,
                "{text:?}: {error}"
            );
            assert!(!error.message.is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_normal_form_is_the_same_condition(text in condition()) {
        let parsed = Condition::parse(&text).unwrap();
        let normal = parsed.to_string();
        let again = Condition::parse(&normal).unwrap();
        prop_assert_eq!(&again, &parsed);
        prop_assert_eq!(again.to_string(), normal);
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn no_soup_makes_it_panic(text in soup()) {
        read(&text);
    }

    #[test]
    fn no_cut_makes_it_panic(text in condition(), cut: prop::sample::Index) {
        let end = text.char_indices().map(|(at, _)| at).nth(cut.index(text.chars().count())).unwrap();
        read(&text[..end]);
        read(&text[end..]);
    }

    #[test]
    fn not_turns_what_is_known(a in condition(), event in event()) {
        prop_assert_eq!(ask(&format!("NOT ({a})"), &event), negated(ask(&a, &event)));
        prop_assert_eq!(ask(&format!("NOT NOT ({a})"), &event), ask(&a, &event));
    }

    #[test]
    fn de_morgan(a in condition(), b in condition(), event in event()) {
        prop_assert_eq!(
            ask(&format!("NOT (({a}) AND ({b}))"), &event),
            ask(&format!("NOT ({a}) OR NOT ({b})"), &event)
        );
        prop_assert_eq!(
            ask(&format!("NOT (({a}) OR ({b}))"), &event),
            ask(&format!("NOT ({a}) AND NOT ({b})"), &event)
        );
    }

    #[test]
    fn and_and_or_are_the_least_and_the_greatest(a in condition(), b in condition(), event in event()) {
        let rank = |outcome| match outcome { Some(false) => 0, None => 1, Some(true) => 2 };
        let (left, right) = (rank(ask(&a, &event)), rank(ask(&b, &event)));
        prop_assert_eq!(rank(ask(&format!("({a}) AND ({b})"), &event)), left.min(right));
        prop_assert_eq!(rank(ask(&format!("({a}) OR ({b})"), &event)), left.max(right));
    }

    #[test]
    fn a_list_is_its_equalities(a in operand(), b in operand(), c in operand(), event in event()) {
        let equalities = ask(&format!("{a} = {b} OR {a} = {c}"), &event);
        prop_assert_eq!(ask(&format!("{a} IN ({b}, {c})"), &event), equalities);
        prop_assert_eq!(ask(&format!("{a} NOT IN ({b}, {c})"), &event), negated(equalities));
    }

    #[test]
    fn between_is_its_comparisons(a in operand(), b in operand(), c in operand(), event in event()) {
        let comparisons = ask(&format!("{a} >= {b} AND {a} <= {c}"), &event);
        prop_assert_eq!(ask(&format!("{a} BETWEEN {b} AND {c}"), &event), comparisons);
        prop_assert_eq!(ask(&format!("{a} NOT BETWEEN {b} AND {c}"), &event), negated(comparisons));
    }

    #[test]
    fn an_explanation_begins_with_the_outcome(a in condition(), event in event()) {
        let steps = Condition::parse(&a).unwrap().explain(&event);
        prop_assert_eq!(steps[0].outcome, ask(&a, &event));
        for step in steps {
            prop_assert_eq!(ask(&step.text, &event), step.outcome);
        }
    }

    #[test]
    fn a_simple_condition_needs_no_property_it_does_not_name(a in simple(), event in event()) {
        let condition = Condition::parse(&a).unwrap();
        if condition.properties().is_empty() {
            prop_assert_eq!(condition.evaluate(&event), condition.evaluate(&serde_json::Value::Null));
        }
    }
}
