//! `LIKE`, by example and against the plainest matcher that is right.

use std::time::{Duration, Instant};

use conditions::Condition;
use proptest::prelude::*;
use serde_json::json;

use crate::{ask, plain};

#[test]
fn patterns() {
    for (text, outcome) in [
        ("'' LIKE ''", true),
        ("'' LIKE '%'", true),
        ("'' LIKE '_'", false),
        ("'a' LIKE ''", false),
        ("'a' LIKE '_'", true),
        ("'é' LIKE '_'", true),
        ("'🍵' LIKE '_'", true),
        ("'ab' LIKE '_'", false),
        ("'abc' LIKE 'a%c'", true),
        ("'abc' LIKE 'a%b'", false),
        ("'abab' LIKE '%ab'", true),
        ("'mississippi' LIKE 'm%iss%pi'", true),
        ("'ABC' LIKE 'abc'", false),
        ("'a%c' LIKE 'a\\%c' ESCAPE '\\'", true),
        ("'abc' LIKE 'a\\%c' ESCAPE '\\'", false),
        ("'a_c' LIKE 'a!_c' ESCAPE '!'", true),
        ("'a!' LIKE 'a!!' ESCAPE '!'", true),
        ("'50%' LIKE '__%%' ESCAPE '%'", true),
        ("'%' LIKE '%%' ESCAPE '%'", true),
        ("'a\\c' LIKE 'a\\c'", true),
        ("'it''s' LIKE 'it''''s' ESCAPE ''''", true),
        ("'a\nb' LIKE 'a_b'", true),
    ] {
        assert_eq!(plain(text), Some(outcome), "{text}");
    }
}

#[test]
fn a_senseless_escape_is_refused_where_it_stands() {
    for (text, at) in [
        ("a LIKE 'x!' ESCAPE '!'", 7),
        ("a LIKE 'x!y' ESCAPE '!'", 7),
        ("a LIKE 'x' ESCAPE ''", 18),
        ("a LIKE 'x' ESCAPE '!!'", 18),
        ("a LIKE b", 7),
        ("a LIKE NULL", 7),
        ("a LIKE 'x' ESCAPE b", 18),
    ] {
        assert_eq!(Condition::parse(text).unwrap_err().position.offset, at, "{text}");
    }
}

#[test]
fn a_hostile_pattern_takes_no_time() {
    let pattern = "a%".repeat(480);
    let condition = Condition::parse(&format!("t LIKE '{pattern}b'")).unwrap();
    let event = json!({ "t": "a".repeat(10_000) });
    let start = Instant::now();
    assert_eq!(condition.evaluate(&event), Some(false));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

/// Tries every length for every `%`.
fn naive(pattern: &[char], text: &[char], escape: Option<char>) -> bool {
    match pattern {
        [] => text.is_empty(),
        [first, literal, rest @ ..] if Some(*first) == escape => {
            text.first() == Some(literal) && naive(rest, &text[1..], escape)
        }
        ['%', rest @ ..] => (0..=text.len()).any(|skipped| naive(rest, &text[skipped..], escape)),
        ['_', rest @ ..] => !text.is_empty() && naive(rest, &text[1..], escape),
        [literal, rest @ ..] => text.first() == Some(literal) && naive(rest, &text[1..], escape),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn it_agrees_with_the_plainest_matcher(
        parts in prop::collection::vec(prop::sample::select(vec!["a", "b", "é", "%", "_", "!%", "!_", "!!"]), 0..9),
        text in "[abé%_!]{0,10}",
        escaped: bool,
    ) {
        let written = parts.concat();
        let escape = escaped.then_some('!');
        let pattern: Vec<_> = written.chars().collect();
        let characters: Vec<_> = text.chars().collect();
        let condition = format!("t LIKE '{written}'{}", if escaped { " ESCAPE '!'" } else { "" });
        let outcome = ask(&condition, &json!({ "t": text }));
        prop_assert_eq!(outcome, Some(naive(&pattern, &characters, escape)), "{}", condition);
    }
}
