//! The parser of `OR`, `AND`, `NOT` and parentheses; `terms.rs` parses single tests.

use super::FilterError;
use super::ast::{Expr, Field, IsQualifier};
use super::lexer::{Token, TokenKind, tokenize};
use crate::text::untrusted::clean;

/// The nesting limit of parentheses and `NOT`, against stack overflow.
const MAX_DEPTH: usize = 64;

/// Words that a search must quote.
pub(super) const KEYWORDS: [&str; 10] = [
    "AND", "OR", "NOT", "IN", "LIKE", "ILIKE", "IS", "NULL", "BETWEEN", "is:",
];

pub(super) fn parse(text: &str) -> Result<Expr, FilterError> {
    let mut parser = Parser {
        tokens: tokenize(text)?,
        position: 0,
        end: text.trim_end().len(),
        depth: 0,
    };
    if parser.tokens.is_empty() {
        return Ok(Expr::default());
    }
    let node = parser.parse_or()?;
    match parser.peek() {
        None => Ok(node),
        Some(token) if token.kind == TokenKind::CloseParen => parser.error("unmatched )"),
        Some(_) => parser.error("expected AND, OR or the end here"),
    }
}

/// A recursive-descent parser.
pub(super) struct Parser {
    tokens: Vec<Token>,
    position: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn parse_or(&mut self) -> Result<Expr, FilterError> {
        let mut nodes = vec![self.parse_and()?];
        while self.eat_keyword("OR") {
            nodes.push(self.parse_and()?);
        }
        Ok(Expr::or(nodes))
    }

    /// Terms, with an optional `AND` between them.
    fn parse_and(&mut self) -> Result<Expr, FilterError> {
        let mut nodes = vec![self.parse_unary()?];
        loop {
            let and = self.eat_keyword("AND");
            let is_end = self
                .peek()
                .is_none_or(|token| token.kind == TokenKind::CloseParen || token.is_keyword("OR"));
            if is_end && !and {
                return Ok(Expr::and(nodes));
            }
            nodes.push(self.parse_unary()?);
        }
    }

    fn parse_unary(&mut self) -> Result<Expr, FilterError> {
        if self.depth >= MAX_DEPTH {
            return self.error("too deeply nested");
        }
        self.depth += 1;
        let node = if self.eat_keyword("NOT") {
            Expr::Not(Box::new(self.parse_unary()?))
        } else if self.eat(&TokenKind::OpenParen) {
            let inner = self.parse_or()?;
            if !self.eat(&TokenKind::CloseParen) {
                return self.error("expected AND, OR or ) here");
            }
            inner
        } else {
            self.parse_term()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn parse_term(&mut self) -> Result<Expr, FilterError> {
        let Some(first) = self.peek().cloned() else {
            return self.error("expected a comparison or a word here");
        };
        let name = self.parse_field_name()?;
        if self.at_condition() {
            let field = name.resolve()?;
            let test = self.parse_condition(&field)?;
            return Ok(Expr::Condition(field, test));
        }
        match first.kind {
            TokenKind::Quoted(_, text) if name.prefix.is_none() => Ok(Expr::Search(text)),
            TokenKind::Bare(word) if name.prefix.is_none() => match word.get(..3) {
                Some(prefix) if prefix.eq_ignore_ascii_case("is:") => {
                    parse_is_qualifier(&word[3..], first.start + 3).map(Expr::Is)
                }
                _ if is_keyword(&word) => error_at(
                    first.start,
                    format!(
                        "expected a comparison or a word, found {word}; quote it to search for it"
                    ),
                ),
                _ => Ok(Expr::Search(word)),
            },
            _ => self.error(match name.resolve()? {
                Field::Column(key) => {
                    format!("expected a comparison after {key}, such as = 1 or IS NULL")
                }
                Field::Dataset(_) | Field::Age => "expected a comparison here".to_owned(),
            }),
        }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.position)
    }

    pub(super) fn peek_second(&self) -> Option<&Token> {
        self.tokens.get(self.position + 1)
    }

    pub(super) fn advance(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.position).cloned();
        self.position += usize::from(token.is_some());
        token
    }

    pub(super) fn eat(&mut self, kind: &TokenKind) -> bool {
        let found = self.peek().is_some_and(|token| token.kind == *kind);
        self.position += usize::from(found);
        found
    }

    pub(super) fn eat_keyword(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is_keyword(word));
        self.position += usize::from(found);
        found
    }

    /// An error at the next token, or at the end.
    pub(super) fn error<T>(&self, message: impl Into<String>) -> Result<T, FilterError> {
        error_at(self.peek().map_or(self.end, |token| token.start), message)
    }
}

pub(super) fn error_at<T>(at: usize, message: impl Into<String>) -> Result<T, FilterError> {
    Err(FilterError {
        message: message.into(),
        offset: at,
    })
}

pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS
        .iter()
        .any(|keyword| keyword.eq_ignore_ascii_case(word))
}

