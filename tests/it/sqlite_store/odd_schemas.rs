//! Files that are not what they were taken for: each is a clear fault, or is opened for looking only and says why; none is
//! made, mended or touched.

use std::collections::BTreeMap;

use frontrunner::domain::StoreErrorKind;
use rusqlite::Connection as Sql;

use super::*;

/// Every file of a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                if entry.path().is_dir() {
                    Vec::new()
                } else {
                    std::fs::read(entry.path()).unwrap()
                },
            )
        })
        .collect()
}

/// Opens what is at `name` of a folder, both ways, which must fail and leave the folder as it was.
async fn open_error(folder: &Path, name: &str) -> (StoreErrorKind, String) {
    let before = contents(folder);
    let target = StoreTarget::Sqlite(folder.join(name));
    let attempt = async |access| match open(&target, access, &ConnectOptions::default()).await {
        Err(fault) => fault,
        Ok(opened) => panic!("{name} was opened as {:?}", opened.reader.features().await),
    };
    let (look, write) = (
        attempt(AccessMode::ReadOnly(ReadOnlyReason::Flag)).await,
        attempt(AccessMode::ReadWrite).await,
    );
    assert_eq!(look, write);
    assert!(
        look.to_string().contains(name),
        "the fault names the file: {look}"
    );
    assert!(
        contents(folder) == before,
        "{name}: something was made or changed: {:?}",
        contents(folder).keys()
    );
    (look.kind, look.why.raw().to_owned())
}

#[tokio::test]
async fn non_store_file_is_refused_and_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(
        at("text.db"),
        "SQLite format? no, only a text that is longer than a header. ".repeat(40),
    )
    .unwrap();
    std::fs::write(at("empty.db"), "").unwrap();
    std::fs::create_dir(at("folder.db")).unwrap();
    let other = Sql::open(at("other.db")).unwrap();
    other
        .execute_batch(
            "CREATE TABLE runs (distance REAL, shoes TEXT); INSERT INTO runs VALUES (5.1, 'old');",
        )
        .unwrap();
    drop(other);
    std::fs::write(at("cut.db"), &filled_store(V2).file[..10_000]).unwrap();
    for (name, kind, why) in [
        ("missing.db", StoreErrorKind::Unreachable, "No such file"),
        (
            "no/such/folder.db",
            StoreErrorKind::Unreachable,
            "No such file",
        ),
        ("folder.db", StoreErrorKind::InvalidResponse, "not a file"),
        (
            "text.db",
            StoreErrorKind::InvalidResponse,
            "not a SQLite database",
        ),
        (
            "empty.db",
            StoreErrorKind::InvalidResponse,
            "not an MLflow store",
        ),
        (
            "other.db",
            StoreErrorKind::InvalidResponse,
            "not an MLflow store",
        ),
        ("cut.db", StoreErrorKind::ServerError, "damaged"),
    ] {
        let (found, said) = open_error(folder.path(), name).await;
        assert_eq!(found, kind, "{name}: {said}");
        assert!(said.contains(why), "{name}: {said}");
    }
}

/// Opens a changed store for writing: it must be readable as a whole, and say why it can't be written, if it can't.
async fn read_only_reason_after(version: &'static str, change: &str) -> Option<ReadOnlyReason> {
    let store = filled_store(version);
    let (folder, path) = store.copy();
    let sql = Sql::open(&path).unwrap();
    sql.execute_batch(change).unwrap();
    drop(sql);
    let before = contents(folder.path());
    let opened = open_store(&path, AccessMode::ReadWrite).await;
    assert_same_store(&dump_store(&opened.reader).await, &store.dump);
    assert!(
        contents(folder.path()) == before,
        "opening changed something"
    );
    opened.writer.err()
}

/// A table gets a column that must be filled, as a later migration could have it.
const NEWER_SCHEMA: &str = "
PRAGMA legacy_alter_table = ON;
ALTER TABLE registered_model_aliases RENAME TO was;
CREATE TABLE registered_model_aliases AS SELECT * FROM was;
DROP TABLE was;
ALTER TABLE registered_model_aliases RENAME TO was;
CREATE TABLE registered_model_aliases (alias TEXT, version INTEGER, name TEXT, workspace TEXT DEFAULT 'default', approved_by TEXT NOT NULL);
INSERT INTO registered_model_aliases (alias, version, name, approved_by) SELECT alias, version, name, 'x' FROM was;
DROP TABLE was;
";

#[tokio::test(flavor = "multi_thread")]
async fn unknown_schema_is_read_only_with_a_reason() {
    let newer = read_only_reason_after(V3, NEWER_SCHEMA).await;
    assert_eq!(
        newer,
        Some(ReadOnlyReason::SchemaTooNew(
            "registered_model_aliases.approved_by".into()
        ))
    );
    let older = read_only_reason_after(V2, "ALTER TABLE model_versions DROP COLUMN run_link").await;
    assert_eq!(
        older,
        Some(ReadOnlyReason::SchemaTooOld(
            "model_versions.run_link".into()
        ))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn additional_tables_do_not_prevent_writes() {
    let beside = "CREATE TABLE surprises (id TEXT NOT NULL); ALTER TABLE model_versions ADD COLUMN surprise TEXT; \
                  UPDATE alembic_version SET version_num = 'feedfacecafe';";
    for version in [V3, V2] {
        assert_eq!(
            read_only_reason_after(version, beside).await,
            None,
            "{version}"
        );
    }
}

#[tokio::test]
async fn tracking_store_without_a_registry_is_reported() {
    let (_folder, path) = filled_store(V2).copy();
    let sql = Sql::open(&path).unwrap();
    let tables = [
        "registered_model_aliases",
        "model_version_tags",
        "registered_model_tags",
        "model_versions",
        "registered_models",
    ];
    for table in tables {
        sql.execute_batch(&format!("PRAGMA foreign_keys = OFF; DROP TABLE {table}"))
            .unwrap();
    }
    drop(sql);
    let opened = open_store(&path, AccessMode::ReadWrite).await;
    let features = opened.reader.features().await.unwrap();
    assert!(!features.has_registry);
    assert_eq!(opened.writer.err(), Some(ReadOnlyReason::NoRegistry));
    let fault = opened.reader.models().await.unwrap_err();
    assert_eq!(fault.kind, StoreErrorKind::Unsupported, "{fault}");
    assert!(
        !opened
            .reader
            .experiments(frontrunner::store::LifecycleFilter::All)
            .await
            .unwrap()
            .is_empty()
    );
}
