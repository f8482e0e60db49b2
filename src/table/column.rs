//! Column keys: which column is meant, and how it is written.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::attribute::Attribute;
use super::column_kind::{RemoteSupport, ValueKind};
use super::curves::CurveStat;
use crate::domain::{Direction, Goal};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// A column of a run table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnKey {
    /// A property that every run has.
    Attribute(Attribute),
    /// The latest value of a metric.
    Metric(Untrusted),
    /// A param.
    Param(Untrusted),
    /// A tag.
    Tag(Untrusted),
    /// A statistic of a metric's curve, for the runs whose history was read.
    Curve(CurveStat, Untrusted),
}

/// The kinds of column with keys: the spellings before the dot, MLflow's own first.
const KEYED: [(&[&str], fn(Untrusted) -> ColumnKey); 3] = [
    (&["metrics", "metric"], ColumnKey::Metric),
    (
        &["params", "param", "parameters", "parameter"],
        ColumnKey::Param,
    ),
    (&["tags", "tag"], ColumnKey::Tag),
];

const ATTRIBUTE_PREFIXES: [&str; 4] = ["attributes", "attribute", "attr", "run"];

impl ColumnKey {
    /// The column that a prefix and a key name: `metrics` and `acc`; none for another prefix.
    pub(super) fn from_prefix(prefix: &str, key: &str) -> Option<Self> {
        let (_, column) = KEYED
            .into_iter()
            .find(|(names, _)| names.contains(&prefix))?;
        Some(column(key.into()))
    }

    /// Whether a prefix names attributes.
    pub(super) fn is_attribute_prefix(prefix: &str) -> bool {
        ATTRIBUTE_PREFIXES.contains(&prefix)
    }

    /// Whether a prefix names a kind of column.
    pub(super) fn is_prefix(prefix: &str) -> bool {
        Self::is_attribute_prefix(prefix) || KEYED.iter().any(|(names, _)| names.contains(&prefix))
    }

    /// MLflow's prefix of a metric, a param or a tag.
    #[must_use]
    pub fn prefix(&self) -> Option<&'static str> {
        match self {
            Self::Metric(_) => Some("metrics"),
            Self::Param(_) => Some("params"),
            Self::Tag(_) => Some("tags"),
            Self::Attribute(_) | Self::Curve(..) => None,
        }
    }

    /// The key of a metric, param or tag, the metric of a curve, or the name of an attribute; raw.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Attribute(attribute) => attribute.as_str(),
            Self::Metric(key) | Self::Param(key) | Self::Tag(key) | Self::Curve(_, key) => {
                key.raw()
            }
        }
    }

    /// The metric whose curve the column describes.
    #[must_use]
    pub fn curve_metric(&self) -> Option<&Untrusted> {
        match self {
            Self::Curve(_, metric) => Some(metric),
            _ => None,
        }
    }

    /// The header, safe to draw.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Attribute(attribute) => attribute.title().to_owned(),
            Self::Metric(key) | Self::Param(key) | Self::Tag(key) => key.clean().into_owned(),
            Self::Curve(stat, key) => {
                let what = match (stat, Direction::from_metric_name(key.raw())) {
                    (CurveStat::Max, Some(Direction::Max))
                    | (CurveStat::Min, Some(Direction::Min)) => "best",
                    (CurveStat::MaxStep, Some(Direction::Max))
                    | (CurveStat::MinStep, Some(Direction::Min)) => "best step",
                    (CurveStat::MaxStep, _) => "max step",
                    (CurveStat::MinStep, _) => "min step",
                    (stat, _) => stat.as_str(),
                };
                format!("{what} {}", key.clean())
            }
        }
    }

    /// Whether the first press of the sort key sorts downwards: numbers and times do, but for metrics where less is better.
    #[must_use]
    pub fn sorts_descending_first(&self, is_numeric: bool) -> bool {
        let less_is_better = match self {
            Self::Metric(name) => Goal::guess(name.clone()).direction == Direction::Min,
            Self::Curve(stat, _) => !matches!(stat, CurveStat::Max | CurveStat::Shape),
            _ => false,
        };
        let is_time = matches!(self.kind().values, ValueKind::Time | ValueKind::Duration);
        (is_numeric || is_time) && !less_is_better
    }

    /// Writes the column with its key quoted by `quote`; attributes without a prefix.
    fn format(&self, quote: impl FnOnce(&str) -> String) -> String {
        match (self, self.prefix()) {
            (_, Some(prefix)) => format!("{prefix}.{}", quote(self.key())),
            (Self::Curve(stat, key), None) => {
                format!("{}(metrics.{})", stat.as_str(), quote(key.raw()))
            }
            (_, None) => self.key().to_owned(),
        }
    }

    /// MLflow's spelling, raw, as views keep it; [`FromStr`] reads it as the same column.
    #[must_use]
    pub fn to_raw_string(&self) -> String {
        match self {
            Self::Attribute(attribute) => format!("attributes.{}", attribute.as_str()),
            _ => self.format(|key| {
                if key.contains(|c: char| c.is_whitespace() || ['`', '"'].contains(&c)) {
                    format!("`{key}`")
                } else {
                    key.to_owned()
                }
            }),
        }
    }

    /// The spelling of the filter language: every key but plain names in back-ticks.
    pub(super) fn to_filter_string(&self) -> String {
        self.format(quote_key)
    }

    /// The spelling of MLflow's own parser, in which nothing can be escaped; none where quotes can't hold the key.
    pub(super) fn to_remote_string(&self) -> Option<String> {
        let is_quotable =
            |key: &str| !key.contains(['`', '"', '\'', '\\']) && !key.chars().any(char::is_control);
        match self.prefix() {
            Some(prefix) if is_quotable(self.key()) => Some(format!("{prefix}.`{}`", self.key())),
            None if self.kind().remote != RemoteSupport::Never => Some(self.to_raw_string()),
            _ => None,
        }
    }
}

