//! A connection to MySQL or MariaDB. It is driven by the thread that uses it, which blocks.

use std::cell::RefCell;
use std::ops::ControlFlow;

use futures_util::TryStreamExt as _;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, DriverError, Error, Opts, Row};
use tokio::runtime::Handle;

use super::MYSQL;
use crate::domain::StoreErrorKind;
use crate::store::limits;
use crate::store::sql::database::Cancelled;
use crate::store::sql::dialect::{Dialect, rewrite_parameters};
use crate::store::sql::server::{
    Connector, ServerConnection, given_up, too_large, wait, within_connect_timeout,
};
use crate::store::sql::tables::{self, Param, QueryError};
use crate::store::sql::uri::{DatabaseKind, Endpoint};
use crate::store::sql::values::Value;

/// Names in double quotes, as in other databases; too long texts are errors.
const SESSION_SQL: &str = "SET SESSION sql_mode = 'ANSI_QUOTES,STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES,NO_ENGINE_SUBSTITUTION'";

/// How to connect.
#[derive(Clone)]
pub(super) struct MySqlConnector {
    pub(super) options: Opts,
    pub(super) endpoint: Endpoint,
    pub(super) runtime: Handle,
}

impl Connector for MySqlConnector {
    type Connection = MySqlConnection;

    fn dialect(&self) -> &'static Dialect {
        &MYSQL
    }

    fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn address(&self) -> String {
        self.endpoint.address(DatabaseKind::MySql)
    }

    fn connect(&self) -> Result<MySqlConnection, QueryError> {
        let handshake = async {
            let mut connection = Conn::new(self.options.clone()).await?;
            connection.query_drop(SESSION_SQL).await?;
            let (wait, query) = (limits::WRITE_SECONDS, limits::DATABASE_QUERY_SECONDS);
            let timeouts = [
                format!("SET SESSION innodb_lock_wait_timeout = {wait}"),
                // MySQL's name and unit, and MariaDB's.
                format!("SET SESSION max_execution_time = {}", query * 1_000),
                format!("SET SESSION max_statement_time = {query}"),
            ];
            for sql in timeouts {
                let _ = connection.query_drop(sql).await;
            }
            Ok(connection)
        };
        let connection = self.runtime.block_on(within_connect_timeout(handshake))?;
        Ok(MySqlConnection {
            connector: self.clone(),
            id: connection.id(),
            connection: RefCell::new(connection),
            cancelled: RefCell::new(None),
        })
    }

    /// Privileges are found out by the first write.
    fn access_sql(&self) -> &'static str {
        "SELECT @@global.read_only, 1"
    }

    fn revision_sql(&self) -> Option<&'static str> {
        None
    }
}

pub(super) struct MySqlConnection {
    connector: MySqlConnector,
    id: u32,
    connection: RefCell<Conn>,
    cancelled: RefCell<Option<Cancelled>>,
}

impl MySqlConnection {
    fn run<T>(&self, work: impl Future<Output = Result<T, QueryError>>) -> Result<T, QueryError> {
        let mut cancelled = self.cancelled.borrow_mut();
        wait(&self.connector.runtime, &mut cancelled, work).unwrap_or_else(|| {
            self.cancel();
            Err(given_up())
        })
    }

    fn batch(&self, statements: &[&str]) -> Result<(), QueryError> {
        let mut connection = self.connection.borrow_mut();
        self.run(async {
            for sql in statements {
                connection.query_drop(*sql).await?;
            }
            Ok(())
        })
    }

    /// Tells the server to end the query, on a connection of its own.
    fn cancel(&self) {
        let (options, sql) = (self.connector.options.clone(), format!("KILL {}", self.id));
        self.connector.runtime.spawn(async move {
            if let Ok(mut other) = Conn::new(options).await {
                let _ = other.query_drop(sql).await;
            }
        });
    }
}

impl ServerConnection for MySqlConnection {
    fn is_usable(&self) -> bool {
        !self.connection.borrow().is_disconnected()
    }

    fn set_cancelled(&self, cancelled: Option<Cancelled>) {
        self.cancelled.replace(cancelled);
    }

    fn begin_read(&self) -> Result<(), QueryError> {
        self.batch(&[
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "START TRANSACTION READ ONLY",
        ])
    }

