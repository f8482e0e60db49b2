//! The contract of [`ReadStore`], checked on a table of stores. A new backend adds a row to
//! [`contract_tests`].
//!
//! [`check_contract`] holds for any store. A SQLite file and MLflow's server over the same file
//! must also return the same data.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on should fail"
)]

mod same_data;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::database_store::filled_database;
use crate::support::client::MlflowClient;
use crate::support::database::Kind;
use crate::support::mlflow::{Server, V2, V3};
use frontrunner::domain::{ArtifactOwner, Run, RunId, StoreErrorKind};
use frontrunner::ops::list_runs::list_runs;
use frontrunner::store::{
    AccessMode, ChangedRunsQuery, ConnectOptions, LifecycleFilter, PageToken, ReadOnlyReason,
    Reader, Resolution, Result, RunQuery, StoreHandle, StoreTarget, open,
};
use frontrunner::table::RunTable;
use serde_json::{Value, json};

const FILL: &str = include_str!("sqlite_store/fill.py");
const FILL_FILES: &str = include_str!("file_store/fill.py");

const FILL_MORE: &str = include_str!("store_contract/fill_more.py");

/// A row of the table: a store with some data, and what is known of it.
struct Row {
    target: StoreTarget,
    label: &'static str,
    can_write: bool,
    can_filter: bool,
    has_registry: bool,
    /// The only run with this metric, and its number of points.
    metric: (RunId, &'static str),
    points: usize,
    /// A run with a text file, and the beginning of the text.
    file: (RunId, &'static str, &'static str),
    /// Servers and folders that live as long as the row.
    _guard: Box<dyn Any + Send>,
}

/// The data of [`FILL`] and [`FILL_MORE`], in a file of this version.
fn mlflow_row(version: &'static str, from_server: bool) -> Row {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mlflow.db");
    let ids = fill_store(version, folder.path(), &path);
    let id = |name: &str| RunId::from(ids[name].as_str().unwrap());
    let server = from_server.then(|| Server::start(version, folder.path()));
    Row {
        target: match &server {
            Some(server) => StoreTarget::parse(&server.url).unwrap(),
            None => StoreTarget::Sqlite(path),
        },
        label: if from_server {
            "MLflow server"
        } else {
            "SQLite file"
        },
        can_write: true,
        can_filter: from_server,
        has_registry: true,
        metric: (id("child"), "long"),
        points: 3_000,
        file: (id("numbers"), "notes/größe 1.txt", "grü"),
        _guard: Box::new((server, folder)),
    }
}

/// The data of [`FILL`] and [`FILL_MORE`], in a database of a server; `None` where there is no such server.
fn database_row(kind: Kind) -> Option<Row> {
    let filled = filled_database(kind, &format!("{FILL}{FILL_MORE}"))?;
    let id = |name: &str| RunId::from(filled.ids[name].as_str().unwrap());
    Some(Row {
        target: StoreTarget::parse(&filled.copy()).unwrap(),
        label: match kind {
            Kind::Postgres => "PostgreSQL database",
            Kind::MariaDb => "MySQL database",
        },
        can_write: true,
        can_filter: false,
        has_registry: true,
        metric: (id("child"), "long"),
        points: 3_000,
        file: (id("numbers"), "notes/größe 1.txt", "grü"),
        _guard: Box::new(()),
    })
}

/// The data of `file_store/fill.py` and [`FILL_MORE`], in a file store of this version.
fn files_row(version: &'static str) -> Row {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("mlruns");
    let mut client = MlflowClient::start(version, folder.path(), root.to_str().unwrap());
    let ids = client.run(&format!("{FILL_FILES}\n{FILL_MORE}"), &json!({}));
    let id = |name: &str| RunId::from(ids[name].as_str().unwrap());
    Row {
        target: StoreTarget::parse(root.to_str().unwrap()).unwrap(),
        label: "MLflow file store",
        can_write: true,
        can_filter: false,
        has_registry: true,
        metric: (id("child"), "long"),
        points: 3_000,
        file: (id("numbers"), "notes/größe 1.txt", "grü"),
        _guard: Box::new(folder),
    }
}

/// The sample runs of wandb 0.16.6.
fn wandb_row() -> Row {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/wandb_store/samples/0.16.6");
    Row {
        target: StoreTarget::Wandb(samples),
        label: "W&B runs",
        can_write: false,
        can_filter: false,
        has_registry: false,
        metric: ("aaaa1111".into(), "count"),
        points: 60,
        file: ("aaaa1111".into(), "notes.txt", "kept"),
        _guard: Box::new(()),
    }
}

macro_rules! contract_tests {
    ($($name:ident: $row:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            if let Some(row) = $row.into() {
                check_contract(row).await;
            }
        }
    )*};
}

