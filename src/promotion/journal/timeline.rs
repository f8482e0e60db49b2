//! The history of a model: the journal, the tags that others' Frontrunners left, and what changed in between.

use std::collections::HashSet;

use serde::Serialize;

use super::unrecorded::unrecorded_changes;
use super::{EntryState, JournalEntry};
use crate::domain::{Millis, ModelVersion, RegisteredModel};
use crate::promotion::{
    GateResult, Intent, Outcome, Plan, RegistrationTags, RegistryChange, Subject, TagRecord, Undo,
};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// How many characters of another's words are told.
const MAX_TEXT_CHARS: usize = 500;

/// Where an event is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EventSource {
    /// This machine's journal.
    Journal,
    /// Tags of the version.
    Tags,
    /// Changed with another tool: what is there is not what the last record says.
    #[serde(rename = "gap")]
    Unrecorded,
}

/// One event of a model's history; text is cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineEvent {
    /// When, ms since the epoch; nothing for a gap whose time is not known.
    #[serde(rename = "when")]
    pub at: Option<Millis>,
    /// For a gap: it must have happened after this, ms since the epoch.
    #[serde(rename = "since")]
    pub not_before: Option<Millis>,
    /// Who.
    #[serde(rename = "who")]
    pub user: String,
    /// What was done, in words.
    pub action: String,
    /// What was there before.
    pub from: String,
    /// What was there after.
    pub to: String,
    /// Why.
    pub reason: String,
    /// The gates' verdicts in words.
    pub gates: String,
    /// Where it is known from.
    #[serde(rename = "origin")]
    pub source: EventSource,
    /// The journal's entry.
    pub journal_id: Option<String>,
}

/// The history of a model, newest first; what is not dated comes first of all, since it is younger than the last record.
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
    events.sort_by_key(|event| std::cmp::Reverse(event.at.unwrap_or(Millis::MAX)));
    events
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
        action: format!("{}{}", plan.intent, outcome_suffix(entry)),
        from,
        to,
        reason: clean_and_truncate(&plan.reason),
        gates: format_gates(&entry.gates),
        source: EventSource::Journal,
        journal_id: Some(entry.id.clone()),
    }
}

/// What changed hands by intent, without what the store did by itself; for an undo all of it.
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

/// What was said before and after, where a plan only says something.
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
        EntryState::Ended(Outcome::NotApplied { reason: why }) => {
            format!(" (not applied: {})", clean_and_truncate(why))
        }
        EntryState::Ended(Outcome::Conflict { differences: found }) => {
            format!(" (conflict: {})", clean_and_truncate(&found.join("; ")))
        }
        EntryState::Ended(Outcome::Unknown { reason: why }) => {
            format!(" (not known: {})", clean_and_truncate(why))
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
        action: format!("register run {} as {name}", version.run_id.short()),
        from: String::new(),
        to: format!("{name}/{}", version.version),
        reason: clean_and_truncate(&registration.reason),
        gates: String::new(),
        source: EventSource::Tags,
        journal_id: None,
    }
}

/// Somebody's words, cleaned and not too many.
pub(super) fn clean_and_truncate(text: &str) -> String {
    let cut: String = text.chars().take(MAX_TEXT_CHARS).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{more}", clean(&cut))
}
