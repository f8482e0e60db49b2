//! The graph of a version's lineage.

use serde::Serialize;

use super::ReproducibilityCheck;
use crate::domain::VersionNumber;
use crate::text::Untrusted;

/// Unique within one graph: `run:12ab…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct NodeId(pub Untrusted);

/// The type of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// The model version that the graph is about.
    Version,
    /// A run.
    Run,
    /// A run that the run is nested in.
    ParentRun,
    /// A run nested in the run.
    ChildRun,
    /// A run that loaded the version's model.
    #[serde(rename = "reader")]
    DownstreamRun,
    /// A run that judged the version's model and did not make it.
    EvaluationRun,
    /// Another registered version: from the same run, an input of the run, or made from this version.
    OtherVersion,
    /// MLflow 3's logged model.
    LoggedModel,
    /// A commit, or a script without one.
    Code,
    /// A dataset with its digest.
    Dataset,
    /// The params of a run.
    Params,
    /// Packages and interpreter.
    Environment,
    /// A stage that the version holds.
    Stage,
    /// An alias that the version holds.
    Alias,
    /// An endpoint that serves the version.
    Deployment,
    /// Facts that another tool recorded.
    Evidence,
}

/// The type of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// Run → version, run → logged model.
    Produced,
    /// Dataset → run, base model → run.
    Read,
    /// Code → run.
    RanFrom,
    /// Parent run → run.
    ParentOf,
    /// Params → run, environment → version.
    Configured,
    /// Version → stage, version → alias, version → deployment.
    #[serde(rename = "became")]
    AssignedTo,
    /// Evidence → version.
    #[serde(rename = "tells")]
    Describes,
    /// A registered version → the logged model that a run loaded.
    #[serde(rename = "names")]
    RefersTo,
}

impl EdgeKind {
    /// Read from the cause to the effect: `run 12ab… produced version 3`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Produced => "produced",
            Self::Read => "read by",
            Self::RanFrom => "ran as",
            Self::ParentOf => "parent of",
            Self::Configured => "configured",
            Self::AssignedTo => "assigned to",
            Self::Describes => "describes",
            Self::RefersTo => "refers to",
        }
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Edges refer to it.
    pub id: NodeId,
    /// Its type.
    pub kind: NodeKind,
    /// A short name: `iris v3`.
    pub label: Untrusted,
    /// Facts in the order to show them: `("commit", "abc123…")`.
    #[serde(serialize_with = "as_map", rename = "facts")]
    pub attributes: Vec<(String, Untrusted)>,
    /// What a tool found, in a few words: `drift, 1 failed`. Raw; the facts have all of it.
    #[serde(skip)]
    pub finding: Option<String>,
}

impl NodeKind {
    /// For counts: `12 nested runs`.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Version | Self::OtherVersion => "versions",
            Self::Run => "runs",
            Self::ParentRun => "parent runs",
            Self::ChildRun => "nested runs",
            Self::DownstreamRun => "downstream runs",
            Self::EvaluationRun => "evaluation runs",
            Self::LoggedModel => "logged models",
            Self::Code => "code versions",
            Self::Dataset => "datasets",
            Self::Params => "param sets",
            Self::Environment => "environments",
            Self::Stage => "stages",
            Self::Alias => "aliases",
            Self::Deployment => "deployments",
            Self::Evidence => "tools",
        }
    }

    /// To print before the label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Version | Self::OtherVersion => "version",
            Self::Run => "run",
            Self::ParentRun => "parent run",
            Self::ChildRun => "nested run",
            Self::DownstreamRun => "read by run",
            Self::EvaluationRun => "evaluation run",
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

impl Graph {
    /// The node of an id.
    #[must_use]
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.id == *id)
    }
}

impl Node {
    /// A node without attributes.
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
            finding: None,
        }
    }

    /// Adds an attribute, unless it is absent or empty.
    pub(super) fn with_attribute(mut self, key: &str, value: Option<impl Into<Untrusted>>) -> Self {
        if let Some(value) = value.map(Into::into).filter(|value| !value.is_empty()) {
            self.attributes.push((key.to_owned(), value));
        }
        self
    }

    /// An attribute's value.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Untrusted> {
        self.attributes
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The attributes that fit behind the label in one line, cleaned: `status FINISHED, user ann`.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        let keys: &[&str] = match self.kind {
            NodeKind::Code => &["subject", "branch", "repository", "source", "entry_point"],
            NodeKind::Dataset => &["source", "rows"],
            NodeKind::Run | NodeKind::ParentRun | NodeKind::ChildRun | NodeKind::DownstreamRun => {
                &["status", "user"]
            }
            NodeKind::OtherVersion => &["stage", "aliases"],
            NodeKind::LoggedModel => &["model_id", "model_type"],
            NodeKind::Environment => &["flavors"],
            _ => &[],
        };
        let values = keys.iter().filter_map(|key| {
            let value = self.attribute(key)?.clean();
            Some(format!("{} {value}", key.replace('_', " ")))
        });
        let values: Vec<String> = values.collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// An edge, from the cause to the effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Edge {
    /// The cause.
    pub from: NodeId,
    /// The effect.
    pub to: NodeId,
    /// Its type.
    pub kind: EdgeKind,
}

/// The commits between two versions' code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommitsSince {
    /// The champion.
    pub version: VersionNumber,
    /// Short id, author, date and subject of each, newest first, cleaned.
    pub commits: Vec<String>,
}

/// The lineage of a version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Graph {
    /// Upstream first, then the version, then downstream.
    pub nodes: Vec<Node>,
    /// Without duplicates.
    pub edges: Vec<Edge>,
    /// The reproducibility checklist.
    pub reproducibility: Vec<ReproducibilityCheck>,
    /// The commits since the champion's code, if the local checkout has both.
    #[serde(rename = "since")]
    pub commits_since: Option<CommitsSince>,
    /// `iris v3 = code 3f9ac21 (dirty) + data iris@9f3c11aa + lr=0.01, …`
    pub summary: Untrusted,
    /// Most severe first, cleaned.
    pub warnings: Vec<String>,
    /// What could not be read, and why, cleaned.
    pub missing: Vec<String>,
}

fn as_map<S: serde::Serializer>(
    facts: &[(String, Untrusted)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(facts.iter().map(|(key, value)| (key, value)))
}
