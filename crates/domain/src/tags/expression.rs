//! Which devices are meant: tags, joined by `&&`, `||`, `!` and parentheses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Tag;
use super::clauses::{self, Clause, TooComplex};
use super::parse::{self, TagExpressionError};

/// An expression over tags, such as `(follows:sku-1 && !country:de) || staff`; `!` binds more than `&&`, that more than `||`.
/// An empty one, or `*`, means every device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagExpression {
    /// None means every device.
    root: Option<Node>,
}

/// A part of an expression. [`Node::all`] and [`Node::any`] make the lists, which never hold a list of their own kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Tag(Tag),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
}

impl Node {
    /// All of `parts` together; one alone is itself.
    pub(super) fn all(parts: Vec<Self>) -> Self {
        join(parts, Self::All, |part| match part {
            Self::All(parts) => Ok(parts),
            other => Err(other),
        })
    }

    /// Any of `parts`; one alone is itself.
    pub(super) fn any(parts: Vec<Self>) -> Self {
        join(parts, Self::Any, |part| match part {
            Self::Any(parts) => Ok(parts),
            other => Err(other),
        })
    }

    fn matches(&self, has: &impl Fn(&Tag) -> bool) -> bool {
        match self {
            Self::Tag(tag) => has(tag),
            Self::Not(part) => !part.matches(has),
            Self::All(parts) => parts.iter().all(|part| part.matches(has)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(has)),
        }
    }

    /// How strongly it holds together: what holds less than what it stands in needs parentheses.
    fn strength(&self) -> u8 {
        match self {
            Self::Any(_) => 0,
            Self::All(_) => 1,
            Self::Not(_) | Self::Tag(_) => 2,
        }
    }

    fn write(&self, within: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.strength() < within {
            f.write_str("(")?;
            self.write(0, f)?;
            return f.write_str(")");
        }
        match self {
            Self::Tag(tag) => f.write_str(tag.as_str()),
            Self::Not(part) => {
                f.write_str("!")?;
                part.write(2, f)
            }
            Self::All(parts) => write_list(parts, " && ", 2, f),
            Self::Any(parts) => write_list(parts, " || ", 1, f),
        }
    }
}

fn join(
    mut parts: Vec<Node>,
    list: fn(Vec<Node>) -> Node,
    open: fn(Node) -> Result<Vec<Node>, Node>,
) -> Node {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match open(part) {
            Ok(parts) => flat.extend(parts),
            Err(part) => flat.push(part),
        }
    }
    list(flat)
}

fn write_list(parts: &[Node], between: &str, within: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        part.write(within, f)?;
    }
    Ok(())
}

impl TagExpression {
    /// The expression that every device matches.
    pub const EVERYONE: Self = Self { root: None };

    /// Reads an expression.
    ///
    /// # Errors
    /// The first place at which it is none, and why.
    pub fn parse(text: &str) -> Result<Self, TagExpressionError> {
        Ok(Self {
            root: parse::parse(text)?,
        })
    }

    /// Whether a device with these tags is meant. They have to include those that follow from what it is, such as `platform:apns`.
    pub fn matches<T: AsRef<str>>(&self, tags: &[T]) -> bool {
        let has = |tag: &Tag| tags.iter().any(|other| other.as_ref() == tag.as_str());
        self.root.as_ref().is_none_or(|root| root.matches(&has))
    }

    /// The same in disjunctive normal form, for the database: a device is meant if it fits one of the clauses. Nobody is where there is none.
    ///
    /// # Errors
    /// [`TooComplex`] where it takes more than [`super::MAX_CLAUSES`].
    pub fn clauses(&self) -> Result<Vec<Clause>, TooComplex> {
        clauses::of(self.root.as_ref())
    }
}

impl fmt::Display for TagExpression {
    /// With no more parentheses than it needs; `*` for everyone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.root {
            None => f.write_str("*"),
            Some(root) => root.write(0, f),
        }
    }
}

impl FromStr for TagExpression {
    type Err = TagExpressionError;

    fn from_str(text: &str) -> Result<Self, TagExpressionError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for TagExpression {
    type Error = TagExpressionError;

    fn try_from(text: String) -> Result<Self, TagExpressionError> {
        Self::parse(&text)
    }
}

impl From<TagExpression> for String {
    fn from(expression: TagExpression) -> Self {
        expression.to_string()
    }
}
