//! What a person wants, in the domain's words.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Decision, PreparedReview, Undo};
use crate::domain::{Alias, ModelName, RunId, Slot, Stage, VersionNumber};
use crate::text::Untrusted;

/// What a person wants done to the registry, or to runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "intent", rename_all = "snake_case")]
pub enum Intent {
    /// Register a run's model as a new version.
    Register {
        /// The run.
        run: RunId,
        /// Where the model is: `runs:/ID/path` or `models:/m-ID`.
        source: Untrusted,
        /// As which model; made when it is not there yet.
        model: ModelName,
        /// Also when this run and source are registered already.
        #[serde(rename = "again")]
        allow_duplicate: bool,
        /// The deleted version in whose place it is made: nothing brings that one back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[serde(rename = "instead_of")]
        replaces: Option<VersionNumber>,
    },
    /// Move a version to a stage.
    #[serde(rename = "move")]
    TransitionStage {
        /// The model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
        /// Where to.
        to: Stage,
        /// Whether the versions that are there now are archived.
        archive_existing: bool,
    },
    /// Give an alias to a version.
    SetAlias {
        /// The model.
        model: ModelName,
        /// The alias.
        alias: Alias,
        /// The version.
        version: VersionNumber,
    },
    /// Take an alias away.
    RemoveAlias {
        /// The model.
        model: ModelName,
        /// The alias.
        alias: Alias,
    },
    /// Say whether a version may hold a place.
    Review {
        /// The model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
        /// The place.
        #[serde(rename = "to")]
        slot: Slot,
        /// Whether it may.
        decision: Decision,
        /// The digest of what was seen, in hex.
        #[serde(rename = "seen")]
        facts_digest: String,
        /// Who said so, where it is somebody else's word.
        #[serde(default)]
        prepared: Option<PreparedReview>,
    },
    /// Set or remove a tag of a version.
    Tag {
        /// The model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
        /// The key.
        key: Untrusted,
        /// The value; nothing to remove it.
        value: Option<Untrusted>,
    },
    /// Describe a version, or a model.
    Describe {
        /// The model.
        model: ModelName,
        /// The version; nothing for the model itself.
        version: Option<VersionNumber>,
        /// The text; empty for none.
        text: Untrusted,
    },
    /// Delete a version. MLflow can't undo it.
    #[serde(rename = "delete")]
    DeleteVersion {
        /// The model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
    },
    /// Ask for a version to be moved to a stage, on a server that has such requests.
    #[serde(rename = "request")]
    RequestTransition {
        /// The model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
        /// Where to.
        to: Stage,
    },
    /// Answer somebody's request to move a version: with a yes the server moves it.
    #[serde(rename = "answer")]
    ResolveRequest {
        /// The model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
        /// Where to.
        to: Stage,
        /// Whether it may.
        decision: Decision,
        /// The digest of what was seen, in hex.
        #[serde(rename = "seen")]
        facts_digest: String,
        /// Whether the versions that are there now are archived.
        archive_existing: bool,
    },
    /// Put runs into MLflow's trash.
    DeleteRuns {
        /// The runs.
        runs: Vec<RunId>,
    },
    /// Take runs out of MLflow's trash.
    RestoreRuns {
        /// The runs.
        runs: Vec<RunId>,
    },
    /// Undo a recorded write.
    Undo(Undo),
}

impl Intent {
    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::DeleteRuns { runs } | Self::RestoreRuns { runs } => Subject::Runs(runs.clone()),
            Self::Undo(undo) => undo.subject.clone(),
            Self::Register { model, .. }
            | Self::TransitionStage { model, .. }
            | Self::SetAlias { model, .. }
            | Self::RemoveAlias { model, .. }
            | Self::Review { model, .. }
            | Self::Tag { model, .. }
            | Self::Describe { model, .. }
            | Self::RequestTransition { model, .. }
            | Self::ResolveRequest { model, .. }
            | Self::DeleteVersion { model, .. } => Subject::from(model),
        }
    }

    /// The model that is meant; nothing where it is about runs.
    #[must_use]
    pub fn model(&self) -> Option<&ModelName> {
        match self {
            Self::DeleteRuns { .. } | Self::RestoreRuns { .. } => None,
            Self::Undo(undo) => undo.subject.model(),
            Self::Register { model, .. }
            | Self::TransitionStage { model, .. }
            | Self::SetAlias { model, .. }
            | Self::RemoveAlias { model, .. }
            | Self::Review { model, .. }
            | Self::Tag { model, .. }
            | Self::Describe { model, .. }
            | Self::RequestTransition { model, .. }
            | Self::ResolveRequest { model, .. }
            | Self::DeleteVersion { model, .. } => Some(model),
        }
    }

    /// Whether it is about this model.
    #[must_use]
    pub fn is_about(&self, name: &str) -> bool {
        self.model().is_some_and(|model| model.raw() == name)
    }

    /// The version that is meant, where there is one already.
    #[must_use]
    pub fn version(&self) -> Option<VersionNumber> {
        match self {
            Self::TransitionStage { version, .. }
            | Self::SetAlias { version, .. }
            | Self::Review { version, .. }
            | Self::Tag { version, .. }
            | Self::RequestTransition { version, .. }
            | Self::ResolveRequest { version, .. }
            | Self::DeleteVersion { version, .. } => Some(*version),
            Self::Describe { version, .. } => *version,
            Self::Undo(undo) => undo
                .created_version
                .or_else(|| undo.requests.first().map(|(version, _)| *version)),
            Self::Register { .. }
            | Self::RemoveAlias { .. }
            | Self::DeleteRuns { .. }
            | Self::RestoreRuns { .. } => None,
        }
    }

    /// The run that is meant, for a registration.
    #[must_use]
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Register { run, .. } => Some(run),
            _ => None,
        }
    }
}

