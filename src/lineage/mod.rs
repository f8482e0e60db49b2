//! Lineage: *model v3 = code abc123 + data v2.3*. Pure code builds one graph of typed nodes and edges from store records;
//! screens, JSON, Graphviz, Markdown, gates and reviews all use it.

mod artifact_source;
mod build;
mod builder;
mod collapse;
mod data_step;
mod dataset;
mod diagram;
mod environment;
mod evidence_node;
mod graph;
pub mod graph_layout;
mod params;
mod related;
mod reproducibility;
mod reproduction;
mod upstream;
mod version;
mod warning;
mod warnings;

pub use artifact_source::ArtifactSource;
pub use build::{build, build_with_related};
pub use graph::{CommitsSince, Edge, EdgeKind, Graph, Node, NodeId, NodeKind};
pub use params::training_params;
pub use related::{BaseModel, Commit, Related};
pub use reproducibility::{Completeness, ReproducibilityCheck};
pub use reproduction::{ReproductionStep, reproduction_steps, shell_script};
pub use warning::{Warning, WarningTopic, run_warnings};
pub use warnings::warnings;

use crate::domain::{LoggedModel, Metric, ModelVersion, RegisteredModel, Run};
use crate::evidence::EvidenceReport;
use crate::text::Untrusted;
use environment::ModelFiles;

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
    /// The runs that logged metrics for the logged model, the latest first, for a version without a
    /// run: they judged the model and did not make it.
    pub evaluation_runs: Vec<Run>,
    /// The model's `MLmodel`, `requirements.txt`, `conda.yaml` and `python_env.yaml`, if they exist.
    pub files: Vec<ModelFile>,
    /// Facts that other tools recorded.
    pub evidence: EvidenceReport,
    /// What could not be read, and why, cleaned: `run 12ab…: deleted`.
    pub missing: Vec<String>,
}

impl LineageFacts {
    /// The facts of a version of which only the registry's records are known.
    #[must_use]
    pub fn bare(version: ModelVersion, model: RegisteredModel) -> Self {
        Self {
            version,
            model,
            run: None,
            parents: Vec::new(),
            logged_model: None,
            evaluation_runs: Vec::new(),
            files: Vec::new(),
            evidence: EvidenceReport::default(),
            missing: Vec::new(),
        }
    }

    /// Whether MLflow cannot load the model, because its files are elsewhere; `None` if neither the
    /// logged model nor `MLmodel` could be read.
    #[must_use]
    pub fn is_external(&self) -> Option<bool> {
        self.is_external_with(&ModelFiles::parse(&self.files))
    }

    fn is_external_with(&self, files: &ModelFiles) -> Option<bool> {
        let is_marked = self.logged_model.as_ref().map(LoggedModel::is_external);
        match (is_marked, files.has_mlmodel) {
            (Some(true), _) => Some(true),
            (_, true) => Some(files.is_external),
            (Some(false) | None, false) => None,
        }
    }

    /// The model's files; those of an external model have no signature.
    fn parse_files(&self) -> ModelFiles {
        let mut files = ModelFiles::parse(&self.files);
        if self.is_external_with(&files) == Some(true) {
            files.set_external();
        }
        files
    }

    /// The metrics of the version's run; without one, the latest that were logged for its logged
    /// model.
    #[must_use]
    pub fn metrics(&self) -> Vec<&Metric> {
        if let Some(run) = &self.run {
            return run.metrics.iter().collect();
        }
        let mut latest: Vec<&Metric> = Vec::new();
        for metric in self.logged_model.iter().flat_map(|model| &model.metrics) {
            match latest.iter_mut().find(|known| known.key == metric.key) {
                Some(known) if (metric.timestamp, metric.step) < (known.timestamp, known.step) => {}
                Some(known) => *known = metric,
                None => latest.push(metric),
            }
        }
        latest
    }
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
