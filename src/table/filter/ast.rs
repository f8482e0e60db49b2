//! The tree that a filter is read into.

use super::super::{ColumnKey, ValueKind};

/// A filter or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// All of them hold; at least two, none of them an `All` itself. Without any, everything passes.
    And(Vec<Expr>),
    /// One of them holds; at least two, none of them an `Any` itself.
    Or(Vec<Expr>),
    /// It doesn't hold.
    Not(Box<Expr>),
    /// A field passes a test.
    Condition(Field, Condition),
    /// A text that the name or the id of a run contains.
    Search(String),
    /// What a run is.
    Is(IsQualifier),
}

impl Default for Expr {
    fn default() -> Self {
        Self::And(Vec::new())
    }
}

impl Expr {
    /// Whether it asks for the best runs, whatever stands around that.
    pub(super) fn needs_all_runs(&self) -> bool {
        match self {
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().any(Self::needs_all_runs),
            Self::Not(node) => node.needs_all_runs(),
            Self::Is(is) => *is == IsQualifier::Best,
            Self::Condition(..) | Self::Search(_) => false,
        }
    }

    /// All of some nodes, with those of inner `All`s taken up.
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

    /// Any of some nodes, with those of inner `Any`s taken up.
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

/// What is tested.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    /// A column.
    Column(ColumnKey),
    /// A property of one of the run's datasets.
    Dataset(DatasetField),
    /// How long ago the run started, in ms.
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

/// A test of a field's value. Numbers are finite; times and spans are in ms.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// The value as text equals, or doesn't equal.
    Equals { text: String, negated: bool },
    /// The value as text is like a pattern, or isn't.
    Like {
        pattern: String,
        ignore_case: bool,
        negated: bool,
    },
    /// The value as text is one of these, or none.
    InTexts { texts: Vec<String>, negated: bool },
    /// The value as a number compares.
    Compare(ComparisonOp, f64),
    /// The value as a number lies between, ends included, or doesn't.
    Between { low: f64, high: f64, negated: bool },
    /// The value as a number is one of these, or none.
    InNumbers { numbers: Vec<f64>, negated: bool },
    /// There is a value, or there is none.
    IsNull { negated: bool },
}

/// A comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ComparisonOp {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl ComparisonOp {
    pub(super) const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Whether it holds; with NaN only `!=` does.
    pub(super) fn compare(self, left: f64, right: f64) -> bool {
        match self {
            #[expect(
                clippy::float_cmp,
                reason = "the filter asks for this very number, as in SQL"
            )]
            Self::Equal => left == right,
            #[expect(
                clippy::float_cmp,
                reason = "the filter asks for this very number, as in SQL"
            )]
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// What a run can be asked to be: `is:running`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IsQualifier {
    /// Its status says that it goes on.
    Running,
    /// Its status says that it goes on, and it has been quiet for longer than is expected of it.
    Stalled,
    /// It waits to start.
    Scheduled,
    /// It ended as it should.
    Finished,
    /// It ended with an error.
    Failed,
    /// Somebody ended it.
    Killed,
    /// One of its metrics is NaN.
    Nan,
    /// No finished run of the table is better by the goal.
    Best,
    /// It names a run that it is nested in.
    Nested,
    /// A run of the table is nested in it.
    Parent,
    /// It is in MLflow's trash.
    Deleted,
}

impl IsQualifier {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Running,
        Self::Stalled,
        Self::Scheduled,
        Self::Finished,
        Self::Failed,
        Self::Killed,
        Self::Nan,
        Self::Best,
        Self::Nested,
        Self::Parent,
        Self::Deleted,
    ];

    /// The word after `is:`.
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
            Self::Best => "best",
            Self::Nested => "nested",
            Self::Parent => "parent",
            Self::Deleted => "deleted",
        }
    }
}
