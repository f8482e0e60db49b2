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
