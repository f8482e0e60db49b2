//! Completion: what may come next in a filter that is being written.

use std::collections::HashSet;

use super::super::{Attribute, ColumnKey, RunTable, ValueKind};
use super::ast::IsQualifier;
use super::lexer::{Token, TokenKind, tokenize};
use super::print::quote;

/// At most this many are offered: more than fit on a screen help nobody.
const MAX_COMPLETIONS: usize = 100;

/// Quotes are looked through: who writes `opt` means `` `opt name` `` too.
const QUOTES: [char; 3] = ['\'', '"', '`'];

/// Something that may stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The text that replaces what stands between `start` and the cursor.
    pub replacement: String,
    /// The same, to be shown: safe to draw.
    pub label: String,
    /// The byte at which the replaced text begins.
    pub start: usize,
}

/// What may stand at the cursor (a byte of `text`): columns, values of a column after a comparison, and keywords. Those
/// that begin with what is written come first, then those that contain it, whatever the case.
#[must_use]
pub fn complete(text: &str, cursor: usize, table: &RunTable) -> Vec<Completion> {
    let Some(before) = text.get(..cursor) else {
        return Vec::new();
    };
    let (start, tokens) = split_at_cursor_word(before);
    let prefix = before[start..].to_lowercase();
    let candidates = match cursor_context(&tokens) {
        CursorContext::Term => term_candidates(table),
        CursorContext::Operator(key) => operator_candidates(&key),
        CursorContext::Value(key) => value_candidates(table, &key),
        CursorContext::Connective => {
            let mut all = ["AND", "OR"].map(str::to_owned).to_vec();
            if !prefix.is_empty() {
                all.extend(term_candidates(table));
            }
            all
        }
    };
    let prefix = prefix.replace(QUOTES, "");
    let rank = |candidate: &String| {
        let bare = candidate.to_lowercase().replace(QUOTES, "");
        let key = bare.split_once('.').map_or(bare.as_str(), |(_, key)| key);
        if bare.starts_with(&prefix) || key.starts_with(&prefix) {
            Some(0)
        } else {
            bare.contains(&prefix).then_some(1)
        }
    };
    let mut ranked: Vec<(u8, String)> = candidates
        .into_iter()
        .filter_map(|candidate| Some((rank(&candidate)?, candidate)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let completion = |(_, insert): (u8, String)| Completion {
        label: crate::text::untrusted::clean(&insert).into_owned(),
        replacement: insert,
        start,
    };
    ranked
        .into_iter()
        .take(MAX_COMPLETIONS)
        .map(completion)
        .collect()
}

/// What is expected at the cursor.
enum CursorContext {
    /// A field, a state or a word.
    Term,
    /// A comparison of a column.
    Operator(ColumnKey),
    /// A value of a column.
    Value(ColumnKey),
    /// `AND` or `OR`.
    Connective,
}

/// Where the text that is being written begins, and the tokens before it.
fn split_at_cursor_word(before: &str) -> (usize, Vec<Token>) {
    // An open quote belongs to what is being written: without it, the rest are tokens.
    let mut end = before.len();
    let all = loop {
        match tokenize(&before[..end]) {
            Ok(all) => break all,
            Err(error) => end = error.offset,
        }
    };
    let mut start = if end < before.len() {
        end
    } else {
        before.len()
    };
    let mut all = all;
    while let Some(last) = all.last().filter(|last| {
        last.end == start && matches!(last.kind, TokenKind::Bare(_) | TokenKind::Quoted(..))
    }) {
        start = last.start;
        all.pop();
    }
    (start, all)
}

fn cursor_context(tokens: &[Token]) -> CursorContext {
    let Some((last, rest)) = tokens.split_last() else {
        return CursorContext::Term;
    };
    let is_connective = ["AND", "OR", "NOT"]
        .iter()
        .any(|word| last.is_keyword(word));
    let is_operator = matches!(last.kind, TokenKind::Operator(_))
        || last.is_keyword("LIKE")
        || last.is_keyword("ILIKE");
    let is_list_item = matches!(last.kind, TokenKind::OpenParen | TokenKind::Comma);
    let list_of = || {
        let position = rest.iter().rposition(|token| token.is_keyword("IN"))?;
        rest.get(position + 1..)?
            .iter()
            .all(|token| token.kind != TokenKind::CloseParen)
            .then(|| column_before_cursor(&rest[..position]))
            .flatten()
    };
    match last {
        _ if is_operator => {
            column_before_cursor(rest).map_or(CursorContext::Term, CursorContext::Value)
        }
        _ if is_list_item => list_of().map_or(CursorContext::Term, CursorContext::Value),
        _ if is_connective => CursorContext::Term,
        _ => match (column_before_cursor(tokens), rest.last()) {
            // After `field`, unless that was itself a value.
            (Some(key), before)
                if before.is_none_or(|before| !matches!(before.kind, TokenKind::Operator(_))) =>
            {
                CursorContext::Operator(key)
            }
            _ => CursorContext::Connective,
        },
    }
}

/// The column that the last tokens name.
fn column_before_cursor(tokens: &[Token]) -> Option<ColumnKey> {
    let tokens = match tokens.split_last() {
        Some((not, rest)) if not.is_keyword("NOT") => rest,
        _ => tokens,
    };
    let (last, rest) = tokens.split_last()?;
    let (kind, key) = match (&last.kind, rest.last().map(|token| &token.kind)) {
        (TokenKind::Quoted(_, key), Some(TokenKind::Bare(kind))) => {
            (kind.strip_suffix('.')?, key.as_str())
        }
        (TokenKind::Bare(path), _) => path.split_once('.').unwrap_or(("attributes", path)),
        _ => return None,
    };
    ColumnKey::from_prefix(kind, key).or_else(|| Attribute::parse(key).map(ColumnKey::Attribute))
}

fn term_candidates(table: &RunTable) -> Vec<String> {
    let columns = table.columns().into_iter();
    let columns = columns.map(|column| column.to_filter_string());
    let states = IsQualifier::ALL
        .into_iter()
        .map(|is| format!("is:{}", is.as_str()));
    let rest = [
        "age",
        "dataset.name",
        "dataset.digest",
        "dataset.context",
        "NOT",
    ]
    .map(str::to_owned);
    columns.chain(states).chain(rest).collect()
}

fn operator_candidates(key: &ColumnKey) -> Vec<String> {
    let (numbers, texts): (&[&str], &[&str]) =
        (&["<", "<=", ">", ">=", "BETWEEN"], &["LIKE", "ILIKE"]);
    let (numbers, texts) = match key.kind().values {
        ValueKind::NumberOrText => (numbers, texts),
        ValueKind::Text => (&[][..], texts),
        ValueKind::Number | ValueKind::Time | ValueKind::Duration => (numbers, &[][..]),
    };
    let all = ["=", "!="].iter().chain(numbers).chain(texts).chain(&[
        "IN",
        "NOT IN",
        "IS NULL",
        "IS NOT NULL",
    ]);
    all.map(|word| (*word).to_owned()).collect()
}

/// The distinct texts of a column, sorted, in quotes.
fn value_candidates(table: &RunTable, key: &ColumnKey) -> Vec<String> {
    let column = table.column(key);
    let mut seen = HashSet::new();
    let mut texts: Vec<&str> = table
        .rows()
        .filter_map(|row| column.text(row))
        .filter(|text| seen.insert(*text))
        .collect();
    texts.sort_unstable();
    texts.into_iter().map(quote).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::test_data::run;
    use super::*;
    use crate::domain::{KeyValue, Metric, MetricValue};

    fn completions(text: &str) -> Vec<String> {
        let mut run = run("r1");
        run.params = vec![
            KeyValue::new("optimizer", "adam"),
            KeyValue::new("opt name", "it's"),
        ];
        run.metrics = vec![Metric {
            key: "val/acc".into(),
            value: MetricValue::new(1.0),
            timestamp: 0,
            step: 0,
        }];
        let mut other = run.clone();
        other.id = "r2".into();
        other.params[0].value = "sgd".into();
        let mut table = RunTable::default();
        table.upsert(&[run, other]);
        complete(text, text.len(), &table)
            .into_iter()
            .map(|completion| format!("{}{}", &text[..completion.start], completion.replacement))
            .collect()
    }

    #[test]
    fn columns_are_offered_at_term_positions() {
        assert_eq!(completions("acc"), ["metrics.`val/acc`"]);
        assert_eq!(
            completions("NOT params.opt"),
            ["NOT params.`opt name`", "NOT params.optimizer"]
        );
        assert_eq!(
            completions("params.`opt"),
            ["params.`opt name`", "params.optimizer"]
        );
        assert_eq!(completions("a (is:nest"), ["a (is:nested"]);
        assert!(completions("").len() > 10);
    }

    #[test]
    fn values_are_offered_after_a_comparison() {
        assert_eq!(
            completions("params.optimizer = "),
            ["params.optimizer = 'adam'", "params.optimizer = 'sgd'"]
        );
        assert_eq!(
            completions("params.optimizer = 's"),
            ["params.optimizer = 'sgd'"]
        );
        assert_eq!(
            completions("params.`opt name` != "),
            ["params.`opt name` != \"it's\""]
        );
        assert_eq!(
            completions("params.optimizer NOT IN ('adam', "),
            [
                "params.optimizer NOT IN ('adam', 'adam'",
                "params.optimizer NOT IN ('adam', 'sgd'"
            ]
        );
    }

    #[test]
    fn operators_and_connectives_are_offered_between_terms() {
        assert_eq!(
            completions("params.optimizer L")[0],
            "params.optimizer LIKE"
        );
        assert_eq!(
            completions("params.optimizer = 'adam' "),
            [
                "params.optimizer = 'adam' AND",
                "params.optimizer = 'adam' OR"
            ]
        );
    }

    #[test]
    fn cursor_inside_a_character_offers_nothing() {
        assert_eq!(complete("é", 1, &RunTable::default()), []);
    }
}
