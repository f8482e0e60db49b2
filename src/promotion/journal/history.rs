//! The history of a model: the journal, the tags that others' Frontrunners left, and what changed in between.

use std::collections::HashSet;

use serde::Serialize;

use super::gaps::gaps;
use super::{Entry, EntryState};
use crate::domain::{Millis, ModelVersion, RegisteredModel};
use crate::promotion::{Change, GateVerdict, Intent, Outcome, Plan, Record, Registration, Subject};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// How many characters of another's words are told.
const LONGEST: usize = 500;

/// Where an event is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// This machine's journal.
    Journal,
    /// Tags of the version.
    Tags,
    /// Changed with another tool: what is there is not what the last record says.
    Gap,
}

/// One event of a model's history; text is cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When, ms since the epoch; nothing for a gap whose time is not known.
    pub when: Option<Millis>,
    /// For a gap: it must have happened after this, ms since the epoch.
    pub since: Option<Millis>,
    /// Who.
    pub who: String,
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
    pub origin: Origin,
    /// The journal's entry.
    pub journal_id: Option<String>,
}

/// The history of a model, newest first; what is not dated comes first of all, since it is younger than the last record.
#[must_use]
pub fn timeline(
    entries: &[Entry],
    model: Option<&RegisteredModel>,
    versions: &[ModelVersion],
) -> Vec<Event> {
    let known: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let mut events: Vec<Event> = entries.iter().map(of_entry).collect();
    let mut told = HashSet::new();
    for version in versions {
        let records = Record::of(version)
            .into_iter()
            .filter(|record| !known.contains(record.id.as_str()));
        events.extend(
            records
                .filter(|record| told.insert(record.id.clone()))
                .map(|record| of_record(&record)),
        );
        let registration = Registration::of(version)
            .filter(|registration| !known.contains(registration.id.as_str()));
        events.extend(registration.map(|registration| of_registration(version, &registration)));
    }
    events.extend(gaps(entries, model, versions));
    events.sort_by_key(|event| std::cmp::Reverse(event.when.unwrap_or(Millis::MAX)));
    events
}

fn of_entry(entry: &Entry) -> Event {
    let plan = &entry.plan;
    let (from, to) = match (&plan.intent, plan.changes().first()) {
        (Intent::Register { .. }, _) => {
            let made = entry
                .created
                .map_or_else(String::new, |version| plan.subject().label(version));
            (String::new(), made)
        }
        (
            Intent::Undo {
                created: Some(created),
                subject,
                ..
            },
            None,
        ) => (subject.label(*created), "deleted".to_owned()),
        (_, None) => words(plan),
        (_, Some(_)) => ends(&meant(entry), &plan.subject()),
    };
    Event {
        when: Some(entry.at),
        since: None,
        who: shown(&plan.user),
        action: format!("{}{}", plan.intent, how_it_ended(entry)),
        from,
        to,
        reason: shown(&plan.reason),
        gates: gates_in_words(&entry.gates),
        origin: Origin::Journal,
        journal_id: Some(entry.id.clone()),
    }
}

/// What changed hands by intent, without what the store did by itself; for an undo all of it.
fn meant(entry: &Entry) -> Vec<Change> {
    let mut changes = entry.plan.changes();
    if let Intent::Move { version, .. } = &entry.plan.intent
        && changes.iter().any(
            |change| matches!(change, Change::Stage { version: moved, .. } if moved == version),
        )
    {
        changes.retain(
            |change| matches!(change, Change::Stage { version: moved, .. } if moved == version),
        );
    }
    changes
}

/// What was said before and after, where a plan only says something.
fn words(plan: &Plan) -> (String, String) {
    let [said] = plan.said.as_slice() else {
        return (String::new(), String::new());
    };
    let word = |text: &Option<Untrusted>| {
        text.as_ref()
            .map_or_else(|| "nothing".to_owned(), |text| shown(text.raw()))
    };
    (word(&said.from), word(&said.to))
}

fn ends(changes: &[Change], subject: &Subject) -> (String, String) {
    let join = |of: fn(&Change, &Subject) -> String| match changes {
        [only] => of(only, subject),
        several => several
            .iter()
            .map(|change| format!("{} {}", change.target(subject), of(change, subject)))
            .collect::<Vec<_>>()
            .join(", "),
    };
    (join(Change::before), join(Change::after))
}

fn how_it_ended(entry: &Entry) -> String {
    let end = match &entry.state {
        EntryState::Unfinished => " (unfinished)".to_owned(),
        EntryState::Ended(Outcome::Verified) => String::new(),
        EntryState::Ended(Outcome::NotApplied { why }) => format!(" (not applied: {})", shown(why)),
        EntryState::Ended(Outcome::Conflict { found }) => {
            format!(" (conflict: {})", shown(&found.join("; ")))
        }
        EntryState::Ended(Outcome::Unknown { why }) => format!(" (not known: {})", shown(why)),
    };
    if entry.undone_by.is_some() {
        format!("{end} (undone)")
    } else {
        end
    }
}

fn gates_in_words(gates: &[GateVerdict]) -> String {
    gates
        .iter()
        .map(|gate| format!("{}: {}", shown(&gate.name), gate.verdict.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn of_record(record: &Record) -> Event {
    Event {
        when: record.at(),
        since: None,
        who: shown(&record.who),
        action: shown(&record.action),
        from: shown(&record.from),
        to: shown(&record.to),
        reason: shown(&record.reason),
        gates: shown(&record.gates),
        origin: Origin::Tags,
        journal_id: None,
    }
}

fn of_registration(version: &ModelVersion, registration: &Registration) -> Event {
    let name = version.name.clean();
    Event {
        when: registration.at.or(version.creation_time),
        since: None,
        who: shown(&registration.who),
        action: format!("register run {} as {name}", version.run_id.short()),
        from: String::new(),
        to: format!("{name}/{}", version.version),
        reason: shown(&registration.reason),
        gates: String::new(),
        origin: Origin::Tags,
        journal_id: None,
    }
}

/// Somebody's words, cleaned and not too many.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(LONGEST).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{more}", clean(&cut))
}
