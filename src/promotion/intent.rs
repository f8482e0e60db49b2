//! Intents: the changes that a user can ask for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Decision, PreparedReview, Undo};
use crate::domain::{
    Alias, MetadataField, MetadataOwner, ModelName, RunId, Slot, Stage, VersionNumber,
    version_in_source,
};
use crate::text::Untrusted;

/// A change to a registered model, or to runs. The journal holds it: field names on the wire stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "intent", rename_all = "snake_case")]
pub enum Intent {
    /// Register a run's model as a new version.
    Register {
        /// Source run.
        run: RunId,
        /// Model URI: `runs:/ID/path` or `models:/m-ID`.
        source: Untrusted,
        /// Created if it does not exist.
        model: ModelName,
        /// Whether to register a run and source that are already registered.
        #[serde(rename = "again")]
        allow_duplicate: bool,
        /// The deleted version that this one replaces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[serde(rename = "instead_of")]
        replaces: Option<VersionNumber>,
    },
    /// Moves a version to a stage.
    #[serde(rename = "move")]
    TransitionStage {
        /// Registered model.
        model: ModelName,
        /// Version to change.
        version: VersionNumber,
        /// Target stage.
        to: Stage,
        /// Whether to archive the versions in that stage.
        archive_existing: bool,
    },
    /// Points an alias to a version.
    SetAlias {
        /// Registered model.
        model: ModelName,
        /// Without the `@`.
        alias: Alias,
        /// Version to change.
        version: VersionNumber,
    },
    /// Removes an alias.
    RemoveAlias {
        /// Registered model.
        model: ModelName,
        /// Without the `@`.
        alias: Alias,
    },
    /// Records a review of a version for a slot.
    Review {
        /// Registered model.
        model: ModelName,
        /// Version to change.
        version: VersionNumber,
        /// Slot that the version is reviewed for.
        #[serde(rename = "to")]
        slot: Slot,
        /// Approve or reject.
        decision: Decision,
        /// SHA-256 of the reviewed facts in hex.
        #[serde(rename = "seen")]
        facts_digest: String,
        /// The reviewer's part, where another user records it.
        #[serde(default)]
        prepared: Option<PreparedReview>,
    },
    /// Sets or removes a tag of a version, model or run.
    Tag {
        /// What is tagged.
        #[serde(flatten)]
        owner: MetadataOwner,
        /// Tag key.
        key: Untrusted,
        /// `None` removes the tag.
        value: Option<Untrusted>,
    },
    /// Sets the description of a version, model or run.
    Describe {
        /// What is described.
        #[serde(flatten)]
        owner: MetadataOwner,
        /// Empty removes the description.
        text: Untrusted,
    },
    /// Deletes a version; MLflow cannot undo it.
    #[serde(rename = "delete")]
    DeleteVersion {
        /// Registered model.
        model: ModelName,
        /// Version to change.
        version: VersionNumber,
    },
    /// Requests a stage transition, on servers with transition requests.
    #[serde(rename = "request")]
    RequestTransition {
        /// Registered model.
        model: ModelName,
        /// Version to change.
        version: VersionNumber,
        /// Target stage.
        to: Stage,
    },
    /// Approves or rejects a transition request; the server moves an approved version.
    #[serde(rename = "answer")]
    ResolveRequest {
        /// Registered model.
        model: ModelName,
        /// Version to change.
        version: VersionNumber,
        /// Target stage.
        to: Stage,
        /// Approve or reject.
        decision: Decision,
        /// The digest of what was seen, in hex.
        #[serde(rename = "seen")]
        facts_digest: String,
        /// Whether the versions that are there now are archived.
        archive_existing: bool,
    },
    /// Moves runs to MLflow's trash.
    DeleteRuns {
        /// Each becomes one request.
        runs: Vec<RunId>,
    },
    /// Restores runs from MLflow's trash.
    RestoreRuns {
        /// Each becomes one request.
        runs: Vec<RunId>,
    },
    /// Undo a recorded write.
    Undo(Undo),
}

impl Intent {
    /// What is read before planning.
    #[must_use]
    pub fn subject(&self) -> Subject {
        match self {
            Self::DeleteRuns { runs } | Self::RestoreRuns { runs } => Subject::Runs(runs.clone()),
            Self::Tag { owner, .. } | Self::Describe { owner, .. } => Subject::from(owner),
            Self::Undo(undo) => undo.subject.clone(),
            Self::Register { model, .. }
            | Self::TransitionStage { model, .. }
            | Self::SetAlias { model, .. }
            | Self::RemoveAlias { model, .. }
            | Self::Review { model, .. }
            | Self::RequestTransition { model, .. }
            | Self::ResolveRequest { model, .. }
            | Self::DeleteVersion { model, .. } => Subject::from(model),
        }
    }

    /// `None` for intents on runs.
    #[must_use]
    pub fn model(&self) -> Option<&ModelName> {
        match self {
            Self::DeleteRuns { .. } | Self::RestoreRuns { .. } => None,
            Self::Undo(undo) => undo.subject.model(),
            Self::Tag { owner, .. } | Self::Describe { owner, .. } => owner.model(),
            Self::Register { model, .. }
            | Self::TransitionStage { model, .. }
            | Self::SetAlias { model, .. }
            | Self::RemoveAlias { model, .. }
            | Self::Review { model, .. }
            | Self::RequestTransition { model, .. }
            | Self::ResolveRequest { model, .. }
            | Self::DeleteVersion { model, .. } => Some(model),
        }
    }

