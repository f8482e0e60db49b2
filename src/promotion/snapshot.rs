//! Registry snapshots: what plans are made from and verified against.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::field_hasher::FieldHasher;
use super::{Preconditions, RegistryState, Subject};
use crate::domain::run::find_value;
use crate::domain::{
    KeyValue, MetadataField, MetadataOwner, ModelName, ModelVersion, RUN_DESCRIPTION_TAG,
    RegisteredModel, Run, RunId, Stage, TransitionRequest, VersionNumber,
};
use crate::text::Untrusted;

/// One registered model with its versions and the run of interest, or runs.
#[derive(Clone, Debug, PartialEq)]
pub struct RegistrySnapshot {
    /// Identity of the store.
    pub origin: String,
    /// What was requested.
    pub subject: Subject,
    /// `None` if it does not exist.
    pub model: Option<RegisteredModel>,
    /// Every version, newest first.
    pub versions: Vec<ModelVersion>,
    /// The run to register, or the source run of the version.
    pub run: Option<Run>,
    /// The requested runs that exist.
    pub runs: Vec<RunSnapshot>,
    /// Models with a name confusable with the requested one, if that one does not exist.
    pub confusable_models: Vec<ModelName>,
    /// Open transition requests of the version; `None` if the store has none of these.
    pub requests: Option<Vec<TransitionRequest>>,
    /// What is at the source to register.
    pub source_check: SourceCheck,
}

/// What is at the source of a registration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SourceCheck {
    /// Not a registration, or a source outside of runs and logged models.
    #[default]
    Unchecked,
    /// A model.
    Model,
    /// A model whose files are outside of MLflow, which cannot load it.
    ExternalModel,
    /// No model, and why, cleaned.
    NoModel(String),
    /// It could not be read, and why, cleaned.
    Unreadable(String),
}

/// A run and what depends on it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSnapshot {
    /// As read.
    pub run: Run,
    /// Versions created from it, with their aliases.
    pub versions: Vec<ModelVersion>,
    /// Its nested runs.
    pub nested: Vec<RunId>,
}

/// SHA-256 in hex of everything that a plan depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl Fingerprint {
    /// The first eight characters, for display.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

static NO_NAME: LazyLock<ModelName> = LazyLock::new(ModelName::default);

impl RegistrySnapshot {
    /// Snapshot of a model without runs and requests.
    #[must_use]
    pub fn for_model(
        origin: &str,
        name: &ModelName,
        model: Option<RegisteredModel>,
        versions: Vec<ModelVersion>,
    ) -> Self {
        let (origin, subject) = (origin.to_owned(), Subject::from(name));
        Self {
            origin,
            subject,
            model,
            versions,
            run: None,
            runs: Vec::new(),
            confusable_models: Vec::new(),
            requests: None,
            source_check: SourceCheck::Unchecked,
        }
    }

    /// Name of the requested model; empty for runs.
    #[must_use]
    pub fn model_name(&self) -> &ModelName {
        self.subject.model().unwrap_or(&NO_NAME)
    }

    /// The oldest open request to move a version to a stage.
    #[must_use]
    pub fn open_request(&self, version: VersionNumber, to: Stage) -> Option<&TransitionRequest> {
        let open = self
            .requests
            .iter()
            .flatten()
            .filter(|request| request.version == version && request.to_stage == to);
        open.min_by_key(|request| request.requested_at)
    }

    /// One of the requested runs.
    #[must_use]
    pub fn run_snapshot(&self, id: &RunId) -> Option<&RunSnapshot> {
        self.runs.iter().find(|read| read.run.id == *id)
    }

    /// Whether what has a description and tags exists.
    #[must_use]
    pub fn has(&self, owner: &MetadataOwner) -> bool {
        match owner {
            MetadataOwner::Version { version, .. } => self.version(*version).is_some(),
            MetadataOwner::Model { .. } => self.model.is_some(),
            MetadataOwner::Run { run } => self.run_snapshot(run).is_some(),
        }
    }

    /// The tags of a model, version or run.
    #[must_use]
    pub fn tags(&self, owner: &MetadataOwner) -> &[KeyValue] {
        match owner {
            MetadataOwner::Version { version, .. } => self.version(*version).map(|v| &v.tags),
            MetadataOwner::Model { .. } => self.model.as_ref().map(|model| &model.tags),
            MetadataOwner::Run { run } => self.run_snapshot(run).map(|read| &read.run.tags),
        }
        .map_or(&[], Vec::as_slice)
    }

    /// A description, name or tag; an empty description or name is `None`.
    #[must_use]
    pub fn metadata(&self, owner: &MetadataOwner, field: &MetadataField) -> Option<Untrusted> {
        let tag = |key: &str| find_value(self.tags(owner), key).cloned();
        let text = match (field, owner) {
            (MetadataField::Tag { key }, _) => return tag(key.raw()),
            (MetadataField::Description, MetadataOwner::Version { version, .. }) => {
                Some(self.version(*version)?.description.clone())
            }
            (MetadataField::Description, MetadataOwner::Model { .. }) => {
                Some(self.model.as_ref()?.description.clone())
            }
            (MetadataField::Description, MetadataOwner::Run { .. }) => tag(RUN_DESCRIPTION_TAG),
            (MetadataField::Name, MetadataOwner::Run { run }) => {
                Some(self.run_snapshot(run)?.run.name.clone())
            }
            (MetadataField::Name, _) => None,
        };
        text.filter(|text| !text.is_empty())
    }

