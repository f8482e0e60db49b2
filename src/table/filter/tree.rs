//! The tree that a filter is read into.

use super::super::{Attribute, ColumnKey};

/// A filter or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// All of them hold; at least two, none of them an `All` itself. Without any, everything passes.
    All(Vec<Node>),
    /// One of them holds; at least two, none of them an `Any` itself.
    Any(Vec<Node>),
    /// It doesn't hold.
    Not(Box<Node>),
    /// A field passes a test.
    Test(Field, Test),
    /// A text that the name or the id of a run contains.
    Word(String),
    /// What a run is.
    Is(Is),
}

impl Default for Node {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Node {
    /// Whether it asks for the best runs, whatever stands around that.
    pub(super) fn asks_for_best(&self) -> bool {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().any(Self::asks_for_best),
            Self::Not(node) => node.asks_for_best(),
            Self::Is(is) => *is == Is::Best,
            Self::Test(..) | Self::Word(_) => false,
        }
    }

    /// All of some nodes, with those of inner `All`s taken up.
    pub(super) fn all(nodes: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 {
            flat.swap_remove(0)
        } else {
            Self::All(flat)
        }
    }

    /// Any of some nodes, with those of inner `Any`s taken up.
    pub(super) fn any(nodes: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 {
            flat.swap_remove(0)
        } else {
            Self::Any(flat)
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

/// What a field can be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers: metrics.
    Number,
    /// Text, or a number without quotes: params and tags.
    Either,
    /// Text.
    Text,
    /// Ms since the epoch.
    Time,
    /// Spans of time.
    Span,
}

impl Field {
    /// What it can be compared with.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Age => Kind::Span,
            Self::Dataset(_) => Kind::Text,
            Self::Column(ColumnKey::Metric(_) | ColumnKey::Curve(..)) => Kind::Number,
            Self::Column(ColumnKey::Param(_) | ColumnKey::Tag(_)) => Kind::Either,
            Self::Column(ColumnKey::Attribute(attribute)) => match attribute {
                Attribute::Start | Attribute::End => Kind::Time,
                Attribute::Duration => Kind::Span,
                _ => Kind::Text,
            },
        }
    }
}

/// A test of a field's value. Numbers are finite; times and spans are in ms.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    /// The value as text equals, or doesn't equal.
    Equals { text: String, negated: bool },
    /// The value as text is like a pattern, or isn't.
    Like {
        pattern: String,
        any_case: bool,
        negated: bool,
    },
    /// The value as text is one of these, or none.
    OneOfTexts { texts: Vec<String>, negated: bool },
    /// The value as a number compares.
    Compares(Comparison, f64),
    /// The value as a number lies between, ends included, or doesn't.
    Between { low: f64, high: f64, negated: bool },
    /// The value as a number is one of these, or none.
    OneOfNumbers { numbers: Vec<f64>, negated: bool },
    /// There is a value, or there is none.
    Null { negated: bool },
}

/// A comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
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
    pub(super) fn holds(self, left: f64, right: f64) -> bool {
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
pub enum Is {
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

impl Is {
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
