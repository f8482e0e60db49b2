//! Planning an undo. Values that the entry left are restored, values that are restored already are skipped, and any other
//! value refuses the plan.

use super::builder::PlanBuilder;
use super::delete::{delete_runs, restore_runs};
use super::metadata::{push_change, require_editable, shorten};
use super::transition::is_active;
use super::{PlanError, transition_request};
use crate::domain::{Lifecycle, MetadataField, RunId, Stage, StoreWrite, VersionNumber};
use crate::promotion::{INTENT_TAG, MetadataChange, RegistryChange, Undo};
use crate::text::Untrusted;

/// What is left to restore.
struct Pending {
    changes: Vec<RegistryChange>,
    metadata: Vec<MetadataChange>,
    lifecycles: Vec<(RunId, Lifecycle)>,
    requests: Vec<(VersionNumber, Stage)>,
    deletion: Option<VersionNumber>,
}

/// Plans an undo; a refusal lists every conflict.
pub(super) fn plan_undo(builder: &mut PlanBuilder, undo: &Undo) -> Result<(), PlanError> {
    if undo.is_empty() {
        let why = "there is nothing to undo: a deleted version cannot be restored, and old entries do not record earlier tags and descriptions";
        return Err(PlanError::Refused(why.to_owned()));
    }
    let pending = pending(builder, undo)?;
    if pending.is_empty() {
        return Err(PlanError::NothingToDo("already undone".to_owned()));
    }
    require_promotable_targets(builder, &pending.changes)?;
    push_undo_record(builder, &pending.changes);
    for change in pending.changes {
        if let Some((write, action)) = slot_write(builder, change) {
            builder.push_slot_change(write, action);
        }
    }
    for change in pending.metadata {
        push_change(builder, change);
    }
    push_lifecycles(builder, &pending.lifecycles)?;
    for (version, to) in pending.requests {
        transition_request::withdraw(builder, version, to)?;
    }
    if let Some(version) = pending.deletion {
        let (target, name) = (builder.label(version), builder.model_name().clone());
        let before = builder.version(version)?.source.clean().into_owned();
        builder.push_step(
            StoreWrite::DeleteVersion { name, version },
            "delete",
            target,
            before,
            "deleted".to_owned(),
        );
        builder.warn("a deleted version cannot be restored".to_owned());
    }
    Ok(())
}

impl Pending {
    fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.metadata.is_empty()
            && self.lifecycles.is_empty()
            && self.requests.is_empty()
            && self.deletion.is_none()
    }
}

fn pending(builder: &PlanBuilder, undo: &Undo) -> Result<Pending, PlanError> {
    let mut conflicts = replaced_versions(builder, undo);
    let mut changes = pending_stages(builder, undo, &mut conflicts);
    changes.extend(pending_aliases(builder, undo, &mut conflicts));
    let metadata = pending_metadata(builder, undo, &mut conflicts);
    let lifecycles = pending_lifecycles(builder, undo, &mut conflicts);
    let deletion = undo
        .created_version
        .filter(|version| builder.snapshot.version(*version).is_some());
    if let Some(version) = deletion {
        conflicts.extend(deletion_blockers(builder, &undo.entry_id, version)?);
    }
    if !conflicts.is_empty() {
        let what = if undo.subject.runs().is_empty() {
            "the registry"
        } else {
            "the store"
        };
        return Err(PlanError::Refused(format!(
            "{what} changed since: {}",
            conflicts.join("; ")
        )));
    }
    let is_open = |request: &&(VersionNumber, Stage)| builder.state.requests.contains(request);
    Ok(Pending {
        changes,
        metadata,
        lifecycles,
        requests: undo.requests.iter().filter(is_open).copied().collect(),
        deletion,
    })
}

/// Versions that were created again under a number that the entry changed.
fn replaced_versions(builder: &PlanBuilder, undo: &Undo) -> Vec<String> {
    let mut found = Vec::new();
    for (number, created_at) in &undo.version_created_at {
        let version = builder.snapshot.version(*number);
        if version.is_some_and(|version| version.creation_time != *created_at) {
            found.push(format!("{} was created again", builder.label(*number)));
        }
    }
    found
}

/// Stage changes to revert. Versions return to Production and Staging before others leave, so that no prefix of the plan
/// leaves a stage empty.
fn pending_stages(
    builder: &PlanBuilder,
    undo: &Undo,
    conflicts: &mut Vec<String>,
) -> Vec<RegistryChange> {
    let mut stages = Vec::new();
    for stage in &undo.stages {
        let label = builder.label(stage.target);
        match builder.state.stages.get(&stage.target) {
            None => conflicts.push(format!("{label} no longer exists")),
            Some(now) if *now == stage.restored => {}
            Some(now) if *now == stage.expected => {
                stages.push((stage.target, *now, stage.restored));
            }
            Some(now) => conflicts.push(format!("{label} is in {now}, not in {}", stage.expected)),
        }
    }
    stages.sort_by_key(|(_, _, to)| match to {
        Stage::Production => 0,
        Stage::Staging => 1,
        Stage::None | Stage::Archived => 2,
    });
    let change = |(version, from, to)| RegistryChange::Stage { version, from, to };
    stages.into_iter().map(change).collect()
}

