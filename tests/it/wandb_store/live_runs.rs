//! Running runs: a log that is truncated anywhere is read up to there, and reading resumes there.

use std::fs::{self, File};
use std::io::Write;
use std::time::{Duration, SystemTime};

use frontrunner::domain::{ExperimentId, RunStatus};
use frontrunner::store::{ChangedRunsQuery, Resolution};
use frontrunner::text::Untrusted;

use super::{copy_sample, open_store, run, runs, samples};

#[tokio::test(flavor = "multi_thread")]
async fn growing_run_ends_equal_to_a_full_read() {
    for version in ["0.16.6", "0.19.11"] {
        let (folder, log) = copy_sample(version, "bbbb2222");
        let bytes = fs::read(&log).unwrap();
        let whole = run(&open_store(&samples(version)).await, "bbbb2222").await;
        let mut file = File::create(&log).unwrap();
        let store = open_store(folder.path()).await;
        let ids = [whole.id.clone()];
        let (mut written, mut steps, mut pulse) = (0, 0, None);
        // Chunk sizes that match no boundary.
        for piece in bytes.chunks(7_919) {
            file.write_all(piece).unwrap();
            written += piece.len();
            let now = store.reader.revision().await.unwrap();
            assert_ne!(now, pulse, "more was written");
            pulse = now;
            assert_eq!(
                store.reader.revision().await.unwrap(),
                pulse,
                "nothing was written"
            );
            let changes = ChangedRunsQuery {
                experiments: Vec::new(),
                known: ids.to_vec(),
                since: i64::MAX,
                ..ChangedRunsQuery::default()
            };
            let changed = store.reader.changed_runs(&changes).await.unwrap();
            assert_eq!(changed.len(), 1);
            let read = store
                .reader
                .histories(&ids, "loss", Resolution::Full)
                .await
                .unwrap();
            let points = read.first().map_or(0, |history| history.points.len());
            assert!(
                points >= steps,
                "{points} points after {written} bytes, {steps} before"
            );
            steps = points;
            // Since wandb 0.17 a value is in the summary before it is in the history.
            let is_told = changed[0]
                .metrics
                .iter()
                .any(|metric| metric.key.raw() == "loss");
            assert!(
                is_told || points == 0,
                "{points} points of a metric that the run does not have"
            );
            assert!(
                written == bytes.len()
                    || changed[0].status == RunStatus::Running
                    || changed[0].end_time.is_some()
            );
        }
        assert_eq!(steps, 30);
        let last = run(&store, "bbbb2222").await;
        assert_eq!(
            (last.status, &last.metrics, &last.params),
            (RunStatus::Failed, &whole.metrics, &whole.params),
            "{version}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_run_is_no_longer_running() {
    let (folder, log) = copy_sample("0.19.11", "dddd4444");
    let store = open_store(folder.path()).await;
    assert_eq!(run(&store, "dddd4444").await.status, RunStatus::Running);
    let pulse = store.reader.revision().await.unwrap();
    let long_ago = SystemTime::now() - Duration::from_hours(1);
    File::options()
        .append(true)
        .open(&log)
        .unwrap()
        .set_modified(long_ago)
        .unwrap();
    assert_ne!(store.reader.revision().await.unwrap(), pulse);
    let silent = run(&store, "dddd4444").await;
    assert_eq!((silent.status, silent.end_time), (RunStatus::Unknown, None));
    assert_eq!(
        silent.tag("wandb.exit_code").map(Untrusted::raw),
        Some("not recorded")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn replaced_file_is_reread() {
    let (folder, log) = copy_sample("0.19.11", "bbbb2222");
    let store = open_store(folder.path()).await;
    assert_eq!(run(&store, "bbbb2222").await.name.raw(), "failed");
    let (_other, from) = copy_sample("0.19.11", "aaaa1111");
    fs::remove_file(&log).unwrap();
    fs::copy(from, &log).unwrap();
    assert_eq!(run(&store, "bbbb2222").await.name.raw(), "forest-1");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_run_is_found_and_joins_its_project() {
    let (folder, log) = copy_sample("0.19.11", "bbbb2222");
    let bytes = fs::read(&log).unwrap();
    let store = open_store(folder.path()).await;
    let begun = folder
        .path()
        .join("wandb/offline-run-20300101_000000-eeee5555");
    fs::create_dir_all(&begun).unwrap();
    let names = |experiments: Vec<frontrunner::domain::Experiment>| {
        experiments
            .into_iter()
            .map(|it| it.id.raw().to_owned())
            .collect::<Vec<_>>()
    };
    let all = store
        .reader
        .experiments(frontrunner::store::LifecycleFilter::Active)
        .await
        .unwrap();
    assert_eq!(names(all), ["uncategorized", "ana-team/churn"]);
    fs::write(begun.join("run-eeee5555.wandb"), &bytes).unwrap();
    let all = store
        .reader
        .experiments(frontrunner::store::LifecycleFilter::Active)
        .await
        .unwrap();
    assert_eq!(names(all), ["ana-team/churn"]);
    let changes = ChangedRunsQuery {
        experiments: vec![ExperimentId::from("ana-team/churn")],
        known: Vec::new(),
        since: 0,
        ..ChangedRunsQuery::default()
    };
    assert_eq!(store.reader.changed_runs(&changes).await.unwrap().len(), 2);
    assert_eq!(runs(&store).await.len(), 2);
}
