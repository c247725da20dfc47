//! What is too large is refused, and what is not never exhausts the stack.

use std::thread;

use conditions::{Condition, MAX_CHARACTERS, MAX_DEPTH, MAX_NODES};
use serde_json::json;

/// Less than the 2 MiB of a thread of Tokio or of the standard library.
const STACK: usize = 1_536 * 1024;

fn on_a_small_stack(texts: Vec<String>) {
    thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || {
            for text in texts {
                if let Ok(condition) = Condition::parse(&text) {
                    let again = Condition::parse(&condition.to_string()).unwrap();
                    assert_eq!(again, condition);
                    condition.evaluate(&json!({ "a": 1 }));
                    condition.explain(&json!({ "a": 1 }));
                    condition.equalities();
                }
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn a_long_text_is_refused() {
    let fits = format!("a = '{}'", "x".repeat(MAX_CHARACTERS - 6));
    assert_eq!(fits.chars().count(), MAX_CHARACTERS);
    Condition::parse(&fits).unwrap();
    let wide = fits.replace('x', "é");
    Condition::parse(&wide).unwrap();
    let error = Condition::parse(&format!("{wide} ")).unwrap_err();
    assert_eq!(error.position.offset, wide.len());
    assert_eq!(error.position.column, MAX_CHARACTERS + 1);
}

#[test]
fn a_long_normal_form_is_refused() {
    let text = format!("a={}", vec!["b"; 250].join("+"));
    let error = Condition::parse(&text).unwrap_err();
    assert!(
        error.message.contains("operators, properties and literals"),
        "{error}"
    );
    let text = format!("a IN({})", vec!["12345"; 165].join(","));
    let error = Condition::parse(&text).unwrap_err();
    assert!(error.message.contains("normal form"), "{error}");
}

#[test]
fn many_nodes_are_refused_where_they_begin() {
    let list = |items: usize| format!("a IN ({})", vec!["1"; items].join(","));
    Condition::parse(&list(MAX_NODES - 2)).unwrap();
    let error = Condition::parse(&list(MAX_NODES - 1)).unwrap_err();
    assert_eq!(error.position.offset, 6 + 2 * (MAX_NODES - 2));
}

#[test]
fn deep_nesting_is_refused_where_it_begins() {
    let parentheses = |depth: usize| format!("{}a = 1{}", "(".repeat(depth), ")".repeat(depth));
    Condition::parse(&parentheses(MAX_DEPTH - 2)).unwrap();
    let error = Condition::parse(&parentheses(100)).unwrap_err();
    assert!(error.message.contains("nested too deeply"), "{error}");
    assert_eq!(error.position.offset, MAX_DEPTH);
}

#[test]
fn nothing_exhausts_the_stack() {
    let texts = |depth: usize| {
        [
            format!("{}a = 1{}", "(".repeat(depth), ")".repeat(depth)),
            format!("{}a = 1", "NOT ".repeat(depth)),
            format!("{}a = 1{}", "NOT (".repeat(depth), ")".repeat(depth)),
            format!("a = {}1", "- ".repeat(depth)),
            format!("a = {}b{}", "-(".repeat(depth), ")".repeat(depth)),
            format!("a = {}1{}", "1+(".repeat(depth), ")".repeat(depth)),
            format!("a = 1{}", "+1".repeat(depth)),
            format!("a = 1{}", " AND a=1".repeat(depth)),
            format!("{}a = 1{}", "a=1 OR (a=1 AND (".repeat(depth), "))".repeat(depth)),
            format!("{}1{}", "1 IN (".repeat(depth), ")".repeat(depth)),
            format!("a = 1{}", " IN (1)".repeat(depth)),
            format!("1{}", " BETWEEN 1 AND 1".repeat(depth)),
            format!("1{}", " = 1".repeat(depth)),
            format!("a{}", ".a".repeat(depth) + " = 1"),
            "(".repeat(depth),
            "[".repeat(depth),
            "{".repeat(depth),
            "CASE ".repeat(depth),
            "EXISTS(".repeat(depth),
        ]
    };
    on_a_small_stack((1..=512).step_by(7).flat_map(texts).collect());
}
