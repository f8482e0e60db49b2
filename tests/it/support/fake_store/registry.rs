//! What a registry holds, and what each write does to it: MLflow's behaviour as observed on real servers.

use std::collections::BTreeMap;

use frontrunner::domain::run::KeyValue;
use frontrunner::domain::{
    Lifecycle, MetadataField, MetadataOwner, MetadataWrite, ModelName, ModelVersion,
    RegisteredModel, Run, RunId, RunStatus, Stage, StoreError, StoreErrorKind, StoreWrite,
    TransitionRequest, VersionNumber, VersionStatus,
};
use frontrunner::store::WriteResponse;
use frontrunner::text::Untrusted;

/// A registry with one model, and some runs.
#[derive(Clone, Debug, Default)]
pub struct FakeRegistry {
    pub model: Option<RegisteredModel>,
    pub versions: Vec<ModelVersion>,
    pub runs: Vec<Run>,
    /// Whether a new version is pending, as on stores that copy the model.
    pub new_versions_are_pending: bool,
    /// Whether a case is about runs: what counts as a reading is then one of its first run, not of the model.
    pub counts_run_reads: bool,
    /// Open requests to move versions, on a server that has such.
    pub transition_requests: Option<Vec<TransitionRequest>>,
    clock: i64,
    last_version: u64,
}

/// Who holds which place, and which versions carry a mark: what two worlds are compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrySummary {
    /// Each version's stage, when it was made, and whether it is a leftover.
    pub stages: BTreeMap<u64, (Stage, Option<i64>, bool)>,
    pub aliases: BTreeMap<String, u64>,
    /// When each model of the name was made: none or one.
    pub model: Vec<Option<i64>>,
    /// The runs that are there, and whether each is in use.
    pub runs: Vec<(String, Lifecycle)>,
    /// The open requests.
    pub requests: Vec<(u64, Stage)>,
    /// What is said: each version's tags, but for records, and every description.
    pub metadata: Vec<(u64, String, String)>,
}

impl FakeRegistry {
    /// An empty registry with one finished run.
    pub fn new() -> Self {
        let mut world = Self {
            clock: 1_000,
            ..Self::default()
        };
        world.add_run("run9");
        world
    }

    /// iris/1 put away, iris/2 the champion in Production, iris/3 in Staging.
    pub fn iris() -> Self {
        let mut world = Self::new();
        for (number, stage) in [
            (1, Stage::Archived),
            (2, Stage::Production),
            (3, Stage::Staging),
        ] {
            world.add_run(&format!("run{number}"));
            world.add_version(number, stage);
        }
        world.set_alias("champion", 2);
        world.set_alias("old", 1);
        world
    }

    /// The same with iris/4, which holds no place.
    pub fn iris_with_unassigned_version() -> Self {
        let mut world = Self::iris();
        world.add_run("run4");
        world.add_version(4, Stage::None);
        world
    }

    pub fn add_run(&mut self, id: &str) {
        let mut run = Run::bare(id.into(), "1".into());
        run.status = RunStatus::Finished;
        run.artifact_uri = format!("mlflow-artifacts:/1/{id}/artifacts").into();
        run.tags.push(KeyValue::new(
            "mlflow.log-model.history",
            "[{\"artifact_path\": \"model\"}]",
        ));
        self.runs.push(run);
    }

    /// Adds a version, and the model when it is not there.
    pub fn add_version(&mut self, number: u64, stage: Stage) -> &mut ModelVersion {
        if self.model.is_none() {
            self.create_model("iris".into());
        }
        let run = format!("run{number}");
        let version = self.new_version(number, &format!("runs:/{run}/model"), &run, stage);
        self.last_version = self.last_version.max(number);
        self.versions.insert(0, version);
        &mut self.versions[0]
    }

    /// Versions up to this number were made, and some of them deleted: the next one has a higher number.
    pub fn reserve_versions(&mut self, number: u64) {
        self.last_version = self.last_version.max(number);
    }

