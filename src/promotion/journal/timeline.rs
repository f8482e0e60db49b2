//! History of a model: this journal, record tags of other users, and unrecorded changes.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::Serialize;

use super::unrecorded::unrecorded_changes;
use super::{EntryState, JournalEntry};
use crate::domain::{Millis, ModelVersion, RegisteredModel, Stage};
use crate::promotion::{
    Approval, GateResult, Intent, Outcome, Plan, RegistrationTags, RegistryChange, Subject,
    TagRecord, Undo, describe_registration, truncate,
};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// Limit of untrusted text in an event, in characters.
const MAX_TEXT_CHARS: usize = 500;

/// Source of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EventSource {
    /// This machine's journal.
    Journal,
    /// Record tags on the version.
    Tags,
    /// None: the registry differs from the last record, so another tool changed it.
    #[serde(rename = "gap")]
    Unrecorded,
    /// The registry alone: the state is known, its author and time are not recorded.
    Registry,
}

/// One event of a model's history; text is cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineEvent {
    /// Time in ms since the epoch; `None` for an unrecorded change at an unknown time.
    #[serde(rename = "when")]
    pub at: Option<Millis>,
    /// Lower bound of an unrecorded change's time, ms since the epoch.
    #[serde(rename = "since")]
    pub not_before: Option<Millis>,
    /// User name of the author.
    #[serde(rename = "who")]
    pub user: String,
    /// The intent in words, with its outcome unless verified.
    pub action: String,
    /// Value before.
    pub from: String,
    /// Value after.
    pub to: String,
    /// The author's reason.
    pub reason: String,
    /// Gate results in words.
    pub gates: String,
    /// Journal, tags, or none.
    #[serde(rename = "origin")]
    pub source: EventSource,
    /// Id of the journal entry.
    pub journal_id: Option<String>,
}

impl TimelineEvent {
    /// The value before, as people read it.
    #[must_use]
    pub fn readable_from(&self) -> Cow<'_, str> {
        readable(&self.from)
    }

    /// The value after, as people read it.
    #[must_use]
    pub fn readable_to(&self) -> Cow<'_, str> {
        readable(&self.to)
    }
}

/// A review in words: its tag is JSON.
fn readable(value: &str) -> Cow<'_, str> {
    match serde_json::from_str::<Approval>(value) {
        Ok(review) => clean(&review.describe_with_comment()).into_owned().into(),
        Err(_) => value.into(),
    }
}

/// Events of a model, newest first. Undated events come first: they are newer than the last record.
#[must_use]
pub fn timeline(
    entries: &[JournalEntry],
    model: Option<&RegisteredModel>,
    versions: &[ModelVersion],
) -> Vec<TimelineEvent> {
    let known: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let mut events: Vec<TimelineEvent> = entries.iter().map(event_from_entry).collect();
    let mut reported = HashSet::new();
    for version in versions {
        let records = TagRecord::from_version_tags(version)
            .into_iter()
            .filter(|record| !known.contains(record.id.as_str()));
        events.extend(
            records
                .filter(|record| reported.insert(record.id.clone()))
                .map(|record| event_from_record(&record)),
        );
        let registration = RegistrationTags::from_version_tags(version)
            .filter(|registration| !known.contains(registration.id.as_str()));
        events.extend(
            registration.map(|registration| event_from_registration(version, &registration)),
        );
    }
    events.extend(unrecorded_changes(entries, model, versions));
    events.sort_by_key(|event| std::cmp::Reverse(sort_time(event)));
    events
}

/// A slot that is held since an unknown time comes with the creation of its version.
fn sort_time(event: &TimelineEvent) -> Millis {
    let since = event
        .not_before
        .filter(|_| event.source == EventSource::Registry);
    event.at.or(since).unwrap_or(Millis::MAX)
}

fn event_from_entry(entry: &JournalEntry) -> TimelineEvent {
    let plan = &entry.plan;
    let (from, to) = match (&plan.intent, plan.changes().first()) {
        (Intent::Register { .. }, _) => {
            let created = entry
                .created_version
                .map_or_else(String::new, |version| plan.subject().label(version));
            (String::new(), created)
        }
        (
            Intent::Undo(Undo {
                created_version: Some(created),
                subject,
                ..
            }),
            None,
        ) => (subject.label(*created), "deleted".to_owned()),
        (_, None) => metadata_before_after(plan),
        (_, Some(_)) => changes_before_after(&intended_changes(entry), &plan.subject()),
    };
    TimelineEvent {
        at: Some(entry.at),
        not_before: None,
        user: clean_and_truncate(&plan.user),
        action: format!(
            "{}{}{}",
            plan.intent,
            archived_suffix(entry),
            outcome_suffix(entry)
        ),
        from,
        to,
        reason: clean_and_truncate(&plan.reason),
        gates: format_gates(&entry.gates),
        source: EventSource::Journal,
        journal_id: Some(entry.id.clone()),
    }
}