contract_tests! {
    mlflow_3_server_keeps_the_contract: mlflow_row(V3, true);
    mlflow_2_server_keeps_the_contract: mlflow_row(V2, true);
    mlflow_3_file_keeps_the_contract: mlflow_row(V3, false);
    mlflow_2_file_keeps_the_contract: mlflow_row(V2, false);
    mlflow_3_folder_keeps_the_contract: files_row(V3);
    mlflow_2_folder_keeps_the_contract: files_row(V2);
    wandb_folder_keeps_the_contract: wandb_row();
    postgres_keeps_the_contract: database_row(Kind::Postgres);
    mariadb_keeps_the_contract: database_row(Kind::MariaDb);
}

async fn check_contract(row: Row) {
    check_access(&row).await;
    let reader = reader(row.target.clone()).await;
    check_identity(&row, &reader);
    let features = reader.features().await.unwrap();
    assert_eq!(
        (features.can_filter, features.has_registry),
        (row.can_filter, row.has_registry)
    );
    check_experiments(&reader).await;
    check_pages(&row, &reader).await;
    check_scans(&row, &reader).await;
    check_changed_runs(&reader).await;
    check_deleted_runs(&reader).await;
    check_histories(&row, &reader).await;
    check_artifacts(&row, &reader).await;
    check_missing_objects(&row, &reader).await;
    // Nothing was written meanwhile, unless to another database of the server.
    if !matches!(row.target, StoreTarget::Database(_)) {
        assert_eq!(reader.revision().await, reader.revision().await);
    }
}

/// A writer only on request, and a reason where there is none.
async fn check_access(row: &Row) {
    let open_with = async |mode| -> StoreHandle {
        open(&row.target, mode, &ConnectOptions::default())
            .await
            .unwrap()
    };
    assert_eq!(row.target.backend().label, row.label);
    let opened = open_with(AccessMode::ReadWrite).await;
    assert_eq!(opened.writer.is_ok(), row.can_write);
    let opened = open_with(AccessMode::ReadOnly(ReadOnlyReason::Flag)).await;
    let reason = opened.writer.err().unwrap();
    assert_eq!(reason == ReadOnlyReason::Flag, row.can_write, "{reason}");
}

fn check_identity(row: &Row, reader: &Reader) {
    for text in [reader.name(), reader.origin(), &reader.tracking_uri()] {
        assert!(
            !text.is_empty() && !text.contains(char::is_control),
            "{text:?}"
        );
    }
    let is_server = matches!(row.target, StoreTarget::Server(_));
    let is_remote = is_server || matches!(row.target, StoreTarget::Database(_));
    assert_eq!(reader.web_url().is_some(), is_server);
    assert_eq!(reader.local_folder().is_some(), !is_remote);
    assert!(reader.local_folder().is_none_or(Path::is_absolute));
}

/// The active and the deleted experiments are all experiments.
async fn check_experiments(reader: &Reader) {
    let ids = async |lifecycle| -> BTreeSet<String> {
        let experiments = reader.experiments(lifecycle).await.unwrap();
        experiments
            .iter()
            .map(|one| one.id.raw().to_owned())
            .collect()
    };
    let (active, deleted) = (
        ids(LifecycleFilter::Active).await,
        ids(LifecycleFilter::Deleted).await,
    );
    assert!(!active.is_empty() && active.is_disjoint(&deleted));
    assert_eq!(&active | &deleted, ids(LifecycleFilter::All).await);
}

async fn all_runs(reader: &Reader, page_size: u32) -> Vec<Run> {
    let query = RunQuery {
        lifecycle: LifecycleFilter::All,
        page_size,
        ..RunQuery::default()
    };
    let (mut runs, mut from) = (Vec::new(), None);
    loop {
        let page = reader.runs(&query, from.as_ref()).await.unwrap();
        assert!(page.items.len() <= page_size as usize);
        runs.extend(page.items);
        match page.next {
            Some(next) => from = Some(next),
            None => break,
        }
    }
    assert!(
        runs.iter()
            .map(|run| &run.id)
            .collect::<BTreeSet<_>>()
            .len()
            == runs.len()
    );
    runs
}

/// Pages of any size list the same runs in the same order, and a run that is read alone is the
/// listed one.
async fn check_pages(row: &Row, reader: &Reader) {
    let runs = all_runs(reader, 1_000).await;
    for page_size in [1, 3] {
        let ids = |runs: &[Run]| runs.iter().map(|run| run.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&all_runs(reader, page_size).await), ids(&runs));
    }
    for run in &runs {
        let alone = reader.run(&run.id).await.unwrap();
        assert_eq!(
            (alone.status, alone.start_time, alone.params.len()),
            (run.status, run.start_time, run.params.len())
        );
    }
    let foreign = PageToken("no token of this store".into());
    let query = RunQuery {
        page_size: 10,
        ..RunQuery::default()
    };
    assert!(reader.runs(&query, Some(&foreign)).await.is_err());
    let filtered = RunQuery {
        filter: Some("attributes.status = 'FINISHED'".into()),
        ..query
    };
    let kind = error_kind(reader.runs(&filtered, None).await);
    let expected = (!row.can_filter).then_some(StoreErrorKind::InvalidRequest);
    assert_eq!(kind, expected);
}