fn pending_aliases(
    builder: &PlanBuilder,
    undo: &Undo,
    conflicts: &mut Vec<String>,
) -> Vec<RegistryChange> {
    let mut changes = Vec::new();
    let holder = |version: Option<VersionNumber>| {
        version.map_or_else(|| "no version".to_owned(), |version| builder.label(version))
    };
    for alias in &undo.aliases {
        let (name, now) = (
            alias.target.clean(),
            builder.state.aliases.get(&alias.target).copied(),
        );
        let missing = |version: &VersionNumber| builder.snapshot.version(*version).is_none();
        if let Some(missing) = alias.restored.filter(missing) {
            conflicts.push(format!(
                "{}, the previous holder of @{name}, no longer exists",
                builder.label(missing)
            ));
        } else if now == alias.restored {
        } else if now == alias.expected {
            changes.push(RegistryChange::Alias {
                alias: alias.target.clone(),
                from: now,
                to: alias.restored,
            });
        } else {
            conflicts.push(format!(
                "@{name} points to {}, not to {}",
                holder(now),
                holder(alias.expected)
            ));
        }
    }
    changes
}

fn pending_metadata(
    builder: &PlanBuilder,
    undo: &Undo,
    conflicts: &mut Vec<String>,
) -> Vec<MetadataChange> {
    let mut pending = Vec::new();
    let quote = |text: &Option<Untrusted>| {
        text.as_ref()
            .map_or_else(|| "empty".to_owned(), |text| format!("“{}”", shorten(text)))
    };
    for change in &undo.metadata {
        let now = change.key.value_in(builder.snapshot);
        let owner = change.key.owner(&builder.snapshot.subject);
        match require_editable(builder, &owner) {
            Err(PlanError::NotFound(_)) => conflicts.push(format!("{owner} no longer exists")),
            Err(error) => conflicts.push(error.to_string()),
            Ok(()) if now == change.to => {}
            Ok(()) if change.key.field == MetadataField::Name && change.to.is_none() => {
                conflicts.push(format!("{owner} had no name, and a name cannot be removed"));
            }
            Ok(()) if now == change.from => pending.push(change.clone()),
            Ok(()) => conflicts.push(format!(
                "{} is {}, not {}",
                change.key.describe(&builder.snapshot.subject),
                quote(&now),
                quote(&change.from)
            )),
        }
    }
    pending
}

fn pending_lifecycles(
    builder: &PlanBuilder,
    undo: &Undo,
    conflicts: &mut Vec<String>,
) -> Vec<(RunId, Lifecycle)> {
    let mut pending = Vec::new();
    for run in &undo.lifecycles {
        match builder.state.runs.get(&run.target) {
            None => conflicts.push(format!("run {} no longer exists", run.target.short())),
            Some(now) if *now == run.restored => {}
            Some(_) => pending.push((run.target.clone(), run.restored)),
        }
    }
    pending
}

/// Runs that are deleted again get the warnings and the confirmation of a deletion.
fn push_lifecycles(
    builder: &mut PlanBuilder,
    runs: &[(RunId, Lifecycle)],
) -> Result<(), PlanError> {
    let ids = |lifecycle: Lifecycle| -> Vec<RunId> {
        let becoming = runs.iter().filter(|(_, to)| *to == lifecycle);
        becoming.map(|(id, _)| id.clone()).collect()
    };
    let (deleted, restored) = (ids(Lifecycle::Deleted), ids(Lifecycle::Active));
    if !deleted.is_empty() {
        delete_runs(builder, &deleted)?;
    }
    if !restored.is_empty() {
        restore_runs(builder, &restored)?;
    }
    Ok(())
}

/// Why the version that the entry created cannot be deleted.
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
            "{label} does not carry the tag of the entry to undo"
        )]);
    }
    let mut blockers: Vec<String> = builder
        .state
        .aliases_of(number)
        .into_iter()
        .map(|alias| format!("{label} has @{}", alias.clean()))
        .collect();
    if version.stage != Stage::None {
        blockers.push(format!("{label} is in {}", version.stage));
    }
    Ok(blockers)
}

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

/// Leaves the record on the version that gets its slot back, or else on the one that loses it.
fn push_undo_record(builder: &mut PlanBuilder, changes: &[RegistryChange]) {
    let Some(first) = changes.first() else { return };
    let version = match first {
        RegistryChange::Stage { version, .. } => Some(*version),
        RegistryChange::Alias { from, to, .. } => to.or(*from),
        RegistryChange::Run { .. } | RegistryChange::Request { .. } => None,
    };
    if let Some(version) = version.and_then(|version| builder.snapshot.version(version)) {
        let subject = &builder.snapshot.subject;
        builder.push_tag_record(
            version,
            &first.before(subject),
            &first.after(subject),
            changes.to_vec(),
        );
    }
}

/// The write that restores a slot. Runs and requests have writes of their own.
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
            "restore alias",
        ),
        RegistryChange::Alias {
            alias, to: None, ..
        } => (StoreWrite::DeleteAlias { name, alias }, "remove alias"),
        RegistryChange::Run { .. } | RegistryChange::Request { .. } => return None,
    })
}
