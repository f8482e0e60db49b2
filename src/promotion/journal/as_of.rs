//! Who held which slot when: from the state before and after each journaled write, the records in tags, and the registry now.
//! Where two consecutive observations differ, the slot changed at an unknown time between them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{EntryState, JournalEntry};
use crate::domain::{Alias, Millis, ModelVersion, RegisteredModel, Slot, Stage, VersionNumber};
use crate::promotion::{Outcome, RegistryChange, RegistryState, TagRecord};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ObservedKey {
    Version(VersionNumber),
    Alias(Alias),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ObservedValue {
    /// `None`: the version did not exist.
    Stage(Option<Stage>),
    /// `None`: the alias did not exist.
    PointsTo(Option<VersionNumber>),
}

/// Time in ms since the epoch, and value.
type Observation = (Millis, ObservedValue);

/// Observations of each version's stage and each alias, in order of time.
#[derive(Debug, Default)]
pub(super) struct Observations(BTreeMap<ObservedKey, Vec<Observation>>);

/// Holder of a slot at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// `Production` or `@champion`, cleaned.
    #[serde(rename = "place")]
    pub slot: String,
    /// `None` for an alias that did not exist.
    pub version: Option<VersionNumber>,
    /// Whether the version certainly held the slot. Otherwise it is the last holder observed before, or the first after.
    pub is_known: bool,
    /// Last observation before that time, ms since the epoch.
    #[serde(rename = "seen_before")]
    pub last_seen_at: Option<Millis>,
    /// First observation of another holder after that time, ms since the epoch.
    #[serde(rename = "otherwise_at")]
    pub differs_at: Option<Millis>,
}

impl Observations {
    /// Collects from journal, tags and registry; `now` is when the registry was read. Linear in the number of entries.
    pub fn collect(
        entries: &[JournalEntry],
        model: Option<&RegisteredModel>,
        versions: &[ModelVersion],
        now: Millis,
    ) -> Self {
        let mut observations = Self::default();
        observations.record_entries(entries);
        for record in versions.iter().flat_map(TagRecord::from_version_tags) {
            if let Some(at) = record.recorded_at_ms() {
                observations.record_changes(at, record.changes);
            }
        }
        observations.record_registry(model, versions, now);
        for observed in observations.0.values_mut() {
            observed.sort_by_key(|(at, _)| *at);
        }
        observations
    }

    fn record_entries(&mut self, entries: &[JournalEntry]) {
        let of_models: Vec<&JournalEntry> = entries
            .iter()
            .filter(|entry| entry.plan.intent.model().is_some())
            .collect();
        // An alias that a state lacks did not exist then.
        let aliases: BTreeSet<Alias> = of_models
            .iter()
            .flat_map(|entry| [&entry.plan.before, &entry.plan.after])
            .flat_map(|state| state.aliases.keys().cloned())
            .collect();
        for entry in of_models {
            let plan = &entry.plan;
            self.record_state(plan.planned_at.min(entry.at), &plan.before, &aliases);
            if entry.state == EntryState::Ended(Outcome::Verified) {
                let last_result = entry.results.iter().map(|result| result.at).max();
                self.record_state(last_result.unwrap_or(entry.at), &plan.after, &aliases);
            }
        }
    }

    fn record_state(&mut self, at: Millis, state: &RegistryState, aliases: &BTreeSet<Alias>) {
        for (version, stage) in &state.stages {
            self.record_stage(at, *version, Some(*stage));
        }
        for alias in aliases {
            self.record_alias(at, alias, state.aliases.get(alias).copied());
        }
    }

    fn record_changes(&mut self, at: Millis, changes: Vec<RegistryChange>) {
        for change in changes {
            match change {
                RegistryChange::Stage { version, from, to } => {
                    self.record_stage(at - 1, version, Some(from));
                    self.record_stage(at, version, Some(to));
                }
                RegistryChange::Alias { alias, from, to } => {
                    self.record_alias(at - 1, &alias, from);
                    self.record_alias(at, &alias, to);
                }
                RegistryChange::Run { .. } | RegistryChange::Request { .. } => {}
            }
        }
    }

    fn record_registry(
        &mut self,
        model: Option<&RegisteredModel>,
        versions: &[ModelVersion],
        now: Millis,
    ) {
        for version in versions {
            if let Some(created) = version.creation_time {
                self.record_stage(created - 1, version.version, None);
                self.record_stage(created, version.version, Some(Stage::None));
            }
            self.record_stage(now, version.version, Some(version.stage));
        }
        let current: BTreeMap<Alias, VersionNumber> = model
            .iter()
            .flat_map(|model| model.aliases.iter().cloned())
            .collect();
        let observed = self.0.keys().filter_map(|key| match key {
            ObservedKey::Alias(alias) => Some(alias.clone()),
            ObservedKey::Version(_) => None,
        });
        let aliases: BTreeSet<Alias> = observed.chain(current.keys().cloned()).collect();
        for alias in aliases {
            self.record_alias(now, &alias, current.get(&alias).copied());
        }
    }

