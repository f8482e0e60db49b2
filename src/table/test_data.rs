//! Runs for the tests of this module.

use proptest::prelude::*;

use crate::domain::{KeyValue, Metric, MetricValue, Run, RunStatus};

/// A run of experiment 1 without any values.
pub(super) fn run(id: &str) -> Run {
    Run::bare(id.into(), "1".into())
}

fn any_metric() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -3.0..3.0, 1 => Just(f64::NAN), 1 => Just(f64::INFINITY), 1 => Just(0.0), 1 => Just(-0.0)]
}

fn any_text() -> impl Strategy<Value = String> {
    let words = [
        "adam",
        "Adam",
        "0.1",
        "0.10",
        "1e-3",
        "10",
        "9",
        "nan",
        "",
        "größe",
        "it's \"x\"",
        "a`b",
        "100%",
    ];
    proptest::sample::select(words.to_vec()).prop_map(str::to_owned)
}

/// A run with one of a few ids, so that runs repeat and nest in each other, with cycles.
pub(super) fn any_run() -> impl Strategy<Value = Run> {
    let status = proptest::sample::select(RunStatus::ALL.to_vec());
    let metrics = proptest::collection::btree_map("[xyz]", any_metric(), 0..3);
    let params = proptest::collection::btree_map("[pq]", any_text(), 0..3);
    let tags = proptest::collection::btree_map("[tu]", any_text(), 0..3);
    let times = (
        proptest::option::of(0_i64..4),
        proptest::option::of(0_i64..4),
    );
    (
        0..12_u8,
        proptest::option::of(0..12_u8),
        status,
        times,
        metrics,
        params,
        tags,
    )
        .prop_map(
            |(id, parent, status, (start, end), metrics, params, tags)| {
                let mut run = run(&format!("r{id}"));
                run.name = format!("run {}", id / 2).into();
                run.status = status;
                (run.start_time, run.end_time) = (start, end);
                let metric = |(key, value): (String, f64)| Metric {
                    key: key.into(),
                    value: MetricValue::new(value),
                    timestamp: 0,
                    step: 0,
                };
                run.metrics = metrics.into_iter().map(metric).collect();
                run.params = params
                    .into_iter()
                    .map(|(key, value)| KeyValue::new(key, value))
                    .collect();
                run.tags = tags
                    .into_iter()
                    .map(|(key, value)| KeyValue::new(key, value))
                    .collect();
                run.tags.extend(
                    parent.map(|parent| KeyValue::new("mlflow.parentRunId", format!("r{parent}"))),
                );
                run
            },
        )
}

/// Some runs, with repeated ids.
pub(super) fn any_runs() -> impl Strategy<Value = Vec<Run>> {
    proptest::collection::vec(any_run(), 0..24)
}
