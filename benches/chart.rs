//! Charts and comparisons at the scale of a lab: a chart of a million points, relative to reading them, and a frame of a comparison of
//! 100 runs with 500 params each.
//!
//! `cargo bench --bench chart`

#![expect(clippy::unwrap_used, reason = "a bench that fails should stop")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use frontrunner::analysis::compare;
use frontrunner::analysis::importance::importance;
use frontrunner::chart::{CurveOptions, CurveSeries, Figure, ScaleKind, XAxis, curves};
use frontrunner::config::keymap::Keymap;
use frontrunner::domain::{KeyValue, Metric, MetricHistory, MetricValue, Run, RunId};
use frontrunner::export::picture::{Palette, PictureFormat, PictureOptions, render_picture};
use frontrunner::store::{
    AccessMode, ConnectOptions, ReadOnlyReason, ReadStore, Resolution, StoreTarget, open,
};
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{Message, Session};
use frontrunner::tui::screens::{CompareScreen, StartOptions, start};
use frontrunner::tui::view;
use frontrunner::tui::view::TerminalTheme;
use jiff::tz::TimeZone;

const RUNS: usize = 20;
const POINTS: i64 = 50_000;
const NOW: i64 = 1_795_000_000_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(bench_million_points());
    bench_importance();
    bench_comparison();
}

