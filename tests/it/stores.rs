//! One contract: a SQLite file read directly and the same file behind MLflow's server give the same answers.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on should fail"
)]

use std::path::Path;

use crate::support::client::MlflowClient;
use crate::support::mlflow::{Server, V2, V3};
use crate::support::snapshot::{self, assert_same_store, dump_store};
use frontrunner::domain::{Artifact, ArtifactOwner, LoggedModelId, Run, RunId, StoreErrorKind};
use frontrunner::lineage::LineageFacts;
use frontrunner::ops::lineage::load_lineage_facts;
use frontrunner::store::{
    AccessMode, ChangedRunsQuery, ConnectOptions, LifecycleFilter, ReadOnlyReason, Reader,
    Resolution, Result, RunQuery, StoreTarget, open,
};
use serde_json::{Map, Value, json};

const FILL: &str = include_str!("sqlite_store/fill.py");

/// Files, too, and a history that is longer than any page.
const FILL_MORE: &str = "
client.log_text(answer['numbers'], 'grüße\\n' * 50, 'notes/größe 1.txt')
client.log_text(answer['numbers'], 'sklearn==1.0', 'model/requirements.txt')
client.log_text(answer['numbers'], 'flavors: {python_function: {}}', 'model/MLmodel')
for begin in range(0, 3000, 1000):
    client.log_batch(answer['child'], metrics=[Metric('long', i * i % 97, i, i) for i in range(begin, begin + 1000)])
";

async fn reader(target: StoreTarget) -> Reader {
    open(
        &target,
        AccessMode::ReadOnly(ReadOnlyReason::Flag),
        &ConnectOptions::default(),
    )
    .await
    .unwrap()
    .reader
}

/// The kind of a fault, or that there is none.
fn error_kind<T>(answer: Result<T>) -> Option<StoreErrorKind> {
    answer.err().map(|fault| fault.kind)
}

/// The same experiments and runs, asked for by view and by experiment.
async fn dump_lifecycles(reader: &Reader) -> Value {
    let mut answers = Map::new();
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
        answers.insert(format!("experiments {name}"), json!(ids));
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
            answers.insert(
                format!("runs {name} of {}", it.id.raw()),
                json!([ids, page.next.is_some()]),
            );
            // What a refresh asks: every run as one that was going, the later half as new ones, and one that is not there.
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
                answers.insert(key, json!(runs));
            }
        }
    }
    // What is nested in each run, in its own experiment and in all of them.
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
            answers.insert(
                key,
                nested
                    .iter()
                    .map(|run| json!([run.id.raw(), run.tags.len()]))
                    .collect(),
            );
        }
    }
    assert!(answers.iter().any(|(key, runs)| key.starts_with("nested")
        && runs.as_array().is_some_and(|runs| !runs.is_empty())));
    Value::Object(answers)
}

/// Everything that leads from a version to what it was made of.
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
    let mut answers = Map::new();
    for model in reader.models().await.unwrap() {
        for version in reader.versions(&model.name).await.unwrap() {
            let dumped = dump_facts(
                &load_lineage_facts(
                    (&**reader as &dyn frontrunner::store::ReadStore).into(),
                    &model.name,
                    version.version,
                )
                .await
                .unwrap(),
            );
            answers.insert(format!("{} {}", model.name.raw(), version.version), dumped);
        }
    }
    Value::Object(answers)
}

async fn dump_registry(reader: &Reader, ids: &Value) -> Value {
    let mut answers = Map::new();
    for (name, id) in ids.as_object().unwrap() {
        answers.insert(
            name.clone(),
            json!(snapshot::versions_of_run(reader, &RunId::from(id.as_str().unwrap())).await),
        );
    }
    Value::Object(answers)
}

/// Files and folders, and the beginning of a file.
async fn dump_files(reader: &Reader, run: &str) -> Value {
    let home = ArtifactOwner::Run(run.into());
    let mut answers = Map::new();
    for path in ["", "notes", "model"] {
        let mut listed = reader.artifacts(&home, path).await.unwrap();
        listed.sort_by(|a, b| a.path.cmp(&b.path));
        let tell = |it: &Artifact| json!([it.path.raw(), it.is_dir, it.size]);
        answers.insert(format!("in {path:?}"), listed.iter().map(tell).collect());
    }
    for limit in [3, 10_000] {
        let read = reader
            .preview(&home, "notes/größe 1.txt", limit)
            .await
            .unwrap();
        answers.insert(
            format!("{limit} bytes"),
            json!([read.text().unwrap().raw(), read.is_truncated]),
        );
    }
    Value::Object(answers)
}

/// What is asked for in vain is missing in the same way.
async fn dump_errors(reader: &Reader, ids: &Value) -> Value {
    let run = RunId::from("00000000000000000000000000000000");
    let home = ArtifactOwner::Run(ids["numbers"].as_str().unwrap().into());
    let kinds = [
        ("run", error_kind(reader.run(&run).await)),
        ("model", error_kind(reader.model(&"nobody".into()).await)),
        (
            "versions",
            error_kind(reader.versions(&"nobody".into()).await),
        ),
        (
            "lineage",
            error_kind(
                load_lineage_facts(
                    (&**reader as &dyn frontrunner::store::ReadStore).into(),
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
    // MLflow 2 answers 500 to a file that is not there.
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

/// Histories of several runs at once, of which not all have the metric; as they are, and thinned out.
async fn dump_histories(reader: &Reader, ids: &Value) -> Value {
    let runs: Vec<RunId> = ["child", "numbers", "parent", "deleted"]
        .iter()
        .map(|name| ids[name].as_str().unwrap().into())
        .collect();
    let mut answers = Map::new();
    for metric in ["loss", "twice", "long", "nobody logged this"] {
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
            answers.insert(format!("{metric} of {}", it.run.raw()), json!(steps));
        }
    }
    let thin = reader
        .histories(&runs, "long", Resolution::Points(100))
        .await
        .unwrap();
    let [thin] = thin.as_slice() else {
        panic!("{} runs have the metric", thin.len())
    };
    assert!(
        thin.is_sampled && (50..=400).contains(&thin.points.len()),
        "{} points",
        thin.points.len()
    );
    let part = Resolution::StepRange {
        points: 100,
        first: 500,
        last: 520,
    };
    let part = reader
        .histories(&runs, "long", part)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        part.points
            .iter()
            .map(|point| point.step)
            .collect::<Vec<_>>(),
        (500..=520).collect::<Vec<_>>(),
        "a part is read whole"
    );
    answers.insert(
        "ends".to_owned(),
        json!([
            thin.points.first().unwrap().step,
            thin.points.last().unwrap().step
        ]),
    );
    Value::Object(answers)
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

fn fill_store(version: &str, folder: &Path, path: &Path) -> Value {
    let mut client = MlflowClient::start(version, folder, &format!("sqlite:///{}", path.display()));
    client.run(&format!("{FILL}\n{FILL_MORE}"), &json!({}))
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_3_file_matches_its_server() {
    assert_file_matches_server(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_2_file_matches_its_server() {
    assert_file_matches_server(V2).await;
}
