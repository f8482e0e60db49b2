//! Whole tables, read in the order of their rows. Looking up the rows of each run in an index reads most pages of a database
//! several times, each at another place; this reads each page once.

use std::collections::HashMap;
use std::mem::{replace, take};

use super::SqlStore;
use super::database::Source;
use super::run_data::{DatasetsSql, to_dataset};
use super::runs::{run_columns, sort_datasets, to_bare_run};
use super::tables::{QueryError, Row, Tables, params};
use super::values::{integer, metric_value, text, to_text};
use crate::domain::{DatasetInput, Run, RunId, RunPart, RunValues, StoreErrorKind, ValueKind};
use crate::store::interner::Interner;
use crate::store::run_scan::ScanSender;
use crate::store::{LifecycleFilter, Result, RunQuery, RunScan, ScanChunk, limits};

/// The tables of a scan.
const TABLES: [&str; 5] = ["runs", "params", "latest_metrics", "tags", "inputs"];

const WHAT: &str = "reading all runs";

/// How the rows of a whole table are read in parts.
#[derive(Clone, Copy, Debug)]
pub(super) enum TableWalk {
    /// Each part by a query of its own, which begins after the `rowid` of the last row.
    Rowids,
    /// Each part by the pages that its rows are on (`ctid`), all in one transaction.
    Pages {
        /// The number of pages of `{table}`; NULL if ranges of pages can't be read.
        count_sql: &'static str,
    },
}

/// Starts a scan, if at least half of the runs are listed.
pub(super) async fn start(
    store: &SqlStore,
    query: &RunQuery,
    total: u64,
) -> Result<Option<RunScan>> {
    let Some(walk) = store.database.schema().dialect().walk else {
        return Ok(None);
    };
    // `COPY` has no parameters. Databases number the experiments.
    let ids = query.experiments.iter();
    let ids = ids
        .map(|id| id.raw().parse().ok())
        .collect::<Option<Vec<i64>>>();
    let Some(experiments) = ids else {
        return Ok(None);
    };
    let counts = store.database.read(WHAT, count_rows).await?;
    if total < counts[0] / 2 {
        return Ok(None);
    }
    let runs = RunReader {
        experiments,
        lifecycle: query.lifecycle,
        runs: Vec::new(),
    };
    let source = store.database.clone();
    let scan = RunScan::start(counts.iter().sum(), |to_runs, to_parts| {
        let values = |kind| -> Box<dyn TableReader> { Box::new(ValueReader(RunValues::new(kind))) };
        let readers = [
            (Box::new(runs) as Box<dyn TableReader>, to_runs),
            (values(ValueKind::Param), to_parts.clone()),
            (values(ValueKind::Metric), to_parts.clone()),
            (values(ValueKind::Tag), to_parts.clone()),
            (Box::new(DatasetReader::default()), to_parts),
        ];
        readers.map(|(reader, to)| read_table(source.clone(), walk, reader, to))
    });
    Ok(Some(scan))
}

/// About the number of rows in each of [`TABLES`].
fn count_rows(tables: Tables<'_>) -> Result<[u64; 5], QueryError> {
    let mut counts = [0; 5];
    for (count, table) in counts.iter_mut().zip(TABLES) {
        if tables.schema.has_table(table) {
            let sql = tables.dialect().row_count_sql.replace("{table}", table);
            let found = tables.first(&sql, &[], |row| integer(row, 0))?.flatten();
            *count = found.map_or(0, |count| count.max(0).cast_unsigned());
        }
    }
    Ok(counts)
}

/// A query over a whole table, without its order.
struct Select {
    columns: String,
    from: String,
    /// Of the table that is walked over.
    alias: &'static str,
    condition: String,
}

