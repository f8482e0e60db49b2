//! Folding by prefix: `val/acc`, `val/loss` and `val/f1` become one column, the first of them.

use std::collections::{BTreeSet, HashMap};

use super::column::ColumnState;
use crate::table::ColumnKey;

/// The kind of a column and its key up to the first `/`: `metrics.val/`. `None` for a key without `/`.
pub(super) fn key_prefix(key: &ColumnKey) -> Option<String> {
    let (group, _) = key.key().split_once('/')?;
    Some(format!("{}.{group}/", key.prefix()?))
}

/// The folded prefixes.
#[derive(Clone, Debug, Default)]
pub(super) struct PrefixFolds {
    prefixes: BTreeSet<String>,
    /// How many other columns are folded into each leading column.
    folded_counts: HashMap<ColumnKey, usize>,
}

impl PrefixFolds {
    pub(super) fn set_prefixes(&mut self, prefixes: BTreeSet<String>) {
        self.prefixes = prefixes;
    }

    pub(super) fn prefixes(&self) -> Vec<String> {
        self.prefixes.iter().cloned().collect()
    }

    /// Folds or unfolds a prefix. Returns whether it is folded now.
    pub(super) fn toggle(&mut self, prefix: &str) -> bool {
        if self.prefixes.remove(prefix) {
            return false;
        }
        self.prefixes.insert(prefix.to_owned())
    }

    /// Removes the columns (indices into `all`) that are folded into another one.
    pub(super) fn apply(&mut self, all: &[ColumnState], columns: Vec<usize>) -> Vec<usize> {
        self.folded_counts.clear();
        if self.prefixes.is_empty() {
            return columns;
        }
        let mut leaders: HashMap<String, usize> = HashMap::new();
        let mut remaining = Vec::with_capacity(columns.len());
        for at in columns {
            match key_prefix(&all[at].key).filter(|prefix| self.prefixes.contains(prefix)) {
                None => remaining.push(at),
                Some(prefix) => {
                    let leader = *leaders.entry(prefix).or_insert_with(|| {
                        remaining.push(at);
                        at
                    });
                    *self
                        .folded_counts
                        .entry(all[leader].key.clone())
                        .or_default() += usize::from(leader != at);
                }
            }
        }
        remaining
    }

    /// How many other columns are folded into this one.
    pub(super) fn folded_count(&self, column: &ColumnKey) -> usize {
        self.folded_counts.get(column).copied().unwrap_or(0)
    }

    /// Whether this column leads a folded prefix.
    pub(super) fn is_fold_leader(&self, column: &ColumnKey) -> bool {
        self.folded_counts.contains_key(column)
    }
}
