//! MLflow's file stores, compared with MLflow's own client: reads return the same data, writes are read
//! back as its own, and files that MLflow fails on are left out one by one.

mod damaged;
mod samples;
mod writing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::client::MlflowClient;
use crate::support::mlflow::{V2, V3};
use crate::support::program::{Program, run_to_end};
use crate::support::snapshot::{assert_same_store, dump_store};
use frontrunner::domain::{Run, RunId};
use frontrunner::store::{
    AccessMode, ChangedRunsQuery, ConnectOptions, ReadOnlyReason, Reader, StoreHandle, StoreTarget,
    open,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const FILL: &str = include_str!("file_store/fill.py");

/// A store filled by the client of a version, the client's view of it, and ids for the tests.
struct FilledStore {
    folder: TempDir,
    dump: Value,
    ids: Value,
}

/// Filled once for each version, which takes seconds. Each test uses a copy.
fn filled_store(version: &'static str) -> &'static FilledStore {
    static STORES: [OnceLock<FilledStore>; 2] = [const { OnceLock::new() }; 2];
    STORES[usize::from(version == V3)].get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut client = client_of(version, &folder.path().join("mlruns"));
        let ids = client.run(FILL, &json!({}));
        let dump = client.dump_store();
        FilledStore { folder, dump, ids }
    })
}

impl FilledStore {
    /// A copy of the store in its own folder.
    fn copy(&self) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        copy_folder(&self.folder.path().join("mlruns"), folder.path());
        let root = folder.path().join("mlruns");
        (folder, root)
    }

    fn id(&self, name: &str) -> &str {
        self.ids[name].as_str().unwrap()
    }

    fn run_dir(&self, root: &Path, run: &str) -> PathBuf {
        root.join(self.id("plain")).join(self.id(run))
    }
}

fn copy_folder(from: &Path, into: &Path) {
    let ended = Command::new("cp").arg("-a").arg(from).arg(into).status();
    assert!(ended.unwrap().success());
}

/// MLflow's own client of a file store.
fn client_of(version: &str, root: &Path) -> MlflowClient {
    MlflowClient::start(version, root.parent().unwrap(), root.to_str().unwrap())
}

async fn open_store(root: &Path, access: AccessMode) -> StoreHandle {
    let target = StoreTarget::parse(root.to_str().unwrap()).unwrap();
    assert!(matches!(target, StoreTarget::Files(_)), "{target:?}");
    open(&target, access, &ConnectOptions::default())
        .await
        .unwrap()
}

async fn reader_of(root: &Path) -> Reader {
    open_store(root, AccessMode::ReadOnly(ReadOnlyReason::Flag))
        .await
        .reader
}

/// The bytes of every file of a folder, and all folders.
fn all_files(root: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let (mut found, mut open) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
                found.insert(path, None);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.insert(path, Some(bytes));
            }
        }
    }
    found
}

