//! Who held which place when: from what the journal read before and after each write, what others' records say, and what is there
//! now. Between two of these that differ, somebody else changed it, and nobody knows when.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Entry, EntryState};
use crate::domain::{Alias, Millis, ModelVersion, RegisteredModel, Stage, VersionNumber};
use crate::promotion::{Change, Outcome, Place, Record};

/// One thing whose holder is known at times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Version(VersionNumber),
    Alias(Alias),
}

/// What was seen of it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Stage(Option<Stage>),
    Leads(Option<VersionNumber>),
}

/// When, and what.
type Sighting = (Millis, Seen);

/// Everything that was ever seen, in its order.
#[derive(Debug, Default)]
pub(super) struct Sightings(BTreeMap<Key, Vec<Sighting>>);

/// Who held a place at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The place: `Production`, `@champion`; cleaned.
    pub place: String,
    /// The version; nothing when none held it.
    pub version: Option<VersionNumber>,
    /// Whether that is known. If not, it is what was seen last before, or first after.
    pub is_known: bool,
    /// When it was seen last before that time, ms since the epoch.
    pub seen_before: Option<Millis>,
    /// When it was seen to be otherwise after that time, ms since the epoch: it changed at some time between.
    pub otherwise_at: Option<Millis>,
}

impl Sightings {
    /// Gathers what the journal, the records in tags, and the registry tell. `now` is when the registry was read.
    pub fn gather(
        entries: &[Entry],
        model: Option<&RegisteredModel>,
        versions: &[ModelVersion],
        now: Millis,
    ) -> Self {
        let mut found = Self::default();
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
                (entry.plan.made_at.min(entry.at), Some(before)),
                (ended, after),
            ] {
                let Some(state) = state else { continue };
                for (version, stage) in &state.stages {
                    found.saw(at, Key::Version(*version), Seen::Stage(Some(*stage)));
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
                    found.saw(
                        at,
                        Key::Alias(alias.clone()),
                        Seen::Leads(state.aliases.get(alias).copied()),
                    );
                }
            }
        }
        for (at, change) in versions
            .iter()
            .flat_map(Record::of)
            .filter_map(|record| Some((record.at()?, record.changes)))
        {
            for change in change {
                match change {
                    Change::Stage { version, from, to } => {
                        found.saw(at - 1, Key::Version(version), Seen::Stage(Some(from)));
                        found.saw(at, Key::Version(version), Seen::Stage(Some(to)));
                    }
                    Change::Alias { alias, from, to } => {
                        found.saw(at - 1, Key::Alias(alias.clone()), Seen::Leads(from));
                        found.saw(at, Key::Alias(alias), Seen::Leads(to));
                    }
                    Change::Run { .. } | Change::Request { .. } => {}
                }
            }
        }
        for version in versions {
            if let Some(made) = version.creation_time {
                found.saw(made - 1, Key::Version(version.version), Seen::Stage(None));
                found.saw(
                    made,
                    Key::Version(version.version),
                    Seen::Stage(Some(Stage::None)),
                );
            }
            found.saw(
                now,
                Key::Version(version.version),
                Seen::Stage(Some(version.stage)),
            );
        }
        let known: Vec<Alias> = found
            .0
            .keys()
            .filter_map(|key| {
                if let Key::Alias(alias) = key {
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
            found.saw(now, Key::Alias(alias.clone()), Seen::Leads(leads));
        }
        found
            .0
            .values_mut()
            .for_each(|seen| seen.sort_by_key(|(at, _)| *at));
        found
    }

    fn saw(&mut self, at: Millis, key: Key, seen: Seen) {
        self.0.entry(key).or_default().push((at, seen));
    }

    /// When a version was last seen in a stage, before it was seen elsewhere now.
    pub fn last_in(&self, version: VersionNumber, stage: Stage) -> Option<Millis> {
        self.last(&Key::Version(version), &Seen::Stage(Some(stage)))
    }

    /// When an alias was last seen to lead there.
    pub fn last_led(&self, alias: &Alias, to: Option<VersionNumber>) -> Option<Millis> {
        self.last(&Key::Alias(alias.clone()), &Seen::Leads(to))
    }

    fn last(&self, key: &Key, wanted: &Seen) -> Option<Millis> {
        self.0
            .get(key)?
            .iter()
            .rev()
            .find(|(at, seen)| seen == wanted && *at < Millis::MAX)
            .map(|(at, _)| *at)
    }

    /// What was seen around a time: the last before, and the first after that is otherwise.
    fn around(&self, key: &Key, at: Millis) -> (Option<&Sighting>, Option<&Sighting>) {
        let seen = self.0.get(key).map(Vec::as_slice).unwrap_or_default();
        let split = seen.partition_point(|(when, _)| *when <= at);
        (
            split.checked_sub(1).and_then(|last| seen.get(last)),
            seen.get(split),
        )
    }
}

/// Who held Staging, Production and each alias at a time, as far as anything tells.
#[must_use]
pub fn held_at(
    entries: &[Entry],
    model: Option<&RegisteredModel>,
    versions: &[ModelVersion],
    now: Millis,
    at: Millis,
) -> Vec<Held> {
    let sightings = Sightings::gather(entries, model, versions, now);
    let was_there = |number: VersionNumber| {
        let made = versions
            .iter()
            .find(|version| version.version == number)
            .and_then(|version| version.creation_time);
        made.is_none_or(|made| made <= at)
    };
    let mut held = Vec::new();
    for key in sightings.0.keys() {
        let (before, after) = sightings.around(key, at);
        let Some(told) = before.or(after).map(|(_, seen)| seen.clone()) else {
            continue;
        };
        let is_otherwise = after.is_some_and(|(_, seen)| *seen != told);
        // The very next thing that was seen is a write of ours: it changed then, and not before.
        let is_known = before.is_some() && !is_otherwise;
        let around = (
            before.map(|(when, _)| *when),
            after.filter(|_| is_otherwise).map(|(when, _)| *when),
        );
        let mut push = |place: Place, version: Option<VersionNumber>| {
            held.push(Held {
                place: place.to_string(),
                version,
                is_known,
                seen_before: around.0,
                otherwise_at: around.1,
            });
        };
        match (key, told) {
            (
                Key::Version(version),
                Seen::Stage(Some(stage @ (Stage::Staging | Stage::Production))),
            ) => {
                push(Place::Stage(stage), Some(*version));
            }
            // What was made later can't have held it.
            (Key::Alias(_), Seen::Leads(Some(version))) if !was_there(version) => {}
            (Key::Alias(alias), Seen::Leads(version)) if version.is_some() || is_otherwise => {
                push(Place::Alias(alias.clone()), version)
            }
            // It was seen to be served next: it may have been already.
            (Key::Version(version), Seen::Stage(Some(_))) if is_otherwise => {
                if let Some((_, Seen::Stage(Some(stage @ (Stage::Staging | Stage::Production))))) =
                    after
                {
                    held.push(Held {
                        place: Place::Stage(*stage).to_string(),
                        version: Some(*version),
                        is_known: false,
                        seen_before: around.0,
                        otherwise_at: around.1,
                    });
                }
            }
            _ => {}
        }
    }
    held.sort_by(|a, b| {
        (b.place == "Production", &a.place, a.version).cmp(&(
            a.place == "Production",
            &b.place,
            b.version,
        ))
    });
    held
}
