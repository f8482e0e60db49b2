//! The writes that a store supports, one request each.

use serde::{Deserialize, Serialize};

use super::Stage;
use super::ids::{Alias, ModelName, RunId, VersionNumber};
use super::metadata::{MetadataField, MetadataOwner, MetadataWrite};
use super::run::KeyValue;
use crate::text::untrusted::Untrusted;

/// One write to the registry, or to the lifecycle or the tags of a run. Frontrunner writes nothing else to a store.
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
    /// Sets or removes a description, a name or a tag.
    #[serde(untagged)]
    Metadata(MetadataWrite),
}

impl StoreWrite {
    /// Whether it changes a tag, name or description, and no stage, alias or lifecycle.
    #[must_use]
    pub fn is_metadata_write(&self) -> bool {
        matches!(self, Self::Metadata(_))
    }

    /// Whether it changes a run rather than the registry.
    #[must_use]
    pub fn is_of_run(&self) -> bool {
        match self {
            Self::DeleteRun { .. } | Self::RestoreRun { .. } => true,
            Self::Metadata(write) => matches!(write.owner, MetadataOwner::Run { .. }),
            _ => false,
        }
    }

    /// Sets a tag of a version.
    #[must_use]
    pub fn set_version_tag(model: ModelName, version: VersionNumber, tag: KeyValue) -> Self {
        Self::Metadata(MetadataWrite {
            owner: MetadataOwner::Version { model, version },
            field: MetadataField::Tag { key: tag.key },
            value: Some(tag.value),
        })
    }
}
