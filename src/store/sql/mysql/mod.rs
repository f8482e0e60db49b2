//! MySQL 8.0.4 and MariaDB 10.6, and later: older ones have no `JSON_TABLE`.
//!
//! A read is a `READ ONLY` transaction. A write is a `SERIALIZABLE` transaction, which locks what it reads: if another
//! one waits for the same, one of both fails, and nothing of it is written.

mod connection;
mod settings;

use tokio::runtime::Handle;

use super::dialect::Dialect;
use super::server;
use super::uri::DatabaseUri;
use crate::domain::StoreErrorKind;
use crate::store::{AccessMode, ConnectOptions, Result, StoreHandle};

static MYSQL: Dialect = Dialect {
    product: "MySQL store",
    ordered_join: "STRAIGHT_JOIN",
    null_safe_equal: "<=>",
    text_type: "CHAR",
    // Texts of another collation can't be compared with ids, or not by an index.
    ids_table: "(SELECT j.nth - 1 AS \"key\", CONVERT(j.id USING {charset}) COLLATE {collation} AS value \
                FROM JSON_TABLE({parameter}, '$[*]' COLUMNS (nth FOR ORDINALITY, id VARCHAR(255) PATH '$')) AS j) AS ids",
    find_text: "instr",
    has_rowid: false,
    walk: None,
    row_count_sql: "SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{table}'",
    run_key_index_sql: None,
    upsert: " ON DUPLICATE KEY UPDATE {column} = VALUES({column})",
    columns_sql: "SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, \
                  CASE WHEN c.IS_NULLABLE = 'NO' AND c.COLUMN_DEFAULT IS NULL AND c.EXTRA NOT LIKE '%auto_increment%' \
                  THEN 1 ELSE 0 END, c.COLLATION_NAME FROM information_schema.COLUMNS AS c WHERE c.TABLE_SCHEMA = DATABASE()",
    views_sql: "SELECT v.TABLE_NAME FROM information_schema.TABLES AS v \
                WHERE v.TABLE_SCHEMA = DATABASE() AND v.TABLE_TYPE <> 'BASE TABLE'",
    triggers_sql: "SELECT t.EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS AS t \
                   WHERE t.EVENT_OBJECT_SCHEMA = DATABASE()",
    window: None,
    hint,
};

fn hint(kind: StoreErrorKind) -> Option<&'static str> {
    match kind {
        StoreErrorKind::Unreachable => Some(
            "check the host and the port with `mysqladmin ping`, and ssl_ca if the server wants TLS",
        ),
        StoreErrorKind::Unauthenticated => {
            Some("check the user, and its password in the address or in MYSQL_PWD")
        }
        StoreErrorKind::PermissionDenied => {
            Some("ask the owner of the database for the privilege on MLflow's tables")
        }
        StoreErrorKind::NotFound => Some("list the databases with `mysqlshow`"),
        StoreErrorKind::InvalidResponse => Some("name the database that MLflow's server writes"),
        StoreErrorKind::Busy => Some("wait a moment, then try again"),
        StoreErrorKind::ServerError => Some("see the log of the database server"),
        StoreErrorKind::InvalidRequest => Some("correct the address or the request"),
        _ => None,
    }
}

/// Connects, and reads the schema.
///
/// # Errors
/// When the server can't be reached, rejects the user, or has no MLflow store.
pub(in crate::store) async fn open(
    uri: &DatabaseUri,
    mode: AccessMode,
    options: &ConnectOptions,
) -> Result<StoreHandle> {
    let connector = settings::connector(uri, &options.databases, Handle::current());
    server::open(uri, &MYSQL, connector, mode, options).await
}
