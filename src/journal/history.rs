//! The history of a model: the journal, the tags that others' Frontrunners left, and what changed in between.

use serde::Serialize;

use super::Entry;
use crate::domain::{Millis, ModelVersion, RegisteredModel};

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

/// The history of a model, newest first.
#[must_use]
pub fn timeline(entries: &[Entry], model: Option<&RegisteredModel>, versions: &[ModelVersion]) -> Vec<Event> {
    let _ = (entries, model, versions);
    unimplemented!()
}
