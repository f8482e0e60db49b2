//! The history of a model: the journal, the tags that others' Frontrunners left, and what changed in between.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Entry, EntryState};
use crate::domain::text::clean;
use crate::domain::{Millis, ModelVersion, RegisteredModel, Stage, VersionNumber};
use crate::promote::{Outcome, TAG_PREFIX};

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

/// A record that a Frontrunner left with a version; see `promote::draft`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Record {
    id: String,
    when: Option<Millis>,
    who: String,
    action: String,
    from: String,
    to: String,
    reason: String,
    gates: String,
}

/// The history of a model, newest first.
#[must_use]
pub fn timeline(entries: &[Entry], model: Option<&RegisteredModel>, versions: &[ModelVersion]) -> Vec<Event> {
    let name = model.map(|model| &model.name).or(versions.first().map(|version| &version.name));
    let own: Vec<&Entry> = entries.iter().filter(|entry| name.is_none_or(|name| entry.plan.intent.model() == name)).collect();
    let known: HashSet<&str> = own.iter().map(|entry| entry.id.as_str()).collect();
    let mut events: Vec<Event> = own.iter().map(|entry| of_entry(entry)).collect();
    for version in versions {
        events.extend(records(version).filter(|record| !known.contains(record.id.as_str())).map(|record| of_record(version, &record)));
    }
    // A gap without a time stands at the top: it is younger than the last record that it contradicts.
    events.extend(gaps(&own, model, versions));
    events.sort_by_key(|event| std::cmp::Reverse(event.when.unwrap_or(Millis::MAX)));
    events
}

fn of_entry(entry: &Entry) -> Event {
    let moves: Vec<_> = entry.plan.steps.iter().filter(|step| step.action != "record").collect();
    let joined = |side: fn(&crate::promote::Step) -> &String| moves.iter().map(|step| side(step).as_str()).collect::<Vec<_>>().join("; ");
    let how = match &entry.state {
        EntryState::Unfinished => " (unfinished)",
        EntryState::Ended(Outcome::Verified) if entry.undone_by.is_some() => " (undone since)",
        EntryState::Ended(Outcome::Verified) => "",
        EntryState::Ended(Outcome::NotApplied { .. }) => " (not applied)",
        EntryState::Ended(Outcome::Conflict { .. }) => " (conflict)",
        EntryState::Ended(Outcome::Unknown { .. }) => " (unknown)",
    };
    let gates = entry.gates.iter().map(|gate| format!("{}: {:?}", gate.name, gate.verdict).to_lowercase()).collect::<Vec<_>>();
    Event {
        when: Some(entry.at),
        who: clean(&entry.plan.user).into_owned(),
        action: format!("{}{how}", entry.plan.intent),
        from: joined(|step| &step.before),
        to: joined(|step| &step.after),
        reason: clean(&entry.plan.reason).into_owned(),
        gates: clean(&gates.join("; ")).into_owned(),
        origin: Origin::Journal,
        journal_id: Some(entry.id.clone()),
    }
}

/// The records of a version; what is no record is passed over.
fn records(version: &ModelVersion) -> impl Iterator<Item = Record> {
    let tags = version.tags.iter().filter(|tag| tag.key.raw().strip_prefix(TAG_PREFIX).is_some_and(|key| key.starts_with("log.")));
    tags.filter_map(|tag| serde_json::from_str(tag.value.raw()).ok())
}

fn of_record(version: &ModelVersion, record: &Record) -> Event {
    let text = |text: &str| clean(text).into_owned();
    Event {
        when: record.when,
        who: text(&record.who),
        action: format!("{} {}/{}", text(&record.action), version.name.clean(), version.version),
        from: text(&record.from),
        to: text(&record.to),
        reason: text(&record.reason),
        gates: text(&record.gates),
        origin: Origin::Tags,
        journal_id: None,
    }
}

/// Places whose holder now is not the one that the last record left there.
fn gaps(entries: &[&Entry], model: Option<&RegisteredModel>, versions: &[ModelVersion]) -> Vec<Event> {
    let done = |entry: &&&Entry| entry.state == EntryState::Ended(Outcome::Verified);
    let Some(last) = entries.iter().rfind(done) else { return Vec::new() };
    // Others may have recorded a move after our last one: then what is there now is theirs.
    let newest = versions.iter().flat_map(records).filter_map(|record| record.when).max();
    if newest.is_some_and(|when| when > last.at) {
        return Vec::new();
    }
    let mut stages: BTreeMap<VersionNumber, Stage> = last.plan.after.stages.clone();
    if let Some(created) = last.created {
        stages.insert(created, Stage::None);
    }
    let mut events = Vec::new();
    for (number, then) in &stages {
        let target = format!("{}/{number}", last.plan.intent.model().clean());
        match versions.iter().find(|version| version.version == *number) {
            Some(version) if version.stage == *then => {}
            Some(version) => events.push(gap(version.last_updated_time, &target, then.to_string(), version.stage.to_string())),
            None => events.push(gap(None, &target, then.to_string(), "deleted".into())),
        }
    }
    let now = |alias: &str| model.and_then(|model| model.alias(alias));
    let holder = |version: Option<VersionNumber>| version.map_or_else(|| "nobody".to_owned(), |v| format!("version {v}"));
    let found = model.map(|model| model.aliases.as_slice()).unwrap_or_default();
    let names = last.plan.after.aliases.keys().chain(found.iter().map(|(alias, _)| alias));
    let names: std::collections::BTreeSet<_> = names.collect();
    for alias in names {
        let (then, is) = (last.plan.after.aliases.get(alias).copied(), now(alias.raw()));
        if then != is {
            events.push(gap(None, &format!("@{}", alias.clean()), holder(then), holder(is)));
        }
    }
    events
}

fn gap(when: Option<Millis>, target: &str, from: String, to: String) -> Event {
    Event {
        when,
        who: "not known".into(),
        action: format!("{target} was changed with another tool"),
        from,
        to,
        reason: String::new(),
        gates: String::new(),
        origin: Origin::Gap,
        journal_id: None,
    }
}
