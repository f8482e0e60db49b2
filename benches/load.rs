//! Loading of SQLite stores with 1,000, 10,000 and 100,000 runs (15 params, 12 metrics and 5 tags each) into a run table, relative to
//! reading the same rows with rusqlite and with the `sqlite3` program. The demo creates the stores once, under `target/bench/`. Run by
//! hand: `cargo bench --bench load [-- RUNS…]`.
//!
//! With the argument `server`, the same through an MLflow server on a copy of the store, relative to `curl`, which fetches the same
//! pages one after another: `cargo bench --bench load -- server 10000`.
//!
//! With the argument `mlruns`, a file store with as many values (33 files a run), relative to reading every file in parallel and to
//! MLflow's own file store: `cargo bench --bench load -- mlruns 10000`.

use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use frontrunner::demo::{DemoOptions, create};
use frontrunner::ops::list_runs::list_runs;
use frontrunner::store::limits::{FIRST_PAGE_RUNS, PAGE_RUNS, SCANNED_RUNS};
use frontrunner::store::{
    AccessMode, ConnectOptions, LifecycleFilter, ReadOnlyReason, RunQuery, StoreHandle,
    StoreTarget, open,
};
use frontrunner::table::RunTable;
use tokio::runtime::Runtime;

#[path = "../tests/it/support/mlflow.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "written for tests"
)]
pub(crate) mod mlflow;
#[path = "../tests/it/support/script_host.rs"]
#[expect(clippy::unwrap_used, clippy::panic, reason = "written for tests")]
pub(crate) mod script_host;

pub(crate) type BoxResult<T> = Result<T, Box<dyn Error>>;

/// The time of the demo's newest run, ms since the epoch.
pub(crate) const NOW: i64 = 1_795_000_000_000;
/// Measurements of each step; the shortest counts, because noise only adds.
const ITERATIONS: usize = 3;
/// Queries for every value of every run of the experiment.
pub(crate) const QUERIES: [&str; 4] = [
    "SELECT run_uuid, experiment_id, name, status, lifecycle_stage, user_id, start_time, end_time, artifact_uri FROM runs",
    "SELECT run_uuid, key, value FROM params",
    "SELECT run_uuid, key, value FROM tags",
    "SELECT run_uuid, key, value, is_nan, timestamp, step FROM latest_metrics",
];

fn main() -> BoxResult<()> {
    let asked: Vec<u32> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let has_argument = |name: &str| std::env::args().any(|argument| argument == name);
    let (server, files) = (has_argument("server"), has_argument("mlruns"));
    let sizes = if asked.is_empty() {
        vec![1_000, 10_000, 100_000]
    } else {
        asked
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    for runs in sizes {
        if server {
            print_server(runs, &measure_server(&runtime, runs)?);
        } else if files {
            print_files(runs, &measure_files(&runtime, runs)?);
        } else {
            print_sqlite(runs, &measure_sqlite(&runtime, runs)?);
        }
    }
    Ok(())
}

/// The times of one size.
pub(crate) struct Times {
    /// The same bytes with nothing in between.
    pub(crate) floor: Duration,
    /// What a user would run instead, where it is installed.
    pub(crate) peer: Option<Duration>,
    /// Until the first rows are in a table.
    pub(crate) first: Duration,
    /// Until all rows are in a table.
    pub(crate) whole: Duration,
    /// The number of files that were read.
    pub(crate) files: usize,
}

pub(crate) fn ratio(time: Duration, of: Duration) -> f64 {
    time.as_secs_f64() / of.as_secs_f64()
}

/// The floor is rusqlite, the peer the `sqlite3` program.
pub(crate) fn measure_sqlite(runtime: &Runtime, runs: u32) -> BoxResult<Times> {
    let path = ensure_store(runs)?;
    let target = StoreTarget::Sqlite(path.clone());
    Ok(Times {
        floor: fastest(|| read_with_rusqlite(&path))?,
        peer: fastest(|| read_with_sqlite3(&path)).ok(),
        first: fastest(|| first_page(runtime, &target, &[]))?,
        whole: fastest(|| load_all(runtime, &target, &[]))?,
        files: 1,
    })
}

fn print_sqlite(runs: u32, times: &Times) {
    let Times {
        floor,
        first,
        whole,
        ..
    } = times;
    println!("{runs} runs");
    println!("  rusqlite, rows dropped         {floor:>10.1?}");
    if let Some(peer) = times.peer {
        println!("  sqlite3 to /dev/null           {peer:>10.1?}");
    }
    println!("  opened, first {FIRST_PAGE_RUNS} runs          {first:>10.1?}");
    print!(
        "  all in a sortable table        {whole:>10.1?}  {:.2}x of rusqlite",
        ratio(*whole, *floor)
    );
    let of_peer = times.peer.map(|peer| ratio(*whole, peer));
    println!(
        "{}",
        of_peer
            .map(|ratio| format!(", {ratio:.2}x of sqlite3"))
            .unwrap_or_default()
    );
    println!("  per run                        {:>10.2?}", *whole / runs);
}

/// A store with this many runs in one experiment, created if it is missing.
pub(crate) fn ensure_store(runs: u32) -> BoxResult<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    let path = folder.join(format!("{runs}.db"));
    if !path.is_file() {
        std::fs::create_dir_all(&folder)?;
        create(
            &path,
            &DemoOptions {
                load_test_runs: Some(runs),
                now: NOW,
            },
        )?;
    }
    Ok(path)
}

