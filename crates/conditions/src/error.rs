//! Why a text is no condition, and where.

use std::fmt;

use sqlparser::tokenizer::Location;

/// A text that is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {message}")]
pub struct ParseError {
    /// What is wrong, in a sentence for the author of the condition.
    pub message: String,
    /// Where in the text.
    pub position: Position,
}

/// A place in the text of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line, from 1. A line ends with a line feed.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
    /// The bytes of the text before it.
    pub offset: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The text being parsed, to turn the tokenizer's places into positions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a>(pub(crate) &'a str);

impl Source<'_> {
    /// The position of `location`; the end of the text where the tokenizer names none.
    pub(crate) fn position(self, location: Location) -> Position {
        let mut at = Position {
            line: 1,
            column: 1,
            offset: 0,
        };
        for character in self.0.chars() {
            if (at.line as u64, at.column as u64) == (location.line, location.column) {
                return at;
            }
            at.offset += character.len_utf8();
            if character == '\n' {
                at.line += 1;
                at.column = 1;
            } else {
                at.column += 1;
            }
        }
        at
    }

    /// The error `message` at `location`.
    pub(crate) fn error(self, location: Location, message: impl Into<String>) -> ParseError {
        ParseError {
            message: message.into(),
            position: self.position(location),
        }
    }
}
