//! A connection to PostgreSQL. Its task runs on the runtime; the thread that uses it blocks.

use std::cell::RefCell;
use std::ops::{ControlFlow, Range};
use std::pin::pin;

use futures_util::TryStreamExt as _;
use tokio::runtime::Handle;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use tokio_postgres::{Client, Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::POSTGRES;
use super::socket::{Meter, Socket};
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

type StdError = Box<dyn std::error::Error + Sync + Send>;

type RustlsConnect = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;

/// How to connect.
#[derive(Clone)]
pub(super) struct PostgresConnector {
    pub(super) config: Config,
    pub(super) endpoint: Endpoint,
    pub(super) tls: MakeRustlsConnect,
    pub(super) runtime: Handle,
}

impl PostgresConnector {
    async fn handshake(&self) -> Result<PostgresConnection, QueryError> {
        let meter = Meter::default();
        let socket = Socket::connect(&self.endpoint, meter.clone()).await?;
        let (client, connection) = self.config.connect_raw(socket, self.tls()?).await?;
        self.runtime.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection to PostgreSQL ended");
            }
        });
        Ok(PostgresConnection {
            client,
            meter,
            connector: self.clone(),
            cancelled: RefCell::new(None),
        })
    }

    fn tls(&self) -> Result<RustlsConnect, QueryError> {
        let mut tls = self.tls.clone();
        let made = MakeTlsConnect::<Socket>::make_tls_connect(&mut tls, &self.endpoint.host);
        made.map_err(|error| QueryError::new(StoreErrorKind::InvalidRequest, error.to_string()))
    }
}

impl Connector for PostgresConnector {
    type Connection = PostgresConnection;

    fn dialect(&self) -> &'static Dialect {
        &POSTGRES
    }

    fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn address(&self) -> String {
        self.endpoint.address(DatabaseKind::Postgres)
    }

    fn connect(&self) -> Result<PostgresConnection, QueryError> {
        self.runtime
            .block_on(within_connect_timeout(self.handshake()))
    }

    fn access_sql(&self) -> &'static str {
        "SELECT pg_is_in_recovery()::int, \
         (has_table_privilege('model_versions', 'INSERT') AND has_table_privilege('model_versions', 'UPDATE'))::int"
    }

    /// Whenever a transaction that writes begins or ends.
    fn revision_sql(&self) -> Option<&'static str> {
        Some("SELECT pg_current_snapshot()::text")
    }
}

pub(super) struct PostgresConnection {
    client: Client,
    meter: Meter,
    connector: PostgresConnector,
    cancelled: RefCell<Option<Cancelled>>,
}

impl PostgresConnection {
    /// Executes statements without parameters.
    fn batch(&self, sql: &str) -> Result<(), QueryError> {
        self.run(async { Ok(self.client.batch_execute(sql).await?) })
    }

    fn run<T>(&self, work: impl Future<Output = Result<T, QueryError>>) -> Result<T, QueryError> {
        self.meter.restart();
        let mut cancelled = self.cancelled.borrow_mut();
        match wait(&self.connector.runtime, &mut cancelled, work) {
            Some(Err(_)) if self.meter.is_exceeded() => Err(too_large()),
            Some(result) => result,
            None => {
                self.cancel();
                Err(given_up())
            }
        }
    }

    /// Tells the server to end the query, on a connection of its own.
    fn cancel(&self) {
        let (token, connector) = (self.client.cancel_token(), self.connector.clone());
        self.connector.runtime.spawn(async move {
            let socket = Socket::connect(&connector.endpoint, Meter::default()).await;
            if let (Ok(socket), Ok(tls)) = (socket, connector.tls()) {
                let _ = token.cancel_query_raw(socket, tls).await;
            }
        });
    }
}

impl ServerConnection for PostgresConnection {
    fn is_usable(&self) -> bool {
        !self.client.is_closed()
    }

    fn set_cancelled(&self, cancelled: Option<Cancelled>) {
        self.cancelled.replace(cancelled);
    }

