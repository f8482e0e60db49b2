//! A plan while it is made: its steps so far, and who will hold which place after them.

use std::collections::BTreeSet;

use serde::Serialize;

use super::plan::{Context, PlanError, Step, TAG_PREFIX};
use super::{Place, Reading, State};
use crate::domain::write::Tag;
use crate::domain::{ModelVersion, RegistryWrite, VersionNumber, VersionStatus};

/// The most characters of a reason that go into a tag: MLflow 2 keeps 5,000 of a tag's value.
const REASON_CHARS: usize = 2_000;

/// What a record of a move says, as the value of a version's tag.
#[derive(Serialize)]
struct Record<'a> {
    id: &'a str,
    when: i64,
    who: &'a str,
    action: &'a str,
    from: &'a str,
    to: &'a str,
    reason: &'a str,
    gates: &'a str,
}

/// A plan in the making.
pub(super) struct Draft<'a> {
    /// What it stands on.
    pub reading: &'a Reading,
    /// Who, when, why.
    pub context: &'a Context,
    /// The steps so far.
    pub steps: Vec<Step>,
    /// What a person should know.
    pub warnings: Vec<String>,
    /// Who holds which place now.
    pub before: State,
    /// Who will, after the steps so far.
    pub after: State,
}

impl<'a> Draft<'a> {
    pub fn new(reading: &'a Reading, context: &'a Context) -> Self {
        let before = reading.state();
        Self { reading, context, steps: Vec::new(), warnings: Vec::new(), after: before.clone(), before }
    }

    /// The model and a version of it, cleaned: `iris/3`.
    pub fn target(&self, version: VersionNumber) -> String {
        format!("{}/{version}", self.reading.name.clean())
    }

    /// The version, if it is there and may be given a place.
    pub fn usable(&self, number: VersionNumber) -> Result<&'a ModelVersion, PlanError> {
        let target = self.target(number);
        let version = self.present(number)?;
        if version.is_leftover() {
            return Err(PlanError::Refused(format!("{target} was deleted while somebody moved it: its model is gone")));
        }
        match &version.status {
            VersionStatus::Ready => Ok(version),
            other => {
                let status = crate::domain::text::clean(other.as_str()).into_owned();
                Err(PlanError::Refused(format!("{target} is not ready: its status is {status}")))
            }
        }
    }

    /// The version, if it is there.
    pub fn present(&self, number: VersionNumber) -> Result<&'a ModelVersion, PlanError> {
        let name = self.reading.name.clean();
        if self.reading.model.is_none() {
            return Err(PlanError::Missing(format!("there is no registered model {name}")));
        }
        self.reading.version(number).ok_or_else(|| PlanError::Missing(format!("{name} has no version {number}")))
    }

    /// Adds a write.
    pub fn write(&mut self, write: RegistryWrite, action: &str, target: String, before: String, after: String) {
        self.steps.push(Step { write: Some(write), action: action.to_owned(), target, before, after });
    }

    /// Adds what the store will do by itself.
    pub fn consequence(&mut self, action: &str, target: String, before: String, after: String) {
        self.steps.push(Step { write: None, action: action.to_owned(), target, before, after });
    }

    /// Leaves a record of a move with the version, for others to see, before the move itself.
    pub fn record(&mut self, version: VersionNumber, action: &str, from: &str, to: &str) {
        if !self.context.tags {
            return;
        }
        let key = format!("{TAG_PREFIX}log.{}", self.context.id.chars().take(8).collect::<String>());
        let value = self.told(action, from, to);
        let shown = format!("{action}, {from} → {to}");
        let write = RegistryWrite::SetVersionTag { name: self.reading.name.clone(), version, tag: Tag::new(key.clone(), value) };
        self.write(write, "record", self.target(version), "no tag".into(), format!("tag {key}: {shown}"));
    }

    /// What a record says, as JSON.
    pub fn told(&self, action: &str, from: &str, to: &str) -> String {
        let reason: String = self.context.reason.chars().take(REASON_CHARS).collect();
        let Context { id, user, now, .. } = self.context;
        let record = Record { id, when: *now, who: user, action, from, to, reason: &reason, gates: "" };
        serde_json::to_string(&record).unwrap_or_default()
    }

    /// The places that somebody gets, or loses.
    pub fn touched(&self) -> BTreeSet<Place> {
        let mut places = BTreeSet::new();
        for (version, stage) in &self.after.stages {
            if let Some(before) = self.before.stages.get(version)
                && before != stage
            {
                places.extend([Place::Stage(*stage), Place::Stage(*before)]);
            }
        }
        let aliases = self.before.aliases.keys().chain(self.after.aliases.keys());
        let moved = aliases.filter(|alias| self.before.aliases.get(*alias) != self.after.aliases.get(*alias));
        places.extend(moved.map(|alias| Place::Alias(alias.clone())));
        places
    }
}
