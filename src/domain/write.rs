//! The writes that a store supports, one request each.

use serde::{Deserialize, Serialize};

use super::Stage;
use super::ids::{Alias, ModelName, RunId, VersionNumber};
use super::run::KeyValue;
use crate::text::untrusted::Untrusted;

/// One write to the registry or to the lifecycle of a run. Frontrunner writes nothing else to a store.
/// The journal stores it as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum StoreWrite {
    /// Creates a registered model.
    CreateModel {
        /// Its name.
        name: ModelName,
    },
    /// Creates a version; the store assigns its number.
    CreateVersion {
        /// The model.
        name: ModelName,
        /// Location of the model: `runs:/…`, `models:/m-…` or a URI.
        source: Untrusted,
        /// The run that logged the model.
        run_id: RunId,
        /// Tags set in the same request; one of them identifies it after a lost response.
        tags: Vec<KeyValue>,
    },
    /// Deletes a version with its aliases, for good.
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
        tag: KeyValue,
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
    /// Sets the description of a version or a model.
    #[serde(rename = "describe")]
    SetDescription {
        /// The model.
        name: ModelName,
        /// `None` for the model itself.
        version: Option<VersionNumber>,
        /// Empty to remove the description.
        text: Untrusted,
    },
    /// Moves a version to a stage.
    TransitionStage {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// The target stage.
        stage: Stage,
        /// Whether the store archives the versions in that stage in the same transaction.
        archive_existing: bool,
    },
    /// Points an alias at a version, away from its previous one.
    SetAlias {
        /// The model.
        name: ModelName,
        /// The alias.
        alias: Alias,
        /// The version.
        version: VersionNumber,
    },
    /// Removes an alias.
    DeleteAlias {
        /// The model.
        name: ModelName,
        /// The alias.
        alias: Alias,
    },
    /// Requests a stage transition, on servers with transition requests (Databricks).
    RequestTransition {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// The target stage.
        stage: Stage,
        /// The reason, for reviewers.
        comment: Untrusted,
    },
    /// Approves a request; the server moves the version.
    ApproveTransition {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// The target stage.
        stage: Stage,
        /// Whether the store archives the versions in that stage in the same transaction.
        archive_existing: bool,
        /// The reason, for reviewers.
        comment: Untrusted,
    },
    /// Rejects a request.
    RejectTransition {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// The target stage.
        stage: Stage,
        /// The reason, for reviewers.
        comment: Untrusted,
    },
    /// Withdraws a request.
    WithdrawTransition {
        /// The model.
        name: ModelName,
        /// The version.
        version: VersionNumber,
        /// The target stage.
        stage: Stage,
        /// The author of the request.
        creator: Untrusted,
    },
    /// Moves a run to MLflow's trash.
    DeleteRun {
        /// The run.
        run: RunId,
    },
    /// Restores a run from MLflow's trash.
    RestoreRun {
        /// The run.
        run: RunId,
    },
}

impl StoreWrite {
    /// Whether it changes a tag or description, and no stage, alias or lifecycle.
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
