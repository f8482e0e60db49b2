//! Who held which place when: from what the journal read before and after each write, what others' records say, and what is there
//! now. Between two of these that differ, somebody else changed it, and nobody knows when.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{EntryState, JournalEntry};
use crate::domain::{Alias, Millis, ModelVersion, RegisteredModel, Slot, Stage, VersionNumber};
use crate::promotion::{Outcome, RegistryChange, TagRecord};

/// One thing whose holder is known at times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ObservedKey {
    Version(VersionNumber),
    Alias(Alias),
}

/// What was seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ObservedValue {
    Stage(Option<Stage>),
    PointsTo(Option<VersionNumber>),
}

/// When, and what.
type Observation = (Millis, ObservedValue);

/// Everything that was ever seen, in its order.
#[derive(Debug, Default)]
pub(super) struct Observations(BTreeMap<ObservedKey, Vec<Observation>>);

/// Who held a place at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The place: `Production`, `@champion`; cleaned.
    #[serde(rename = "place")]
    pub slot: String,
    /// The version; nothing when none held it.
    pub version: Option<VersionNumber>,
    /// Whether that is known. If not, it is what was seen last before, or first after.
    pub is_known: bool,
    /// When it was seen last before that time, ms since the epoch.
    #[serde(rename = "seen_before")]
    pub last_seen_at: Option<Millis>,
    /// When it was seen to be otherwise after that time, ms since the epoch: it changed at some time between.
    #[serde(rename = "otherwise_at")]
    pub differs_at: Option<Millis>,
}

impl Observations {
    /// Gathers what the journal, the records in tags, and the registry tell. `now` is when the registry was read.
    pub fn collect(
        entries: &[JournalEntry],
        model: Option<&RegisteredModel>,
        versions: &[ModelVersion],
        now: Millis,
    ) -> Self {
        let mut observations = Self::default();
        let of_model = || {
            entries
                .iter()
                .filter(|entry| entry.plan.intent.model().is_some())
        };
        for entry in of_model() {
            let before = &entry.plan.before;
            let after =
                (entry.state == EntryState::Ended(Outcome::Verified)).then_some(&entry.plan.after);
            let ended = entry
                .results
                .iter()
                .map(|result| result.at)
                .max()
                .unwrap_or(entry.at);
            for (at, state) in [
                (entry.plan.planned_at.min(entry.at), Some(before)),
                (ended, after),
            ] {
                let Some(state) = state else { continue };
                for (version, stage) in &state.stages {
                    observations.record(
                        at,
                        ObservedKey::Version(*version),
                        ObservedValue::Stage(Some(*stage)),
                    );
                }
                // An alias that is in neither state was not there.
                for alias in of_model().flat_map(|entry| {
                    entry
                        .plan
                        .before
                        .aliases
                        .keys()
                        .chain(entry.plan.after.aliases.keys())
                }) {
                    observations.record(
                        at,
                        ObservedKey::Alias(alias.clone()),
                        ObservedValue::PointsTo(state.aliases.get(alias).copied()),
                    );
                }
            }
        }
        for (at, change) in versions
            .iter()
            .flat_map(TagRecord::from_version_tags)
            .filter_map(|record| Some((record.recorded_at_ms()?, record.changes)))
        {
            for change in change {
                match change {
                    RegistryChange::Stage { version, from, to } => {
                        observations.record(
                            at - 1,
                            ObservedKey::Version(version),
                            ObservedValue::Stage(Some(from)),
                        );
                        observations.record(
                            at,
                            ObservedKey::Version(version),
                            ObservedValue::Stage(Some(to)),
                        );
                    }
                    RegistryChange::Alias { alias, from, to } => {
                        observations.record(
                            at - 1,
                            ObservedKey::Alias(alias.clone()),
                            ObservedValue::PointsTo(from),
                        );
                        observations.record(
                            at,
                            ObservedKey::Alias(alias),
                            ObservedValue::PointsTo(to),
                        );
                    }
                    RegistryChange::Run { .. } | RegistryChange::Request { .. } => {}
                }
            }
        }
        for version in versions {
            if let Some(created) = version.creation_time {
                observations.record(
                    created - 1,
                    ObservedKey::Version(version.version),
                    ObservedValue::Stage(None),
                );
                observations.record(
                    created,
                    ObservedKey::Version(version.version),
                    ObservedValue::Stage(Some(Stage::None)),
                );
            }
            observations.record(
                now,
                ObservedKey::Version(version.version),
                ObservedValue::Stage(Some(version.stage)),
            );
        }
        let known: Vec<Alias> = observations
            .0
            .keys()
            .filter_map(|key| {
                if let ObservedKey::Alias(alias) = key {
                    Some(alias.clone())
                } else {
                    None
                }
            })
            .collect();
        let aliases = model
            .map(|model| model.aliases.as_slice())
            .unwrap_or_default();
        for alias in known.iter().chain(aliases.iter().map(|(alias, _)| alias)) {
            let leads = aliases
                .iter()
                .find(|(name, _)| name == alias)
                .map(|(_, version)| *version);
            observations.record(
                now,
                ObservedKey::Alias(alias.clone()),
                ObservedValue::PointsTo(leads),
            );
        }
        observations
            .0
            .values_mut()
            .for_each(|seen| seen.sort_by_key(|(at, _)| *at));
        observations
    }

