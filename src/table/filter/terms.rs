//! The parser of single tests: a field, an operator and a value.

use super::super::{Attribute, ColumnKey, ValueKind};
use super::FilterError;
use super::ast::{ComparisonOp, Condition, DatasetField, Field};
use super::lexer::{Token, TokenKind};
use super::parser::{Parser, error_at};
use crate::text::duration::parse_duration;
use crate::text::untrusted::clean;

const DATASET_PREFIXES: [&str; 2] = ["datasets", "dataset"];

/// A possible field name; it is one only if a test follows.
pub(super) struct FieldName {
    /// The part before the first dot.
    pub(super) prefix: Option<String>,
    key: String,
    offset: usize,
}

enum Literal {
    Text(String),
    Number(f64),
    Duration(f64),
}

impl FieldName {
    pub(super) fn resolve(&self) -> Result<Field, FilterError> {
        if self.prefix.is_some() && self.key.is_empty() {
            return error_at(
                self.offset,
                "missing key after the dot; quote keys with spaces: metrics.`val acc`",
            );
        }
        let Some(prefix) = self.prefix.as_deref() else {
            return self.resolve_attribute();
        };
        if let Some(column) = ColumnKey::from_prefix(prefix, &self.key) {
            return Ok(Field::Column(column));
        }
        if ColumnKey::is_attribute_prefix(prefix) {
            return self.resolve_attribute();
        }
        if DATASET_PREFIXES.contains(&prefix) {
            return self.resolve_dataset();
        }
        error_at(
            self.offset,
            format!(
                "unknown prefix `{}`; expected metrics, params, tags, attributes or dataset",
                clean(prefix)
            ),
        )
    }

    fn resolve_dataset(&self) -> Result<Field, FilterError> {
        let known = DatasetField::ALL
            .into_iter()
            .find(|field| field.as_str() == self.key);
        known.map(Field::Dataset).map_or_else(
            || {
                error_at(
                    self.offset,
                    "unknown dataset field; expected name, digest or context",
                )
            },
            Ok,
        )
    }

    fn resolve_attribute(&self) -> Result<Field, FilterError> {
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
        error_at(
            self.offset,
            format!(
                "unknown attribute `{key}`; use metrics.{key} for a metric, params.{key} for a param, or one of {}",
                all.join(", ")
            ),
        )
    }
}

impl Parser {
    /// Parses `key` or `prefix.key`, either part in quotes.
    pub(super) fn parse_field_name(&mut self) -> Result<FieldName, FilterError> {
        let Some(first) = self.advance() else {
            return self.error("expected a comparison or a word here");
        };
        let named = |prefix: Option<&str>, key: String| FieldName {
            prefix: prefix.map(str::to_owned),
            key,
            offset: first.start,
        };
        match &first.kind {
            TokenKind::Bare(text) => match text.split_once('.') {
                Some((prefix, "")) => {
                    let key = self.quoted_key_after(&first);
                    Ok(named(Some(prefix), key.unwrap_or_default()))
                }
                Some((prefix, key)) if is_column_prefix(prefix) => {
                    Ok(named(Some(prefix), key.to_owned()))
                }
                Some((prefix, key)) if self.at_condition() => {
                    Ok(named(Some(prefix), key.to_owned()))
                }
                _ => Ok(named(None, text.clone())),
            },
            TokenKind::Quoted('`', prefix) if is_column_prefix(prefix) => {
                match self.peek().cloned() {
                    Some(Token {
                        kind: TokenKind::Bare(dotted),
                        start: at,
                        end,
                    }) if at == first.end && dotted.starts_with('.') => {
                        self.advance();
                        let key = if dotted == "." {
                            self.quoted_key_after(&Token {
                                end,
                                ..first.clone()
                            })
                        } else {
                            Some(dotted[1..].to_owned())
                        };
                        Ok(named(Some(prefix), key.unwrap_or_default()))
                    }
                    _ => Ok(named(None, prefix.clone())),
                }
            }
            TokenKind::Quoted(_, text) => Ok(named(None, text.clone())),
            TokenKind::Operator(comparison) => error_at(
                first.start,
                format!(
                    "expected a field before {}, such as metrics.acc",
                    comparison.as_str()
                ),
            ),
            TokenKind::OpenParen | TokenKind::CloseParen | TokenKind::Comma => {
                error_at(first.start, "expected a comparison or a word here")
            }
        }
    }