/// A key, in back-ticks unless it is letters, digits, underscores and dots; a back-tick in it is doubled.
fn quote_key(key: &str) -> String {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if key.split('.').all(is_name) {
        key.to_owned()
    } else {
        quote_backticks(key)
    }
}

/// A text in back-ticks, those in it doubled.
pub(super) fn quote_backticks(text: &str) -> String {
    format!("`{}`", text.replace('`', "``"))
}

/// Why a text names no column.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseColumnError {
    /// The key is empty.
    #[error("the key is empty")]
    Empty,
    /// The attribute is unknown.
    #[error("unknown attribute")]
    UnknownAttribute(String),
}

impl FromStr for ColumnKey {
    type Err = ParseColumnError;

    /// Reads MLflow's spelling: `metrics.acc`, `params."lr"`, `tags.team`, `max(metrics.acc)`, or an attribute. Any other bare
    /// key is a metric.
    fn from_str(text: &str) -> Result<Self, ParseColumnError> {
        if let Some(curve) = parse_curve_stat(text) {
            return Ok(curve);
        }
        let (prefix, key) = text
            .split_once('.')
            .map_or((None, text), |(prefix, key)| (Some(prefix), key));
        let key = unquote(key);
        if key.is_empty() {
            return Err(ParseColumnError::Empty);
        }
        let prefix = prefix.map(str::to_ascii_lowercase).unwrap_or_default();
        if let Some(column) = Self::from_prefix(&prefix, key) {
            return Ok(column);
        }
        if Self::is_attribute_prefix(&prefix) {
            return Attribute::parse(key)
                .map(Self::Attribute)
                .ok_or_else(|| ParseColumnError::UnknownAttribute(key.to_owned()));
        }
        Ok(Attribute::parse(text)
            .map_or_else(|| Self::Metric(unquote(text).into()), Self::Attribute))
    }
}

/// Reads `max(metrics.acc)`.
fn parse_curve_stat(text: &str) -> Option<ColumnKey> {
    let (name, rest) = text.split_once('(')?;
    let stat = CurveStat::ALL
        .into_iter()
        .find(|stat| stat.as_str() == name)?;
    let key = unquote(rest.strip_suffix(')')?.strip_prefix("metrics.")?);
    (!key.is_empty()).then(|| ColumnKey::Curve(stat, key.into()))
}

fn unquote(key: &str) -> &str {
    ['`', '"']
        .iter()
        .find_map(|quote| key.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(key)
}

impl fmt::Display for ColumnKey {
    /// Without quotes, safe to draw: `metrics.accuracy`, `run_name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format(|key| clean(key).into_owned()))
    }
}
