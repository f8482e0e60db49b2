//! Warnings: what a promotion decision must not overlook. Each names its source or the fix.

use std::collections::BTreeSet;

use super::build::source_run_id;
use super::{LineageFacts, Warning, dataset, params, run_warnings, upstream};
use crate::domain::{DatasetInput, KeyValue, Stage};
use crate::evidence::FactValue;
use crate::text::Untrusted;

/// Contexts of evaluation data.
const EVALUATION_CONTEXTS: [&str; 9] = [
    "evaluation",
    "eval",
    "test",
    "testing",
    "validation",
    "valid",
    "val",
    "dev",
    "holdout",
];
/// Words in the names of seeds that split data, not of seeds that train a model.
const SPLIT_WORDS: [&str; 7] = ["split", "test", "eval", "valid", "holdout", "fold", "cv"];

/// Most severe first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum WarningSeverity {
    /// A check failed.
    FailedCheck,
    /// It serves traffic without a stage or an alias.
    UnmanagedDeployment,
    /// Its scores are invalid.
    DataLeak,
    /// Its run is gone or failed.
    BadRun,
    /// It cannot be reproduced.
    NotReproducible,
    /// It cannot be compared with the champion.
    Incomparable,
    /// The data for a check is missing or old.
    Uncertain,
}

/// What a decision on the version must not overlook: the warnings, cleaned, most severe first. With a champion, they include what makes the two incomparable.
#[must_use]
pub fn warnings(facts: &LineageFacts, champion: Option<&LineageFacts>) -> Vec<Warning> {
    use WarningSeverity as Severity;
    if facts.version.is_prompt() {
        return Vec::new();
    }
    let (failed, unreadable) = failed_checks(facts);
    let incomparable = champion.map(|champion| incomparable_with(facts, champion));
    let texts = |severity, lines: Vec<String>| (severity, to_warnings(lines));
    let groups = [
        texts(Severity::FailedCheck, failed),
        texts(Severity::UnmanagedDeployment, unmanaged_deployments(facts)),
        texts(Severity::DataLeak, data_leaks(facts)),
        (Severity::BadRun, run_problems(facts)),
        texts(Severity::NotReproducible, external_model(facts)),
        texts(Severity::NotReproducible, uncommitted_code(facts)),
        texts(Severity::NotReproducible, unversioned_data(facts)),
        texts(Severity::Incomparable, incomparable.unwrap_or_default()),
        texts(Severity::Uncertain, unreadable),
        texts(Severity::Uncertain, reused_split_seeds(facts)),
        texts(Severity::Uncertain, stale_evidence(facts)),
    ];
    let mut all: Vec<(WarningSeverity, Warning)> = groups
        .into_iter()
        .flat_map(|(severity, lines)| lines.into_iter().map(move |line| (severity, line)))
        .collect();
    all.sort_by_key(|(severity, _)| *severity);
    all.into_iter().map(|(_, warning)| warning).collect()
}

fn to_warnings(lines: Vec<String>) -> Vec<Warning> {
    lines.into_iter().map(Warning::from).collect()
}

fn unmanaged_deployments(facts: &LineageFacts) -> Vec<String> {
    let version = &facts.version;
    let mut aliases = facts.model.aliases.iter();
    let has_alias =
        !version.aliases.is_empty() || aliases.any(|(_, holder)| *holder == version.version);
    let why = match version.stage {
        Stage::Archived => "but archived: remove the deployment or promote the version",
        Stage::None if !has_alias => {
            "but has no stage and no alias: promote it or remove the deployment"
        }
        _ => return Vec::new(),
    };
    let deployments = facts.evidence.deployments();
    deployments
        .map(|(tool, deployment)| {
            let (name, source) = (&deployment.name, &deployment.source);
            format!("served by {tool} {name} {why} ({source})")
        })
        .collect()
}

/// Facts that are not as expected: the values, and those that could not be read.
fn failed_checks(facts: &LineageFacts) -> (Vec<String>, Vec<String>) {
    let (mut failed, mut unreadable) = (Vec::new(), Vec::new());
    for tool in &facts.evidence.tools {
        for fact in tool.facts.iter().filter(|fact| fact.is_unexpected) {
            let (tool, name, source) = (&tool.name, &fact.name, &fact.source);
            match &fact.value {
                FactValue::Value(_) => {
                    failed.push(format!("{tool}: {name} is {} ({source})", fact.value));
                }
                FactValue::Unreadable(_) if fact.value.pending_word().is_some() => {
                    unreadable.push(format!("{tool}: {name} is {} ({source})", fact.value));
                }
                FactValue::Unreadable(why) => {
                    unreadable.push(format!("{tool}: {name} is unreadable: {why} ({source})"));
                }
            }
        }
    }
    (failed, unreadable)
}

fn external_model(facts: &LineageFacts) -> Vec<String> {
    let is_external = facts.is_external() == Some(true);
    let line = "the model is external: its files are outside of MLflow, which cannot load it";
    is_external.then(|| line.to_owned()).into_iter().collect()
}

fn run_problems(facts: &LineageFacts) -> Vec<Warning> {
    let Some(run) = &facts.run else {
        let text = match source_run_id(facts) {
            Some(id) => format!("run {} could not be read, it may be deleted", id.short()),
            None => "the version does not name a run, its origin is unknown".to_owned(),
        };
        return vec![text.into()];
    };
    run_warnings(run)
}

fn uncommitted_code(facts: &LineageFacts) -> Vec<String> {
    let code = upstream::resolve_code(facts);
    let line = match (code.is_dirty, &code.diff) {
        (Some(true), None) => "dirty commit: uncommitted changes were not recorded",
        (Some(true), Some(_)) => "dirty commit: uncommitted changes are recorded as a diff",
        _ => return Vec::new(),
    };
    vec![line.to_owned()]
}

