//! MLflow's databases on servers of their own: PostgreSQL, and MariaDB where it is installed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on should fail"
)]

mod race;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use frontrunner::domain::{StoreError, StoreErrorKind};
use frontrunner::store::{
    AccessMode, ConnectOptions, DatabaseVariables, ReadOnlyReason, StoreHandle, StoreTarget,
    WriteResponse, open,
};
use serde_json::{Value, json};

use crate::sqlite_store::writing::{APPLY, invalid_writes, now, valid_writes};
use crate::support::client::MlflowClient;
use crate::support::database::{DatabaseServer, Kind, PASSWORD, shared_or_skip};
use crate::support::mlflow::V3;
use crate::support::program::Program;
use crate::support::snapshot::{assert_same_store, dump_store};

const FILL: &str = concat!(
    include_str!("sqlite_store/fill.py"),
    include_str!("store_contract/fill_more.py")
);
pub const COPY: &str = include_str!("database_store/copy.py");

/// A database that MLflow's client filled, to copy.
pub struct FilledDatabase {
    pub server: &'static DatabaseServer,
    pub database: String,
    pub ids: Value,
    dump: Value,
}

impl FilledDatabase {
    /// The URI of a copy of the database.
    pub fn copy(&self) -> String {
        self.server
            .uri(&self.server.create_database(Some(&self.database)))
    }
}

/// MLflow's own client of a database.
pub fn client_of(folder: &Path, uri: &str) -> MlflowClient {
    MlflowClient::start(V3, folder, uri)
}

/// Filled once for all tests that run at the same time; `None` where there is no such server.
pub fn filled_database(kind: Kind, fill: &str) -> Option<Arc<FilledDatabase>> {
    type Filled = HashMap<String, Arc<FilledDatabase>>;
    static FILLED: OnceLock<Mutex<Filled>> = OnceLock::new();
    let mut filled = FILLED
        .get_or_init(Mutex::default)
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let key = format!("{kind:?} {fill}");
    if let Some(known) = filled.get(&key) {
        return Some(known.clone());
    }
    let server = shared_or_skip(kind)?;
    let database = server.create_database(None);
    let folder = server.folder().join(&database);
    std::fs::create_dir(&folder).unwrap();
    let mut client = client_of(&folder, &server.uri(&database));
    let ids = client.run(fill, &json!({}));
    let dump = client.dump_store();
    drop(client);
    let made = Arc::new(FilledDatabase {
        server,
        database,
        ids,
        dump,
    });
    filled.insert(key, made.clone());
    Some(made)
}

pub async fn open_database(uri: &str, access: AccessMode) -> Result<StoreHandle, StoreError> {
    let target = StoreTarget::parse(uri).unwrap();
    open(&target, access, &ConnectOptions::default()).await
}

pub async fn read_only(uri: &str) -> StoreHandle {
    open_database(uri, AccessMode::ReadOnly(ReadOnlyReason::Flag))
        .await
        .unwrap()
}