impl fmt::Display for Intent {
    /// In words, cleaned: `move iris/3 to Production`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.subject();
        match self {
            Self::Register {
                run,
                replaces: Some(gone),
                ..
            } => {
                write!(
                    f,
                    "register run {} as {name} again, for the deleted {}",
                    run.short(),
                    name.label(*gone)
                )
            }
            Self::Register { run, .. } => write!(f, "register run {} as {name}", run.short()),
            Self::TransitionStage { version, to, .. } => write!(f, "move {name}/{version} to {to}"),
            Self::SetAlias { alias, version, .. } => {
                write!(f, "give @{} to {name}/{version}", alias.clean())
            }
            Self::RemoveAlias { alias, .. } => write!(f, "remove @{} from {name}", alias.clean()),
            Self::Review {
                version,
                slot: to,
                decision,
                ..
            } => write!(f, "{} {name}/{version} for {to}", decision.as_str()),
            Self::Tag {
                version,
                key,
                value: Some(_),
                ..
            } => write!(f, "set tag {} of {name}/{version}", key.clean()),
            Self::Tag {
                version,
                key,
                value: None,
                ..
            } => write!(f, "remove tag {} of {name}/{version}", key.clean()),
            Self::Describe {
                version: Some(version),
                ..
            } => write!(f, "describe {name}/{version}"),
            Self::Describe { version: None, .. } => write!(f, "describe {name}"),
            Self::DeleteVersion { version, .. } => write!(f, "delete {name}/{version}"),
            Self::RequestTransition { version, to, .. } => {
                write!(f, "request {} for {to}", name.label(*version))
            }
            Self::ResolveRequest {
                version,
                to,
                decision,
                ..
            } => {
                write!(
                    f,
                    "{} the request of {} for {to}",
                    decision.as_str(),
                    name.label(*version)
                )
            }
            Self::DeleteRuns { .. } => write!(f, "delete {name}"),
            Self::RestoreRuns { .. } => write!(f, "restore {name}"),
            Self::Undo(undo) => write!(f, "undo: {}", undo.description),
        }
    }
}

/// What an intent is about, and what is read before it is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A registered model, with all its versions.
    Model(ModelName),
    /// Runs, with what was made from them.
    Runs(Vec<RunId>),
}

impl Subject {
    /// The model, where it is one.
    #[must_use]
    pub fn model(&self) -> Option<&ModelName> {
        match self {
            Self::Model(name) => Some(name),
            Self::Runs(_) => None,
        }
    }

    /// The runs, where it is these.
    #[must_use]
    pub fn runs(&self) -> &[RunId] {
        match self {
            Self::Model(_) => &[],
            Self::Runs(runs) => runs,
        }
    }

    /// One of its versions in words, cleaned: `iris/3`.
    #[must_use]
    pub fn label(&self, version: VersionNumber) -> String {
        match self {
            Self::Model(name) => format!("{}/{version}", name.clean()),
            Self::Runs(_) => format!("version {version}"),
        }
    }
}

impl From<&ModelName> for Subject {
    fn from(name: &ModelName) -> Self {
        Self::Model(name.clone())
    }
}

impl fmt::Display for Subject {
    /// In words, cleaned: `iris`, `run 0a1b2c3d`, `3 runs`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(name) => f.write_str(&name.clean()),
            Self::Runs(runs) => match runs.as_slice() {
                [run] => write!(f, "run {}", run.short()),
                several => write!(f, "{} runs", several.len()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::Lifecycle;

    #[test]
    fn intents_of_older_journals_still_load() {
        let undo = r#"{"intent":"undo","entry":"e","model":"iris","what":"w","stages":[["3","Production","None"]],"aliases":[],"created":null}"#;
        let read: Intent = serde_json::from_str(undo).unwrap();
        assert_eq!(read.model(), Some(&"iris".into()));
        let Intent::Undo(undo) = &read else {
            panic!("{read:?}")
        };
        assert_eq!(
            undo.stages,
            [(VersionNumber(3), Stage::Production, Stage::None).into()]
        );
        assert!(undo.metadata.is_empty() && undo.lifecycles.is_empty());
        let register = r#"{"intent":"register","run":"a","source":"runs:/a/model","model":"iris","again":true}"#;
        let read: Intent = serde_json::from_str(register).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), register);
    }

    #[test]
    fn undo_of_runs_round_trips() {
        let runs = Intent::DeleteRuns {
            runs: vec!["a".into(), "b".into()],
        };
        let undo = Intent::Undo(Undo {
            entry_id: "e".into(),
            subject: runs.subject(),
            description: runs.to_string(),
            stages: Vec::new(),
            aliases: Vec::new(),
            created_version: None,
            version_created_at: BTreeMap::new(),
            metadata: Vec::new(),
            lifecycles: vec![("a".into(), Lifecycle::Deleted, Lifecycle::Active).into()],
            requests: Vec::new(),
        });
        let text = serde_json::to_string(&undo).unwrap();
        assert_eq!(serde_json::from_str::<Intent>(&text).unwrap(), undo);
        assert_eq!(
            (undo.model(), undo.to_string().as_str()),
            (None, "undo: delete 2 runs")
        );
    }
}
