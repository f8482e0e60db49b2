//! A filter of the run table: parsed, evaluated on some runs, split for a store, completed. Its own text is the same filter.
#![no_main]

use std::sync::LazyLock;

use frontrunner::domain::{KeyValue, Metric, MetricValue, Run, RunStatus};
use frontrunner::table::RunTable;
use frontrunner::table::filter::{Filter, complete};
use libfuzzer_sys::fuzz_target;

/// Some time after the runs.
const NOW: i64 = 1_795_000_000_000;

static TABLE: LazyLock<RunTable> = LazyLock::new(|| {
    let runs: Vec<Run> = (0..4).map(sample_run).collect();
    let mut table = RunTable::default();
    table.upsert(&runs);
    table
});

fn sample_run(nth: u8) -> Run {
    let mut run = Run::bare(format!("run{nth}").into(), "1".into());
    run.status = [
        RunStatus::Finished,
        RunStatus::Running,
        RunStatus::Failed,
        RunStatus::Unknown,
    ][usize::from(nth % 4)];
    run.start_time = (nth > 0).then_some(NOW - i64::from(nth) * 60_000);
    run.name = "näme 'x' \"y\"".into();
    let values = [0.5, f64::NAN, f64::INFINITY, -0.0];
    run.metrics = ["loss", "val/acc", "a b"]
        .iter()
        .enumerate()
        .map(|(at, key)| Metric {
            key: (*key).into(),
            value: MetricValue::new(values[(at + usize::from(nth)) % 4]),
            timestamp: NOW,
            step: i64::MAX,
        })
        .collect();
    let pair = |key: &str, value: &str| KeyValue {
        key: key.into(),
        value: value.into(),
    };
    run.params = vec![pair("lr", "1e-3"), pair("model.name", "x")];
    run.tags = vec![pair("team", "vision"), pair("empty", "")];
    run
}

fuzz_target!(|text: &str| {
    // Completion sees every state of typing.
    let half = (0..=text.len() / 2)
        .rev()
        .find(|at| text.is_char_boundary(*at));
    for cursor in [0, half.unwrap_or(0), text.len()] {
        let _ = complete(text, cursor, &TABLE);
    }
    let Ok(filter) = Filter::parse(text) else {
        return;
    };
    let matches = |filter: &Filter| -> Vec<bool> {
        TABLE
            .rows()
            .map(|row| filter.matches(&TABLE, row, NOW))
            .collect()
    };
    let found = matches(&filter);
    let printed = filter.to_string();
    let again = Filter::parse(&printed).unwrap_or_else(|error| panic!("{printed:?}: {error}"));
    assert_eq!(found, matches(&again), "{text:?} is printed as {printed:?}");
    let _ = filter.unknown_key(text, &TABLE);
    let _ = filter.remote_queries();
    if let Some(residual) = filter.pushdown().residual {
        matches(&residual);
    }
});
