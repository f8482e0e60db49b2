//! What moved between two looks at a registry, and by whom, where a record says so.

use serde::Serialize;

use super::timeline::clean_and_truncate;
use crate::domain::Millis;
use crate::promotion::{RegistryChange, RegistrySnapshot, RegistryState, TagRecord};

/// One place that changed hands; text is cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HolderChange {
    /// What changed: `iris/3`, `@champion`.
    pub target: String,
    /// What was there before.
    pub from: String,
    /// What is there now.
    pub to: String,
    /// Who did it; nothing where no record says so.
    #[serde(rename = "who")]
    pub user: Option<String>,
    /// Why; empty where nothing says so.
    pub reason: String,
    /// When the record was left, ms since the epoch.
    pub at: Option<Millis>,
}

/// What moved since `before`. A version that is new has moved only if it holds a place.
#[must_use]
pub fn registry_diff(before: &RegistryState, now: &RegistrySnapshot) -> Vec<HolderChange> {
    let after = now.state();
    let mut known = before.clone();
    for version in after.stages.keys() {
        known
            .stages
            .entry(*version)
            .or_insert(crate::domain::Stage::None);
    }
    let records: Vec<TagRecord> = now
        .versions
        .iter()
        .flat_map(TagRecord::from_version_tags)
        .collect();
    let name = &now.subject;
    let with_record = |change: RegistryChange| {
        let record = records
            .iter()
            .filter(|record| record.changes.contains(&change))
            .max_by_key(|record| record.recorded_at_ms());
        HolderChange {
            target: change.target(name),
            from: change.before(name),
            to: change.after(name),
            user: record.map(|record| clean_and_truncate(&record.user)),
            reason: record
                .map(|record| clean_and_truncate(&record.reason))
                .unwrap_or_default(),
            at: record.and_then(TagRecord::recorded_at_ms),
        }
    };
    let deleted = before
        .stages
        .iter()
        .filter(|(version, _)| !after.stages.contains_key(version))
        .map(|(version, stage)| HolderChange {
            target: name.label(*version),
            from: stage.to_string(),
            to: "deleted".to_owned(),
            user: None,
            reason: String::new(),
            at: None,
        });
    known
        .diff(&after)
        .into_iter()
        .map(with_record)
        .chain(deleted)
        .collect()
}

impl HolderChange {
    /// In one line: `@champion: iris/2 → iris/3, by ana: better`.
    #[must_use]
    pub fn describe(&self) -> String {
        let who = self.user.as_ref().map_or_else(
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