/// The median time of several runs.
fn median(times: usize, mut work: impl FnMut()) -> Duration {
    let mut all: Vec<Duration> = (0..times)
        .map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed()
        })
        .collect();
    all.sort();
    all[times / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Creates a store of 20 runs with 50,000 points each, in MLflow 3's schema.
fn seed_store(path: &std::path::Path) -> Vec<RunId> {
    let facts = frontrunner::demo::create(
        path,
        &frontrunner::demo::DemoOptions {
            load_test_runs: None,
            now: NOW,
        },
    )
    .unwrap();
    drop(facts);
    let mut db = rusqlite::Connection::open(path).unwrap();
    let ids: Vec<String> = {
        let mut found = db.prepare("SELECT run_uuid FROM runs WHERE lifecycle_stage = 'active' ORDER BY run_uuid LIMIT ?1").unwrap();
        found
            .query_map([RUNS], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    let write = db.transaction().unwrap();
    for (at, id) in (0_i64..).zip(&ids) {
        let mut insert = write
            .prepare_cached("INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ('long', ?1, ?2, ?3, ?4, 0)")
            .unwrap();
        for step in 0..POINTS {
            let x = step as f64 / POINTS as f64;
            let value = (at as f64 + 1.0) / (1.0 + 20.0 * x)
                + ((step * 7_919 + at * 31) % 1_000) as f64 * 1e-4;
            insert
                .execute(rusqlite::params![value, NOW + step, id, step])
                .unwrap();
        }
    }
    write.commit().unwrap();
    ids.into_iter().map(RunId::from).collect()
}

/// Reads the points with rusqlite only.
fn read_with_rusqlite(path: &std::path::Path, ids: &[RunId]) {
    let db = rusqlite::Connection::open(path).unwrap();
    let mut asked = db.prepare("SELECT step, timestamp, value, is_nan FROM metrics WHERE run_uuid = ?1 AND key = 'long'").unwrap();
    let mut sum = 0.0;
    for id in ids {
        let mut rows = asked.query([id.raw()]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            sum += row.get::<_, i64>(0).unwrap() as f64
                + row.get::<_, i64>(1).unwrap() as f64
                + row.get::<_, f64>(2).unwrap();
        }
    }
    black_box(sum);
}

/// The histories, and the median time of reading them.
async fn time_histories(reader: &dyn ReadStore, ids: &[RunId]) -> (Vec<MetricHistory>, Duration) {
    let mut times = Vec::new();
    let mut histories = Vec::new();
    for _ in 0..5 {
        let begin = Instant::now();
        let read = reader.histories(ids, "long", Resolution::Full).await;
        histories = read.unwrap();
        times.push(begin.elapsed());
    }
    times.sort();
    (histories, times[2])
}

async fn bench_million_points() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mlflow.db");
    let ids = seed_store(&path);
    let opened = open(
        &StoreTarget::Sqlite(path.clone()),
        AccessMode::ReadOnly(ReadOnlyReason::Flag),
        &ConnectOptions::default(),
    )
    .await
    .unwrap();
    let (histories, reading) = time_histories(opened.reader.as_ref(), &ids).await;
    let points: usize = histories.iter().map(|history| history.points.len()).sum();
    let bare = median(5, || read_with_rusqlite(&path, &ids));
    let all: Vec<CurveSeries<'_>> = histories
        .iter()
        .enumerate()
        .map(|(series, history)| CurveSeries {
            label: history.run.short(),
            series,
            points: &history.points,
            start: None,
            is_sampled: false,
        })
        .collect();
    let options = |smoothing: f64, columns: usize| CurveOptions {
        x_axis: XAxis::Step,
        scale: ScaleKind::Linear,
        smoothing,
        clip_outliers: false,
        x_window: None,
        columns,
        marker_count: 3,
        max_bars: 20,
        zone: TimeZone::UTC,
    };
    println!("{points} points of {RUNS} runs, SQLite");
    println!(
        "  rusqlite reads them in {:.0} ms, histories in {:.0} ms ({:.2}x)",
        ms(bare),
        ms(reading),
        ms(reading) / ms(bare)
    );
    for (name, smoothing) in [("raw", 0.0), ("with EMA 0.9", 0.9)] {
        let made = median(9, || {
            drop(black_box(curves("long", &all, &options(smoothing, 320))));
        });
        let figure = curves("long", &all, &options(smoothing, 320));
        let drawn = median(9, || draw_to_buffer(&figure));
        let whole = reading + made + drawn;
        println!(
            "  {name}: downsampled to 320 columns in {:.1} ms, drawn at 160x40 in {:.2} ms; in total {:.2}x of reading, {:.2}x of rusqlite",
            ms(made),
            ms(drawn),
            ms(whole) / ms(reading),
            ms(whole) / ms(bare)
        );
    }
    time_pictures(&curves("long", &all, &options(0.0, 2_000)));
}

fn time_pictures(figure: &Figure) {
    for format in [PictureFormat::Svg, PictureFormat::Png] {
        let made = PictureOptions::new(format, Palette::light());
        let drawn = median(3, || {
            drop(black_box(
                render_picture(std::slice::from_ref(figure), &made).unwrap(),
            ));
        });
        println!("  {format:?} picture in {:.0} ms", ms(drawn));
    }
}

/// Draws a figure into a buffer of cells.
fn draw_to_buffer(figure: &Figure) {
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(160, 40)).unwrap();
    terminal
        .draw(|frame| view::draw_figure(frame, figure, &TerminalTheme::default()))
        .unwrap();
    black_box(&terminal);
}

fn make_runs(count: usize, params: usize) -> Vec<Run> {
    let run = |n: usize| {
        let mut run = Run::bare(format!("{n:032x}").into(), "1".into());
        run.name = format!("run-{n}").into();
        run.status = frontrunner::domain::RunStatus::Finished;
        run.params = (0..params)
            .map(|p| {
                KeyValue::new(
                    format!("param_{p:03}").as_str(),
                    format!("{}", (n * (p + 3)) % 17).as_str(),
                )
            })
            .collect();
        let metric = |m: usize| Metric {
            key: format!("metric_{m}").into(),
            value: MetricValue::new(((n * 31 + m * 7) % 101) as f64),
            timestamp: 0,
            step: 0,
        };
        run.metrics = (0..12).map(metric).collect();
        run
    };
    (0..count).map(run).collect()
}

/// Times importance for realistic numbers of runs and params.
fn bench_importance() {
    for (count, params) in [(100, 20), (1_000, 30)] {
        let runs = make_runs(count, params);
        let taken = median(3, || drop(black_box(importance(&runs, "metric_0"))));
        println!(
            "importance of {params} params in {count} runs: {:.0} ms",
            ms(taken)
        );
    }
}

/// Times a comparison of 100 runs with 500 params each, then a frame for each key.
fn bench_comparison() {
    let runs = make_runs(100, 500);
    let made = median(5, || drop(black_box(compare(runs.clone(), None))));
    println!(
        "comparison of 100 runs with 500 params: {:.0} ms; then each key with its frame at 200x50:",
        ms(made)
    );
    let session = Session::read_only("bench");
    let (mut app, _) = start(
        session,
        Keymap::load(None).unwrap(),
        Size {
            width: 200,
            height: 50,
        },
        NOW,
        &StartOptions::default(),
    );
    app.push_loaded(CompareScreen::loaded(compare(runs, None), NOW));
    let theme = TerminalTheme::default();
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(200, 50)).unwrap();
    for (what, keys) in [
        ("down a row", "j"),
        ("a page down", "ctrl-d"),
        ("to the next run", "l"),
        ("differences only, or all", "d"),
        ("transpose", "t"),
        ("down a run", "j"),
    ] {
        let mut all: Vec<Duration> = Vec::new();
        let times = if what == "transpose" { 1 } else { 100 };
        for _ in 0..times {
            let begin = Instant::now();
            app.update(NOW, Message::Key(keys.parse().unwrap()));
            terminal
                .draw(|frame| view::draw(frame, &app, &theme))
                .unwrap();
            all.push(begin.elapsed());
        }
        all.sort();
        println!(
            "  {what:<28} p50 {:>5.2} ms, p99 {:>5.2} ms",
            ms(all[times / 2]),
            ms(all[times * 99 / 100])
        );
    }
}
