//! The filter language: MLflow's own grammar, and more. Parsed once into one tree, evaluated over the table,
//! and printed in MLflow's grammar where a store can do it.
//!
//! # The language
//!
//! What MLflow's `search_runs` takes means here what it means there:
//!
//! * `metrics.loss < 0.5`, `params.optimizer = 'adam'`, `tags.team LIKE 'vision%'`, `attributes.status = 'FINISHED'` or
//!   just `status = 'FINISHED'`, `dataset.name IN ('iris', 'moons')`; several with `AND`.
//! * Unusual keys stand in back-ticks or double quotes: `` metrics.`val acc` ``. Inside `'…'` and `"…"` nothing is escaped.
//! * A missing value passes no comparison, `!=` neither; NaN passes `!=` only. `LIKE` knows `%` and `_` and looks at
//!   case, `ILIKE` doesn't. A run has several datasets: one that passes is enough.
//!
//! Beyond MLflow's:
//!
//! * `OR`, `NOT`, parentheses; `AND` may be left out. `NOT x` holds wherever `x` doesn't, for missing values too.
//! * `BETWEEN a AND b`, `IN (…)` for everything, `NOT IN`, `NOT LIKE`, `NOT BETWEEN` (a value is there and fails the
//!   test), `IS NULL` for everything.
//! * Params and tags are compared as numbers with a number that has no quotes: `params.lr < 0.01`.
//! * `duration > 1h30m`, `age < 2d`; `source`, `commit`, `experiment_id`, `parent_run_id`, `datasets`.
//! * `is:running` and the like: see [`Is`]. A word alone, or a quoted text, is looked for in names and ids.
//! * Text in back-ticks may hold both quotes; a doubled back-tick is one.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{RowId, RunTable};
use crate::domain::{Goal, Millis};

mod ast;
mod complete;
mod eval;
mod lexer;
mod parser;
mod pattern;
mod print;
mod pushdown;
mod terms;

pub use ast::IsQualifier;
pub use complete::{Completion, complete};
pub use eval::BoundFilter;

/// A parsed filter. Its `Display` is the same filter, written in one way only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    root: ast::Expr,
}

/// Why a text is no filter, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct FilterError {
    /// What is wrong and what was expected; safe to draw.
    pub message: String,
    /// The byte at which it is wrong.
    pub offset: usize,
}

/// What a store evaluates and what is left to do here.
#[derive(Clone, Debug, PartialEq)]
pub struct Pushdown {
    /// The part that MLflow's grammar can say, printed in it; nothing when none can. Every run that passes the filter
    /// passes this part, on every store.
    pub remote: Option<String>,
    /// What is still to be looked at among the runs that the store gives; nothing when all was pushed down. It repeats
    /// pushed parts in which stores differ, such as metrics, where MLflow 2 takes NaN for 0.
    pub residual: Option<Filter>,
}

impl Filter {
    /// Reads a filter. Text without anything in it is a filter that all runs pass.
    ///
    /// # Errors
    /// When the text is no filter: with the place and what was expected.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parser::parse(text).map(|root| Self { root })
    }

    /// Whether a row passes; `now` (ms since the epoch) is for ages and what still goes on.
    ///
    /// Looks up every column each time: for many rows, [`Filter::bind`] once.
    #[must_use]
    pub fn matches(&self, table: &RunTable, row: RowId, now: Millis) -> bool {
        self.bind(table, None, now).matches(row)
    }

    /// The filter over a table, its columns looked up; `goal` says what `is:best` means, without one no run is.
    #[must_use]
    pub fn bind<'a>(
        &'a self,
        table: &'a RunTable,
        goal: Option<&Goal>,
        now: Millis,
    ) -> BoundFilter<'a> {
        BoundFilter::new(&self.root, table, goal, now)
    }

    /// Whether it asks for the best runs: of all runs, so that none may be missing.
    #[must_use]
    pub fn needs_all_runs(&self) -> bool {
        self.root.needs_all_runs()
    }

    /// Splits the filter into what a store that speaks MLflow's grammar can do, and the rest.
    #[must_use]
    pub fn pushdown(&self) -> Pushdown {
        pushdown::split(&self.root)
    }

    /// Questions to such a store whose answers together hold every run that passes, and maybe others: one for each side of an OR of
    /// which every side can be asked. None where nothing can be asked.
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
