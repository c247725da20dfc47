//! Values of properties, how they compare and what can be reckoned with them.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value as Json;

use crate::ast::Arithmetic;

/// The value of a property.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Null: unknown to every operator but `IS NULL` and `EXISTS`.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number. One that is not finite is unknown.
    Decimal(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// An object or a list: it exists and is not null, and nothing else is known of it.
    Composite,
}

impl<'a> From<&'a Json> for Value<'a> {
    /// A number that is whole and fits `i64` is an integer, every other one a decimal.
    fn from(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Boolean(*value),
            Json::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(value), _) => Self::Integer(value),
                (None, Some(value)) => Self::Decimal(value),
                (None, None) => Self::Composite,
            },
            Json::String(text) => Self::Text(Cow::Borrowed(text)),
            Json::Array(_) | Json::Object(_) => Self::Composite,
        }
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Self::Decimal(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl<'a> Value<'a> {
    /// `=`: unknown between values of different kinds.
    pub(crate) fn equal(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Boolean(left), Self::Boolean(right)) => Some(left == right),
            _ => self.order(other).map(Ordering::is_eq),
        }
    }

    /// The order of two numbers, exactly, or of two texts by their code points; else unknown.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(right)),
            (Self::Decimal(left), Self::Decimal(right)) if left.is_finite() && right.is_finite() => {
                left.partial_cmp(right)
            }
            (Self::Integer(left), Self::Decimal(right)) => order_mixed(*left, *right),
            (Self::Decimal(left), Self::Integer(right)) => order_mixed(*right, *left).map(Ordering::reverse),
            (Self::Text(left), Self::Text(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }

    /// The value with its sign turned; null for what is no number or overflows.
    pub(crate) fn negate(&self) -> Value<'static> {
        match self {
            Self::Integer(value) => value.checked_neg().map_or(Value::Null, Value::Integer),
            Self::Decimal(value) => decimal(-value),
            _ => Value::Null,
        }
    }

    /// The number itself; null for what is no number.
    pub(crate) fn number(&self) -> Value<'static> {
        match self {
            Self::Integer(value) => Value::Integer(*value),
            Self::Decimal(value) => decimal(*value),
            _ => Value::Null,
        }
    }

    /// The result of `operator`; null for what is no number, overflows or divides by zero.
    ///
    /// Two integers give an integer, cut towards zero; an integer beside a decimal becomes a decimal.
    pub(crate) fn reckon(&self, operator: Arithmetic, other: &Self) -> Value<'static> {
        match (self, other) {
            (Self::Integer(left), Self::Integer(right)) => match operator {
                Arithmetic::Add => left.checked_add(*right),
                Arithmetic::Subtract => left.checked_sub(*right),
                Arithmetic::Multiply => left.checked_mul(*right),
                Arithmetic::Divide => left.checked_div(*right),
                Arithmetic::Remainder => left.checked_rem(*right),
            }
            .map_or(Value::Null, Value::Integer),
            _ => match (self.as_decimal(), other.as_decimal()) {
                (Some(left), Some(right)) => decimal(match operator {
                    Arithmetic::Add => left + right,
                    Arithmetic::Subtract => left - right,
                    Arithmetic::Multiply => left * right,
                    Arithmetic::Divide => left / right,
                    Arithmetic::Remainder => left % right,
                }),
                _ => Value::Null,
            },
        }
    }

    fn as_decimal(&self) -> Option<f64> {
        match self {
            Self::Integer(value) => Some(*value as f64),
            Self::Decimal(value) => Some(*value),
            _ => None,
        }
    }
}

fn decimal(value: f64) -> Value<'static> {
    if value.is_finite() {
        Value::Decimal(value)
    } else {
        Value::Null
    }
}

/// The whole part of `value`, if `i64` can hold it.
pub(crate) fn whole(value: f64) -> Option<i64> {
    // 2^63 is exact in f64; the greatest i64 is not.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    (-LIMIT..LIMIT).contains(&value).then_some(value as i64)
}

/// Compares without rounding the integer, which f64 can't hold above 2^53.
fn order_mixed(left: i64, right: f64) -> Option<Ordering> {
    if !right.is_finite() {
        return None;
    }
    match whole(right) {
        Some(integer) if left == integer => 0.0.partial_cmp(&right.fract()),
        Some(integer) => Some(left.cmp(&integer)),
        None if right > 0.0 => Some(Ordering::Less),
        None => Some(Ordering::Greater),
    }
}
