//! What somebody who is to answer "may this go to production?" must not have to search for. Each line says where it was seen, or what
//! to do about it.

use std::collections::BTreeSet;

use super::build::source_run_id;
use super::{LineageFacts, dataset, params, upstream};
use crate::domain::{DatasetInput, KeyValue, Lifecycle, RunStatus, Stage};
use crate::evidence::FactValue;
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// Contexts of data that a model is judged on.
const EVALUATION_CONTEXTS: [&str; 6] = [
    "evaluation",
    "eval",
    "test",
    "testing",
    "validation",
    "holdout",
];
/// Words in names of seeds that tell how data was split, not how a model was trained.
const SPLIT_WORDS: [&str; 7] = ["split", "test", "eval", "valid", "holdout", "fold", "cv"];

/// How grave a warning is, the gravest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum WarningSeverity {
    /// A check says no.
    FailedCheck,
    /// It is in use, and nobody decided so.
    UnmanagedDeployment,
    /// What it scored can't be trusted.
    DataLeak,
    /// What made it is gone, or did not end well.
    BadRun,
    /// What made it can't be made again.
    NotReproducible,
    /// It can't be compared with the version to beat.
    Incomparable,
    /// It may be about something else.
    Uncertain,
}

/// The warnings, cleaned, the gravest first; against the version to beat, where there is one.
pub(super) fn warnings(facts: &LineageFacts, champion: Option<&LineageFacts>) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |grave: WarningSeverity, lines: Vec<String>| {
        all.extend(lines.into_iter().map(|line| (grave, line)));
    };
    let (false_now, unknown) = failed_checks(facts);
    add(WarningSeverity::FailedCheck, false_now);
    add(
        WarningSeverity::UnmanagedDeployment,
        unmanaged_deployments(facts),
    );
    add(WarningSeverity::DataLeak, data_leaks(facts));
    add(WarningSeverity::BadRun, run_problems(facts));
    add(WarningSeverity::NotReproducible, code_problems(facts));
    add(WarningSeverity::NotReproducible, unversioned_data(facts));
    add(
        WarningSeverity::Incomparable,
        champion
            .map(|champion| incomparable_with(facts, champion))
            .unwrap_or_default(),
    );
    add(WarningSeverity::Uncertain, unknown);
    add(WarningSeverity::Uncertain, reused_split_seeds(facts));
    add(WarningSeverity::Uncertain, stale_evidence(facts));
    all.sort_by_key(|(grave, _)| *grave);
    all.into_iter()
        .map(|(_, line)| clean(&line).into_owned())
        .collect()
}

/// A version that is served holds a place, or somebody forgot it.
fn unmanaged_deployments(facts: &LineageFacts) -> Vec<String> {
    let version = &facts.version;
    let has_alias = !version.aliases.is_empty()
        || facts
            .model
            .aliases
            .iter()
            .any(|(_, to)| *to == version.version);
    let why = match version.stage {
        Stage::Archived => "though it is archived: take it out of service, or give it a place",
        Stage::None if !has_alias => {
            "though it holds no alias and no stage: promote it, or take it out of service"
        }
        _ => return Vec::new(),
    };
    let served = facts.evidence.deployments();
    served
        .map(|(tool, deployment)| {
            format!(
                "served by {tool} {}, {why} ({})",
                deployment.name, deployment.source
            )
        })
        .collect()
}

/// Facts that are not what they should be: those that say so, and those that can't be told.
fn failed_checks(facts: &LineageFacts) -> (Vec<String>, Vec<String>) {
    let (mut bad, mut unknown) = (Vec::new(), Vec::new());
    for tool in &facts.evidence.tools {
        for fact in tool.facts.iter().filter(|fact| fact.is_unexpected) {
            match &fact.value {
                FactValue::Value(_) => bad.push(format!(
                    "{}: {} is {} ({})",
                    tool.name, fact.name, fact.value, fact.source
                )),
                FactValue::Unreadable(why) => unknown.push(format!(
                    "{}: {} can't be told: {why} ({})",
                    tool.name, fact.name, fact.source
                )),
            }
        }
    }
    (bad, unknown)
}

fn run_problems(facts: &LineageFacts) -> Vec<String> {
    let mut all = Vec::new();
    match (&facts.run, source_run_id(facts)) {
        (Some(run), _) if run.lifecycle == Lifecycle::Deleted => {
            all.push(format!(
                "the run {} is deleted: restore it before MLflow's gc removes its files",
                run.id.short()
            ));
        }
        (None, Some(id)) => all.push(format!(
            "the run {} can't be read: it may be deleted",
            id.short()
        )),
        (None, None) => all.push("it names no run: nobody can tell what made it".to_owned()),
        _ => {}
    }
    let ended = facts
        .run
        .as_ref()
        .filter(|run| matches!(run.status, RunStatus::Failed | RunStatus::Killed));
    all.extend(ended.map(|run| {
        format!(
            "the run {} ended as {}: what came after may not have been done",
            run.id.short(),
            run.status.as_str()
        )
    }));
    all
}

fn code_problems(facts: &LineageFacts) -> Vec<String> {
    let code = upstream::resolve_code(facts);
    match (code.is_dirty, &code.diff) {
        (Some(true), None) => {
            vec!["its code had changes that were not committed, and are not recorded: the commit does not make it again".into()]
        }
        (Some(true), Some(_)) => {
            vec!["its code had changes that were not committed (the diff is recorded)".into()]
        }
        _ => Vec::new(),
    }
}