    /// A quoted key directly after a token.
    fn quoted_key_after(&mut self, token: &Token) -> Option<String> {
        let next = self.peek().filter(|next| next.start == token.end)?;
        let TokenKind::Quoted('`' | '"', key) = &next.kind else {
            return None;
        };
        let key = key.clone();
        self.advance();
        Some(key)
    }

    pub(super) fn at_condition(&self) -> bool {
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

    pub(super) fn parse_condition(&mut self, field: &Field) -> Result<Condition, FilterError> {
        if self.eat_keyword("IS") {
            let negated = self.eat_keyword("NOT");
            return if self.eat_keyword("NULL") {
                Ok(Condition::IsNull { negated })
            } else {
                self.error("expected NULL or NOT NULL after IS")
            };
        }
        let negated = self.eat_keyword("NOT");
        let kind = field.values();
        let Some(token) = self.advance() else {
            return self.error("expected a comparison here");
        };
        match token.kind {
            TokenKind::Operator(comparison) => self.parse_comparison(kind, comparison),
            _ if token.is_keyword("IN") => self.parse_in_list(kind, negated),
            _ if token.is_keyword("BETWEEN") => self.parse_between(kind, negated),
            _ if matches!(kind, ValueKind::Text | ValueKind::NumberOrText) => {
                let at = self.offset();
                match self.parse_literal(kind)? {
                    Literal::Text(pattern) => Ok(Condition::Like {
                        pattern,
                        ignore_case: token.is_keyword("ILIKE"),
                        negated,
                    }),
                    Literal::Number(_) | Literal::Duration(_) => error_at(
                        at,
                        "expected a pattern in quotes after LIKE, such as '%net%'",
                    ),
                }
            }
            _ => error_at(
                token.start,
                "LIKE is for text; numbers, times and durations take = != < <= > >=",
            ),
        }
    }

    fn parse_comparison(
        &mut self,
        kind: ValueKind,
        comparison: ComparisonOp,
    ) -> Result<Condition, FilterError> {
        let at = self.offset();
        match (self.parse_literal(kind)?, comparison) {
            (Literal::Number(number) | Literal::Duration(number), _) => {
                Ok(Condition::Compare(comparison, number))
            }
            (Literal::Text(text), ComparisonOp::Equal) => Ok(Condition::Equals {
                text,
                negated: false,
            }),
            (Literal::Text(text), ComparisonOp::NotEqual) => Ok(Condition::Equals {
                text,
                negated: true,
            }),
            (Literal::Text(_), _) if kind == ValueKind::NumberOrText => error_at(
                at,
                format!(
                    "{} does not compare text; write a number without quotes",
                    comparison.as_str()
                ),
            ),
            (Literal::Text(_), _) => error_at(
                at,
                format!(
                    "{} does not compare text; use = != LIKE ILIKE or IN",
                    comparison.as_str()
                ),
            ),
        }
    }

    fn parse_between(&mut self, kind: ValueKind, negated: bool) -> Result<Condition, FilterError> {
        let low = self.parse_bound(kind)?;
        if !self.eat_keyword("AND") {
            return self.error("expected AND and the upper bound after BETWEEN");
        }
        Ok(Condition::Between {
            low,
            high: self.parse_bound(kind)?,
            negated,
        })
    }

    fn parse_bound(&mut self, kind: ValueKind) -> Result<f64, FilterError> {
        let at = self.offset();
        match self.parse_literal(kind)? {
            Literal::Number(number) | Literal::Duration(number) => Ok(number),
            Literal::Text(_) => error_at(at, "expected a number without quotes after BETWEEN"),
        }
    }

    fn parse_in_list(&mut self, kind: ValueKind, negated: bool) -> Result<Condition, FilterError> {
        if !self.eat(&TokenKind::OpenParen) {
            return self.error("expected ( and a list after IN");
        }
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        loop {
            let at = self.offset();
            match self.parse_literal(kind)? {
                Literal::Text(text) if numbers.is_empty() => texts.push(text),
                Literal::Number(number) | Literal::Duration(number) if texts.is_empty() => {
                    numbers.push(number);
                }
                _ => return error_at(at, "mixed list; expected texts in quotes or numbers"),
            }
            if self.eat(&TokenKind::CloseParen) {
                break;
            }
            if !self.eat(&TokenKind::Comma) {
                return self.error("expected , or ) in the list");
            }
        }
        Ok(if numbers.is_empty() {
            Condition::InTexts { texts, negated }
        } else {
            Condition::InNumbers { numbers, negated }
        })
    }

    fn parse_literal(&mut self, kind: ValueKind) -> Result<Literal, FilterError> {
        let at = self.offset();
        match (self.advance().map(|token| token.kind), kind) {
            (Some(TokenKind::Quoted(_, text)), ValueKind::Text | ValueKind::NumberOrText) => {
                Ok(Literal::Text(text))
            }
            (Some(TokenKind::Quoted(..)), ValueKind::Number) => {
                error_at(at, "expected a number without quotes")
            }
            (Some(TokenKind::Quoted(..)), ValueKind::Time) => error_at(
                at,
                "expected ms since 1970 without quotes; for recent runs, use age < 2d",
            ),
            (Some(TokenKind::Bare(word)), _) => parse_bare_literal(&word, kind, at),
            (Some(TokenKind::Quoted(..)) | None, ValueKind::Duration) => {
                error_at(at, "expected a duration, such as 90s, 1h30m or 2d")
            }
            (Some(_) | None, ValueKind::Text) => error_at(at, "expected text in quotes"),
            (Some(_) | None, ValueKind::NumberOrText) => {
                error_at(at, "expected text in quotes, or a number")
            }
            (Some(_) | None, _) => error_at(at, "expected a number"),
        }
    }

    /// The offset of the next token, or of the end.
    fn offset(&self) -> usize {
        match self.error::<()>("") {
            Ok(()) => 0,
            Err(error) => error.offset,
        }
    }
}

fn parse_bare_literal(word: &str, kind: ValueKind, at: usize) -> Result<Literal, FilterError> {
    let number = word.parse::<f64>().ok().filter(|_| {
        !word.contains(char::is_alphabetic) || word.starts_with(|c: char| !c.is_alphabetic())
    });
    let span = parse_duration(word);
    match (kind, number, span) {
        (ValueKind::Text, ..) => {
            error_at(at, format!("expected text in quotes: '{}'", clean(word)))
        }
        (ValueKind::Duration, _, Some(ms)) => Ok(Literal::Duration(ms as f64)),
        (ValueKind::Duration, Some(_), None) => error_at(
            at,
            format!("missing unit; use {0}s, {0}m, {0}h or {0}d", clean(word)),
        ),
        (ValueKind::Duration, None, None) => {
            error_at(at, "expected a duration, such as 90s, 1h30m or 2d")
        }
        (_, Some(number), _) if number.is_finite() => Ok(Literal::Number(number)),
        (_, Some(number), _)
            if number.is_infinite() && word.contains(|c: char| c.is_ascii_digit()) =>
        {
            error_at(at, "number too large")
        }
        (ValueKind::NumberOrText, ..) => error_at(
            at,
            format!("expected a number, or text in quotes: '{}'", clean(word)),
        ),
        (ValueKind::Time, _, Some(_)) => {
            error_at(at, "expected ms since 1970; for recent runs, use age < 2d")
        }
        _ if word.eq_ignore_ascii_case("nan") => {
            error_at(at, "NaN equals nothing; use is:nan to find runs with NaN")
        }
        _ if is_infinity(word) => error_at(
            at,
            "expected a finite number; use is:inf to find runs with infinite metrics",
        ),
        _ => error_at(at, "expected a number"),
    }
}

/// Python's and MLflow's spellings of infinity.
fn is_infinity(word: &str) -> bool {
    let word = word.trim_start_matches(['-', '+']);
    word.eq_ignore_ascii_case("inf") || word.eq_ignore_ascii_case("infinity")
}

/// Whether the text before a dot is a prefix and not part of a key.
fn is_column_prefix(text: &str) -> bool {
    ColumnKey::is_prefix(text) || DATASET_PREFIXES.contains(&text)
}
