//! Preconditions of a plan: the facts it depends on besides the holders of slots. Equal preconditions and equal states have
//! equal fingerprints; differences are described in changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::field_hasher::FieldHasher;
use super::{RegistrySnapshot, RunSnapshot, Subject};
use crate::domain::run::KeyValue;
use crate::domain::{Millis, ModelVersion, Run, RunId, RunStatus, VersionNumber};
use crate::text::Untrusted;

/// Facts that must not change between plan and write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preconditions {
    /// `None` if the model does not exist.
    pub model: Option<ModelPrecondition>,
    /// Every version of the model.
    pub versions: BTreeMap<VersionNumber, VersionPrecondition>,
    /// The run to register, or the source run of the version.
    pub run: Option<RunPrecondition>,
    /// The runs of an intent on runs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runs: BTreeMap<RunId, RunDependents>,
}

/// A run to delete or restore, and the versions that depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDependents {
    /// Facts of the run.
    pub run: RunPrecondition,
    /// Versions created from it, `iris/3`, with their slots, `Production, @champion`.
    pub versions: BTreeMap<Untrusted, Untrusted>,
}

/// Identifies a registered model among those that had its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelPrecondition {
    /// Creation time, ms since the epoch.
    #[serde(rename = "created")]
    pub created_at: Option<Millis>,
}

/// Identifies a version among those that had its number, and its other facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionPrecondition {
    /// Creation time, ms since the epoch.
    #[serde(rename = "created")]
    pub created_at: Option<Millis>,
    /// Model URI.
    pub source: Untrusted,
    /// Source run.
    #[serde(rename = "run")]
    pub run_id: RunId,
    /// In MLflow's spelling.
    pub status: Untrusted,
    /// In the store's spelling.
    #[serde(rename = "stage")]
    pub stage_text: Untrusted,
    /// Digest of its tags, reviews and records included: tag values stay out of the journal.
    #[serde(rename = "tags")]
    pub tags_digest: String,
}

/// Facts of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPrecondition {
    /// Run id.
    pub id: RunId,
    /// In MLflow's spelling.
    pub status: String,
    /// In MLflow's spelling.
    pub lifecycle: String,
    /// Digest of its metrics; `None` for a running run, whose metrics keep changing.
    #[serde(rename = "metrics")]
    pub metrics_digest: Option<String>,
}

impl Preconditions {
    /// The preconditions of a plan on this snapshot.
    #[must_use]
    pub fn from_snapshot(snapshot: &RegistrySnapshot) -> Self {
        Self {
            model: snapshot.model.as_ref().map(|model| ModelPrecondition {
                created_at: model.creation_time,
            }),
            versions: snapshot
                .versions
                .iter()
                .map(|version| (version.version, VersionPrecondition::from_version(version)))
                .collect(),
            run: snapshot.run.as_ref().map(RunPrecondition::from_run),
            runs: snapshot
                .runs
                .iter()
                .map(|read| (read.run.id.clone(), RunDependents::from_snapshot(read)))
                .collect(),
        }
    }

    /// Differences to `now`, cleaned.
    #[must_use]
    pub fn differences(&self, now: &Self, subject: &Subject) -> Vec<String> {
        let name = subject.to_string();
        let mut found = Vec::new();
        match (&self.model, &now.model) {
            (Some(then), Some(now)) if then != now => {
                found.push(format!("{name} was deleted and created again"));
            }
            (Some(_), None) => found.push(format!("{name} no longer exists")),
            (None, Some(_)) => found.push(format!("{name} now exists")),
            _ => {}
        }
        for (number, then) in &self.versions {
            match now.versions.get(number) {
                Some(now) => found.extend(
                    then.differences(now)
                        .map(|what| format!("{name}/{number}: {what}")),
                ),
                None => found.push(format!("{name}/{number} no longer exists")),
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
            (Some(run), None) => found.push(format!("run {} no longer exists", run.id.short())),
            (None, Some(run)) => found.push(format!("run {} now exists", run.id.short())),
            (None, None) => {}
        }
        for (id, then) in &self.runs {
            match now.runs.get(id) {
                Some(now) => found.extend(then.differences(now)),
                None => found.push(format!("run {} no longer exists", id.short())),
            }
        }
        found.extend(
            now.runs
                .keys()
                .filter(|id| !self.runs.contains_key(*id))
                .map(|id| format!("run {} now exists", id.short())),
        );
        found
    }

    pub(super) fn hash_into(&self, digest: &mut FieldHasher) {
        digest
            .write_opt_i64(self.model.as_ref().map(|_| 1))
            .write_opt_i64(self.model.as_ref().and_then(|model| model.created_at));
        digest.write_str(&self.versions.len().to_string());
        for (number, facts) in &self.versions {
            digest
                .write_str(&number.to_string())
                .write_opt_i64(facts.created_at)
                .write_str(facts.source.raw())
                .write_str(facts.run_id.raw());
            digest
                .write_str(facts.status.raw())
                .write_str(facts.stage_text.raw())
                .write_str(&facts.tags_digest);
        }
        digest.write_opt_i64(self.run.as_ref().map(|_| 1));
        if let Some(run) = &self.run {
            run.hash_into(digest);
        }
        digest.write_str(&self.runs.len().to_string());
        for dependents in self.runs.values() {
            dependents.run.hash_into(digest);
            digest.write_str(&dependents.versions.len().to_string());
            for (label, slots) in &dependents.versions {
                digest.write_str(label.raw()).write_str(slots.raw());
            }
        }
    }
}

impl VersionPrecondition {
    /// Its facts in the registry.
    #[must_use]
    pub fn from_version(version: &ModelVersion) -> Self {
        Self {
            created_at: version.creation_time,
            source: version.source.clone(),
            run_id: version.run_id.clone(),
            status: version.status.as_str().into(),
            stage_text: version.stage_text.clone(),
            tags_digest: hash_tags(&version.tags),
        }
    }

