//! Lineage: *model v3 = code abc123 + data v2.3*. A graph of typed nodes and edges, built by pure code from
//! what a store returned, the same for the screen, JSON, Graphviz, Markdown, the gates and the review.

mod build;
mod data;
mod draft;
mod evidence;
mod files;
mod fold;
mod graph;
pub mod graph_layout;
mod kin;
mod lines;
mod params;
mod recipe;
mod reproducibility;
mod source;
mod summary;
mod upstream;
mod version;
mod warnings;

pub use build::{build, build_whole};
pub use graph::{Edge, EdgeKind, Graph, Node, NodeId, NodeKind, Since};
pub use kin::{Base, Commit, Kin};
pub use recipe::{Step, recipe, script};
pub use reproducibility::{Check, Recorded};
pub use source::ModelSource;

use crate::domain::{LoggedModel, ModelVersion, RegisteredModel, Run};
use crate::evidence::Report;
use crate::text::Untrusted;

/// Everything that was read to tell the lineage of a version. What could not be read is absent and named in `missing`.
#[derive(Clone, Debug)]
pub struct Facts {
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
    pub evidence: Report,
    /// What could not be read, and why, safe to draw: `run 12ab…: deleted`.
    pub missing: Vec<String>,
}

#[cfg(test)]
mod tests;
