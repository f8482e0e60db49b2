//! Completion: what may come next in a filter that is being written.

use std::collections::HashSet;

use super::super::{Attribute, ColumnKey, RunTable};
use super::lexer::{Token, TokenKind, tokens};
use super::print::{quote, quote_key};
use super::tree::{Field, Is, Kind};

/// At most this many are offered: more than fit on a screen help nobody.
const MOST: usize = 100;

/// Quotes are looked through: who writes `opt` means `` `opt name` `` too.
const QUOTES: [char; 3] = ['\'', '"', '`'];

/// Something that may stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The text that replaces what stands between `start` and the cursor.
    pub insert: String,
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
    let (start, tokens) = split(before);
    let written = before[start..].to_lowercase();
    let candidates = match context(&tokens) {
        Context::Term => terms(table),
        Context::Operator(key) => operators(&key),
        Context::Value(key) => values(table, &key),
        Context::Connective => {
            let mut all = ["AND", "OR"].map(str::to_owned).to_vec();
            if !written.is_empty() {
                all.extend(terms(table));
            }
            all
        }
    };
    let written = written.replace(QUOTES, "");
    let rank = |candidate: &String| {
        let bare = candidate.to_lowercase().replace(QUOTES, "");
        let key = bare.split_once('.').map_or(bare.as_str(), |(_, key)| key);
        if bare.starts_with(&written) || key.starts_with(&written) {
            Some(0)
        } else {
            bare.contains(&written).then_some(1)
        }
    };
    let mut ranked: Vec<(u8, String)> = candidates
        .into_iter()
        .filter_map(|candidate| Some((rank(&candidate)?, candidate)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let completion = |(_, insert): (u8, String)| Completion {
        label: crate::text::untrusted::clean(&insert).into_owned(),
        insert,
        start,
    };
    ranked.into_iter().take(MOST).map(completion).collect()
}

/// What is expected at the cursor.
enum Context {
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
fn split(before: &str) -> (usize, Vec<Token>) {
    // An open quote belongs to what is being written: without it, the rest are tokens.
    let mut end = before.len();
    let all = loop {
        match tokens(&before[..end]) {
            Ok(all) => break all,
            Err(error) => end = error.at,
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
        start = last.at;
        all.pop();
    }
    (start, all)
}

fn context(tokens: &[Token]) -> Context {
    let Some((last, rest)) = tokens.split_last() else {
        return Context::Term;
    };
    let connects = ["AND", "OR", "NOT"]
        .iter()
        .any(|word| last.is_keyword(word));
    let compares = matches!(last.kind, TokenKind::Operator(_))
        || last.is_keyword("LIKE")
        || last.is_keyword("ILIKE");
    let listed = matches!(last.kind, TokenKind::Open | TokenKind::Comma);
    let list_of = || {
        let place = rest.iter().rposition(|token| token.is_keyword("IN"))?;
        rest.get(place + 1..)?
            .iter()
            .all(|token| token.kind != TokenKind::Close)
            .then(|| field(&rest[..place]))
            .flatten()
    };
    match last {
        _ if compares => field(rest).map_or(Context::Term, Context::Value),
        _ if listed => list_of().map_or(Context::Term, Context::Value),
        _ if connects => Context::Term,
        _ => match (field(tokens), rest.last()) {
            // After `field`, unless that was itself a value.
            (Some(key), before)
                if before.is_none_or(|before| !matches!(before.kind, TokenKind::Operator(_))) =>
            {
                Context::Operator(key)
            }
            _ => Context::Connective,
        },
    }
}

/// The column that the last tokens name.
fn field(tokens: &[Token]) -> Option<ColumnKey> {
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
    match kind {
        "metrics" | "metric" => Some(ColumnKey::Metric(key.into())),
        "params" | "param" | "parameters" | "parameter" => Some(ColumnKey::Param(key.into())),
        "tags" | "tag" => Some(ColumnKey::Tag(key.into())),
        _ => Attribute::parse(key).map(ColumnKey::Attribute),
    }
}

fn terms(table: &RunTable) -> Vec<String> {
    let columns = table.columns().into_iter().map(|key| match &key {
        ColumnKey::Attribute(attribute) => attribute.as_str().to_owned(),
        ColumnKey::Metric(key) => format!("metrics.{}", quote_key(key.raw())),
        ColumnKey::Param(key) => format!("params.{}", quote_key(key.raw())),
        ColumnKey::Tag(key) => format!("tags.{}", quote_key(key.raw())),
        ColumnKey::Curve(..) => key.spelled(),
    });
    let states = Is::ALL.into_iter().map(|is| format!("is:{}", is.as_str()));
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

fn operators(key: &ColumnKey) -> Vec<String> {
    let (numbers, texts): (&[&str], &[&str]) =
        (&["<", "<=", ">", ">=", "BETWEEN"], &["LIKE", "ILIKE"]);
    let (numbers, texts) = match Field::Column(key.clone()).kind() {
        Kind::Either => (numbers, texts),
        Kind::Text => (&[][..], texts),
        Kind::Number | Kind::Time | Kind::Span => (numbers, &[][..]),
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
fn values(table: &RunTable, key: &ColumnKey) -> Vec<String> {
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
    use super::super::super::sample::run;
    use super::*;
    use crate::domain::{Metric, MetricValue, Pair};

    fn inserts(text: &str) -> Vec<String> {
        let mut run = run("r1");
        run.params = vec![
            Pair::new("optimizer", "adam"),
            Pair::new("opt name", "it's"),
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
            .map(|completion| format!("{}{}", &text[..completion.start], completion.insert))
            .collect()
    }

    #[test]
    fn columns_are_offered_where_a_term_may_stand() {
        assert_eq!(inserts("acc"), ["metrics.`val/acc`"]);
        assert_eq!(
            inserts("NOT params.opt"),
            ["NOT params.`opt name`", "NOT params.optimizer"]
        );
        assert_eq!(
            inserts("params.`opt"),
            ["params.`opt name`", "params.optimizer"]
        );
        assert_eq!(inserts("a (is:nest"), ["a (is:nested"]);
        assert!(inserts("").len() > 10);
    }

    #[test]
    fn values_are_offered_after_a_comparison() {
        assert_eq!(
            inserts("params.optimizer = "),
            ["params.optimizer = 'adam'", "params.optimizer = 'sgd'"]
        );
        assert_eq!(
            inserts("params.optimizer = 's"),
            ["params.optimizer = 'sgd'"]
        );
        assert_eq!(
            inserts("params.`opt name` != "),
            ["params.`opt name` != \"it's\""]
        );
        assert_eq!(
            inserts("params.optimizer NOT IN ('adam', "),
            [
                "params.optimizer NOT IN ('adam', 'adam'",
                "params.optimizer NOT IN ('adam', 'sgd'"
            ]
        );
    }

    #[test]
    fn operators_and_connectives_are_offered_between() {
        assert_eq!(inserts("params.optimizer L")[0], "params.optimizer LIKE");
        assert_eq!(
            inserts("params.optimizer = 'adam' "),
            [
                "params.optimizer = 'adam' AND",
                "params.optimizer = 'adam' OR"
            ]
        );
    }

    #[test]
    fn a_cursor_inside_a_character_offers_nothing() {
        assert_eq!(complete("é", 1, &RunTable::default()), []);
    }
}
