//! MLflow's nouns as types: experiments, runs, metrics, registered models, versions, and the faults of
//! the stores that keep them. No I/O, no terminal, no clock.

pub mod artifact;
pub mod code;
pub mod downsample;
pub mod experiment;
pub mod goal;
pub mod ids;
pub mod metric;
pub mod registrable_model;
pub mod registry;
pub(crate) mod rng;
pub mod run;
mod slot;
pub mod store_error;
pub mod write;

pub use artifact::{Artifact, ArtifactOwner, Preview};
pub use code::Code;
pub use experiment::{Experiment, Lifecycle};
pub use goal::{Direction, Goal};
pub use ids::{Alias, ExperimentId, LoggedModelId, ModelName, RunId, VersionNumber};
pub use metric::{Metric, MetricHistory, MetricValue, Point};
pub use registrable_model::{RegistrableModel, registrable_models};
pub(crate) use registry::REDACTED_SOURCE;
pub use registry::{
    LoggedModel, ModelVersion, RegisteredModel, Stage, TransitionRequest, VersionStatus,
};
pub use run::{DatasetInput, KeyValue, ModelOutput, Run, RunStatus};
pub use slot::Slot;
pub use store_error::{StoreError, StoreErrorKind};
pub use write::StoreWrite;

/// Milliseconds since the Unix epoch: how MLflow tells time everywhere.
pub type Millis = i64;
