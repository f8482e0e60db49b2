//! Gaps: what is there is not what the last record says. By whom and why is not known, and is said to be so.

use std::collections::BTreeMap;

use super::as_of::Observations;
use super::timeline::{EventSource, TimelineEvent};
use super::{EntryState, JournalEntry};
use crate::domain::{Alias, Millis, ModelVersion, RegisteredModel, Stage, VersionNumber};
use crate::promotion::{Outcome, RegistryChange, RegistryState, Subject, TagRecord};

/// What the records say of who holds which place.
#[derive(Default)]
struct RecordedState {
    stages: BTreeMap<VersionNumber, Stage>,
    aliases: BTreeMap<Alias, Option<VersionNumber>>,
}

/// The gaps between the last records and what is there now.
pub(super) fn unrecorded_changes(
    entries: &[JournalEntry],
    model: Option<&RegisteredModel>,
    versions: &[ModelVersion],
) -> Vec<TimelineEvent> {
    // What is there now is not among them: they tell when what is claimed was still so.
    let observations = Observations::collect(entries, None, versions, Millis::MAX);
    let Some(model) = model else {
        let name = entries
            .iter()
            .rev()
            .find_map(|entry| Some(entry.plan.intent.model()?.clean().into_owned()));
        return name
            .map(|name| unrecorded_event(None, &name, "there".to_owned(), "gone".to_owned()))
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
            .is_some_and(|ground| ground.created_at != model.creation_time)
    }) {
        let (from, to) = (
            "another model of that name".to_owned(),
            "deleted and made again".to_owned(),
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
                unrecorded_event(None, &label, recorded_stage.to_string(), "gone".to_owned())
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

/// One record: when, whether its end is known to be as planned, and what changed hands.
type RecordedChanges = (Millis, bool, Vec<RegistryChange>);

/// What the records claim, the oldest first, so that the last one stands. A write whose end is not known takes back
/// what was claimed of its places.
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

/// Whether an entry changed the model that is there now: not one that was deleted and made again since, and not
/// nothing at all.
fn concerns_current_model(entry: &JournalEntry, model: &RegisteredModel) -> bool {
    let is_same = entry
        .plan
        .preconditions
        .model
        .as_ref()
        .is_none_or(|ground| ground.created_at == model.creation_time);
    is_same && !matches!(entry.state, EntryState::Ended(Outcome::NotApplied { .. }))
}

impl TimelineEvent {
    /// The same, with the time after which it must have happened.
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
        user: "not known".to_owned(),
        action: format!("{target} changed, and no record says by whom"),
        from,
        to,
        reason: String::new(),
        gates: String::new(),
        source: EventSource::Unrecorded,
        journal_id: None,
    }
}
