//! Folding by prefix: `val/acc`, `val/loss` and `val/f1` as one column. The first of them stands for all.

use std::collections::{BTreeSet, HashMap};

use super::column::ColumnState;
use crate::table::ColumnKey;

/// What a column shares with others of its kind: its key up to the first `/`, with the kind before it. Nothing where the key has none.
pub(super) fn key_prefix(key: &ColumnKey) -> Option<String> {
    let (group, _) = key.key().split_once('/')?;
    Some(format!("{}.{group}/", key.prefix()?))
}

/// The prefixes that are folded, and what came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct PrefixFolds {
    prefixes: BTreeSet<String>,
    /// Columns that stand for others, and for how many.
    folded_counts: HashMap<ColumnKey, usize>,
}

impl PrefixFolds {
    pub(super) fn set_prefixes(&mut self, prefixes: BTreeSet<String>) {
        self.prefixes = prefixes;
    }

    pub(super) fn prefixes(&self) -> Vec<String> {
        self.prefixes.iter().cloned().collect()
    }

    /// Folds a prefix, or unfolds it. Returns whether it is folded now.
    pub(super) fn toggle(&mut self, prefix: &str) -> bool {
        if self.prefixes.remove(prefix) {
            return false;
        }
        self.prefixes.insert(prefix.to_owned())
    }

    /// Leaves of columns (places in `all`) those that stand for themselves or lead a folded prefix.
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

    /// How many others a column stands for.
    pub(super) fn folded_count(&self, column: &ColumnKey) -> usize {
        self.folded_counts.get(column).copied().unwrap_or(0)
    }

    /// Whether a column stands for a folded prefix.
    pub(super) fn is_fold_leader(&self, column: &ColumnKey) -> bool {
        self.folded_counts.contains_key(column)
    }
}
