//! The table of what is promised of speed and size, each figure relative to something that is measured in the same run:
//! `cargo bench --bench promises`. It creates its stores once, under `target/bench/`, about 3 GB; `quick` as an argument leaves
//! out the million runs, the servers and the file store.

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use frontrunner::store::{
    AccessMode, ConnectOptions, LifecycleFilter, ReadOnlyReason, RunQuery, StoreTarget, open,
};
use tokio::runtime::Runtime;

#[path = "postgres.rs"]
#[expect(dead_code, reason = "it prints its own figures, too")]
mod postgres;
#[path = "../tests/it/support/pty.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "written for tests"
)]
mod pty;

use postgres::load::{self, BoxResult, Times, fastest, ratio};

const RUNS: u32 = 100_000;
const MANY_RUNS: u32 = 1_000_000;
const FILE_RUNS: u32 = 10_000;
const SERVER_RUNS: u32 = 10_000;

/// The rows of the terminal in which keys are measured.
const TERMINAL_ROWS: u16 = 50;
/// Keys that are measured.
const KEYS: usize = 60;

fn main() -> BoxResult<()> {
    let is_quick = std::env::args().any(|argument| argument == "quick");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    println!("| work | measured | relative to | ratio | promised |");
    println!("| --- | --- | --- | --- | --- |");
    let times = load::measure_sqlite(&runtime, RUNS)?;
    print_load(
        "100,000 runs from SQLite to a sortable table",
        &times,
        "1.0x",
    );
    let first = format!("{:.1?}", times.first);
    print_row(["first rows of 100,000 runs", &first, "", "", "50 ms"]);
    print_memory(&runtime)?;
    print_keys()?;
    if is_quick {
        return Ok(());
    }
    print_window(&runtime)?;
    let files = load::measure_files(&runtime, FILE_RUNS)?;
    let what = "10,000 runs from mlruns/";
    let measured = format!("{:.2?}", files.whole);
    let floor = format!("every file, in parallel: {:.2?}", files.floor);
    let of_floor = format!("{:.2}x", ratio(files.whole, files.floor));
    print_row([what, &measured, &floor, &of_floor, "1.5x"]);
    if let Some(peer) = files.peer {
        let floor = format!("MLflow's file store: {peer:.1?}");
        let of_peer = format!("1/{:.0}", ratio(peer, files.whole));
        print_row([what, &measured, &floor, &of_peer, "1/20"]);
    }
    let database = postgres::measure(&runtime, RUNS)?;
    let measured = format!("{:.2?}", database.whole);
    let floor = format!("psql: {:.2?}", database.floor);
    let of_floor = format!("{:.2}x", ratio(database.whole, database.floor));
    print_row([
        "100,000 runs from PostgreSQL",
        &measured,
        &floor,
        &of_floor,
        "1.3x",
    ]);
    let server = load::measure_server(&runtime, SERVER_RUNS)?;
    let floor = format!("curl: {:.2?}", server.floor);
    let of_floor = format!("{:.2}x", ratio(server.whole, server.floor));
    let measured = format!("{:.2?}", server.whole);
    print_row([
        "10,000 runs through a server",
        &measured,
        &floor,
        &of_floor,
        "1.1x",
    ]);
    Ok(())
}

fn print_row(cells: [&str; 5]) {
    println!("| {} |", cells.join(" | "));
}

fn print_load(what: &str, times: &Times, promised: &str) {
    let measured = format!("{:.2?}", times.whole);
    let (floor, name) = match times.peer {
        Some(peer) => (peer, "sqlite3"),
        None => (times.floor, "rusqlite"),
    };
    let of_floor = format!("{:.2}x", ratio(times.whole, floor));
    let floor = format!("{name}: {floor:.2?}");
    print_row([what, &measured, &floor, &of_floor, promised]);
}

/// The memory of a table of runs, relative to the bytes of its values.
fn print_memory(runtime: &Runtime) -> BoxResult<()> {
    let target = StoreTarget::Sqlite(load::ensure_store(RUNS)?);
    let mode = AccessMode::ReadOnly(ReadOnlyReason::Flag);
    let raw = runtime.block_on(async {
        let options = ConnectOptions::default();
        let reader = open(&target, mode, &options).await?.reader;
        let query = RunQuery {
            lifecycle: LifecycleFilter::Active,
            page_size: 1_000,
            ..RunQuery::default()
        };
        let (mut raw, mut token) = (0, None);
        loop {
            let page = reader.runs(&query, token.as_ref()).await?;
            raw += page.items.iter().map(raw_bytes).sum::<usize>();
            token = page.next;
            if token.is_none() {
                return Ok::<_, Box<dyn Error>>(raw);
            }
        }
    })?;
    let table = load::load_table(runtime, &target, &[])?;
    let used = table.memory_usage();
    let measured = format!("{} MB", used / 1_000_000);
    let floor = format!("the values: {} MB", raw / 1_000_000);
    let of_floor = format!("{:.2}x", used as f64 / raw as f64);
    print_row([
        "memory of 100,000 runs",
        &measured,
        &floor,
        &of_floor,
        "1.5x",
    ]);
    Ok(())
}

fn raw_bytes(run: &frontrunner::domain::Run) -> usize {
    let pairs = run.params.iter().chain(&run.tags);
    let texts = [&run.name, &run.user, &run.artifact_uri];
    run.id.raw().len()
        + run.experiment_id.raw().len()
        + texts.map(|text| text.raw().len()).iter().sum::<usize>()
        + pairs.map(|pair| pair.value.raw().len()).sum::<usize>()
        + 8 * (run.metrics.len() + 2)
        + 1
}