pub(crate) fn fastest(work: impl FnMut() -> BoxResult<()>) -> BoxResult<Duration> {
    fastest_of(ITERATIONS, work)
}

pub(crate) fn fastest_of(
    tries: usize,
    mut work: impl FnMut() -> BoxResult<()>,
) -> BoxResult<Duration> {
    let mut least = Duration::MAX;
    for _ in 0..tries {
        let start = Instant::now();
        work()?;
        least = least.min(start.elapsed());
    }
    Ok(least)
}

fn read_with_rusqlite(path: &Path) -> BoxResult<()> {
    let db =
        rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    for question in QUERIES {
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

fn read_with_sqlite3(path: &Path) -> BoxResult<()> {
    let ended = Command::new("sqlite3")
        .arg(path)
        .arg(QUERIES.join(";"))
        .stdout(Stdio::null())
        .status()?;
    if ended.success() {
        Ok(())
    } else {
        Err("sqlite3 failed".into())
    }
}

/// Loads the same runs through a server, alternating with `curl`, which is the floor.
pub(crate) fn measure_server(runtime: &Runtime, runs: u32) -> BoxResult<Times> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/bench")
        .join(format!("{runs}-served"));
    std::fs::create_dir_all(&folder)?;
    std::fs::copy(ensure_store(runs)?, folder.join("mlflow.db"))?;
    let server = mlflow::Server::start(mlflow::V3, &folder);
    let target = StoreTarget::Server(server.url.parse()?);
    let experiments = runtime.block_on(async {
        let opened = open(
            &target,
            AccessMode::ReadOnly(ReadOnlyReason::Flag),
            &ConnectOptions::default(),
        )
        .await?;
        Ok::<_, Box<dyn Error>>(opened.reader.experiments(LifecycleFilter::Active).await?)
    })?;
    let ids: Vec<String> = experiments
        .iter()
        .map(|experiment| experiment.id.raw().to_owned())
        .collect();
    // A server's first replies are slow.
    fetch_with_curl(&server.url, &ids, true)?;
    let (mut peer, mut whole, mut first) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..ITERATIONS {
        peer = peer.min(fetch_with_curl(&server.url, &ids, false)?);
        whole = whole.min(fastest_of(1, || load_all(runtime, &target, &ids))?);
        first = first.min(fastest_of(1, || first_page(runtime, &target, &ids))?);
    }
    Ok(Times {
        floor: peer,
        peer: None,
        first,
        whole,
        files: 0,
    })
}

fn print_server(runs: u32, times: &Times) {
    let Times {
        floor,
        first,
        whole,
        ..
    } = times;
    println!("{runs} runs through MLflow {}", mlflow::V3);
    println!("  curl, page by page             {floor:>10.1?}");
    println!("  opened, first {FIRST_PAGE_RUNS} runs          {first:>10.1?}");
    println!(
        "  all in a sortable table        {whole:>10.1?}  {:.2}x of curl",
        ratio(*whole, *floor)
    );
}

/// The time of `curl` for all pages of a listing, or for the first one.
fn fetch_with_curl(url: &str, experiments: &[String], only_first: bool) -> BoxResult<Duration> {
    let (mut took, mut token, mut size) = (Duration::ZERO, None::<String>, FIRST_PAGE_RUNS);
    loop {
        let question = serde_json::json!({
            "experiment_ids": experiments, "max_results": size, "page_token": token, "run_view_type": "ACTIVE_ONLY"
        });
        let start = Instant::now();
        let response = Command::new("curl")
            .args([
                "--silent",
                "--fail",
                "--compressed",
                "--json",
                &question.to_string(),
            ])
            .arg(format!("{url}/api/2.0/mlflow/runs/search"))
            .output()?;
        took += start.elapsed();
        if !response.status.success() {
            return Err("curl failed".into());
        }
        let page: serde_json::Value = serde_json::from_slice(&response.stdout)?;
        token = page["next_page_token"].as_str().map(str::to_owned);
        size = PAGE_RUNS;
        if token.is_none() || only_first {
            return Ok(took);
        }
    }
}

/// Loads a file store. The files are in the page cache after the first reading. The floor reads every file in parallel, the
/// peer is MLflow's own file store.
pub(crate) fn measure_files(runtime: &Runtime, runs: u32) -> BoxResult<Times> {
    let root = ensure_files(runs)?;
    let target = StoreTarget::Files(root.clone());
    let mut files = 0;
    let floor = fastest(|| {
        files = read_all_files(&root)?;
        Ok(())
    })?;
    let first = fastest(|| first_page(runtime, &target, &[]))?;
    let whole = fastest(|| load_all(runtime, &target, &[]))?;
    // Each page reads the whole store again; 1,000 runs are MLflow's default.
    let search = "import os, sys, time
os.environ['MLFLOW_ALLOW_FILE_STORE'] = 'true'
from mlflow.tracking import MlflowClient
client, found, token = MlflowClient(sys.argv[1]), 0, None
begin = time.monotonic()
while True:
    page = client.search_runs(['1'], page_token=token)
    found, token = found + len(page), page.token
    if not token:
        break
print(found, time.monotonic() - begin)";
    let root = root.to_str().ok_or("not UTF-8")?;
    let answer = mlflow::run_script(mlflow::V3, search, &[root]);
    let took = answer.split_whitespace().nth(1).ok_or("no answer")?;
    let peer = Duration::from_secs_f64(took.parse()?);
    Ok(Times {
        floor,
        peer: Some(peer),
        first,
        whole,
        files,
    })
}

fn print_files(runs: u32, times: &Times) {
    let Times {
        floor,
        first,
        whole,
        ..
    } = times;
    let peer = times.peer.unwrap_or_default();
    println!("{runs} runs in {} files", times.files);
    println!("  every file, in parallel        {floor:>10.1?}");
    println!("  MLflow {}'s file store     {peer:>10.1?}", mlflow::V3);
    println!("  opened, first {FIRST_PAGE_RUNS} runs          {first:>10.1?}");
    println!(
        "  all in a sortable table        {whole:>10.1?}  {:.2}x of every file, 1/{:.0} of MLflow",
        ratio(*whole, *floor),
        ratio(peer, *whole)
    );
}

/// A file store with this many runs in one experiment, as MLflow 3 writes it; created if it is missing.
fn ensure_files(runs: u32) -> BoxResult<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/bench/{runs}-mlruns"));
    let experiment = root.join("1");
    if experiment.join("meta.yaml").is_file() {
        return Ok(root);
    }
    for run in 0..runs {
        write_run(&experiment.join(format!("{run:032x}")), run)?;
    }
    let meta = "artifact_location: file:///data/mlruns/1\ncreation_time: 1795000000000\nexperiment_id: '1'\nlast_update_time: 1795000000000\nlifecycle_stage: active\nname: bench\n";
    std::fs::write(experiment.join("meta.yaml"), meta)?;
    Ok(root)
}

