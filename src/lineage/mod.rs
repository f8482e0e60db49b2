//! Lineage: *model v3 = code abc123 + data v2.3*. A graph of typed nodes and edges, built by pure code from
//! what a store returned, the same for the screen, JSON, Graphviz, Markdown, the gates and the review.

mod artifact_source;
mod build;
mod builder;
mod collapse;
mod dataset;
mod evidence_nodes;
mod graph;
pub mod graph_layout;
mod model_files;
mod params;
mod related;
mod reproducibility;
mod reproduction;
mod summary;
mod text_tree;
mod upstream;
mod version;
mod warnings;

pub use artifact_source::ArtifactSource;
pub use build::{build, build_with_related};
pub use graph::{CommitsSince, Edge, EdgeKind, Graph, Node, NodeId, NodeKind};
pub use related::{BaseModel, Commit, Related};
pub use reproducibility::{Completeness, ReproducibilityCheck};
pub use reproduction::{ReproductionStep, reproduction_steps, shell_script};

use crate::domain::{LoggedModel, ModelVersion, RegisteredModel, Run};
use crate::evidence::EvidenceReport;
use crate::text::Untrusted;

/// Everything that was read to tell the lineage of a version. What could not be read is absent and named in `missing`.
#[derive(Clone, Debug)]
pub struct LineageFacts {
    /// The version.
    pub version: ModelVersion,
    /// Its registered model.
    pub model: RegisteredModel,
    /// The run that it names, or that its logged model names.
    pub run: Option<Run>,
    /// The run's parents, nearest first.
    pub parents: Vec<Run>,
    /// The logged model of MLflow 3.
    pub logged_model: Option<LoggedModel>,
    /// Files of the model that tell of its environment, by name: `MLmodel`, `requirements.txt`, `conda.yaml`, `python_env.yaml`.
    pub files: Vec<(String, Untrusted)>,
    /// What other tools left with it.
    pub evidence: EvidenceReport,
    /// What could not be read, and why, safe to draw: `run 12ab…: deleted`.
    pub missing: Vec<String>,
}

#[cfg(test)]
mod tests;