/// The bytes of a key that scrolls the table by one row, relative to two rows of the screen.
fn print_keys() -> BoxResult<()> {
    let store = load::ensure_store(10_000)?;
    let folder = tempfile::tempdir()?;
    let store = store.to_str().ok_or("not UTF-8")?;
    let program = env!("CARGO_BIN_EXE_frontrunner");
    let arguments = ["--read-only", "--experiment", "load-test", store];
    let mut command = pty::PtyCommand::new(program, &arguments).size(160, TERMINAL_ROWS);
    for name in ["CONFIG", "DATA", "CACHE"] {
        command = command.env(&format!("FRONTRUNNER_{name}_DIR"), folder.path());
    }
    let terminal = command.spawn();
    terminal.wait_for("10,000 of 10,000 runs");
    settle(&terminal);
    let before = terminal.output_len();
    terminal.send("\u{c}");
    settle(&terminal);
    let row = (terminal.output_len() - before) / usize::from(TERMINAL_ROWS);
    for _ in 0..TERMINAL_ROWS {
        terminal.send("j");
    }
    settle(&terminal);
    let before = terminal.output_len();
    for _ in 0..KEYS {
        terminal.send("j");
        settle(&terminal);
    }
    let key = (terminal.output_len() - before) / KEYS;
    let measured = format!("{key} bytes");
    let floor = format!("two rows: {} bytes", 2 * row);
    let of_floor = format!("{:.2}x", key as f64 / (2 * row) as f64);
    print_row([
        "cursor down when the table scrolls",
        &measured,
        &floor,
        &of_floor,
        "2x",
    ]);
    Ok(())
}

/// Waits until the terminal is quiet.
fn settle(terminal: &pty::Pty) {
    let mut known = terminal.output_len();
    loop {
        std::thread::sleep(Duration::from_millis(60));
        let now = terminal.output_len();
        if std::mem::replace(&mut known, now) == now {
            return;
        }
    }
}

/// The window on a million runs, through the program itself.
fn print_window(runtime: &Runtime) -> BoxResult<()> {
    let path = ensure_many_runs()?;
    let target = StoreTarget::Sqlite(path.clone());
    let first = fastest(|| load::first_page(runtime, &target, &[]))?;
    let measured = format!("{first:.2?}");
    print_row(["first rows of 1,000,000 runs", &measured, "", "", "1 s"]);
    let store = path.to_str().ok_or("not UTF-8")?;
    let metric = "val/acc";
    let order = format!("metrics.`{metric}` DESC");
    let arguments = [
        "runs",
        "load-test",
        "--order-by",
        &order,
        "--limit",
        "3",
        "--json",
    ];
    let whole = fastest(|| {
        run(Command::new(env!("CARGO_BIN_EXE_frontrunner"))
            .args(arguments)
            .args(["--target", store]))
    })?;
    let sql = format!(
        "SELECT r.run_uuid, m.value FROM runs AS r JOIN latest_metrics AS m ON m.run_uuid = r.run_uuid \
         WHERE m.key = '{metric}' AND r.lifecycle_stage = 'active' ORDER BY m.is_nan, m.value DESC LIMIT 3"
    );
    let floor = fastest(|| run(Command::new("sqlite3").arg(store).arg(&sql)))?;
    let measured = format!("{whole:.2?}");
    let of_floor = format!("{:.2}x", ratio(whole, floor));
    let floor = format!("sqlite3: {floor:.2?}");
    print_row([
        "the best 3 of 1,000,000 runs (`runs --order-by`)",
        &measured,
        &floor,
        &of_floor,
        "1.5x",
    ]);
    Ok(())
}

/// A store of a million runs with a param and two metrics each.
fn ensure_many_runs() -> BoxResult<PathBuf> {
    let path = load::ensure_store(1)?.with_file_name("million.db");
    if path.is_file() {
        return Ok(path);
    }
    let unfinished = path.with_extension("tmp");
    std::fs::copy(load::ensure_store(1)?, &unfinished)?;
    let database = rusqlite::Connection::open(&unfinished)?;
    database.execute_batch(&format!(
        "PRAGMA synchronous = OFF; BEGIN;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY_RUNS})
         INSERT INTO runs (run_uuid, name, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri, experiment_id)
         SELECT lower(hex(randomblob(16))), 'run ' || i, 'ana', 'FINISHED', 1795000000000 + i * 1000, 1795000060000 + i * 1000,
             'active', '/data/' || i, (SELECT experiment_id FROM experiments WHERE name = 'load-test') FROM n;
         INSERT INTO params (key, value, run_uuid) SELECT 'lr', end_time % 1000 / 7.0, run_uuid FROM runs WHERE name LIKE 'run %';
         INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid)
         SELECT key.value, abs(random()) / 9.3e18, start_time, 0, 0, run_uuid
         FROM runs, json_each('[\"val/acc\", \"val/loss\"]') AS key WHERE name LIKE 'run %';
         COMMIT;"
    ))?;
    drop(database);
    std::fs::rename(unfinished, &path)?;
    Ok(path)
}

fn run(command: &mut Command) -> BoxResult<()> {
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} failed").into())
    }
}
