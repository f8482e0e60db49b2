//! What is known of a run, told in MLflow's nouns.

use std::collections::{BTreeMap, HashSet};

use super::json;
use super::layout::{FileStamp, RunDir};
use super::run_state::RunState;
use crate::domain::{ExperimentId, KeyValue, Metric, MetricValue, Millis, Run, RunStatus};
use crate::store::limits;

/// What W&B calls the project of a run that named none.
const NO_PROJECT: &str = "uncategorized";

/// The experiment that a run belongs to: its project, with whose it is before it where that is known.
pub(super) fn experiment_id(entity: &str, project: &str) -> ExperimentId {
    let project = if project.is_empty() {
        NO_PROJECT
    } else {
        project
    };
    ExperimentId::new(if entity.is_empty() {
        project.to_owned()
    } else {
        format!("{entity}/{project}")
    })
}

/// The run. `now` decides whether one that did not say that it ended is still going.
pub(super) fn to_run(
    run_dir: &RunDir,
    stamp: Option<&FileStamp>,
    state: &RunState,
    now: Millis,
) -> Run {
    let facts = state.info.clone().unwrap_or_default();
    let mut run = Run::bare(
        run_dir.id.clone(),
        experiment_id(&facts.entity, &facts.project),
    );
    run.name = facts.name.as_str().into();
    run.user = state.environment.user.as_str().into();
    run.start_time = facts.started_at.or(run_dir.started_at);
    run.status = run_status(state, stamp.is_some_and(|stamp| stamp.is_recent(now)));
    run.end_time = state.end_time();
    run.artifact_uri = run_dir.files_dir().to_string_lossy().as_ref().into();
    run.params = state.config.pairs();
    run.tags = to_tags(run_dir, state);
    let mut texts = Vec::new();
    run.metrics = to_metrics(state, &mut texts);
    run.tags.append(&mut texts);
    run
}

/// How a run is: what its exit code says; without one it is running while its file grows, and nobody knows after that.
fn run_status(state: &RunState, is_young: bool) -> RunStatus {
    match state.exit {
        Some(exit) if exit.code == 0 => RunStatus::Finished,
        Some(_) => RunStatus::Failed,
        None if is_young => RunStatus::Running,
        None => RunStatus::Unknown,
    }
}

/// The latest value of each metric; texts that were logged become tags.
fn to_metrics(state: &RunState, texts: &mut Vec<KeyValue>) -> Vec<Metric> {
    let mut found: BTreeMap<String, Metric> = BTreeMap::new();
    let mut text_values: BTreeMap<String, String> = BTreeMap::new();
    // Since wandb 0.17 the parts of media are values of their own: `img._type`, `img.path`, `img.width`.
    let media: HashSet<&[u8]> = state
        .latest
        .values()
        .iter()
        .filter_map(|latest| latest.key.strip_suffix(b"._type"))
        .collect();
    let is_dot = |at: &usize, key: &[u8]| key.get(*at) == Some(&b'.');
    let is_media = |key: &[u8]| {
        (0..key.len())
            .filter(|at| is_dot(at, key))
            .any(|at| key.get(..at).is_some_and(|name| media.contains(name)))
    };
    for latest in state
        .latest
        .values()
        .iter()
        .filter(|latest| !is_media(&latest.key))
    {
        let key = String::from_utf8_lossy(&latest.key);
        let (step, time) = if latest.logged_json.is_empty() {
            (state.latest.last_step, state.last_time.unwrap_or(0))
        } else {
            (latest.step, latest.time)
        };
        // What the summary says goes over what was logged last: so it does in W&B's own tables.
        for value_json in [Some(&latest.logged_json), latest.summary_json.as_ref()]
            .into_iter()
            .flatten()
            .filter(|json| !json.is_empty())
        {
            json::flatten(&key, value_json, &mut |key, json| {
                if let Some(value) = json::parse_number(json.as_bytes()) {
                    found.insert(
                        key.to_owned(),
                        Metric {
                            key: key.into(),
                            value: MetricValue::new(value),
                            timestamp: time,
                            step,
                        },
                    );
                } else if json.starts_with('"') {
                    text_values.insert(key.to_owned(), json::to_text(json));
                }
            });
        }
    }
    for metric in &state.system {
        let converted = Metric {
            key: metric.name.as_str().into(),
            value: MetricValue::new(metric.value),
            timestamp: metric.time,
            step: metric.index,
        };
        found.insert(metric.name.clone(), converted);
    }
    texts.extend(
        text_values
            .into_iter()
            .map(|(key, value)| KeyValue::new(format!("summary.{key}"), value)),
    );
    found.into_values().collect()
}

/// What else is known, under MLflow's names where the program reads those.
fn to_tags(run_dir: &RunDir, state: &RunState) -> Vec<KeyValue> {
    let facts = state.info.clone().unwrap_or_default();
    let environment = &state.environment;
    let either = |one: String, other: &str| {
        if one.is_empty() {
            other.to_owned()
        } else {
            one
        }
    };
    let exit = match state.exit {
        Some(exit) if exit.code == 0 => String::new(),
        Some(exit) => exit.code.to_string(),
        None => "not recorded".to_owned(),
    };
    let named = [
        ("mlflow.source.name", environment.program.clone()),
        (
            "mlflow.source.git.commit",
            either(facts.commit, &environment.commit),
        ),
        (
            "mlflow.source.git.repoURL",
            either(facts.remote, &environment.remote),
        ),
        (
            "mlflow.source.git.dirty",
            if run_dir.has_diff() {
                "true".to_owned()
            } else {
                String::new()
            },
        ),
        ("mlflow.note.content", facts.notes),
        ("wandb.group", facts.group),
        ("wandb.job_type", facts.job_type),
        ("wandb.sweep", facts.sweep),
        ("wandb.host", facts.host),
        ("wandb.version", facts.version),
        ("wandb.exit_code", exit),
        (
            "wandb.unreadable",
            state.read_error.clone().unwrap_or_default(),
        ),
        (
            "wandb.damaged",
            count_note(state.damage_count, "places of the file can't be read"),
        ),
        (
            "wandb.params_left_out",
            count_note(
                state.config.dropped(),
                &format!("beyond the first {}", limits::WANDB_PARAMS),
            ),
        ),
        (
            "wandb.metrics_left_out",
            count_note(
                state.latest.dropped,
                &format!("values beyond the first {} metrics", limits::WANDB_METRICS),
            ),
        ),
    ];
    let named_tags = named
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| KeyValue::new(key, value));
    // W&B's tags are words; here they are keys, so that runs can be filtered and grouped by each.
    named_tags
        .chain(facts.tags.into_iter().map(|tag| KeyValue::new(tag, "true")))
        .collect()
}

fn count_note(count: u64, what: &str) -> String {
    if count == 0 {
        String::new()
    } else {
        format!("{count} {what}")
    }
}
