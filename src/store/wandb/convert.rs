//! W&B runs as MLflow runs.

use std::collections::{BTreeMap, HashSet};

use super::json;
use super::layout::{RunDir, has_heartbeat};
use super::run_state::RunState;
use crate::domain::{ExperimentId, KeyValue, Metric, MetricValue, Millis, Run, RunStatus};
use crate::store::limits;
use crate::store::local::FileStamp;

/// W&B's name for the project of a run without one.
const NO_PROJECT: &str = "uncategorized";

/// The experiment of a project: `entity/project`, or `project` if the entity is unknown.
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

/// Converts a run. `now` decides whether one without an exit record is still running.
pub(super) fn to_run(
    run_dir: &RunDir,
    stamp: Option<&FileStamp>,
    state: &RunState,
    now: Millis,
) -> Run {
    let info = state.info.clone().unwrap_or_default();
    let mut run = Run::bare(
        run_dir.id.clone(),
        experiment_id(&info.entity, &info.project),
    );
    run.name = match run_dir.piece {
        // The last folder of a resumed run has the plain name, so that the name finds it.
        Some((piece, total)) if piece < total => {
            format!("{} ({piece} of {total})", info.name).into()
        }
        _ => info.name.as_str().into(),
    };
    run.user = state.environment.user.as_str().into();
    run.start_time = info.started_at.or(run_dir.started_at);
    run.status = run_status(state, has_heartbeat(stamp, now));
    run.end_time = state.end_time();
    run.artifact_uri = run_dir.files_dir().to_string_lossy().as_ref().into();
    run.params = state.config.pairs();
    run.tags = to_tags(run_dir, state);
    let mut texts = Vec::new();
    run.metrics = to_metrics(state, &mut texts);
    run.tags.append(&mut texts);
    run
}

/// By the exit code; without one, running while the log grows, and unknown after that.
fn run_status(state: &RunState, is_recent: bool) -> RunStatus {
    match state.exit {
        Some(exit) if exit.code == 0 => RunStatus::Finished,
        Some(_) => RunStatus::Failed,
        None if is_recent => RunStatus::Running,
        None => RunStatus::Unknown,
    }
}

/// The latest value of each metric. Logged texts go to `texts`, as tags.
fn to_metrics(state: &RunState, texts: &mut Vec<KeyValue>) -> Vec<Metric> {
    let mut found: BTreeMap<String, Metric> = BTreeMap::new();
    let mut text_values: BTreeMap<String, String> = BTreeMap::new();
    // Since wandb 0.17 the parts of media are separate values: `img._type`, `img.path`,
    // `img.width`.
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
        // The summary overrides the last logged value, as in W&B's own tables.
        for value_json in [Some(&latest.logged_json), latest.summary_json.as_ref()]
            .into_iter()
            .flatten()
            .filter(|json| !json.is_empty())
        {
            json::flatten(&key, value_json, &mut |key, json| {
                if let Some(value) = json::parse_number(json.as_bytes()) {
                    found.insert(key.to_owned(), metric(key, value, time, step));
                } else if json.starts_with('"') {
                    text_values.insert(key.to_owned(), json::to_text(json));
                }
            });
        }
    }
    for last in &state.system {
        let converted = metric(&last.name, last.value, last.time, last.index);
        found.insert(last.name.clone(), converted);
    }
    texts.extend(
        text_values
            .into_iter()
            .map(|(key, value)| KeyValue::new(format!("summary.{key}"), value)),
    );
    found.into_values().collect()
}

fn metric(key: &str, value: f64, timestamp: Millis, step: i64) -> Metric {
    Metric {
        key: key.into(),
        value: MetricValue::new(value),
        timestamp,
        step,
    }
}

/// Other facts, under MLflow's keys where there are any.
fn to_tags(run_dir: &RunDir, state: &RunState) -> Vec<KeyValue> {
    let info = state.info.clone().unwrap_or_default();
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
            either(info.commit, &environment.commit),
        ),
        (
            "mlflow.source.git.repoURL",
            either(info.remote, &environment.remote),
        ),
        (
            "mlflow.source.git.dirty",
            if run_dir.has_diff() {
                "true".to_owned()
            } else {
                String::new()
            },
        ),
        ("mlflow.note.content", info.notes),
        ("wandb.group", info.group),
        ("wandb.job_type", info.job_type),
        ("wandb.sweep", info.sweep),
        ("wandb.host", info.host),
        ("wandb.version", info.version),
        ("wandb.exit_code", exit),
        (
            "wandb.resumed",
            run_dir.piece.map_or_else(String::new, |(piece, total)| {
                format!("part {piece} of {total}")
            }),
        ),
    ];
    let named_tags = named
        .into_iter()
        .chain(problem_tags(state))
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| KeyValue::new(key, value));
    // A W&B tag has no value; it becomes a key, so that runs can be filtered and grouped by it.
    named_tags
        .chain(info.tags.into_iter().map(|tag| KeyValue::new(tag, "true")))
        .collect()
}

/// What could not be read.
fn problem_tags(state: &RunState) -> [(&'static str, String); 4] {
    [
        (
            "wandb.unreadable",
            state.read_error.clone().unwrap_or_default(),
        ),
        (
            "wandb.damaged",
            count_note(state.damage_count, "parts of the file are unreadable"),
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
    ]
}

fn count_note(count: u64, what: &str) -> String {
    if count == 0 {
        String::new()
    } else {
        format!("{count} {what}")
    }
}
