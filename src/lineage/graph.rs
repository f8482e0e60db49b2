//! The graph of a version's lineage.

use serde::Serialize;

use super::ReproducibilityCheck;
use crate::domain::VersionNumber;
use crate::text::Untrusted;

/// A node's identity within one graph: `run:12ab…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct NodeId(pub Untrusted);

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// The model version in the middle.
    Version,
    /// A run.
    Run,
    /// A run that another is nested in.
    ParentRun,
    /// A run that is nested in the run.
    ChildRun,
    /// A run that read the version's model.
    #[serde(rename = "reader")]
    DownstreamRun,
    /// Another version of the registry, as its edges tell: of the same run, read by the run, or made from this one.
    OtherVersion,
    /// A logged model of MLflow 3.
    LoggedModel,
    /// A commit, or a script without one.
    Code,
    /// A dataset with its digest.
    Dataset,
    /// The params of a run.
    Params,
    /// Packages and interpreter.
    Environment,
    /// A stage that the version is in.
    Stage,
    /// An alias that leads to the version.
    Alias,
    /// A place where the version is served.
    Deployment,
    /// What another tool left with it.
    Evidence,
}

/// What an edge means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// From what made it: run → version, run → logged model.
    Produced,
    /// From what it read: dataset → run.
    Read,
    /// From what it was run from: code → run.
    RanFrom,
    /// From what it is nested in: parent run → run.
    ParentOf,
    /// From what it was given: params → run, environment → version.
    Configured,
    /// To what it became: version → stage, version → alias, version → deployment.
    #[serde(rename = "became")]
    AssignedTo,
    /// From what tells of it: evidence → version.
    #[serde(rename = "tells")]
    Describes,
    /// From what leads to it: a version of the registry → the logged model that a run read.
    #[serde(rename = "names")]
    RefersTo,
}

impl EdgeKind {
    /// A word for it, from the cause's side.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Produced => "made",
            Self::Read => "read by",
            Self::RanFrom => "ran as",
            Self::ParentOf => "parent of",
            Self::Configured => "configured",
            Self::AssignedTo => "became",
            Self::Describes => "tells of",
            Self::RefersTo => "names",
        }
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Its identity.
    pub id: NodeId,
    /// What it is.
    pub kind: NodeKind,
    /// A few words for it.
    pub label: Untrusted,
    /// What is known of it, in order: `("commit", "abc123…")`.
    #[serde(serialize_with = "as_map")]
    #[serde(rename = "facts")]
    pub attributes: Vec<(String, Untrusted)>,
}

impl NodeKind {
    /// A word for some of them.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Version | Self::OtherVersion => "versions",
            Self::Run => "runs",
            Self::ParentRun => "parent runs",
            Self::ChildRun => "nested runs",
            Self::DownstreamRun => "runs that read it",
            Self::LoggedModel => "logged models",
            Self::Code => "sources of code",
            Self::Dataset => "datasets",
            Self::Params => "sets of params",
            Self::Environment => "environments",
            Self::Stage => "stages",
            Self::Alias => "aliases",
            Self::Deployment => "deployments",
            Self::Evidence => "tools",
        }
    }

    /// A word for it, to stand before the label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Version | Self::OtherVersion => "version",
            Self::Run => "run",
            Self::ParentRun => "parent run",
            Self::ChildRun => "nested run",
            Self::DownstreamRun => "read by run",
            Self::LoggedModel => "logged model",
            Self::Code => "code",
            Self::Dataset => "data",
            Self::Params => "params",
            Self::Environment => "environment",
            Self::Stage => "stage",
            Self::Alias => "alias",
            Self::Deployment => "served by",
            Self::Evidence => "evidence",
        }
    }
}

impl Node {
    /// A node of which only the label is known yet.
    pub(super) fn new(
        id: impl Into<Untrusted>,
        kind: NodeKind,
        label: impl Into<Untrusted>,
    ) -> Self {
        Self {
            id: NodeId(id.into()),
            kind,
            label: label.into(),
            attributes: Vec::new(),
        }
    }

    /// The same node with a fact more, where it is known: nothing and an empty text are not.
    pub(super) fn with_attribute(mut self, key: &str, value: Option<impl Into<Untrusted>>) -> Self {
        if let Some(value) = value.map(Into::into).filter(|value| !value.is_empty()) {
            self.attributes.push((key.to_owned(), value));
        }
        self
    }

    /// What is known under a key.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Untrusted> {
        self.attributes
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

/// An edge, from the cause to the effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Edge {
    /// The cause.
    pub from: NodeId,
    /// The effect.
    pub to: NodeId,
    /// What it means.
    pub kind: EdgeKind,
}

/// The commits between two versions' code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommitsSince {
    /// The version that they begin after: the one to beat.
    pub version: VersionNumber,
    /// The commits, newest first, cleaned: short id, author, date, subject.
    pub commits: Vec<String>,
}

/// The lineage of a version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graph {
    /// The nodes: upstream first, the version, then downstream.
    pub nodes: Vec<Node>,
    /// The edges.
    pub edges: Vec<Edge>,
    /// What is recorded, partly, or not, for making it again.
    pub reproducibility: Vec<ReproducibilityCheck>,
    /// The commits since the champion's code, where the checkout at hand knows both.
    #[serde(rename = "since")]
    pub commits_since: Option<CommitsSince>,
    /// `iris v3 = code 3f9ac21 (dirty) + data iris@9f3c11aa + lr=0.01, …`, as untrusted text.
    pub summary: Untrusted,
    /// What must not be overlooked, cleaned, the gravest first.
    pub warnings: Vec<String>,
    /// What could not be read.
    pub missing: Vec<String>,
}

fn as_map<S: serde::Serializer>(
    facts: &[(String, Untrusted)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(facts.iter().map(|(key, value)| (key, value)))
}
