//! MLflow's nouns as types: experiments, runs, metrics, registered models, versions, and store errors.

pub mod address;
pub mod artifact;
pub mod code;
pub mod downsample;
pub mod experiment;
pub mod goal;
pub mod ids;
pub mod metadata;
pub mod metric;
pub mod registrable_model;
pub mod registry;
pub mod rng;
pub mod run;
mod run_condition;
mod run_part;
mod slot;
pub mod store_error;
pub mod write;

pub use address::Address;
pub use artifact::{Artifact, ArtifactOwner, Preview};
pub use code::Code;
pub use experiment::{Experiment, Lifecycle};
pub use goal::{Direction, Goal};
pub use ids::{Alias, ExperimentId, LoggedModelId, ModelName, RunId, VersionNumber};
pub use metadata::{MetadataField, MetadataOwner, MetadataWrite, RUN_DESCRIPTION_TAG};
pub use metric::{Metric, MetricHistory, MetricValue, Point};
pub use registrable_model::{RegistrableModel, registrable_models, select_model};
pub(crate) use registry::{IS_EXTERNAL_KEY, REDACTED_SOURCE};
pub use registry::{
    LoggedModel, ModelVersion, RegisteredModel, Stage, TransitionRequest, VersionStatus,
    logged_model_in_source, version_in_source,
};
pub use run::{
    DatasetInput, KeyValue, ModelOutput, RUN_NAME_TAG, Run, RunStatus, UNREADABLE_TAG, USER_TAG,
};
pub use run_condition::{ComparisonOp, NumberTest, RunCondition, RunField, RunOrder, TextTest};
pub use run_part::{RunPart, RunValues, ValueKind, ValuesOfRun};
pub use slot::{Slot, SlotKinds};
pub use store_error::{StoreError, StoreErrorKind};
pub use write::StoreWrite;

pub use crate::text::quantity::Millis;
