//! MLflow's own SQLite files, written by MLflow's own clients: what is read is what they say, what is written is theirs, and
//! neither stands in the other's way.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on should fail"
)]

mod concurrent_access;
mod odd_schemas;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::support::client::Client;
use crate::support::mlflow::{V2, V3};
use crate::support::snapshot::{assert_same, everything};
use frontrunner::store::{Access, Connection, Opened, Target, open};
use serde_json::{Value, json};
use tempfile::TempDir;

const FILL: &str = include_str!("sqlite_store/fill.py");

/// A store that a version's client filled, what the client told of it, and the ids by which the tests find their way.
struct Filled {
    file: Vec<u8>,
    told: Value,
    ids: Value,
}

/// Filled once a version: it takes seconds. Each test gets a copy.
fn filled(version: &'static str) -> &'static Filled {
    static STORES: [OnceLock<Filled>; 2] = [const { OnceLock::new() }; 2];
    STORES[usize::from(version == V3)].get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut client = client_of(version, &folder.path().join("mlflow.db"));
        let ids = client.ask(FILL, &json!({}));
        let told = client.everything();
        drop(client);
        Filled {
            file: std::fs::read(folder.path().join("mlflow.db")).unwrap(),
            told,
            ids,
        }
    })
}

impl Filled {
    /// A copy of the store in a folder of its own.
    fn copy(&self) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mlflow.db");
        std::fs::write(&path, &self.file).unwrap();
        (folder, path)
    }
}

/// MLflow's own client of a file.
fn client_of(version: &str, path: &Path) -> Client {
    Client::start(
        version,
        path.parent().unwrap(),
        &format!("sqlite:///{}", path.display()),
    )
}

async fn opened(path: &Path, access: Access) -> Opened {
    open(
        &Target::Sqlite(path.to_owned()),
        access,
        &Connection::default(),
    )
    .await
    .unwrap()
}

async fn reads_all(version: &'static str) {
    let store = filled(version);
    let (_folder, path) = store.copy();
    let reader = opened(&path, Access::ReadOnly).await.reader;
    assert_same(&everything(&reader).await, &store.told);
    assert!(
        std::fs::read(&path).unwrap() == store.file,
        "reading changed the file"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_mlflow_3s_file_is_read_as_its_client_reads_it() {
    reads_all(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_mlflow_2s_file_is_read_as_its_client_reads_it() {
    reads_all(V2).await;
}
