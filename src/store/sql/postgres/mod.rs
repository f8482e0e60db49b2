//! PostgreSQL, and what speaks its protocol.
//!
//! A read is a `READ ONLY` transaction with a timeout. A write is a `SERIALIZABLE` transaction: if another one changed
//! what it read, it fails, and nothing is written.

mod connection;
mod settings;
mod socket;
mod window;

use tokio::runtime::Handle;

use super::dialect::Dialect;
use super::scan::TableWalk;
use super::server;
use super::uri::DatabaseUri;
use crate::domain::StoreErrorKind;
use crate::store::{AccessMode, ConnectOptions, Result, StoreHandle};

pub(super) static POSTGRES: Dialect = Dialect {
    product: "PostgreSQL store",
    ordered_join: "JOIN",
    null_safe_equal: "IS NOT DISTINCT FROM",
    text_type: "TEXT",
    ids_table: "(SELECT j.position - 1 AS key, j.value FROM json_array_elements_text(CAST({parameter} AS json)) \
                WITH ORDINALITY AS j(value, position)) AS ids",
    find_text: "strpos",
    has_rowid: false,
    walk: Some(TableWalk::Pages {
        // Before PostgreSQL 14, each range of pages costs as much as the whole table.
        count_sql: "SELECT CASE WHEN current_setting('server_version_num')::int >= 140000 \
                    THEN pg_relation_size(to_regclass('{table}')) / current_setting('block_size')::int END",
    }),
    row_count_sql: "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass('{table}')",
    run_key_index_sql: None,
    upsert: " ON CONFLICT ({key}) DO UPDATE SET {column} = excluded.{column}",
    columns_sql: "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), \
                  (a.attnotnull AND NOT a.atthasdef AND a.attidentity = '')::int, NULL \
                  FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid \
                  JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() \
                  AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped",
    views_sql: "SELECT c.relname::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace \
                WHERE n.nspname = current_schema() AND c.relkind IN ('v', 'm', 'f')",
    triggers_sql: "SELECT c.relname::text FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid \
                   JOIN pg_namespace AS n ON n.oid = c.relnamespace \
                   WHERE NOT t.tgisinternal AND n.nspname = current_schema()",
    window: Some(&window::WINDOW),
    hint,
};

fn hint(kind: StoreErrorKind) -> Option<&'static str> {
    match kind {
        StoreErrorKind::Unreachable => Some(
            "check the host and the port with `pg_isready`, and sslmode if the server wants TLS",
        ),
        StoreErrorKind::Unauthenticated => {
            Some("set PGPASSWORD, or add a line to ~/.pgpass, which only you can read")
        }
        StoreErrorKind::PermissionDenied => {
            Some("ask the owner of the database for the privilege on MLflow's tables")
        }
        StoreErrorKind::NotFound => Some("list the databases with `psql -l`"),
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
    server::open(uri, &POSTGRES, connector, mode, options).await
}
