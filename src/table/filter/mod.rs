//! The filter language: MLflow's grammar with extensions. A filter is parsed into one tree, which is evaluated over the table and
//! printed in MLflow's grammar for stores.
//!
//! # The language
//!
//! A filter that MLflow's `search_runs` takes means the same here:
//!
//! * `metrics.loss < 0.5`, `params.optimizer = 'adam'`, `tags.team LIKE 'vision%'`, `attributes.status = 'FINISHED'` or
//!   just `status = 'FINISHED'`, `dataset.name IN ('iris', 'moons')`; several with `AND`.
//! * Keys other than plain names need back-ticks or double quotes: `` metrics.`val acc` ``. `'…'` and `"…"` have no escapes.
//! * A missing value matches no comparison, not even `!=`; NaN matches `!=` only. `LIKE` has `%` and `_` and is case-sensitive,
//!   `ILIKE` is not. If a run has several datasets, one that matches is enough.
//!
//! Beyond MLflow's:
//!
//! * `OR`, `NOT`, parentheses; `AND` is optional. `NOT x` matches exactly the runs that `x` does not, including missing values.
//! * `BETWEEN a AND b`, `IN (…)` and `IS NULL` for every field; `NOT IN`, `NOT LIKE` and `NOT BETWEEN` match values that are present.
//! * Params and tags compare as numbers with a number without quotes: `params.lr < 0.01`.
//! * `duration > 1h30m`, `age < 2d`; `source`, `commit`, `experiment_id`, `parent_run_id`, `datasets`.
//! * `is:running` and the like: see [`IsQualifier`]. A single word, or a quoted text, searches names, ids, params and tags.
//! * Text in back-ticks may contain both quotes; a doubled back-tick is one.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{ColumnKey, RowId, RunTable};
use crate::domain::{Goal, Millis, RunCondition};

mod ast;
mod complete;
mod eval;
mod lexer;
mod parser;
mod print;
mod pushdown;
mod run_condition;
mod terms;
mod unknown;

pub use ast::IsQualifier;
pub use complete::{Completion, complete};
pub use eval::BoundFilter;

/// A parsed filter. `Display` writes its canonical form, which parses as the same filter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    root: ast::Expr,
}

/// A syntax error in a filter.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct FilterError {
    /// What is wrong and what was expected, safe to draw.
    pub message: String,
    /// The byte offset of the error.
    pub offset: usize,
}

/// A filter, split between a store and this program.
#[derive(Clone, Debug, PartialEq)]
pub struct Pushdown {
    /// The part that MLflow's grammar can express. On every store, it matches all runs that the filter matches.
    pub remote: Option<String>,
    /// The part to evaluate over the store's result; `None` if the store evaluates all. It repeats parts in which stores differ, such as
    /// metrics, where MLflow 2 treats NaN as 0.
    pub residual: Option<Filter>,
}

impl Filter {
    /// Parses a filter. Empty text matches all runs.
    ///
    /// # Errors
    /// For a syntax error.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parser::parse(text).map(|root| Self { root })
    }

    /// Whether a row matches; `now` (ms since the epoch) is for ages and durations of running runs.
    ///
    /// Looks up every column each time; for many rows, use [`Filter::bind`].
    #[must_use]
    pub fn matches(&self, table: &RunTable, row: RowId, now: Millis) -> bool {
        self.bind(table, None, now).matches(row)
    }

    /// Looks up the columns of a table. Without a goal, no run is `is:best`.
    #[must_use]
    pub fn bind<'a>(
        &'a self,
        table: &'a RunTable,
        goal: Option<&Goal>,
        now: Millis,
    ) -> BoundFilter<'a> {
        BoundFilter::new(&self.root, table, goal, now)
    }

    /// Whether it compares runs with all others (`is:best`), so that none must be missing.
    #[must_use]
    pub fn needs_all_runs(&self) -> bool {
        self.root.needs_all_runs()
    }

    /// The first metric, param or tag that no run of the table has, with the nearest known one. `text` is the filter as
    /// typed.
    #[must_use]
    pub fn unknown_key(&self, text: &str, table: &RunTable) -> Option<FilterError> {
        unknown::find(&self.root, text, table)
    }

    /// The metrics, params and tags that it compares, whose keys may be typed wrong.
    #[must_use]
    pub fn logged_columns(&self) -> Vec<ColumnKey> {
        unknown::logged_columns(&self.root)
    }

    /// Splits the filter into a part for a store and the rest.
    #[must_use]
    pub fn pushdown(&self) -> Pushdown {
        pushdown::split(&self.root)
    }

    /// The whole filter as a condition that a database evaluates as the table does, or the first part that none can.
    ///
    /// # Errors
    /// The part, in its canonical form.
    pub fn to_run_condition(&self) -> Result<RunCondition, String> {
        run_condition::convert(&self.root)
    }

    /// Queries for a store whose results together contain every matching run, and possibly others: one for each operand of an OR. Empty
    /// if the store cannot evaluate any part, or an operand has none.
    #[must_use]
    pub fn remote_queries(&self) -> Vec<String> {
        pushdown::remote_queries(&self.root)
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}
