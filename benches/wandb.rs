//! W&B's local runs: twenty runs of 50 metrics and 2,000 steps, made once by wandb itself under `target/bench/`. What opening and
//! charting costs through the store's own reader stands beside reading the same bytes with nothing in between; then the program and
//! W&B's own terminal viewer, `wandb leet`, are driven side by side in terminals of one size, by turns: until all runs are listed, and
//! until the curves of all twenty are drawn. Run by hand: `cargo bench --bench wandb [-- TURNS]`; it needs `python3` and, once, PyPI.

use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use frontrunner::domain::RunId;
use frontrunner::store::{
    AccessMode, ConnectOptions, ReadOnlyReason, Resolution, RunQuery, StoreHandle, StoreTarget,
    open,
};
use frontrunner::table::RunTable;
use tokio::runtime::Runtime;

#[path = "../tests/it/support/pty.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "written for tests"
)]
mod pty;
#[path = "../tests/it/support/wandb.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "written for tests"
)]
mod wandb;

use pty::{Pty, PtyCommand};

type BoxResult<T> = Result<T, Box<dyn Error>>;

/// How often each thing is measured here; the shortest counts.
const ITERATIONS: usize = 5;
/// How often the two programs take turns unless it is said; the median counts.
const DEFAULT_ROUNDS: usize = 5;
/// How many runs there are.
const RUNS: usize = 20;
/// A screen that is not written to for so long is done.
const IDLE_TIME: Duration = Duration::from_millis(1_500);
/// The size of both terminals.
const SIZE: (u16, u16) = (160, 50);
/// Makes the runs.
const SEED_SCRIPT: &str = r#"
import math, os, random, sys
os.chdir(sys.argv[1])
import wandb
for n in range(20):
    noise = random.Random(n)
    settings = wandb.Settings(console="off", x_disable_stats=True)
    run = wandb.init(project="bench", name=f"sweep-{n:02}", config={"lr": 10 ** -(1 + n % 4), "layers": n % 5, "seed": n}, settings=settings)
    for step in range(2000):
        values = {f"m{k:02}": math.exp(-step / (300 + 20 * n)) * (k + 1) + 0.05 * noise.random() for k in range(49)}
        run.log({**values, "loss": math.exp(-step / (300 + 20 * n)) + 0.05 * noise.random()})
    run.finish()
"#;

fn main() -> BoxResult<()> {
    let rounds = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(DEFAULT_ROUNDS);
    let home = ensure_runs()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    bench_reader(&runtime, &home)?;
    bench_against_leet(&home, rounds);
    Ok(())
}

/// The folder of runs; made when it is not there.
fn ensure_runs() -> BoxResult<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/bench/wandb-20x50x2000");
    // Where both programs keep what is their own.
    std::fs::create_dir_all(folder.join("own"))?;
    if !folder.join("wandb").is_dir() {
        wandb::run_script(SEED_SCRIPT, &folder);
    }
    Ok(folder.join("wandb"))
}

/// What it costs through the store's own reader.
fn bench_reader(runtime: &Runtime, home: &Path) -> BoxResult<()> {
    let (bytes, floor) = fastest(|| read_raw(home))?;
    let ((), table) =
        fastest(|| runtime.block_on(async { load_table(&open_store(home).await?).await }))?;
    let (_, cold) = fastest(|| {
        runtime.block_on(async { load_curves(&open_store(home).await?, "loss").await })
    })?;
    let store = runtime.block_on(open_store(home))?;
    runtime.block_on(load_curves(&store, "loss"))?;
    let (_, warm) = fastest(|| runtime.block_on(load_curves(&store, "m07")))?;
    let times = |took: Duration| {
        format!(
            "{:.2}x of the floor",
            took.as_secs_f64() / floor.as_secs_f64()
        )
    };
    println!("{RUNS} runs, 50 metrics, 2,000 steps: {} MB", bytes >> 20);
    println!("  read, to nowhere                 {floor:>10.1?}");
    println!(
        "  all runs in a table              {table:>10.1?}  {}",
        times(table)
    );
    println!(
        "  curves of one metric, all points {cold:>10.1?}  {}",
        times(cold)
    );
    println!(
        "  curves of another after it       {warm:>10.1?}  {}",
        times(warm)
    );
    Ok(())
}

fn fastest<T>(mut work: impl FnMut() -> BoxResult<T>) -> BoxResult<(T, Duration)> {
    let mut least: Option<(T, Duration)> = None;
    for _ in 0..ITERATIONS {
        let start = Instant::now();
        let done = work()?;
        let took = start.elapsed();
        if least.as_ref().is_none_or(|(_, shortest)| took < *shortest) {
            least = Some((done, took));
        }
    }
    least.ok_or_else(|| "nothing was measured".into())
}

