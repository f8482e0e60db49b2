//! The lineage in one line: `iris v3 = code 3f9ac21 (dirty) + data iris-train@9f3c11aa + lr=0.01, depth=4`.

use super::{Facts, data, params, upstream};
use crate::domain::DatasetInput;

/// How many datasets the line names.
const DATASETS: usize = 2;

/// The line, as raw text. What is not recorded is said so.
pub(super) fn summary(facts: &Facts) -> String {
    let code = upstream::code_label(&upstream::code(facts)).map_or_else(
        || "code not recorded".into(),
        |label| format!("code {label}"),
    );
    let params = match params::of(facts) {
        [] => "params not recorded".into(),
        given => params::short(given, ", "),
    };
    format!(
        "{} v{} = {code} + {} + {params}",
        facts.version.name.raw(),
        facts.version.version,
        datasets(facts)
    )
}

/// The datasets that the model learned from; where no context says so, all of them.
fn datasets(facts: &Facts) -> String {
    let all = || facts.run.iter().flat_map(|run| &run.datasets);
    let training: Vec<&DatasetInput> = all().filter(|dataset| data::is_training(dataset)).collect();
    let told = if training.is_empty() {
        all().collect()
    } else {
        training
    };
    let names: Vec<String> = told
        .iter()
        .take(DATASETS)
        .map(|dataset| data::name(dataset))
        .collect();
    // What a data tool calls it says more than MLflow's digest.
    let version = facts
        .evidence
        .data()
        .map(|version| format!("{version} "))
        .unwrap_or_default();
    match told.len() {
        0 if !version.is_empty() => format!("data {}", version.trim_end()),
        _ if !version.is_empty() => format!("data {version}{}", names.join(", ")),
        0 => "data not recorded".into(),
        count if count > DATASETS => {
            format!("data {} and {} more", names.join(", "), count - DATASETS)
        }
        _ => format!("data {}", names.join(", ")),
    }
}
