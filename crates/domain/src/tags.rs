//! Tags of devices, and expressions over them.

mod clauses;
mod expression;
mod parse;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::draft::FieldError;
use crate::text::Invalid;

pub use clauses::{Clause, MAX_CLAUSES, TooComplex};
pub use expression::TagExpression;
pub use parse::{MAX_DEPTH, MAX_EXPRESSION, MAX_TERMS, TagExpressionError};

/// The most tags that an installation has of its own.
pub const MAX_TAGS: usize = 60;

/// Beginnings of tags that follow from what an installation is: whose it is, by which provider it is reached, its language and app.
pub const RESERVED: [&str; 5] = ["account:", "guest:", "platform:", "locale:", "app:"];

/// A tag: 1 to [`Tag::MAX_LENGTH`] of the characters that Azure Notification Hubs allows, ASCII letters, digits and `_@#.:-`.
/// Upper and lower case differ.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    /// The most characters of a tag.
    pub const MAX_LENGTH: usize = 120;

    /// The tag itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it follows from what an installation is, so that no client may say it.
    pub fn is_reserved(&self) -> bool {
        RESERVED.iter().any(|prefix| self.0.starts_with(prefix))
    }
}

/// Whether a tag may contain it.
fn is_allowed(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_@#.:-".contains(character)
}

impl TryFrom<String> for Tag {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::new("must not be empty"));
        }
        if !text.chars().all(is_allowed) {
            return Err(Invalid::new("must consist of letters, digits and _ @ # . : -"));
        }
        if text.len() > Self::MAX_LENGTH {
            let words = format!("must have at most {} characters", Self::MAX_LENGTH);
            return Err(Invalid::new(words));
        }
        Ok(Self(text))
    }
}

impl FromStr for Tag {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.to_owned().try_into()
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.0
    }
}

impl AsRef<str> for Tag {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tags that a client gives an installation: each once, in their order, none of them reserved.
///
/// # Errors
/// Everything that is wrong, by JSON pointer (RFC 6901): `/tags/3`.
pub fn own_tags(raw: Vec<String>) -> Result<Vec<Tag>, Vec<FieldError>> {
    let error = |pointer: String, detail: String| FieldError { pointer, detail };
    if raw.len() > MAX_TAGS {
        let words = format!("must have at most {MAX_TAGS} tags");
        return Err(vec![error("/tags".into(), words)]);
    }
    let (mut tags, mut errors) = (Vec::with_capacity(raw.len()), Vec::new());
    for (index, text) in raw.into_iter().enumerate() {
        match own_tag(text) {
            Ok(tag) => tags.push(tag),
            Err(Invalid(detail)) => errors.push(error(format!("/tags/{index}"), detail)),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    tags.sort_unstable();
    tags.dedup();
    Ok(tags)
}

fn own_tag(text: String) -> Result<Tag, Invalid> {
    let tag = Tag::try_from(text)?;
    if tag.is_reserved() {
        let words = format!(
            "must not begin with {}: such tags go without saying",
            RESERVED.join(", ")
        );
        return Err(Invalid::new(words));
    }
    Ok(tag)
}
