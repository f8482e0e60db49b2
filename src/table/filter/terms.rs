//! Terms: a field and what it is tested for.

use super::super::span::parse_span;
use super::super::{Attribute, ColumnKey};
use super::FilterError;
use super::lexer::{Token, TokenKind};
use super::parser::{Parser, fail_at};
use super::tree::{Comparison, DatasetField, Field, Kind, Test};
use crate::text::untrusted::clean;

/// What may be a field's name, with its place; whether it is one shows only when a test follows.
pub(super) struct Named {
    /// What stands before the first dot, if there is one.
    pub(super) prefix: Option<String>,
    key: String,
    at: usize,
}

/// What a field is compared with.
enum Literal {
    Text(String),
    Number(f64),
    Span(f64),
}

impl Named {
    /// The field of that name.
    pub(super) fn resolve(&self) -> Result<Field, FilterError> {
        if self.prefix.is_some() && self.key.is_empty() {
            return fail_at(
                self.at,
                "the key is missing after the dot; quote unusual ones: metrics.`val acc`",
            );
        }
        let key = || self.key.as_str().into();
        match self.prefix.as_deref() {
            Some("metrics" | "metric") => Ok(Field::Column(ColumnKey::Metric(key()))),
            Some("params" | "param" | "parameters" | "parameter") => {
                Ok(Field::Column(ColumnKey::Param(key())))
            }
            Some("tags" | "tag") => Ok(Field::Column(ColumnKey::Tag(key()))),
            Some("datasets" | "dataset") => self.dataset(),
            Some("attributes" | "attribute" | "attr" | "run") | None => self.attribute(),
            Some(other) => {
                let wrong = clean(other);
                fail_at(
                    self.at,
                    format!(
                        "{wrong} is no kind of column; there are metrics, params, tags, attributes and dataset"
                    ),
                )
            }
        }
    }

    fn dataset(&self) -> Result<Field, FilterError> {
        let known = DatasetField::ALL
            .into_iter()
            .find(|field| field.as_str() == self.key);
        known.map(Field::Dataset).map_or_else(
            || fail_at(self.at, "a dataset has a name, a digest and a context"),
            Ok,
        )
    }

    fn attribute(&self) -> Result<Field, FilterError> {
        if self.key.eq_ignore_ascii_case("age") {
            return Ok(Field::Age);
        }
        if let Some(attribute) = Attribute::parse(&self.key) {
            return Ok(Field::Column(ColumnKey::Attribute(attribute)));
        }
        let all: Vec<&str> = Attribute::ALL
            .into_iter()
            .map(Attribute::as_str)
            .chain(["age"])
            .collect();
        let key = clean(&self.key);
        fail_at(
            self.at,
            format!(
                "{key} is no attribute; there are {}; a metric is written metrics.{key}, a param params.{key}",
                all.join(" ")
            ),
        )
    }
}

impl Parser {
    /// Reads what may be a field's name: `key`, `kind.key`, either part in quotes.
    pub(super) fn field(&mut self) -> Result<Named, FilterError> {
        let Some(first) = self.advance() else {
            return self.fail("expected a comparison or a word here");
        };
        let named = |prefix: Option<&str>, key: String| Named {
            prefix: prefix.map(str::to_owned),
            key,
            at: first.at,
        };
        match &first.kind {
            TokenKind::Bare(text) => match text.split_once('.') {
                Some((prefix, "")) => {
                    let key = self.quoted_after(&first);
                    Ok(named(Some(prefix), key.unwrap_or_default()))
                }
                Some((prefix, key)) if is_kind(prefix) => Ok(named(Some(prefix), key.to_owned())),
                Some((prefix, key)) if self.at_test() => Ok(named(Some(prefix), key.to_owned())),
                _ => Ok(named(None, text.clone())),
            },
            TokenKind::Quoted('`', prefix) if is_kind(prefix) => match self.peek().cloned() {
                Some(Token {
                    kind: TokenKind::Bare(dotted),
                    at,
                    end,
                }) if at == first.end && dotted.starts_with('.') => {
                    self.advance();
                    let key = if dotted == "." {
                        self.quoted_after(&Token {
                            end,
                            ..first.clone()
                        })
                    } else {
                        Some(dotted[1..].to_owned())
                    };
                    Ok(named(Some(prefix), key.unwrap_or_default()))
                }
                _ => Ok(named(None, prefix.clone())),
            },
            TokenKind::Quoted(_, text) => Ok(named(None, text.clone())),
            TokenKind::Operator(comparison) => fail_at(
                first.at,
                format!(
                    "what should be {} something? expected a name such as metrics.acc",
                    comparison.as_str()
                ),
            ),
            TokenKind::Open | TokenKind::Close | TokenKind::Comma => {
                fail_at(first.at, "expected a comparison or a word here")
            }
        }
    }

