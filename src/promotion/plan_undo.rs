//! Planning an undo: everything is where the entry left it, or the world moved on and there is no plan.

use std::collections::BTreeMap;

use super::builder::PlanBuilder;
use super::metadata::{push_change, truncate};
use super::transition::is_active;
use super::{INTENT_TAG, MetadataChange, PlanError, RegistryChange, runs, transition_request};
use crate::domain::{Alias, Lifecycle, Millis, RunId, Stage, StoreWrite, VersionNumber};

/// What is to be put back.
pub(super) struct UndoTargets<'a> {
    pub entry_id: &'a str,
    pub stages: &'a [(VersionNumber, Stage, Stage)],
    pub aliases: &'a [(Alias, Option<VersionNumber>, Option<VersionNumber>)],
    pub created_version: Option<VersionNumber>,
    pub version_created_at: &'a BTreeMap<VersionNumber, Option<Millis>>,
    pub metadata: &'a [MetadataChange],
    pub lifecycles: &'a [(RunId, Lifecycle, Lifecycle)],
    pub requests: &'a [(VersionNumber, Stage)],
}

impl UndoTargets<'_> {
    fn is_empty(&self) -> bool {
        let places =
            self.stages.is_empty() && self.aliases.is_empty() && self.created_version.is_none();
        places && self.metadata.is_empty() && self.lifecycles.is_empty() && self.requests.is_empty()
    }
}

/// Plans an undo. What is back already is left alone; what is neither as the entry left it nor back is refused,
/// with everything that is in the way.
pub(super) fn plan_undo(builder: &mut PlanBuilder, targets: &UndoTargets) -> Result<(), PlanError> {
    if targets.is_empty() {
        let why = "there is nothing to put back: a deleted version can't be brought back, and older entries do not hold what was said before";
        return Err(PlanError::Refused(why.to_owned()));
    }
    let mut conflicts = replaced_versions(builder, targets);
    let changes = pending_changes(builder, targets, &mut conflicts);
    let metadata = pending_metadata(builder, targets, &mut conflicts);
    let runs = pending_lifecycles(builder, targets, &mut conflicts);
    let deletion = targets
        .created_version
        .filter(|version| builder.snapshot.version(*version).is_some());
    if let Some(version) = deletion {
        conflicts.extend(deletion_blockers(builder, targets.entry_id, version)?);
    }
    if !conflicts.is_empty() {
        let what = if targets.lifecycles.is_empty() {
            "the registry"
        } else {
            "the world"
        };
        return Err(PlanError::Refused(format!(
            "{what} moved on: {}",
            conflicts.join("; ")
        )));
    }
    let requests: Vec<_> = targets
        .requests
        .iter()
        .filter(|asked| builder.state.requests.contains(asked))
        .collect();
    if changes.is_empty()
        && deletion.is_none()
        && metadata.is_empty()
        && runs.is_empty()
        && requests.is_empty()
    {
        return Err(PlanError::NothingToDo(
            "everything is back already".to_owned(),
        ));
    }
    require_promotable_targets(builder, &changes)?;
    push_undo_record(builder, &changes);
    for change in changes {
        if let Some((write, action)) = slot_write(builder, change) {
            builder.push_slot_change(write, action);
        }
    }
    for change in metadata {
        push_change(builder, change);
    }
    push_lifecycles(builder, &runs)?;
    for (version, to) in requests {
        transition_request::withdraw(builder, *version, *to)?;
    }
    if let Some(version) = deletion {
        let (target, name) = (builder.label(version), builder.model_name().clone());
        let before = builder.version(version)?.source.clean().into_owned();
        builder.push_step(
            StoreWrite::DeleteVersion { name, version },
            "delete",
            target,
            before,
            "deleted".to_owned(),
        );
        builder.warn("a deleted version can't be brought back".to_owned());
    }
    Ok(())
}

