//! Reads a template, character by character.

use super::Part;

/// The most characters a property may be cut to.
const MOST: usize = 1000;

/// Why a template can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: expected {expected}")]
pub struct TemplateError {
    /// Where, in characters from 1.
    pub column: usize,
    /// What should be there.
    pub expected: String,
}

pub(super) fn parse(text: &str) -> Result<Vec<Part>, TemplateError> {
    let mut reader = Reader {
        text: text.chars().collect(),
        at: 0,
    };
    let mut parts = Vec::new();
    while let Some(next) = reader.peek() {
        if next == '{' {
            reader.at += 1;
            reader.joined(&mut parts)?;
        } else if reader.take("$(") {
            parts.push(reader.property()?);
        } else {
            reader.at += 1;
            push_text(&mut parts, next.encode_utf8(&mut [0; 4]));
        }
    }
    Ok(parts)
}

/// Adds to the literal at the end of `parts`.
fn push_text(parts: &mut Vec<Part>, text: &str) {
    if let Some(Part::Text(last)) = parts.last_mut() {
        last.push_str(text);
    } else {
        parts.push(Part::Text(text.to_owned()));
    }
}

struct Reader {
    text: Vec<char>,
    at: usize,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    /// Goes on behind `wanted`, if it is there.
    fn take(&mut self, wanted: &str) -> bool {
        let there = wanted
            .chars()
            .enumerate()
            .all(|(ahead, character)| self.text.get(self.at + ahead) == Some(&character));
        if there {
            self.at += wanted.chars().count();
        }
        there
    }

    fn skip_spaces(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    fn while_is(&mut self, allowed: impl Fn(char) -> bool) -> String {
        let mut word = String::new();
        while let Some(character) = self.peek().filter(|character| allowed(*character)) {
            word.push(character);
            self.at += 1;
        }
        word
    }

    fn expected<T>(&self, expected: impl Into<String>) -> Result<T, TemplateError> {
        Err(TemplateError {
            column: self.at + 1,
            expected: expected.into(),
        })
    }

    /// `path)` or `path, n)`.
    fn property(&mut self) -> Result<Part, TemplateError> {
        self.skip_spaces();
        let mut path = vec![self.name()?];
        while self.take(".") {
            path.push(self.name()?);
        }
        self.skip_spaces();
        let most = if self.take(",") { Some(self.count()?) } else { None };
        self.skip_spaces();
        if self.take(")") {
            return Ok(Part::Property { path, most });
        }
        self.expected(if most.is_some() { ")" } else { ", or )" })
    }

    fn name(&mut self) -> Result<String, TemplateError> {
        let name = self.while_is(|character| character.is_ascii_alphanumeric() || "_-".contains(character));
        if name.is_empty() {
            return self.expected("the name of a property");
        }
        Ok(name)
    }

    fn count(&mut self) -> Result<usize, TemplateError> {
        self.skip_spaces();
        let from = self.at;
        let digits = self.while_is(|character| character.is_ascii_digit());
        match digits.parse() {
            Ok(count) if (1..=MOST).contains(&count) => Ok(count),
            _ => {
                self.at = from;
                self.expected(format!("a number of characters from 1 to {MOST}"))
            }
        }
    }

    /// `'text' + $(path)}`.
    fn joined(&mut self, parts: &mut Vec<Part>) -> Result<(), TemplateError> {
        loop {
            self.skip_spaces();
            if self.take("$(") {
                parts.push(self.property()?);
            } else if self.take("'") {
                let text = self.quoted()?;
                push_text(parts, &text);
            } else {
                return self.expected("$( or a text in quotes");
            }
            self.skip_spaces();
            if self.take("}") {
                return Ok(());
            }
            if !self.take("+") {
                return self.expected("+ or }");
            }
        }
    }

    /// Up to the next quote; two of them stand for one.
    fn quoted(&mut self) -> Result<String, TemplateError> {
        let mut text = String::new();
        loop {
            text.push_str(&self.while_is(|character| character != '\''));
            if self.take("''") {
                text.push('\'');
            } else if self.take("'") {
                return Ok(text);
            } else {
                return self.expected("' at the end of the text");
            }
        }
    }
}
