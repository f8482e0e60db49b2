//! Loading of a PostgreSQL store (15 params, 12 metrics and 5 tags a run) into a run table, relative to `psql`, which copies the
//! same rows out. The rows are those of the demo's store, in tables that MLflow made on a server of its own. Run by hand:
//! `cargo bench --bench postgres [-- RUNS…]`.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use frontrunner::demo::{DemoOptions, create};
use frontrunner::ops::list_runs::list_runs;
use frontrunner::store::limits::{FIRST_PAGE_RUNS, SCANNED_RUNS};
use frontrunner::store::{
    AccessMode, ConnectOptions, ReadOnlyReason, Reader, RunQuery, StoreTarget, open,
};
use frontrunner::table::RunTable;
use rusqlite::types::ValueRef;
use tokio::runtime::Runtime;

#[path = "../tests/it/support/database.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "written for tests"
)]
mod database;
#[path = "../tests/it/support/mlflow.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "written for tests"
)]
mod mlflow;
#[path = "../tests/it/support/script_host.rs"]
#[expect(clippy::unwrap_used, clippy::panic, reason = "written for tests")]
mod script_host;

use database::{DatabaseServer, Kind, drivers, shared};

type BoxResult<T> = Result<T, Box<dyn Error>>;

/// The time of the demo's newest run, ms since the epoch.
const NOW: i64 = 1_795_000_000_000;
/// Measurements of each step; the shortest counts, because noise only adds.
const ITERATIONS: usize = 3;
/// Queries for every value of every run of the experiment.
const QUERIES: [&str; 4] = [
    "SELECT run_uuid, experiment_id, name, status, lifecycle_stage, user_id, start_time, end_time, artifact_uri FROM runs",
    "SELECT run_uuid, key, value FROM params",
    "SELECT run_uuid, key, value FROM tags",
    "SELECT run_uuid, key, value, is_nan, timestamp, step FROM latest_metrics",
];
/// Parents before their children.
const TABLES: [&str; 5] = ["experiments", "runs", "params", "tags", "latest_metrics"];

const MAKE_TABLES: &str =
    "import sys, mlflow; mlflow.set_tracking_uri(sys.argv[1]); mlflow.search_experiments()";

fn main() -> BoxResult<()> {
    let asked: Vec<u32> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let sizes = if asked.is_empty() {
        vec![10_000]
    } else {
        asked
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let server = shared(Kind::Postgres).ok_or("no PostgreSQL")?;
    for runs in sizes {
        let database = fill(server, runs)?;
        let target = StoreTarget::parse(&server.uri(&database))?;
        let peer = fastest(|| copy_out(server, &database))?;
        let first = fastest(|| first_page(&runtime, &target))?;
        let whole = fastest(|| load_all(&runtime, &target))?;
        println!("{runs} runs in PostgreSQL");
        println!("  psql, rows to /dev/null        {peer:>10.1?}");
        println!("  opened, first {FIRST_PAGE_RUNS} runs          {first:>10.1?}");
        println!(
            "  all in a sortable table        {whole:>10.1?}  {:.2}x of psql",
            whole.as_secs_f64() / peer.as_secs_f64()
        );
        println!("  per run                        {:>10.2?}", whole / runs);
    }
    Ok(())
}

fn fastest(mut work: impl FnMut() -> BoxResult<()>) -> BoxResult<Duration> {
    let mut least = Duration::MAX;
    for _ in 0..ITERATIONS {
        let start = Instant::now();
        work()?;
        least = least.min(start.elapsed());
    }
    Ok(least)
}

/// A database with this many runs in one experiment.
fn fill(server: &DatabaseServer, runs: u32) -> BoxResult<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    let path = folder.join(format!("{runs}.db"));
    if !path.is_file() {
        std::fs::create_dir_all(&folder)?;
        let load_test_runs = Some(runs);
        create(
            &path,
            &DemoOptions {
                load_test_runs,
                now: NOW,
            },
        )?;
    }
    let database = server.create_database(None);
    let made = Command::new(mlflow::python(mlflow::V3))
        .args(["-c", MAKE_TABLES, &server.uri(&database)])
        .env("PYTHONPATH", drivers())
        .output()?;
    if !made.status.success() {
        return Err(String::from_utf8_lossy(&made.stderr).into());
    }
    let source = rusqlite::Connection::open(&path)?;
    run_psql(server, &database, "DELETE FROM experiments")?;
    for table in TABLES {
        copy_in(&source, server, &database, table)?;
    }
    run_psql(server, &database, "VACUUM ANALYZE")?;
    Ok(database)
}

