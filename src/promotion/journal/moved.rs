//! What moved between two looks at a registry, and by whom, where a record says so.

use serde::Serialize;

use super::history::shown;
use crate::domain::Millis;
use crate::promotion::{Change, Reading, Record, State};

/// One place that changed hands; text is cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// What changed: `iris/3`, `@champion`.
    pub target: String,
    /// What was there before.
    pub from: String,
    /// What is there now.
    pub to: String,
    /// Who did it; nothing where no record says so.
    pub who: Option<String>,
    /// Why; empty where nothing says so.
    pub reason: String,
    /// When the record was left, ms since the epoch.
    pub at: Option<Millis>,
}

/// What moved since `before`. A version that is new has moved only if it holds a place.
#[must_use]
pub fn moved(before: &State, now: &Reading) -> Vec<Moved> {
    let after = now.state();
    let mut known = before.clone();
    for version in after.stages.keys() {
        known
            .stages
            .entry(*version)
            .or_insert(crate::domain::Stage::None);
    }
    let records: Vec<Record> = now.versions.iter().flat_map(Record::of).collect();
    let name = &now.subject;
    let told = |change: Change| {
        let record = records
            .iter()
            .filter(|record| record.changes.contains(&change))
            .max_by_key(|record| record.at());
        Moved {
            target: change.target(name),
            from: change.before(name),
            to: change.after(name),
            who: record.map(|record| shown(&record.who)),
            reason: record
                .map(|record| shown(&record.reason))
                .unwrap_or_default(),
            at: record.and_then(Record::at),
        }
    };
    let gone = before
        .stages
        .iter()
        .filter(|(version, _)| !after.stages.contains_key(version))
        .map(|(version, stage)| Moved {
            target: name.label(*version),
            from: stage.to_string(),
            to: "deleted".to_owned(),
            who: None,
            reason: String::new(),
            at: None,
        });
    known
        .changes(&after)
        .into_iter()
        .map(told)
        .chain(gone)
        .collect()
}

impl Moved {
    /// In one line: `@champion: iris/2 → iris/3, by ana: better`.
    #[must_use]
    pub fn line(&self) -> String {
        let who = self.who.as_ref().map_or_else(
            || "no record says by whom".to_owned(),
            |who| format!("by {who}"),
        );
        let why = if self.reason.is_empty() {
            String::new()
        } else {
            format!(": {}", self.reason)
        };
        format!("{}: {} → {}, {who}{why}", self.target, self.from, self.to)
    }
}
