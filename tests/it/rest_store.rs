//! Real MLflow servers, filled and judged by MLflow's own client over HTTP: what a reader says is what the client says, and what
//! a writer did is what the client would have done.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper that fails should fail its test"
)]

mod files;
mod pages;
mod reading;
mod writing;

use crate::support::client::Client;
use crate::support::mlflow::{Server, V2, V3};
use frontrunner::store::{Access, Connection, Opened, Reader, Target, Writer, open};
use serde_json::{Value, json};
use tempfile::TempDir;

const FILL: &str = include_str!("sqlite_store/fill.py");

/// A running server of a version, MLflow's client of it, and ours.
struct Store {
    version: &'static str,
    folder: TempDir,
    server: Server,
    client: Client,
    reader: Reader,
    writer: Writer,
    ids: Value,
}

impl Store {
    /// Starting and filling a server takes most of a test's time: one serves all that is asked of a version.
    async fn start(version: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(version, folder.path());
        let mut client = Client::start(version, folder.path(), &server.url);
        let ids = client.ask(FILL, &json!({}));
        let target = Target::parse(&server.url).unwrap();
        let Opened { reader, writer } = open(&target, Access::ReadWrite, &Connection::default())
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

/// In an order in which what one adds does not make the next one slower.
async fn is_as_its_client_says(version: &'static str) {
    let mut store = Store::start(version).await;
    reading::all_is_told_as_the_client_tells_it(&mut store).await;
    reading::questions_are_answered_as_to_the_client(&mut store).await;
    reading::what_is_not_there_is_missing(&store).await;
    files::files_are_listed_and_read(&mut store).await;
    writing::every_write_does_what_the_client_does(&mut store).await;
    writing::what_is_refused_leaves_no_trace(&mut store).await;
    writing::runs_go_and_come_back(&mut store).await;
    pages::listings_go_on_over_pages(&mut store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_mlflow_3_is_read_and_written_as_by_its_client() {
    is_as_its_client_says(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_mlflow_2_is_read_and_written_as_by_its_client() {
    is_as_its_client_says(V2).await;
}
