//! The last recorded change of a version's stage or aliases.

use std::collections::HashSet;

use super::timeline::clean_and_truncate;
use super::{EntryState, JournalEntry};
use crate::domain::{Millis, ModelVersion, VersionNumber};
use crate::promotion::{Outcome, RegistryChange, RegistrySnapshot, TagRecord};

/// Who moved a version last, and why; text is cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMove {
    /// In ms since the epoch, if the record has it.
    pub at: Option<Millis>,
    /// The author.
    pub user: String,
    /// `iris/3: Staging → Production`, or the recorded action.
    pub change: String,
    /// May be empty.
    pub reason: String,
    /// Whether the registry is still as the record left it: else another tool moved the version since.
    pub is_current: bool,
}

/// The last move of a version, by the journal and by the tags on the model's versions.
#[must_use]
pub fn last_move(
    entries: &[JournalEntry],
    snapshot: &RegistrySnapshot,
    version: VersionNumber,
) -> Option<LastMove> {
    let known: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let of_journal = entries
        .iter()
        .filter(|entry| is_of_model(entry, snapshot))
        .filter_map(|entry| from_entry(entry, snapshot, version));
    let records = snapshot.versions.iter().flat_map(|holder| {
        let records = TagRecord::from_version_tags(holder).into_iter();
        records.map(move |record| (holder, record))
    });
    let of_tags = records
        .filter(|(_, record)| !known.contains(record.id.as_str()))
        .filter_map(|(holder, record)| from_record(&record, holder, snapshot, version));
    of_journal.chain(of_tags).max_by_key(|found| found.at)
}

/// Whether an entry changed this model, and not a deleted one with its name.
fn is_of_model(entry: &JournalEntry, snapshot: &RegistrySnapshot) -> bool {
    let planned_on = entry.plan.preconditions.model.as_ref();
    let created = snapshot.model.as_ref().map(|model| model.creation_time);
    entry.plan.intent.is_about(snapshot.model_name().raw())
        && !matches!(entry.state, EntryState::Ended(Outcome::NotApplied { .. }))
        && planned_on.is_none_or(|model| Some(model.created_at) == created)
}

fn from_entry(
    entry: &JournalEntry,
    snapshot: &RegistrySnapshot,
    version: VersionNumber,
) -> Option<LastMove> {
    let changes = entry.plan.changes();
    let changes = changes_of(&changes, version);
    let unverified = entry.state != EntryState::Ended(Outcome::Verified);
    (!changes.is_empty()).then(|| LastMove {
        at: Some(entry.at),
        user: clean_and_truncate(&entry.plan.user),
        change: format!(
            "{}{}",
            describe(&changes, snapshot),
            if unverified { " (not verified)" } else { "" }
        ),
        reason: clean_and_truncate(&entry.plan.reason),
        is_current: changes.iter().all(|change| is_still_so(change, snapshot)),
    })
}

fn from_record(
    record: &TagRecord,
    holder: &ModelVersion,
    snapshot: &RegistrySnapshot,
    version: VersionNumber,
) -> Option<LastMove> {
    let changes = changes_of(&record.changes, version);
    // A long record has no changes: it still belongs to its version.
    let is_own = record.changes.is_empty() && holder.version == version;
    (is_own || !changes.is_empty()).then(|| LastMove {
        at: record.recorded_at_ms(),
        user: clean_and_truncate(&record.user),
        change: if changes.is_empty() {
            clean_and_truncate(&record.action)
        } else {
            describe(&changes, snapshot)
        },
        reason: clean_and_truncate(&record.reason),
        is_current: changes.iter().all(|change| is_still_so(change, snapshot)),
    })
}

fn changes_of(changes: &[RegistryChange], version: VersionNumber) -> Vec<&RegistryChange> {
    let concerns = |change: &&RegistryChange| match change {
        RegistryChange::Stage { version: moved, .. } => *moved == version,
        RegistryChange::Alias { from, to, .. } => [*from, *to].contains(&Some(version)),
        RegistryChange::Run { .. } | RegistryChange::Request { .. } => false,
    };
    changes.iter().filter(concerns).collect()
}

fn describe(changes: &[&RegistryChange], snapshot: &RegistrySnapshot) -> String {
    let lines = changes.iter();
    let lines: Vec<String> = lines
        .map(|change| change.describe(&snapshot.subject))
        .collect();
    lines.join(", ")
}

fn is_still_so(change: &RegistryChange, snapshot: &RegistrySnapshot) -> bool {
    match change {
        RegistryChange::Stage { version, to, .. } => snapshot
            .version(*version)
            .is_some_and(|version| version.stage == *to),
        RegistryChange::Alias { alias, to, .. } => {
            let model = snapshot.model.as_ref();
            model.and_then(|model| model.version_for_alias(alias.raw())) == *to
        }
        RegistryChange::Run { .. } | RegistryChange::Request { .. } => true,
    }
}