fn parse_is_qualifier(word: &str, at: usize) -> Result<IsQualifier, FilterError> {
    let known = IsQualifier::ALL
        .into_iter()
        .find(|is| is.as_str().eq_ignore_ascii_case(word));
    known.map_or_else(
        || {
            let all: Vec<String> = IsQualifier::ALL
                .iter()
                .map(|is| format!("is:{}", is.as_str()))
                .collect();
            error_at(
                at,
                format!(
                    "unknown state `is:{}`; expected one of {}",
                    clean(word),
                    all.join(", ")
                ),
            )
        },
        Ok,
    )
}

#[cfg(test)]
mod tests {
    use super::super::Filter;

    fn canonical(text: &str) -> String {
        Filter::parse(text)
            .unwrap_or_else(|error| panic!("{text}: {error}"))
            .to_string()
    }

    #[test]
    fn operator_precedence_is_not_and_or() {
        assert_eq!(canonical("a or b c"), "a OR b AND c");
        assert_eq!(canonical("(a or b) and c"), "(a OR b) AND c");
        assert_eq!(canonical("not a and b"), "NOT a AND b");
        assert_eq!(canonical("not (a and b)"), "NOT (a AND b)");
        assert_eq!(canonical("((a))"), "a");
        assert_eq!(canonical("  "), "");
    }

    #[test]
    fn mlflow_filters_parse() {
        assert_eq!(
            canonical("metric.`val/acc` >= 0.90 and parameters.\"opt name\" like 'ad%'"),
            "metrics.`val/acc` >= 0.9 AND params.`opt name` LIKE 'ad%'"
        );
        assert_eq!(
            canonical("attr.created<5 AND run.`Run Name`='x'"),
            "start_time < 5 AND run_name = 'x'"
        );
        assert_eq!(canonical("`run name` = \"it's\""), "run_name = \"it's\"");
        assert_eq!(
            canonical("datasets.name not in ('a', \"b\")"),
            "dataset.name NOT IN ('a', 'b')"
        );
        assert_eq!(
            canonical("tags.mlflow.parentRunId is not null"),
            "tags.mlflow.parentRunId IS NOT NULL"
        );
        assert_eq!(canonical("`params`.`lr`!=''"), "params.lr != ''");
    }

    #[test]
    fn extended_filters_parse() {
        assert_eq!(
            canonical("resnet IS:Running age<36h"),
            "resnet AND is:running AND age < 1d12h"
        );
        assert_eq!(
            canonical("params.lr between 1e-4 and 1e-2"),
            "params.lr BETWEEN 0.0001 AND 0.01"
        );
        assert_eq!(
            canonical("metrics.val/acc not between 0 and 1"),
            "metrics.`val/acc` NOT BETWEEN 0 AND 1"
        );
        assert_eq!(canonical("params.n in (1, 2.5)"), "params.n IN (1, 2.5)");
        assert_eq!(canonical("'and' `a'\"b`"), "'and' AND `a'\"b`");
        assert_eq!(
            canonical("source not like '%test%'"),
            "source NOT LIKE '%test%'"
        );
    }

    #[test]
    fn errors_have_offset_and_suggestion() {
        for (text, at, hint) in [
            ("metrics.acc = '0.5'", 14, "without quotes"),
            ("metrics.acc == 0.5", 12, "use ="),
            ("params.opt = adam", 13, "'adam'"),
            ("params.lr < '0.1'", 12, "without quotes"),
            ("stauts = 'FINISHED'", 0, "metrics.stauts"),
            ("attributes.acc > 1", 0, "run_name"),
            ("metric_s.acc > 1", 0, "metrics"),
            ("dataset.kind = 'x'", 0, "digest"),
            ("is:asleep", 3, "is:running"),
            ("(a or b", 7, ")"),
            ("a)", 1, "unmatched )"),
            ("a AND", 5, "expected"),
            ("and", 0, "quote"),
            ("metrics.acc", 11, "comparison"),
            ("metrics. > 1", 0, "key"),
            ("duration > 90", 11, "90s"),
            ("start_time > '2026-03-01'", 13, "age <"),
            ("metrics.a = nan", 12, "is:nan"),
            ("metrics.a = 1e999", 12, "too large"),
            ("metrics.a LIKE 'x'", 10, "number"),
            ("run_id IN ()", 11, "expected"),
            ("params.a IN ('x', 1)", 18, "quotes"),
            ("metrics.a BETWEEN 1", 19, "AND"),
            ("metrics.a IS 5", 13, "NULL"),
        ] {
            let error = Filter::parse(text).expect_err(text);
            assert!(
                error.offset == at && error.message.contains(hint),
                "{text}: {} at {}",
                error.message,
                error.offset
            );
        }
    }

    #[test]
    fn nesting_depth_is_limited() {
        assert!(Filter::parse(&"(".repeat(100_000)).is_err());
        assert!(Filter::parse(&"not ".repeat(100_000)).is_err());
        assert!(Filter::parse(&format!("{}a{}", "(".repeat(60), ")".repeat(60))).is_ok());
        assert!(Filter::parse(&vec!["a"; 50_000].join(" or ")).is_ok());
    }
}
