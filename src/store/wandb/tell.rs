//! What is known of a run, told in MLflow's nouns.

use std::collections::{BTreeMap, HashSet};

use super::digest::Digest;
use super::json;
use super::place::{Place, Stamp};
use crate::domain::{ExperimentId, Metric, MetricValue, Millis, Pair, Run, RunStatus};
use crate::store::limits;

/// What W&B calls the project of a run that named none.
const NO_PROJECT: &str = "uncategorized";

/// The experiment that a run belongs to: its project, with whose it is before it where that is known.
pub(super) fn experiment(entity: &str, project: &str) -> ExperimentId {
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
pub(super) fn run(place: &Place, stamp: Option<&Stamp>, digest: &Digest, now: Millis) -> Run {
    let facts = digest.facts.clone().unwrap_or_default();
    let mut run = Run::bare(place.id.clone(), experiment(&facts.entity, &facts.project));
    run.name = facts.name.as_str().into();
    run.user = digest.environment.user.as_str().into();
    run.start_time = facts.start.or(place.started);
    run.status = status(digest, stamp.is_some_and(|stamp| stamp.is_young(now)));
    run.end_time = digest.end();
    run.artifact_uri = place.files().to_string_lossy().as_ref().into();
    run.params = digest.config.pairs();
    run.tags = tags(place, digest);
    let mut texts = Vec::new();
    run.metrics = metrics(digest, &mut texts);
    run.tags.append(&mut texts);
    run
}

/// How a run is: what its exit code says; without one it is running while its file grows, and nobody knows after that.
fn status(digest: &Digest, is_young: bool) -> RunStatus {
    match digest.exit {
        Some(exit) if exit.code == 0 => RunStatus::Finished,
        Some(_) => RunStatus::Failed,
        None if is_young => RunStatus::Running,
        None => RunStatus::Unknown,
    }
}

/// The latest value of each metric; texts that were logged become tags.
fn metrics(digest: &Digest, texts: &mut Vec<Pair>) -> Vec<Metric> {
    let mut found: BTreeMap<String, Metric> = BTreeMap::new();
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    // Since wandb 0.17 the parts of media are values of their own: `img._type`, `img.path`, `img.width`.
    let media: HashSet<&[u8]> = digest
        .logged
        .all()
        .iter()
        .filter_map(|latest| latest.key.strip_suffix(b"._type"))
        .collect();
    let is_dot = |at: &usize, key: &[u8]| key.get(*at) == Some(&b'.');
    let is_media = |key: &[u8]| {
        (0..key.len())
            .filter(|at| is_dot(at, key))
            .any(|at| key.get(..at).is_some_and(|name| media.contains(name)))
    };
    for latest in digest
        .logged
        .all()
        .iter()
        .filter(|latest| !is_media(&latest.key))
    {
        let key = String::from_utf8_lossy(&latest.key);
        let (step, time) = if latest.logged.is_empty() {
            (digest.logged.last_step, digest.last.unwrap_or(0))
        } else {
            (latest.step, latest.time)
        };
        // What the summary says goes over what was logged last: so it does in W&B's own tables.
        for said in [Some(&latest.logged), latest.summary.as_ref()]
            .into_iter()
            .flatten()
            .filter(|json| !json.is_empty())
        {
            json::flatten(&key, said, &mut |key, json| {
                if let Some(value) = json::number(json.as_bytes()) {
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
                    words.insert(key.to_owned(), json::plain(json));
                }
            });
        }
    }
    for metric in &digest.system {
        let told = Metric {
            key: metric.name.as_str().into(),
            value: MetricValue::new(metric.value),
            timestamp: metric.time,
            step: metric.index,
        };
        found.insert(metric.name.clone(), told);
    }
    texts.extend(
        words
            .into_iter()
            .map(|(key, value)| Pair::new(format!("summary.{key}"), value)),
    );
    found.into_values().collect()
}

/// What else is known, under MLflow's names where the program reads those.
fn tags(place: &Place, digest: &Digest) -> Vec<Pair> {
    let facts = digest.facts.clone().unwrap_or_default();
    let environment = &digest.environment;
    let either = |one: String, other: &str| {
        if one.is_empty() {
            other.to_owned()
        } else {
            one
        }
    };
    let exit = match digest.exit {
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
            if place.has_diff() {
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
            digest.unreadable.clone().unwrap_or_default(),
        ),
        (
            "wandb.damaged",
            counted(digest.lost, "places of the file can't be read"),
        ),
        (
            "wandb.params_left_out",
            counted(
                digest.config.left_out(),
                &format!("beyond the first {}", limits::WANDB_PARAMS),
            ),
        ),
        (
            "wandb.metrics_left_out",
            counted(
                digest.logged.left_out,
                &format!("values beyond the first {} metrics", limits::WANDB_METRICS),
            ),
        ),
    ];
    let said = named
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| Pair::new(key, value));
    // W&B's tags are words; here they are keys, so that runs can be filtered and grouped by each.
    said.chain(facts.tags.into_iter().map(|tag| Pair::new(tag, "true")))
        .collect()
}

fn counted(count: u64, what: &str) -> String {
    if count == 0 {
        String::new()
    } else {
        format!("{count} {what}")
    }
}
