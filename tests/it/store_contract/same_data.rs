//! A SQLite file and MLflow's server over the same file return the same data.

use frontrunner::domain::{Artifact, ArtifactOwner, LoggedModelId, Run, RunId, StoreErrorKind};
use frontrunner::lineage::LineageFacts;
use frontrunner::ops::lineage::load_lineage_facts;
use frontrunner::store::{
    ChangedRunsQuery, LifecycleFilter, ReadStore, Reader, Resolution, RunQuery, StoreTarget,
};
use serde_json::{Map, Value, json};

use super::{error_kind, fill_store, reader};
use crate::support::mlflow::{Server, V2, V3};
use crate::support::snapshot::{self, assert_same_store, dump_store};

/// Experiments, runs, changed runs and nested runs by lifecycle and by experiment.
async fn dump_lifecycles(reader: &Reader) -> Value {
    let mut dumped = Map::new();
    for (name, view) in [
        ("active", LifecycleFilter::Active),
        ("deleted", LifecycleFilter::Deleted),
        ("all", LifecycleFilter::All),
    ] {
        let experiments = reader.experiments(view).await.unwrap();
        let mut ids: Vec<_> = experiments
            .iter()
            .map(|it| it.id.raw().to_owned())
            .collect();
        ids.sort();
        dumped.insert(format!("experiments {name}"), json!(ids));
        for it in reader.experiments(LifecycleFilter::All).await.unwrap() {
            let query = RunQuery {
                experiments: vec![it.id.clone()],
                lifecycle: view,
                page_size: 100,
                ..RunQuery::default()
            };
            let page = reader.runs(&query, None).await.unwrap();
            let ids: Vec<_> = page
                .items
                .iter()
                .map(|run| run.id.raw().to_owned())
                .collect();
            dumped.insert(
                format!("runs {name} of {}", it.id.raw()),
                json!([ids, page.next.is_some()]),
            );
            // A refresh with all runs as known ones and one that does not exist, then of the later
            // half as new runs.
            let starts: Vec<i64> = page.items.iter().filter_map(|run| run.start_time).collect();
            let mut known: Vec<RunId> = page.items.iter().map(|run| run.id.clone()).collect();
            known.push("0123456789abcdef0123456789abcdef".into());
            for (known, since) in [
                (known, i64::MAX),
                (
                    Vec::new(),
                    starts.get(starts.len() / 2).copied().unwrap_or(0),
                ),
            ] {
                let key = format!(
                    "changes of {name} of {}, {} known",
                    it.id.raw(),
                    known.len()
                );
                let changes = ChangedRunsQuery {
                    experiments: vec![it.id.clone()],
                    known,
                    since,
                    ..ChangedRunsQuery::default()
                };
                let run_summary = |run: &Run| {
                    json!([
                        run.id.raw(),
                        run.status.as_str(),
                        run.metrics.len(),
                        run.params.len(),
                        run.tags.len()
                    ])
                };
                let mut runs: Vec<Value> = reader
                    .changed_runs(&changes)
                    .await
                    .unwrap()
                    .iter()
                    .map(run_summary)
                    .collect();
                runs.sort_by_key(ToString::to_string);
                dumped.insert(key, json!(runs));
            }
        }
    }
    // The runs nested in each run, in its own experiment and in all of them.
    let all = reader
        .runs(
            &RunQuery {
                lifecycle: LifecycleFilter::All,
                page_size: 1_000,
                ..RunQuery::default()
            },
            None,
        )
        .await
        .unwrap();
    for run in all.items {
        for experiments in [vec![run.experiment_id.clone()], Vec::new()] {
            let key = format!(
                "nested in {} in {} experiments",
                run.id.raw(),
                experiments.len()
            );
            let nested = reader.nested_runs(&experiments, &run.id).await.unwrap();
            dumped.insert(
                key,
                nested
                    .iter()
                    .map(|run| json!([run.id.raw(), run.tags.len()]))
                    .collect(),
            );
        }
    }
    assert!(dumped.iter().any(|(key, runs)| key.starts_with("nested")
        && runs.as_array().is_some_and(|runs| !runs.is_empty())));
    Value::Object(dumped)
}

/// The lineage of a version.
fn dump_facts(facts: &LineageFacts) -> Value {
    json!({
        "version": snapshot::version(&facts.version), "model": snapshot::model(&facts.model), "run": facts.run.as_ref().map(snapshot::run),
        "parents": facts.parents.iter().map(snapshot::run).collect::<Vec<_>>(),
        "logged_model": facts.logged_model.as_ref().map(snapshot::logged_model),
        "files": facts.files.iter().map(|file| json!([file.name, file.text.raw()])).collect::<Vec<_>>(),
        "missing": facts.missing.len(),
    })
}

async fn dump_lineages(reader: &Reader) -> Value {
    let mut dumped = Map::new();
    for model in reader.models().await.unwrap() {
        for version in reader.versions(&model.name).await.unwrap() {
            let facts = dump_facts(
                &load_lineage_facts(
                    (&**reader as &dyn ReadStore).into(),
                    &model.name,
                    version.version,
                )
                .await
                .unwrap(),
            );
            dumped.insert(format!("{} {}", model.name.raw(), version.version), facts);
        }
    }
    Value::Object(dumped)
}

async fn dump_registry(reader: &Reader, ids: &Value) -> Value {
    let mut dumped = Map::new();
    for (name, id) in ids.as_object().unwrap() {
        dumped.insert(
            name.clone(),
            json!(snapshot::versions_of_run(reader, &RunId::from(id.as_str().unwrap())).await),
        );
    }
    Value::Object(dumped)
}

