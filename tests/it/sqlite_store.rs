//! SQLite files of MLflow, compared with MLflow's own client: reads return the same data, writes
//! leave the same rows, and neither blocks the other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on should fail"
)]

mod concurrent_access;
mod odd_schemas;
mod scans;
mod windows;
mod workspaces;
pub mod writing;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::support::client::MlflowClient;
use crate::support::mlflow::{V2, V3};
use crate::support::snapshot::{assert_same_store, dump_store};
use frontrunner::store::{
    AccessMode, ConnectOptions, ReadOnlyReason, StoreHandle, StoreTarget, open,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const FILL: &str = include_str!("sqlite_store/fill.py");

/// A store filled by the client of a version, the client's view of it, and ids for the tests.
struct FilledStore {
    file: Vec<u8>,
    dump: Value,
    ids: Value,
}

/// Filled once for each version, which takes seconds. Each test uses a copy.
fn filled_store(version: &'static str) -> &'static FilledStore {
    static STORES: [OnceLock<FilledStore>; 2] = [const { OnceLock::new() }; 2];
    STORES[usize::from(version == V3)].get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut client = client_of(version, &folder.path().join("mlflow.db"));
        let ids = client.run(FILL, &json!({}));
        let dump = client.dump_store();
        drop(client);
        FilledStore {
            file: std::fs::read(folder.path().join("mlflow.db")).unwrap(),
            dump,
            ids,
        }
    })
}

impl FilledStore {
    /// A copy of the store in its own folder.
    fn copy(&self) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mlflow.db");
        std::fs::write(&path, &self.file).unwrap();
        (folder, path)
    }
}

/// MLflow's own client of a file.
fn client_of(version: &str, path: &Path) -> MlflowClient {
    MlflowClient::start(
        version,
        path.parent().unwrap(),
        &format!("sqlite:///{}", path.display()),
    )
}

async fn open_store(path: &Path, access: AccessMode) -> StoreHandle {
    open(
        &StoreTarget::Sqlite(path.to_owned()),
        access,
        &ConnectOptions::default(),
    )
    .await
    .unwrap()
}

async fn assert_dump_matches_client(version: &'static str) {
    let store = filled_store(version);
    let (_folder, path) = store.copy();
    let reader = open_store(&path, AccessMode::ReadOnly(ReadOnlyReason::Flag))
        .await
        .reader;
    assert_same_store(&dump_store(&reader).await, &store.dump);
    assert!(
        std::fs::read(&path).unwrap() == store.file,
        "reading changed the file"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_3_file_matches_its_client() {
    assert_dump_matches_client(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_2_file_matches_its_client() {
    assert_dump_matches_client(V2).await;
}
