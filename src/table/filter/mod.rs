//! The filter language: MLflow's own grammar, and more. Parsed once into one tree, evaluated over the table,
//! and printed in MLflow's grammar where a store can do it.

use thiserror::Error;

use super::{Row, RunTable};
use crate::domain::Millis;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {}

/// Why a text is no filter, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct FilterError {
    /// What is wrong and what was expected; safe to draw.
    pub message: String,
    /// The byte at which it is wrong.
    pub at: usize,
}

/// What a store evaluates and what is left to do here.
#[derive(Clone, Debug, PartialEq)]
pub struct Pushdown {
    /// The part that MLflow's grammar can say, printed in it; nothing when none can.
    pub remote: Option<String>,
    /// The part that is left; nothing when all was pushed down.
    pub local: Option<Filter>,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// When the text is no filter: with the place and what was expected.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let _ = text;
        unimplemented!()
    }

    /// Whether a row passes; `now` (ms since the epoch) is for ages and what still goes on.
    #[must_use]
    pub fn matches(&self, table: &RunTable, row: Row, now: Millis) -> bool {
        let _ = (table, row, now);
        unimplemented!()
    }

    /// Splits the filter into what a store that speaks MLflow's grammar can do, and the rest.
    #[must_use]
    pub fn pushdown(&self) -> Pushdown {
        unimplemented!()
    }
}