fn datasets(facts: &LineageFacts) -> Vec<&DatasetInput> {
    facts.run.iter().flat_map(|run| &run.datasets).collect()
}

fn unversioned_data(facts: &LineageFacts) -> Vec<String> {
    let all = datasets(facts);
    let mut messages = Vec::new();
    if facts.run.is_some() && all.is_empty() && facts.evidence.data_version().is_none() {
        messages.push(
            "no version of its data is recorded: log it with mlflow.log_input, or keep it in DVC"
                .to_owned(),
        );
    }
    messages.extend(
        all.iter()
            .filter(|one| one.digest.is_empty())
            .map(|one| format!("data {} has no digest", one.name.raw())),
    );
    messages
}

/// Data that it was trained on and judged on.
fn data_leaks(facts: &LineageFacts) -> Vec<String> {
    let all = datasets(facts);
    let is_evaluation = |one: &DatasetInput| {
        one.context.as_ref().is_some_and(|context| {
            EVALUATION_CONTEXTS.contains(&context.raw().to_ascii_lowercase().as_str())
        })
    };
    let trained = all.iter().filter(|one| dataset::is_training(one));
    let leaked = trained.filter(|one| {
        !one.digest.is_empty()
            && all
                .iter()
                .any(|other| is_evaluation(other) && other.digest == one.digest)
    });
    leaked
        .map(|one| format!("it was judged on the data that it was trained on: {} (a leak: its scores say nothing)", dataset::name_with_digest(one)))
        .collect()
}

/// Seeds of splits of data, by name.
fn split_seeds(facts: &LineageFacts) -> impl Iterator<Item = &KeyValue> {
    params::training_params(facts).iter().filter(|param| {
        let key = param.key.raw().to_ascii_lowercase();
        (key.contains("seed") || key.contains("random_state"))
            && SPLIT_WORDS.iter().any(|word| {
                key.split(|c: char| !c.is_alphanumeric())
                    .any(|part| part == *word)
            })
    })
}

/// The seed that drew the rows that it was judged on is also the one that it was trained with: whoever tried several seeds and kept the
/// best has chosen the rows, too.
fn reused_split_seeds(facts: &LineageFacts) -> Vec<String> {
    let splits: Vec<&KeyValue> = split_seeds(facts).collect();
    let is_split = |param: &KeyValue| splits.iter().any(|split| split.key == param.key);
    let trained = params::training_params(facts)
        .iter()
        .filter(|param| params::is_seed(param.key.raw()) && !is_split(param));
    let trained: Vec<&KeyValue> = trained.collect();
    let same = splits.iter().filter_map(|split| {
        let seed = trained.iter().find(|seed| seed.value == split.value && !params::is_unset(&seed.value))?;
        Some(format!(
            "the seed leaks: {} and {} are both {}, so to try seeds was to choose the rows it is judged on",
            split.key.raw(),
            seed.key.raw(),
            seed.value.raw()
        ))
    });
    same.collect()
}

/// What makes a comparison with the version to beat unfair: other data, or the same data split in another way.
fn incomparable_with(facts: &LineageFacts, champion: &LineageFacts) -> Vec<String> {
    let number = champion.version.version;
    let digests = |facts: &LineageFacts| -> BTreeSet<Untrusted> {
        datasets(facts)
            .into_iter()
            .map(|one| one.digest.clone())
            .filter(|digest| !digest.is_empty())
            .collect()
    };
    let (own, theirs) = (digests(facts), digests(champion));
    if !own.is_empty() && !theirs.is_empty() && own != theirs {
        let names = |only: BTreeSet<&Untrusted>| {
            only.into_iter()
                .map(Untrusted::raw)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (new, gone) = (
            names(own.difference(&theirs).collect()),
            names(theirs.difference(&own).collect()),
        );
        let difference = match (new.is_empty(), gone.is_empty()) {
            (false, false) => format!("digest {new}, not {gone}"),
            (false, true) => format!("digest {new} more"),
            _ => format!("digest {gone} less"),
        };
        return vec![format!(
            "its data is not the champion's (v{number}): {difference}: their scores may not compare"
        )];
    }
    let other = split_seeds(facts).filter_map(|split| {
        let theirs = split_seeds(champion).find(|theirs| theirs.key == split.key && theirs.value != split.value)?;
        Some(format!(
            "the seed leaks: {} is {}, and {} for the champion (v{number}), which may have been trained on the rows it is judged on",
            split.key.raw(),
            split.value.raw(),
            theirs.value.raw()
        ))
    });
    other.collect()
}

/// Facts that were made before the version was: they may be about another one.
fn stale_evidence(facts: &LineageFacts) -> Vec<String> {
    let tools = facts
        .evidence
        .tools
        .iter()
        .filter(|tool| tool.facts.iter().any(|fact| fact.is_stale));
    let names: Vec<&str> = tools.map(|tool| tool.name.as_str()).collect();
    if names.is_empty() {
        Vec::new()
    } else {
        vec![format!(
            "older than the version: what {} told",
            names.join(", ")
        )]
    }
}

#[cfg(test)]
mod tests;
