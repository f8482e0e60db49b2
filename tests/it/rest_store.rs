//! Real MLflow servers, compared with MLflow's own client: reads return the same data, and writes
//! have the same effects.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails should fail its test"
)]

mod files;
mod pagination;
mod reading;
mod writing;

use crate::support::client::MlflowClient;
use crate::support::mlflow::{Server, V2, V3};
use frontrunner::store::{
    AccessMode, ConnectOptions, Reader, StoreHandle, StoreTarget, Writer, open,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const FILL: &str = include_str!("sqlite_store/fill.py");

/// A running server with MLflow's client and ours.
struct ServerFixture {
    version: &'static str,
    folder: TempDir,
    server: Server,
    client: MlflowClient,
    reader: Reader,
    writer: Writer,
    ids: Value,
}

impl ServerFixture {
    /// Starting and filling a server takes most of a test's time, so all checks of a version share
    /// one.
    async fn start(version: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(version, folder.path());
        let mut client = MlflowClient::start(version, folder.path(), &server.url);
        let ids = client.run(FILL, &json!({}));
        let target = StoreTarget::parse(&server.url).unwrap();
        let StoreHandle { reader, writer } =
            open(&target, AccessMode::ReadWrite, &ConnectOptions::default())
                .await
                .unwrap();
        Self {
            version,
            folder,
            server,
            client,
            reader,
            writer: writer.expect("a writer"),
            ids,
        }
    }

    fn id(&self, name: &str) -> &str {
        self.ids[name].as_str().unwrap()
    }
}

/// Ordered so that the data of one check does not slow down the next.
async fn assert_matches_client(version: &'static str) {
    let mut store = ServerFixture::start(version).await;
    reading::full_dump_matches_client(&mut store).await;
    reading::queries_match_client(&mut store).await;
    reading::missing_objects_are_not_found(&store).await;
    files::artifacts_are_listed_and_read(&mut store).await;
    writing::writes_match_client(&mut store).await;
    writing::refused_writes_leave_no_trace(&mut store).await;
    writing::runs_are_deleted_and_restored(&mut store).await;
    writing::runs_are_described_and_tagged(&mut store).await;
    pagination::listings_are_paginated(&mut store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_3_server_matches_its_client() {
    assert_matches_client(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_2_server_matches_its_client() {
    assert_matches_client(V2).await;
}
