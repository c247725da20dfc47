//! What conditions promise, by example and over random conditions and events.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod bounds;
mod generate;
mod index;
mod like;
mod numbers;
mod operators;
mod parsing;
mod promises;
mod truth_tables;

use conditions::Condition;
use serde_json::Value;

/// What `condition` comes to for `event`.
fn ask(condition: &str, event: &Value) -> Option<bool> {
    match Condition::parse(condition) {
        Ok(parsed) => parsed.evaluate(event),
        Err(error) => panic!("{condition}: {error}"),
    }
}

/// `ask` of an event without properties.
fn plain(condition: &str) -> Option<bool> {
    ask(condition, &Value::Null)
}