    pub fn set_alias(&mut self, alias: &str, version: u64) {
        let aliases = &mut self.model.as_mut().unwrap().aliases;
        aliases.retain(|(name, _)| name.raw() != alias);
        aliases.push((alias.into(), VersionNumber(version)));
    }

    pub fn set_stage(&mut self, number: u64, stage: Stage) {
        let version = self
            .versions
            .iter_mut()
            .find(|version| version.version.0 == number)
            .unwrap();
        version.stage = stage;
        version.stage_text = stage.as_str().into();
    }

    /// Deletes the model and makes it again with as many versions as it had: their numbers return.
    pub fn recreate_model(&mut self) {
        let count = self.versions.len() as u64;
        self.model = None;
        self.versions.clear();
        self.last_version = 0;
        for number in 1..=count {
            self.add_version(number, Stage::None);
        }
    }

    pub fn summary(&self) -> RegistrySummary {
        RegistrySummary {
            stages: self
                .versions
                .iter()
                .map(|version| {
                    (
                        version.version.0,
                        (
                            version.stage,
                            version.creation_time,
                            version.is_half_deleted(),
                        ),
                    )
                })
                .collect(),
            aliases: self
                .model
                .iter()
                .flat_map(|model| &model.aliases)
                .map(|(alias, version)| (alias.raw().to_owned(), version.0))
                .collect(),
            model: self.model.iter().map(|model| model.creation_time).collect(),
            runs: self
                .runs
                .iter()
                .map(|run| (run.id.raw().to_owned(), run.lifecycle))
                .collect(),
            requests: self
                .transition_requests
                .iter()
                .flatten()
                .map(|request| (request.version.0, request.to_stage))
                .collect(),
            metadata: self.metadata(),
        }
    }

    fn metadata(&self) -> Vec<(u64, String, String)> {
        let is_record = |key: &str| {
            ["frontrunner.log", "frontrunner.last", "frontrunner.intent"]
                .iter()
                .any(|own| key.starts_with(own))
        };
        let is_own = |key: &str| {
            is_record(key)
                || ["frontrunner.by", "frontrunner.at", "frontrunner.reason"].contains(&key)
        };
        let tag = |number: u64, tag: &KeyValue| {
            (number, tag.key.raw().to_owned(), tag.value.raw().to_owned())
        };
        let tags = self.versions.iter().flat_map(|version| {
            version
                .tags
                .iter()
                .map(move |one| tag(version.version.0, one))
        });
        let others = self
            .model
            .iter()
            .map(|model| (0, &model.tags))
            .chain(self.runs.iter().map(|run| (u64::MAX, &run.tags)));
        let tags = tags
            .chain(others.flat_map(|(number, tags)| tags.iter().map(move |one| tag(number, one))));
        let model = self
            .model
            .iter()
            .map(|model| (0, model.description.clone()));
        let described = self
            .versions
            .iter()
            .map(|version| (version.version.0, version.description.clone()))
            .chain(model);
        let described = described
            .filter(|(_, text)| !text.is_empty())
            .map(|(number, text)| (number, "described".to_owned(), text.raw().to_owned()));
        let mut metadata: Vec<_> = tags
            .filter(|(_, key, _)| !is_own(key))
            .chain(described)
            .collect();
        metadata.sort();
        metadata
    }

    /// How many versions carry a mark.
    pub fn count_by_intent_tag(&self, id: &str) -> usize {
        self.versions
            .iter()
            .filter(|version| {
                version
                    .tag("frontrunner.intent")
                    .is_some_and(|mark| mark.raw() == id)
            })
            .count()
    }

