//! What wandb's own reader says of a run, and what is read here: the same params, metrics, histories and end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use frontrunner::domain::{MetricValue, Run, RunStatus};
use frontrunner::store::{ReadOnlyReason, Resolution, StoreHandle};
use serde_json::Value;

use super::{folder_of, open_store, run, samples};
use crate::support::wandb::{inspect, run_script};

/// A metric's points: step, time in ms, the value's bits; a NaN is any NaN.
type Points = Vec<(i64, i64, Option<u64>)>;

fn finite_bits(value: f64) -> Option<u64> {
    (!value.is_nan()).then_some(value.to_bits())
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) if ["NaN", "Infinity", "-Infinity"].contains(&text.as_str()) => {
            text.parse().ok()
        }
        value => value.as_f64(),
    }
}

/// The values inside a value, by name; media are none.
fn flatten<'a>(key: &str, value: &'a Value, found: &mut BTreeMap<String, &'a Value>) {
    match value {
        Value::Object(inside) if inside.contains_key("_type") => {}
        Value::Object(inside) if !inside.is_empty() || key.is_empty() => {
            inside.iter().for_each(|(name, value)| {
                let inner = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                flatten(&inner, value, found);
            });
        }
        value => {
            found.insert(key.to_owned(), value);
        }
    }
}

fn flatten_all(value: &Value) -> BTreeMap<String, &Value> {
    let mut found = BTreeMap::new();
    flatten("", value, &mut found);
    let media: Vec<String> = found
        .keys()
        .filter_map(|key| key.strip_suffix("._type").map(|name| format!("{name}.")))
        .collect();
    found.retain(|key, _| !key.starts_with('_') && !media.iter().any(|name| key.starts_with(name)));
    found
}

/// The histories that the records tell, by metric.
fn histories(records: &[Value]) -> BTreeMap<String, Points> {
    let mut found: BTreeMap<String, Points> = BTreeMap::new();
    for history in records
        .iter()
        .filter(|record| record["type"] == "history")
        .map(|record| &record["history"])
    {
        let step = history["item"]["_step"].as_i64().unwrap();
        let time = (history["item"]["_timestamp"].as_f64().unwrap() * 1e3).round() as i64;
        for (key, value) in flatten_all(&history["item"]) {
            if let Some(value) = number(value) {
                found
                    .entry(key)
                    .or_default()
                    .push((step, time, finite_bits(value)));
            }
        }
    }
    found
}

async fn assert_same_histories(
    store: &StoreHandle,
    run: &Run,
    expected: &BTreeMap<String, Points>,
) {
    for (key, expected) in expected {
        let read = store
            .reader
            .histories(std::slice::from_ref(&run.id), key, Resolution::Full)
            .await
            .unwrap();
        let [read] = read.as_slice() else {
            panic!("{key} has no history")
        };
        let points: Points = read
            .points
            .iter()
            .map(|point| (point.step, point.timestamp, finite_bits(point.value.get())))
            .collect();
        assert!(!read.is_sampled);
        assert_eq!(&points, expected, "{key} of {}", run.id.raw());
    }
}

fn assert_same_params(run: &Run, config: &Value) {
    let params: BTreeMap<&str, &str> = run
        .params
        .iter()
        .map(|pair| (pair.key.raw(), pair.value.raw()))
        .collect();
    let expected = flatten_all(config);
    assert_eq!(
        params.keys().copied().collect::<Vec<_>>(),
        expected.keys().map(String::as_str).collect::<Vec<_>>()
    );
    for (key, value) in expected {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let cut = params[key.as_str()].split_once('…').map(|(kept, _)| kept);
        let is_same = params[key.as_str()] == text
            || params[key.as_str()].parse::<f64>().ok()
                == text.parse::<f64>().ok().filter(|v| v.is_finite());
        assert!(
            is_same || cut.is_some_and(|kept| kept.len() >= 8_000 && text.starts_with(kept)),
            "{key}: {} and {text}",
            params[key.as_str()]
        );
    }
}

