//! What every matching event must have, so that conditions can be filed and only a few of many need to be asked.

use std::collections::BTreeMap;

use crate::ast::{Comparison, Operand, Predicate};
use crate::condition::Condition;
use crate::key::Key;
use crate::properties::Property;

/// A property and the values of which every matching event has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equality<'a> {
    /// The property.
    pub property: &'a Property,
    /// The values, without repetition and in order. Empty if no event can match.
    pub values: Vec<Key<'a>>,
}

impl Condition {
    /// The properties whose value is settled by the condition, each once, in the order of their names.
    ///
    /// **Promise**: if the condition matches an event, then for every equality returned the event has the property,
    /// and the [key](crate::Value::key) of its value is among `values`. The reverse does not hold: an event that
    /// fulfils all equalities need not match. There may be no equality at all.
    ///
    /// They come from `=` and `IN` with literals, joined by `AND`, and by `OR` where each side settles the property.
    pub fn equalities(&self) -> Vec<Equality<'_>> {
        settled(&self.predicate)
            .into_iter()
            .map(|(property, values)| Equality { property, values })
            .collect()
    }
}

type Settled<'a> = BTreeMap<&'a Property, Vec<Key<'a>>>;

fn settled(predicate: &Predicate) -> Settled<'_> {
    match predicate {
        Predicate::And(parts) => parts.iter().map(settled).reduce(both).unwrap_or_default(),
        Predicate::Or(parts) => parts.iter().map(settled).reduce(either).unwrap_or_default(),
        Predicate::Compare {
            left,
            operator: Comparison::Equal,
            right,
        } => match (left, right) {
            (Operand::Property(property), literal) | (literal, Operand::Property(property)) => {
                one_of(property, std::slice::from_ref(literal))
            }
            _ => Settled::new(),
        },
        Predicate::In {
            operand: Operand::Property(property),
            list,
            negated: false,
        } => one_of(property, list),
        _ => Settled::new(),
    }
}

/// Nothing unless every item is a literal. A null among them equals nothing and is left out.
fn one_of<'a>(property: &'a Property, items: &'a [Operand]) -> Settled<'a> {
    let literals: Option<Vec<_>> = items
        .iter()
        .map(|item| match item {
            Operand::Literal(literal) => Some(literal),
            _ => None,
        })
        .collect();
    let mut settled = Settled::new();
    if let Some(literals) = literals {
        let mut keys: Vec<_> = literals
            .into_iter()
            .filter_map(|literal| literal.value().key())
            .collect();
        keys.sort_unstable();
        keys.dedup();
        settled.insert(property, keys);
    }
    settled
}

/// What either side settles; the values of both where both do.
fn both<'a>(mut left: Settled<'a>, right: Settled<'a>) -> Settled<'a> {
    for (property, values) in right {
        left.entry(property)
            .and_modify(|kept| kept.retain(|value| values.contains(value)))
            .or_insert(values);
    }
    left
}

/// What both sides settle, with the values of each.
fn either<'a>(left: Settled<'a>, mut right: Settled<'a>) -> Settled<'a> {
    left.into_iter()
        .filter_map(|(property, mut values)| {
            values.append(&mut right.remove(property)?);
            values.sort_unstable();
            values.dedup();
            Some((property, values))
        })
        .collect()
}
