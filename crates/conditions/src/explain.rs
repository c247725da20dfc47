//! Why a condition matches an event or not.

use crate::ast::Predicate;
use crate::condition::Condition;
use crate::properties::Properties;

/// A part of a condition and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// How deep within the condition: 0 for the whole.
    pub depth: usize,
    /// The part, in its normal form.
    pub text: String,
    /// True, false, or `None`: unknown.
    pub outcome: Option<bool>,
}

impl Condition {
    /// The condition and its parts, each before those within it, with their outcomes for `properties`.
    ///
    /// For a person who wants to know; evaluates every part anew.
    pub fn explain(&self, properties: &impl Properties) -> Vec<Step> {
        let mut steps = Vec::new();
        explain(&self.predicate, properties, 0, &mut steps);
        steps
    }
}

fn explain(predicate: &Predicate, properties: &impl Properties, depth: usize, steps: &mut Vec<Step>) {
    steps.push(Step {
        depth,
        text: predicate.to_string(),
        outcome: predicate.evaluate(properties),
    });
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => {
            for part in parts {
                explain(part, properties, depth + 1, steps);
            }
        }
        Predicate::Not(inner) => explain(inner, properties, depth + 1, steps),
        _ => {}
    }
}
