//! Workspaces of MLflow 3.10 and later are kept apart: one is read and written, and no other.

use frontrunner::domain::{RunId, StoreError, StoreErrorKind, StoreWrite, VersionNumber};
use frontrunner::store::{LifecycleFilter, RunQuery};

use super::*;

/// Another workspace, with an experiment, a run, and a model of the same name as one of the default
/// workspace.
const ADD_WORKSPACE: &str = "
    INSERT INTO workspaces (name) VALUES ('team-a');
    INSERT INTO experiments (experiment_id, name, lifecycle_stage, workspace) VALUES (77, 'plain', 'active', 'team-a');
    INSERT INTO runs (run_uuid, name, experiment_id, status, lifecycle_stage, start_time, source_type)
        VALUES ('aaaa0000aaaa0000aaaa0000aaaa0000', 'theirs', 77, 'FINISHED', 'active', 5, 'LOCAL');
    INSERT INTO registered_models (workspace, name, creation_time) VALUES ('team-a', 'shop', 5);
    INSERT INTO model_versions (workspace, name, version, creation_time, current_stage, source, status)
        VALUES ('team-a', 'shop', 1, 5, 'None', 's3://bucket/theirs', 'READY');
";

fn store_with_workspaces() -> (TempDir, PathBuf) {
    let (folder, path) = filled_store(V3).copy();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(ADD_WORKSPACE).unwrap();
    (folder, path)
}

async fn open_workspace(path: &Path, workspace: Option<&str>) -> Result<StoreHandle, StoreError> {
    let options = ConnectOptions {
        workspace: workspace.map(str::to_owned),
        ..ConnectOptions::default()
    };
    let target = StoreTarget::Sqlite(path.to_owned());
    open(&target, AccessMode::ReadWrite, &options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn chosen_workspace_is_read_and_written_alone() {
    let (_folder, path) = store_with_workspaces();
    let theirs = RunId::from("aaaa0000aaaa0000aaaa0000aaaa0000");
    let ours = RunId::from(filled_store(V3).ids["numbers"].as_str().unwrap());
    for (workspace, present, absent, versions) in [
        (None, &ours, &theirs, 5),
        (Some("default"), &ours, &theirs, 5),
        (Some("team-a"), &theirs, &ours, 1),
    ] {
        let reader = open_workspace(&path, workspace).await.unwrap().reader;
        assert_eq!(reader.workspaces().await.unwrap(), ["default", "team-a"]);
        assert!(reader.run(present).await.is_ok());
        let error = reader.run(absent).await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::NotFound);
        let runs = reader.runs(&RunQuery::default(), None).await.unwrap().items;
        assert!(runs.iter().all(|run| run.id != *absent));
        let experiments = reader.experiments(LifecycleFilter::All).await.unwrap();
        let is_theirs = experiments.iter().any(|one| one.id.raw() == "77");
        assert_eq!(is_theirs, workspace == Some("team-a"));
        let found = reader.versions(&"shop".into()).await.unwrap();
        assert_eq!(found.len(), versions, "{workspace:?}");
    }
    let opened = open_workspace(&path, Some("team-a")).await.unwrap();
    let set = StoreWrite::SetAlias {
        name: "shop".into(),
        alias: "champion".into(),
        version: VersionNumber(1),
    };
    opened.writer.unwrap().write(&set).await.unwrap();
    let champion = async |workspace| {
        let reader = open_workspace(&path, workspace).await.unwrap().reader;
        let model = reader.model(&"shop".into()).await.unwrap();
        let found = model
            .aliases
            .iter()
            .find(|(alias, _)| alias.raw() == "champion");
        found.map(|(_, version)| version.0)
    };
    assert_eq!(champion(Some("team-a")).await, Some(1));
    assert_eq!(champion(None).await, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_workspaces_are_refused() {
    let (_folder, path) = store_with_workspaces();
    for (workspace, kind, why) in [
        (
            "team-b",
            StoreErrorKind::NotFound,
            "there are default, team-a",
        ),
        (
            "x'; DROP TABLE runs; --",
            StoreErrorKind::InvalidRequest,
            "invalid workspace",
        ),
    ] {
        let error = open_workspace(&path, Some(workspace)).await.err().unwrap();
        assert_eq!(error.kind, kind);
        assert!(error.to_string().contains(why), "{error}");
    }
    // MLflow 2 has none.
    let (_folder, path) = filled_store(V2).copy();
    assert!(open_workspace(&path, Some("default")).await.is_ok());
    let error = open_workspace(&path, Some("team-a")).await.err().unwrap();
    assert!(error.to_string().contains("no workspaces"), "{error}");
    let reader = open_workspace(&path, None).await.unwrap().reader;
    assert!(reader.workspaces().await.unwrap().is_empty());
}
