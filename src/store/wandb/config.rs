//! A run's config, built from records of changes.

use std::collections::BTreeMap;

use super::json;
use super::records::{ItemChange, item_changes, parse_item};
use crate::domain::KeyValue;
use crate::store::limits;

/// Values by key, of nested values the keys joined by dots; bounded by [`limits::WANDB_PARAMS`].
#[derive(Debug, Default)]
pub(super) struct ConfigValues {
    values: BTreeMap<String, String>,
    dropped: u64,
}

impl ConfigValues {
    pub(super) fn apply_record(&mut self, record: &[u8]) {
        let mut scratch = Vec::new();
        for change in item_changes(record) {
            let (ItemChange::Set(bytes) | ItemChange::Removed(bytes)) = change;
            let item = parse_item(bytes, &mut scratch);
            let key = String::from_utf8_lossy(item.key);
            if key == "_wandb" || key.starts_with("_wandb.") {
                continue;
            }
            match change {
                ItemChange::Set(_) => self.set(&key, item.json),
                ItemChange::Removed(_) => self.remove(&key),
            }
        }
    }

    /// Sets a value, and removes the values nested in the previous one.
    pub(super) fn set(&mut self, key: &str, json: &[u8]) {
        self.remove(key);
        json::flatten(key, json, &mut |key, value| {
            if self.values.len() < limits::WANDB_PARAMS {
                self.values.insert(
                    json::truncate(key.into()).into_owned(),
                    json::to_text(value),
                );
            } else {
                self.dropped += 1;
            }
        });
    }

    fn remove(&mut self, key: &str) {
        self.values.remove(key);
        let nested = format!("{key}.");
        while let Some((name, _)) = self
            .values
            .range(nested.clone()..)
            .next()
            .filter(|(name, _)| name.starts_with(&nested))
        {
            let name = name.clone();
            self.values.remove(&name);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many values exceeded the limit.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(super) fn pairs(&self) -> Vec<KeyValue> {
        self.values
            .iter()
            .map(|(key, value)| KeyValue::new(key.as_str(), value.as_str()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_vec(config: &ConfigValues) -> Vec<(String, String)> {
        config.values.clone().into_iter().collect()
    }

    #[test]
    fn setting_a_key_replaces_nested_values() {
        let mut config = ConfigValues::default();
        config.set("optim", br#"{"name": "adam", "betas": [0.9, 0.99]}"#);
        config.set("optimism", b"1");
        assert_eq!(config.pairs().len(), 3);
        config.set("optim", b"\"sgd\"");
        assert_eq!(
            to_vec(&config),
            [
                ("optim".into(), "sgd".into()),
                ("optimism".into(), "1".into())
            ]
        );
        // Message: removed key "optim".
        config.apply_record(b"\x12\x07\x0a\x05optim");
        assert_eq!(to_vec(&config), [("optimism".into(), "1".into())]);
    }

    #[test]
    fn config_size_is_bounded_and_counted() {
        let mut config = ConfigValues::default();
        for key in 0..1_000_000 {
            config.set(&key.to_string(), b"1");
        }
        assert_eq!(
            (config.pairs().len(), config.dropped()),
            (
                limits::WANDB_PARAMS,
                (1_000_000 - limits::WANDB_PARAMS) as u64
            )
        );
    }
}