    /// Plans are short: compiling them would cost more.
    fn begin_read(&self) -> Result<(), QueryError> {
        let seconds = limits::DATABASE_QUERY_SECONDS;
        self.batch(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = '{seconds}s'; \
             SET LOCAL jit = off"
        ))
    }

    fn begin_write(&self) -> Result<(), QueryError> {
        let seconds = limits::WRITE_SECONDS;
        self.batch(&format!(
            "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE; SET LOCAL statement_timeout = '{seconds}s'; \
             SET LOCAL lock_timeout = '{seconds}s'; SET LOCAL idle_in_transaction_session_timeout = '{seconds}s'"
        ))
    }

    fn commit(&self) -> Result<(), QueryError> {
        self.batch("COMMIT")
    }
}

fn to_positions(sql: &str) -> String {
    rewrite_parameters(sql, |number, sql| sql.push_str(&format!("${number}")))
}

impl tables::Connection for PostgresConnection {
    fn query(
        &self,
        sql: &str,
        params: &[Param<'_>],
        visit: &mut dyn FnMut(&dyn tables::Row) -> ControlFlow<()>,
    ) -> Result<(), QueryError> {
        let sql = to_positions(sql);
        self.run(async {
            let typed = params.iter().map(|param| (param, param.sql_type()));
            let mut rows = pin!(self.client.query_typed_raw(&sql, typed).await?);
            while let Some(row) = rows.try_next().await? {
                if visit(&row).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// `COPY` costs the server and the driver less for each row.
    fn copy(
        &self,
        sql: &str,
        visit: &mut dyn FnMut(&dyn tables::Row) -> ControlFlow<()>,
    ) -> Result<(), QueryError> {
        self.run(async {
            let statement = self.client.prepare(sql).await?;
            let types: Vec<Type> = statement
                .columns()
                .iter()
                .map(|it| it.type_().clone())
                .collect();
            let copy = format!("COPY ({sql}) TO STDOUT (FORMAT binary)");
            let mut messages = pin!(self.client.copy_out(&*copy).await?);
            let mut fields = Vec::with_capacity(types.len());
            while let Some(message) = messages.try_next().await? {
                if !read_fields(&message, &mut fields)? {
                    continue;
                }
                let row = CopiedRow {
                    types: &types,
                    message: &message,
                    fields: &fields,
                };
                if visit(&row).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<usize, QueryError> {
        let sql = to_positions(sql);
        self.run(async {
            let typed: Vec<(&(dyn ToSql + Sync), Type)> = params
                .iter()
                .map(|param| (param as &(dyn ToSql + Sync), param.sql_type()))
                .collect();
            let changed = self.client.execute_typed(&sql, &typed).await?;
            Ok(usize::try_from(changed).unwrap_or(usize::MAX))
        })
    }
}

impl Param<'_> {
    fn sql_type(&self) -> Type {
        match self {
            Self::Integer(_) => Type::INT8,
            Self::Text(_) => Type::TEXT,
        }
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, StdError> {
        match self {
            Self::Integer(number) => number.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A value in the binary form of its type; of other types as text.
impl<'a> FromSql<'a> for Value<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, StdError> {
        Ok(match *ty {
            Type::BOOL => Value::Integer(bool::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Integer(i16::from_sql(ty, raw)?.into()),
            Type::INT4 => Value::Integer(i32::from_sql(ty, raw)?.into()),
            Type::INT8 => Value::Integer(i64::from_sql(ty, raw)?),
            Type::FLOAT4 => Value::Real(f32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            _ => Value::Text(raw),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, StdError> {
        Ok(Value::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

impl tables::Row for Row {
    fn get(&self, column: usize) -> Value<'_> {
        self.try_get(column).unwrap_or(Value::Null)
    }
}

/// The first bytes of a `COPY` in binary form, which flags and the length of an extension follow, four bytes each.
const COPY_SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";

/// A row of a `COPY` in binary form. The server sends one in each message.
struct CopiedRow<'a> {
    types: &'a [Type],
    message: &'a [u8],
    /// `None` for NULL.
    fields: &'a [Option<Range<usize>>],
}

impl tables::Row for CopiedRow<'_> {
    fn get(&self, column: usize) -> Value<'_> {
        let field = self.fields.get(column).cloned().flatten();
        let value = field
            .zip(self.types.get(column))
            .and_then(|(field, ty)| Value::from_sql(ty, self.message.get(field)?).ok());
        value.unwrap_or(Value::Null)
    }
}

/// Finds the fields of a message; false if it holds no row, as the last one.
fn read_fields(message: &[u8], fields: &mut Vec<Option<Range<usize>>>) -> Result<bool, QueryError> {
    let why = "a row of COPY is not in the binary form";
    find_fields(message, fields)
        .ok_or_else(|| QueryError::new(StoreErrorKind::InvalidResponse, why))
}

fn find_fields(message: &[u8], fields: &mut Vec<Option<Range<usize>>>) -> Option<bool> {
    let number = |at: usize| -> Option<i32> {
        let bytes = message.get(at..at.checked_add(4)?)?;
        Some(i32::from_be_bytes(bytes.try_into().ok()?))
    };
    let mut at = 0;
    if message.starts_with(COPY_SIGNATURE) {
        let extension = number(COPY_SIGNATURE.len() + 4)?;
        at = COPY_SIGNATURE.len() + 8 + usize::try_from(extension).ok()?;
        if at == message.len() {
            return Some(false);
        }
    }
    let count = i16::from_be_bytes(message.get(at..at.checked_add(2)?)?.try_into().ok()?);
    at += 2;
    fields.clear();
    // The end is marked by -1.
    for _ in 0..count {
        let length = number(at)?;
        at += 4;
        // NULL has the length -1.
        fields.push(match usize::try_from(length) {
            Ok(length) => {
                let field = at..at.checked_add(length)?;
                message.get(field.clone())?;
                at = field.end;
                Some(field)
            }
            Err(_) => None,
        });
    }
    Some(count >= 0)
}

impl From<tokio_postgres::Error> for QueryError {
    fn from(error: tokio_postgres::Error) -> Self {
        use StoreErrorKind as Kind;
        let Some(database_error) = error.as_db_error() else {
            // The driver's own words leave out the cause.
            let mut why = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(cause) = source {
                why = format!("{why}: {cause}");
                source = cause.source();
            }
            return Self::new(Kind::Unreachable, why);
        };
        let code = database_error.code();
        let kind = match *code {
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                Kind::Unauthenticated
            }
            SqlState::INSUFFICIENT_PRIVILEGE | SqlState::READ_ONLY_SQL_TRANSACTION => {
                Kind::PermissionDenied
            }
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::LOCK_NOT_AVAILABLE
            | SqlState::TOO_MANY_CONNECTIONS
            | SqlState::CANNOT_CONNECT_NOW => Kind::Busy,
            SqlState::QUERY_CANCELED => Kind::Timeout,
            SqlState::INVALID_CATALOG_NAME => Kind::NotFound,
            SqlState::UNIQUE_VIOLATION => Kind::Conflict,
            SqlState::STRING_DATA_RIGHT_TRUNCATION | SqlState::CHARACTER_NOT_IN_REPERTOIRE => {
                Kind::InvalidRequest
            }
            SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => Kind::Unreachable,
            _ => Kind::ServerError,
        };
        let message: String = database_error
            .message()
            .chars()
            .take(limits::MESSAGE_CHARS)
            .collect();
        Self::new(kind, format!("{message} ({})", code.code()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_rows_are_read_as_the_server_sends_them() {
        let mut fields = Vec::new();
        let row = b"\0\x03\0\0\0\x02ab\xff\xff\xff\xff\0\0\0\0";
        assert!(read_fields(row, &mut fields).unwrap());
        assert_eq!(fields, [Some(6..8), None, Some(16..16)]);
        let first = [COPY_SIGNATURE, &[0; 8], row.as_slice()].concat();
        assert!(read_fields(&first, &mut fields).unwrap());
        let begin = COPY_SIGNATURE.len() + 8;
        assert_eq!(fields[0], Some(begin + 6..begin + 8));
        let types = [Type::TEXT, Type::INT8, Type::TEXT];
        let copied = CopiedRow {
            types: &types,
            message: &first,
            fields: &fields,
        };
        let values = [0, 1, 2, 3].map(|column| tables::Row::get(&copied, column));
        let text = Value::Text(b"ab");
        assert_eq!(values, [text, Value::Null, Value::Text(b""), Value::Null]);
        let empty = [COPY_SIGNATURE, &[0; 8]].concat();
        for rowless in [b"\xff\xff".as_slice(), &empty] {
            assert!(!read_fields(rowless, &mut fields).unwrap());
        }
        for odd in [b"".as_slice(), b"\0", b"\0\x02\0\0\0\0", &row[..7]] {
            assert!(read_fields(odd, &mut fields).is_err(), "{odd:?}");
        }
    }
}
