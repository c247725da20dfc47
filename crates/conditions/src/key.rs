//! Keys, under which equal values are found.

use std::borrow::Cow;
use std::fmt;

use crate::ast::Literal;
use crate::value::{Value, whole};

impl<'a> Value<'a> {
    /// The key under which equal values are found; `None` for what equals nothing.
    ///
    /// Two values have the same key exactly if `=` holds between them.
    pub fn key(&self) -> Option<Key<'a>> {
        Some(Key(match self {
            Self::Null | Self::Composite => return None,
            Self::Boolean(value) => KeyKind::Boolean(*value),
            Self::Integer(value) => KeyKind::Integer(*value),
            Self::Decimal(value) if !value.is_finite() => return None,
            Self::Decimal(value) => match whole(*value) {
                Some(integer) if value.fract() == 0.0 => KeyKind::Integer(integer),
                _ => KeyKind::Decimal(value.to_bits()),
            },
            Self::Text(text) => KeyKind::Text(text.clone()),
        }))
    }
}

/// What an index files a value under: equal and of the same hash for values between which `=` holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key<'a>(KeyKind<'a>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum KeyKind<'a> {
    Boolean(bool),
    Integer(i64),
    /// The bits of a finite number that no `i64` equals.
    Decimal(u64),
    Text(Cow<'a, str>),
}

impl Key<'_> {
    /// The key with a text of its own.
    pub fn into_owned(self) -> Key<'static> {
        Key(match self.0 {
            KeyKind::Boolean(value) => KeyKind::Boolean(value),
            KeyKind::Integer(value) => KeyKind::Integer(value),
            KeyKind::Decimal(bits) => KeyKind::Decimal(bits),
            KeyKind::Text(text) => KeyKind::Text(Cow::Owned(text.into_owned())),
        })
    }
}

/// The literal that a condition writes for it.
impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            KeyKind::Boolean(value) => Literal::Boolean(*value).fmt(f),
            KeyKind::Integer(value) => Literal::Integer(*value).fmt(f),
            KeyKind::Decimal(bits) => Literal::Decimal(f64::from_bits(*bits)).fmt(f),
            KeyKind::Text(text) => Literal::Text(text.to_string()).fmt(f),
        }
    }
}
