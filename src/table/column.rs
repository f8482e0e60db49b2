//! Columns: the sortable properties of runs.

use std::fmt;

use crate::domain::{Untrusted, text::clean};

/// A property that every run has a place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Attribute {
    /// What the run says of itself.
    Status,
    /// Its name.
    Name,
    /// When it started, ms since the epoch.
    Start,
    /// When it ended, ms since the epoch.
    End,
    /// How long it took, or has taken, in ms.
    Duration,
    /// Who ran it.
    User,
    /// The script or notebook it came from.
    Source,
    /// The git commit it came from.
    Commit,
    /// Its datasets: names and digests.
    Datasets,
    /// Its experiment's id.
    Experiment,
    /// Its id.
    RunId,
    /// The run it is nested in.
    Parent,
    /// Where its artifacts are.
    ArtifactUri,
}

impl Attribute {
    /// Every attribute, in the order of the column chooser.
    pub const ALL: [Self; 13] = [
        Self::Status,
        Self::Name,
        Self::Start,
        Self::Duration,
        Self::User,
        Self::Source,
        Self::Commit,
        Self::Datasets,
        Self::End,
        Self::Experiment,
        Self::RunId,
        Self::Parent,
        Self::ArtifactUri,
    ];

    /// The word for it in headers, filters and the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Name => "run_name",
            Self::Start => "start_time",
            Self::End => "end_time",
            Self::Duration => "duration",
            Self::User => "user_id",
            Self::Source => "source",
            Self::Commit => "commit",
            Self::Datasets => "datasets",
            Self::Experiment => "experiment_id",
            Self::RunId => "run_id",
            Self::Parent => "parent_run_id",
            Self::ArtifactUri => "artifact_uri",
        }
    }

    /// Reads the word, or one of MLflow's aliases for it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let word = match text.as_str() {
            "name" | "run name" => "run_name",
            "start" | "created" => "start_time",
            "end" => "end_time",
            "user" => "user_id",
            "id" => "run_id",
            "parent" => "parent_run_id",
            "experiment" => "experiment_id",
            "dataset" => "datasets",
            other => other,
        };
        Self::ALL.into_iter().find(|attribute| attribute.as_str() == word)
    }
}

/// Which column.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnKey {
    /// A property that every run has a place for.
    Attribute(Attribute),
    /// The latest value of a metric.
    Metric(Untrusted),
    /// A param.
    Param(Untrusted),
    /// A tag.
    Tag(Untrusted),
}

impl ColumnKey {
    /// The short name for a header, as text that is safe to draw.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Attribute(attribute) => attribute.as_str().replace("run_name", "name").replace("_time", "").replace("_id", ""),
            Self::Metric(key) | Self::Param(key) | Self::Tag(key) => key.clean().into_owned(),
        }
    }
}

impl fmt::Display for ColumnKey {
    /// As MLflow's grammar writes it, cleaned: `metrics.accuracy`, `run_name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => f.write_str(attribute.as_str()),
            Self::Metric(key) => write!(f, "metrics.{}", clean(key.raw())),
            Self::Param(key) => write!(f, "params.{}", clean(key.raw())),
            Self::Tag(key) => write!(f, "tags.{}", clean(key.raw())),
        }
    }
}

/// What is known of a column over all rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSummary {
    /// In how many rows it has a value.
    pub present: usize,
    /// Whether every row of the table has the same value (missing counts as a value), so that it tells nothing.
    pub constant: bool,
    /// Whether every value that is present is a number.
    pub numeric: bool,
}
