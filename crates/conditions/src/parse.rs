//! From text to predicate. Tokens, precedence and associativity are `sqlparser`'s.

use sqlparser::ast::{Expr, Ident, UnaryOperator, Value as SqlValue};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace};

use crate::ast::Predicate;
use crate::check::{check, describe};
use crate::condition::{MAX_CHARACTERS, MAX_DEPTH};
use crate::convert::convert;
use crate::error::{ParseError, Source};

/// The predicate that `text` writes.
pub(crate) fn parse(text: &str) -> Result<Predicate, ParseError> {
    let source = Source(text);
    if let Some((offset, _)) = text.char_indices().nth(MAX_CHARACTERS) {
        let kept = Source(&text[..offset]);
        return Err(kept.error(
            Location::empty(),
            format!("a condition has at most {MAX_CHARACTERS} characters; this one goes on"),
        ));
    }
    let tokens = tokens(source)?;
    check(source, &tokens)?;
    let dialect = Conditions;
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens);
    let expression = parser
        .parse_expr()
        .map_err(|error| explain(source, &parser, &error))?;
    let next = parser.peek_token_ref();
    if next.token != Token::EOF {
        return Err(misplaced(source, next));
    }
    convert(source, &expression)
}

/// The tokens without white space. Comments are refused: `a --1` would lose its end without a word.
fn tokens(source: Source<'_>) -> Result<Vec<TokenWithSpan>, ParseError> {
    let mut tokens = Tokenizer::new(&Conditions, source.0)
        .tokenize_with_location()
        .map_err(|error| source.error(error.location, error.message))?;
    tokens.retain(|token| {
        !matches!(
            token.token,
            Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab)
        )
    });
    match tokens
        .iter()
        .find(|token| matches!(token.token, Token::Whitespace(_)))
    {
        Some(comment) => Err(source.error(
            comment.span.start,
            "a condition has no comments; put a space between two minus signs",
        )),
        None => Ok(tokens),
    }
}

fn explain(source: Source<'_>, parser: &Parser<'_>, error: &ParserError) -> ParseError {
    let next = parser.peek_token_ref();
    match error {
        ParserError::RecursionLimitExceeded => source.error(
            next.span.start,
            format!("the condition is nested too deeply; at most {MAX_DEPTH} levels"),
        ),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => {
            match message
                .strip_prefix("Expected: ")
                .and_then(|rest| rest.split_once(", found:"))
            {
                Some((what, _)) if next.token == Token::EOF => source.error(
                    next.span.start,
                    format!("the condition ends where {what} is expected"),
                ),
                Some((what, _)) => source.error(
                    next.span.start,
                    format!("{what} is expected here, not {}", describe(&next.token)),
                ),
                None => misplaced(source, next),
            }
        }
    }
}

fn misplaced(source: Source<'_>, token: &TokenWithSpan) -> ParseError {
    source.error(
        token.span.start,
        format!("{} can't stand here", describe(&token.token)),
    )
}

/// The dialect of conditions. It reads operands and `IN` lists itself, so that of `sqlparser`'s parser only the loop
/// over operators runs: nothing there guesses, goes back or tries for a query.
#[derive(Debug)]
struct Conditions;

impl Dialect for Conditions {
    fn is_identifier_start(&self, ch: char) -> bool {
        ch.is_alphabetic() || ch == '_'
    }

    fn is_identifier_part(&self, ch: char) -> bool {
        ch.is_alphanumeric() || ch == '_'
    }

    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        ch == '"' || ch == '['
    }

    fn identifier_quote_style(&self, _identifier: &str) -> Option<char> {
        Some('"')
    }

    fn parse_prefix(&self, parser: &mut Parser<'_>) -> Option<Result<Expr, ParserError>> {
        Some(self.operand(parser))
    }

    fn parse_infix(
        &self,
        parser: &mut Parser<'_>,
        left: &Expr,
        _precedence: u8,
    ) -> Option<Result<Expr, ParserError>> {
        let negated = parser.parse_keywords(&[Keyword::NOT, Keyword::IN]);
        if !negated && !parser.parse_keyword(Keyword::IN) {
            return None;
        }
        Some(list(parser).map(|list| Expr::InList {
            expr: Box::new(left.clone()),
            list,
            negated,
        }))
    }
}

impl Conditions {
    fn operand(&self, parser: &mut Parser<'_>) -> Result<Expr, ParserError> {
        let TokenWithSpan { token, span } = parser.next_token();
        let value = |value: SqlValue| Ok(Expr::Value(value.with_span(span)));
        match token {
            Token::LParen => {
                let inner = parser.parse_expr()?;
                parser.expect_token(&Token::RParen)?;
                Ok(Expr::Nested(Box::new(inner)))
            }
            Token::Minus => self.unary(parser, UnaryOperator::Minus, Precedence::MulDivModOp),
            Token::Plus => self.unary(parser, UnaryOperator::Plus, Precedence::MulDivModOp),
            Token::Number(digits, long) => value(SqlValue::Number(digits, long)),
            Token::SingleQuotedString(text) => value(SqlValue::SingleQuotedString(text)),
            Token::Word(word) => match word.keyword {
                Keyword::NOT => self.unary(parser, UnaryOperator::Not, Precedence::UnaryNot),
                Keyword::TRUE => value(SqlValue::Boolean(true)),
                Keyword::FALSE => value(SqlValue::Boolean(false)),
                Keyword::NULL => value(SqlValue::Null),
                // `sqlparser` takes only a query here.
                Keyword::EXISTS => {
                    parser.expect_token(&Token::LParen)?;
                    let inner = property(parser, Vec::new())?;
                    parser.expect_token(&Token::RParen)?;
                    Ok(Expr::Prefixed {
                        prefix: word.into_ident(span),
                        value: Box::new(inner),
                    })
                }
                _ => property(parser, vec![word.into_ident(span)]),
            },
            _ => {
                parser.prev_token();
                parser.expected_ref("a value", parser.peek_token_ref())
            }
        }
    }

    fn unary(
        &self,
        parser: &mut Parser<'_>,
        op: UnaryOperator,
        binding: Precedence,
    ) -> Result<Expr, ParserError> {
        let expr = Box::new(parser.parse_subexpr(self.prec_value(binding))?);
        Ok(Expr::UnaryOp { op, expr })
    }
}

/// A path of names, whose first may have been read.
fn property(parser: &mut Parser<'_>, mut path: Vec<Ident>) -> Result<Expr, ParserError> {
    while path.is_empty() || parser.consume_token(&Token::Period) {
        path.push(parser.parse_identifier()?);
    }
    Ok(Expr::CompoundIdentifier(path))
}

fn list(parser: &mut Parser<'_>) -> Result<Vec<Expr>, ParserError> {
    parser.expect_token(&Token::LParen)?;
    let mut list = vec![parser.parse_expr()?];
    while parser.consume_token(&Token::Comma) {
        list.push(parser.parse_expr()?);
    }
    parser.expect_token(&Token::RParen)?;
    Ok(list)
}