async fn assert_dump_matches_client(kind: Kind) {
    let Some(store) = filled_database(kind, FILL) else {
        return;
    };
    let uri = match kind {
        // PostgreSQL copies no database that somebody reads.
        Kind::Postgres => store.copy(),
        // A dump of MariaDB turns -0.0 into 0.0.
        Kind::MariaDb => store.server.uri(&store.database),
    };
    let reader = read_only(&uri).await.reader;
    assert_same_store(&dump_store(&reader).await, &store.dump);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_matches_its_client() {
    assert_dump_matches_client(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_matches_its_client() {
    assert_dump_matches_client(Kind::MariaDb).await;
}

/// Times since the test began are replaced, because they differ between two stores.
fn without_new_times(value: &mut Value, since: i64) {
    match value {
        Value::Number(number) if number.as_i64().is_some_and(|number| number >= since) => {
            *value = json!("now");
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| without_new_times(item, since)),
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|field| without_new_times(field, since)),
        _ => {}
    }
}

/// Writes to two copies of a database, one by our writer and one by MLflow's client: the client
/// reads the same from both.
async fn assert_writes_match_client(kind: Kind) {
    let Some(store) = filled_database(kind, FILL) else {
        return;
    };
    let (ours, theirs, since) = (store.copy(), store.copy(), now());
    let folder = tempfile::tempdir().unwrap();
    let mut client = client_of(folder.path(), &theirs);
    let opened = open_database(&ours, AccessMode::ReadWrite).await.unwrap();
    let writer = opened.writer.unwrap();
    let logged = store.dump["logged_models"].as_array().unwrap();
    let logged = logged.iter().find(|model| model["name"] == "made").unwrap();
    let run = store.ids["numbers"].as_str().unwrap();
    for write in valid_writes(run, logged["id"].as_str()) {
        let expected = client.run(APPLY, &json!({"write": write}));
        let response = writer.write(&write).await;
        let made = match response.unwrap_or_else(|error| panic!("{write:?}: {error}")) {
            WriteResponse::CreatedVersion(number) => json!(number.0),
            WriteResponse::Done => Value::Null,
        };
        assert_eq!(made, expected, "{write:?}");
    }
    for write in invalid_writes() {
        let theirs = client.try_run(APPLY, &json!({"write": write}));
        assert!(theirs.is_err(), "MLflow accepts {write:?}");
        let error = writer.write(&write).await.unwrap_err();
        assert!(!error.outcome_unknown, "{write:?}: {error:?}");
    }
    let (mut expected, mut found) = (
        client.dump_store(),
        client_of(folder.path(), &ours).dump_store(),
    );
    let dump = dump_store(&opened.reader).await;
    assert_same_store(&dump, &found);
    without_new_times(&mut expected, since);
    without_new_times(&mut found, since);
    assert_same_store(&found, &expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_writes_leave_what_the_client_leaves() {
    assert_writes_match_client(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_writes_leave_what_the_client_leaves() {
    assert_writes_match_client(Kind::MariaDb).await;
}

/// The inputs of a run have no order.
fn sort_inputs(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(sort_inputs),
        Value::Object(fields) => {
            for (name, field) in fields {
                sort_inputs(field);
                if let Value::Array(items) = field
                    && ["datasets", "model_inputs", "model_outputs"].contains(&name.as_str())
                {
                    items.sort_by_key(ToString::to_string);
                }
            }
        }
        _ => {}
    }
}

/// The rows of a SQLite store, copied into PostgreSQL: the program prints the same JSON of both.
#[test]
fn twin_in_postgres_gives_the_same_json() {
    let Some(store) = filled_database(Kind::Postgres, FILL) else {
        return;
    };
    let program = Program::new();
    let file = format!("sqlite:///{}/twin.db", program.folder().display());
    let twin = store.copy();
    let mut client = client_of(program.folder(), &file);
    let ids = client.run(FILL, &json!({}));
    let mut copier = client_of(program.folder(), &twin);
    copier.run(COPY, &json!({"source_uri": file, "target_uri": twin}));
    drop(copier);
    drop(client);
    let run = ids["numbers"].as_str().unwrap();
    for arguments in [
        &["experiments", "--all"][..],
        &["runs", "plain"],
        &["show", run],
        &["models"],
        &["versions", "shop"],
    ] {
        let of = |uri: &str| program.json(&[&["--target", uri], arguments].concat());
        let (mut of_file, mut of_twin) = (of(&file), of(&twin));
        sort_inputs(&mut of_file);
        sort_inputs(&mut of_twin);
        assert!(!of_twin.to_string().contains(PASSWORD));
        assert_eq!(of_file, of_twin, "{arguments:?}");
    }
}

fn error_of(result: Result<StoreHandle, StoreError>) -> StoreError {
    result.err().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_errors_say_what_is_wrong_and_no_password() {
    let Some(store) = filled_database(Kind::Postgres, FILL) else {
        return;
    };
    let uri = store.server.uri(&store.database);
    let port = store.server.port().to_string();
    for (uri, kind) in [
        (
            uri.replace(PASSWORD, "hunter3"),
            StoreErrorKind::Unauthenticated,
        ),
        (
            uri.replace(&store.database, "nowhere"),
            StoreErrorKind::NotFound,
        ),
        (
            uri.replace(&store.database, "postgres"),
            StoreErrorKind::InvalidResponse,
        ),
        (uri.replace(&port, "1"), StoreErrorKind::Unreachable),
        (
            format!("{uri}?sslmode=require"),
            StoreErrorKind::Unreachable,
        ),
        (
            format!("{uri}?sslmode=sometimes"),
            StoreErrorKind::InvalidRequest,
        ),
        (
            format!("{uri}?sslmode=verify-full&sslrootcert=/no/such/file"),
            StoreErrorKind::InvalidRequest,
        ),
    ] {
        let error = error_of(open_database(&uri, AccessMode::ReadWrite).await);
        assert_eq!(error.kind, kind, "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter"), "{shown}");
    }
}

/// The modes of `sslmode`, on a server with a certificate of another authority and for another name.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_certificate_is_verified_as_far_as_asked() {
    let Some(store) = filled_database(Kind::Postgres, FILL) else {
        return;
    };
    let authority = store.server.use_tls("localhost");
    let authority = authority.display();
    let uri = store.server.uri(&store.database);
    let by_name = uri.replace("127.0.0.1", "localhost");
    for (uri, is_accepted) in [
        (format!("{uri}?sslmode=require"), true),
        (format!("{uri}?sslmode=verify-ca"), false),
        (
            format!("{uri}?sslmode=verify-ca&sslrootcert={authority}"),
            true,
        ),
        (
            format!("{uri}?sslmode=verify-full&sslrootcert={authority}"),
            false,
        ),
        (
            format!("{by_name}?sslmode=verify-full&sslrootcert={authority}"),
            true,
        ),
        (format!("{by_name}?sslmode=disable"), true),
    ] {
        let opened = open_database(&uri, AccessMode::ReadWrite).await;
        assert_eq!(opened.is_ok(), is_accepted, "{uri}: {:?}", opened.err());
    }
}

/// Passwords come from PostgreSQL's own places, and a file that others can read is ignored.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_password_is_found_where_its_client_looks() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(store) = filled_database(Kind::Postgres, FILL) else {
        return;
    };
    let uri = store
        .server
        .uri(&store.database)
        .replace(&format!(":{PASSWORD}"), "");
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".pgpass");
    let open_with = async |password: Option<&str>| {
        let lookup = |name: &str| password.filter(|_| name == "PGPASSWORD").map(str::to_owned);
        let options = ConnectOptions {
            databases: DatabaseVariables::from_env(lookup, Some(home.path())),
            ..ConnectOptions::default()
        };
        let target = StoreTarget::parse(&uri).unwrap();
        open(&target, AccessMode::ReadWrite, &options).await
    };
    assert!(open_with(None).await.is_err());
    assert!(open_with(Some(PASSWORD)).await.is_ok());
    std::fs::write(&file, format!("*:*:*:postgres:{PASSWORD}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(open_with(None).await.is_err());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(open_with(None).await.is_ok());
}

/// The database is read in transactions that can not write, and a user without privileges gets no
/// writer.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_user_who_may_only_read_has_no_writer() {
    let Some(store) = filled_database(Kind::Postgres, FILL) else {
        return;
    };
    let uri = store.copy();
    let database = uri.rsplit('/').next().unwrap();
    let server = &store.server;
    server.execute(&format!(
        "CREATE ROLE viewer LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_read_all_data"
    ));
    let uri = server.uri(database).replace("//postgres:", "//viewer:");
    let opened = open_database(&uri, AccessMode::ReadWrite).await.unwrap();
    assert!(!opened.reader.models().await.unwrap().is_empty());
    let reason = opened.writer.err().unwrap();
    assert!(reason.to_string().contains("no privilege"), "{reason}");
}
