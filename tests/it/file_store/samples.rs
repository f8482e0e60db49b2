//! File stores that MLflow 1.30, 2.22 and 3.17 wrote.

use super::*;
use frontrunner::domain::{ArtifactOwner, Lifecycle, RunStatus};
use frontrunner::store::LifecycleFilter;

fn unpack(version: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("mlruns-{version}");
    let archive = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/file_store/samples")
        .join(format!("{name}.tar.gz"));
    let ended = Command::new("tar")
        .arg("xzf")
        .arg(archive)
        .arg("-C")
        .arg(folder.path())
        .status();
    assert!(ended.unwrap().success());
    let root = folder.path().join(name);
    (folder, root)
}

async fn all_runs(reader: &Reader) -> Vec<Run> {
    crate::support::snapshot::runs(reader, LifecycleFilter::All, 100).await
}

/// Every run is read without a problem, and its values are those that MLflow read back.
#[tokio::test(flavor = "multi_thread")]
async fn samples_of_all_versions_are_read() {
    for (version, experiments, runs) in [("1.30.1", 6, 11), ("2.22.5", 8, 11), ("3.17.2", 8, 12)] {
        let (_folder, root) = unpack(version);
        let before = all_files(&root);
        let reader = reader_of(&root).await;
        let found = reader.experiments(LifecycleFilter::All).await.unwrap();
        let names: Vec<_> = found.iter().map(|one| one.name.raw()).collect();
        assert_eq!(found.len(), experiments, "{version}: {names:?}");
        for name in ["alpha/experiment one", "beta: “quoted” exp%"] {
            assert!(names.contains(&name), "{version}: {names:?}");
        }
        let listed = all_runs(&reader).await;
        assert_eq!(listed.len(), runs, "{version}");
        for run in &listed {
            let problem = run.tag("frontrunner.unreadable");
            assert_eq!(problem, None, "{version}: {}", run.id.raw());
        }
        for status in [
            RunStatus::Finished,
            RunStatus::Running,
            RunStatus::Failed,
            RunStatus::Killed,
        ] {
            assert!(
                listed.iter().any(|run| run.status == status),
                "{version}: {status:?}"
            );
        }
        check_parent(version, &reader, &listed).await;
        check_trash(version, &reader, &listed).await;
        check_registry(version, &reader).await;
        assert!(all_files(&root) == before, "{version}: reading changed it");
    }
}

async fn check_parent(version: &str, reader: &Reader, listed: &[Run]) {
    let parent = listed
        .iter()
        .find(|run| run.name.raw() == "parent run ✓")
        .unwrap();
    let param = |key: &str| parent.param(key).map(frontrunner::text::Untrusted::raw);
    assert_eq!(param("text"), Some("line one\nline two\nünïcödé ✓ 日本"));
    assert_eq!(param("crlf"), Some("a\r\nb"), "{version}");
    assert_eq!(param("trailing_nl"), Some("x\n"));
    assert_eq!(param("empty"), Some(""));
    assert_eq!(param("layers/0/units"), Some("64"));
    let metric = |key: &str| parent.metric(key).map(|value| value.get().to_string());
    assert_eq!(metric("special/nan").as_deref(), Some("NaN"));
    assert_eq!(metric("special/ninf").as_deref(), Some("-inf"));
    assert_eq!(metric("special/negzero").as_deref(), Some("-0"));
    assert_eq!(metric("loss").as_deref(), Some("0.2"));
    assert_eq!(
        parent.tag("a/b/c").map(frontrunner::text::Untrusted::raw),
        Some("slash")
    );
    let history = reader
        .histories(
            std::slice::from_ref(&parent.id),
            "loss",
            frontrunner::store::Resolution::Full,
        )
        .await
        .unwrap();
    let steps: Vec<i64> = history[0].points.iter().map(|point| point.step).collect();
    assert_eq!(steps, [-3, 0, 1, 2, 2, 3, 4]);
    let nested = reader
        .nested_runs(std::slice::from_ref(&parent.experiment_id), &parent.id)
        .await
        .unwrap();
    assert!(!nested.is_empty(), "{version}");
    let datasets = usize::from(version != "1.30.1") * 2;
    assert_eq!(parent.datasets.len(), datasets, "{version}");
    // The location in the file is another machine's.
    let owner = ArtifactOwner::Run(parent.id.clone());
    assert!(reader.artifacts(&owner, "").await.is_ok(), "{version}");
}

