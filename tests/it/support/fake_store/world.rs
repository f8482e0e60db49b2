//! What a registry holds, and what each write does to it: MLflow's behaviour as observed on real servers.

use std::collections::BTreeMap;

use frontrunner::domain::run::Pair;
use frontrunner::domain::{
    Fault, FaultKind, Lifecycle, ModelName, ModelVersion, RegisteredModel, RegistryWrite, Run,
    RunId, RunStatus, Stage, TransitionRequest, VersionNumber, VersionStatus,
};
use frontrunner::store::Written;
use frontrunner::text::Untrusted;

/// A registry with one model, and some runs.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub model: Option<RegisteredModel>,
    pub versions: Vec<ModelVersion>,
    pub runs: Vec<Run>,
    /// Whether a new version is pending, as on stores that copy the model.
    pub pending: bool,
    /// Whether a case is about runs: what counts as a reading is then one of its first run, not of the model.
    pub of_runs: bool,
    /// Open requests to move versions, on a server that has such.
    pub requests: Option<Vec<TransitionRequest>>,
    clock: i64,
    last: u64,
}

/// Who holds which place, and which versions carry a mark: what two worlds are compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
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
    pub said: Vec<(u64, String, String)>,
}

impl World {
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
        world.alias("champion", 2);
        world.alias("old", 1);
        world
    }

    /// The same with iris/4, which holds no place.
    pub fn iris_with_a_spare() -> Self {
        let mut world = Self::iris();
        world.add_run("run4");
        world.add_version(4, Stage::None);
        world
    }

    pub fn add_run(&mut self, id: &str) {
        let mut run = Run::bare(id.into(), "1".into());
        run.status = RunStatus::Finished;
        run.artifact_uri = format!("mlflow-artifacts:/1/{id}/artifacts").into();
        run.tags.push(Pair::new(
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
        let version = self.version(number, &format!("runs:/{run}/model"), &run, stage);
        self.last = self.last.max(number);
        self.versions.insert(0, version);
        &mut self.versions[0]
    }

    /// Versions up to this number were made, and some of them deleted: the next one has a higher number.
    pub fn used_up_to(&mut self, number: u64) {
        self.last = self.last.max(number);
    }

    pub fn alias(&mut self, alias: &str, version: u64) {
        let aliases = &mut self.model.as_mut().unwrap().aliases;
        aliases.retain(|(name, _)| name.raw() != alias);
        aliases.push((alias.into(), VersionNumber(version)));
    }

    pub fn stage(&mut self, number: u64, stage: Stage) {
        let version = self
            .versions
            .iter_mut()
            .find(|version| version.version.0 == number)
            .unwrap();
        version.stage = stage;
        version.stage_text = stage.as_str().into();
    }

    /// Deletes the model and makes it again with as many versions as it had: their numbers return.
    pub fn make_again(&mut self) {
        let count = self.versions.len() as u64;
        self.model = None;
        self.versions.clear();
        self.last = 0;
        for number in 1..=count {
            self.add_version(number, Stage::None);
        }
    }

    pub fn places(&self) -> Places {
        Places {
            stages: self
                .versions
                .iter()
                .map(|version| {
                    (
                        version.version.0,
                        (version.stage, version.creation_time, version.is_leftover()),
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
                .requests
                .iter()
                .flatten()
                .map(|request| (request.version.0, request.to))
                .collect(),
            said: self.said(),
        }
    }

    fn said(&self) -> Vec<(u64, String, String)> {
        let is_record = |key: &str| {
            ["frontrunner.log", "frontrunner.last", "frontrunner.intent"]
                .iter()
                .any(|own| key.starts_with(own))
        };
        let is_own = |key: &str| {
            is_record(key)
                || ["frontrunner.by", "frontrunner.at", "frontrunner.reason"].contains(&key)
        };
        let tag = |number: u64, tag: &Pair| {
            (number, tag.key.raw().to_owned(), tag.value.raw().to_owned())
        };
        let tags = self.versions.iter().flat_map(|version| {
            version
                .tags
                .iter()
                .map(move |one| tag(version.version.0, one))
        });
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
        let mut said: Vec<_> = tags
            .filter(|(_, key, _)| !is_own(key))
            .chain(described)
            .collect();
        said.sort();
        said
    }

    /// How many versions carry a mark.
    pub fn marked(&self, id: &str) -> usize {
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
    pub fn apply(&mut self, write: &RegistryWrite) -> Result<Written, Fault> {
        match write {
            RegistryWrite::CreateModel { .. } if self.model.is_some() => {
                return Err(Fault::new(
                    FaultKind::Conflict,
                    "making the model",
                    "RESOURCE_ALREADY_EXISTS",
                ));
            }
            RegistryWrite::CreateModel { name } => self.create_model(name.clone()),
            RegistryWrite::DeleteRun { run } => self.run(run)?.lifecycle = Lifecycle::Deleted,
            RegistryWrite::RestoreRun { run } => self.run(run)?.lifecycle = Lifecycle::Active,
            RegistryWrite::RequestTransition { .. }
            | RegistryWrite::ApproveTransition { .. }
            | RegistryWrite::RejectTransition { .. }
            | RegistryWrite::WithdrawTransition { .. }
                if self.requests.is_none() =>
            {
                return Err(Fault::new(
                    FaultKind::Unsupported,
                    "asking",
                    "ENDPOINT_NOT_FOUND",
                ));
            }
            _ if self.model.is_none() => return Err(missing()),
            RegistryWrite::CreateVersion {
                source,
                run_id,
                tags,
                ..
            } => {
                self.last += 1;
                let mut version = self.version(self.last, source.raw(), run_id.raw(), Stage::None);
                version.tags = tags
                    .iter()
                    .map(|tag| Pair::new(tag.key.clone(), tag.value.clone()))
                    .collect();
                self.versions.insert(0, version);
                return Ok(Written::Version(VersionNumber(self.last)));
            }
            RegistryWrite::DeleteVersion { version, .. } => {
                self.find(*version)?;
                self.versions.retain(|other| other.version != *version);
                self.model
                    .as_mut()
                    .unwrap()
                    .aliases
                    .retain(|(_, holder)| holder != version);
            }
            RegistryWrite::SetVersionTag { version, tag, .. } => {
                let version = self.find(*version)?;
                version.tags.retain(|other| other.key != tag.key);
                version
                    .tags
                    .push(Pair::new(tag.key.clone(), tag.value.clone()));
            }
            RegistryWrite::DeleteVersionTag { version, key, .. } => {
                self.find(*version)?.tags.retain(|tag| tag.key != *key)
            }
            RegistryWrite::Describe {
                version: Some(version),
                text,
                ..
            } => self.find(*version)?.description = text.clone(),
            RegistryWrite::Describe {
                version: None,
                text,
                ..
            } => self.model.as_mut().unwrap().description = text.clone(),
            RegistryWrite::TransitionStage {
                version,
                stage,
                archive_existing,
                ..
            } => {
                self.transition(*version, *stage, *archive_existing)?;
            }
            RegistryWrite::RequestTransition {
                version,
                stage,
                comment,
                ..
            } => {
                self.find(*version)?;
                let (by, at) = ("ada@example.org".into(), Some(self.clock));
                let request = TransitionRequest {
                    version: *version,
                    to: *stage,
                    by,
                    at,
                    comment: comment.clone(),
                };
                self.requests.get_or_insert_default().push(request);
            }
            RegistryWrite::ApproveTransition {
                version,
                stage,
                archive_existing,
                ..
            } => {
                self.close(*version, *stage)?;
                self.transition(*version, *stage, *archive_existing)?;
            }
            RegistryWrite::RejectTransition { version, stage, .. }
            | RegistryWrite::WithdrawTransition { version, stage, .. } => {
                self.close(*version, *stage)?;
            }
            RegistryWrite::SetAlias { alias, version, .. } => {
                self.find(*version)?;
                self.alias(alias.raw(), version.0);
            }
            RegistryWrite::DeleteAlias { alias, .. } => self
                .model
                .as_mut()
                .unwrap()
                .aliases
                .retain(|(name, _)| name != alias),
        }
        Ok(Written::Done)
    }

    fn transition(
        &mut self,
        number: VersionNumber,
        stage: Stage,
        archive: bool,
    ) -> Result<(), Fault> {
        if archive && !matches!(stage, Stage::Staging | Stage::Production) {
            return Err(
                Fault::new(FaultKind::Broken, "moving a version", "INTERNAL_ERROR").maybe_done(),
            );
        }
        self.find(number)?;
        let others: Vec<u64> = self
            .versions
            .iter()
            .filter(|other| archive && other.stage == stage)
            .map(|other| other.version.0)
            .collect();
        for other in others {
            self.stage(other, Stage::Archived);
        }
        self.stage(number.0, stage);
        self.clock += 1;
        self.find(number)?.last_updated_time = Some(self.clock);
        Ok(())
    }

    /// Somebody asks for a version to be moved.
    pub fn ask(&mut self, version: u64, to: Stage, by: &str) {
        let request = TransitionRequest {
            version: VersionNumber(version),
            to,
            by: by.into(),
            at: Some(1),
            comment: "better AUC".into(),
        };
        self.requests.get_or_insert_default().push(request);
    }

    fn close(&mut self, version: VersionNumber, to: Stage) -> Result<(), Fault> {
        let requests = self.requests.get_or_insert_default();
        let at = requests
            .iter()
            .position(|request| request.version == version && request.to == to)
            .ok_or_else(missing)?;
        requests.remove(at);
        Ok(())
    }

    /// A run.
    pub fn run(&mut self, id: &RunId) -> Result<&mut Run, Fault> {
        self.runs
            .iter_mut()
            .find(|run| run.id == *id)
            .ok_or_else(missing)
    }

    fn find(&mut self, number: VersionNumber) -> Result<&mut ModelVersion, Fault> {
        self.versions
            .iter_mut()
            .find(|version| version.version == number)
            .ok_or_else(missing)
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
        });
    }

    fn version(&mut self, number: u64, source: &str, run: &str, stage: Stage) -> ModelVersion {
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
            status: if self.pending {
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

fn missing() -> Fault {
    Fault::new(
        FaultKind::Missing,
        "writing to the registry",
        "RESOURCE_DOES_NOT_EXIST",
    )
}