    /// Holders of slots, lifecycles of runs, open requests.
    #[must_use]
    pub fn state(&self) -> RegistryState {
        RegistryState {
            stages: self.versions.iter().map(|v| (v.version, v.stage)).collect(),
            aliases: self
                .model
                .iter()
                .flat_map(|model| model.aliases.iter().cloned())
                .collect(),
            runs: self
                .runs
                .iter()
                .map(|read| (read.run.id.clone(), read.run.lifecycle))
                .collect(),
            requests: self
                .requests
                .iter()
                .flatten()
                .map(|request| (request.version, request.to_stage))
                .collect(),
        }
    }

    /// The version with this number.
    #[must_use]
    pub fn version(&self, number: VersionNumber) -> Option<&ModelVersion> {
        self.versions
            .iter()
            .find(|version| version.version == number)
    }

    /// Digest of the snapshot, without times of last change: MLflow sets them on a transition to the current stage, but not on a
    /// change of an alias.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut digest = FieldHasher::new();
        digest
            .write_str(&self.origin)
            .write_str(self.model_name().raw());
        Preconditions::from_snapshot(self).hash_into(&mut digest);
        let state = self.state();
        for (version, stage) in &state.stages {
            digest
                .write_str(&version.to_string())
                .write_str(stage.as_str());
        }
        digest.write_str(&state.aliases.len().to_string());
        for (alias, version) in &state.aliases {
            digest
                .write_str(alias.raw())
                .write_str(&version.to_string());
        }
        for (version, stage) in &state.requests {
            digest
                .write_str("asked")
                .write_str(&version.to_string())
                .write_str(stage.as_str());
        }
        Fingerprint(digest.finish_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_registry;
    use super::*;
    use crate::domain::run::KeyValue;
    use crate::domain::{Lifecycle, Metric, MetricValue, RunStatus, Stage, VersionStatus};

    type Mutation = (&'static str, fn(&mut RegistrySnapshot));

    /// Changes by other users between a plan and its first write.
    const MUTATIONS: [Mutation; 17] = [
        ("another store", |r| r.origin.push('x')),
        ("the model is gone", |r| r.model = None),
        ("the model was made again", |r| {
            r.model.as_mut().unwrap().creation_time = Some(77);
        }),
        ("an alias moved", |r| {
            r.model.as_mut().unwrap().aliases[0].1 = VersionNumber(3);
        }),
        ("an alias is gone", |r| {
            r.model.as_mut().unwrap().aliases.clear();
        }),
        ("an alias is new", |r| {
            r.model
                .as_mut()
                .unwrap()
                .aliases
                .push(("champion ".into(), VersionNumber(1)));
        }),
        ("a stage changed", |r| r.versions[0].stage = Stage::Archived),
        ("a version was made again", |r| {
            r.versions[0].creation_time = Some(77);
        }),
        ("a source changed", |r| {
            r.versions[0].source = "REDACTED-SOURCE-PATH".into();
        }),
        ("a run changed", |r| r.versions[0].run_id = "other".into()),
        ("a status changed", |r| {
            r.versions[0].status = VersionStatus::Pending;
        }),
        ("a tag is new", |r| {
            r.versions[0]
                .tags
                .push(KeyValue::new("frontrunner.approval.x", "yes"));
        }),
        ("a version is gone", |r| drop(r.versions.remove(0))),
        ("a version is new", |r| {
            r.versions.push(test_registry::version(4, Stage::None));
        }),
        ("the run failed", |r| {
            r.run.as_mut().unwrap().status = RunStatus::Failed;
        }),
        ("the run was deleted", |r| {
            r.run.as_mut().unwrap().lifecycle = Lifecycle::Deleted;
        }),
        ("a metric changed", |r| {
            let metric = Metric {
                key: "acc".into(),
                value: MetricValue::new(f64::NAN),
                timestamp: 0,
                step: 0,
            };
            r.run.as_mut().unwrap().metrics.push(metric);
        }),
    ];

    #[test]
    fn concurrent_changes_alter_the_fingerprint_and_are_reported() {
        let before = test_registry::snapshot();
        for (what, mutate) in MUTATIONS {
            let mut now = before.clone();
            mutate(&mut now);
            assert_ne!(now.fingerprint(), before.fingerprint(), "{what}");
            let is_reported = !Preconditions::from_snapshot(&before)
                .differences(&Preconditions::from_snapshot(&now), &now.subject)
                .is_empty()
                || now.state() != before.state();
            assert!(is_reported || now.origin != before.origin, "{what}");
        }
    }

    #[test]
    fn irrelevant_changes_keep_the_fingerprint() {
        let before = test_registry::snapshot();
        let mut now = before.clone();
        now.versions.reverse();
        now.versions[0].last_updated_time = Some(99);
        now.versions[0].description = "new words".into();
        let model = now.model.as_mut().unwrap();
        model.last_updated_time = Some(99);
        model.aliases.reverse();
        assert_eq!(now.fingerprint(), before.fingerprint());
        assert_eq!(before.fingerprint().0.len(), 64);
        assert_eq!(before.fingerprint().short().len(), 8);
    }
}
