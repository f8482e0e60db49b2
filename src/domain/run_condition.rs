//! Conditions on runs and their order, with the meaning that the run table gives them, for stores that evaluate them.

use crate::text::Untrusted;

/// A value of a run that a store can test and sort by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RunField {
    /// The latest value of a metric.
    Metric(Untrusted),
    /// A param: its text, and a number if it parses as one.
    Param(Untrusted),
    /// A tag, likewise.
    Tag(Untrusted),
    /// A tag that counts as missing if it is empty, and never as a number.
    TextTag(Untrusted),
    /// The id of the run.
    RunId,
    /// The name.
    Name,
    /// The user.
    User,
    /// MLflow's name of the status.
    Status,
    /// The id of the experiment.
    Experiment,
    /// The location of the artifacts.
    ArtifactUri,
    /// Ms since the epoch.
    StartTime,
    /// Ms since the epoch.
    EndTime,
    /// Ms; until now for running runs.
    Duration,
}

/// A condition that a run fulfils or not. A missing value fulfils no test.
#[derive(Clone, Debug, PartialEq)]
pub enum RunCondition {
    /// All of them; true without any.
    All(Vec<RunCondition>),
    /// One of them at least.
    Any(Vec<RunCondition>),
    /// Exactly the runs that do not fulfil it.
    Not(Box<RunCondition>),
    /// The value exists.
    IsPresent(RunField),
    /// The value as text passes a test, or is present and does not if `negated`.
    Text {
        /// The value.
        field: RunField,
        /// The test.
        test: TextTest,
        /// Whether the test must fail.
        negated: bool,
    },
    /// The value as a number passes a test, or is a number and does not if `negated`.
    Number {
        /// The value.
        field: RunField,
        /// The test.
        test: NumberTest,
        /// Whether the test must fail.
        negated: bool,
    },
}

/// A test of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextTest {
    /// Equal bytes.
    Equals(String),
    /// A pattern of [`crate::text::pattern::Pattern`].
    Like {
        /// With `%` and `_`.
        pattern: String,
        /// Whether `ILIKE` is meant.
        ignore_case: bool,
    },
    /// Equal to one of these.
    In(Vec<String>),
}

/// A test of a number. NaN passes `!=` only.
#[derive(Clone, Debug, PartialEq)]
pub enum NumberTest {
    /// A comparison with a constant.
    Compare(ComparisonOp, f64),
    /// Both ends included.
    Between(f64, f64),
    /// Equal to one of these.
    In(Vec<f64>),
}

/// A key to sort runs by: numbers first, then texts by their bytes, then NaN, then missing values, in both directions. Params
/// sort as numbers where they are some, tags and experiments if all of them are, other texts never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOrder {
    /// The value.
    pub field: RunField,
    /// The greatest number first, or the last text.
    pub descending: bool,
}

/// A comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonOp {
    /// `=`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

impl ComparisonOp {
    /// Every comparison.
    pub const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
    ];

    /// The operator in SQL and in filters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// Compares as IEEE 754 does: with NaN, only `!=` is true.
    #[must_use]
    pub fn compare(self, left: f64, right: f64) -> bool {
        match self {
            #[expect(clippy::float_cmp, reason = "exact equality, as in SQL")]
            Self::Equal => left == right,
            #[expect(clippy::float_cmp, reason = "exact equality, as in SQL")]
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}