/// Takes in the rows of a table. Their first column is for the walk.
trait TableReader: Send {
    /// `None` if the table is missing.
    fn select(&self, tables: Tables<'_>) -> Option<Select>;

    fn add(&mut self, row: &dyn Row);

    /// What was added since the last call; `None` if it waits for the rest.
    fn take(&mut self, is_last: bool, has_order: bool) -> Option<ScanChunk>;
}

async fn read_table(
    source: Source,
    walk: TableWalk,
    mut reader: Box<dyn TableReader>,
    to: ScanSender,
) -> Result<()> {
    if let TableWalk::Pages { count_sql } = walk {
        let read = move |tables: Tables<'_>| read_pages(tables, count_sql, &mut *reader, &to);
        return source.read(WHAT, read).await;
    }
    let mut position = None;
    loop {
        let read = move |tables: Tables<'_>| {
            let mut reader = reader;
            let part = read_after(tables, &mut *reader, position)?;
            Ok((reader, part))
        };
        let part;
        (reader, part) = source.read(WHAT, read).await?;
        position = part.next;
        let is_last = position.is_none();
        if let Some(chunk) = reader.take(is_last, true)
            && !to.send(chunk, part.rows).await
        {
            return Ok(());
        }
        if is_last {
            return Ok(());
        }
    }
}

/// A place in a table of a SQLite file.
#[derive(Clone, Copy)]
struct Position {
    rowid: i64,
    /// Changes when `VACUUM` numbers the rows anew.
    schema_version: Option<i64>,
}

/// The rows that one query read.
struct Part {
    rows: u64,
    /// `None` after the last row.
    next: Option<Position>,
}

/// Reads the rows after a position. A query is short, so that no writer waits for it.
fn read_after(
    tables: Tables<'_>,
    reader: &mut dyn TableReader,
    position: Option<Position>,
) -> Result<Part, QueryError> {
    let Some(select) = reader.select(tables) else {
        return Ok(Part {
            rows: 0,
            next: None,
        });
    };
    let schema_version = tables.first("PRAGMA schema_version", &[], |row| integer(row, 0))?;
    let schema_version = schema_version.flatten();
    if position.is_some_and(|position| position.schema_version != schema_version) {
        let why = "the file was rewritten meanwhile";
        return Err(QueryError::new(StoreErrorKind::Conflict, why));
    }
    let Select {
        columns,
        from,
        alias,
        condition,
    } = select;
    let sql = format!(
        "SELECT {alias}.rowid, {columns} FROM {from} WHERE {alias}.rowid > ?1 AND {condition} \
         ORDER BY {alias}.rowid LIMIT {}",
        limits::SCAN_ROWS
    );
    let (mut rowid, mut rows) = (position.map_or(i64::MIN, |position| position.rowid), 0);
    tables.for_each(&sql, &params![rowid], |row| {
        rows += 1;
        rowid = integer(row, 0).unwrap_or(rowid);
        reader.add(row);
    })?;
    let is_last = rows < limits::SCAN_ROWS;
    Ok(Part {
        rows,
        next: (!is_last).then_some(Position {
            rowid,
            schema_version,
        }),
    })
}

/// Reads a table as it is at one moment.
fn read_pages(
    tables: Tables<'_>,
    count_sql: &str,
    reader: &mut dyn TableReader,
    to: &ScanSender,
) -> Result<(), QueryError> {
    let Some(select) = reader.select(tables) else {
        return Ok(());
    };
    let Select {
        columns,
        from,
        alias,
        condition,
    } = select;
    let table = from.split(' ').next().unwrap_or_default();
    let count = tables.first(&count_sql.replace("{table}", table), &[], |row| {
        integer(row, 0)
    })?;
    let count = count.flatten().unwrap_or_default();
    let mut page = 0;
    loop {
        let end = page + limits::SCAN_PAGES;
        let is_last = end >= count;
        let before_end = if is_last {
            String::new()
        } else {
            format!(" AND {alias}.ctid < '({end},0)'::tid")
        };
        let sql = format!(
            "SELECT NULL, {columns} FROM {from} WHERE {alias}.ctid >= '({page},0)'::tid{before_end} AND {condition}"
        );
        let mut rows = 0;
        tables.copy(&sql, |row| {
            rows += 1;
            reader.add(row);
        })?;
        let is_wanted = match reader.take(is_last, false) {
            Some(chunk) => to.blocking_send(chunk, rows),
            None => true,
        };
        if is_last || !is_wanted {
            return Ok(());
        }
        page = end;
    }
}

