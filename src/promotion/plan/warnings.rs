//! Warnings that a plan shows before it is confirmed.

use crate::domain::{MetadataOwner, ModelVersion, Run, Stage, VersionNumber};
use crate::lineage::{Warning, run_warnings};
use crate::promotion::champion::CHAMPION_ALIAS;
use crate::promotion::confusable::{escape_non_ascii, is_confusable, is_deceptive};

use crate::promotion::{RegistryChange, RegistrySnapshot, RegistryState};
use crate::text::list::join_and;

/// Versions that are listed by name; the rest is counted.
const MAX_LABELS: usize = 12;

/// Warnings about the registry, for every plan.
pub(super) fn of_registry(snapshot: &RegistrySnapshot) -> Vec<String> {
    let name = snapshot.model_name().clean();
    let mut warnings = Vec::new();
    if is_deceptive(snapshot.model_name().raw()) {
        warnings.push(format!(
            "the model name has look-alike or hidden characters: {}",
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
        warnings.push(format!(
            "{} are in Production now",
            join_and(&labels, MAX_LABELS)
        ));
    }
    let dangling = state
        .aliases
        .iter()
        .filter(|(_, version)| !state.stages.contains_key(version));
    warnings.extend(dangling.map(|(alias, version)| {
        format!(
            "@{} points to {name}/{version}, which does not exist",
            alias.clean()
        )
    }));
    for version in &snapshot.versions {
        let label = format!("{name}/{}", version.version);
        let holds = version.stage != Stage::None || !state.aliases_of(version.version).is_empty();
        if version.is_half_deleted() && holds {
            warnings.push(format!(
                "{label} holds a slot but is half deleted: its model is gone"
            ));
        }
        if !version.stage_text.is_empty() && Stage::parse(version.stage_text.raw()).is_none() {
            warnings.push(format!(
                "{label} is in an unknown stage: {}",
                version.stage_text.clean()
            ));
        }
    }
    warnings
}

/// Slots that a change leaves on the wrong version: aliases of archived versions, and stages that an alias leaves.
pub(super) fn of_slots_left_behind(
    snapshot: &RegistrySnapshot,
    before: &RegistryState,
    after: &RegistryState,
) -> Vec<String> {
    let label = |version: VersionNumber| snapshot.subject.label(version);
    let mut warnings = Vec::new();
    for change in before.diff(after) {
        match change {
            RegistryChange::Stage {
                version,
                to: Stage::Archived,
                ..
            } => warnings.extend(after.aliases_of(version).into_iter().map(|alias| {
                format!(
                    "@{} stays on {}, which is archived",
                    alias.clean(),
                    label(version)
                )
            })),
            RegistryChange::Stage {
                version,
                to: Stage::Production,
                ..
            } => {
                let champion = after.aliases.iter().find(|(alias, holder)| {
                    alias.raw() == CHAMPION_ALIAS
                        && **holder != version
                        && after
                            .stages
                            .get(holder)
                            .is_some_and(|stage| *stage != Stage::Archived)
                });
                warnings.extend(
                    champion.map(|(_, holder)| {
                        format!("@{CHAMPION_ALIAS} stays on {}", label(*holder))
                    }),
                );
            }
            RegistryChange::Alias {
                alias,
                from: Some(from),
                to: Some(_),
            } => {
                let stage = after.stages.get(&from).copied().unwrap_or(Stage::None);
                if stage == Stage::Production {
                    warnings.push(format!(
                        "{} stays in {stage} without @{}: an alias does not change a stage",
                        label(from),
                        alias.clean()
                    ));
                }
            }
            _ => {}
        }
    }
    warnings
}

pub(super) fn of_alias(snapshot: &RegistrySnapshot, alias: &str) -> Vec<String> {
    let mut warnings = Vec::new();
    if is_deceptive(alias) {
        warnings.push(format!(
            "the alias has look-alike or hidden characters: {}",
            escape_non_ascii(alias)
        ));
    }
    let state = snapshot.state();
    let confusables = state
        .aliases
        .iter()
        .filter(|(other, _)| is_confusable(other.raw(), alias));
    warnings.extend(confusables.map(|(other, version)| {
        format!(
            "{} looks like {}, which points to {}/{version}",
            escape_non_ascii(alias),
            escape_non_ascii(other.raw()),
            snapshot.model_name().clean()
        )
    }));
    warnings
}

pub(super) fn of_tag_key(
    snapshot: &RegistrySnapshot,
    owner: &MetadataOwner,
    key: &str,
) -> Vec<String> {
    let deceptive = is_deceptive(key).then(|| {
        format!(
            "the tag key has look-alike or hidden characters: {}",
            escape_non_ascii(key)
        )
    });
    let tags = snapshot.tags(owner).iter();
    let confusables = tags.filter(|tag| is_confusable(tag.key.raw(), key));
    let confusables = confusables.map(|tag| {
        format!(
            "{} looks like {}, which is a tag of {owner}",
            escape_non_ascii(key),
            escape_non_ascii(tag.key.raw())
        )
    });
    deceptive.into_iter().chain(confusables).collect()
}

pub(super) fn of_confusable_models(snapshot: &RegistrySnapshot) -> Vec<String> {
    let (name, confusables) = (
        snapshot.model_name().raw(),
        snapshot
            .confusable_models
            .iter()
            .filter(|_| snapshot.model.is_none()),
    );
    confusables
        .map(|other| {
            format!(
                "{} looks like {}, an existing registered model",
                escape_non_ascii(name),
                escape_non_ascii(other.raw())
            )
        })
        .collect()
}

pub(super) fn of_run_name(run: &Run) -> Option<String> {
    of_name(&format!("run {}", run.id.short()), run.name.raw())
}

/// Warns of a name that looks like another; `owner` is cleaned.
pub(super) fn of_name(owner: &str, name: &str) -> Option<String> {
    is_deceptive(name).then(|| {
        format!(
            "the name of {owner} has look-alike or hidden characters: {}",
            escape_non_ascii(name)
        )
    })
}

pub(super) fn of_run(run: &Run) -> Vec<Warning> {
    let name = of_run_name(run).map(Warning::from);
    name.into_iter().chain(run_warnings(run)).collect()
}

pub(super) fn of_source_run(snapshot: &RegistrySnapshot, version: &ModelVersion) -> Vec<Warning> {
    match &snapshot.run {
        Some(run) if run.id == version.run_id => of_run(run),
        _ => Vec::new(),
    }
}
