//! Parts of filtered, ordered listings. The order of a listing is read once and kept as the ids of its runs, about 40 bytes
//! a run; its parts are then read like any other runs.

mod sql;

use std::sync::{Arc, Mutex, PoisonError};

use sql::Statement;

use super::SqlStore;
use super::runs::load_batches;
use super::tables::{QueryError, Tables};
use super::values::{integer, text};
use crate::store::{Result, RunWindow, WindowQuery, WindowRange};

/// What databases write differently in the conditions and the orders of runs. Each function gets SQL and returns SQL.
#[derive(Debug)]
pub(super) struct WindowSql {
    /// The number that a text parses as; NULL for NaN and for other texts.
    pub(super) number: fn(&str) -> String,
    /// Whether a text is a spelling of NaN; never NULL.
    pub(super) is_nan: fn(&str) -> String,
    /// Whether a text matches a pattern, perhaps in any case.
    pub(super) like: fn(&str, &str, bool) -> String,
    /// Whether a value of a metric is a number.
    pub(super) is_number: fn(&str) -> String,
    /// A value of a column of integers; NULL for anything else.
    pub(super) integer: fn(&str) -> String,
    /// Whether a boolean column holds; never NULL.
    pub(super) is_set: fn(&str) -> String,
    /// The function for the lesser of two values.
    pub(super) least: &'static str,
    /// The function for the greater of two values.
    pub(super) greatest: &'static str,
    /// Positive infinity.
    pub(super) infinity: &'static str,
    /// Ms since the epoch.
    pub(super) now: &'static str,
    /// Follows a text to order and compare it by its bytes.
    pub(super) collation: &'static str,
}

/// A listing that falls out of the cache is only slower.
const KEPT_LISTINGS: usize = 3;

/// The order of the last few listings.
#[derive(Default)]
pub(super) struct Listings(Mutex<Vec<(WindowQuery, Arc<RunIds>)>>);

impl Listings {
    fn get(&self, query: &WindowQuery) -> Option<Arc<RunIds>> {
        let listings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, ids) = listings.iter().find(|(known, _)| known == query)?;
        Some(Arc::clone(ids))
    }

    /// Replaces the order of a listing, or forgets it.
    fn set(&self, query: &WindowQuery, ids: Option<Arc<RunIds>>) {
        let mut listings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listings.retain(|(known, _)| known != query);
        if let Some(ids) = ids {
            listings.insert(0, (query.clone(), ids));
            listings.truncate(KEPT_LISTINGS);
        }
    }
}

/// Ids in one block of memory: a million boxed ids take twice the room.
#[derive(Default)]
pub(super) struct RunIds {
    block: String,
    ends: Vec<usize>,
}

impl RunIds {
    fn push(&mut self, id: &str) {
        self.block.push_str(id);
        self.ends.push(self.block.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    fn get(&self, at: usize) -> Option<&str> {
        let start = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.block.get(start..*self.ends.get(at)?)
    }
}

pub(super) async fn read(
    store: &SqlStore,
    query: &WindowQuery,
    range: WindowRange,
) -> Result<RunWindow> {
    let what = match query.experiments.as_slice() {
        [one] => format!("reading the runs of experiment {}", one.clean()),
        _ => "reading the runs of several experiments".to_owned(),
    };
    let (ids, total) = match range {
        WindowRange::First(limit) => {
            store.windows.set(query, None);
            let (ids, total) = first(store, &what, query, limit).await?;
            (Arc::new(ids), total)
        }
        WindowRange::At { .. } => {
            let ids = match store.windows.get(query) {
                Some(ids) => ids,
                None => Arc::new(read_ids(store, &what, query, None).await?),
            };
            store.windows.set(query, Some(Arc::clone(&ids)));
            let total = ids.len() as u64;
            (ids, total)
        }
    };
    let (offset, limit) = match range {
        WindowRange::First(limit) => (0, limit),
        WindowRange::At { offset, limit } => (usize::try_from(offset).unwrap_or(usize::MAX), limit),
    };
    let end = offset.saturating_add(limit as usize).min(ids.len());
    let page: Vec<&str> = (offset.min(end)..end)
        .filter_map(|at| ids.get(at))
        .collect();
    let runs = load_batches(store, &what, &page, query.lifecycle).await?;
    Ok(RunWindow { runs, total })
}

/// The first runs of a listing, and the number of all.
pub(super) async fn first(
    store: &SqlStore,
    what: &str,
    query: &WindowQuery,
    limit: u32,
) -> Result<(RunIds, u64)> {
    let (ids, total) = tokio::try_join!(
        read_ids(store, what, query, Some(limit)),
        count(store, what, query)
    )?;
    // The two are read at different moments: all ids are a better count than the other one.
    let read = ids.len() as u64;
    let total = if read < u64::from(limit) {
        read
    } else {
        total.max(read)
    };
    Ok((ids, total))
}

async fn read_ids(
    store: &SqlStore,
    what: &str,
    query: &WindowQuery,
    limit: Option<u32>,
) -> Result<RunIds> {
    let query = query.clone();
    let read = move |tables: Tables<'_>| {
        let window = supported(tables)?;
        let since = match limit {
            Some(limit) => find_earliest_start(tables, window, &query, limit)?,
            None => None,
        };
        let statement = Statement::list(tables.schema, window, &query, limit, since);
        let mut ids = RunIds::default();
        let params = statement.params();
        tables.for_each(&statement.sql, &params, |row| ids.push(text(row, 0).raw()))?;
        Ok(ids)
    };
    store.database.read(what, read).await
}

/// A time after which the first `limit` runs of a listing started, so that the others need not be sorted. Runs are mostly added
/// in the order in which they start.
fn find_earliest_start(
    tables: Tables<'_>,
    window: &'static WindowSql,
    query: &WindowQuery,
    limit: u32,
) -> Result<Option<i64>, QueryError> {
    let is_newest_first = query.condition.is_none() && query.order.is_empty();
    let has_start = tables.schema.has_column("runs", "start_time");
    if !is_newest_first || !has_start || !tables.dialect().has_rowid {
        return Ok(None);
    }
    let statement = Statement::start_of_last_runs(tables.schema, window, query, limit);
    let found = tables.first(&statement.sql, &statement.params(), |row| {
        let is_enough = integer(row, 1) == Some(i64::from(limit));
        // One less, because a start with a fraction was cut.
        integer(row, 0)
            .filter(|_| is_enough)
            .map(|start| start.saturating_sub(1))
    })?;
    Ok(found.flatten())
}

fn supported(tables: Tables<'_>) -> Result<&'static WindowSql, QueryError> {
    match tables.dialect().window {
        Some(window) => Ok(window),
        None => QueryError::unsupported("this database can't filter and order runs"),
    }
}

async fn count(store: &SqlStore, what: &str, query: &WindowQuery) -> Result<u64> {
    let query = query.clone();
    let read = move |tables: Tables<'_>| {
        let statement = Statement::count(tables.schema, supported(tables)?, &query);
        let count = tables.first(&statement.sql, &statement.params(), |row| integer(row, 0))?;
        Ok::<_, QueryError>(count.flatten().map_or(0, i64::cast_unsigned))
    };
    store.database.read(what, read).await
}
