//! The patterns of `LIKE`.

use std::fmt;

/// A pattern: `%` is any text, `_` any one character, every other character itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pattern {
    written: String,
    escape: Option<char>,
    atoms: Vec<Atom>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Atom {
    Character(char),
    AnyCharacter,
    AnyText,
}

impl Pattern {
    /// Reads `written`, in which `escape` takes the meaning from the `%`, `_` or `escape` that follows it.
    ///
    /// # Errors
    ///
    /// A sentence, where the escape character stands before anything else (SQL-92, 8.5).
    pub(crate) fn new(written: &str, escape: Option<char>) -> Result<Self, String> {
        let mut atoms = Vec::new();
        let mut characters = written.chars();
        while let Some(character) = characters.next() {
            atoms.push(if Some(character) == escape {
                match characters.next() {
                    Some(next) if next == '%' || next == '_' || Some(next) == escape => Atom::Character(next),
                    _ => {
                        return Err(format!(
                            "in a pattern the escape character {character} must stand before %, _ or itself"
                        ));
                    }
                }
            } else {
                match character {
                    '%' => Atom::AnyText,
                    '_' => Atom::AnyCharacter,
                    _ => Atom::Character(character),
                }
            });
        }
        atoms.dedup_by(|next, before| *next == Atom::AnyText && *before == Atom::AnyText);
        Ok(Self {
            written: written.to_owned(),
            escape,
            atoms,
        })
    }

    /// Whether the whole of `text` fits. Takes at most `text` × `pattern` steps and no memory.
    ///
    /// On a mismatch only the last `%` is tried again, one character further on: what stands before it has matched at
    /// the earliest place, which leaves the most to the rest.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut at = 0;
        let mut retry = None;
        loop {
            match self.atoms.get(at) {
                Some(Atom::AnyText) => {
                    at += 1;
                    if at == self.atoms.len() {
                        return true;
                    }
                    retry = Some((at, rest.clone()));
                    continue;
                }
                Some(atom) => {
                    let mut after = rest.clone();
                    match after.next() {
                        None => return false,
                        Some(character) if atom.accepts(character) => {
                            rest = after;
                            at += 1;
                            continue;
                        }
                        Some(_) => {}
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            let Some((start, from)) = &mut retry else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            at = *start;
            rest = from.clone();
        }
    }
}

impl Atom {
    fn accepts(self, character: char) -> bool {
        match self {
            Self::Character(own) => own == character,
            Self::AnyCharacter | Self::AnyText => true,
        }
    }
}

/// The pattern as a literal, with its `ESCAPE`.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.written.replace('\'', "''"))?;
        match self.escape {
            Some('\'') => f.write_str(" ESCAPE ''''"),
            Some(escape) => write!(f, " ESCAPE '{escape}'"),
            None => Ok(()),
        }
    }
}