    fn record_stage(&mut self, at: Millis, version: VersionNumber, stage: Option<Stage>) {
        let observed = self.0.entry(ObservedKey::Version(version)).or_default();
        observed.push((at, ObservedValue::Stage(stage)));
    }

    fn record_alias(&mut self, at: Millis, alias: &Alias, version: Option<VersionNumber>) {
        let observed = self.0.entry(ObservedKey::Alias(alias.clone())).or_default();
        observed.push((at, ObservedValue::PointsTo(version)));
    }

    /// When a version was last observed in a stage, before `now`.
    pub fn last_in_stage(&self, version: VersionNumber, stage: Stage) -> Option<Millis> {
        let key = ObservedKey::Version(version);
        self.last_matching(&key, ObservedValue::Stage(Some(stage)))
    }

    /// When an alias was last observed to point to a version, before `now`.
    pub fn last_pointing_to(&self, alias: &Alias, to: Option<VersionNumber>) -> Option<Millis> {
        let key = ObservedKey::Alias(alias.clone());
        self.last_matching(&key, ObservedValue::PointsTo(to))
    }

    fn last_matching(&self, key: &ObservedKey, value: ObservedValue) -> Option<Millis> {
        let mut latest_first = self.0.get(key)?.iter().rev();
        latest_first
            .find(|(at, observed)| *observed == value && *at < Millis::MAX)
            .map(|(at, _)| *at)
    }
}

/// Who held Staging, Production and each alias at a time, as far as the observations show.
#[must_use]
pub fn holders_at(
    entries: &[JournalEntry],
    model: Option<&RegisteredModel>,
    versions: &[ModelVersion],
    now: Millis,
    at: Millis,
) -> Vec<Holder> {
    let observations = Observations::collect(entries, model, versions, now);
    let is_created_later = |number: VersionNumber| {
        let version = versions.iter().find(|version| version.version == number);
        let created = version.and_then(|version| version.creation_time);
        created.is_some_and(|created| created > at)
    };
    let mut holders: Vec<Holder> = observations
        .0
        .iter()
        .filter_map(|(key, observed)| holder_at(key, observed, at, is_created_later))
        .collect();
    holders.sort_by(|a, b| {
        let is_production = |holder: &Holder| holder.slot == "Production";
        let order = is_production(b).cmp(&is_production(a));
        order
            .then_with(|| a.slot.cmp(&b.slot))
            .then_with(|| a.version.cmp(&b.version))
    });
    holders
}

fn holder_at(
    key: &ObservedKey,
    observed: &[Observation],
    at: Millis,
    is_created_later: impl Fn(VersionNumber) -> bool,
) -> Option<Holder> {
    let split = observed.partition_point(|(when, _)| *when <= at);
    let before = split.checked_sub(1).and_then(|last| observed.get(last));
    let after = observed.get(split);
    let (_, value) = before.or(after)?;
    let changed = after.filter(|(_, next)| next != value);
    let holder = |slot: Slot, version, is_known| Holder {
        slot: slot.to_string(),
        version,
        is_known,
        last_seen_at: before.map(|(when, _)| *when),
        differs_at: changed.map(|(when, _)| *when),
    };
    let is_known = before.is_some() && changed.is_none();
    match (key, value) {
        (ObservedKey::Version(version), ObservedValue::Stage(Some(stage))) if is_served(*stage) => {
            Some(holder(Slot::Stage(*stage), Some(*version), is_known))
        }
        // The next observation has it in a served stage: it may have moved there before the time in question.
        (ObservedKey::Version(version), ObservedValue::Stage(Some(_))) => match changed {
            Some((_, ObservedValue::Stage(Some(stage)))) if is_served(*stage) => {
                Some(holder(Slot::Stage(*stage), Some(*version), false))
            }
            _ => None,
        },
        (ObservedKey::Alias(alias), ObservedValue::PointsTo(version)) => {
            let is_impossible = version.is_some_and(is_created_later);
            let is_worth_listing = version.is_some() || changed.is_some();
            (is_worth_listing && !is_impossible)
                .then(|| holder(Slot::Alias(alias.clone()), *version, is_known))
        }
        _ => None,
    }
}

fn is_served(stage: Stage) -> bool {
    matches!(stage, Stage::Staging | Stage::Production)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::{Intent, plan, test_registry};

    #[test]
    fn observations_are_linear_in_the_entries() {
        let intent = Intent::SetAlias {
            model: "iris".into(),
            alias: "champion".into(),
            version: VersionNumber(3),
        };
        let (snapshot, context) = (test_registry::snapshot(), test_registry::context());
        let entry = JournalEntry {
            id: "e".into(),
            at: 1,
            uptime: None,
            plan: plan(intent, &snapshot, &context).unwrap(),
            gates: Vec::new(),
            settle_window_ms: 0,
            results: Vec::new(),
            created_version: None,
            state: EntryState::Ended(Outcome::Verified),
            undone_by: None,
        };
        let entries = vec![entry; 2_000];
        let observations = Observations::collect(&entries, None, &[], 2);
        let count: usize = observations.0.values().map(Vec::len).sum();
        // Three versions and two aliases, before and after each entry; the two aliases now.
        assert_eq!(count, 2_000 * 2 * (3 + 2) + 2);
    }
}