/// Versions that are not the ones that the entry moved, though they have their numbers.
fn replaced_versions(builder: &PlanBuilder, targets: &UndoTargets) -> Vec<String> {
    let is_other = |(number, made): &(&VersionNumber, &Option<Millis>)| {
        builder
            .snapshot
            .version(**number)
            .is_some_and(|version| version.creation_time != **made)
    };
    targets
        .version_created_at
        .iter()
        .filter(is_other)
        .map(|(number, _)| {
            format!(
                "{} is another version of that number",
                builder.label(*number)
            )
        })
        .collect()
}

/// What is still as the entry left it, in the order in which it is put back: versions return to where they were served
/// before others leave, so that no prefix leaves a stage without a version.
fn pending_changes(
    builder: &PlanBuilder,
    targets: &UndoTargets,
    conflicts: &mut Vec<String>,
) -> Vec<RegistryChange> {
    let mut changes = Vec::new();
    for (version, expected, back) in targets.stages {
        let label = builder.label(*version);
        match builder.state.stages.get(version) {
            None => conflicts.push(format!("{label} is gone")),
            Some(now) if now == back => {}
            Some(now) if now == expected => changes.push(RegistryChange::Stage {
                version: *version,
                from: *now,
                to: *back,
            }),
            Some(now) => conflicts.push(format!("{label} is in {now} now, not in {expected}")),
        }
    }
    changes.sort_by_key(|change| match change {
        RegistryChange::Stage {
            to: Stage::Production,
            ..
        } => 0,
        RegistryChange::Stage {
            to: Stage::Staging, ..
        } => 1,
        _ => 2,
    });
    for (alias, expected, back) in targets.aliases {
        let now = builder.state.aliases.get(alias).copied();
        let holder = |version: Option<VersionNumber>| {
            version.map_or_else(|| "no version".to_owned(), |version| builder.label(version))
        };
        if let Some(gone) = back.filter(|back| builder.snapshot.version(*back).is_none()) {
            conflicts.push(format!(
                "{}, which had @{}, is gone",
                builder.label(gone),
                alias.clean()
            ));
        } else if now == *expected && now != *back {
            changes.push(RegistryChange::Alias {
                alias: alias.clone(),
                from: now,
                to: *back,
            });
        } else if now != *back {
            conflicts.push(format!(
                "@{} leads to {} now, not to {}",
                alias.clean(),
                holder(now),
                holder(*expected)
            ));
        }
    }
    changes
}

/// What is still said as the entry left it.
fn pending_metadata(
    builder: &PlanBuilder,
    targets: &UndoTargets,
    conflicts: &mut Vec<String>,
) -> Vec<MetadataChange> {
    let mut open = Vec::new();
    for change in targets.metadata {
        let now = change.key.value_in(builder.snapshot);
        if let Some(gone) = change
            .key
            .version()
            .filter(|version| builder.snapshot.version(*version).is_none())
        {
            conflicts.push(format!("{} is gone", builder.label(gone)));
        } else if now == change.from && now != change.to {
            open.push(change.clone());
        } else if now != change.to {
            let word = |text: &Option<_>| {
                text.as_ref().map_or_else(
                    || "nothing".to_owned(),
                    |text| format!("“{}”", truncate(text)),
                )
            };
            let topic = change.key.describe(&builder.snapshot.subject);
            conflicts.push(format!(
                "{topic} says {} now, not {}",
                word(&now),
                word(&change.from)
            ));
        }
    }
    open
}

/// The runs that are still as the entry left them, with what they become again.
fn pending_lifecycles(
    builder: &PlanBuilder,
    targets: &UndoTargets,
    conflicts: &mut Vec<String>,
) -> Vec<(RunId, Lifecycle)> {
    let mut open = Vec::new();
    for (id, _, back) in targets.lifecycles {
        match builder.state.runs.get(id) {
            None => conflicts.push(format!("run {} is gone", id.short())),
            Some(now) if now == back => {}
            Some(_) => open.push((id.clone(), *back)),
        }
    }
    open
}

