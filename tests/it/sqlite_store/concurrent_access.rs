//! A training run and Frontrunner on one file: neither fails because of a lock, neither waits, and
//! each sees the other's changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use frontrunner::domain::RunId;
use frontrunner::store::{LifecycleFilter, Resolution};

use super::*;
use crate::support::metadata;
use crate::support::snapshot::runs;

/// Logs points, params, runs and some versions as fast as MLflow can.
const LOG_METRICS: &str = "
run_id = client.create_run(experiment).info.run_id
for i in range(150):
    client.log_metric(run_id, 'loss', 1.0 / (i + 1), step=i)
    client.log_batch(run_id, metrics=[Metric('acc', i, i, i)], params=[Param(f'p{i}', 'x')])
    if i % 10 == 0:
        other = client.create_run(experiment).info.run_id
        client.create_model_version('shop', f'runs:/{other}/model', other)
        client.set_terminated(other)
answer = run_id
";

/// Reads and writes until the other program is done, and returns how often.
async fn read_until_done(is_done: &AtomicBool, opened: &StoreHandle) -> usize {
    let (reader, writer) = (&opened.reader, opened.writer.as_ref().unwrap());
    let mut rounds = 0;
    while !is_done.load(Ordering::SeqCst) {
        let all = runs(reader, LifecycleFilter::All, 4).await;
        let ids: Vec<RunId> = all.iter().map(|run| run.id.clone()).collect();
        reader
            .histories(&ids, "loss", Resolution::Points(50))
            .await
            .unwrap();
        assert!(!reader.versions(&"shop".into()).await.unwrap().is_empty());
        reader.models().await.unwrap();
        reader.revision().await.unwrap();
        let shop = metadata::version("shop", 1);
        let write = metadata::set_tag(shop, "round", &rounds.to_string());
        writer.write(&write).await.unwrap();
        rounds += 1;
    }
    rounds
}

#[tokio::test(flavor = "multi_thread")]
async fn writer_and_reader_never_block_each_other() {
    let store = filled_store(V3);
    let (_folder, path) = store.copy();
    let opened = open_store(&path, AccessMode::ReadWrite).await;
    let mut client = client_of(V3, &path);
    client.run(FILL_IMPORTS, &json!({}));
    let before = opened.reader.revision().await.unwrap();
    assert_eq!(
        opened.reader.revision().await.unwrap(),
        before,
        "nothing was written"
    );
    let is_done = Arc::new(AtomicBool::new(false));
    let (done, given) = (
        Arc::clone(&is_done),
        json!({"experiment": store.ids["plain"]}),
    );
    // A locked file is an exception in Python, which ends the test.
    let logging = tokio::task::spawn_blocking(move || {
        let logged = client.try_run(LOG_METRICS, &given);
        done.store(true, Ordering::SeqCst);
        (client, logged)
    });
    let rounds = read_until_done(&is_done, &opened).await;
    let (mut client, logged) = logging.await.unwrap();
    let run = RunId::from(logged.unwrap().as_str().unwrap());
    assert!(
        rounds > 2,
        "only {rounds} rounds: the two were not at it together"
    );
    assert_ne!(
        opened.reader.revision().await.unwrap(),
        before,
        "a change shows"
    );
    let history = opened
        .reader
        .histories(&[run], "loss", Resolution::Full)
        .await
        .unwrap();
    assert_eq!(history[0].points.len(), 150);
    assert_same_store(&dump_store(&opened.reader).await, &client.dump_store());
}

/// Imports of the other scripts.
const FILL_IMPORTS: &str = "from mlflow.entities import Metric, Param";