    fn record(&mut self, at: Millis, key: ObservedKey, value: ObservedValue) {
        self.0.entry(key).or_default().push((at, value));
    }

    /// When a version was last seen in a stage, before it was seen elsewhere now.
    pub fn last_in_stage(&self, version: VersionNumber, stage: Stage) -> Option<Millis> {
        self.last_matching(
            &ObservedKey::Version(version),
            &ObservedValue::Stage(Some(stage)),
        )
    }

    /// When an alias was last seen to lead there.
    pub fn last_pointing_to(&self, alias: &Alias, to: Option<VersionNumber>) -> Option<Millis> {
        self.last_matching(
            &ObservedKey::Alias(alias.clone()),
            &ObservedValue::PointsTo(to),
        )
    }

    fn last_matching(&self, key: &ObservedKey, value: &ObservedValue) -> Option<Millis> {
        self.0
            .get(key)?
            .iter()
            .rev()
            .find(|(at, seen)| seen == value && *at < Millis::MAX)
            .map(|(at, _)| *at)
    }

    /// What was seen around a time: the last before, and the first after that is otherwise.
    fn around(
        &self,
        key: &ObservedKey,
        at: Millis,
    ) -> (Option<&Observation>, Option<&Observation>) {
        let observed = self.0.get(key).map(Vec::as_slice).unwrap_or_default();
        let split = observed.partition_point(|(when, _)| *when <= at);
        (
            split.checked_sub(1).and_then(|last| observed.get(last)),
            observed.get(split),
        )
    }
}

/// Who held Staging, Production and each alias at a time, as far as anything tells.
#[must_use]
pub fn holders_at(
    entries: &[JournalEntry],
    model: Option<&RegisteredModel>,
    versions: &[ModelVersion],
    now: Millis,
    at: Millis,
) -> Vec<Holder> {
    let observations = Observations::collect(entries, model, versions, now);
    let existed = |number: VersionNumber| {
        let created = versions
            .iter()
            .find(|version| version.version == number)
            .and_then(|version| version.creation_time);
        created.is_none_or(|made| made <= at)
    };
    let mut holders = Vec::new();
    for key in observations.0.keys() {
        let (before, after) = observations.around(key, at);
        let Some(value) = before.or(after).map(|(_, seen)| seen.clone()) else {
            continue;
        };
        let has_changed = after.is_some_and(|(_, seen)| *seen != value);
        // The very next thing that was seen is a write of ours: it changed then, and not before.
        let is_known = before.is_some() && !has_changed;
        let around = (
            before.map(|(when, _)| *when),
            after.filter(|_| has_changed).map(|(when, _)| *when),
        );
        let mut push = |slot: Slot, version: Option<VersionNumber>| {
            holders.push(Holder {
                slot: slot.to_string(),
                version,
                is_known,
                last_seen_at: around.0,
                differs_at: around.1,
            });
        };
        match (key, value) {
            (
                ObservedKey::Version(version),
                ObservedValue::Stage(Some(stage @ (Stage::Staging | Stage::Production))),
            ) => {
                push(Slot::Stage(stage), Some(*version));
            }
            // What was made later can't have held it.
            (ObservedKey::Alias(_), ObservedValue::PointsTo(Some(version)))
                if !existed(version) => {}
            (ObservedKey::Alias(alias), ObservedValue::PointsTo(version))
                if version.is_some() || has_changed =>
            {
                push(Slot::Alias(alias.clone()), version);
            }
            // It was seen to be served next: it may have been already.
            (ObservedKey::Version(version), ObservedValue::Stage(Some(_))) if has_changed => {
                if let Some((
                    _,
                    ObservedValue::Stage(Some(stage @ (Stage::Staging | Stage::Production))),
                )) = after
                {
                    holders.push(Holder {
                        slot: Slot::Stage(*stage).to_string(),
                        version: Some(*version),
                        is_known: false,
                        last_seen_at: around.0,
                        differs_at: around.1,
                    });
                }
            }
            _ => {}
        }
    }
    holders.sort_by(|a, b| {
        (b.slot == "Production", &a.slot, a.version).cmp(&(
            a.slot == "Production",
            &b.slot,
            b.version,
        ))
    });
    holders
}
