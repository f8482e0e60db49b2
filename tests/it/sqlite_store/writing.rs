//! Writes compared with MLflow's client: made to two copies of a store, one by each, they leave the
//! same rows in all tables.

use std::time::{SystemTime, UNIX_EPOCH};

use frontrunner::domain::KeyValue;
use frontrunner::domain::{Stage, StoreWrite, VersionNumber};
use frontrunner::store::{WriteResponse, Writer};
use rusqlite::types::Value as Cell;

use super::*;
use crate::support::metadata;

pub const APPLY: &str = include_str!("apply.py");

/// Text with control characters, and with characters special to SQL and JSON.
const HOSTILE_TEXT: &str = "q' \" \u{1b}[2J \u{202e} 精度\nline";

fn tag(key: &str, value: &str) -> KeyValue {
    KeyValue::new(key, value)
}

fn create_version(name: &str, source: &str, run: &str, tags: Vec<KeyValue>) -> StoreWrite {
    StoreWrite::CreateVersion {
        name: name.into(),
        source: source.into(),
        run_id: run.into(),
        tags,
    }
}

fn transition(number: u64, stage: Stage, archive_existing: bool) -> StoreWrite {
    StoreWrite::TransitionStage {
        name: "shop".into(),
        version: VersionNumber(number),
        stage,
        archive_existing,
    }
}

fn alias(alias: &str, number: u64) -> StoreWrite {
    StoreWrite::SetAlias {
        name: "shop".into(),
        alias: alias.into(),
        version: VersionNumber(number),
    }
}

fn set_tag(number: u64, key: &str, value: &str) -> StoreWrite {
    metadata::set_tag(metadata::version("shop", number), key, value)
}

fn delete_tag(number: u64, key: &str) -> StoreWrite {
    metadata::delete_tag(metadata::version("shop", number), key)
}

fn delete_alias(alias: &str) -> StoreWrite {
    StoreWrite::DeleteAlias {
        name: "shop".into(),
        alias: alias.into(),
    }
}

fn delete_version(number: u64) -> StoreWrite {
    StoreWrite::DeleteVersion {
        name: "shop".into(),
        version: VersionNumber(number),
    }
}

fn create_model(name: &str) -> StoreWrite {
    StoreWrite::CreateModel { name: name.into() }
}

fn delete_run(run: &str) -> StoreWrite {
    StoreWrite::DeleteRun { run: run.into() }
}

fn restore_run(run: &str) -> StoreWrite {
    StoreWrite::RestoreRun { run: run.into() }
}

/// Every kind of write: over an existing value, without one, and with hostile text.
pub fn valid_writes(run: &str, logged: Option<&str>) -> Vec<StoreWrite> {
    let mut writes = vec![
        create_model("neu 'größe' \u{1b}[2J"),
        create_model("fresh"),
        create_version(
            "shop",
            &format!("runs:/{run}/a/model"),
            run,
            vec![tag("frontrunner.intent", HOSTILE_TEXT), tag("b", "")],
        ),
        create_version("fresh", "s3://bucket/x", "", vec![]),
        create_version(
            "fresh",
            "runs:/00000000000000000000000000000000/model",
            "",
            vec![],
        ),
        create_version("fresh", "models:/shop/2", run, vec![]),
        transition(3, Stage::Production, true),
        transition(4, Stage::Staging, false),
        transition(4, Stage::Staging, true),
        transition(1, Stage::None, false),
        alias("champion", 4),
        alias("new-one", 1),
        alias("new-one", 1),
        delete_alias("Champion"),
        delete_alias("was-never-there"),
        set_tag(1, "fresh/key", HOSTILE_TEXT),
        set_tag(1, "note", "over the old one"),
        delete_tag(1, "i"),
        delete_tag(1, "was-never-there"),
        metadata::describe(metadata::version("shop", 1), HOSTILE_TEXT),
        metadata::set_tag(metadata::model("shop"), "fresh/key", HOSTILE_TEXT),
        metadata::set_tag(metadata::model("shop"), "fresh/key", "over the old one"),
        metadata::set_tag(metadata::model("shop"), "i", ""),
        metadata::delete_tag(metadata::model("shop"), "fresh/key"),
        metadata::delete_tag(metadata::model("shop"), "was-never-there"),
        metadata::describe(metadata::model("shop"), HOSTILE_TEXT),
        metadata::describe(metadata::model("shop"), ""),
        metadata::set_tag(metadata::run(run), "fresh/key", HOSTILE_TEXT),
        metadata::set_tag(metadata::run(run), "fresh/key", "over the old one"),
        metadata::set_tag(metadata::run(run), "empty", ""),
        metadata::delete_tag(metadata::run(run), "fresh/key"),
        metadata::describe(metadata::run(run), HOSTILE_TEXT),
        metadata::set_tag(metadata::run(run), "mlflow.runName", "größe 'q'"),
        delete_version(2),
        create_version("shop", "s3://bucket/after", "", vec![]),
        delete_run(run),
        delete_run(run),
        restore_run(run),
        restore_run(run),
    ];
    if let Some(id) = logged {
        writes.push(create_version(
            "shop",
            &format!("models:/{id}"),
            run,
            vec![],
        ));
        writes.push(create_version(
            "fresh",
            &format!("models:/{id}"),
            "",
            vec![tag("again", "1")],
        ));
    }
    writes
}