    /// Does what a write asks for, or refuses it.
    pub fn apply(&mut self, write: &StoreWrite) -> Result<WriteResponse, StoreError> {
        match write {
            StoreWrite::CreateModel { .. } if self.model.is_some() => {
                return Err(StoreError::new(
                    StoreErrorKind::Conflict,
                    "making the model",
                    "RESOURCE_ALREADY_EXISTS",
                ));
            }
            StoreWrite::CreateModel { name } => self.create_model(name.clone()),
            StoreWrite::DeleteRun { run } => self.run_mut(run)?.lifecycle = Lifecycle::Deleted,
            StoreWrite::RestoreRun { run } => self.run_mut(run)?.lifecycle = Lifecycle::Active,
            StoreWrite::RequestTransition { .. }
            | StoreWrite::ApproveTransition { .. }
            | StoreWrite::RejectTransition { .. }
            | StoreWrite::WithdrawTransition { .. }
                if self.transition_requests.is_none() =>
            {
                return Err(StoreError::new(
                    StoreErrorKind::Unsupported,
                    "asking",
                    "ENDPOINT_NOT_FOUND",
                ));
            }
            write if self.model.is_none() && !write.is_of_run() => return Err(not_found()),
            StoreWrite::CreateVersion {
                source,
                run_id,
                tags,
                ..
            } => {
                self.last_version += 1;
                let mut version =
                    self.new_version(self.last_version, source.raw(), run_id.raw(), Stage::None);
                version.tags = tags
                    .iter()
                    .map(|tag| KeyValue::new(tag.key.clone(), tag.value.clone()))
                    .collect();
                self.versions.insert(0, version);
                return Ok(WriteResponse::CreatedVersion(VersionNumber(
                    self.last_version,
                )));
            }
            StoreWrite::DeleteVersion { version, .. } => {
                self.version_mut(*version)?;
                self.versions.retain(|other| other.version != *version);
                self.model
                    .as_mut()
                    .unwrap()
                    .aliases
                    .retain(|(_, holder)| holder != version);
            }
            StoreWrite::Metadata(write) => self.set_metadata(write)?,
            StoreWrite::TransitionStage {
                version,
                stage,
                archive_existing,
                ..
            } => {
                self.transition(*version, *stage, *archive_existing)?;
            }
            StoreWrite::RequestTransition {
                version,
                stage,
                comment,
                ..
            } => {
                self.version_mut(*version)?;
                let (by, at) = ("ada@example.org".into(), Some(self.clock));
                let request = TransitionRequest {
                    version: *version,
                    to_stage: *stage,
                    requested_by: by,
                    requested_at: at,
                    comment: comment.clone(),
                };
                self.transition_requests
                    .get_or_insert_default()
                    .push(request);
            }
            StoreWrite::ApproveTransition {
                version,
                stage,
                archive_existing,
                ..
            } => {
                self.remove_request(*version, *stage)?;
                self.transition(*version, *stage, *archive_existing)?;
            }
            StoreWrite::RejectTransition { version, stage, .. }
            | StoreWrite::WithdrawTransition { version, stage, .. } => {
                self.remove_request(*version, *stage)?;
            }
            StoreWrite::SetAlias { alias, version, .. } => {
                self.version_mut(*version)?;
                self.set_alias(alias.raw(), version.0);
            }
            StoreWrite::DeleteAlias { alias, .. } => self
                .model
                .as_mut()
                .unwrap()
                .aliases
                .retain(|(name, _)| name != alias),
        }
        Ok(WriteResponse::Done)
    }

    fn set_metadata(&mut self, write: &MetadataWrite) -> Result<(), StoreError> {
        let text = Untrusted::from(write.text());
        let (description, tags) = match &write.owner {
            MetadataOwner::Version { version, .. } => {
                let version = self.version_mut(*version)?;
                (Some(&mut version.description), &mut version.tags)
            }
            MetadataOwner::Model { .. } => {
                let model = self.model.as_mut().ok_or_else(not_found)?;
                (Some(&mut model.description), &mut model.tags)
            }
            MetadataOwner::Run { run } => {
                let run = self.run_mut(run)?;
                if write.field == MetadataField::Name {
                    run.name = text.clone();
                }
                (None, &mut run.tags)
            }
        };
        match (write.tag_key(), description) {
            (Some(key), _) => {
                tags.retain(|tag| tag.key.raw() != key);
                tags.extend(
                    write
                        .value
                        .iter()
                        .map(|value| KeyValue::new(key, value.clone())),
                );
            }
            (None, Some(description)) => *description = text,
            (None, None) => return Err(not_found()),
        }
        Ok(())
    }

