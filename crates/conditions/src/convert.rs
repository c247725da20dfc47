//! From `sqlparser`'s tree to ours, in which a predicate is no value and a value no predicate.

use sqlparser::ast::{BinaryOperator, Expr, Ident, UnaryOperator, Value as SqlValue, ValueWithSpan};
use sqlparser::tokenizer::Location;

use crate::ast::{Arithmetic, Comparison, Literal, Operand, Predicate};
use crate::error::{ParseError, Source};
use crate::like::Pattern;
use crate::properties::{Property, Segment};

/// The predicate that `expression` stands for.
pub(crate) fn convert(source: Source<'_>, expression: &Expr) -> Result<Predicate, ParseError> {
    Converter { source }.predicate(expression)
}

struct Converter<'a> {
    source: Source<'a>,
}

impl Converter<'_> {
    fn refuse<T>(&self, at: &Expr, message: impl Into<String>) -> Result<T, ParseError> {
        Err(self.source.error(start(at), message))
    }

    fn predicate(&self, expr: &Expr) -> Result<Predicate, ParseError> {
        if let Expr::Nested(inner) = expr {
            return self.predicate(inner);
        }
        Ok(match expr {
            Expr::BinaryOp { left, op, right } => match op {
                BinaryOperator::And => Predicate::and(self.predicate(left)?, self.predicate(right)?),
                BinaryOperator::Or => Predicate::or(self.predicate(left)?, self.predicate(right)?),
                _ => match comparison(op) {
                    Some(operator) => Predicate::Compare {
                        left: self.operand(left)?,
                        operator,
                        right: self.operand(right)?,
                    },
                    None => return self.not_a_predicate(expr),
                },
            },
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            } => Predicate::Not(Box::new(self.predicate(expr)?)),
            Expr::InList { expr, list, negated } => Predicate::In {
                operand: self.operand(expr)?,
                list: list
                    .iter()
                    .map(|item| self.operand(item))
                    .collect::<Result<_, _>>()?,
                negated: *negated,
            },
            Expr::Like {
                negated,
                expr,
                pattern,
                escape_char,
                ..
            } => Predicate::Like {
                operand: self.operand(expr)?,
                pattern: self.pattern(pattern, escape_char.as_deref())?,
                negated: *negated,
            },
            Expr::Between {
                expr,
                negated,
                low,
                high,
            } => Predicate::Between {
                operand: self.operand(expr)?,
                low: self.operand(low)?,
                high: self.operand(high)?,
                negated: *negated,
            },
            Expr::IsNull(inner) => Predicate::IsNull {
                operand: self.operand(inner)?,
                negated: false,
            },
            Expr::IsNotNull(inner) => Predicate::IsNull {
                operand: self.operand(inner)?,
                negated: true,
            },
            Expr::Prefixed { value, .. } => match &**value {
                Expr::CompoundIdentifier(path) => Predicate::Exists(self.property(value, path)?),
                _ => return self.refuse(value, "EXISTS takes one property"),
            },
            _ => return self.not_a_predicate(expr),
        })
    }

    fn not_a_predicate<T>(&self, expr: &Expr) -> Result<T, ParseError> {
        self.refuse(
            expr,
            "this is a value, not a condition; compare it, as in `gift = TRUE`",
        )
    }

    fn operand(&self, expr: &Expr) -> Result<Operand, ParseError> {
        if let Expr::Nested(inner) = expr {
            return self.operand(inner);
        }
        Ok(match expr {
            Expr::CompoundIdentifier(path) => Operand::Property(self.property(expr, path)?),
            Expr::Value(value) => Operand::Literal(self.literal(expr, value, "")?),
            Expr::UnaryOp {
                op: UnaryOperator::Minus,
                expr,
            } => self.signed(true, expr)?,
            Expr::UnaryOp {
                op: UnaryOperator::Plus,
                expr,
            } => self.signed(false, expr)?,
            Expr::BinaryOp { left, op, right } => match arithmetic(op) {
                Some(operator) => Operand::Arithmetic {
                    left: Box::new(self.operand(left)?),
                    operator,
                    right: Box::new(self.operand(right)?),
                },
                None => return self.not_a_value(expr),
            },
            _ => return self.not_a_value(expr),
        })
    }

    fn not_a_value<T>(&self, expr: &Expr) -> Result<T, ParseError> {
        self.refuse(expr, "this is a condition, where a value is expected")
    }

    /// A sign before a number becomes part of it, so that the least `i64` can be written.
    fn signed(&self, negative: bool, expr: &Expr) -> Result<Operand, ParseError> {
        if let (true, Expr::Value(value)) = (negative, expr)
            && let SqlValue::Number(..) = value.value
        {
            return Ok(Operand::Literal(self.literal(expr, value, "-")?));
        }
        let operand = self.operand(expr)?;
        Ok(match (negative, operand) {
            (false, Operand::Literal(number @ (Literal::Integer(_) | Literal::Decimal(_)))) => {
                Operand::Literal(number)
            }
            (true, Operand::Literal(Literal::Integer(value))) if value != i64::MIN => {
                Operand::Literal(Literal::Integer(-value))
            }
            (true, Operand::Literal(Literal::Decimal(value))) => Operand::Literal(Literal::Decimal(-value)),
            (_, operand) => Operand::Signed {
                negative,
                operand: Box::new(operand),
            },
        })
    }

    fn literal(&self, expr: &Expr, value: &ValueWithSpan, sign: &str) -> Result<Literal, ParseError> {
        Ok(match &value.value {
            SqlValue::Null => Literal::Null,
            SqlValue::Boolean(value) => Literal::Boolean(*value),
            SqlValue::SingleQuotedString(text) => Literal::Text(text.clone()),
            SqlValue::Number(digits, _) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                match format!("{sign}{digits}").parse() {
                    Ok(number) => Literal::Integer(number),
                    Err(_) => {
                        return self.refuse(
                            expr,
                            format!("a whole number lies between {} and {}", i64::MIN, i64::MAX),
                        );
                    }
                }
            }
            SqlValue::Number(digits, _) => match format!("{sign}{digits}").parse::<f64>() {
                Ok(number) if number.is_finite() => Literal::Decimal(number),
                _ => {
                    return self.refuse(
                        expr,
                        format!("a number lies between {:e} and {:e}", f64::MIN, f64::MAX),
                    );
                }
            },
            _ => return self.refuse(expr, "this kind of literal can't be used in a condition"),
        })
    }

    fn pattern(&self, pattern: &Expr, escape: Option<&Expr>) -> Result<Pattern, ParseError> {
        let escape = match escape {
            None => None,
            Some(expr) => {
                let mut characters = self.text(expr)?.chars();
                match (characters.next(), characters.next()) {
                    (Some(only), None) => Some(only),
                    _ => return self.refuse(expr, "the escape character is one character"),
                }
            }
        };
        Pattern::new(self.text(pattern)?, escape).or_else(|message| self.refuse(pattern, message))
    }

    fn text<'e>(&self, expr: &'e Expr) -> Result<&'e str, ParseError> {
        match expr {
            Expr::Value(ValueWithSpan {
                value: SqlValue::SingleQuotedString(text),
                ..
            }) => Ok(text),
            _ => self.refuse(expr, "a text in single quotes stands alone here"),
        }
    }

    fn property(&self, expr: &Expr, path: &[Ident]) -> Result<Property, ParseError> {
        let segments = path
            .iter()
            .map(|name| Segment::new(&name.value, name.quote_style.is_some()))
            .collect();
        match Property::new(segments) {
            Some(property) => Ok(property),
            None => self.refuse(expr, "a property has a name"),
        }
    }
}

