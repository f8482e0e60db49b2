//! The syntax tree of a filter.

use super::super::{ColumnKey, ValueKind};
pub(super) use crate::domain::ComparisonOp;

/// A filter or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// All operands; at least two, none of them an `And`. Without operands, everything matches.
    And(Vec<Expr>),
    /// Any operand; at least two, none of them an `Or`.
    Or(Vec<Expr>),
    /// Every run that the operand does not match.
    Not(Box<Expr>),
    /// A test of a field.
    Condition(Field, Condition),
    /// A text in the name or the id of a run, ignoring case.
    Search(String),
    /// A state of a run.
    Is(IsQualifier),
}

impl Default for Expr {
    fn default() -> Self {
        Self::And(Vec::new())
    }
}

impl Expr {
    pub(super) fn needs_all_runs(&self) -> bool {
        match self {
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().any(Self::needs_all_runs),
            Self::Not(node) => node.needs_all_runs(),
            Self::Is(is) => *is == IsQualifier::Best,
            Self::Condition(..) | Self::Search(_) => false,
        }
    }

    /// Joins nodes with `AND`, and flattens nested ones.
    pub(super) fn and(nodes: Vec<Self>) -> Self {
        let mut operands = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Self::And(inner) => operands.extend(inner),
                other => operands.push(other),
            }
        }
        if operands.len() == 1 {
            operands.swap_remove(0)
        } else {
            Self::And(operands)
        }
    }

    /// Joins nodes with `OR`, and flattens nested ones.
    pub(super) fn or(nodes: Vec<Self>) -> Self {
        let mut operands = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Self::Or(inner) => operands.extend(inner),
                other => operands.push(other),
            }
        }
        if operands.len() == 1 {
            operands.swap_remove(0)
        } else {
            Self::Or(operands)
        }
    }
}

/// A field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    /// A column.
    Column(ColumnKey),
    /// A property of one of the run's datasets.
    Dataset(DatasetField),
    /// The time since the start of the run, in ms.
    Age,
}

/// A property of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatasetField {
    Name,
    Digest,
    Context,
}

impl DatasetField {
    pub(super) const ALL: [Self; 3] = [Self::Name, Self::Digest, Self::Context];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Digest => "digest",
            Self::Context => "context",
        }
    }
}

impl Field {
    /// The values that it can be compared with.
    pub(super) fn values(&self) -> ValueKind {
        match self {
            Self::Age => ValueKind::Duration,
            Self::Dataset(_) => ValueKind::Text,
            Self::Column(column) => column.kind().values,
        }
    }
}

/// A test of a field's value. Numbers are finite; times and durations are in ms.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    Equals {
        text: String,
        negated: bool,
    },
    Like {
        pattern: String,
        ignore_case: bool,
        negated: bool,
    },
    InTexts {
        texts: Vec<String>,
        negated: bool,
    },
    Compare(ComparisonOp, f64),
    /// Both ends included.
    Between {
        low: f64,
        high: f64,
        negated: bool,
    },
    InNumbers {
        numbers: Vec<f64>,
        negated: bool,
    },
    IsNull {
        negated: bool,
    },
}

/// A state after `is:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IsQualifier {
    /// Status RUNNING.
    Running,
    /// Status RUNNING, but silent for longer than its timeout.
    Stalled,
    /// Status SCHEDULED.
    Scheduled,
    /// Status FINISHED.
    Finished,
    /// Status FAILED.
    Failed,
    /// Status KILLED.
    Killed,
    /// A metric is NaN.
    Nan,
    /// A metric is infinite.
    Inf,
    /// Finished, and no finished run of the table is better by the goal.
    Best,
    /// Nested in another run.
    Nested,
    /// The parent of a run of the table.
    Parent,
    /// In MLflow's trash.
    Deleted,
}

impl IsQualifier {
    /// Every state, in the order of suggestions.
    pub const ALL: [Self; 12] = [
        Self::Running,
        Self::Stalled,
        Self::Scheduled,
        Self::Finished,
        Self::Failed,
        Self::Killed,
        Self::Nan,
        Self::Inf,
        Self::Best,
        Self::Nested,
        Self::Parent,
        Self::Deleted,
    ];

    /// The name after `is:`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stalled => "stalled",
            Self::Scheduled => "scheduled",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Killed => "killed",
            Self::Nan => "nan",
            Self::Inf => "inf",
            Self::Best => "best",
            Self::Nested => "nested",
            Self::Parent => "parent",
            Self::Deleted => "deleted",
        }
    }
}