/// Files and folders, and the beginning of a file.
async fn dump_files(reader: &Reader, run: &str) -> Value {
    let home = ArtifactOwner::Run(run.into());
    let mut dumped = Map::new();
    for path in ["", "notes", "model"] {
        let mut listed = reader.artifacts(&home, path).await.unwrap();
        listed.sort_by(|a, b| a.path.cmp(&b.path));
        let entry = |it: &Artifact| json!([it.path.raw(), it.is_dir, it.size]);
        dumped.insert(format!("in {path:?}"), listed.iter().map(entry).collect());
    }
    for limit in [3, 10_000] {
        let read = reader
            .preview(&home, "notes/größe 1.txt", limit)
            .await
            .unwrap();
        dumped.insert(
            format!("{limit} bytes"),
            json!([read.text().unwrap().raw(), read.is_truncated]),
        );
    }
    Value::Object(dumped)
}

/// The error kinds of missing objects.
async fn dump_errors(reader: &Reader, ids: &Value) -> Value {
    let run = RunId::from("00000000000000000000000000000000");
    let home = ArtifactOwner::Run(ids["numbers"].as_str().unwrap().into());
    let kinds = [
        ("run", error_kind(reader.run(&run).await)),
        (
            "model",
            error_kind(reader.model(&"no such model".into()).await),
        ),
        (
            "versions",
            error_kind(reader.versions(&"no such model".into()).await),
        ),
        (
            "lineage",
            error_kind(
                load_lineage_facts(
                    (&**reader as &dyn ReadStore).into(),
                    &"shop".into(),
                    frontrunner::domain::VersionNumber(99),
                )
                .await,
            ),
        ),
        (
            "logged model",
            error_kind(
                reader
                    .logged_model(&LoggedModelId::from("m-00000000000000000000000000000000"))
                    .await,
            ),
        ),
    ];
    // MLflow 2 responds with status 500 for a missing file.
    for path in ["no/such.txt", "../../../../etc/passwd", "notes"] {
        assert!(
            reader.preview(&home, path, 10).await.is_err(),
            "{path} was read"
        );
    }
    kinds
        .into_iter()
        .map(|(what, kind)| (what.to_owned(), json!(kind.map(StoreErrorKind::code))))
        .collect::<Map<_, _>>()
        .into()
}

/// Full and sampled histories of several runs, of which not all have the metric.
async fn dump_histories(reader: &Reader, ids: &Value) -> Value {
    let runs: Vec<RunId> = ["child", "numbers", "parent", "deleted"]
        .iter()
        .map(|name| ids[name].as_str().unwrap().into())
        .collect();
    let mut dumped = Map::new();
    for metric in ["loss", "twice", "long", "no such metric"] {
        for it in reader
            .histories(&runs, metric, Resolution::Full)
            .await
            .unwrap()
        {
            assert!(
                !it.is_sampled
                    && it
                        .points
                        .is_sorted_by_key(|point| (point.step, point.timestamp)),
                "{it:?}"
            );
            let steps: Vec<_> = it
                .points
                .iter()
                .map(|point| (point.step, point.timestamp))
                .collect();
            dumped.insert(format!("{metric} of {}", it.run.raw()), json!(steps));
        }
    }
    let sampled = reader
        .histories(&runs, "long", Resolution::Points(100))
        .await
        .unwrap();
    let [sampled] = sampled.as_slice() else {
        panic!("{} runs have the metric", sampled.len())
    };
    assert!(
        sampled.is_sampled && (50..=400).contains(&sampled.points.len()),
        "{} points",
        sampled.points.len()
    );
    let range = Resolution::StepRange {
        points: 100,
        first: 500,
        last: 520,
    };
    let range = reader
        .histories(&runs, "long", range)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        range
            .points
            .iter()
            .map(|point| point.step)
            .collect::<Vec<_>>(),
        (500..=520).collect::<Vec<_>>(),
        "a short range is complete"
    );
    dumped.insert(
        "ends".to_owned(),
        json!([
            sampled.points.first().unwrap().step,
            sampled.points.last().unwrap().step
        ]),
    );
    Value::Object(dumped)
}

async fn assert_file_matches_server(version: &'static str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mlflow.db");
    let ids = fill_store(version, folder.path(), &path);
    let server = Server::start(version, folder.path());
    let file = reader(StoreTarget::parse(path.to_str().unwrap()).unwrap()).await;
    let rest = reader(StoreTarget::parse(&server.url).unwrap()).await;

    assert_same_store(&dump_store(&file).await, &dump_store(&rest).await);
    assert_same_store(&dump_lifecycles(&file).await, &dump_lifecycles(&rest).await);
    assert_same_store(&dump_lineages(&file).await, &dump_lineages(&rest).await);
    assert_same_store(
        &dump_registry(&file, &ids).await,
        &dump_registry(&rest, &ids).await,
    );
    assert_same_store(
        &dump_histories(&file, &ids).await,
        &dump_histories(&rest, &ids).await,
    );
    let run = ids["numbers"].as_str().unwrap();
    assert_same_store(&dump_files(&file, run).await, &dump_files(&rest, run).await);
    assert_same_store(
        &dump_errors(&file, &ids).await,
        &dump_errors(&rest, &ids).await,
    );
    let (one, other) = (
        file.features().await.unwrap(),
        rest.features().await.unwrap(),
    );
    assert_eq!(
        (one.has_logged_models, one.has_registry),
        (other.has_logged_models, other.has_registry)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_3_file_matches_its_server() {
    assert_file_matches_server(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_2_file_matches_its_server() {
    assert_file_matches_server(V2).await;
}
