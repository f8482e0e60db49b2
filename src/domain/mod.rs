//! MLflow's nouns as types: experiments, runs, metrics, registered models, versions, and the faults of
//! the stores that keep them. No I/O, no terminal, no clock.

pub mod artifact;
pub mod code;
pub mod experiment;
pub mod fault;
pub mod goal;
pub mod ids;
pub mod metric;
pub mod model_source;
pub mod registry;
pub mod run;
pub mod write;

pub use artifact::{Artifact, ArtifactHome, Preview};
pub use code::Code;
pub use experiment::{Experiment, Lifecycle};
pub use fault::{Fault, FaultKind};
pub use goal::{Direction, Goal};
pub use ids::{Alias, ExperimentId, LoggedModelId, ModelName, RunId, VersionNumber};
pub use metric::{History, Metric, MetricValue, Point};
pub use model_source::{ModelSource, model_sources};
pub(crate) use registry::REDACTED_SOURCE;
pub use registry::{
    LoggedModel, ModelVersion, RegisteredModel, Stage, TransitionRequest, VersionStatus,
};
pub use run::{DatasetInput, ModelOutput, Pair, Run, RunStatus};
pub use write::RegistryWrite;

/// Milliseconds since the Unix epoch: how MLflow tells time everywhere.
pub type Millis = i64;