fn datasets(facts: &LineageFacts) -> Vec<&DatasetInput> {
    facts.run.iter().flat_map(|run| &run.datasets).collect()
}

fn unversioned_data(facts: &LineageFacts) -> Vec<String> {
    let all = datasets(facts);
    if facts.run.is_some() && all.is_empty() && facts.evidence.data_version().is_none() {
        return vec![
            "data version not recorded: log it with mlflow.log_input, or use DVC".to_owned(),
        ];
    }
    let without_digest = all.iter().filter(|dataset| dataset.digest.is_empty());
    without_digest
        .map(|dataset| format!("dataset {} has no digest", dataset.name.raw()))
        .collect()
}

fn data_leaks(facts: &LineageFacts) -> Vec<String> {
    let all = datasets(facts);
    let is_evaluation = |dataset: &DatasetInput| {
        dataset.context.as_ref().is_some_and(|context| {
            EVALUATION_CONTEXTS.contains(&context.raw().to_ascii_lowercase().as_str())
        })
    };
    let is_same_data = |one: &DatasetInput, other: &DatasetInput| {
        if one.digest.is_empty() || other.digest.is_empty() {
            one.digest == other.digest && one.name == other.name
        } else {
            one.digest == other.digest
        }
    };
    // XGBoost's and LightGBM's autologging evaluates on the training set as well, next to a separate one.
    let has_separate_set = all.iter().any(|dataset| {
        let mut training = all.iter().filter(|other| dataset::is_training(other));
        is_evaluation(dataset) && !training.any(|other| is_same_data(dataset, other))
    });
    if has_separate_set {
        return Vec::new();
    }
    let is_leaked = |dataset: &&&DatasetInput| {
        let mut others = all.iter();
        dataset::is_training(dataset)
            && !dataset.digest.is_empty()
            && others.any(|other| is_evaluation(other) && other.digest == dataset.digest)
    };
    let leaked = all.iter().filter(is_leaked).map(|dataset| {
        let name = dataset::name_with_digest(dataset);
        format!("evaluated on training data: {name} (a leak: the scores are invalid)")
    });
    leaked.collect()
}

/// The seeds that split data.
fn split_seeds(facts: &LineageFacts) -> impl Iterator<Item = &KeyValue> {
    params::training_params(facts).iter().filter(|param| {
        let key = param.key.raw().to_ascii_lowercase();
        let mut words = key.split(|c: char| !c.is_alphanumeric());
        (key.contains("seed") || key.contains("random_state"))
            && words.any(|word| SPLIT_WORDS.contains(&word))
    })
}

/// Seeds that both split the data and train the model: keeping the best of several such seeds selects evaluation rows.
fn reused_split_seeds(facts: &LineageFacts) -> Vec<String> {
    let splits: Vec<&KeyValue> = split_seeds(facts).collect();
    let is_split = |param: &KeyValue| splits.iter().any(|split| split.key == param.key);
    let params = params::training_params(facts).iter();
    let training: Vec<&KeyValue> = params
        .filter(|param| params::is_seed(param.key.raw()) && !is_split(param))
        .collect();
    let reused = splits.iter().filter_map(|split| {
        let mut seeds = training.iter();
        let seed =
            seeds.find(|seed| seed.value == split.value && !params::is_unset(&seed.value))?;
        let (split, seed, value) = (split.key.raw(), seed.key.raw(), seed.value.raw());
        Some(format!(
            "seed leak: {split} and {seed} are both {value}, tuning the seed selects evaluation rows"
        ))
    });
    reused.collect()
}

/// What makes a comparison with the champion unfair: other data, or the same data split in another way.
fn incomparable_with(facts: &LineageFacts, champion: &LineageFacts) -> Vec<String> {
    let label = champion.version.label_with_slots();
    let digests = |facts: &LineageFacts| -> BTreeSet<Untrusted> {
        let digests = datasets(facts)
            .into_iter()
            .map(|dataset| dataset.digest.clone());
        digests.filter(|digest| !digest.is_empty()).collect()
    };
    let (own, other) = (digests(facts), digests(champion));
    if !own.is_empty() && !other.is_empty() && own != other {
        let list = |digests: BTreeSet<&Untrusted>| {
            let digests: Vec<&str> = digests.into_iter().map(Untrusted::raw).collect();
            digests.join(", ")
        };
        let added = list(own.difference(&other).collect());
        let removed = list(other.difference(&own).collect());
        let difference = match (added.is_empty(), removed.is_empty()) {
            (false, false) => format!("digest {added} instead of {removed}"),
            (false, true) => format!("digest {added} added"),
            _ => format!("digest {removed} removed"),
        };
        return vec![format!(
            "data differs from the champion's ({label}): {difference}, scores may not be comparable"
        )];
    }
    let differing = split_seeds(facts).filter_map(|split| {
        let other = split_seeds(champion)
            .find(|other| other.key == split.key && other.value != split.value)?;
        let (key, value) = (split.key.raw(), split.value.raw());
        let champions = other.value.raw();
        Some(format!(
            "seed leak: {key} is {value}, the champion's ({label}) is {champions}: the champion may have trained on these evaluation rows"
        ))
    });
    differing.collect()
}

/// Facts older than the version: they may describe another one.
fn stale_evidence(facts: &LineageFacts) -> Vec<String> {
    let tools = facts.evidence.tools.iter();
    let stale = tools.filter(|tool| tool.facts.iter().any(|fact| fact.is_stale));
    let names: Vec<&str> = stale.map(|tool| tool.name.as_str()).collect();
    if names.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "evidence older than the version: {}",
        names.join(", ")
    )]
}

#[cfg(test)]
mod tests;
