//! What loading costs: SQLite stores of 1,000, 10,000 and 100,000 runs (15 params, 12 metrics and 5 tags each), read into a
//! run table through the store's own reader, beside what reading the same rows costs with nothing in between: rusqlite
//! that steps them and drops them, and the `sqlite3` program where it is installed. The stores are made once, by the
//! demo, under `target/bench/`. Run by hand: `cargo bench --bench load [-- RUNS…]`.

use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use frontrunner::demo::{DemoOptions, make};
use frontrunner::store::limits::{FIRST_PAGE_RUNS, PAGE_RUNS};
use frontrunner::store::{Access, Ahead, Connection, Opened, RunQuery, Target, View, open};
use frontrunner::table::RunTable;
use tokio::runtime::Runtime;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The time that the stories are told relative to, ms since the epoch.
const NOW: i64 = 1_795_000_000_000;
/// How often each thing is measured; the shortest counts, as everything else only adds to it.
const TRIES: usize = 3;
/// What has to be read, whoever reads it: every value of every run of the experiment.
const QUESTIONS: [&str; 4] = [
    "SELECT run_uuid, experiment_id, name, status, lifecycle_stage, user_id, start_time, end_time, artifact_uri FROM runs",
    "SELECT run_uuid, key, value FROM params",
    "SELECT run_uuid, key, value FROM tags",
    "SELECT run_uuid, key, value, is_nan, timestamp, step FROM latest_metrics",
];

fn main() -> Outcome<()> {
    let asked: Vec<u32> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if asked.is_empty() { vec![1_000, 10_000, 100_000] } else { asked };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for runs in sizes {
        let path = store(runs)?;
        let floor = shortest(|| step(&path))?;
        let peer = shortest(|| sqlite3(&path)).ok();
        let first = shortest(|| first_page(&runtime, &path))?;
        let whole = shortest(|| load(&runtime, &path))?;
        let times = |of: Duration| whole.as_secs_f64() / of.as_secs_f64();
        println!("{runs} runs");
        println!("  rusqlite, stepped and dropped  {floor:>10.1?}");
        if let Some(peer) = peer {
            println!("  sqlite3, to nowhere            {peer:>10.1?}");
        }
        println!("  opened, first {FIRST_PAGE_RUNS} runs          {first:>10.1?}");
        print!("  all in a table, sortable       {whole:>10.1?}  {:.2}x of rusqlite", times(floor));
        println!("{}", peer.map(|peer| format!(", {:.2}x of sqlite3", times(peer))).unwrap_or_default());
        println!("  a run                          {:>10.2?}", whole / runs);
    }
    Ok(())
}

/// A store of this many runs in one experiment, beside the demo's stories; made when it is not there.
fn store(runs: u32) -> Outcome<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    let path = folder.join(format!("{runs}.db"));
    if !path.is_file() {
        std::fs::create_dir_all(&folder)?;
        make(&path, &DemoOptions { runs: Some(runs), now: NOW })?;
    }
    Ok(path)
}

fn shortest(mut work: impl FnMut() -> Outcome<()>) -> Outcome<Duration> {
    let mut least = Duration::MAX;
    for _ in 0..TRIES {
        let start = Instant::now();
        work()?;
        least = least.min(start.elapsed());
    }
    Ok(least)
}

fn step(path: &Path) -> Outcome<()> {
    let db = rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    for question in QUESTIONS {
        let mut statement = db.prepare(question)?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                black_box(row.get_ref(column)?);
            }
        }
    }
    Ok(())
}

fn sqlite3(path: &Path) -> Outcome<()> {
    let ended = Command::new("sqlite3").arg(path).arg(QUESTIONS.join(";")).stdout(Stdio::null()).status()?;
    if ended.success() { Ok(()) } else { Err("sqlite3 failed".into()) }
}

async fn opened(path: &Path) -> Outcome<(Opened, RunQuery)> {
    let opened = open(&Target::Sqlite(path.to_owned()), Access::ReadOnly, &Connection::default()).await?;
    let query = RunQuery { experiments: Vec::new(), filter: None, order_by: Vec::new(), view: View::All, page_size: FIRST_PAGE_RUNS };
    Ok((opened, query))
}

fn first_page(runtime: &Runtime, path: &Path) -> Outcome<()> {
    runtime.block_on(async {
        let (opened, query) = opened(path).await?;
        let mut table = RunTable::default();
        table.upsert(&opened.reader.runs(&query, None).await?.items);
        black_box(table.len());
        Ok(())
    })
}

/// As the Runs screen does it: a small first page, then large ones, each read while the one before it goes into the table.
fn load(runtime: &Runtime, path: &Path) -> Outcome<()> {
    runtime.block_on(async {
        let (opened, mut query) = opened(path).await?;
        let (mut table, mut from, ahead) = (RunTable::default(), None, Ahead::default());
        loop {
            let page = ahead.runs(&opened.reader, &query, from.as_ref()).await?;
            table.upsert(&page.items);
            query.page_size = PAGE_RUNS;
            match page.next {
                Some(next) => from = Some(next),
                None => break,
            }
        }
        black_box(table.len());
        Ok(())
    })
}
