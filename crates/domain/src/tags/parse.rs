//! Reading an expression, with the exact place of what is wrong.

use super::expression::Node;
use super::{Tag, is_allowed};

/// The most characters of an expression.
pub const MAX_EXPRESSION: usize = 2_000;

/// The most tags that an expression names, each as often as it stands there.
pub const MAX_TERMS: usize = 60;

/// How deep `(` and `!` may stand within each other.
pub const MAX_DEPTH: usize = 32;

/// A text that is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {at}: {why}")]
pub struct TagExpressionError {
    /// The character at which it is none, from 1.
    pub at: usize,
    /// What is wrong there: ``expected a tag or (, found `)` ``.
    pub why: String,
}

/// What an expression is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Tag(Tag),
    And,
    Or,
    Not,
    Open,
    Close,
    Star,
    End,
}

impl Token {
    fn words(&self) -> String {
        match self {
            Self::Tag(tag) => format!("`{tag}`"),
            Self::And => "`&&`".into(),
            Self::Or => "`||`".into(),
            Self::Not => "`!`".into(),
            Self::Open => "`(`".into(),
            Self::Close => "`)`".into(),
            Self::Star => "`*`".into(),
            Self::End => "the end".into(),
        }
    }
}

fn error(at: usize, why: impl Into<String>) -> TagExpressionError {
    let why = why.into();
    TagExpressionError { at, why }
}

/// The expression's root; none where it means everyone.
pub(super) fn parse(text: &str) -> Result<Option<Node>, TagExpressionError> {
    if text.chars().nth(MAX_EXPRESSION).is_some() {
        let words = "an expression has at most 2,000 characters";
        return Err(error(MAX_EXPRESSION + 1, words));
    }
    let tokens = tokens(text)?;
    let kinds: Vec<&Token> = tokens.iter().map(|(_, token)| token).collect();
    if matches!(kinds[..], [Token::End] | [Token::Star, Token::End]) {
        return Ok(None);
    }
    let mut parser = Parser {
        tokens: tokens.into_iter().peekable(),
        open: Vec::new(),
        depth: 0,
        terms: 0,
    };
    let root = parser.any()?;
    match parser.next() {
        (_, Token::End) => Ok(Some(root)),
        (at, found) => Err(parser.no_joint(at, &found)),
    }
}

/// The tokens with their columns, the end last.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, TagExpressionError> {
    let mut tokens = Vec::new();
    let mut rest = (1..).zip(text.chars()).peekable();
    let mut end = 1;
    while let Some((at, character)) = rest.next() {
        end = at + 1;
        let token = match character {
            _ if character.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '!' => Token::Not,
            '*' => Token::Star,
            '&' | '|' => {
                rest.next_if(|(_, next)| *next == character)
                    .ok_or_else(|| error(at, format!("`{character}` is written `{character}{character}`")))?;
                end += 1;
                if character == '&' { Token::And } else { Token::Or }
            }
            _ if is_allowed(character) => {
                let mut tag = String::from(character);
                while let Some((_, next)) = rest.next_if(|(_, next)| is_allowed(*next)) {
                    tag.push(next);
                }
                end = at + tag.len();
                Token::Tag(Tag::try_from(tag).map_err(|invalid| error(at, format!("a tag {invalid}")))?)
            }
            _ => {
                let words =
                    format!("{character:?} can stand in no tag, which has letters, digits and _ @ # . : -");
                return Err(error(at, words));
            }
        };
        tokens.push((at, token));
    }
    tokens.push((end, Token::End));
    Ok(tokens)
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<(usize, Token)>>,
    /// The columns of the parentheses that are open.
    open: Vec<usize>,
    depth: usize,
    terms: usize,
}

impl Parser {
    fn next(&mut self) -> (usize, Token) {
        // The end is the last and is never passed.
        self.tokens.next().unwrap_or((0, Token::End))
    }

    fn takes(&mut self, token: &Token) -> bool {
        self.tokens.next_if(|(_, next)| next == token).is_some()
    }

    fn any(&mut self) -> Result<Node, TagExpressionError> {
        let mut parts = vec![self.all()?];
        while self.takes(&Token::Or) {
            parts.push(self.all()?);
        }
        Ok(Node::any(parts))
    }

    fn all(&mut self) -> Result<Node, TagExpressionError> {
        let mut parts = vec![self.one()?];
        while self.takes(&Token::And) {
            parts.push(self.one()?);
        }
        Ok(Node::all(parts))
    }

    fn one(&mut self) -> Result<Node, TagExpressionError> {
        match self.next() {
            (at, Token::Tag(tag)) => {
                self.terms += 1;
                if self.terms > MAX_TERMS {
                    let words = format!("an expression names at most {MAX_TERMS} tags");
                    return Err(error(at, words));
                }
                Ok(Node::Tag(tag))
            }
            (at, Token::Not) => self.deeper(at, |parser| Ok(Node::Not(Box::new(parser.one()?)))),
            (at, Token::Open) => self.deeper(at, |parser| parser.group(at)),
            (at, Token::Star) => Err(error(at, "`*` stands alone: it means every device")),
            (at, found) => Err(error(at, format!("expected a tag or (, found {}", found.words()))),
        }
    }

    fn group(&mut self, at: usize) -> Result<Node, TagExpressionError> {
        self.open.push(at);
        let root = self.any()?;
        match self.next() {
            (_, Token::Close) => {
                self.open.pop();
                Ok(root)
            }
            (at, found) => Err(self.no_joint(at, &found)),
        }
    }

    fn deeper(
        &mut self,
        at: usize,
        read: impl FnOnce(&mut Self) -> Result<Node, TagExpressionError>,
    ) -> Result<Node, TagExpressionError> {
        if self.depth == MAX_DEPTH {
            let words = format!("at most {MAX_DEPTH} ( and ! stand within each other");
            return Err(error(at, words));
        }
        self.depth += 1;
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    /// What follows a tag or a group joins it with the next or closes it.
    fn no_joint(&self, at: usize, found: &Token) -> TagExpressionError {
        let found = found.words();
        match self.open.last() {
            Some(open) => {
                let words = format!("expected &&, || or the ) of column {open}, found {found}");
                error(at, words)
            }
            None => error(at, format!("expected && or ||, found {found}")),
        }
    }
}