/// The rows of `runs`.
struct RunReader {
    /// Empty for all.
    experiments: Vec<i64>,
    lifecycle: LifecycleFilter,
    runs: Vec<Run>,
}

impl TableReader for RunReader {
    fn select(&self, tables: Tables<'_>) -> Option<Select> {
        let mut condition = tables.schema.run_condition(self.lifecycle);
        if !self.experiments.is_empty() {
            let ids: Vec<String> = self.experiments.iter().map(i64::to_string).collect();
            condition = format!("{condition} AND r.experiment_id IN ({})", ids.join(", "));
        }
        Some(Select {
            columns: run_columns(tables),
            from: "runs AS r".to_owned(),
            alias: "r",
            condition,
        })
    }

    fn add(&mut self, row: &dyn Row) {
        self.runs.push(to_bare_run(row));
    }

    fn take(&mut self, _: bool, _: bool) -> Option<ScanChunk> {
        Some(ScanChunk::Runs(take(&mut self.runs)))
    }
}

/// The rows of `params`, `latest_metrics` or `tags`, also of runs that are not listed.
struct ValueReader(RunValues);

impl TableReader for ValueReader {
    fn select(&self, tables: Tables<'_>) -> Option<Select> {
        let (table, columns): (_, &[&str]) = match self.0.kind() {
            ValueKind::Param => ("params", &["run_uuid", "key", "value"]),
            ValueKind::Tag => ("tags", &["run_uuid", "key", "value"]),
            ValueKind::Metric => ("latest_metrics", &["run_uuid", "key", "value", "is_nan"]),
        };
        tables.schema.has_table(table).then(|| Select {
            columns: tables.schema.select_columns(table, "v", columns),
            from: format!("{table} AS v"),
            alias: "v",
            condition: "TRUE".to_owned(),
        })
    }

    fn add(&mut self, row: &dyn Row) {
        let id = to_text(row.get(1)).unwrap_or_default();
        let key = to_text(row.get(2)).unwrap_or_default();
        match self.0.kind() {
            ValueKind::Metric => self.0.push_number(&id, &key, metric_value(row, 3, 4)),
            ValueKind::Param | ValueKind::Tag => {
                let value = to_text(row.get(3)).unwrap_or_default();
                self.0.push_text(&id, &key, &value);
            }
        }
    }

    fn take(&mut self, _: bool, _: bool) -> Option<ScanChunk> {
        let empty = RunValues::new(self.0.kind());
        let values = Box::new(replace(&mut self.0, empty));
        Some(ScanChunk::Part(RunPart::Values(values)))
    }
}

/// The rows of `inputs` that link runs to datasets. The datasets of a run stay together.
#[derive(Default)]
struct DatasetReader {
    texts: Interner,
    by_run: HashMap<RunId, Vec<DatasetInput>>,
}

impl TableReader for DatasetReader {
    fn select(&self, tables: Tables<'_>) -> Option<Select> {
        let DatasetsSql {
            columns,
            is_dataset,
        } = DatasetsSql::new(tables)?;
        Some(Select {
            columns: format!("{columns}, i.destination_id"),
            from: "inputs AS i JOIN datasets AS d ON d.dataset_uuid = i.source_id".to_owned(),
            alias: "i",
            condition: is_dataset.to_owned(),
        })
    }

    fn add(&mut self, row: &dyn Row) {
        let run = RunId::new(text(row, 8));
        let dataset = to_dataset(row, &mut self.texts);
        self.by_run.entry(run).or_default().push(dataset);
    }

    fn take(&mut self, is_last: bool, has_order: bool) -> Option<ScanChunk> {
        if !is_last {
            return None;
        }
        let mut runs: Vec<_> = take(&mut self.by_run).into_iter().collect();
        if !has_order {
            for (_, datasets) in &mut runs {
                sort_datasets(datasets);
            }
        }
        Some(ScanChunk::Part(RunPart::Datasets(runs)))
    }
}
