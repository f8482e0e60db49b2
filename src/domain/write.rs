//! The writes that a store can be asked for, one request each: to its registry, and to the lifecycle of a run.

use serde::{Deserialize, Serialize};

use super::Stage;
use super::ids::{Alias, ModelName, RunId, VersionNumber};
use super::run::KeyValue;
use crate::text::untrusted::Untrusted;

/// One write, to the registry or to the lifecycle of a run. Nothing else is ever written to a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum StoreWrite {
    /// Makes a registered model.
    CreateModel {
        /// Its name.
        name: ModelName,
    },
    /// Makes a version of a model; the store picks its number.
    CreateVersion {
        /// The model.
        name: ModelName,
        /// Where the model is.
        source: Untrusted,
        /// The run it came from.
        run_id: RunId,
        /// Tags given in the same request; one of them makes the request recognisable.
        tags: Vec<ModelVersionTag>,
    },
    /// Deletes a version, with its aliases. MLflow cannot undo this.
    DeleteVersion {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
    },
    /// Sets a tag of a version.
    SetVersionTag {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// The tag.
        tag: ModelVersionTag,
    },
    /// Removes a tag of a version.
    DeleteVersionTag {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// The tag's key.
        key: Untrusted,
    },
    /// Sets the description of a version, or of a model.
    #[serde(rename = "describe")]
    SetDescription {
        /// The model.
        name: ModelName,
        /// The version; nothing for the model itself.
        version: Option<VersionNumber>,
        /// The text; empty for none.
        text: Untrusted,
    },
    /// Moves a version to a stage.
    TransitionStage {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// Where to.
        stage: Stage,
        /// Whether the store archives the versions that are there now, in the same transaction.
        archive_existing: bool,
    },
    /// Gives an alias to a version, taking it from the one that has it.
    SetAlias {
        /// The model.
        name: ModelName,
        /// The alias.
        alias: Alias,
        /// The version.
        version: VersionNumber,
    },
    /// Takes an alias away.
    DeleteAlias {
        /// The model.
        name: ModelName,
        /// The alias.
        alias: Alias,
    },
    /// Asks for a version to be moved to a stage, on servers that have such requests.
    RequestTransition {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// Where to.
        stage: Stage,
        /// Why.
        comment: Untrusted,
    },
    /// Says yes to such a request: the server moves the version.
    ApproveTransition {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// Where to.
        stage: Stage,
        /// Whether the store archives the versions that are there now, in the same transaction.
        archive_existing: bool,
        /// Why.
        comment: Untrusted,
    },
    /// Says no to such a request.
    RejectTransition {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// Where to.
        stage: Stage,
        /// Why.
        comment: Untrusted,
    },
    /// Takes such a request back.
    WithdrawTransition {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// Where to.
        stage: Stage,
        /// Who made the request.
        creator: Untrusted,
    },
    /// Puts a run into MLflow's trash.
    DeleteRun {
        /// The run.
        run: RunId,
    },
    /// Takes a run out of MLflow's trash.
    RestoreRun {
        /// The run.
        run: RunId,
    },
}

impl StoreWrite {
    /// Whether it only says something of a version or a model, and changes no place.
    #[must_use]
    pub fn is_metadata_write(&self) -> bool {
        matches!(
            self,
            Self::SetVersionTag { .. }
                | Self::DeleteVersionTag { .. }
                | Self::SetDescription { .. }
        )
    }
}

/// A tag of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelVersionTag {
    /// The key.
    pub key: Untrusted,
    /// The value.
    pub value: Untrusted,
}

impl From<KeyValue> for ModelVersionTag {
    fn from(pair: KeyValue) -> Self {
        Self {
            key: pair.key,
            value: pair.value,
        }
    }
}

impl ModelVersionTag {
    /// A tag of a key and a value.
    pub fn new(key: impl Into<Untrusted>, value: impl Into<Untrusted>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}
