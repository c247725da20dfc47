//! Refuses, token by token, what a condition may not contain, so that every refusal names its exact place.
//!
//! What it lets through is a sequence of operands and operators in turn; how they bind is the parser's to say.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan};

use crate::condition::MAX_NODES;
use crate::error::{ParseError, Source};

/// Checks `tokens`, which hold no white space.
pub(crate) fn check(source: Source<'_>, tokens: &[TokenWithSpan]) -> Result<(), ParseError> {
    let mut checker = Checker {
        source,
        tokens,
        at: 0,
        nodes: 0,
        open: Vec::new(),
    };
    loop {
        checker.operand()?;
        if !checker.operator()? {
            return Ok(());
        }
    }
}

struct Checker<'a> {
    source: Source<'a>,
    tokens: &'a [TokenWithSpan],
    at: usize,
    nodes: usize,
    /// Where the parentheses begin that are not closed yet.
    open: Vec<Location>,
}

impl Checker<'_> {
    fn token(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|token| &token.token)
    }

    fn keyword(&self) -> Option<Keyword> {
        match self.token() {
            Some(Token::Word(word)) if word.keyword != Keyword::NoKeyword => Some(word.keyword),
            _ => None,
        }
    }

    /// Where the next token stands; the end of the text after the last.
    fn here(&self) -> Location {
        self.tokens
            .get(self.at)
            .map_or_else(Location::empty, |token| token.span.start)
    }

    fn refuse<T>(&self, message: impl Into<String>) -> Result<T, ParseError> {
        Err(self.source.error(self.here(), message))
    }

    fn expected<T>(&self, what: &str) -> Result<T, ParseError> {
        self.refuse(match self.token() {
            Some(token) => format!("{what} is expected here, not {}", describe(token)),
            None => format!("the condition ends where {what} is expected"),
        })
    }

    /// Goes past an operator, a property or a literal. Their number also bounds how long a chain of operators gets,
    /// and so how deep the trees are that are made of it.
    fn node(&mut self) -> Result<(), ParseError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return self.refuse(format!(
                "a condition has at most {MAX_NODES} operators, properties and literals"
            ));
        }
        self.at += 1;
        Ok(())
    }

    fn open(&mut self) {
        self.open.push(self.here());
        self.at += 1;
    }

    /// Signs, `NOT` and opening parentheses, and the value or `EXISTS` after them.
    fn operand(&mut self) -> Result<(), ParseError> {
        loop {
            match self.token() {
                Some(Token::Minus | Token::Plus) => self.node()?,
                Some(Token::LParen) => self.open(),
                Some(Token::SingleQuotedString(_) | Token::Number(_, false)) => {
                    return self.node();
                }
                Some(Token::Word(word)) => match word.keyword {
                    Keyword::NOT => self.node()?,
                    Keyword::EXISTS => return self.exists(),
                    Keyword::TRUE | Keyword::FALSE | Keyword::NULL => return self.node(),
                    _ => return self.property(),
                },
                _ => return self.expected("a value"),
            }
        }
    }

    fn exists(&mut self) -> Result<(), ParseError> {
        const SHAPE: &str = "one property in parentheses, as in EXISTS(state),";
        self.node()?;
        if self.token() != Some(&Token::LParen) {
            return self.expected(SHAPE);
        }
        self.at += 1;
        if !matches!(self.token(), Some(Token::Word(_))) {
            return self.expected(SHAPE);
        }
        self.property()?;
        if self.token() != Some(&Token::RParen) {
            return self.expected("a closing parenthesis");
        }
        self.at += 1;
        Ok(())
    }

    /// A name, and more after full stops.
    fn property(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        if let Some(Token::Word(word)) = self.token() {
            match word.keyword {
                Keyword::AND
                | Keyword::OR
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::ESCAPE
                | Keyword::BETWEEN
                | Keyword::IS
                | Keyword::NOT
                | Keyword::EXISTS
                | Keyword::TRUE
                | Keyword::FALSE
                | Keyword::NULL => return self.expected("a value"),
                Keyword::CASE | Keyword::SELECT | Keyword::ANY | Keyword::ALL | Keyword::SOME => {
                    return self.refuse(format!(
                        "{} can't be used in a condition; quote it if it is a property: \"{}\"",
                        word.value.to_ascii_uppercase(),
                        word.value
                    ));
                }
                _ => self.node()?,
            }
        }
        while self.token() == Some(&Token::Period) {
            self.at += 1;
            if !matches!(self.token(), Some(Token::Word(_))) {
                return self.expected("a property's name");
            }
            self.at += 1;
        }
        if self.token() == Some(&Token::LParen) {
            self.at = start;
            return self.refuse("functions can't be used in a condition");
        }
        Ok(())
    }

    /// Everything up to the next operand; false if the condition ends here.
    fn operator(&mut self) -> Result<bool, ParseError> {
        loop {
            match self.token() {
                None => return self.end(),
                Some(Token::RParen) => {
                    if self.open.pop().is_none() {
                        return self.refuse("this parenthesis closes nothing");
                    }
                    self.at += 1;
                }
                Some(
                    Token::Eq
                    | Token::Neq
                    | Token::Lt
                    | Token::LtEq
                    | Token::Gt
                    | Token::GtEq
                    | Token::Plus
                    | Token::Minus
                    | Token::Mul
                    | Token::Div
                    | Token::Mod,
                ) => {
                    self.node()?;
                    return Ok(true);
                }
                Some(Token::Comma) => {
                    self.at += 1;
                    return Ok(true);
                }
                Some(Token::Word(_)) => {
                    if self.word()? {
                        return Ok(true);
                    }
                }
                _ => return self.expected("an operator"),
            }
        }
    }

    fn end(&self) -> Result<bool, ParseError> {
        match self.open.last() {
            Some(open) => Err(self.source.error(*open, "this parenthesis is not closed")),
            None => Ok(false),
        }
    }

    /// An operator that is a word; true if an operand follows it.
    fn word(&mut self) -> Result<bool, ParseError> {
        let keyword = self.keyword();
        if !matches!(
            keyword,
            Some(
                Keyword::AND
                    | Keyword::OR
                    | Keyword::BETWEEN
                    | Keyword::IS
                    | Keyword::NOT
                    | Keyword::IN
                    | Keyword::LIKE
                    | Keyword::ESCAPE
            )
        ) {
            return self.expected("an operator");
        }
        // `NOT IN` is one operator.
        if keyword == Some(Keyword::NOT) {
            self.at += 1;
        } else {
            self.node()?;
        }
        match keyword {
            Some(Keyword::IS) => {
                if self.keyword() == Some(Keyword::NOT) {
                    self.at += 1;
                }
                if self.keyword() != Some(Keyword::NULL) {
                    return self.expected("NULL or NOT NULL");
                }
                self.at += 1;
                Ok(false)
            }
            Some(Keyword::NOT) => match self.keyword() {
                Some(Keyword::IN | Keyword::LIKE | Keyword::BETWEEN) => self.word(),
                _ => self.expected("IN, LIKE or BETWEEN"),
            },
            Some(Keyword::IN) => {
                if self.token() != Some(&Token::LParen) {
                    return self.expected("a list in parentheses");
                }
                self.open();
                Ok(true)
            }
            Some(Keyword::LIKE | Keyword::ESCAPE) => {
                if !matches!(self.token(), Some(Token::SingleQuotedString(_))) {
                    return self.expected("a text in single quotes");
                }
                self.node()?;
                Ok(false)
            }
            _ => Ok(true),
        }
    }
}

/// A token in a message, without quoting at length what the author wrote.
pub(crate) fn describe(token: &Token) -> String {
    match token {
        Token::SingleQuotedString(_) => "a text".to_owned(),
        Token::Whitespace(_) => "a comment".to_owned(),
        Token::Word(word) if word.quote_style.is_some() => format!("the property {word}"),
        Token::Word(word) if word.value.chars().count() > 40 => "this name".to_owned(),
        other => format!("`{other}`"),
    }
}
