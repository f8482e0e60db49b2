//! Loading of a PostgreSQL store (15 params, 12 metrics and 5 tags a run) into a run table, relative to `psql`, which copies the
//! same rows out. The rows are those of the demo's store, in tables that MLflow made on a server of its own. Run by hand:
//! `cargo bench --bench postgres [-- RUNS…]`.

use std::io::{BufWriter, Write as _};
use std::process::{Command, Stdio};

use frontrunner::store::StoreTarget;
use frontrunner::store::limits::FIRST_PAGE_RUNS;
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
#[path = "load.rs"]
#[expect(dead_code, reason = "it prints its own figures, too")]
pub(crate) mod load;

use database::{DatabaseServer, Kind, drivers, shared};
use load::{BoxResult, QUERIES, Times, fastest, mlflow, ratio};

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
    for runs in sizes {
        let Times {
            floor,
            first,
            whole,
            ..
        } = measure(&runtime, runs)?;
        println!("{runs} runs in PostgreSQL");
        println!("  psql, rows to /dev/null        {floor:>10.1?}");
        println!("  opened, first {FIRST_PAGE_RUNS} runs          {first:>10.1?}");
        println!(
            "  all in a sortable table        {whole:>10.1?}  {:.2}x of psql",
            ratio(whole, floor)
        );
        println!("  per run                        {:>10.2?}", whole / runs);
    }
    Ok(())
}

/// The floor is `psql`.
pub(crate) fn measure(runtime: &Runtime, runs: u32) -> BoxResult<Times> {
    let server = shared(Kind::Postgres).ok_or("no PostgreSQL")?;
    let database = fill(server, runs)?;
    let target = StoreTarget::parse(&server.uri(&database))?;
    Ok(Times {
        floor: fastest(|| copy_out(server, &database))?,
        peer: None,
        first: fastest(|| load::first_page(runtime, &target, &[]))?,
        whole: fastest(|| load::load_all(runtime, &target, &[]))?,
        files: 0,
    })
}

/// A database with this many runs in one experiment.
fn fill(server: &DatabaseServer, runs: u32) -> BoxResult<String> {
    let path = load::ensure_store(runs)?;
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