    fn begin_write(&self) -> Result<(), QueryError> {
        self.batch(&[
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "START TRANSACTION READ WRITE",
        ])
    }

    fn commit(&self) -> Result<(), QueryError> {
        self.batch(&["COMMIT"])
    }
}

/// The statement with parameters in the order in which they are used.
fn to_order(sql: &str, params: &[Param<'_>]) -> (String, mysql_async::Params) {
    let mut ordered = Vec::new();
    let sql = rewrite_parameters(sql, |number, sql| {
        ordered.push(match number.checked_sub(1).and_then(|at| params.get(at)) {
            Some(Param::Integer(Some(number))) => mysql_async::Value::Int(*number),
            Some(Param::Text(Some(text))) => mysql_async::Value::Bytes(text.as_bytes().to_vec()),
            _ => mysql_async::Value::NULL,
        });
        sql.push('?');
    });
    let params = if ordered.is_empty() {
        mysql_async::Params::Empty
    } else {
        mysql_async::Params::Positional(ordered)
    };
    (sql, params)
}

impl tables::Connection for MySqlConnection {
    fn query(
        &self,
        sql: &str,
        params: &[Param<'_>],
        visit: &mut dyn FnMut(&dyn tables::Row) -> ControlFlow<()>,
    ) -> Result<(), QueryError> {
        let (sql, params) = to_order(sql, params);
        let mut connection = self.connection.borrow_mut();
        self.run(async {
            let mut rows = connection.exec_stream::<Row, _, _>(sql, params).await?;
            let mut bytes = 0;
            while let Some(row) = rows.try_next().await? {
                bytes += row_bytes(&row);
                if bytes > limits::DATABASE_RESULT_BYTES {
                    return Err(too_large());
                }
                if visit(&row).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, QueryError> {
        let (sql, params) = to_order(sql, params);
        let mut connection = self.connection.borrow_mut();
        self.run(async {
            connection.exec_drop(sql, params).await?;
            Ok(usize::try_from(connection.affected_rows()).unwrap_or(usize::MAX))
        })
    }
}

/// About what a row takes.
fn row_bytes(row: &Row) -> u64 {
    let bytes = |column: usize| match row.as_ref(column) {
        Some(mysql_async::Value::Bytes(bytes)) => bytes.len(),
        _ => 8,
    };
    (0..row.len()).map(bytes).sum::<usize>() as u64
}

impl tables::Row for Row {
    fn get(&self, column: usize) -> Value<'_> {
        match self.as_ref(column) {
            Some(mysql_async::Value::Bytes(bytes)) => Value::Text(bytes),
            Some(mysql_async::Value::Int(number)) => Value::Integer(*number),
            Some(mysql_async::Value::UInt(number)) => {
                Value::Integer(i64::try_from(*number).unwrap_or(i64::MAX))
            }
            Some(mysql_async::Value::Float(number)) => Value::Real((*number).into()),
            Some(mysql_async::Value::Double(number)) => Value::Real(*number),
            _ => Value::Null,
        }
    }
}

impl From<Error> for QueryError {
    fn from(error: Error) -> Self {
        use StoreErrorKind as Kind;
        let Error::Server(server_error) = &error else {
            let kind = match &error {
                Error::Driver(DriverError::PacketTooLarge) => Kind::ResponseTooLarge,
                _ => Kind::Unreachable,
            };
            return Self::new(kind, error.to_string());
        };
        let kind = match server_error.code {
            1045 | 1698 => Kind::Unauthenticated,
            1044 | 1142 | 1143 | 1227 | 1290 | 1792 => Kind::PermissionDenied,
            1040 | 1203 | 1205 | 1213 => Kind::Busy,
            1049 => Kind::NotFound,
            1062 => Kind::Conflict,
            1317 | 1969 | 3024 => Kind::Timeout,
            1053 => Kind::Unreachable,
            1366 | 1406 => Kind::InvalidRequest,
            _ => Kind::ServerError,
        };
        let message: String = server_error
            .message
            .chars()
            .take(limits::MESSAGE_CHARS)
            .collect();
        Self::new(kind, format!("{message} ({})", server_error.code))
    }
}
