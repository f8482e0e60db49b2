//! Planning an undo: everything is where the entry left it, or the world moved on and there is no plan.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::relocate::is_active;
use super::{Change, INTENT_TAG, PlanError};
use crate::domain::{Alias, Millis, RegistryWrite, Stage, VersionNumber};

/// What is to be put back.
pub(super) struct Wanted<'a> {
    pub entry: &'a str,
    pub stages: &'a [(VersionNumber, Stage, Stage)],
    pub aliases: &'a [(Alias, Option<VersionNumber>, Option<VersionNumber>)],
    pub created: Option<VersionNumber>,
    pub made: &'a BTreeMap<VersionNumber, Option<Millis>>,
}

/// Plans an undo. What is back already is left alone; what is neither as the entry left it nor back is refused,
/// with everything that is in the way.
pub(super) fn put_back(draft: &mut Draft, wanted: &Wanted) -> Result<(), PlanError> {
    if wanted.stages.is_empty() && wanted.aliases.is_empty() && wanted.created.is_none() {
        return Err(PlanError::Refused("there is nothing to put back: a deleted version can't be brought back".to_owned()));
    }
    let mut moved_on = strangers(draft, wanted);
    let changes = open_changes(draft, wanted, &mut moved_on);
    let deletion = wanted.created.filter(|version| draft.reading.version(*version).is_some());
    if let Some(version) = deletion {
        moved_on.extend(still_used(draft, wanted.entry, version)?);
    }
    if !moved_on.is_empty() {
        return Err(PlanError::Refused(format!("the registry moved on: {}", moved_on.join("; "))));
    }
    if changes.is_empty() && deletion.is_none() {
        return Err(PlanError::NothingToDo("everything is back already".to_owned()));
    }
    must_be_served(draft, &changes)?;
    record(draft, &changes);
    for change in changes {
        let (write, action) = write(draft, change);
        draft.place(write, action);
    }
    if let Some(version) = deletion {
        let (target, name) = (draft.label(version), draft.name().clone());
        let before = draft.version(version)?.source.clean().into_owned();
        draft.step(RegistryWrite::DeleteVersion { name, version }, "delete", target, before, "deleted".to_owned());
        draft.warn("a deleted version can't be brought back".to_owned());
    }
    Ok(())
}

/// Versions that are not the ones that the entry moved, though they have their numbers.
fn strangers(draft: &Draft, wanted: &Wanted) -> Vec<String> {
    let is_other = |(number, made): &(&VersionNumber, &Option<Millis>)| {
        draft.reading.version(**number).is_some_and(|version| version.creation_time != **made)
    };
    wanted.made.iter().filter(is_other).map(|(number, _)| format!("{} is another version of that number", draft.label(*number))).collect()
}

/// What is still as the entry left it, in the order in which it is put back: versions return to where they were served
/// before others leave, so that no prefix leaves a stage without a version.
fn open_changes(draft: &Draft, wanted: &Wanted, moved_on: &mut Vec<String>) -> Vec<Change> {
    let mut changes = Vec::new();
    for (version, expected, back) in wanted.stages {
        let label = draft.label(*version);
        match draft.state.stages.get(version) {
            None => moved_on.push(format!("{label} is gone")),
            Some(now) if now == back => {}
            Some(now) if now == expected => changes.push(Change::Stage { version: *version, from: *now, to: *back }),
            Some(now) => moved_on.push(format!("{label} is in {now} now, not in {expected}")),
        }
    }
    changes.sort_by_key(|change| match change {
        Change::Stage { to: Stage::Production, .. } => 0,
        Change::Stage { to: Stage::Staging, .. } => 1,
        _ => 2,
    });
    for (alias, expected, back) in wanted.aliases {
        let now = draft.state.aliases.get(alias).copied();
        let holder = |version: Option<VersionNumber>| version.map_or_else(|| "no version".to_owned(), |version| draft.label(version));
        if let Some(gone) = back.filter(|back| draft.reading.version(*back).is_none()) {
            moved_on.push(format!("{}, which had @{}, is gone", draft.label(gone), alias.clean()));
        } else if now == *expected && now != *back {
            changes.push(Change::Alias { alias: alias.clone(), from: now, to: *back });
        } else if now != *back {
            moved_on.push(format!("@{} leads to {} now, not to {}", alias.clean(), holder(now), holder(*expected)));
        }
    }
    changes
}

/// What keeps the version that the entry made from being deleted.
fn still_used(draft: &Draft, entry: &str, number: VersionNumber) -> Result<Vec<String>, PlanError> {
    let (version, label) = (draft.version(number)?, draft.label(number));
    if version.tag(INTENT_TAG).is_none_or(|id| id.raw() != entry) {
        return Ok(vec![format!("{label} does not carry the mark of the entry that is to be undone")]);
    }
    let mut found: Vec<String> =
        draft.state.aliases_of(number).into_iter().map(|alias| format!("{label} is @{}, so it is not deleted", alias.clean())).collect();
    if version.stage != Stage::None {
        found.push(format!("{label} is in {}, so it is not deleted", version.stage));
    }
    Ok(found)
}

/// Versions that return to where they are served must be fit for it.
fn must_be_served(draft: &Draft, changes: &[Change]) -> Result<(), PlanError> {
    for change in changes {
        match change {
            Change::Stage { version, to, .. } if is_active(*to) => draft.must_be_promotable(draft.version(*version)?)?,
            Change::Alias { to: Some(version), .. } => draft.must_be_promotable(draft.version(*version)?)?,
            _ => {}
        }
    }
    Ok(())
}

/// Leaves the record on the version that gets its place back, or else on the one that loses it.
fn record(draft: &mut Draft, changes: &[Change]) {
    let Some(first) = changes.first() else { return };
    let version = match first {
        Change::Stage { version, .. } => Some(*version),
        Change::Alias { from, to, .. } => to.or(*from),
    };
    if let Some(version) = version.and_then(|version| draft.reading.version(version)) {
        let name = draft.name();
        draft.record(version, &first.before(name), &first.after(name), changes.to_vec());
    }
}

fn write(draft: &Draft, change: Change) -> (RegistryWrite, &'static str) {
    let name = draft.name().clone();
    match change {
        Change::Stage { version, to, .. } => {
            (RegistryWrite::TransitionStage { name, version, stage: to, archive_existing: false }, "move back")
        }
        Change::Alias { alias, to: Some(version), .. } => (RegistryWrite::SetAlias { name, alias, version }, "give back"),
        Change::Alias { alias, to: None, .. } => (RegistryWrite::DeleteAlias { name, alias }, "remove alias"),
    }
}
