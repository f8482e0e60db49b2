//! Frontrunner's writes are MLflow's own: done on two copies of a store, once by each, they leave the same rows everywhere.

use std::time::{SystemTime, UNIX_EPOCH};

use frontrunner::domain::write::Tag;
use frontrunner::domain::{RegistryWrite, Stage, VersionNumber};
use frontrunner::store::{Writer, Written};
use rusqlite::types::Value as Cell;

use super::*;

const APPLY: &str = include_str!("apply.py");

/// A text that no terminal should see, and that SQL and JSON could trip over.
const HOSTILE: &str = "q' \" \u{1b}[2J \u{202e} 精度\nline";

fn tag(key: &str, value: &str) -> Tag {
    Tag::new(key, value)
}

fn version(name: &str, source: &str, run: &str, tags: Vec<Tag>) -> RegistryWrite {
    RegistryWrite::CreateVersion {
        name: name.into(),
        source: source.into(),
        run_id: run.into(),
        tags,
    }
}

fn transition(number: u64, stage: Stage, archive_existing: bool) -> RegistryWrite {
    RegistryWrite::TransitionStage {
        name: "shop".into(),
        version: VersionNumber(number),
        stage,
        archive_existing,
    }
}

fn alias(alias: &str, number: u64) -> RegistryWrite {
    RegistryWrite::SetAlias {
        name: "shop".into(),
        alias: alias.into(),
        version: VersionNumber(number),
    }
}

fn set_tag(number: u64, key: &str, value: &str) -> RegistryWrite {
    RegistryWrite::SetVersionTag {
        name: "shop".into(),
        version: VersionNumber(number),
        tag: tag(key, value),
    }
}

fn delete_tag(number: u64, key: &str) -> RegistryWrite {
    RegistryWrite::DeleteVersionTag {
        name: "shop".into(),
        version: VersionNumber(number),
        key: key.into(),
    }
}

fn delete_alias(alias: &str) -> RegistryWrite {
    RegistryWrite::DeleteAlias {
        name: "shop".into(),
        alias: alias.into(),
    }
}

fn delete_version(number: u64) -> RegistryWrite {
    RegistryWrite::DeleteVersion {
        name: "shop".into(),
        version: VersionNumber(number),
    }
}

fn create_model(name: &str) -> RegistryWrite {
    RegistryWrite::CreateModel { name: name.into() }
}

fn delete_run(run: &str) -> RegistryWrite {
    RegistryWrite::DeleteRun { run: run.into() }
}

fn restore_run(run: &str) -> RegistryWrite {
    RegistryWrite::RestoreRun { run: run.into() }
}

/// Every kind of write, with the turns that matter: over what is there, onto nothing, with hostile text.
fn good(run: &str, logged: Option<&str>) -> Vec<RegistryWrite> {
    let mut writes = vec![
        create_model("neu 'größe' \u{1b}[2J"),
        create_model("fresh"),
        version(
            "shop",
            &format!("runs:/{run}/a/model"),
            run,
            vec![tag("frontrunner.intent", HOSTILE), tag("b", "")],
        ),
        version("fresh", "s3://bucket/x", "", vec![]),
        version(
            "fresh",
            "runs:/00000000000000000000000000000000/model",
            "",
            vec![],
        ),
        version("fresh", "models:/shop/2", run, vec![]),
        transition(3, Stage::Production, true),
        transition(4, Stage::Staging, false),
        transition(4, Stage::Staging, true),
        transition(1, Stage::None, false),
        alias("champion", 4),
        alias("new-one", 1),
        alias("new-one", 1),
        delete_alias("Champion"),
        delete_alias("was-never-there"),
        set_tag(1, "fresh/key", HOSTILE),
        set_tag(1, "note", "over the old one"),
        delete_tag(1, "i"),
        delete_tag(1, "was-never-there"),
        delete_version(2),
        version("shop", "s3://bucket/after", "", vec![]),
        delete_run(run),
        delete_run(run),
        restore_run(run),
        restore_run(run),
    ];
    if let Some(id) = logged {
        writes.push(version("shop", &format!("models:/{id}"), run, vec![]));
        writes.push(version(
            "fresh",
            &format!("models:/{id}"),
            "",
            vec![tag("again", "1")],
        ));
    }
    writes
}