/// Reads every log, one after another, and drops it.
fn read_raw(home: &Path) -> BoxResult<usize> {
    let mut bytes = 0;
    for entry in home.read_dir()? {
        let run = entry?.path();
        if run.is_dir() && !run.is_symlink() {
            for file in run.read_dir()? {
                let file = file?.path();
                if file
                    .extension()
                    .is_some_and(|extension| extension == "wandb")
                {
                    bytes += black_box(std::fs::read(file)?).len();
                }
            }
        }
    }
    Ok(bytes)
}

async fn open_store(home: &Path) -> BoxResult<StoreHandle> {
    Ok(open(
        &StoreTarget::Wandb(home.to_owned()),
        AccessMode::ReadOnly(ReadOnlyReason::Flag),
        &ConnectOptions::default(),
    )
    .await?)
}

async fn load_table(store: &StoreHandle) -> BoxResult<()> {
    let (mut table, mut from) = (RunTable::default(), None);
    loop {
        let page = store
            .reader
            .runs(&RunQuery::default(), from.as_ref())
            .await?;
        table.upsert(&page.items);
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    if table.len() == RUNS {
        Ok(())
    } else {
        Err(format!("{} runs", table.len()).into())
    }
}

async fn load_curves(store: &StoreHandle, metric: &str) -> BoxResult<usize> {
    let ids: Vec<RunId> = store
        .reader
        .runs(
            &RunQuery {
                page_size: 1_000,
                ..RunQuery::default()
            },
            None,
        )
        .await?
        .items
        .into_iter()
        .map(|run| run.id)
        .collect();
    let curves = store
        .reader
        .histories(&ids, metric, Resolution::Full)
        .await?;
    Ok(curves.iter().map(|curve| curve.points.len()).sum())
}

/// The two programs by turns.
fn bench_against_leet(home: &Path, rounds: usize) {
    let (mut ours, mut leet_times) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(time_frontrunner(home));
        leet_times.push(time_leet(home));
    }
    for (at, what) in ["all runs listed", "curves of all drawn"]
        .into_iter()
        .enumerate()
    {
        let median = |all: &[[Duration; 2]]| {
            let mut all: Vec<Duration> = all.iter().map(|took| took[at]).collect();
            all.sort_unstable();
            all[all.len() / 2]
        };
        let (own, peer) = (median(&ours), median(&leet_times));
        let times = peer.as_secs_f64() / own.as_secs_f64();
        println!(
            "{what}, from the start: frontrunner {own:.1?}, wandb leet {peer:.1?}: {times:.1} times as fast"
        );
    }
}

/// This program: until the last of the runs stands in the table, and until the curves of all, marked with three keys, stand still.
fn time_frontrunner(home: &Path) -> [Duration; 2] {
    let folder = home.with_file_name("own");
    let place = |name: &str| folder.join(name).into_os_string();
    let start = PtyCommand::new(
        env!("CARGO_BIN_EXE_frontrunner"),
        &[
            "--experiment",
            "bench",
            "--refresh",
            "0",
            "--target",
            &home.to_string_lossy(),
        ],
    );
    let start = ["config", "data", "cache"]
        .iter()
        .fold(start, |start, name| {
            start.env(
                &format!("FRONTRUNNER_{}_DIR", name.to_uppercase()),
                place(name),
            )
        });
    let started = Instant::now();
    let pty = start.size(SIZE.0, SIZE.1).spawn();
    pty.wait_until("all runs", || {
        (0..RUNS).all(|run| pty.text().contains(&format!("sweep-{run:02}")))
    });
    let listed = started.elapsed();
    pty.send(" ");
    pty.send("G");
    pty.send("v");
    pty.send("m");
    pty.wait_until("charts", || pty.text().contains("step"));
    [listed, time_until_idle(&pty, started)]
}

/// W&B's: until the last folder stands in the list, and until the charts of all, selected with two keys, stand still.
fn time_leet(home: &Path) -> [Duration; 2] {
    let own = home.with_file_name("own");
    let program = wandb::python().with_file_name("wandb");
    let start = PtyCommand::new(program, &["leet", &home.to_string_lossy()])
        .env("HOME", own.into_os_string());
    let started = Instant::now();
    let pty = start.size(SIZE.0, SIZE.1).spawn();
    pty.wait_until("all runs", || {
        pty.text().contains(&format!("[{RUNS} items]")) && pty.text().contains("ID: ")
    });
    let listed = started.elapsed();
    pty.send("\x01");
    let selected = || pty.text().matches('●').count() > RUNS / 2;
    // It asks where it takes the runs for many.
    let asks = || pty.text().contains("Press y");
    pty.wait_until("the selection", || asks() || selected());
    if asks() {
        pty.send("y");
        pty.wait_until("the selection", selected);
    }
    [listed, time_until_idle(&pty, started)]
}

/// How long it took until the last byte before the screen stood still.
fn time_until_idle(pty: &Pty, started: Instant) -> Duration {
    let (mut written, mut last) = (pty.output_len(), Instant::now());
    pty.wait_until("a screen that stands still", || {
        let now = pty.output_len();
        if now != written {
            (written, last) = (now, Instant::now());
        }
        last.elapsed() >= IDLE_TIME
    });
    last.duration_since(started)
}