/// Where `expr` begins. `sqlparser`'s own spans are found by recursion over all of it.
fn start(mut expr: &Expr) -> Location {
    loop {
        expr = match expr {
            Expr::BinaryOp { left, .. } => left,
            Expr::InList { expr, .. } | Expr::Like { expr, .. } | Expr::Between { expr, .. } => expr,
            Expr::IsNull(inner) | Expr::IsNotNull(inner) | Expr::Nested(inner) => inner,
            Expr::UnaryOp { expr, .. } => expr,
            Expr::Prefixed { prefix, .. } => return prefix.span.start,
            Expr::CompoundIdentifier(path) => {
                return path.first().map_or_else(Location::empty, |name| name.span.start);
            }
            Expr::Value(value) => return value.span.start,
            _ => return Location::empty(),
        }
    }
}

fn comparison(op: &BinaryOperator) -> Option<Comparison> {
    Some(match op {
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn arithmetic(op: &BinaryOperator) -> Option<Arithmetic> {
    Some(match op {
        BinaryOperator::Plus => Arithmetic::Add,
        BinaryOperator::Minus => Arithmetic::Subtract,
        BinaryOperator::Multiply => Arithmetic::Multiply,
        BinaryOperator::Divide => Arithmetic::Divide,
        BinaryOperator::Modulo => Arithmetic::Remainder,
        _ => return None,
    })
}
