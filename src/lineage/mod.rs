//! Lineage: *model v3 = code abc123 + data v2.3*. Pure code builds one graph of typed nodes and edges from store records;
//! screens, JSON, Graphviz, Markdown, gates and reviews all use it.

mod artifact_source;
mod build;
mod builder;
mod collapse;
mod dataset;
mod diagram;
mod environment;
mod graph;
pub mod graph_layout;
mod params;
mod related;
mod reproducibility;
mod reproduction;
mod upstream;
mod version;
mod warnings;

pub use artifact_source::ArtifactSource;
pub use build::{build, build_with_related};
pub use graph::{CommitsSince, Edge, EdgeKind, Graph, Node, NodeId, NodeKind};
pub use params::training_params;
pub use related::{BaseModel, Commit, Related};
pub use reproducibility::{Completeness, ReproducibilityCheck};
pub use reproduction::{ReproductionStep, reproduction_steps, shell_script};
pub use warnings::warnings;

use crate::domain::{LoggedModel, ModelVersion, RegisteredModel, Run};
use crate::evidence::EvidenceReport;
use crate::text::Untrusted;

/// The records that a lineage is built from. What could not be read is absent and named in `missing`.
#[derive(Clone, Debug)]
pub struct LineageFacts {
    /// The version in the middle of the graph.
    pub version: ModelVersion,
    /// Its registered model.
    pub model: RegisteredModel,
    /// The run that the version or its logged model names.
    pub run: Option<Run>,
    /// The run's parents, nearest first.
    pub parents: Vec<Run>,
    /// MLflow 3's logged model.
    pub logged_model: Option<LoggedModel>,
    /// The model's `MLmodel`, `requirements.txt`, `conda.yaml` and `python_env.yaml`, if they exist.
    pub files: Vec<ModelFile>,
    /// Facts that other tools recorded.
    pub evidence: EvidenceReport,
    /// What could not be read, and why, cleaned: `run 12ab…: deleted`.
    pub missing: Vec<String>,
}

/// A text file of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelFile {
    /// Without its folder.
    pub name: String,
    /// The content, perhaps truncated.
    pub text: Untrusted,
}

impl ModelFile {
    /// A file of a model.
    #[must_use]
    pub fn new(name: &str, text: impl Into<Untrusted>) -> Self {
        Self {
            name: name.to_owned(),
            text: text.into(),
        }
    }
}

#[cfg(test)]
mod tests;
