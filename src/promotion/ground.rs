//! The ground of a plan: the facts it stands on, beside who holds which place. Equal grounds and equal states
//! give equal fingerprints, and what differs can be told in words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::{Reading, RunReading, Subject};
use crate::domain::run::Pair;
use crate::domain::{Millis, ModelVersion, Run, RunId, RunStatus, VersionNumber};
use crate::text::Untrusted;

/// The facts that a plan stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// The registered model; nothing when it is not there.
    pub model: Option<ModelFacts>,
    /// Its versions.
    pub versions: BTreeMap<VersionNumber, VersionFacts>,
    /// The run that is to be registered, or that the version came from.
    pub run: Option<RunFacts>,
    /// The runs that an intent on runs is about.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runs: BTreeMap<RunId, Dependents>,
}

/// What was known of a run that is to be deleted or restored, and of what depends on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependents {
    /// The run.
    pub run: RunFacts,
    /// The versions that were made from it, `iris/3`, with the places that each holds, `Production, @champion`.
    pub versions: BTreeMap<Untrusted, Untrusted>,
}

/// What tells a registered model from another of the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// When it was made, ms since the epoch.
    pub created: Option<Millis>,
}

/// What tells a version from another of the same number, and what was known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionFacts {
    /// When it was made, ms since the epoch.
    pub created: Option<Millis>,
    /// Where the model is.
    pub source: Untrusted,
    /// The run it came from.
    pub run: RunId,
    /// Its status, as MLflow spells it.
    pub status: Untrusted,
    /// Its stage as the store spelled it.
    pub stage: Untrusted,
    /// The digest of its tags: approvals and records are among them. Values stay out of the journal.
    pub tags: String,
}

/// What was known of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFacts {
    /// Its id.
    pub id: RunId,
    /// Its status, as MLflow spells it.
    pub status: String,
    /// Whether it is in use, as MLflow spells it.
    pub lifecycle: String,
    /// The digest of its metrics; nothing while it goes on, since they change all the time then.
    pub metrics: Option<String>,
}

impl Ground {
    /// The ground that a reading gives.
    #[must_use]
    pub fn of(reading: &Reading) -> Self {
        Self {
            model: reading.model.as_ref().map(|model| ModelFacts {
                created: model.creation_time,
            }),
            versions: reading
                .versions
                .iter()
                .map(|version| (version.version, VersionFacts::of(version)))
                .collect(),
            run: reading.run.as_ref().map(RunFacts::of),
            runs: reading
                .runs
                .iter()
                .map(|read| (read.run.id.clone(), Dependents::of(read)))
                .collect(),
        }
    }

    /// The differences to what is there now, each cleaned.
    #[must_use]
    pub fn differences(&self, now: &Self, subject: &Subject) -> Vec<String> {
        let name = subject.to_string();
        let mut found = Vec::new();
        match (&self.model, &now.model) {
            (Some(then), Some(now)) if then != now => {
                found.push(format!("{name} was deleted and made again"))
            }
            (Some(_), None) => found.push(format!("{name} is gone")),
            (None, Some(_)) => found.push(format!("{name} is there now")),
            _ => {}
        }
        for (number, then) in &self.versions {
            match now.versions.get(number) {
                Some(now) => found.extend(
                    then.differences(now)
                        .map(|what| format!("{name}/{number}: {what}")),
                ),
                None => found.push(format!("{name}/{number} is gone")),
            }
        }
        found.extend(
            now.versions
                .keys()
                .filter(|number| !self.versions.contains_key(number))
                .map(|number| format!("{name}/{number} is new")),
        );
        match (&self.run, &now.run) {
            (Some(then), Some(now)) => found.extend(then.differences(now)),
            (Some(run), None) => found.push(format!("run {} is gone", run.id.short())),
            (None, Some(run)) => found.push(format!("run {} is there now", run.id.short())),
            (None, None) => {}
        }
        for (id, then) in &self.runs {
            match now.runs.get(id) {
                Some(now) => found.extend(then.differences(now)),
                None => found.push(format!("run {} is gone", id.short())),
            }
        }
        found.extend(
            now.runs
                .keys()
                .filter(|id| !self.runs.contains_key(*id))
                .map(|id| format!("run {} is there now", id.short())),
        );
        found
    }