fn run_psql(server: &DatabaseServer, database: &str, sql: &str) -> BoxResult<()> {
    let done = server.psql(database, sql).stdout(Stdio::null()).status()?;
    if done.success() {
        Ok(())
    } else {
        Err(sql.into())
    }
}

/// Copies a table as CSV, by the columns that both have.
fn copy_in(
    source: &rusqlite::Connection,
    server: &DatabaseServer,
    database: &str,
    table: &str,
) -> BoxResult<()> {
    let mut statement = source.prepare(&format!("SELECT * FROM {table}"))?;
    let columns: Vec<String> = statement
        .column_names()
        .map(|name| format!("\"{name}\""))
        .collect();
    let sql = format!(
        "COPY {table} ({}) FROM STDIN WITH (FORMAT csv)",
        columns.join(", ")
    );
    let mut psql = server.psql(database, &sql).stdin(Stdio::piped()).spawn()?;
    let mut out = BufWriter::new(psql.stdin.take().ok_or("no standard input")?);
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns.len() {
            let separator = if column == 0 { "" } else { "," };
            match row.get_ref(column)? {
                ValueRef::Null => write!(out, "{separator}")?,
                ValueRef::Integer(number) => write!(out, "{separator}{number}")?,
                ValueRef::Real(number) => write!(out, "{separator}{number:e}")?,
                ValueRef::Text(text) | ValueRef::Blob(text) => {
                    let text = String::from_utf8_lossy(text).replace('"', "\"\"");
                    write!(out, "{separator}\"{text}\"")?;
                }
            }
        }
        writeln!(out)?;
    }
    drop(out);
    if psql.wait()?.success() {
        Ok(())
    } else {
        Err(sql.into())
    }
}

fn copy_out(server: &DatabaseServer, database: &str) -> BoxResult<()> {
    for query in QUERIES {
        run_psql(server, database, &format!("COPY ({query}) TO STDOUT"))?;
    }
    Ok(())
}

async fn open_store(target: &StoreTarget) -> BoxResult<(Reader, RunQuery)> {
    let access = AccessMode::ReadOnly(ReadOnlyReason::Flag);
    let opened = open(target, access, &ConnectOptions::default()).await?;
    let query = RunQuery {
        page_size: FIRST_PAGE_RUNS,
        ..RunQuery::default()
    };
    Ok((opened.reader, query))
}

fn first_page(runtime: &Runtime, target: &StoreTarget) -> BoxResult<()> {
    runtime.block_on(async {
        let (reader, query) = open_store(target).await?;
        let mut table = RunTable::default();
        table.upsert(&reader.runs(&query, None).await?.items);
        black_box(table.len());
        Ok(())
    })
}

/// As the runs screen does: a small first page, then large ones, each read while the previous one is inserted into the table.
fn load_all(runtime: &Runtime, target: &StoreTarget) -> BoxResult<()> {
    runtime.block_on(async {
        let (reader, query) = open_store(target).await?;
        let (mut table, mut pages) = (
            RunTable::default(),
            list_runs(query, None).scanning_from(SCANNED_RUNS),
        );
        while !pages.is_done() {
            let page = pages.next(&*reader).await?;
            let upsert = async {
                if page.is_restart {
                    table = RunTable::default();
                }
                table.add_page(&page.runs, page.part.as_ref(), page.end.is_some());
            };
            if page.end.is_some() {
                upsert.await;
            } else {
                pages.read_ahead_until(&*reader, upsert).await;
            }
        }
        black_box(table.len());
        Ok(())
    })
}
