//! The run table with 100,000 runs of 15 params, 12 metrics and 5 tags, then with 12,000 distinct keys. Each time is the best of five,
//! relative to sorting a `Vec<f64>`. Run by hand: `cargo bench --bench table`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use frontrunner::domain::{KeyValue, Metric, MetricValue, Run, RunStatus};
use frontrunner::table::filter::Filter;
use frontrunner::table::{Arrangement, Attribute, ColumnKey, Grouping, RunTable, SortKey, arrange};

const RUNS: u64 = 100_000;
const NOW: i64 = 1_800_000_000_000;

/// The shortest time of five.
fn fastest<T>(mut work: impl FnMut() -> T) -> Duration {
    let once = |()| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    [(); 5].map(once).into_iter().min().unwrap_or_default()
}

/// A pseudo-random number for an index (SplitMix64).
fn splitmix64(seed: u64) -> u64 {
    let mut z = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn make_metric(key: String, seed: u64) -> Metric {
    Metric {
        key: key.into(),
        value: MetricValue::new(splitmix64(seed) as f64 / u64::MAX as f64),
        timestamp: 0,
        step: 100,
    }
}

fn make_run(n: u64) -> Run {
    let mut run = Run::bare(
        format!("{:016x}{:016x}", splitmix64(n), splitmix64(n + RUNS)).into(),
        "1".into(),
    );
    run.name = format!(
        "{}-{}-{n}",
        ["brave", "calm", "eager", "nosy"][splitmix64(n) as usize % 4],
        ["ant", "bee", "cat"][splitmix64(n + 1) as usize % 3]
    )
    .into();
    run.status = RunStatus::ALL[splitmix64(n) as usize % 5];
    run.user = ["ada", "bob", "eve"][splitmix64(n) as usize % 3].into();
    run.start_time = Some(NOW - 1000 * (splitmix64(n + 7) % 50_000_000).cast_signed());
    run.end_time = run
        .start_time
        .map(|start| start + (splitmix64(n) % 10_000_000).cast_signed());
    run.artifact_uri = format!("mlflow-artifacts:/1/{}/artifacts", run.id.raw()).into();
    run.metrics = (0..12)
        .map(|m| make_metric(format!("val/metric_{m}"), n * 12 + m))
        .collect();
    let param = |p: u64| match p {
        0 => format!("{:.6}", splitmix64(n) as f64 / u64::MAX as f64),
        1..=7 => (splitmix64(n * 15 + p) % 64).to_string(),
        _ => ["adam", "sgd", "cosine", "relu", "True", "None"][splitmix64(n * 15 + p) as usize % 6]
            .to_owned(),
    };
    run.params = (0..15)
        .map(|p| KeyValue::new(format!("param_{p}"), param(p)))
        .collect();
    run.tags = (0..5)
        .map(|t| {
            KeyValue::new(
                format!("tag_{t}"),
                format!("value {}", splitmix64(n * 5 + t) % 10),
            )
        })
        .collect();
    run
}

/// The bytes of the values alone: the length of texts, 8 for numbers and times, 1 for a status.
fn raw_bytes(run: &Run) -> usize {
    let pairs = |pairs: &[KeyValue]| {
        pairs
            .iter()
            .map(|pair| pair.value.raw().len())
            .sum::<usize>()
    };
    let texts = run.id.raw().len()
        + run.name.raw().len()
        + run.user.raw().len()
        + run.artifact_uri.raw().len()
        + run.experiment_id.raw().len();
    texts + 8 * (run.metrics.len() + 2) + 1 + pairs(&run.params) + pairs(&run.tags)
}

fn main() {
    let table = load_table();
    let bare: Vec<f64> = (0..RUNS).map(|n| splitmix64(n) as f64).collect();
    let floor = fastest(|| {
        let mut rows: Vec<(f64, u32)> = bare.iter().copied().zip(0..).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        rows
    });
    println!("sort a Vec<f64> with its rows: {floor:?}");
    let changed = || {
        let mut table = table.clone();
        table.upsert(&[]);
        table
    };
    print_timing("copy the table", floor, changed);
    print_timing("copy the table, then its first frame", floor, || {
        arrange(&changed(), &Arrangement::default(), NOW)
    });
    bench_arrangements(&table, floor);
    print_timing("summaries of all columns", floor, || {
        table
            .columns()
            .iter()
            .map(|key| table.summary(key).count)
            .sum::<usize>()
    });
    bench_sparse_keys();
}

fn print_timing<T>(what: &str, floor: Duration, work: impl FnMut() -> T) {
    let took = fastest(work);
    println!(
        "{what}: {took:?}, {:.1}x of the Vec<f64>",
        took.as_secs_f64() / floor.as_secs_f64()
    );
}

/// The table of all runs.
fn load_table() -> RunTable {
    let runs: Vec<Run> = (0..RUNS).map(make_run).collect();
    let raw: usize = runs.iter().map(raw_bytes).sum();
    let load = || {
        let mut table = RunTable::default();
        for page in runs.chunks(1000) {
            table.upsert(page);
        }
        table
    };
    let mut table = load();
    println!(
        "insert {RUNS} runs: {:?}; update all: {:?}",
        fastest(load),
        fastest(|| table.upsert(&runs))
    );
    println!(
        "memory: {} MB, {:.2}x of the raw values",
        table.memory_usage() / 1_000_000,
        table.memory_usage() as f64 / raw as f64
    );
    table
}

fn bench_arrangements(table: &RunTable, floor: Duration) {
    let param = |key: &str| ColumnKey::Param(key.into());
    let metric = ColumnKey::Metric("val/metric_3".into());
    let attributes = [
        Attribute::Name,
        Attribute::RunId,
        Attribute::ArtifactUri,
        Attribute::Start,
        Attribute::Duration,
        Attribute::Status,
    ];
    let keys = [
        metric.clone(),
        param("param_0"),
        param("param_2"),
        param("param_9"),
        ColumnKey::Tag("tag_1".into()),
    ];
    let by = |column: &ColumnKey| SortKey {
        column: column.clone(),
        descending: true,
    };
    let sorted = |sort: Vec<SortKey>| Arrangement {
        sort,
        ..Arrangement::default()
    };
    for key in keys.into_iter().chain(attributes.map(ColumnKey::Attribute)) {
        let arrangement = sorted(vec![by(&key)]);
        print_timing(&format!("sort by {key}"), floor, || {
            arrange(table, &arrangement, NOW)
        });
    }
    let two = sorted(vec![by(&param("param_9")), by(&metric)]);
    print_timing("sort by a text param, then a metric", floor, || {
        arrange(table, &two, NOW)
    });
    for grouping in [Grouping::Tree, Grouping::By(param("param_9"))] {
        let arrangement = Arrangement {
            grouping,
            ..Arrangement::default()
        };
        print_timing(&format!("group {:?}", arrangement.grouping), floor, || {
            arrange(table, &arrangement, NOW)
        });
    }
    let filters = [
        "metrics.`val/metric_3` > 0.5",
        "params.param_2 < 10 AND tags.tag_1 LIKE '%3'",
        "calm-bee is:running",
        "cafe",
        "age < 200d OR is:nan",
    ];
    for filter in filters {
        let arrangement = Arrangement {
            filter: Filter::parse(filter).ok(),
            ..Arrangement::default()
        };
        print_timing(&format!("filter {filter}"), floor, || {
            arrange(table, &arrangement, NOW)
        });
    }
}

/// 12,000 distinct keys, 12 in each run.
fn bench_sparse_keys() {
    let mut table = RunTable::default();
    let mut raw = 0;
    for n in 0..RUNS / 1000 {
        let mut page: Vec<Run> = (n * 1000..(n + 1) * 1000).map(make_run).collect();
        for (at, run) in (n * 1000..).zip(&mut page) {
            run.metrics = (0..12)
                .map(|m| make_metric(format!("rare/{}", splitmix64(at * 12 + m) % 12_000), at))
                .collect();
        }
        raw += page.iter().map(raw_bytes).sum::<usize>();
        table.upsert(&page);
    }
    println!(
        "12,000 keys: {} columns, {} MB, {:.2}x of the raw values",
        table.columns().len(),
        table.memory_usage() / 1_000_000,
        table.memory_usage() as f64 / raw as f64
    );
    let sort = vec![SortKey {
        column: ColumnKey::Metric("rare/77".into()),
        descending: false,
    }];
    println!(
        "sort by one of them: {:?}",
        fastest(|| arrange(
            &table,
            &Arrangement {
                sort: sort.clone(),
                ..Arrangement::default()
            },
            NOW
        ))
    );
}