fn assert_same_metrics(run: &Run, whole: &Value, histories: &BTreeMap<String, Points>) {
    let mut expected: BTreeMap<String, Option<u64>> = histories
        .iter()
        .map(|(key, points)| (key.clone(), points.last().unwrap().2))
        .collect();
    expected.extend(
        flatten_all(&whole["summary"])
            .into_iter()
            .filter_map(|(key, value)| Some((key, finite_bits(number(value)?)))),
    );
    let finite = run
        .metrics
        .iter()
        .filter(|metric| !metric.key.raw().starts_with("system/"));
    let metrics: BTreeMap<String, Option<u64>> = finite
        .map(|metric| (metric.key.raw().to_owned(), finite_bits(metric.value.get())))
        .collect();
    assert_eq!(metrics, expected, "metrics of {}", run.id.raw());
    for (key, points) in histories {
        let metric = run
            .metrics
            .iter()
            .find(|metric| metric.key.raw() == key)
            .unwrap();
        assert_eq!(
            (metric.step, metric.timestamp),
            points.last().map(|(step, time, _)| (*step, *time)).unwrap(),
            "{key}"
        );
    }
}

/// Judges the four runs of a folder that `fill.py` filled.
async fn compare_with_wandb(home: &Path) {
    let store = open_store(home).await;
    assert_eq!(
        store.writer.as_ref().err(),
        Some(&ReadOnlyReason::Backend("W&B runs"))
    );
    for id in ["aaaa1111", "bbbb2222", "cccc3333", "dddd4444"] {
        let (whole, records) = inspect(&folder_of(home, id));
        let read = run(&store, id).await;
        let project = [&whole["entity"], &whole["project"]].map(|part| part.as_str().unwrap());
        if read.experiment_id.raw() != "uncategorized" {
            assert_eq!(
                read.experiment_id.raw(),
                project
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join("/")
            );
        }
        assert_eq!(
            [
                read.name.raw(),
                read.tag("mlflow.note.content")
                    .map_or("", |note| note.raw())
            ],
            [&whole["name"], &whole["notes"]].map(|it| it.as_str().unwrap())
        );
        let status = match whole["exit_code"].as_i64() {
            Some(0) => RunStatus::Finished,
            Some(_) => RunStatus::Failed,
            None if home.starts_with(samples("")) => RunStatus::Unknown,
            None => RunStatus::Running,
        };
        // A sample that was checked out a moment ago looks as if it was going on.
        assert!(
            read.status == status
                || (status == RunStatus::Unknown && read.status == RunStatus::Running),
            "{id}: {:?}",
            read.status
        );
        let histories = histories(&records);
        assert_same_params(&read, &whole["config"]);
        assert_same_metrics(&read, &whole, &histories);
        assert_same_histories(&store, &read, &histories).await;
    }
    assert_all_requests_work(&store).await;
}

/// What no reader tells, and `fill.py` knows.
async fn assert_all_requests_work(store: &StoreHandle) {
    let whole = run(store, "aaaa1111").await;
    let tag = |key: &str| {
        whole
            .tag(key)
            .map(|value| value.raw().to_owned())
            .unwrap_or_default()
    };
    let tags = [
        "candidate",
        "night",
        "wandb.group",
        "wandb.job_type",
        "summary.ckpt",
        "summary.text",
    ]
    .map(tag);
    assert_eq!(
        tags,
        [
            "true",
            "true",
            "forests",
            "train",
            "model-12.pt",
            "epoch 59"
        ]
    );
    assert_eq!(whole.metric("nest.b.c").map(MetricValue::get), Some(-59.0));
    assert_eq!(
        whole.metric("best_loss.min").map(MetricValue::get),
        Some(0.0)
    );
    assert!(whole.end_time > whole.start_time && whole.duration(0).is_some_and(|ms| ms < 600_000));
    let loss = store
        .reader
        .histories(
            &["aaaa1111", "bbbb2222"].map(Into::into),
            "loss",
            Resolution::Points(10),
        )
        .await
        .unwrap();
    assert_eq!(loss.len(), 2);
    assert!(
        loss[0].is_sampled
            && loss[0].points.len() <= 11
            && loss[0].points.last().unwrap().step == 64
    );
    let part = Resolution::StepRange {
        points: 100,
        first: 5,
        last: 7,
    };
    let part = store
        .reader
        .histories(&["aaaa1111".into()], "loss", part)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        part.points
            .iter()
            .map(|point| point.step)
            .collect::<Vec<_>>(),
        [5, 6, 7]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn wandb_0_16_runs_match_wandb() {
    compare_with_wandb(&samples("0.16.6")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wandb_0_19_runs_match_wandb() {
    compare_with_wandb(&samples("0.19.11")).await;
}

/// A folder that the newest wandb filled, once for all tests.
pub fn newest_sample() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        run_script(include_str!("fill.py"), folder.path());
        folder
    });
    folder.path()
}

#[tokio::test(flavor = "multi_thread")]
async fn newest_wandb_runs_match_wandb() {
    compare_with_wandb(&newest_sample().join("wandb")).await;
}
