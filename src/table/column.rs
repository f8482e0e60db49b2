//! Columns: the sortable properties of runs.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::curves::CurveStat;
use crate::domain::Direction;
use crate::text::Untrusted;
use crate::text::untrusted::clean;

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
        Self::ALL
            .into_iter()
            .find(|attribute| attribute.as_str() == word)
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
    /// What the curve of a metric comes to, where its history was read.
    Curve(CurveStat, Untrusted),
}

impl ColumnKey {
    /// The short name for a header, as text that is safe to draw.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Attribute(attribute) => attribute
                .as_str()
                .replace("run_name", "name")
                .replace("_time", "")
                .replace("_id", ""),
            Self::Metric(key) | Self::Param(key) | Self::Tag(key) => key.clean().into_owned(),
            Self::Curve(stat, key) => {
                let what = match (stat, Direction::from_metric_name(key.raw())) {
                    (CurveStat::Max, Some(Direction::Max))
                    | (CurveStat::Min, Some(Direction::Min)) => "best",
                    (CurveStat::MaxStep, Some(Direction::Max))
                    | (CurveStat::MinStep, Some(Direction::Min)) => "best step",
                    (CurveStat::MaxStep, _) => "max step",
                    (CurveStat::MinStep, _) => "min step",
                    (fact, _) => fact.as_str(),
                };
                format!("{what} {}", key.clean())
            }
        }
    }
}

/// What is wrong with the name of a column.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseColumnError {
    /// There is no key.
    #[error("it names nothing")]
    Empty,
    /// There is no such attribute.
    #[error("runs have no such attribute")]
    UnknownAttribute(String),
}

impl ColumnKey {
    /// As MLflow's grammar writes it, raw: it reads back as the same column.
    #[must_use]
    pub fn to_raw_string(&self) -> String {
        match self {
            Self::Attribute(attribute) => format!("attributes.{}", attribute.as_str()),
            Self::Metric(key) => format!("metrics.{}", quote_if_needed(key.raw())),
            Self::Param(key) => format!("params.{}", quote_if_needed(key.raw())),
            Self::Tag(key) => format!("tags.{}", quote_if_needed(key.raw())),
            Self::Curve(fact, key) => {
                format!("{}(metrics.{})", fact.as_str(), quote_if_needed(key.raw()))
            }
        }
    }
}

/// Backticks keep spaces and quotes of a key for what they are.
fn quote_if_needed(key: &str) -> String {
    let bare = !key.contains(|c: char| c.is_whitespace() || ['`', '"'].contains(&c));
    if bare {
        key.to_owned()
    } else {
        format!("`{key}`")
    }
}

impl FromStr for ColumnKey {
    type Err = ParseColumnError;

    /// Reads a column as MLflow's grammar writes it: `metrics.acc`, `params."lr"`, `tags.team`, or an attribute; a bare
    /// key that is no attribute is a metric.
    fn from_str(text: &str) -> Result<Self, ParseColumnError> {
        if let Some(curve) = parse_curve_stat(text) {
            return Ok(curve);
        }
        let (kind, key) = text
            .split_once('.')
            .map_or((None, text), |(kind, key)| (Some(kind), key));
        let key = unquote(key);
        if key.is_empty() {
            return Err(ParseColumnError::Empty);
        }
        match kind.map(str::to_ascii_lowercase).as_deref() {
            Some("metrics" | "metric") => Ok(Self::Metric(key.into())),
            Some("params" | "param" | "parameters" | "parameter") => Ok(Self::Param(key.into())),
            Some("tags" | "tag") => Ok(Self::Tag(key.into())),
            Some("attributes" | "attribute" | "attr" | "run") => Attribute::parse(key)
                .map(Self::Attribute)
                .ok_or_else(|| ParseColumnError::UnknownAttribute(key.to_owned())),
            _ => Ok(Attribute::parse(text)
                .map_or_else(|| Self::Metric(unquote(text).into()), Self::Attribute)),
        }
    }
}

/// Reads what is told of a curve: `max(metrics.acc)`.
fn parse_curve_stat(text: &str) -> Option<ColumnKey> {
    let (word, rest) = text.split_once('(')?;
    let fact = CurveStat::ALL
        .into_iter()
        .find(|fact| fact.as_str() == word)?;
    let key = unquote(rest.strip_suffix(')')?.strip_prefix("metrics.")?);
    (!key.is_empty()).then(|| ColumnKey::Curve(fact, key.into()))
}

fn unquote(key: &str) -> &str {
    ['`', '"']
        .iter()
        .find_map(|quote| key.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(key)
}

impl fmt::Display for ColumnKey {
    /// As MLflow's grammar writes it, cleaned: `metrics.accuracy`, `run_name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => f.write_str(attribute.as_str()),
            Self::Metric(key) => write!(f, "metrics.{}", clean(key.raw())),
            Self::Param(key) => write!(f, "params.{}", clean(key.raw())),
            Self::Tag(key) => write!(f, "tags.{}", clean(key.raw())),
            Self::Curve(fact, key) => write!(f, "{}(metrics.{})", fact.as_str(), clean(key.raw())),
        }
    }
}

/// What is known of a column over all rows of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnSummary {
    /// In how many rows it has a value.
    pub count: usize,
    /// Whether every row of the table has the same value (missing counts as a value), so that it tells nothing.
    pub is_constant: bool,
    /// Whether every value that is present is a number.
    pub is_numeric: bool,
}
