//! The lineage in one line: `iris v3 = code 3f9ac21 (dirty) + data iris-train@9f3c11aa + lr=0.01, depth=4`.

use super::{LineageFacts, dataset, params, upstream};
use crate::domain::DatasetInput;

/// How many datasets the line names.
const MAX_DATASETS: usize = 2;

/// The line, as raw text. What is not recorded is said so.
pub(super) fn summary(facts: &LineageFacts) -> String {
    let code = upstream::code_label(&upstream::resolve_code(facts)).map_or_else(
        || "code not recorded".into(),
        |label| format!("code {label}"),
    );
    let params = match params::training_params(facts) {
        [] => "params not recorded".into(),
        given => params::summary(given, ", "),
    };
    format!(
        "{} v{} = {code} + {} + {params}",
        facts.version.name.raw(),
        facts.version.version,
        data_summary(facts)
    )
}

/// The datasets that the model learned from; where no context says so, all of them.
fn data_summary(facts: &LineageFacts) -> String {
    let all = || facts.run.iter().flat_map(|run| &run.datasets);
    let training: Vec<&DatasetInput> = all()
        .filter(|dataset| dataset::is_training(dataset))
        .collect();
    let selected = if training.is_empty() {
        all().collect()
    } else {
        training
    };
    let names: Vec<String> = selected
        .iter()
        .take(MAX_DATASETS)
        .map(|dataset| dataset::name_with_digest(dataset))
        .collect();
    // What a data tool calls it says more than MLflow's digest.
    let version = facts
        .evidence
        .data_version()
        .map(|version| format!("{version} "))
        .unwrap_or_default();
    match selected.len() {
        0 if !version.is_empty() => format!("data {}", version.trim_end()),
        _ if !version.is_empty() => format!("data {version}{}", names.join(", ")),
        0 => "data not recorded".into(),
        count if count > MAX_DATASETS => {
            format!(
                "data {} and {} more",
                names.join(", "),
                count - MAX_DATASETS
            )
        }
        _ => format!("data {}", names.join(", ")),
    }
}
