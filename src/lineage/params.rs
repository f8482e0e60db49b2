//! Params, and the seed among them.

use super::{LineageFacts, Node, NodeKind};
use crate::domain::KeyValue;
use crate::text::{Untrusted, width};

/// Names of seeds, compared with the last part of a key: `model__random_state`, `trainer.seed`.
const SEED_KEYS: [&str; 13] = [
    "seed",
    "random_seed",
    "random_state",
    "rng_seed",
    "np_seed",
    "numpy_seed",
    "torch_seed",
    "tf_seed",
    "tensorflow_seed",
    "global_seed",
    "manual_seed",
    "data_seed",
    "pythonhashseed",
];

/// Params in a label.
const MAX_LABEL_PARAMS: usize = 4;

/// Columns of a value in a label.
const MAX_VALUE_WIDTH: u16 = 25;

/// The run's params, else those that MLflow 3 keeps with the logged model.
#[must_use]
pub fn training_params(facts: &LineageFacts) -> &[KeyValue] {
    let of_run = facts.run.as_ref().map_or(&[][..], |run| &run.params);
    let of_model = facts
        .logged_model
        .as_ref()
        .map_or(&[][..], |model| &model.params);
    if of_run.is_empty() { of_model } else { of_run }
}

/// The node of params; `owner` is the id of the run's node.
pub(super) fn node(owner: &str, params: &[KeyValue]) -> Node {
    let mut node = Node::new(
        format!("params:{owner}"),
        NodeKind::Params,
        summary(params, " "),
    );
    // An empty param is known to be empty: `with_attribute` would drop it.
    node.attributes = params
        .iter()
        .map(|param| (param.key.raw().to_owned(), param.value.clone()))
        .collect();
    node
}

/// The first few params: `lr=0.01, depth=4, …`.
pub(super) fn summary(params: &[KeyValue], between: &str) -> String {
    let mut parts: Vec<String> = params
        .iter()
        .take(MAX_LABEL_PARAMS)
        .map(assignment)
        .collect();
    if params.len() > MAX_LABEL_PARAMS {
        parts.push("…".into());
    }
    parts.join(between)
}

/// `lr=0.01`
pub(super) fn assignment(param: &KeyValue) -> String {
    let value = width::truncate(param.value.raw(), MAX_VALUE_WIDTH);
    format!("{}={value}", param.key.raw())
}

/// The params and tags that are seeds by name.
pub(super) fn seeds<'a>(pairs: impl IntoIterator<Item = &'a KeyValue>) -> Vec<&'a KeyValue> {
    pairs
        .into_iter()
        .filter(|pair| is_seed(pair.key.raw()))
        .collect()
}

/// Whether a seed's value means that no seed was set: libraries log `random_state=None`.
pub(super) fn is_unset(value: &Untrusted) -> bool {
    matches!(
        value.raw().trim().to_ascii_lowercase().as_str(),
        "" | "none" | "null" | "nan" | "random"
    )
}

pub(super) fn is_seed(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let last = key.rsplit(['.', '/', ':']).next().unwrap_or_default();
    let last = last.rsplit("__").next().unwrap_or_default();
    SEED_KEYS.contains(&last.replace('-', "_").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_seed_names_are_recognized() {
        for key in [
            "seed",
            "random_state",
            "model__random_state",
            "trainer.Seed",
            "cfg/np-seed",
            "PYTHONHASHSEED",
        ] {
            assert!(is_seed(key), "{key}");
        }
        for key in ["seeds", "seeded", "random", "seed_count", "", "__"] {
            assert!(!is_seed(key), "{key}");
        }
    }

    #[test]
    fn long_labels_are_truncated() {
        let params: Vec<KeyValue> = (0..6)
            .map(|i| KeyValue::new(format!("p{i}"), "é".repeat(i * 10)))
            .collect();
        assert_eq!(
            summary(&params[..2], " "),
            format!("p0= p1={}", "é".repeat(10))
        );
        assert_eq!(
            summary(&params, ", ").matches('…').count(),
            2,
            "one value and the list are truncated"
        );
    }
}
