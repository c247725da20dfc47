//! What a condition is made of. Predicates are true, false or unknown; operands have a value.

use crate::like::Pattern;
use crate::properties::Property;
use crate::value::Value;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Predicate {
    /// Two or more, none of them an `And`.
    And(Vec<Predicate>),
    /// Two or more, none of them an `Or`.
    Or(Vec<Predicate>),
    Not(Box<Predicate>),
    Compare {
        left: Operand,
        operator: Comparison,
        right: Operand,
    },
    In {
        operand: Operand,
        list: Vec<Operand>,
        negated: bool,
    },
    Like {
        operand: Operand,
        pattern: Pattern,
        negated: bool,
    },
    Between {
        operand: Operand,
        low: Operand,
        high: Operand,
        negated: bool,
    },
    IsNull {
        operand: Operand,
        negated: bool,
    },
    Exists(Property),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    Property(Property),
    Literal(Literal),
    /// Never around a number, but for the one whose negation overflows.
    Signed {
        negative: bool,
        operand: Box<Operand>,
    },
    Arithmetic {
        left: Box<Operand>,
        operator: Arithmetic,
        right: Box<Operand>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Null,
    Boolean(bool),
    Integer(i64),
    /// Always finite.
    Decimal(f64),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Predicate {
    /// Both, without nesting one `And` in another.
    pub(crate) fn and(left: Self, right: Self) -> Self {
        let mut parts = match left {
            Self::And(parts) => parts,
            other => vec![other],
        };
        match right {
            Self::And(more) => parts.extend(more),
            other => parts.push(other),
        }
        Self::And(parts)
    }

    /// Either, without nesting one `Or` in another.
    pub(crate) fn or(left: Self, right: Self) -> Self {
        let mut parts = match left {
            Self::Or(parts) => parts,
            other => vec![other],
        };
        match right {
            Self::Or(more) => parts.extend(more),
            other => parts.push(other),
        }
        Self::Or(parts)
    }

    /// Calls `visit` for every property that it names, from left to right.
    pub(crate) fn each_property<'a>(&'a self, visit: &mut impl FnMut(&'a Property)) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each_property(visit)),
            Self::Not(inner) => inner.each_property(visit),
            Self::Compare { left, right, .. } => {
                left.each_property(visit);
                right.each_property(visit);
            }
            Self::In { operand, list, .. } => {
                operand.each_property(visit);
                list.iter().for_each(|item| item.each_property(visit));
            }
            Self::Between {
                operand, low, high, ..
            } => {
                [operand, low, high]
                    .into_iter()
                    .for_each(|part| part.each_property(visit));
            }
            Self::Like { operand, .. } | Self::IsNull { operand, .. } => operand.each_property(visit),
            Self::Exists(property) => visit(property),
        }
    }
}

impl Operand {
    fn each_property<'a>(&'a self, visit: &mut impl FnMut(&'a Property)) {
        match self {
            Self::Property(property) => visit(property),
            Self::Literal(_) => {}
            Self::Signed { operand, .. } => operand.each_property(visit),
            Self::Arithmetic { left, right, .. } => {
                left.each_property(visit);
                right.each_property(visit);
            }
        }
    }
}

impl Literal {
    /// The value it stands for.
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Integer(value) => Value::Integer(*value),
            Self::Decimal(value) => Value::Decimal(*value),
            Self::Text(text) => Value::Text(text.as_str().into()),
        }
    }
}