/// Writes that MLflow refuses, and that must change nothing.
pub fn invalid_writes() -> Vec<StoreWrite> {
    vec![
        create_model("shop"),
        create_model("a/b"),
        create_model(" "),
        create_version("missing", "s3://x", "", vec![]),
        create_version("shop", "s3://x", "", vec![tag("", "no key")]),
        create_version("shop", "s3://x", "", vec![tag("k", &"v".repeat(100_001))]),
        create_version("shop", "models:/shop/5", "", vec![]),
        create_version(
            "shop",
            "models:/m-00000000000000000000000000000000",
            "",
            vec![],
        ),
        transition(5, Stage::Staging, false),
        transition(99, Stage::Production, true),
        alias("latest", 1),
        alias("v3", 1),
        alias("no spaces", 1),
        alias("gone", 5),
        set_tag(5, "a", "b"),
        set_tag(1, "a//b", "x"),
        delete_tag(99, "a"),
        metadata::set_tag(metadata::model("missing"), "a", "b"),
        metadata::set_tag(metadata::model("shop"), "a//b", "x"),
        metadata::delete_tag(metadata::model("missing"), "a"),
        metadata::set_tag(metadata::run("00000000000000000000000000000000"), "a", "b"),
        metadata::delete_tag(metadata::run("00000000000000000000000000000000"), "a"),
        delete_version(5),
        delete_version(99),
        delete_run("00000000000000000000000000000000"),
        restore_run("00000000000000000000000000000000"),
        StoreWrite::DeleteAlias {
            name: "missing".into(),
            alias: "a".into(),
        },
    ]
}

