//! Differences between two reads of a registry, with author and reason from record tags.

use serde::Serialize;

use super::timeline::clean_and_truncate;
use crate::domain::Millis;
use crate::promotion::{RegistryChange, RegistrySnapshot, RegistryState, TagRecord};

/// One change of a holder; text is cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HolderChange {
    /// `iris/3` or `@champion`.
    pub target: String,
    /// Value before.
    pub from: String,
    /// Value now.
    pub to: String,
    /// Author, if a record has the change.
    #[serde(rename = "who")]
    pub user: Option<String>,
    /// Reason in the record.
    pub reason: String,
    /// Time of the record, ms since the epoch.
    pub at: Option<Millis>,
}

/// Changes since `before`. A new version counts only if it holds a slot.
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
    /// One line: `@champion: iris/2 → iris/3, by ana: better`.
    #[must_use]
    pub fn describe(&self) -> String {
        let author = self.user.as_ref().map_or_else(
            || "by an unknown user".to_owned(),
            |author| format!("by {author}"),
        );
        let reason = if self.reason.is_empty() {
            String::new()
        } else {
            format!(": {}", self.reason)
        };
        format!(
            "{}: {} → {}, {author}{reason}",
            self.target, self.from, self.to
        )
    }
}