/// 15 params, 12 metrics and 5 tags.
fn write_run(dir: &Path, run: u32) -> BoxResult<()> {
    for name in ["params", "metrics", "tags", "artifacts"] {
        std::fs::create_dir_all(dir.join(name))?;
    }
    for param in 0..15 {
        let value = format!("{}", f64::from(run * 31 + param) / 7.0);
        std::fs::write(dir.join(format!("params/param_{param}")), value)?;
    }
    for metric in 0..12 {
        let points = (0..5).map(|step| {
            let value = 1.0 / f64::from(run % 997 + metric + step + 1);
            format!("{} {value} {step}\n", NOW + i64::from(step))
        });
        let text: String = points.collect();
        std::fs::write(dir.join(format!("metrics/metric_{metric}")), text)?;
    }
    let tags = [
        "mlflow.runName",
        "mlflow.user",
        "mlflow.source.name",
        "mlflow.source.type",
        "team",
    ];
    for tag in tags {
        std::fs::write(dir.join("tags").join(tag), format!("{tag} {}", run % 10))?;
    }
    let start = NOW + i64::from(run);
    let meta = format!(
        "artifact_uri: file:///data/mlruns/1/{run:032x}/artifacts\nend_time: {}\nentry_point_name: ''\nexperiment_id: '1'\nlifecycle_stage: active\nrun_id: '{run:032x}'\nrun_name: run-{run}\nsource_name: ''\nsource_type: 4\nsource_version: ''\nstart_time: {start}\nstatus: 3\ntags: []\nuser_id: ana\n",
        start + 60_000
    );
    Ok(std::fs::write(dir.join("meta.yaml"), meta)?)
}