/// Runs that are deleted again meet the same questions as runs that are deleted.
fn push_lifecycles(
    builder: &mut PlanBuilder,
    runs: &[(RunId, Lifecycle)],
) -> Result<(), PlanError> {
    let ids_becoming = |lifecycle: Lifecycle| {
        runs.iter()
            .filter(|(_, to)| *to == lifecycle)
            .map(|(id, _)| id.clone())
            .collect::<Vec<_>>()
    };
    let (deleted, restored) = (
        ids_becoming(Lifecycle::Deleted),
        ids_becoming(Lifecycle::Active),
    );
    if !deleted.is_empty() {
        runs::delete(builder, &deleted)?;
    }
    if !restored.is_empty() {
        runs::restore(builder, &restored)?;
    }
    Ok(())
}

/// What keeps the version that the entry made from being deleted.
fn deletion_blockers(
    builder: &PlanBuilder,
    entry_id: &str,
    number: VersionNumber,
) -> Result<Vec<String>, PlanError> {
    let (version, label) = (builder.version(number)?, builder.label(number));
    if version
        .tag(INTENT_TAG)
        .is_none_or(|id| id.raw() != entry_id)
    {
        return Ok(vec![format!(
            "{label} does not carry the mark of the entry that is to be undone"
        )]);
    }
    let mut blockers: Vec<String> = builder
        .state
        .aliases_of(number)
        .into_iter()
        .map(|alias| format!("{label} is @{}, so it is not deleted", alias.clean()))
        .collect();
    if version.stage != Stage::None {
        blockers.push(format!(
            "{label} is in {}, so it is not deleted",
            version.stage
        ));
    }
    Ok(blockers)
}

/// Versions that return to where they are served must be fit for it.
fn require_promotable_targets(
    builder: &PlanBuilder,
    changes: &[RegistryChange],
) -> Result<(), PlanError> {
    for change in changes {
        match change {
            RegistryChange::Stage { version, to, .. } if is_active(*to) => {
                builder.require_promotable(builder.version(*version)?)?;
            }
            RegistryChange::Alias {
                to: Some(version), ..
            } => builder.require_promotable(builder.version(*version)?)?,
            _ => {}
        }
    }
    Ok(())
}

/// Leaves the record on the version that gets its place back, or else on the one that loses it.
fn push_undo_record(builder: &mut PlanBuilder, changes: &[RegistryChange]) {
    let Some(first) = changes.first() else { return };
    let version = match first {
        RegistryChange::Stage { version, .. } => Some(*version),
        RegistryChange::Alias { from, to, .. } => to.or(*from),
        RegistryChange::Run { .. } | RegistryChange::Request { .. } => None,
    };
    if let Some(version) = version.and_then(|version| builder.snapshot.version(version)) {
        let name = &builder.snapshot.subject;
        builder.push_tag_record(
            version,
            &first.before(name),
            &first.after(name),
            changes.to_vec(),
        );
    }
}

/// The write that puts a place back; runs and requests are put back apart.
fn slot_write(builder: &PlanBuilder, change: RegistryChange) -> Option<(StoreWrite, &'static str)> {
    let name = builder.model_name().clone();
    Some(match change {
        RegistryChange::Stage { version, to, .. } => (
            StoreWrite::TransitionStage {
                name,
                version,
                stage: to,
                archive_existing: false,
            },
            "move back",
        ),
        RegistryChange::Alias {
            alias,
            to: Some(version),
            ..
        } => (
            StoreWrite::SetAlias {
                name,
                alias,
                version,
            },
            "give back",
        ),
        RegistryChange::Alias {
            alias, to: None, ..
        } => (StoreWrite::DeleteAlias { name, alias }, "remove alias"),
        RegistryChange::Run { .. } | RegistryChange::Request { .. } => return None,
    })
}
