//! What a person should know before they say yes.

use crate::domain::{Lifecycle, ModelVersion, Run, RunStatus, Stage};
use crate::promotion::RegistrySnapshot;
use crate::promotion::confusable::{escape_non_ascii, is_confusable, is_deceptive};

/// How many of a kind are named before the rest is counted.
const MAX_NAMED: usize = 3;

/// What is odd about the registry, whatever is planned.
pub(super) fn of_registry(snapshot: &RegistrySnapshot) -> Vec<String> {
    let name = snapshot.model_name().clean();
    let mut found = Vec::new();
    if is_deceptive(snapshot.model_name().raw()) {
        found.push(format!(
            "the model's name is not what it looks like: {}",
            escape_non_ascii(snapshot.model_name().raw())
        ));
    }
    let state = snapshot.state();
    let production = state.versions_in_stage(Stage::Production);
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
    for version in &snapshot.versions {
        let label = format!("{name}/{}", version.version);
        let holds = version.stage != Stage::None || !state.aliases_of(version.version).is_empty();
        if version.is_half_deleted() && holds {
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
pub(super) fn of_alias(snapshot: &RegistrySnapshot, alias: &str) -> Vec<String> {
    let mut found = Vec::new();
    if is_deceptive(alias) {
        found.push(format!(
            "the alias is not what it looks like: {}",
            escape_non_ascii(alias)
        ));
    }
    let state = snapshot.state();
    let twins = state
        .aliases
        .iter()
        .filter(|(twin, _)| is_confusable(twin.raw(), alias));
    found.extend(twins.map(|(twin, version)| {
        format!(
            "{} looks like {}, which leads to {}/{version}",
            escape_non_ascii(alias),
            escape_non_ascii(twin.raw()),
            snapshot.model_name().clean()
        )
    }));
    found
}

/// What is odd about the key of a tag.
pub(super) fn of_tag_key(version: &ModelVersion, key: &str) -> Vec<String> {
    let deceives = is_deceptive(key).then(|| {
        format!(
            "the tag's key is not what it looks like: {}",
            escape_non_ascii(key)
        )
    });
    let twins = version
        .tags
        .iter()
        .filter(|tag| is_confusable(tag.key.raw(), key));
    let twins = twins.map(|tag| {
        format!(
            "{} looks like {}, which is a tag of version {}",
            escape_non_ascii(key),
            escape_non_ascii(tag.key.raw()),
            version.version
        )
    });
    deceives.into_iter().chain(twins).collect()
}

/// The models whose names look like the one that is to be made.
pub(super) fn of_confusable_models(snapshot: &RegistrySnapshot) -> Vec<String> {
    let (name, twins) = (
        snapshot.model_name().raw(),
        snapshot
            .confusable_models
            .iter()
            .filter(|_| snapshot.model.is_none()),
    );
    twins
        .map(|twin| {
            format!(
                "{} looks like {}, which is a registered model already",
                escape_non_ascii(name),
                escape_non_ascii(twin.raw())
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
            escape_non_ascii(run.name.raw())
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
    let rest = if odd.len() > MAX_NAMED {
        format!(" and {} more", odd.len() - MAX_NAMED)
    } else {
        String::new()
    };
    if !odd.is_empty() {
        found.push(format!(
            "metrics of run {name} are not numbers: {}{rest}",
            odd[..odd.len().min(MAX_NAMED)].join(", ")
        ));
    }
    found
}

/// What is odd about the run behind a version that is to be promoted.
pub(super) fn of_source_run(snapshot: &RegistrySnapshot, version: &ModelVersion) -> Vec<String> {
    match &snapshot.run {
        Some(run) if run.id == version.run_id => of_run(run),
        _ => Vec::new(),
    }
}
