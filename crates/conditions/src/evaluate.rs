//! Evaluation in three-valued logic: `None` is unknown.

use std::cmp::Ordering;

use crate::ast::{Comparison, Operand, Predicate};
use crate::properties::Properties;
use crate::value::Value;

impl Predicate {
    /// True, false or unknown for `properties`.
    pub(crate) fn evaluate(&self, properties: &impl Properties) -> Option<bool> {
        match self {
            Self::And(parts) => all(parts.iter().map(|part| part.evaluate(properties))),
            Self::Or(parts) => any(parts.iter().map(|part| part.evaluate(properties))),
            Self::Not(inner) => not(inner.evaluate(properties)),
            Self::Compare {
                left,
                operator,
                right,
            } => operator.holds(&left.evaluate(properties), &right.evaluate(properties)),
            Self::In {
                operand,
                list,
                negated,
            } => {
                let value = operand.evaluate(properties);
                let found = any(list.iter().map(|item| value.equal(&item.evaluate(properties))));
                negate_if(*negated, found)
            }
            Self::Like {
                operand,
                pattern,
                negated,
            } => match operand.evaluate(properties) {
                Value::Text(text) => Some(pattern.matches(&text) != *negated),
                _ => None,
            },
            Self::Between {
                operand,
                low,
                high,
                negated,
            } => {
                let value = operand.evaluate(properties);
                let within = all([
                    Comparison::GreaterOrEqual.holds(&value, &low.evaluate(properties)),
                    Comparison::LessOrEqual.holds(&value, &high.evaluate(properties)),
                ]);
                negate_if(*negated, within)
            }
            Self::IsNull { operand, negated } => {
                Some((operand.evaluate(properties) == Value::Null) != *negated)
            }
            Self::Exists(property) => Some(properties.value(property).is_some()),
        }
    }
}

impl Operand {
    /// Its value; null where there is none.
    fn evaluate<'a>(&'a self, properties: &'a impl Properties) -> Value<'a> {
        match self {
            Self::Property(property) => match properties.value(property) {
                Some(Value::Decimal(value)) if !value.is_finite() => Value::Null,
                Some(value) => value,
                None => Value::Null,
            },
            Self::Literal(literal) => literal.value(),
            Self::Signed { negative, operand } => {
                let value = operand.evaluate(properties);
                if *negative { value.negate() } else { value.number() }
            }
            Self::Arithmetic {
                left,
                operator,
                right,
            } => left
                .evaluate(properties)
                .reckon(*operator, &right.evaluate(properties)),
        }
    }
}

impl Comparison {
    fn holds(self, left: &Value<'_>, right: &Value<'_>) -> Option<bool> {
        match self {
            Self::Equal => left.equal(right),
            Self::NotEqual => not(left.equal(right)),
            Self::Less => left.order(right).map(Ordering::is_lt),
            Self::LessOrEqual => left.order(right).map(Ordering::is_le),
            Self::Greater => left.order(right).map(Ordering::is_gt),
            Self::GreaterOrEqual => left.order(right).map(Ordering::is_ge),
        }
    }
}

fn not(outcome: Option<bool>) -> Option<bool> {
    outcome.map(|known| !known)
}

fn negate_if(negated: bool, outcome: Option<bool>) -> Option<bool> {
    outcome.map(|known| known != negated)
}

/// False if one is false, else unknown if one is unknown, else true.
fn all(outcomes: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for outcome in outcomes {
        match outcome {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = false,
        }
    }
    known.then_some(true)
}

/// True if one is true, else unknown if one is unknown, else false.
fn any(outcomes: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    not(all(outcomes.into_iter().map(not)))
}