    /// A quoted key directly after a token.
    fn quoted_after(&mut self, token: &Token) -> Option<String> {
        let next = self.peek().filter(|next| next.at == token.end)?;
        let TokenKind::Quoted('`' | '"', key) = &next.kind else {
            return None;
        };
        let key = key.clone();
        self.advance();
        Some(key)
    }

    /// Whether the next token begins a test.
    pub(super) fn at_test(&self) -> bool {
        let begins = |token: &Token| {
            ["LIKE", "ILIKE", "IN", "BETWEEN"]
                .iter()
                .any(|word| token.is_keyword(word))
        };
        self.peek().is_some_and(|token| {
            let negated = token.is_keyword("NOT") && self.peek_second().is_some_and(begins);
            matches!(token.kind, TokenKind::Operator(_))
                || begins(token)
                || token.is_keyword("IS")
                || negated
        })
    }

    /// Reads the test of a field.
    pub(super) fn test(&mut self, field: &Field) -> Result<Test, FilterError> {
        if self.take_keyword("IS") {
            let negated = self.take_keyword("NOT");
            return if self.take_keyword("NULL") {
                Ok(Test::Null { negated })
            } else {
                self.fail("expected NULL or NOT NULL after IS")
            };
        }
        let negated = self.take_keyword("NOT");
        let kind = field.kind();
        let Some(token) = self.advance() else {
            return self.fail("expected a comparison here");
        };
        match token.kind {
            TokenKind::Operator(comparison) => self.comparison(kind, comparison),
            _ if token.is_keyword("IN") => self.one_of(kind, negated),
            _ if token.is_keyword("BETWEEN") => self.between(kind, negated),
            _ if matches!(kind, Kind::Text | Kind::Either) => {
                let at = self.place();
                match self.literal(kind)? {
                    Literal::Text(pattern) => Ok(Test::Like {
                        pattern,
                        any_case: token.is_keyword("ILIKE"),
                        negated,
                    }),
                    Literal::Number(_) | Literal::Span(_) => {
                        fail_at(at, "LIKE takes a pattern in quotes, such as '%net%'")
                    }
                }
            }
            _ => fail_at(
                token.at,
                "LIKE is for text; compare a number, a time or a duration with = != < <= > >=",
            ),
        }
    }

    fn comparison(&mut self, kind: Kind, comparison: Comparison) -> Result<Test, FilterError> {
        let at = self.place();
        match (self.literal(kind)?, comparison) {
            (Literal::Number(number) | Literal::Span(number), _) => {
                Ok(Test::Compares(comparison, number))
            }
            (Literal::Text(text), Comparison::Equal) => Ok(Test::Equals {
                text,
                negated: false,
            }),
            (Literal::Text(text), Comparison::NotEqual) => Ok(Test::Equals {
                text,
                negated: true,
            }),
            (Literal::Text(_), _) if kind == Kind::Either => fail_at(
                at,
                format!(
                    "text has no {}; to compare as a number, write it without quotes",
                    comparison.as_str()
                ),
            ),
            (Literal::Text(_), _) => fail_at(
                at,
                format!(
                    "text has no {}; there are = != LIKE ILIKE IN",
                    comparison.as_str()
                ),
            ),
        }
    }

    fn between(&mut self, kind: Kind, negated: bool) -> Result<Test, FilterError> {
        let low = self.bound(kind)?;
        if !self.take_keyword("AND") {
            return self.fail("expected AND and the upper end after BETWEEN");
        }
        Ok(Test::Between {
            low,
            high: self.bound(kind)?,
            negated,
        })
    }

    fn bound(&mut self, kind: Kind) -> Result<f64, FilterError> {
        let at = self.place();
        match self.literal(kind)? {
            Literal::Number(number) | Literal::Span(number) => Ok(number),
            Literal::Text(_) => fail_at(at, "BETWEEN takes numbers, without quotes"),
        }
    }