/// The folder decides: MLflow 1 left the file of a deleted experiment active.
async fn check_trash(version: &str, reader: &Reader, listed: &[Run]) {
    let deleted = reader.experiments(LifecycleFilter::Deleted).await.unwrap();
    let [deleted] = deleted.as_slice() else {
        panic!("{version}: {} deleted experiments", deleted.len())
    };
    let mut runs = listed
        .iter()
        .filter(|run| run.experiment_id == deleted.id)
        .peekable();
    assert!(runs.peek().is_some());
    assert!(runs.all(|run| run.lifecycle == Lifecycle::Deleted));
    let trashed = listed
        .iter()
        .filter(|run| run.lifecycle == Lifecycle::Deleted && run.experiment_id != deleted.id);
    assert_eq!(trashed.count(), 1, "{version}");
}

async fn check_registry(version: &str, reader: &Reader) {
    let models = reader.models().await.unwrap();
    if version == "1.30.1" {
        assert!(models.is_empty());
        return;
    }
    let names: Vec<_> = models.iter().map(|model| model.name.raw()).collect();
    for name in [
        "churn model",
        ".hidden",
        "version-1",
        "star*",
        "trail ",
        "ünï ✓",
        "with'quote",
    ] {
        assert!(names.contains(&name), "{version}: {names:?}");
    }
    assert!(!names.contains(&"my-prompt"), "{version}");
    let prompts = reader.prompts().await.unwrap();
    let prompts: Vec<_> = prompts.iter().map(|prompt| prompt.name.raw()).collect();
    assert_eq!(prompts, ["my-prompt"], "{version}");
    let churn = reader.versions(&"churn model".into()).await.unwrap();
    let versions: Vec<_> = churn
        .iter()
        .map(|one| (one.version.0, one.stage_text.raw(), one.slot_names()))
        .collect();
    assert_eq!(versions[0].0, 3);
    assert_eq!(
        (versions[0].1, versions[1].1, versions[2].1),
        ("Production", "Archived", "Staging")
    );
    assert_eq!(versions[0].2, ["Production", "@champion"]);
    assert!(churn[0].tag("deep/key").is_some());
    let second = reader.versions(&"second-model".into()).await.unwrap();
    assert_eq!(second.len(), 1, "the deleted version is hidden");
}

/// The logged models and links of MLflow 3.
#[tokio::test(flavor = "multi_thread")]
async fn logged_models_of_the_sample_are_read() {
    let (_folder, root) = unpack("3.17.2");
    let reader = reader_of(&root).await;
    let id = "m-5babef6b6eee4c989adae1a79344c4d4";
    let model = reader.logged_model(&id.into()).await.unwrap();
    assert_eq!(
        (model.name.raw(), model.status.raw()),
        ("tiny", "LOGGED_MODEL_READY")
    );
    let run = reader.run(&model.source_run_id).await.unwrap();
    let made: Vec<_> = run
        .model_outputs
        .iter()
        .map(|one| one.model_id.raw())
        .collect();
    assert_eq!(made, [id]);
    let of_run = reader.logged_models(&run.experiment_id, &run.id).await;
    assert_eq!(of_run.unwrap().len(), 1);
    let owner = ArtifactOwner::LoggedModel(id.into());
    assert!(reader.artifacts(&owner, "").await.is_ok());
    let readers = all_runs(&reader).await;
    assert!(
        readers
            .iter()
            .any(|run| run.model_inputs.iter().any(|input| input.raw() == id))
    );
    for (id, status) in [
        ("m-2872ea4e47644b038c1de34d2e9c39db", "LOGGED_MODEL_PENDING"),
        (
            "m-b5281dd2bbf34b628c02c9908f3606e7",
            "LOGGED_MODEL_UPLOAD_FAILED",
        ),
    ] {
        let model = reader.logged_model(&id.into()).await.unwrap();
        assert_eq!(model.status.raw(), status);
    }
    let in_trash = "m-c70cb332df484b0d81fc14a888d2b6de";
    assert!(reader.logged_model(&in_trash.into()).await.is_ok());
}
