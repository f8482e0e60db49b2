//! Diffs of structures by leaf.

use serde_json::Value;

use super::lines::{DiffLine, LineKind};
use crate::analysis::decimal;
use crate::text::natural::natural_cmp;

/// Items of longer lists are matched by index, not by value.
const MAX_LCS_ITEMS: usize = 1_000;
const MAX_CHANGES: usize = 10_000;

/// A leaf or a subtree that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructureChange {
    /// The path: `optimizer.lr`, `layers[2].units`.
    pub path: String,
    /// The old value; absent if it was added.
    pub before: Option<String>,
    /// The new value; absent if it was removed.
    pub after: Option<String>,
}

/// The differences between two structures, by path in natural order. An item that is inserted into a list is one change.
#[must_use]
pub fn diff_structures(before: &Value, after: &Value) -> Vec<StructureChange> {
    let mut found = Vec::new();
    collect_changes("", Some(before), Some(after), &mut found);
    found.sort_by(|a, b| natural_cmp(&a.path, &b.path));
    found
}

pub(super) fn to_diff_lines(changes: &[StructureChange]) -> Vec<DiffLine> {
    let line =
        |sign: LineKind, path: &str, value: &str| DiffLine::plain(sign, format!("{path}: {value}"));
    changes
        .iter()
        .flat_map(
            |StructureChange {
                 path,
                 before,
                 after,
             }| {
                let before = before
                    .as_ref()
                    .map(|value| line(LineKind::Removed, path, value));
                let after = after
                    .as_ref()
                    .map(|value| line(LineKind::Added, path, value));
                [before, after].into_iter().flatten()
            },
        )
        .collect()
}

fn collect_changes(
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<StructureChange>,
) {
    if found.len() >= MAX_CHANGES {
        return;
    }
    match (before, after) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let under = |key: &str| {
                if path.is_empty() {
                    key.to_owned()
                } else {
                    format!("{path}.{key}")
                }
            };
            for (key, value) in a {
                collect_changes(&under(key), Some(value), b.get(key), found);
            }
            for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                collect_changes(&under(key), None, Some(value), found);
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => diff_lists(path, a, b, found),
        (Some(a), Some(b)) if is_same(a, b) => {}
        (before, after) => {
            let text = |value: &Value| {
                if let Value::String(text) = value {
                    text.clone()
                } else {
                    value.to_string()
                }
            };
            found.push(StructureChange {
                path: path.to_owned(),
                before: before.map(text),
                after: after.map(text),
            });
        }
    }
}

fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            decimal::is_same_value(&a.to_string(), &b.to_string())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| is_same(a, b)))
        }
        _ => a == b,
    }
}

/// Items of the longest common subsequence are equal; between them, items are matched by index.
fn diff_lists(path: &str, a: &[Value], b: &[Value], found: &mut Vec<StructureChange>) {
    let anchors = if a.len().max(b.len()) <= MAX_LCS_ITEMS {
        longest_common_subsequence(a, b)
    } else {
        Vec::new()
    };
    let (mut i, mut j) = (0, 0);
    for (to_i, to_j) in anchors.into_iter().chain([(a.len(), b.len())]) {
        while i < to_i || j < to_j {
            let (left, right) = (a.get(i).filter(|_| i < to_i), b.get(j).filter(|_| j < to_j));
            let at = if right.is_some() { j } else { i };
            collect_changes(&format!("{path}[{at}]"), left, right, found);
            i += usize::from(left.is_some());
            j += usize::from(right.is_some());
        }
        (i, j) = (to_i + 1, to_j + 1);
    }
}

/// The longest common subsequence of two lists, as pairs of indices.
fn longest_common_subsequence(a: &[Value], b: &[Value]) -> Vec<(usize, usize)> {
    let width = b.len() + 1;
    let mut longest = vec![0_u16; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i * width + j] = if is_same(&a[i], &b[j]) {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if is_same(&a[i], &b[j]) {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}
