//! The values of --order-by and --columns: lists in MLflow's grammar.

use std::ops::Range;

use super::columns::parse_column_key;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::diagnostics::Diagnostic;
use crate::table::{ColumnKey, SortKey};
use crate::text::untrusted::clean;

/// The quotes of keys.
const QUOTES: [char; 3] = ['`', '"', '\''];

/// A parsed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order {
    /// The first key first.
    pub keys: Vec<SortKey>,
    /// Whether a key has no kind: it may be a metric or a param, which only the runs show.
    pub has_bare_key: bool,
}

/// Parses orders: each a list such as `metrics.auc DESC, start_time`.
///
/// # Errors
/// When a key is not a column, or more than ASC or DESC follows it.
pub fn parse_order_by(texts: &[String]) -> Result<Order, CliError> {
    let mut order = Order::default();
    for text in texts {
        for span in split_outside_quotes(text, |c| c == ',') {
            order.push_clause(text, span)?;
        }
    }
    Ok(order)
}

/// Parses lists of columns such as `status,metrics.auc`.
///
/// # Errors
/// When one is not a column.
pub fn parse_columns(texts: &[String]) -> Result<Vec<ColumnKey>, CliError> {
    let mut columns = Vec::new();
    for text in texts {
        for span in split_outside_quotes(text, |c| c == ',') {
            let column = text.get(span).unwrap_or_default().trim();
            columns.push(parse_column_key(column)?);
        }
    }
    Ok(columns)
}

impl Order {
    fn push_clause(&mut self, text: &str, span: Range<usize>) -> Result<(), CliError> {
        let (column_text, descending) = parse_clause(text, span)?;
        let column = parse_column_key(column_text)?;
        let lower = column_text.to_ascii_lowercase();
        let is_explicit = ["metric.", "metrics."]
            .iter()
            .any(|kind| lower.starts_with(kind));
        self.has_bare_key |= matches!(column, ColumnKey::Metric(_)) && !is_explicit;
        self.keys.push(SortKey { column, descending });
        Ok(())
    }
}

/// The text of a column, and whether its order is descending.
fn parse_clause(text: &str, span: Range<usize>) -> Result<(&str, bool), CliError> {
    let clause = text.get(span.clone()).unwrap_or_default();
    let words: Vec<Range<usize>> = split_outside_quotes(clause, char::is_whitespace)
        .into_iter()
        .filter(|word| !word.is_empty())
        .map(|word| span.start + word.start..span.start + word.end)
        .collect();
    let word = |at: usize| words.get(at).and_then(|word| text.get(word.clone()));
    let Some(column) = word(0) else {
        return Err(invalid_order(text, &span, "expected a column"));
    };
    let descending = match word(1).map(str::to_ascii_lowercase).as_deref() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(invalid_direction(text, &words[1..])),
    };
    if words.len() > 2 {
        return Err(invalid_direction(text, &words[2..]));
    }
    Ok((column, descending))
}

/// The error for words that are no direction.
fn invalid_direction(text: &str, words: &[Range<usize>]) -> CliError {
    let start = words.first().map_or(0, |word| word.start);
    let end = words.last().map_or(start, |word| word.end);
    let found = text.get(start..end).unwrap_or_default();
    let lower = found.to_ascii_lowercase();
    let why = if lower.starts_with("desc") {
        format!("`{}`; did you mean `DESC`?", clean(found))
    } else if lower.starts_with("asc") {
        format!("`{}`; did you mean `ASC`?", clean(found))
    } else if lower.starts_with("nulls") {
        format!("`{}`; missing values always come last", clean(found))
    } else {
        format!("`{}`; expected `ASC`, `DESC` or a comma", clean(found))
    };
    invalid_order(text, &(start..end), &format!("unexpected {why}"))
}

fn invalid_order(text: &str, span: &Range<usize>, why: &str) -> CliError {
    let diagnostic = Diagnostic::at_span(text, span, "", "");
    let message = format!("invalid order at character {}: {why}", diagnostic.column);
    CliError::new(ExitStatus::Usage, message).with_detail(diagnostic.excerpt())
}

/// The parts of a text between separators that are not in quotes.
fn split_outside_quotes(text: &str, is_separator: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        if let Some(open) = quote {
            quote = (c != open).then_some(open);
        } else if is_separator(c) {
            parts.push(start..at);
            start = at + c.len_utf8();
        } else if QUOTES.contains(&c) {
            quote = Some(c);
        }
    }
    parts.push(start..text.len());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> Result<Vec<String>, CliError> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let keys = parse_order_by(&texts)?.keys;
        Ok(keys.iter().map(SortKey::to_raw_string).collect())
    }

    #[test]
    fn orders_are_lists() {
        let keys = parse(&["metrics.auc DESC, start_time", "params.`a, b` asc"]).unwrap();
        let expected = [
            "metrics.auc DESC",
            "attributes.start_time ASC",
            "params.`a, b` ASC",
        ];
        assert_eq!(keys, expected);
    }

    #[test]
    fn keys_without_a_kind_are_bare() {
        let is_bare = |text: &str| parse_order_by(&[text.to_owned()]).unwrap().has_bare_key;
        assert!(is_bare("lr") && is_bare("my_metric.x DESC, start_time"));
        assert!(!is_bare("metrics.lr, params.lr, start_time"));
    }

    #[test]
    fn mistakes_are_pointed_out() {
        for (text, message, caret) in [
            ("metrics.auc DESCENDING", "did you mean `DESC`?", 12),
            (
                "start_time ASC NULLS FIRST",
                "missing values always come last",
                15,
            ),
            ("metrics.auc DESC start_time", "or a comma", 17),
            ("metrics.auc,", "expected a column", 12),
        ] {
            let error = parse(&[text]).unwrap_err();
            assert_eq!(error.exit, ExitStatus::Usage);
            assert!(error.message.contains(message), "{}", error.message);
            assert_eq!(error.detail[1].find('^'), Some(caret), "{:?}", error.detail);
        }
    }
}