/// The intended changes, without those that the store made on its own; for an undo, all of them.
fn intended_changes(entry: &JournalEntry) -> Vec<RegistryChange> {
    let mut changes = entry.plan.changes();
    if let Intent::TransitionStage { version, .. } = &entry.plan.intent
        && changes.iter().any(
            |change| matches!(change, RegistryChange::Stage { version: moved, .. } if moved == version),
        )
    {
        changes.retain(
            |change| matches!(change, RegistryChange::Stage { version: moved, .. } if moved == version),
        );
    }
    changes
}

/// The versions that a transition archives: `, archiving iris/2`.
fn archived_suffix(entry: &JournalEntry) -> String {
    let Intent::TransitionStage { version, .. } = &entry.plan.intent else {
        return String::new();
    };
    let subject = entry.plan.subject();
    let archived: Vec<String> = entry
        .plan
        .changes()
        .iter()
        .filter_map(|change| match change {
            RegistryChange::Stage {
                version: other,
                to: Stage::Archived,
                ..
            } if other != version => Some(subject.label(*other)),
            _ => None,
        })
        .collect();
    if archived.is_empty() {
        String::new()
    } else {
        format!(", archiving {}", archived.join(", "))
    }
}

/// Values of a plan with a single metadata change.
fn metadata_before_after(plan: &Plan) -> (String, String) {
    let [change] = plan.metadata.as_slice() else {
        return (String::new(), String::new());
    };
    let describe_value = |text: &Option<Untrusted>| {
        text.as_ref().map_or_else(
            || "nothing".to_owned(),
            |text| clean_and_truncate(text.raw()),
        )
    };
    (describe_value(&change.from), describe_value(&change.to))
}

fn changes_before_after(changes: &[RegistryChange], subject: &Subject) -> (String, String) {
    let join = |of: fn(&RegistryChange, &Subject) -> String| match changes {
        [only] => of(only, subject),
        several => several
            .iter()
            .map(|change| format!("{} {}", change.target(subject), of(change, subject)))
            .collect::<Vec<_>>()
            .join(", "),
    };
    (join(RegistryChange::before), join(RegistryChange::after))
}

fn outcome_suffix(entry: &JournalEntry) -> String {
    let end = match &entry.state {
        EntryState::Unfinished => " (unfinished)".to_owned(),
        EntryState::Ended(Outcome::Verified) => String::new(),
        EntryState::Ended(Outcome::NotApplied { reason }) => {
            format!(" (not applied: {})", clean_and_truncate(reason))
        }
        EntryState::Ended(Outcome::Conflict { differences }) => {
            format!(
                " (conflict: {})",
                clean_and_truncate(&differences.join("; "))
            )
        }
        EntryState::Ended(Outcome::Unknown { reason }) => {
            format!(" (outcome unknown: {})", clean_and_truncate(reason))
        }
    };
    if entry.undone_by.is_some() {
        format!("{end} (undone)")
    } else {
        end
    }
}

fn format_gates(gates: &[GateResult]) -> String {
    gates
        .iter()
        .map(|gate| {
            format!(
                "{}: {}",
                clean_and_truncate(&gate.name),
                gate.outcome.as_str()
            )
        })
        .collect::<Vec<_>>()
        .join(", ")
}

fn event_from_record(record: &TagRecord) -> TimelineEvent {
    TimelineEvent {
        at: record.recorded_at_ms(),
        not_before: None,
        user: clean_and_truncate(&record.user),
        action: clean_and_truncate(&record.action),
        from: clean_and_truncate(&record.from),
        to: clean_and_truncate(&record.to),
        reason: clean_and_truncate(&record.reason),
        gates: clean_and_truncate(&record.gates),
        source: EventSource::Tags,
        journal_id: None,
    }
}

fn event_from_registration(
    version: &ModelVersion,
    registration: &RegistrationTags,
) -> TimelineEvent {
    let name = version.name.clean();
    TimelineEvent {
        at: registration.registered_at.or(version.creation_time),
        not_before: None,
        user: clean_and_truncate(&registration.user),
        action: describe_registration(&version.run_id, &version.source, &version.name),
        from: String::new(),
        to: format!("{name}/{}", version.version),
        reason: clean_and_truncate(&registration.reason),
        gates: String::new(),
        source: EventSource::Tags,
        journal_id: None,
    }
}

pub(super) fn clean_and_truncate(text: &str) -> String {
    clean(&truncate(text, MAX_TEXT_CHARS)).into_owned()
}