/// What MLflow refuses: nothing may be left of it.
fn bad() -> Vec<RegistryWrite> {
    vec![
        create_model("shop"),
        create_model("a/b"),
        create_model(" "),
        version("nobody", "s3://x", "", vec![]),
        version("shop", "s3://x", "", vec![tag("", "no key")]),
        version("shop", "s3://x", "", vec![tag("k", &"v".repeat(100_001))]),
        version("shop", "models:/shop/5", "", vec![]),
        version(
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
        delete_version(5),
        delete_version(99),
        delete_run("00000000000000000000000000000000"),
        restore_run("00000000000000000000000000000000"),
        RegistryWrite::DeleteAlias {
            name: "nobody".into(),
            alias: "a".into(),
        },
    ]
}

/// Every row of every table, as text. Times of these writes are told as such: no two clocks agree on them.
fn rows(path: &Path, since: i64) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let listing = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let tables: Vec<String> = connection
        .prepare(listing)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut told = Vec::new();
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
            told.push(format!(
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
    told.sort();
    told
}

fn now() -> i64 {
    i64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap()
}

/// Two copies of one store: ours, and the one that MLflow's client writes.
struct Twins {
    _folders: [TempDir; 2],
    ours: PathBuf,
    theirs: PathBuf,
    writer: Writer,
    client: Client,
    since: i64,
}

impl Twins {
    async fn of(version: &'static str) -> Self {
        let store = filled(version);
        let ((one, ours), (other, theirs)) = (store.copy(), store.copy());
        let client = client_of(version, &theirs);
        let writer = opened(&ours, Access::ReadWrite)
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

    fn assert_same_rows(&self, after: &RegistryWrite) {
        let (ours, theirs) = (rows(&self.ours, self.since), rows(&self.theirs, self.since));
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

async fn writes_as_mlflow(version: &'static str) {
    let store = filled(version);
    let mut twins = Twins::of(version).await;
    let logged = store.told["logged_models"]
        .as_array()
        .unwrap()
        .iter()
        .find(|model| model["name"] == "made");
    let logged = logged.map(|model| model["id"].as_str().unwrap());
    for write in good(store.ids["numbers"].as_str().unwrap(), logged) {
        let theirs = twins.client.ask(APPLY, &json!({"write": write}));
        let ours = match twins
            .writer
            .write(&write)
            .await
            .unwrap_or_else(|fault| panic!("{write:?}: {fault}"))
        {
            Written::Version(number) => json!(number.0),
            Written::Done => Value::Null,
        };
        assert_eq!(ours, theirs, "{write:?}");
        twins.assert_same_rows(&write);
    }
    // MLflow's client reads ours as its own, and goes on from there.
    let mut client = client_of(version, &twins.ours);
    let reader = opened(&twins.ours, Access::ReadOnly).await.reader;
    assert_same(&everything(&reader).await, &client.everything());
    let next = "answer = [apply('create_version', name, source='s3://next', run_id='', tags=[]) for name in ('shop', 'fresh')]";
    client.ask(APPLY, &json!({"write": set_tag(1, "also", "from here")}));
    twins
        .client
        .ask(APPLY, &json!({"write": set_tag(1, "also", "from here")}));
    assert_eq!(
        client.ask(next, &json!({})),
        twins.client.ask(next, &json!({}))
    );
    twins.assert_same_rows(&create_model("the next version of each"));
    assert_same(&everything(&reader).await, &client.everything());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_to_mlflow_3s_file_leaves_the_rows_that_its_client_leaves() {
    writes_as_mlflow(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_to_mlflow_2s_file_leaves_the_rows_that_its_client_leaves() {
    writes_as_mlflow(V2).await;
}

async fn refuses_as_mlflow(version: &'static str) {
    let mut twins = Twins::of(version).await;
    let before = std::fs::read(&twins.ours).unwrap();
    for write in bad() {
        // MLflow 2 takes names that MLflow 3 does not; a name that only one of them could read again is made in neither.
        let theirs = twins.client.attempt(APPLY, &json!({"write": write}));
        assert!(theirs.is_err() || version == V2, "MLflow takes {write:?}");
        let ours = twins
            .writer
            .write(&write)
            .await
            .expect_err(&format!("{write:?} was taken"));
        assert!(!ours.maybe_done, "{write:?}: {ours:?}");
        assert!(!ours.to_string().chars().any(char::is_control), "{ours}");
        assert!(
            std::fs::read(&twins.ours).unwrap() == before,
            "{write:?} was refused, and changed the file"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_mlflow_3_refuses_is_refused_without_a_trace() {
    refuses_as_mlflow(V3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_mlflow_2_refuses_is_refused_without_a_trace() {
    refuses_as_mlflow(V2).await;
}