    /// Whether it changes the model with this name.
    #[must_use]
    pub fn is_about(&self, name: &str) -> bool {
        self.model().is_some_and(|model| model.raw() == name)
    }

    /// Whether it registers a run and source that are registered already; other intents never do.
    #[must_use]
    pub fn allows_duplicate(&self) -> bool {
        matches!(
            self,
            Self::Register {
                allow_duplicate: true,
                ..
            }
        )
    }

    /// The version that it changes, if it exists before the write.
    #[must_use]
    pub fn version(&self) -> Option<VersionNumber> {
        match self {
            Self::TransitionStage { version, .. }
            | Self::SetAlias { version, .. }
            | Self::Review { version, .. }
            | Self::RequestTransition { version, .. }
            | Self::ResolveRequest { version, .. }
            | Self::DeleteVersion { version, .. } => Some(*version),
            Self::Tag { owner, .. } | Self::Describe { owner, .. } => owner.version(),
            Self::Undo(undo) => undo
                .created_version
                .or_else(|| undo.requests.first().map(|(version, _)| *version)),
            Self::Register { .. }
            | Self::RemoveAlias { .. }
            | Self::DeleteRuns { .. }
            | Self::RestoreRuns { .. } => None,
        }
    }

    /// The run that it registers.
    #[must_use]
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Register { run, .. } => Some(run),
            _ => None,
        }
    }
}

/// A registration as an action, cleaned: `register run 3fa9c2d1 as iris`, `copy iris/3 to prod`.
pub(super) fn describe_registration(run: &RunId, source: &Untrusted, model: &ModelName) -> String {
    let model = model.clean();
    match version_in_source(source.raw()) {
        Some((original, version)) => format!("copy {}/{version} to {model}", original.clean()),
        None if run.is_empty() => format!("register {} as {model}", source.clean()),
        None => format!("register run {} as {model}", run.short()),
    }
}

impl fmt::Display for Intent {
    /// Cleaned: `move iris/3 to Production`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.subject();
        match self {
            Self::Register {
                run,
                source,
                model,
                replaces,
                ..
            } => {
                f.write_str(&describe_registration(run, source, model))?;
                replaces.map_or(Ok(()), |deleted| {
                    write!(f, " again, replacing the deleted {}", name.label(deleted))
                })
            }
            Self::TransitionStage { version, to, .. } => write!(f, "move {name}/{version} to {to}"),
            Self::SetAlias { alias, version, .. } => {
                write!(f, "set @{} on {name}/{version}", alias.clean())
            }
            Self::RemoveAlias { alias, .. } => write!(f, "remove @{} from {name}", alias.clean()),
            Self::Review {
                version,
                slot: to,
                decision,
                ..
            } => write!(f, "{} {name}/{version} for {to}", decision.as_str()),
            Self::Tag { owner, key, value } => match (owner.field_of_tag(key), value) {
                (MetadataField::Description, _) => write!(f, "describe {owner}"),
                (MetadataField::Name, _) => write!(f, "rename {owner}"),
                (MetadataField::Tag { key }, Some(_)) => {
                    write!(f, "set tag {} of {owner}", key.clean())
                }
                (MetadataField::Tag { key }, None) => {
                    write!(f, "remove tag {} of {owner}", key.clean())
                }
            },
            Self::Describe { owner, .. } => write!(f, "describe {owner}"),
            Self::DeleteVersion { version, .. } => write!(f, "delete {name}/{version}"),
            Self::RequestTransition { version, to, .. } => {
                write!(f, "request to move {} to {to}", name.label(*version))
            }
            Self::ResolveRequest {
                version,
                to,
                decision,
                ..
            } => {
                write!(
                    f,
                    "{} the request to move {} to {to}",
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

/// A registered model with its versions, or runs: what is read before planning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Read with all versions.
    Model(ModelName),
    /// Read with the versions created from them.
    Runs(Vec<RunId>),
}

impl Subject {
    /// The model, if it is one.
    #[must_use]
    pub fn model(&self) -> Option<&ModelName> {
        match self {
            Self::Model(name) => Some(name),
            Self::Runs(_) => None,
        }
    }

    /// The runs; empty for a model.
    #[must_use]
    pub fn runs(&self) -> &[RunId] {
        match self {
            Self::Model(_) => &[],
            Self::Runs(runs) => runs,
        }
    }

    /// Name of a version, cleaned: `iris/3`.
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

impl From<&MetadataOwner> for Subject {
    fn from(owner: &MetadataOwner) -> Self {
        match owner {
            MetadataOwner::Version { model, .. } | MetadataOwner::Model { model } => {
                Self::Model(model.clone())
            }
            MetadataOwner::Run { run } => Self::Runs(vec![run.clone()]),
        }
    }
}

impl fmt::Display for Subject {
    /// Cleaned: `iris`, `run 0a1b2c3d`, `3 runs`.
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
