//! Unrecorded changes: differences between the last records and the registry. Author and reason are unknown.

use std::collections::BTreeMap;

use super::as_of::Observations;
use super::timeline::{EventSource, TimelineEvent};
use super::{EntryState, JournalEntry};
use crate::domain::{Alias, Millis, ModelVersion, RegisteredModel, Stage, VersionNumber};
use crate::promotion::{Outcome, RegistryChange, RegistryState, Subject, TagRecord};

/// Holders according to the records.
#[derive(Default)]
struct RecordedState {
    stages: BTreeMap<VersionNumber, Stage>,
    aliases: BTreeMap<Alias, Option<VersionNumber>>,
}

/// Differences between the last records and the registry, as events.
pub(super) fn unrecorded_changes(
    entries: &[JournalEntry],
    model: Option<&RegisteredModel>,
    versions: &[ModelVersion],
) -> Vec<TimelineEvent> {
    // Without the current registry: these show when the recorded state was last observed.
    let observations = Observations::collect(entries, None, versions, Millis::MAX);
    let Some(model) = model else {
        let name = entries
            .iter()
            .rev()
            .find_map(|entry| Some(entry.plan.intent.model()?.clean().into_owned()));
        return name
            .map(|name| unrecorded_event(None, &name, "exists".to_owned(), "deleted".to_owned()))
            .into_iter()
            .collect();
    };
    let recorded = recorded_state(entries, model, versions);
    let (name, subject) = (&model.name, Subject::from(&model.name));
    let now = RegistryState {
        stages: versions
            .iter()
            .map(|version| (version.version, version.stage))
            .collect(),
        aliases: model.aliases.iter().cloned().collect(),
        ..RegistryState::default()
    };
    let mut found = Vec::new();
    if entries.iter().any(|entry| {
        entry
            .plan
            .preconditions
            .model
            .as_ref()
            .is_some_and(|model_then| model_then.created_at != model.creation_time)
    }) {
        let (from, to) = (
            "another model with this name".to_owned(),
            "deleted and created again".to_owned(),
        );
        found.push(unrecorded_event(
            model.creation_time,
            &name.clean(),
            from,
            to,
        ));
    }
    for (version, recorded_stage) in &recorded.stages {
        let label = format!("{}/{version}", name.clean());
        match versions.iter().find(|there| there.version == *version) {
            None => found.push(
                unrecorded_event(
                    None,
                    &label,
                    recorded_stage.to_string(),
                    "deleted".to_owned(),
                )
                .with_not_before(observations.last_in_stage(*version, *recorded_stage)),
            ),
            Some(there) if there.stage != *recorded_stage => {
                let found_there = unrecorded_event(
                    there.last_updated_time,
                    &label,
                    recorded_stage.to_string(),
                    there.stage.to_string(),
                );
                found.push(
                    found_there
                        .with_not_before(observations.last_in_stage(*version, *recorded_stage)),
                );
            }
            Some(_) => {}
        }
    }
    for (alias, recorded_version) in recorded.aliases {
        let to = now.aliases.get(&alias).copied();
        if recorded_version != to {
            let since = observations.last_pointing_to(&alias, recorded_version);
            let change = RegistryChange::Alias {
                alias,
                from: recorded_version,
                to,
            };
            found.push(
                unrecorded_event(
                    None,
                    &change.target(&subject),
                    change.before(&subject),
                    change.after(&subject),
                )
                .with_not_before(since),
            );
        }
    }
    found
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
    let known = |id: &str| entries.iter().any(|entry| entry.id == id);
    for record in versions
        .iter()
        .flat_map(TagRecord::from_version_tags)
        .filter(|record| !known(&record.id))
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
    let is_same = entry
        .plan
        .preconditions
        .model
        .as_ref()
        .is_none_or(|model_then| model_then.created_at == model.creation_time);
    is_same && !matches!(entry.state, EntryState::Ended(Outcome::NotApplied { .. }))
}

impl TimelineEvent {
    fn with_not_before(self, since: Option<Millis>) -> Self {
        Self {
            not_before: since,
            ..self
        }
    }
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
