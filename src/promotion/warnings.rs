//! What a person should know before they say yes.

use super::Reading;
use super::lookalike::{is_deceptive, look_alike, spelled};
use crate::domain::{Lifecycle, ModelVersion, Run, RunStatus, Stage};

/// How many of a kind are named before the rest is counted.
const NAMED: usize = 3;

/// What is odd about the registry, whatever is planned.
pub(super) fn of_registry(reading: &Reading) -> Vec<String> {
    let name = reading.name().clean();
    let mut found = Vec::new();
    if is_deceptive(reading.name().raw()) {
        found.push(format!(
            "the model's name is not what it looks like: {}",
            spelled(reading.name().raw())
        ));
    }
    let state = reading.state();
    let production = state.holders(Stage::Production);
    if production.len() > 1 {
        let labels: Vec<String> = production
            .iter()
            .map(|version| format!("{name}/{version}"))
            .collect();
        found.push(format!("{} are in Production now", labels.join(" and ")));
    }
    let dangling = state
        .aliases
        .iter()
        .filter(|(_, version)| !state.stages.contains_key(version));
    found.extend(dangling.map(|(alias, version)| {
        format!(
            "@{} leads to {name}/{version}, which is not there",
            alias.clean()
        )
    }));
    for version in &reading.versions {
        let label = format!("{name}/{}", version.version);
        let holds = version.stage != Stage::None || !state.aliases_of(version.version).is_empty();
        if version.is_leftover() && holds {
            found.push(format!(
                "{label} holds a place and is the leftover of a deletion: its model is gone"
            ));
        }
        if !version.stage_text.is_empty() && Stage::parse(version.stage_text.raw()).is_none() {
            found.push(format!(
                "{label} is in a stage that is not MLflow's: {}",
                version.stage_text.clean()
            ));
        }
    }
    found
}

/// What is odd about an alias that is to be given or taken.
pub(super) fn of_alias(reading: &Reading, alias: &str) -> Vec<String> {
    let mut found = Vec::new();
    if is_deceptive(alias) {
        found.push(format!(
            "the alias is not what it looks like: {}",
            spelled(alias)
        ));
    }
    let state = reading.state();
    let twins = state
        .aliases
        .iter()
        .filter(|(twin, _)| look_alike(twin.raw(), alias));
    found.extend(twins.map(|(twin, version)| {
        format!(
            "{} looks like {}, which leads to {}/{version}",
            spelled(alias),
            spelled(twin.raw()),
            reading.name().clean()
        )
    }));
    found
}

/// What is odd about the key of a tag.
pub(super) fn of_tag_key(version: &ModelVersion, key: &str) -> Vec<String> {
    let deceives = is_deceptive(key)
        .then(|| format!("the tag's key is not what it looks like: {}", spelled(key)));
    let twins = version
        .tags
        .iter()
        .filter(|tag| look_alike(tag.key.raw(), key));
    let twins = twins.map(|tag| {
        format!(
            "{} looks like {}, which is a tag of version {}",
            spelled(key),
            spelled(tag.key.raw()),
            version.version
        )
    });
    deceives.into_iter().chain(twins).collect()
}

/// The models whose names look like the one that is to be made.
pub(super) fn of_twins(reading: &Reading) -> Vec<String> {
    let (name, twins) = (
        reading.name().raw(),
        reading.twins.iter().filter(|_| reading.model.is_none()),
    );
    twins
        .map(|twin| {
            format!(
                "{} looks like {}, which is a registered model already",
                spelled(name),
                spelled(twin.raw())
            )
        })
        .collect()
}

/// What is odd about the name of a run.
pub(super) fn of_run_name(run: &Run) -> Option<String> {
    let deceives = is_deceptive(run.name.raw());
    deceives.then(|| {
        format!(
            "the name of run {} is not what it looks like: {}",
            run.id.short(),
            spelled(run.name.raw())
        )
    })
}

/// What is odd about the run that a version comes from.
pub(super) fn of_run(run: &Run) -> Vec<String> {
    let name = run.id.short();
    let mut found: Vec<String> = of_run_name(run).into_iter().collect();
    if run.status != RunStatus::Finished {
        found.push(format!(
            "run {name} is {}, not FINISHED",
            run.status.as_str()
        ));
    }
    if run.lifecycle == Lifecycle::Deleted {
        found.push(format!("run {name} is deleted"));
    }
    let odd: Vec<_> = run
        .metrics
        .iter()
        .filter(|metric| metric.value.get().is_nan())
        .map(|metric| metric.key.clean())
        .collect();
    let rest = if odd.len() > NAMED {
        format!(" and {} more", odd.len() - NAMED)
    } else {
        String::new()
    };
    if !odd.is_empty() {
        found.push(format!(
            "metrics of run {name} are not numbers: {}{rest}",
            odd[..odd.len().min(NAMED)].join(", ")
        ));
    }
    found
}

/// What is odd about the run behind a version that is to be promoted.
pub(super) fn of_origin(reading: &Reading, version: &ModelVersion) -> Vec<String> {
    match &reading.run {
        Some(run) if run.id == version.run_id => of_run(run),
        _ => Vec::new(),
    }
}
