//! A config: values by name, changed by one record after another.

use std::collections::BTreeMap;

use super::json;
use super::records::{Change, changes, item};
use crate::domain::Pair;
use crate::store::limits;

/// Values by name, nested ones under their names joined by dots; a bounded number of them.
#[derive(Debug, Default)]
pub(super) struct Leaves {
    values: BTreeMap<String, String>,
    left_out: u64,
}

impl Leaves {
    /// Takes a record of changes.
    pub(super) fn take(&mut self, record: &[u8]) {
        let mut scratch = Vec::new();
        for change in changes(record) {
            let (Change::Set(bytes) | Change::Removed(bytes)) = change;
            let item = item(bytes, &mut scratch);
            let key = String::from_utf8_lossy(item.key);
            if key == "_wandb" || key.starts_with("_wandb.") {
                continue;
            }
            match change {
                Change::Set(_) => self.set(&key, item.json),
                Change::Removed(_) => self.remove(&key),
            }
        }
    }

    /// Sets a value, in place of all that was under its name.
    pub(super) fn set(&mut self, key: &str, json: &[u8]) {
        self.remove(key);
        json::flatten(key, json, &mut |key, value| {
            if self.values.len() < limits::WANDB_PARAMS {
                self.values
                    .insert(json::cut(key.into()).into_owned(), json::plain(value));
            } else {
                self.left_out += 1;
            }
        });
    }

    fn remove(&mut self, key: &str) {
        self.values.remove(key);
        let inside = format!("{key}.");
        while let Some((name, _)) = self
            .values
            .range(inside.clone()..)
            .next()
            .filter(|(name, _)| name.starts_with(&inside))
        {
            let name = name.clone();
            self.values.remove(&name);
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many were too many.
    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The values, by name.
    pub(super) fn pairs(&self) -> Vec<Pair> {
        self.values
            .iter()
            .map(|(key, value)| Pair::new(key.as_str(), value.as_str()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(leaves: &Leaves) -> Vec<(String, String)> {
        leaves.values.clone().into_iter().collect()
    }

    #[test]
    fn a_value_that_is_set_again_takes_the_place_of_all_that_was_inside() {
        let mut leaves = Leaves::default();
        leaves.set("optim", br#"{"name": "adam", "betas": [0.9, 0.99]}"#);
        leaves.set("optimism", b"1");
        assert_eq!(leaves.pairs().len(), 3);
        leaves.set("optim", b"\"sgd\"");
        assert_eq!(
            told(&leaves),
            [
                ("optim".into(), "sgd".into()),
                ("optimism".into(), "1".into())
            ]
        );
        // Message: removed key "optim".
        leaves.take(b"\x12\x07\x0a\x05optim");
        assert_eq!(told(&leaves), [("optimism".into(), "1".into())]);
    }

    #[test]
    fn a_config_of_a_million_keys_is_bounded_and_says_so() {
        let mut leaves = Leaves::default();
        for key in 0..1_000_000 {
            leaves.set(&key.to_string(), b"1");
        }
        assert_eq!(
            (leaves.pairs().len(), leaves.left_out()),
            (
                limits::WANDB_PARAMS,
                (1_000_000 - limits::WANDB_PARAMS) as u64
            )
        );
    }
}
