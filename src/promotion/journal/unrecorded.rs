//! Unrecorded changes: differences between the last records and the registry. Author and reason are unknown.

use std::collections::{BTreeMap, HashSet};

use super::as_of::Observations;
use super::registry_events::registry_events;
use super::timeline::{EventSource, TimelineEvent};
use super::{EntryState, JournalEntry};
use crate::domain::{
    Alias, Millis, ModelName, ModelVersion, RegisteredModel, Stage, VersionNumber,
};
use crate::promotion::{Outcome, RegistryChange, Subject, TagRecord};

/// Holders according to the records.
#[derive(Default)]
pub(super) struct RecordedState {
    stages: BTreeMap<VersionNumber, Stage>,
    aliases: BTreeMap<Alias, Option<VersionNumber>>,
}

impl RecordedState {
    /// Whether the stage of a version is recorded.
    pub(super) fn has_stage(&self, version: VersionNumber) -> bool {
        self.stages.contains_key(&version)
    }

    /// Whether the target of an alias is recorded.
    pub(super) fn has_alias(&self, alias: &Alias) -> bool {
        self.aliases.contains_key(alias)
    }
}

/// Differences between the last records and the registry, as events, and what the registry shows
/// without any record.
pub(super) fn unrecorded_changes(
    entries: &[JournalEntry],
    model: Option<&RegisteredModel>,
    versions: &[ModelVersion],
) -> Vec<TimelineEvent> {
    let Some(model) = model else {
        let last = entries
            .iter()
            .rev()
            .find_map(|entry| entry.plan.intent.model());
        let deleted = |name: &ModelName| {
            unrecorded_event(
                None,
                &name.clean(),
                "exists".to_owned(),
                "deleted".to_owned(),
            )
        };
        return last.map(deleted).into_iter().collect();
    };
    // Without the current registry: these show when the recorded state was last observed.
    let observations = Observations::collect(entries, None, versions, Millis::MAX);
    let recorded = recorded_state(entries, model, versions);
    let mut events = registry_events(entries, &recorded, model, versions);
    if entries.iter().any(|entry| !is_current_model(entry, model)) {
        events.push(unrecorded_event(
            model.creation_time,
            &model.name.clean(),
            "another model with this name".to_owned(),
            "deleted and created again".to_owned(),
        ));
    }
    let by_number: BTreeMap<VersionNumber, &ModelVersion> = versions
        .iter()
        .map(|version| (version.version, version))
        .collect();
    for (version, from) in &recorded.stages {
        let current = by_number.get(version);
        let (at, to) = match current {
            None => (None, "deleted".to_owned()),
            Some(current) if current.stage == *from => continue,
            Some(current) => (current.last_updated_time, current.stage.to_string()),
        };
        let label = format!("{}/{version}", model.name.clean());
        events.push(TimelineEvent {
            not_before: observations.last_in_stage(*version, *from),
            ..unrecorded_event(at, &label, from.to_string(), to)
        });
    }
    let subject = Subject::from(&model.name);
    for (alias, from) in recorded.aliases {
        let to = model.version_for_alias(alias.raw());
        if from != to {
            let not_before = observations.last_pointing_to(&alias, from);
            let change = RegistryChange::Alias { alias, from, to };
            let (before, after) = (change.before(&subject), change.after(&subject));
            events.push(TimelineEvent {
                not_before,
                ..unrecorded_event(None, &change.target(&subject), before, after)
            });
        }
    }
    events
}

/// Time, whether the write was verified, and its changes.
type RecordedChanges = (Millis, bool, Vec<RegistryChange>);

/// Applies the records, oldest first. A write with an unknown outcome makes its slots unknown.
fn recorded_state(
    entries: &[JournalEntry],
    model: &RegisteredModel,
    versions: &[ModelVersion],
) -> RecordedState {
    let mut recorded = RecordedState::default();
    let mut records: Vec<RecordedChanges> = Vec::new();
    let mut deleted = Vec::new();
    for entry in entries
        .iter()
        .filter(|entry| concerns_current_model(entry, model))
    {
        let is_verified = entry.state == EntryState::Ended(Outcome::Verified);
        records.push((entry.at, is_verified, entry.plan.changes()));
        if let Some(created) = entry.created_version.filter(|_| is_verified) {
            recorded.stages.insert(created, Stage::None);
        }
        let after = &entry.plan.after.stages;
        deleted.extend(
            entry
                .plan
                .before
                .stages
                .keys()
                .filter(|version| !after.contains_key(version))
                .copied(),
        );
    }
    let known: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    for record in versions
        .iter()
        .flat_map(TagRecord::from_version_tags)
        .filter(|record| !known.contains(record.id.as_str()))
    {
        records.extend(
            record
                .recorded_at_ms()
                .map(|at| (at, true, record.changes.clone())),
        );
    }
    records.sort_by_key(|(at, ..)| *at);
    for (change, is_certain) in records
        .into_iter()
        .flat_map(|(_, certain, changes)| changes.into_iter().map(move |change| (change, certain)))
    {
        match change {
            RegistryChange::Stage { version, to, .. } if is_certain => {
                recorded.stages.insert(version, to);
            }
            RegistryChange::Stage { version, .. } => drop(recorded.stages.remove(&version)),
            RegistryChange::Alias { alias, to, .. } if is_certain => {
                recorded.aliases.insert(alias, to);
            }
            RegistryChange::Alias { alias, .. } => drop(recorded.aliases.remove(&alias)),
            RegistryChange::Run { .. } | RegistryChange::Request { .. } => {}
        }
    }
    recorded
        .stages
        .retain(|version, _| !deleted.contains(version));
    recorded
}

/// Whether an entry changed the current model, and not a deleted one with its name.
fn concerns_current_model(entry: &JournalEntry, model: &RegisteredModel) -> bool {
    is_current_model(entry, model)
        && !matches!(entry.state, EntryState::Ended(Outcome::NotApplied { .. }))
}

fn is_current_model(entry: &JournalEntry, model: &RegisteredModel) -> bool {
    let planned_on = entry.plan.preconditions.model.as_ref();
    planned_on.is_none_or(|planned_on| planned_on.created_at == model.creation_time)
}

fn unrecorded_event(at: Option<Millis>, target: &str, from: String, to: String) -> TimelineEvent {
    TimelineEvent {
        at,
        not_before: None,
        user: "unknown".to_owned(),
        action: format!("{target} changed without a record"),
        from,
        to,
        reason: String::new(),
        gates: String::new(),
        source: EventSource::Unrecorded,
        journal_id: None,
    }
}
