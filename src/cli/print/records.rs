//! The JSON of MLflow's nouns: fields named as MLflow names them, times in ms since the epoch, ids as strings.

use serde_json::{Map, Value, json};

use crate::analysis::{Best, Comparison};
use crate::domain::run::Pair;
use crate::domain::{Experiment, Goal, Metric, ModelVersion, RegisteredModel, Run};

/// An experiment.
#[must_use]
pub fn experiment(experiment: &Experiment) -> Value {
    json!({
        "experiment_id": experiment.id,
        "name": experiment.name,
        "lifecycle_stage": experiment.lifecycle.as_str(),
        "creation_time": experiment.creation_time,
        "last_update_time": experiment.last_update_time,
        "tags": pairs(&experiment.tags),
    })
}

/// A run.
#[must_use]
pub fn run(run: &Run) -> Value {
    json!({
        "run_id": run.id,
        "run_name": run.name,
        "experiment_id": run.experiment_id,
        "status": run.status,
        "lifecycle_stage": run.lifecycle.as_str(),
        "start_time": run.start_time,
        "end_time": run.end_time,
        "user_id": run.user,
        "artifact_uri": run.artifact_uri,
        "metrics": metrics(&run.metrics),
        "params": pairs(&run.params),
        "tags": pairs(&run.tags),
        "datasets": run.datasets,
        "parent_run_id": run.parent(),
    })
}

/// The best run, with what was looked at.
#[must_use]
pub fn best(best_run: &Run, goal: &Goal, best: &Best) -> Value {
    let mut value = run(best_run);
    let left_out: Map<String, Value> = best.left_out.iter().map(|(why, count)| (why.as_str().to_owned(), json!(count))).collect();
    if let Value::Object(fields) = &mut value {
        fields.insert("goal".into(), json!({"metric": goal.metric, "direction": goal.direction.as_str(), "value": best.value}));
        fields.insert("considered".into(), json!(best.considered));
        fields.insert("ties".into(), json!(best.ties));
        fields.insert("left_out".into(), Value::Object(left_out));
    }
    value
}

/// A comparison; with `differing` only the rows that differ.
#[must_use]
pub fn comparison(comparison: &Comparison, differing: bool) -> Value {
    let rows = comparison.rows.iter().filter(|row| row.differs || !differing).map(|row| {
        json!({
            "kind": row.kind,
            "key": row.key,
            "values": row.values,
            "differs": row.differs,
            "best": row.best,
            "delta": row.delta,
        })
    });
    json!({
        "baseline": comparison.baseline,
        "runs": comparison.runs.iter().map(run).collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
        "equal": comparison.equal(),
        "differing": comparison.differing(),
    })
}

/// A registered model.
#[must_use]
pub fn model(model: &RegisteredModel) -> Value {
    let aliases: Map<String, Value> = model.aliases.iter().map(|(alias, to)| (alias.raw().to_owned(), json!(to))).collect();
    json!({
        "name": model.name,
        "description": model.description,
        "creation_timestamp": model.creation_time,
        "last_updated_timestamp": model.last_updated_time,
        "tags": pairs(&model.tags),
        "aliases": aliases,
        "latest_versions": model.latest_versions.iter().map(|latest| version(latest, None)).collect::<Vec<_>>(),
    })
}

/// A version, with the metrics of the run that it came from where that was read.
#[must_use]
pub fn version(version: &ModelVersion, run: Option<&Run>) -> Value {
    json!({
        "name": version.name,
        "version": version.version,
        "current_stage": version.stage_text,
        "aliases": version.aliases,
        "status": version.status.as_str(),
        "run_id": version.run_id,
        "source": version.source,
        "description": version.description,
        "creation_timestamp": version.creation_time,
        "last_updated_timestamp": version.last_updated_time,
        "tags": pairs(&version.tags),
        "metrics": run.map_or_else(|| json!({}), |run| metrics(&run.metrics)),
    })
}

fn pairs(pairs: &[Pair]) -> Value {
    Value::Object(pairs.iter().map(|pair| (pair.key.raw().to_owned(), json!(pair.value))).collect())
}

fn metrics(metrics: &[Metric]) -> Value {
    Value::Object(metrics.iter().map(|metric| (metric.key.raw().to_owned(), json!(metric.value))).collect())
}
