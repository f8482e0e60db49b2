//! SQLite files whose schema runs queries of its author.

use crate::support::program::Program;

fn change_schema(program: &Program, sql: &str) {
    let store = rusqlite::Connection::open(program.store()).unwrap();
    store.execute_batch(sql).unwrap();
}

#[test]
fn view_in_place_of_a_table_is_refused() {
    for table in ["tags", "experiments", "model_versions"] {
        let program = Program::new();
        let columns = {
            let store = rusqlite::Connection::open(program.store()).unwrap();
            let statement = store.prepare(&format!("SELECT * FROM {table}")).unwrap();
            statement.column_names().collect::<Vec<_>>().join(", ")
        };
        change_schema(
            &program,
            &format!(
                "PRAGMA legacy_alter_table = ON; ALTER TABLE {table} RENAME TO kept; \
                 CREATE VIEW {table} AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
                 SELECT {columns} FROM kept, n;"
            ),
        );
        let ended = program.run(&["experiments"]);
        assert_eq!(ended.code, 1, "{ended:?}");
        assert!(
            ended.stderr.contains(&format!("{table} is a view")),
            "{ended:?}"
        );
    }
}

#[test]
fn table_with_a_trigger_is_only_read() {
    let program = Program::new();
    change_schema(
        &program,
        "CREATE TRIGGER t AFTER INSERT ON model_version_tags BEGIN \
         DELETE FROM registered_models; END;",
    );
    let ended = program.run(&["promote", "churn-classifier/2", "--to", "@live", "--yes"]);
    assert_eq!(ended.code, 5, "{ended:?}");
    assert!(
        ended.stderr.contains("model_version_tags has a trigger"),
        "{ended:?}"
    );
    assert_eq!(program.run(&["models"]).code, 0);
}

fn files_of(program: &Program) -> Vec<String> {
    let entries = std::fs::read_dir(program.store().parent().unwrap()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("-wal") || name.contains("-shm"))
        .collect();
    names.sort();
    names
}

#[test]
fn session_removes_the_wal_files_that_it_made() {
    let program = Program::new();
    change_schema(&program, "PRAGMA journal_mode = WAL;");
    assert!(files_of(&program).is_empty());
    let before = program.store_bytes();
    for arguments in [&["runs", "churn-sweep", "--read-only"][..], &["models"]] {
        assert_eq!(program.run(arguments).code, 0);
        assert_eq!(files_of(&program), [""; 0], "{arguments:?}");
        assert_eq!(program.store_bytes(), before);
    }
}

#[test]
fn wal_files_that_others_use_stay() {
    let program = Program::new();
    change_schema(&program, "PRAGMA journal_mode = WAL;");
    let training = rusqlite::Connection::open(program.store()).unwrap();
    let write = "UPDATE runs SET name = 'being trained'";
    training.execute(write, []).unwrap();
    let before = program.store_bytes();
    let listed = program.run(&["runs", "churn-sweep", "--json", "--read-only"]);
    assert!(listed.stdout.contains("being trained"), "{}", listed.stderr);
    assert_eq!(files_of(&program).len(), 2);
    assert_eq!(program.store_bytes(), before);
    training.execute(write, []).unwrap();
    drop(training);
    assert!(
        files_of(&program).is_empty(),
        "the last writer removes them"
    );
    // A program that was killed leaves a log with its last writes. Reading neither loses nor moves them.
    let killed = rusqlite::Connection::open(program.store()).unwrap();
    killed.execute(write, []).unwrap();
    let wal = program.store().with_extension("db-wal");
    let log = std::fs::read(&wal).unwrap();
    let base = program.store_bytes();
    drop(killed);
    std::fs::write(program.store(), &base).unwrap();
    std::fs::write(&wal, &log).unwrap();
    let listed = program.run(&["runs", "churn-sweep", "--json", "--read-only"]);
    assert!(listed.stdout.contains("being trained"), "{}", listed.stderr);
    assert_eq!(std::fs::read(&wal).unwrap(), log);
    assert_eq!(program.store_bytes(), base);
}