    fn one_of(&mut self, kind: Kind, negated: bool) -> Result<Test, FilterError> {
        if !self.take(&TokenKind::Open) {
            return self.fail("expected ( and a list after IN");
        }
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        loop {
            let at = self.place();
            match self.literal(kind)? {
                Literal::Text(text) if numbers.is_empty() => texts.push(text),
                Literal::Number(number) | Literal::Span(number) if texts.is_empty() => {
                    numbers.push(number)
                }
                _ => return fail_at(at, "a list holds texts in quotes or numbers, not both"),
            }
            if self.take(&TokenKind::Close) {
                break;
            }
            if !self.take(&TokenKind::Comma) {
                return self.fail("expected , or ) in the list");
            }
        }
        Ok(if numbers.is_empty() {
            Test::OneOfTexts { texts, negated }
        } else {
            Test::OneOfNumbers { numbers, negated }
        })
    }

    /// Reads what a field of a kind can be compared with.
    fn literal(&mut self, kind: Kind) -> Result<Literal, FilterError> {
        let at = self.place();
        match (self.advance().map(|token| token.kind), kind) {
            (Some(TokenKind::Quoted(_, text)), Kind::Text | Kind::Either) => {
                Ok(Literal::Text(text))
            }
            (Some(TokenKind::Quoted(..)), Kind::Number) => {
                fail_at(at, "a metric is a number: write it without quotes")
            }
            (Some(TokenKind::Quoted(..)), Kind::Time) => fail_at(
                at,
                "a time is a number of ms since 1970, without quotes; for the last days write age < 2d",
            ),
            (Some(TokenKind::Bare(word)), _) => bare_literal(&word, kind, at),
            (Some(TokenKind::Quoted(..)) | None, Kind::Span) => {
                fail_at(at, "expected a span of time, such as 90s, 1h30m or 2d")
            }
            (Some(_) | None, Kind::Text) => fail_at(at, "expected a text in quotes"),
            (Some(_) | None, Kind::Either) => fail_at(at, "expected a text in quotes, or a number"),
            (Some(_) | None, _) => fail_at(at, "expected a number"),
        }
    }

    /// Where the next token is, or would be.
    fn place(&self) -> usize {
        match self.fail::<()>("") {
            Ok(()) => 0,
            Err(error) => error.at,
        }
    }
}

fn bare_literal(word: &str, kind: Kind, at: usize) -> Result<Literal, FilterError> {
    let number = word.parse::<f64>().ok().filter(|_| {
        !word.contains(char::is_alphabetic) || word.starts_with(|c: char| !c.is_alphabetic())
    });
    let span = parse_span(word);
    match (kind, number, span) {
        (Kind::Text, ..) => fail_at(at, format!("text is written in quotes: '{}'", clean(word))),
        (Kind::Span, _, Some(ms)) => Ok(Literal::Span(ms as f64)),
        (Kind::Span, Some(_), None) => fail_at(
            at,
            format!("which unit? write {0}s, {0}m, {0}h or {0}d", clean(word)),
        ),
        (Kind::Span, None, None) => {
            fail_at(at, "expected a span of time, such as 90s, 1h30m or 2d")
        }
        (_, Some(number), _) if number.is_finite() => Ok(Literal::Number(number)),
        (_, Some(number), _)
            if number.is_infinite() && word.contains(|c: char| c.is_ascii_digit()) =>
        {
            fail_at(at, "this number is too large")
        }
        (Kind::Either, ..) => fail_at(
            at,
            format!("expected a number, or a text in quotes: '{}'", clean(word)),
        ),
        (Kind::Time, _, Some(_)) => fail_at(
            at,
            "a time is a number of ms since 1970; for the last days write age < 2d",
        ),
        _ if word.eq_ignore_ascii_case("nan") => fail_at(
            at,
            "nothing compares with NaN; is:nan finds the runs that have one",
        ),
        _ => fail_at(at, "expected a number"),
    }
}

/// Whether a word before a dot says what kind of column is meant.
fn is_kind(word: &str) -> bool {
    matches!(
        word,
        "metrics"
            | "metric"
            | "params"
            | "param"
            | "parameters"
            | "parameter"
            | "tags"
            | "tag"
            | "datasets"
            | "dataset"
            | "attributes"
            | "attribute"
            | "attr"
            | "run"
    )
}
