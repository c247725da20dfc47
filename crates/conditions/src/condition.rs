//! A condition, as it is stored, shown and asked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ast::Predicate;
use crate::error::{ParseError, Source};
use crate::parse::parse;
use crate::properties::{Properties, Property};

/// The characters that a condition may have, both as written and in its normal form.
pub const MAX_CHARACTERS: usize = 1_024;

/// The levels to which a condition may nest: each parenthesis, `NOT`, sign and right side of an operator is one.
pub const MAX_DEPTH: usize = 24;

/// The operators, properties and literals that a condition may have; `BETWEEN` and its `AND` are two operators.
pub const MAX_NODES: usize = 256;

/// A SQL-92 condition on the properties of an event.
#[derive(Clone, PartialEq)]
pub struct Condition {
    pub(crate) predicate: Predicate,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    ///
    /// What is wrong with `text` and where: it is no condition, uses what conditions don't have, or is too large.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let condition = Self {
            predicate: parse(text)?,
        };
        // What is stored is the normal form: it must be readable again.
        let characters = condition.to_string().chars().count();
        if characters > MAX_CHARACTERS {
            return Err(Source(text).error(
                sqlparser::tokenizer::Location::empty(),
                format!(
                    "a condition has at most {MAX_CHARACTERS} characters; in its normal form this one has {characters}"
                ),
            ));
        }
        Ok(condition)
    }

    /// Whether the condition is true for `properties`: neither false nor unknown.
    pub fn matches(&self, properties: &impl Properties) -> bool {
        self.evaluate(properties) == Some(true)
    }

    /// True, false, or `None`: unknown, because a property is absent or null or operands don't fit each other.
    pub fn evaluate(&self, properties: &impl Properties) -> Option<bool> {
        self.predicate.evaluate(properties)
    }

    /// Every property that the condition names, once each, in the order of its text.
    pub fn properties(&self) -> Vec<&Property> {
        let mut found = Vec::new();
        self.predicate.each_property(&mut |property| {
            if !found.contains(&property) {
                found.push(property);
            }
        });
        found
    }
}

/// The normal form, which parses to the same condition.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.predicate.fmt(f)
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Condition({self})")
    }
}

impl FromStr for Condition {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}
