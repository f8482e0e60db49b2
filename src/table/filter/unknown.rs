//! Keys of a filter that no run has: probably typed wrong.

use super::super::{ColumnKey, RunTable};
use super::FilterError;
use super::ast::{Expr, Field};
use crate::text::untrusted::clean;

/// The first metric, param or tag without a column in the table.
pub(super) fn find(root: &Expr, text: &str, table: &RunTable) -> Option<FilterError> {
    let known = table.columns();
    if known.is_empty() {
        return None;
    }
    let mut keys = Vec::new();
    collect(root, &mut keys);
    let (key, name) = keys
        .into_iter()
        .find_map(|key| Some((key, name(key)?)).filter(|_| !known.contains(key)))?;
    let message = match closest(key, name, &known) {
        Some(close) => format!("no run has {key}: did you mean {close}?"),
        None => format!("no run has {key}"),
    };
    Some(FilterError {
        message,
        offset: text.find(name).unwrap_or(0),
    })
}

/// The metrics, params and tags that it compares.
pub(super) fn logged_columns(root: &Expr) -> Vec<ColumnKey> {
    let mut keys = Vec::new();
    collect(root, &mut keys);
    keys.retain(|key| name(key).is_some());
    keys.into_iter().cloned().collect()
}

fn collect<'a>(node: &'a Expr, keys: &mut Vec<&'a ColumnKey>) {
    match node {
        Expr::And(nodes) | Expr::Or(nodes) => nodes.iter().for_each(|node| collect(node, keys)),
        Expr::Not(node) => collect(node, keys),
        Expr::Condition(Field::Column(key), _) => keys.push(key),
        Expr::Condition(..) | Expr::Search(_) | Expr::Is(_) => {}
    }
}

/// The name that a run logged; `None` for an attribute.
fn name(key: &ColumnKey) -> Option<&str> {
    match key {
        ColumnKey::Metric(name) | ColumnKey::Param(name) | ColumnKey::Tag(name) => Some(name.raw()),
        _ => None,
    }
}

/// The known key that this one was probably meant to be: of the same name, of a similar name, or with the name in its own.
fn closest(key: &ColumnKey, wanted: &str, known: &[ColumnKey]) -> Option<String> {
    let length = wanted.chars().count();
    let rank = |other: &ColumnKey| {
        let other_name = name(other)?;
        let is_other_kind = std::mem::discriminant(key) != std::mem::discriminant(other);
        let distance =
            strsim::damerau_levenshtein(&wanted.to_lowercase(), &other_name.to_lowercase());
        let is_near = distance < length && distance <= length.div_ceil(3);
        let contains = length > 2 && other_name.to_lowercase().contains(&wanted.to_lowercase());
        (is_near || contains).then(|| {
            let class = u8::from(!is_near);
            (
                class,
                distance,
                is_other_kind,
                clean(&other.to_string()).into_owned(),
            )
        })
    };
    known.iter().filter_map(rank).min().map(|(.., text)| text)
}
