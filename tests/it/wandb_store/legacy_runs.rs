//! Runs of very old versions, which have no log, and the other files of a run.

use std::fs;

use frontrunner::domain::{ArtifactOwner, MetricValue};
use frontrunner::text::Untrusted;

use super::{copy_sample, open_store, run, runs, samples};

const CONFIG: &str = "wandb_version: 1\n\n_wandb:\n  desc: null\n  value:\n    cli_version: 0.8.36\nlr:\n  desc: null\n  value: 0.1\noptim:\n  value:\n    name: adam\n";
const SUMMARY: &str = r#"{"loss": 0.25, "acc": NaN, "_step": 12, "_timestamp": 1590000000.5, "img": {"_type": "image-file"}, "word": "x"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn run_without_a_log_is_read_from_sidecar_files() {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("wandb/run-20200520_184000-old1/files");
    fs::create_dir_all(&files).unwrap();
    fs::write(files.join("config.yaml"), CONFIG).unwrap();
    fs::write(files.join("wandb-summary.json"), SUMMARY).unwrap();
    let about = r#"{"program": "train.py", "username": "ana", "git": {"remote": "git@host:ana/churn.git", "commit": "0df5a2a"}}"#;
    fs::write(files.join("wandb-metadata.json"), about).unwrap();
    fs::write(files.join("diff.patch"), "-a\n+b").unwrap();
    let store = open_store(folder.path()).await;
    let old = run(&store, "old1").await;
    let params: Vec<_> = old
        .params
        .iter()
        .map(|pair| (pair.key.raw(), pair.value.raw()))
        .collect();
    assert_eq!(params, [("lr", "0.1"), ("optim.name", "adam")]);
    assert_eq!(
        old.metrics
            .iter()
            .map(|metric| (metric.key.raw(), metric.step))
            .collect::<Vec<_>>(),
        [("acc", 12), ("loss", 12)]
    );
    assert!(old.metric("acc").is_some_and(|value| value.get().is_nan()));
    let tag = |key: &str| old.tag(key).map(Untrusted::raw);
    assert_eq!(
        (
            old.user.raw(),
            tag("mlflow.source.name"),
            tag("summary.word")
        ),
        ("ana", Some("train.py"), Some("x"))
    );
    assert_eq!(
        (
            tag("mlflow.source.git.commit"),
            tag("mlflow.source.git.dirty")
        ),
        (Some("0df5a2a"), Some("true"))
    );
    assert!(old.start_time.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn log_takes_precedence_over_sidecar_files() {
    let (folder, log) = copy_sample("0.19.11", "aaaa1111");
    fs::write(log.with_file_name("files").join("config.yaml"), CONFIG).unwrap();
    fs::write(
        log.with_file_name("files").join("wandb-summary.json"),
        SUMMARY,
    )
    .unwrap();
    let read = run(&open_store(folder.path()).await, "aaaa1111").await;
    assert_eq!(read.param("lr").map(Untrusted::raw), Some("0.2"));
    assert_eq!(read.metric("loss").map(MetricValue::get), Some(1.0 / 60.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_as_artifacts_with_code() {
    for version in ["0.16.6", "0.19.11"] {
        let store = open_store(&samples(version)).await;
        let home = ArtifactOwner::Run("aaaa1111".into());
        let names = |listed: Vec<frontrunner::domain::Artifact>| {
            listed
                .into_iter()
                .map(|it| it.path.raw().to_owned())
                .collect::<Vec<_>>()
        };
        let all = names(store.reader.artifacts(&home, "").await.unwrap());
        assert!(
            all.contains(&"notes.txt".to_owned()) && all.contains(&"media".to_owned()),
            "{all:?}"
        );
        let page = names(store.reader.artifacts(&home, "media/html").await.unwrap()).remove(0);
        let page = store.reader.preview(&home, &page, 10_000).await.unwrap();
        assert!(
            page.text()
                .is_some_and(|text| text.raw().contains("<b>hello</b>"))
        );
        let read = run(&store, "aaaa1111").await;
        let commit = read
            .tag("mlflow.source.git.commit")
            .map(|tag| tag.raw().len());
        assert_eq!(
            (commit, read.tag("mlflow.source.name").map(Untrusted::raw)),
            (Some(40), Some("/home/ana/churn/train.py"))
        );
        assert!(
            read.tag("mlflow.source.git.repoURL")
                .is_some_and(|tag| tag.raw().ends_with("@git.example.org/ana/churn.git"))
        );
        assert_eq!(
            runs(&store).await.len(),
            4,
            "the link to the latest run is not a run"
        );
    }
}