async fn assert_dump_matches_client(version: &'static str) {
    let store = filled_store(version);
    let (_folder, root) = store.copy();
    let before = all_files(&root);
    let reader = reader_of(&root).await;
    assert_same_store(&dump_store(&reader).await, &store.dump);
    assert!(all_files(&root) == before, "reading changed the store");
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_3_folder_matches_its_client() {
    assert_dump_matches_client(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_2_folder_matches_its_client() {
    assert_dump_matches_client(V2).await;
}

/// MLflow 3 reports step 0 for such a point, and with it an older value as the latest.
#[tokio::test(flavor = "multi_thread")]
async fn a_metric_of_a_dataset_keeps_its_step() {
    let store = filled_store(V3);
    let (_folder, root) = store.copy();
    let log = "for name, value, step in [(None, 0.5, 1), ('train', 0.75, 2), ('a name with spaces', 0.25, 3)]:
        client.log_metric(run, 'of/data', value, step=step, dataset_name=name, dataset_digest=name and '1234e567')";
    client_of(V3, &root).run(log, &json!({"run": store.id("numbers")}));
    let run = reader_of(&root)
        .await
        .run(&store.id("numbers").into())
        .await
        .unwrap();
    let metric = run.metrics.iter().find(|one| one.key.raw() == "of/data");
    let metric = metric.map(|one| (one.step, one.value.get().to_string()));
    assert_eq!(metric, Some((3, "0.25".to_owned())));
    assert_eq!(run.tag("frontrunner.unreadable"), None);
}

/// A store in the working folder is found without being named, and its experiments are listed.
#[test]
fn program_opens_mlruns_in_its_folder() {
    let store = filled_store(V3);
    let program = Program::new();
    std::fs::remove_file(program.store()).unwrap();
    copy_folder(&store.folder.path().join("mlruns"), program.folder());
    let root = program.folder().join("mlruns");
    let before = all_files(&root);
    let listed = program.json(&["experiments", "--all"]);
    assert_eq!(
        listed.as_array().unwrap().len(),
        store.dump["experiments"].as_array().unwrap().len()
    );
    assert_eq!(
        program.json(&["runs", "plain"]).as_array().unwrap().len(),
        6
    );
    let doctor = program.run(&["doctor"]);
    assert!(doctor.stdout.contains("MLflow file store"), "{doctor:?}");
    assert!(all_files(&root) == before, "reading changed the store");
    // By every other name, from elsewhere.
    let elsewhere = tempfile::tempdir().unwrap();
    let url = format!("file://{}", root.display());
    let path = root.to_str().unwrap();
    let run_folder = root.join(store.id("plain")).join(store.id("child"));
    let names = [
        path,
        &url,
        program.folder().to_str().unwrap(),
        run_folder.to_str().unwrap(),
    ];
    for name in names {
        let mut command = program.command(&["--target", name, "runs", "plain", "--json"]);
        command.current_dir(elsewhere.path());
        let ended = run_to_end(command);
        assert_eq!(ended.code, 0, "{name}: {ended:?}");
    }
    for (variable, value) in [
        ("MLFLOW_TRACKING_DIR", path),
        ("MLFLOW_TRACKING_URI", &*url),
    ] {
        let mut command = program.command(&["runs", "plain", "--json"]);
        command.current_dir(elsewhere.path()).env(variable, value);
        let ended = run_to_end(command);
        assert_eq!(ended.code, 0, "{variable}: {ended:?}");
    }
}

/// A database goes before, as `mlflow migrate-filestore` leaves the folder where it is.
#[test]
fn database_goes_before_mlruns_and_doctor_names_both() {
    let program = Program::new();
    copy_folder(
        &filled_store(V3).folder.path().join("mlruns"),
        program.folder(),
    );
    let doctor = program.run(&["doctor"]).stdout;
    assert!(doctor.contains("also in this folder"), "{doctor}");
    assert!(doctor.contains("SQLite file"), "{doctor}");
}

/// Artifacts whose recorded location is gone are found beside the run.
#[tokio::test(flavor = "multi_thread")]
async fn artifacts_of_a_moved_store_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("before/mlruns");
    std::fs::create_dir_all(root.parent().unwrap()).unwrap();
    let log = "experiment = client.create_experiment('e')
run = client.create_run(experiment).info.run_id
client.log_text(run, 'kept', 'notes/a b.txt')
answer = run";
    let run = client_of(V3, &root).run(log, &json!({}));
    let moved = folder.path().join("after");
    std::fs::rename(root.parent().unwrap(), &moved).unwrap();
    let owner = frontrunner::domain::ArtifactOwner::Run(run.as_str().unwrap().into());
    let reader = reader_of(&moved.join("mlruns")).await;
    let listed = reader.artifacts(&owner, "notes").await.unwrap();
    assert_eq!(listed[0].path.raw(), "notes/a b.txt");
    let text = reader.preview(&owner, "notes/a b.txt", 10).await.unwrap();
    assert_eq!(text.bytes, b"kept");
}

async fn changed(reader: &Reader, known: &[&str]) -> Vec<Run> {
    let query = ChangedRunsQuery {
        experiments: Vec::new(),
        known: known.iter().map(|id| RunId::from(*id)).collect(),
        since: i64::MAX,
        ended: Vec::new(),
    };
    reader.changed_runs(&query).await.unwrap()
}

/// Whatever MLflow writes changes the revision, and the refreshed runs have it.
#[tokio::test(flavor = "multi_thread")]
async fn refresh_sees_what_mlflow_writes() {
    let store = filled_store(V3);
    let (_folder, root) = store.copy();
    let mut client = client_of(V3, &root);
    let reader = reader_of(&root).await;
    let running = store.id("running");
    let mut revision = reader.revision().await.unwrap();
    assert_eq!(reader.revision().await.unwrap(), revision);
    for write in [
        "client.log_metric(run, 'new', 1.0, step=1)",
        "client.log_metric(run, 'new', 2.0, step=2)",
        "client.log_param(run, 'p', 'x')",
        "client.set_tag(run, 't/u', 'x')",
        "client.set_tag(run, 't/u', 'y')",
        "client.set_registered_model_alias('shop', 'champion', '1')",
        "client.set_model_version_tag('shop', '1', 'fresh', 'b')",
        "client.create_experiment('another')",
        "client.set_terminated(run)",
        "client.create_run(experiment)",
    ] {
        let given = json!({"run": running, "experiment": store.id("plain")});
        client.run(write, &given);
        let now = reader.revision().await.unwrap();
        assert_ne!(now, revision, "{write}");
        revision = now;
        changed(&reader, &[running]).await;
    }
    let runs = changed(&reader, &[running, store.id("deleted")]).await;
    let [run] = runs.as_slice() else {
        panic!("{} runs", runs.len())
    };
    assert_eq!(run.metric("new").unwrap().get().to_string(), "2");
    assert_eq!(run.tag("t/u").unwrap().raw(), "y");
    assert_eq!(run.param("p").unwrap().raw(), "x");
    assert!(run.end_time.is_some());
}

/// A refresh reads no run whose files are as they were: unreadable content behind the same stamp stays
/// unseen.
#[tokio::test(flavor = "multi_thread")]
async fn refresh_reads_changed_runs_only() {
    let store = filled_store(V3);
    let (_folder, root) = store.copy();
    let reader = reader_of(&root).await;
    let file = store.run_dir(&root, "parent").join("tags/mlflow.runName");
    let seen = async || -> Option<String> {
        let runs = changed(&reader, &[store.id("parent")]).await;
        runs[0]
            .tag("mlflow.runName")
            .map(|tag| tag.raw().to_owned())
    };
    assert_eq!(seen().await.as_deref(), Some("parent"));
    let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
    let rewrite = |text: &str, age: u64| {
        std::fs::write(&file, text).unwrap();
        let opened = std::fs::File::options().write(true).open(&file).unwrap();
        opened
            .set_modified(modified - std::time::Duration::from_secs(age))
            .unwrap();
    };
    rewrite("PARENT", 0);
    assert_eq!(seen().await.as_deref(), Some("parent"));
    rewrite("PARENT", 1);
    assert_eq!(seen().await.as_deref(), Some("PARENT"));
}
