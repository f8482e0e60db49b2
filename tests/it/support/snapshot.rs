//! What a reader says, as JSON in the words of `client.py`: so that two stores, or a store and MLflow's own client, can be
//! compared as a whole. Floats are told to the bit.

use std::collections::BTreeMap;

use frontrunner::domain::run::KeyValue;
use frontrunner::domain::{
    Alias, DatasetInput, Experiment, LoggedModel, LoggedModelId, Metric, MetricValue, ModelVersion,
    RegisteredModel, Run, RunId,
};
use frontrunner::store::{LifecycleFilter, Page, PageToken, Reader, Resolution, RunQuery};
use serde_json::{Map, Value, json};

fn number_bits(value: MetricValue) -> String {
    match value.get() {
        v if v.is_nan() => "NaN".to_owned(),
        v if v.is_infinite() => if v > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        v => format!("{:016x}", v.to_bits()),
    }
}

fn pairs(pairs: &[KeyValue]) -> Value {
    let entries: Map<_, _> = pairs
        .iter()
        .map(|pair| (pair.key.raw().to_owned(), json!(pair.value.raw())))
        .collect();
    assert_eq!(entries.len(), pairs.len(), "a key is told twice: {pairs:?}");
    Value::Object(entries)
}

fn metric(metric: &Metric) -> Value {
    json!([
        metric.key.raw(),
        metric.step,
        metric.timestamp,
        number_bits(metric.value)
    ])
}

fn dataset(data: &DatasetInput) -> Value {
    let optional = |text: &Option<_>| {
        text.as_ref()
            .map(|text: &frontrunner::text::Untrusted| text.raw().to_owned())
    };
    let (schema, profile, context) = (
        optional(&data.schema),
        optional(&data.profile),
        optional(&data.context),
    );
    json!([
        data.name.raw(),
        data.digest.raw(),
        data.source_type.raw(),
        data.source.raw(),
        schema,
        profile,
        context
    ])
}

/// An experiment.
pub fn experiment(it: &Experiment) -> Value {
    json!({
        "id": it.id.raw(), "name": it.name.raw(), "artifact_location": it.artifact_location.raw(), "lifecycle": it.lifecycle.as_str(),
        "created": it.creation_time, "updated": it.last_update_time, "tags": pairs(&it.tags),
    })
}

/// A run.
pub fn run(it: &Run) -> Value {
    let made: Vec<_> = it
        .model_outputs
        .iter()
        .map(|made| json!([made.model_id.raw(), made.step]))
        .collect();
    json!({
        "id": it.id.raw(), "name": it.name.raw(), "experiment": it.experiment_id.raw(), "status": it.status.as_str(),
        "lifecycle": it.lifecycle.as_str(), "user": it.user.raw(), "started": it.start_time, "ended": it.end_time,
        "artifacts": it.artifact_uri.raw(), "params": pairs(&it.params), "tags": pairs(&it.tags),
        "metrics": it.metrics.iter().map(metric).collect::<Vec<_>>(), "datasets": it.datasets.iter().map(dataset).collect::<Vec<_>>(),
        "models_read": it.model_inputs.iter().map(LoggedModelId::raw).collect::<Vec<_>>(), "models_made": made,
    })
}

/// A logged model.
pub fn logged_model(it: &LoggedModel) -> Value {
    // MLflow's client has shorter words than its API.
    let status = it
        .status
        .raw()
        .trim_start_matches("LOGGED_MODEL_")
        .trim_start_matches("UPLOAD_");
    json!({
        "id": it.id.raw(), "experiment": it.experiment_id.raw(), "name": it.name.raw(), "created": it.creation_time,
        "artifacts": it.artifact_uri.raw(), "status": status, "type": it.model_type.raw(),
        "run": it.source_run_id.raw(), "params": pairs(&it.params), "tags": pairs(&it.tags),
        "metrics": it.metrics.iter().map(metric).collect::<Vec<_>>(),
    })
}

/// A version.
pub fn version(it: &ModelVersion) -> Value {
    let aliases: Vec<_> = it.aliases.iter().map(Alias::raw).collect();
    json!({
        "name": it.name.raw(), "version": it.version.0, "created": it.creation_time, "updated": it.last_updated_time,
        "user": it.user.raw(), "stage": it.stage_text.raw(), "description": it.description.raw(), "source": it.source.raw(),
        "run": it.run_id.raw(), "status": it.status.as_str(), "message": it.status_message.raw(), "tags": pairs(&it.tags),
        "aliases": aliases,
    })
}

/// A registered model.
pub fn model(it: &RegisteredModel) -> Value {
    let aliases: Map<_, _> = it
        .aliases
        .iter()
        .map(|(alias, version)| (alias.raw().to_owned(), json!(version.0)))
        .collect();
    let latest: Map<_, _> = it
        .latest_versions
        .iter()
        .map(|v| (v.stage_text.raw().to_owned(), json!(v.version.0)))
        .collect();
    json!({
        "name": it.name.raw(), "created": it.creation_time, "updated": it.last_updated_time, "description": it.description.raw(),
        "tags": pairs(&it.tags), "aliases": aliases, "latest": latest,
    })
}

/// Every run of a view, page by page.
pub async fn runs(reader: &Reader, view: LifecycleFilter, page_size: u32) -> Vec<Run> {
    let query = RunQuery {
        page_size,
        lifecycle: view,
        ..RunQuery::default()
    };
    let (mut found, mut from): (Vec<Run>, Option<PageToken>) = (Vec::new(), None);
    loop {
        let Page { items, next, total } = reader.runs(&query, from.as_ref()).await.unwrap();
        assert!(
            items.len() <= page_size as usize,
            "a page has more runs than were asked for"
        );
        found.extend(items);
        from = next;
        if from.is_none() {
            assert!(
                total.is_none_or(|total| total == found.len() as u64),
                "{total:?} runs were announced, {} came",
                found.len()
            );
            return found;
        }
    }
}

