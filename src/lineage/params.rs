//! Params, and the seed among them.

use super::{Facts, Node, NodeKind};
use crate::domain::Pair;
use crate::text::Untrusted;

/// Names under which seeds are logged; the last part of a key (`model__random_state`, `trainer.seed`) counts.
const SEEDS: [&str; 13] = [
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

/// How many params a label names.
const IN_LABEL: usize = 4;

/// The most characters of a value in a label.
const VALUE_CHARS: usize = 24;

/// The params that a version was trained with: its run's, else those that MLflow 3 keeps with its logged model.
pub(super) fn of(facts: &Facts) -> &[Pair] {
    let of_run = facts.run.as_ref().map_or(&[][..], |run| &run.params);
    let of_model = facts
        .logged_model
        .as_ref()
        .map_or(&[][..], |model| &model.params);
    if of_run.is_empty() { of_model } else { of_run }
}

/// Their node; `owner` is the run's node.
pub(super) fn node(owner: &str, params: &[Pair]) -> Node {
    let mut node = Node::new(
        format!("params:{owner}"),
        NodeKind::Params,
        short(params, " "),
    );
    // A param that was logged as an empty text is known to be empty.
    node.facts = params
        .iter()
        .map(|param| (param.key.raw().to_owned(), param.value.clone()))
        .collect();
    node
}

/// The first few params: `lr=0.01, depth=4, …`.
pub(super) fn short(params: &[Pair], between: &str) -> String {
    let mut told: Vec<String> = params.iter().take(IN_LABEL).map(assignment).collect();
    if params.len() > IN_LABEL {
        told.push("…".into());
    }
    told.join(between)
}

/// One param: `lr=0.01`.
pub(super) fn assignment(param: &Pair) -> String {
    let value = param.value.raw();
    match value.char_indices().nth(VALUE_CHARS) {
        Some((cut, _)) => format!(
            "{}={}…",
            param.key.raw(),
            value.get(..cut).unwrap_or_default()
        ),
        None => format!("{}={value}", param.key.raw()),
    }
}

/// The params and tags that are seeds by their names.
pub(super) fn seeds<'a>(pairs: impl IntoIterator<Item = &'a Pair>) -> Vec<&'a Pair> {
    pairs
        .into_iter()
        .filter(|pair| is_seed(pair.key.raw()))
        .collect()
}

/// Whether a seed's value means that none was set: libraries log `random_state=None`.
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
    SEEDS.contains(&last.replace('-', "_").as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_known_by_their_usual_names() {
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
    fn labels_are_short() {
        let params: Vec<Pair> = (0..6)
            .map(|i| Pair::new(format!("p{i}"), "é".repeat(i * 10)))
            .collect();
        assert_eq!(
            short(&params[..2], " "),
            format!("p0= p1={}", "é".repeat(10))
        );
        assert_eq!(
            short(&params, ", ").matches('…').count(),
            2,
            "one value is cut, and the list is"
        );
    }
}