/// Every row of every table, as text. Times since the test began are replaced, because they differ.
fn changed_rows(path: &Path, since: i64) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let listing = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let tables: Vec<String> = connection
        .prepare(listing)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut dump = Vec::new();
    for table in tables {
        let mut statement = connection
            .prepare(&format!("SELECT * FROM \"{table}\""))
            .unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut found = statement.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let cell = |(at, column): (usize, &String)| match row.get::<_, Cell>(at).unwrap() {
                Cell::Integer(time) if column.ends_with("time") && time >= since => {
                    format!("{column}=now")
                }
                cell => format!("{column}={cell:?}"),
            };
            dump.push(format!(
                "{table}: {}",
                columns
                    .iter()
                    .enumerate()
                    .map(cell)
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
    }
    dump.sort();
    dump
}

pub fn now() -> i64 {
    i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap()
}

/// Two copies of a store: one for our writer, one for MLflow's client.
struct TwinStores {
    _folders: [TempDir; 2],
    ours: PathBuf,
    theirs: PathBuf,
    writer: Writer,
    client: MlflowClient,
    since: i64,
}

impl TwinStores {
    async fn open(version: &'static str) -> Self {
        let store = filled_store(version);
        let ((one, ours), (other, theirs)) = (store.copy(), store.copy());
        let client = client_of(version, &theirs);
        let writer = open_store(&ours, AccessMode::ReadWrite)
            .await
            .writer
            .expect("a writer");
        Self {
            _folders: [one, other],
            ours,
            theirs,
            writer,
            client,
            since: now(),
        }
    }

    fn assert_same_rows(&self, after: &StoreWrite) {
        let (ours, theirs) = (
            changed_rows(&self.ours, self.since),
            changed_rows(&self.theirs, self.since),
        );
        let only = |some: &[String], others: &[String]| {
            some.iter()
                .filter(|row| !others.contains(row))
                .cloned()
                .collect::<Vec<_>>()
        };
        assert!(
            ours == theirs,
            "after {after:?}\nonly here: {:#?}\nonly there: {:#?}",
            only(&ours, &theirs),
            only(&theirs, &ours)
        );
    }
}

async fn assert_writes_match_client(version: &'static str) {
    let store = filled_store(version);
    let mut twins = TwinStores::open(version).await;
    let logged = store.dump["logged_models"]
        .as_array()
        .unwrap()
        .iter()
        .find(|model| model["name"] == "made");
    let logged = logged.map(|model| model["id"].as_str().unwrap());
    for write in valid_writes(store.ids["numbers"].as_str().unwrap(), logged) {
        let theirs = twins.client.run(APPLY, &json!({"write": write}));
        let ours = match twins
            .writer
            .write(&write)
            .await
            .unwrap_or_else(|fault| panic!("{write:?}: {fault}"))
        {
            WriteResponse::CreatedVersion(number) => json!(number.0),
            WriteResponse::Done => Value::Null,
        };
        assert_eq!(ours, theirs, "{write:?}");
        twins.assert_same_rows(&write);
    }
    // MLflow's client reads our copy, and continues with it.
    let mut client = client_of(version, &twins.ours);
    let reader = open_store(&twins.ours, AccessMode::ReadOnly(ReadOnlyReason::Flag))
        .await
        .reader;
    assert_same_store(&dump_store(&reader).await, &client.dump_store());
    let next = "answer = [apply('create_version', name, source='s3://next', run_id='', tags=[]) for name in ('shop', 'fresh')]";
    client.run(APPLY, &json!({"write": set_tag(1, "also", "from here")}));
    twins
        .client
        .run(APPLY, &json!({"write": set_tag(1, "also", "from here")}));
    assert_eq!(
        client.run(next, &json!({})),
        twins.client.run(next, &json!({}))
    );
    twins.assert_same_rows(&create_model("the next version of each"));
    assert_same_store(&dump_store(&reader).await, &client.dump_store());
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_3_writes_leave_the_same_rows_as_its_client() {
    assert_writes_match_client(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_2_writes_leave_the_same_rows_as_its_client() {
    assert_writes_match_client(V2).await;
}

async fn assert_refusals_match_client(version: &'static str) {
    let mut twins = TwinStores::open(version).await;
    let before = std::fs::read(&twins.ours).unwrap();
    for write in invalid_writes() {
        // MLflow 2 accepts names that MLflow 3 rejects. Our writer rejects them for both.
        let theirs = twins.client.try_run(APPLY, &json!({"write": write}));
        assert!(theirs.is_err() || version == V2, "MLflow accepts {write:?}");
        let ours = twins
            .writer
            .write(&write)
            .await
            .expect_err(&format!("{write:?} was accepted"));
        assert!(!ours.outcome_unknown, "{write:?}: {ours:?}");
        assert!(!ours.to_string().chars().any(char::is_control), "{ours}");
        assert!(
            std::fs::read(&twins.ours).unwrap() == before,
            "{write:?} was refused, and changed the file"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_3_refusals_leave_no_trace() {
    assert_refusals_match_client(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_2_refusals_leave_no_trace() {
    assert_refusals_match_client(V2).await;
}