/// The table of a listing, and whether whole tables of the store were read for it.
pub(crate) async fn load_table(
    reader: &Reader,
    query: &RunQuery,
    scanning_from: u64,
) -> (RunTable, bool) {
    let mut pages = list_runs(query.clone(), None).scanning_from(scanning_from);
    let (mut table, mut is_scanned) = (RunTable::default(), false);
    while !pages.is_done() {
        let page = pages.next(reader.as_ref()).await.unwrap();
        if page.is_restart {
            (table, is_scanned) = (RunTable::default(), true);
        }
        table.add_page(&page.runs, page.part.as_ref(), page.end.is_some());
    }
    (table, is_scanned)
}

/// Every cell of a table, by run.
pub(crate) fn dump_table(table: &RunTable) -> BTreeMap<String, Vec<String>> {
    let columns = table.columns();
    let cells = |row| {
        let cell = |key| format!("{key:?} {:?}", table.cell(row, key, 0));
        let mut cells: Vec<String> = columns.iter().map(cell).collect();
        cells.push(format!("deleted {}", table.is_deleted(row)));
        cells.push(format!(
            "parent {:?}",
            table.parent(row).map(|row| table.run_id(row))
        ));
        cells
    };
    table
        .rows()
        .map(|row| (table.run_id(row).raw().to_owned(), cells(row)))
        .collect()
}

/// Reading whole tables finds what reading page by page does.
async fn check_scans(row: &Row, reader: &Reader) {
    let experiments = reader.experiments(LifecycleFilter::All).await.unwrap();
    let listed = experiments.iter().map(|one| vec![one.id.clone()]);
    for experiments in listed.chain([Vec::new()]) {
        for lifecycle in [LifecycleFilter::Active, LifecycleFilter::All] {
            let query = RunQuery {
                lifecycle,
                experiments: experiments.clone(),
                page_size: 1,
                ..RunQuery::default()
            };
            let (paged, _) = load_table(reader, &query, u64::MAX).await;
            let (scanned, is_scanned) = load_table(reader, &query, 0).await;
            assert_eq!(dump_table(&scanned), dump_table(&paged), "{query:?}");
            assert_eq!(scanned.columns(), paged.columns());
            if experiments.is_empty() {
                let has_scans = ["SQLite file", "PostgreSQL database"].contains(&row.label);
                assert_eq!(is_scanned, has_scans, "{}", row.label);
            }
        }
    }
}

/// Known active runs are returned, unknown ones are skipped, and so are runs before `since`.
async fn check_changed_runs(reader: &Reader) {
    let active = reader
        .runs(
            &RunQuery {
                page_size: 1_000,
                ..RunQuery::default()
            },
            None,
        )
        .await
        .unwrap()
        .items;
    let mut known: Vec<RunId> = active.iter().map(|run| run.id.clone()).collect();
    known.push("0123456789abcdef0123456789abcdef".into());
    for (known, since, expected) in [
        (known, i64::MAX, active.len()),
        (Vec::new(), i64::MAX, 0),
        (
            Vec::new(),
            0,
            active.iter().filter(|run| run.start_time.is_some()).count(),
        ),
    ] {
        let query = ChangedRunsQuery {
            experiments: Vec::new(),
            known,
            since,
            ..ChangedRunsQuery::default()
        };
        let changed = reader.changed_runs(&query).await.unwrap();
        assert_eq!(changed.len(), expected, "{query:?}");
    }
}

/// Deleted runs are found among others, active ones never.
async fn check_deleted_runs(reader: &Reader) {
    let of_lifecycle = async |lifecycle| -> BTreeSet<RunId> {
        let query = RunQuery {
            page_size: 1_000,
            lifecycle,
            ..RunQuery::default()
        };
        let page = reader.runs(&query, None).await.unwrap();
        page.items.into_iter().map(|run| run.id).collect()
    };
    let active = of_lifecycle(LifecycleFilter::Active).await;
    let deleted = of_lifecycle(LifecycleFilter::Deleted).await;
    let all: Vec<RunId> = active.union(&deleted).cloned().collect();
    let found = reader.deleted_runs(&[], &all).await.unwrap();
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), deleted);
    assert_eq!(reader.deleted_runs(&[], &[]).await.unwrap(), []);
}