    pub(super) fn feed(&self, digest: &mut Digest) {
        digest
            .number(self.model.as_ref().map(|_| 1))
            .number(self.model.as_ref().and_then(|model| model.created));
        digest.text(&self.versions.len().to_string());
        for (number, facts) in &self.versions {
            digest
                .text(&number.to_string())
                .number(facts.created)
                .text(facts.source.raw())
                .text(facts.run.raw());
            digest
                .text(facts.status.raw())
                .text(facts.stage.raw())
                .text(&facts.tags);
        }
        digest.number(self.run.as_ref().map(|_| 1));
        if let Some(run) = &self.run {
            run.feed(digest);
        }
        digest.text(&self.runs.len().to_string());
        for dependents in self.runs.values() {
            dependents.run.feed(digest);
            digest.text(&dependents.versions.len().to_string());
            for (label, places) in &dependents.versions {
                digest.text(label.raw()).text(places.raw());
            }
        }
    }
}

impl VersionFacts {
    /// The facts of a version.
    #[must_use]
    pub fn of(version: &ModelVersion) -> Self {
        Self {
            created: version.creation_time,
            source: version.source.clone(),
            run: version.run_id.clone(),
            status: version.status.as_str().into(),
            stage: version.stage_text.clone(),
            tags: tags_digest(&version.tags),
        }
    }

    /// Whether it is the same version, whatever changed about it. A deletion that raced with a move overwrites
    /// source and run, so those count, too.
    #[must_use]
    pub fn is_same_version(&self, other: &Self) -> bool {
        (self.created, &self.source, &self.run) == (other.created, &other.source, &other.run)
    }

    fn differences(&self, now: &Self) -> impl Iterator<Item = String> {
        let other_word = (self.status != now.status)
            .then(|| format!("is {} now, not {}", now.status.clean(), self.status.clean()));
        let changed = [
            (
                self.created != now.created,
                "another version of that number",
            ),
            (self.source != now.source, "its source changed"),
            (self.run != now.run, "its run changed"),
            (self.tags != now.tags, "its tags changed"),
        ];
        changed
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, what)| what.to_owned())
            .chain(other_word)
    }
}

impl Dependents {
    /// What is known of a run.
    #[must_use]
    pub fn of(read: &RunReading) -> Self {
        let versions = read.versions.iter().map(|version| {
            let label = format!("{}/{}", version.name.raw(), version.version);
            (label.into(), version.places().join(", ").into())
        });
        Self {
            run: RunFacts::of(&read.run),
            versions: versions.collect(),
        }
    }

    fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = self.run.differences(&now.run);
        for (label, held) in &self.versions {
            match now.versions.get(label) {
                None => found.push(format!("{} is gone", label.clean())),
                Some(holds) if holds != held => {
                    found.push(format!("{} holds {} now", label.clean(), or_nothing(holds)))
                }
                Some(_) => {}
            }
        }
        let is_new = |label: &&Untrusted| !self.versions.contains_key(*label);
        let name = self.run.id.short();
        found.extend(
            now.versions
                .keys()
                .filter(is_new)
                .map(|label| format!("{} was made from run {name}", label.clean())),
        );
        found
    }
}

fn or_nothing(places: &Untrusted) -> String {
    if places.is_empty() {
        "no place".to_owned()
    } else {
        places.clean().into_owned()
    }
}

impl RunFacts {
    /// The facts of a run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let metrics = (run.status != RunStatus::Running).then(|| {
            let mut metrics: Vec<_> = run
                .metrics
                .iter()
                .map(|metric| (metric.key.raw(), metric.value.get().to_bits()))
                .collect();
            metrics.sort_unstable();
            let mut digest = Digest::new();
            for (key, bits) in metrics {
                digest.text(key).text(&bits.to_string());
            }
            digest.hex()
        });
        Self {
            id: run.id.clone(),
            status: run.status.as_str().into(),
            lifecycle: run.lifecycle.as_str().into(),
            metrics,
        }
    }

    fn feed(&self, digest: &mut Digest) {
        digest
            .text(self.id.raw())
            .text(&self.status)
            .text(&self.lifecycle)
            .text(self.metrics.as_deref().unwrap_or("going on"));
    }

    fn differences(&self, now: &Self) -> Vec<String> {
        let name = self.id.short();
        if self.id != now.id {
            return vec![format!("the run is {}, not {name}", now.id.short())];
        }
        let words = [
            (&self.status, &now.status),
            (&self.lifecycle, &now.lifecycle),
        ];
        let words = words
            .into_iter()
            .filter(|(then, now)| then != now)
            .map(|(then, now)| format!("run {name} is {now} now, not {then}"));
        words
            .chain(
                (self.metrics != now.metrics).then(|| format!("the metrics of run {name} changed")),
            )
            .collect()
    }
}

fn tags_digest(tags: &[Pair]) -> String {
    let mut tags: Vec<_> = tags
        .iter()
        .map(|tag| (tag.key.raw(), tag.value.raw()))
        .collect();
    tags.sort_unstable();
    let mut digest = Digest::new();
    for (key, value) in tags {
        digest.text(key).text(value);
    }
    digest.hex()
}
