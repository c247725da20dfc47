//! The normal form: one way of writing for each condition, with no more parentheses than it needs.

use std::fmt::{self, Display, Formatter};

use crate::ast::{Arithmetic, Comparison, Literal, Operand, Predicate};

impl Display for Predicate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(f, parts, " AND ", |part| matches!(part, Self::Or(_))),
            Self::Or(parts) => joined(f, parts, " OR ", |_| false),
            Self::Not(inner) => {
                f.write_str("NOT ")?;
                grouped(f, inner, matches!(**inner, Self::And(_) | Self::Or(_)))
            }
            Self::Compare {
                left,
                operator,
                right,
            } => write!(f, "{left} {operator} {right}"),
            Self::In {
                operand,
                list,
                negated,
            } => {
                write!(f, "{operand} {}IN (", not(*negated))?;
                for (index, item) in list.iter().enumerate() {
                    write!(f, "{}{item}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            Self::Like {
                operand,
                pattern,
                negated,
            } => write!(f, "{operand} {}LIKE {pattern}", not(*negated)),
            Self::Between {
                operand,
                low,
                high,
                negated,
            } => write!(f, "{operand} {}BETWEEN {low} AND {high}", not(*negated)),
            Self::IsNull { operand, negated } => write!(f, "{operand} IS {}NULL", not(*negated)),
            Self::Exists(property) => write!(f, "EXISTS({property})"),
        }
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(property) => property.fmt(f),
            Self::Literal(literal) => literal.fmt(f),
            Self::Signed { negative, operand } => {
                f.write_str(if *negative { "-" } else { "+" })?;
                // Two minus signs in a row would begin a comment.
                let also_negative = match &**operand {
                    Self::Signed { negative, .. } => *negative,
                    Self::Literal(Literal::Integer(value)) => *value < 0,
                    _ => false,
                };
                if *negative && also_negative {
                    f.write_str(" ")?;
                }
                grouped(f, operand, matches!(**operand, Self::Arithmetic { .. }))
            }
            Self::Arithmetic {
                left,
                operator,
                right,
            } => {
                grouped(f, left, left.binds_looser(|inner| inner < operator.strength()))?;
                write!(f, " {operator} ")?;
                grouped(f, right, right.binds_looser(|inner| inner <= operator.strength()))
            }
        }
    }
}

impl Operand {
    fn binds_looser(&self, than: impl FnOnce(u8) -> bool) -> bool {
        match self {
            Self::Arithmetic { operator, .. } => than(operator.strength()),
            _ => false,
        }
    }
}

impl Arithmetic {
    fn strength(self) -> u8 {
        match self {
            Self::Add | Self::Subtract => 1,
            Self::Multiply | Self::Divide | Self::Remainder => 2,
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(true) => f.write_str("TRUE"),
            Self::Boolean(false) => f.write_str("FALSE"),
            Self::Integer(value) => value.fmt(f),
            // Debug keeps the point or the exponent by which a decimal is known.
            Self::Decimal(value) => write!(f, "{value:?}"),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
        }
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

impl Display for Arithmetic {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        })
    }
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

fn grouped(f: &mut Formatter<'_>, inner: &impl Display, group: bool) -> fmt::Result {
    if group {
        write!(f, "({inner})")
    } else {
        inner.fmt(f)
    }
}

fn joined(
    f: &mut Formatter<'_>,
    parts: &[Predicate],
    word: &str,
    group: impl Fn(&Predicate) -> bool,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        grouped(f, part, group(part))?;
    }
    Ok(())
}