/// A sampled history has the ends of the full one, and a step range is inclusive.
async fn check_histories(row: &Row, reader: &Reader) {
    let (run, metric) = &row.metric;
    let other = all_runs(reader, 1_000)
        .await
        .into_iter()
        .find(|other| other.id != *run)
        .unwrap();
    let steps = async |resolution| -> (Vec<i64>, bool) {
        let histories = reader
            .histories(&[other.id.clone(), run.clone()], metric, resolution)
            .await
            .unwrap();
        let [history] = histories.as_slice() else {
            panic!("{} histories of {metric}", histories.len())
        };
        assert_eq!(&history.run, run);
        let steps = history.points.iter().map(|point| point.step);
        (steps.collect(), history.is_sampled)
    };
    let (full, is_sampled) = steps(Resolution::Full).await;
    assert_eq!((full.len(), is_sampled), (row.points, false));
    assert!(full.is_sorted());
    let (sampled, is_sampled) = steps(Resolution::Points(20)).await;
    assert!(
        is_sampled && (10..=80).contains(&sampled.len()),
        "{sampled:?}"
    );
    assert!(sampled.is_sorted());
    assert_eq!(
        (sampled.first(), sampled.last()),
        (full.first(), full.last())
    );
    let range = Resolution::StepRange {
        points: 100,
        first: 10,
        last: 20,
    };
    let in_range = full.into_iter().filter(|step| (10..=20).contains(step));
    assert_eq!(steps(range).await.0, in_range.collect::<Vec<_>>());
}

/// A preview has at most `limit` bytes, and no path leads out of the artifacts.
async fn check_artifacts(row: &Row, reader: &Reader) {
    let (run, path, text) = &row.file;
    let owner = ArtifactOwner::Run(run.clone());
    let root = reader.artifacts(&owner, "").await.unwrap();
    let first = path.split('/').next().unwrap();
    assert!(
        root.iter().any(|entry| entry.path.raw() == first),
        "{root:?}"
    );
    let limit = text.len() as u64;
    let preview = reader.preview(&owner, path, limit).await.unwrap();
    assert_eq!(
        (preview.text().unwrap().raw(), preview.is_truncated),
        (*text, true)
    );
    for path in ["no/such.txt", "../../../../etc/passwd"] {
        assert!(reader.preview(&owner, path, 10).await.is_err(), "{path}");
        assert!(read_whole(reader, &owner, path).await.is_err(), "{path}");
    }
    let whole = read_whole(reader, &owner, path).await.unwrap();
    assert!(whole.len() > text.len() && whole.starts_with(text.as_bytes()));
}

/// All bytes of a file.
async fn read_whole(reader: &Reader, owner: &ArtifactOwner, path: &str) -> Result<Vec<u8>> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Vec<u8>>(1);
    let read = async {
        let result = reader.read_artifact(owner, path, &sender).await;
        drop(sender);
        result
    };
    let collect = async {
        let mut bytes = Vec::new();
        while let Some(part) = receiver.recv().await {
            bytes.extend(part);
        }
        bytes
    };
    let (result, bytes) = tokio::join!(read, collect);
    result.map(|()| bytes)
}

/// Missing objects are not found; a store without a registry does not support its queries.
async fn check_missing_objects(row: &Row, reader: &Reader) {
    let run = RunId::from("00000000000000000000000000000000");
    assert_eq!(
        error_kind(reader.run(&run).await),
        Some(StoreErrorKind::NotFound)
    );
    let expected = if row.has_registry {
        StoreErrorKind::NotFound
    } else {
        StoreErrorKind::Unsupported
    };
    let name = "no such model".into();
    assert_eq!(error_kind(reader.model(&name).await), Some(expected));
    assert_eq!(error_kind(reader.versions(&name).await), Some(expected));
    assert_eq!(reader.models().await.is_ok(), row.has_registry);
    let (some_run, _) = &row.metric;
    assert_eq!(
        reader.versions_of_run(some_run).await.is_ok(),
        row.has_registry
    );
}

async fn reader(target: StoreTarget) -> Reader {
    open(
        &target,
        AccessMode::ReadOnly(ReadOnlyReason::Flag),
        &ConnectOptions::default(),
    )
    .await
    .unwrap()
    .reader
}

fn error_kind<T>(result: Result<T>) -> Option<StoreErrorKind> {
    result.err().map(|error| error.kind)
}

fn fill_store(version: &str, folder: &Path, path: &Path) -> Value {
    let mut client = MlflowClient::start(version, folder, &format!("sqlite:///{}", path.display()));
    client.run(&format!("{FILL}\n{FILL_MORE}"), &json!({}))
}
