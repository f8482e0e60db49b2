//! What every database offers to the queries of this module: statements with numbered parameters
//! (`?1`), rows of untyped values, and errors with a kind.

use std::ops::ControlFlow;

use super::dialect::Dialect;
use super::schema::Schema;
use super::values::Value;
use crate::domain::{StoreError, StoreErrorKind};
use crate::store::Result;
use crate::store::mlflow_names::InvalidName;

/// A parameter of a statement. NULL has a type, too: PostgreSQL asks for it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Param<'a> {
    Integer(Option<i64>),
    Text(Option<&'a str>),
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(text))
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<i64> for Param<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

/// Numbers of versions; none is near the limit.
impl From<u64> for Param<'_> {
    fn from(number: u64) -> Self {
        Self::Integer(Some(i64::try_from(number).unwrap_or(i64::MAX)))
    }
}

impl<'a> From<Option<&'a str>> for Param<'a> {
    fn from(text: Option<&'a str>) -> Self {
        Self::Text(text)
    }
}

impl From<Option<i64>> for Param<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Integer(number)
    }
}

/// The parameters of a statement, of any types.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        [$($crate::store::sql::tables::Param::from($value)),*]
    };
}
pub(super) use params;

/// A row of a result, readable until the next one is read.
pub(super) trait Row {
    /// The value of a column, counted from 0; NULL for one that the row lacks.
    fn get(&self, column: usize) -> Value<'_>;
}

/// A connection of one thread, which blocks while the database works.
pub(super) trait Connection {
    /// Calls `visit` with every row until it breaks.
    fn query(
        &self,
        sql: &str,
        params: &[Param<'_>],
        visit: &mut dyn FnMut(&dyn Row) -> ControlFlow<()>,
    ) -> Result<(), QueryError>;

    /// [`Self::query`] for many rows, without parameters, as fast as the database sends them.
    fn copy(
        &self,
        sql: &str,
        visit: &mut dyn FnMut(&dyn Row) -> ControlFlow<()>,
    ) -> Result<(), QueryError> {
        self.query(sql, &[], visit)
    }

    /// Executes a statement and returns how many rows it changed.
    fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, QueryError>;
}

/// A connection and the columns that its tables have.
#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    pub(super) connection: &'a dyn Connection,
    pub(super) schema: &'a Schema,
}

impl Tables<'_> {
    pub(super) fn dialect(self) -> &'static Dialect {
        self.schema.dialect()
    }

    /// Calls `visit` with every row.
    pub(super) fn for_each(
        self,
        sql: &str,
        params: &[Param<'_>],
        mut visit: impl FnMut(&dyn Row),
    ) -> Result<(), QueryError> {
        self.connection.query(sql, params, &mut |row| {
            visit(row);
            ControlFlow::Continue(())
        })
    }

    /// [`Self::for_each`] for many rows.
    pub(super) fn copy(self, sql: &str, mut visit: impl FnMut(&dyn Row)) -> Result<(), QueryError> {
        self.connection.copy(sql, &mut |row| {
            visit(row);
            ControlFlow::Continue(())
        })
    }

    pub(super) fn collect<T>(
        self,
        sql: &str,
        params: &[Param<'_>],
        mut convert: impl FnMut(&dyn Row) -> T,
    ) -> Result<Vec<T>, QueryError> {
        let mut items = Vec::new();
        self.for_each(sql, params, |row| items.push(convert(row)))?;
        Ok(items)
    }

    /// Converts the first row, if there is one.
    pub(super) fn first<T>(
        self,
        sql: &str,
        params: &[Param<'_>],
        convert: impl FnOnce(&dyn Row) -> T,
    ) -> Result<Option<T>, QueryError> {
        let (mut convert, mut found) = (Some(convert), None);
        self.connection.query(sql, params, &mut |row| {
            found = convert.take().map(|convert| convert(row));
            ControlFlow::Break(())
        })?;
        Ok(found)
    }

    /// Executes a statement and returns how many rows it changed.
    pub(super) fn execute(self, sql: &str, params: &[Param<'_>]) -> Result<usize, QueryError> {
        self.connection.execute(sql, params)
    }
}

/// Why a query failed; [`Self::into_store_error`] adds what was queried.
#[derive(Debug)]
pub(super) struct QueryError {
    pub(super) kind: StoreErrorKind,
    pub(super) why: String,
    /// Whether a commit may have taken effect.
    pub(super) outcome_unknown: bool,
}

impl QueryError {
    pub(super) fn new(kind: StoreErrorKind, why: impl Into<String>) -> Self {
        Self {
            kind,
            why: why.into(),
            outcome_unknown: false,
        }
    }

    pub(super) fn not_found<T>(why: &str) -> Result<T, Self> {
        Err(Self::new(StoreErrorKind::NotFound, why))
    }

    pub(super) fn unsupported<T>(why: impl Into<String>) -> Result<T, Self> {
        Err(Self::new(StoreErrorKind::Unsupported, why))
    }

    pub(super) fn invalid<T>(why: impl Into<String>) -> Result<T, Self> {
        Err(Self::new(StoreErrorKind::InvalidRequest, why))
    }

    pub(super) fn into_store_error(self, what: impl Into<String>, dialect: &Dialect) -> StoreError {
        let mut error =
            StoreError::new(self.kind, what, self.why).with_hint((dialect.hint)(self.kind));
        error.outcome_unknown = self.outcome_unknown;
        error
    }
}

impl From<InvalidName> for QueryError {
    fn from(InvalidName(why): InvalidName) -> Self {
        Self::new(StoreErrorKind::InvalidRequest, why)
    }
}
