//! Bounded text: trimmed, without control characters, of a known length.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why an input was refused, in words for the one who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

impl Invalid {
    /// A refusal in `words`, e.g. `must be a number from 1 to 999`.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

/// Text of `MIN` to `MAX` characters (Unicode scalar values) after trimming; line feeds are its only control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One of ours, whose length fits.
    pub(crate) fn fixed(text: &'static str) -> Self {
        debug_assert!((MIN..=MAX).contains(&text.len()), "{text} does not fit");
        Self(text.to_owned())
    }
}

impl<const MIN: usize, const MAX: usize> TryFrom<String> for Text<MIN, MAX> {
    type Error = Invalid;

    fn try_from(raw: String) -> Result<Self, Invalid> {
        let text = raw.trim();
        let length = text.chars().count();
        if length < MIN {
            return Err(Invalid::new(if MIN == 1 {
                "must not be empty".into()
            } else {
                format!("must have at least {MIN} characters")
            }));
        }
        if length > MAX {
            return Err(Invalid::new(format!("must have at most {MAX} characters")));
        }
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Invalid::new("must not contain control characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MIN: usize, const MAX: usize> std::str::FromStr for Text<MIN, MAX> {
    type Err = Invalid;

    fn from_str(raw: &str) -> Result<Self, Invalid> {
        raw.to_owned().try_into()
    }
}

impl<const MIN: usize, const MAX: usize> From<Text<MIN, MAX>> for String {
    fn from(text: Text<MIN, MAX>) -> Self {
        text.0
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Display for Text<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