/// Reads every file below a folder, with as many threads as there are processors, and counts them.
fn read_all_files(root: &Path) -> BoxResult<usize> {
    let folders = Mutex::new(vec![root.join("1")]);
    let mut dirs = Vec::new();
    for entry in std::fs::read_dir(root.join("1"))? {
        dirs.push(entry?.path());
    }
    *folders.lock().map_err(|_| "a thread panicked")? = dirs;
    let threads = std::thread::available_parallelism()?.get();
    let read_some = || -> std::io::Result<usize> {
        let mut files = 0;
        loop {
            let Some(folder) = folders.lock().ok().and_then(|mut open| open.pop()) else {
                return Ok(files);
            };
            files += read_folder(&folder)?;
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(read_some)).collect();
        let mut files = 0;
        for worker in workers {
            files += worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(files)
    })
}

fn read_folder(path: &Path) -> std::io::Result<usize> {
    if !path.is_dir() {
        black_box(std::fs::read(path)?);
        return Ok(1);
    }
    let mut files = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files += read_folder(&entry.path())?;
        } else {
            black_box(std::fs::read(entry.path())?);
            files += 1;
        }
    }
    Ok(files)
}

async fn open_store(
    target: &StoreTarget,
    experiments: &[String],
) -> BoxResult<(StoreHandle, RunQuery)> {
    let opened = open(
        target,
        AccessMode::ReadOnly(ReadOnlyReason::Flag),
        &ConnectOptions::default(),
    )
    .await?;
    let query = RunQuery {
        experiments: experiments.iter().map(|id| id.as_str().into()).collect(),
        filter: None,
        order_by: Vec::new(),
        lifecycle: LifecycleFilter::Active,
        page_size: FIRST_PAGE_RUNS,
    };
    Ok((opened, query))
}

pub(crate) fn first_page(
    runtime: &Runtime,
    target: &StoreTarget,
    experiments: &[String],
) -> BoxResult<()> {
    runtime.block_on(async {
        let (opened, query) = open_store(target, experiments).await?;
        let mut table = RunTable::default();
        table.upsert(&opened.reader.runs(&query, None).await?.items);
        black_box(table.len());
        Ok(())
    })
}

/// The time until all runs are in a table.
pub(crate) fn load_all(
    runtime: &Runtime,
    target: &StoreTarget,
    experiments: &[String],
) -> BoxResult<()> {
    black_box(load_table(runtime, target, experiments)?.len());
    Ok(())
}

/// As the runs screen does: a small first page, then large ones or a scan, each read while the previous one is added to the table.
pub(crate) fn load_table(
    runtime: &Runtime,
    target: &StoreTarget,
    experiments: &[String],
) -> BoxResult<RunTable> {
    runtime.block_on(async {
        let (opened, query) = open_store(target, experiments).await?;
        let reader = opened.reader.as_ref();
        let mut table = RunTable::default();
        let mut pages = list_runs(query, None).scanning_from(SCANNED_RUNS);
        while !pages.is_done() {
            let page = pages.next(reader).await?;
            let add = async {
                if page.is_restart {
                    table = RunTable::default();
                }
                table.add_page(&page.runs, page.part.as_ref(), page.end.is_some());
            };
            if page.end.is_some() {
                add.await;
            } else {
                pages.read_ahead_until(reader, add).await;
            }
        }
        Ok(table)
    })
}