    /// Whether it is the same version, whatever else changed. A deletion that races with a transition overwrites source and run,
    /// so these are compared, too.
    #[must_use]
    pub fn is_same_version(&self, other: &Self) -> bool {
        (self.created_at, &self.source, &self.run_id)
            == (other.created_at, &other.source, &other.run_id)
    }

    fn differences(&self, now: &Self) -> impl Iterator<Item = String> {
        let other_word = (self.status != now.status).then(|| {
            format!(
                "its status is {}, not {}",
                now.status.clean(),
                self.status.clean()
            )
        });
        let changed = [
            (self.created_at != now.created_at, "it was created again"),
            (self.source != now.source, "its source changed"),
            (self.run_id != now.run_id, "its run changed"),
            (self.tags_digest != now.tags_digest, "its tags changed"),
        ];
        changed
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, what)| what.to_owned())
            .chain(other_word)
    }
}

impl RunDependents {
    /// Its facts in the store.
    #[must_use]
    pub fn from_snapshot(read: &RunSnapshot) -> Self {
        let versions = read.versions.iter().map(|version| {
            let label = format!("{}/{}", version.name.raw(), version.version);
            (label.into(), version.slot_names().join(", ").into())
        });
        Self {
            run: RunPrecondition::from_run(&read.run),
            versions: versions.collect(),
        }
    }

    fn differences(&self, now: &Self) -> Vec<String> {
        let mut found = self.run.differences(&now.run);
        for (label, slots) in &self.versions {
            match now.versions.get(label) {
                None => found.push(format!("{} no longer exists", label.clean())),
                Some(slots_now) if slots_now != slots => found.push(format!(
                    "{} now slots_now {}",
                    label.clean(),
                    slots_or_none(slots_now)
                )),
                Some(_) => {}
            }
        }
        let is_new = |label: &&Untrusted| !self.versions.contains_key(*label);
        let name = self.run.id.short();
        found.extend(
            now.versions
                .keys()
                .filter(is_new)
                .map(|label| format!("{} was created from run {name}", label.clean())),
        );
        found
    }
}

fn slots_or_none(slots: &Untrusted) -> String {
    if slots.is_empty() {
        "no slot".to_owned()
    } else {
        slots.clean().into_owned()
    }
}

impl RunPrecondition {
    /// Its facts in the store.
    #[must_use]
    pub fn from_run(run: &Run) -> Self {
        let metrics_digest = (run.status != RunStatus::Running).then(|| {
            let mut metrics: Vec<_> = run
                .metrics
                .iter()
                .map(|metric| (metric.key.raw(), metric.value.get().to_bits()))
                .collect();
            metrics.sort_unstable();
            let mut digest = FieldHasher::new();
            for (key, bits) in metrics {
                digest.write_str(key).write_str(&bits.to_string());
            }
            digest.finish_hex()
        });
        Self {
            id: run.id.clone(),
            status: run.status.as_str().into(),
            lifecycle: run.lifecycle.as_str().into(),
            metrics_digest,
        }
    }

    fn hash_into(&self, digest: &mut FieldHasher) {
        digest
            .write_str(self.id.raw())
            .write_str(&self.status)
            .write_str(&self.lifecycle)
            .write_str(self.metrics_digest.as_deref().unwrap_or("going on"));
    }

    fn differences(&self, now: &Self) -> Vec<String> {
        let name = self.id.short();
        if self.id != now.id {
            return vec![format!("the run is {}, not {name}", now.id.short())];
        }
        let changes = [
            (&self.status, &now.status),
            (&self.lifecycle, &now.lifecycle),
        ];
        let changes = changes
            .into_iter()
            .filter(|(then, now)| then != now)
            .map(|(then, now)| format!("run {name} is {now}, not {then}"));
        changes
            .chain(
                (self.metrics_digest != now.metrics_digest)
                    .then(|| format!("the metrics of run {name} changed")),
            )
            .collect()
    }
}

fn hash_tags(tags: &[KeyValue]) -> String {
    let mut tags: Vec<_> = tags
        .iter()
        .map(|tag| (tag.key.raw(), tag.value.raw()))
        .collect();
    tags.sort_unstable();
    let mut digest = FieldHasher::new();
    for (key, value) in tags {
        digest.write_str(key).write_str(value);
    }
    digest.finish_hex()
}