/// The history of every metric of a run, by the metric's key.
async fn histories(reader: &Reader, run: &Run) -> Value {
    let mut entries = Map::new();
    for metric in &run.metrics {
        let read = reader
            .histories(
                std::slice::from_ref(&run.id),
                metric.key.raw(),
                Resolution::Full,
            )
            .await
            .unwrap();
        let [history] = read.as_slice() else {
            panic!("{} histories of one run and one metric", read.len())
        };
        assert_eq!(
            (&history.run, &history.key, history.is_sampled),
            (&run.id, &metric.key, false)
        );
        let points: Vec<_> = history
            .points
            .iter()
            .map(|point| json!([point.step, point.timestamp, number_bits(point.value)]))
            .collect();
        entries.insert(metric.key.raw().to_owned(), Value::Array(points));
    }
    Value::Object(entries)
}

/// Everything that a reader can be asked, told as `client.py` tells it, with lists by id.
pub async fn dump_store(reader: &Reader) -> Value {
    let runs = runs(reader, LifecycleFilter::All, 3).await;
    let mut histories_of = BTreeMap::new();
    let (mut logged, mut alone) = (Vec::new(), Vec::new());
    let is_server = reader.features().await.unwrap().can_filter;
    for it in &runs {
        let one = reader.run(&it.id).await.unwrap();
        let mut listed = it.clone();
        if is_server {
            // MLflow's own search leaves out the logged models, which it tells of one run.
            (listed.model_inputs, listed.model_outputs) =
                (one.model_inputs.clone(), one.model_outputs.clone());
        }
        assert_eq!(
            run(&one),
            run(&listed),
            "a run is told alone as it is told in a page"
        );
        alone.push(run(&one));
        histories_of.insert(it.id.raw().to_owned(), histories(reader, it).await);
        if reader.features().await.unwrap().has_logged_models {
            logged.extend(
                reader
                    .logged_models(&it.experiment_id, &it.id)
                    .await
                    .unwrap(),
            );
        }
    }
    let mut versions_of = BTreeMap::new();
    let models = reader.models().await.unwrap();
    for it in &models {
        assert_eq!(
            model(&reader.model(&it.name).await.unwrap()),
            model(it),
            "a model is told alone as it is told in the list"
        );
        let versions = reader.versions(&it.name).await.unwrap();
        versions_of.insert(
            it.name.raw().to_owned(),
            versions.iter().map(version).collect::<Vec<_>>(),
        );
    }
    json!({
        "experiments": reader.experiments(LifecycleFilter::All).await.unwrap().iter().map(experiment).collect::<Vec<_>>(),
        "runs": alone, "histories": histories_of,
        "logged_models": logged.iter().map(logged_model).collect::<Vec<_>>(),
        "models": models.iter().map(model).collect::<Vec<_>>(), "versions": versions_of,
    })
}

/// The numbers of the versions that were made from a run, by model.
pub async fn versions_of_run(reader: &Reader, run: &RunId) -> Vec<(String, u64)> {
    let versions = reader.versions_of_run(run).await.unwrap();
    let mut entries: Vec<_> = versions
        .iter()
        .map(|it| (it.name.raw().to_owned(), it.version.0))
        .collect();
    entries.sort();
    entries
}

/// Fails, naming the first places where two tellings differ: a whole store is too long to be read.
pub fn assert_same_store(ours: &Value, theirs: &Value) {
    let mut differences = Vec::new();
    collect_differences(
        "",
        &index_by_id(ours),
        &index_by_id(theirs),
        &mut differences,
    );
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences[..differences.len().min(20)].join("\n")
    );
}

/// Sorts what has no order of its own: rows, and lists of ids and aliases. Versions come newest first everywhere.
fn sort_unordered(dump: &mut Value) {
    match dump {
        Value::Object(parts) => parts.values_mut().for_each(sort_unordered),
        Value::Array(items) if items.iter().all(|item| item.is_array() || item.is_string()) => {
            items.sort_by_cached_key(Value::to_string);
        }
        Value::Array(items) => items.iter_mut().for_each(sort_unordered),
        _ => {}
    }
}

/// Lists of things with an id become objects, since stores list in orders of their own.
fn index_by_id(dump: &Value) -> Value {
    let mut entries = dump.clone();
    sort_unordered(&mut entries);
    for list in ["experiments", "runs", "logged_models", "models"] {
        let Some(items) = entries[list].as_array() else {
            continue;
        };
        let keyed: Map<_, _> = items
            .iter()
            .map(|item| {
                (
                    item.get("id")
                        .unwrap_or(&item["name"])
                        .as_str()
                        .unwrap()
                        .to_owned(),
                    item.clone(),
                )
            })
            .collect();
        assert_eq!(
            keyed.len(),
            items.len(),
            "{list}: something is listed twice"
        );
        entries[list] = Value::Object(keyed);
    }
    entries
}

fn collect_differences(place: &str, ours: &Value, theirs: &Value, differences: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let (a, b) = (
                    a.get(key).unwrap_or(&Value::Null),
                    b.get(key).unwrap_or(&Value::Null),
                );
                collect_differences(&format!("{place}/{key:?}"), a, b, differences);
            }
        }
        _ if ours != theirs => differences.push(format!("{place}: {ours} and not {theirs}")),
        _ => {}
    }
}