    fn transition(
        &mut self,
        number: VersionNumber,
        stage: Stage,
        archive: bool,
    ) -> Result<(), StoreError> {
        if archive && !matches!(stage, Stage::Staging | Stage::Production) {
            return Err(StoreError::new(
                StoreErrorKind::ServerError,
                "moving a version",
                "INTERNAL_ERROR",
            )
            .with_outcome_unknown());
        }
        self.version_mut(number)?;
        let others: Vec<u64> = self
            .versions
            .iter()
            .filter(|other| archive && other.stage == stage)
            .map(|other| other.version.0)
            .collect();
        for other in others {
            self.set_stage(other, Stage::Archived);
        }
        self.set_stage(number.0, stage);
        self.clock += 1;
        self.version_mut(number)?.last_updated_time = Some(self.clock);
        Ok(())
    }

    /// Somebody asks for a version to be moved.
    pub fn request_transition(&mut self, version: u64, to: Stage, by: &str) {
        let request = TransitionRequest {
            version: VersionNumber(version),
            to_stage: to,
            requested_by: by.into(),
            requested_at: Some(1),
            comment: "better AUC".into(),
        };
        self.transition_requests
            .get_or_insert_default()
            .push(request);
    }

    fn remove_request(&mut self, version: VersionNumber, to: Stage) -> Result<(), StoreError> {
        let requests = self.transition_requests.get_or_insert_default();
        let at = requests
            .iter()
            .position(|request| request.version == version && request.to_stage == to)
            .ok_or_else(not_found)?;
        requests.remove(at);
        Ok(())
    }

    /// A run.
    pub fn run_mut(&mut self, id: &RunId) -> Result<&mut Run, StoreError> {
        self.runs
            .iter_mut()
            .find(|run| run.id == *id)
            .ok_or_else(not_found)
    }

    fn version_mut(&mut self, number: VersionNumber) -> Result<&mut ModelVersion, StoreError> {
        self.versions
            .iter_mut()
            .find(|version| version.version == number)
            .ok_or_else(not_found)
    }

    fn create_model(&mut self, name: ModelName) {
        self.clock += 1;
        self.model = Some(RegisteredModel {
            name,
            creation_time: Some(self.clock),
            last_updated_time: Some(self.clock),
            description: Untrusted::default(),
            tags: Vec::new(),
            aliases: Vec::new(),
            latest_versions: Vec::new(),
            staged_versions: Vec::new(),
        });
    }

    fn new_version(&mut self, number: u64, source: &str, run: &str, stage: Stage) -> ModelVersion {
        self.clock += 1;
        ModelVersion {
            name: self.model.as_ref().unwrap().name.clone(),
            version: VersionNumber(number),
            creation_time: Some(self.clock),
            last_updated_time: Some(self.clock),
            user: Untrusted::default(),
            stage,
            stage_text: stage.as_str().into(),
            description: Untrusted::default(),
            source: source.into(),
            run_id: run.into(),
            status: if self.new_versions_are_pending {
                VersionStatus::Pending
            } else {
                VersionStatus::Ready
            },
            status_message: Untrusted::default(),
            tags: Vec::new(),
            aliases: Vec::new(),
        }
    }
}

fn not_found() -> StoreError {
    StoreError::new(
        StoreErrorKind::NotFound,
        "writing to the registry",
        "RESOURCE_DOES_NOT_EXIST",
    )
}
