//! The URI of a database server, as SQLAlchemy reads it: `postgresql+psycopg2://user:password@host:5432/db?sslmode=require`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use secrecy::SecretString;
use url::form_urlencoded;

use super::variables::DatabaseVariables;

/// The parts of a URI; the password can have any character but `@` and `/`.
static URI: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"^(?P<dialect>[A-Za-z0-9]+)(?:\+[A-Za-z0-9_]+)?://(?:(?P<user>[^:/@]*)(?::(?P<password>[^@]*))?@)?(?:\[(?P<v6>[^\]/?]+)\]|(?P<host>[^:/?]+))?(?::(?P<port>[0-9]*))?(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?$",
    )
    .ok()
});

/// A kind of database server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatabaseKind {
    /// PostgreSQL, and what speaks its protocol.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

impl DatabaseKind {
    /// The kind of a scheme without its driver.
    fn of_dialect(dialect: &str) -> Option<Self> {
        match dialect.to_ascii_lowercase().as_str() {
            "postgresql" | "postgres" => Some(Self::Postgres),
            "mysql" | "mariadb" => Some(Self::MySql),
            _ => None,
        }
    }

    /// The scheme that MLflow takes.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::MySql => "mysql",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::MySql => 3306,
        }
    }
}

/// A database server to open. Only what is no secret is shown.
#[derive(Clone)]
pub struct DatabaseUri {
    /// Which server.
    pub kind: DatabaseKind,
    user: Option<String>,
    password: Option<SecretString>,
    host: Option<String>,
    port: Option<u16>,
    database: Option<String>,
    /// The parameters after the question mark; a password among them is not shown either.
    parameters: Vec<(String, SecretString)>,
}

impl DatabaseUri {
    /// Parses a URI; `None` for one of another kind of store.
    pub(crate) fn parse(text: &str) -> Option<Result<Self, &'static str>> {
        let kind = DatabaseKind::of_dialect(text.split([':', '+']).next()?)?;
        text.contains(':').then(|| {
            Self::parse_as(kind, text).ok_or("expected postgresql://USER@HOST:PORT/DATABASE")
        })
    }

    fn parse_as(kind: DatabaseKind, text: &str) -> Option<Self> {
        let parts = URI.as_ref()?.captures(text)?;
        let part = |name: &str| {
            let found = parts.name(name)?.as_str();
            (!found.is_empty()).then(|| found.to_owned())
        };
        let decoded = |name: &str| part(name).map(|text| percent_decode(&text));
        let query = part("query").unwrap_or_default();
        let parameters = form_urlencoded::parse(query.as_bytes());
        let port = match part("port") {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        Some(Self {
            kind,
            user: decoded("user"),
            password: decoded("password").map(SecretString::from),
            host: part("v6").or_else(|| part("host")),
            port,
            database: decoded("database"),
            parameters: parameters
                .map(|(name, value)| (name.into_owned(), value.into_owned().into()))
                .collect(),
        })
    }

    /// A parameter of the URI.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| secrecy::ExposeSecret::expose_secret(value))
    }

    /// A parameter of the URI, or a variable of the environment.
    pub(super) fn setting(
        &self,
        parameter: &str,
        variable: &str,
        variables: &DatabaseVariables,
    ) -> Option<String> {
        self.parameter(parameter)
            .map(str::to_owned)
            .or_else(|| variables.get(variable))
            .filter(|value| !value.is_empty())
    }

    /// Completes the URI: by its own parameters, the environment, and the defaults of the client.
    pub(super) fn endpoint(&self, variables: &DatabaseVariables) -> Endpoint {
        let is_postgres = self.kind == DatabaseKind::Postgres;
        let setting = |parameter: &str, variable: &str| {
            let variable = if is_postgres { variable } else { "" };
            self.setting(parameter, variable, variables)
        };
        let login = || whoami::username().unwrap_or_default();
        let user = self.user.clone().or_else(|| setting("user", "PGUSER"));
        let user = user.unwrap_or_else(login);
        let host = setting("host", "PGHOST").filter(|_| self.host.is_none());
        let socket = setting("unix_socket", "").map(PathBuf::from);
        let host = self
            .host
            .clone()
            .or(host)
            .unwrap_or_else(|| "localhost".into());
        let port = setting("port", "PGPORT").and_then(|port| port.parse().ok());
        let database = self
            .database
            .clone()
            .or_else(|| setting("dbname", "PGDATABASE"));
        Endpoint {
            socket: socket.or_else(|| host.starts_with('/').then(|| host.clone().into())),
            port: self.port.or(port).unwrap_or(self.kind.default_port()),
            database: database.unwrap_or_else(|| user.clone()),
            user,
            host,
        }
    }

    /// The password of the URI.
    pub(super) fn password(&self) -> Option<SecretString> {
        let parameter = || {
            self.parameter("password")
                .map(|text| text.to_owned().into())
        };
        self.password.clone().or_else(parameter)
    }
}

/// Where a database is, and who opens it.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) host: String,
    /// A Unix socket (MySQL), or the folder of one (PostgreSQL), instead of the host.
    pub(super) socket: Option<PathBuf>,
    pub(super) port: u16,
    pub(super) database: String,
    pub(super) user: String,
}

impl Endpoint {
    /// The address without a user, by which the journal knows the store.
    pub(super) fn address(&self, kind: DatabaseKind) -> String {
        let (scheme, database, port) = (kind.scheme(), &self.database, self.port);
        match &self.socket {
            Some(socket) => format!(
                "{scheme}:///{database}?host={}&port={port}",
                socket.display()
            ),
            None if self.host.contains(':') => {
                format!("{scheme}://[{}]:{port}/{database}", self.host)
            }
            None => format!("{scheme}://{}:{port}/{database}", self.host),
        }
    }
}

fn percent_decode(text: &str) -> String {
    // A plus is no blank here.
    let escaped = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let mut pairs = form_urlencoded::parse(escaped.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

/// A file that a parameter names, `~` being the home folder.
pub(super) fn expand_home(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => path.into(),
    }
}

impl fmt::Display for DatabaseUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.kind.scheme())?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        let host = self.host.as_deref().unwrap_or_default();
        let host = Some(host).filter(|host| !host.contains(':'));
        match host {
            Some(host) => f.write_str(host)?,
            None => write!(f, "[{}]", self.host.as_deref().unwrap_or_default())?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "/{}", self.database.as_deref().unwrap_or_default())
    }
}

impl fmt::Debug for DatabaseUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl PartialEq for DatabaseUri {
    fn eq(&self, other: &Self) -> bool {
        let names = |uri: &Self| -> Vec<String> {
            uri.parameters
                .iter()
                .map(|(name, _)| name.clone())
                .collect()
        };
        self.kind == other.kind
            && self.to_string() == other.to_string()
            && names(self) == names(other)
    }
}

impl Eq for DatabaseUri {}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    fn parse(text: &str) -> DatabaseUri {
        DatabaseUri::parse(text).unwrap().unwrap()
    }

    #[test]
    fn reads_the_forms_of_sqlalchemy() {
        let variables = DatabaseVariables::default();
        for (text, address, user) in [
            (
                "postgresql://ana:pw@h:5433/ml",
                "postgresql://h:5433/ml",
                "ana",
            ),
            (
                "postgresql+psycopg2://ana@h/ml",
                "postgresql://h:5432/ml",
                "ana",
            ),
            (
                "postgres://ana@[::1]/ml?sslmode=require",
                "postgresql://[::1]:5432/ml",
                "ana",
            ),
            (
                "postgresql://ana@/ml?host=/run/pg",
                "postgresql:///ml?host=/run/pg&port=5432",
                "ana",
            ),
            ("mysql+pymysql://ana:pw@h/ml", "mysql://h:3306/ml", "ana"),
            (
                "mariadb+mariadbconnector://a%40b@h/ml",
                "mysql://h:3306/ml",
                "a@b",
            ),
            (
                "mysql://ana@localhost/ml?unix_socket=/run/m.sock",
                "mysql:///ml?host=/run/m.sock&port=3306",
                "ana",
            ),
        ] {
            let uri = parse(text);
            let endpoint = uri.endpoint(&variables);
            assert_eq!(
                (endpoint.address(uri.kind).as_str(), endpoint.user.as_str()),
                (address, user)
            );
        }
        assert!(DatabaseUri::parse("sqlite:///x").is_none());
        assert!(DatabaseUri::parse("postgresql").is_none());
        assert!(DatabaseUri::parse("postgresql:h").unwrap().is_err());
        assert!(
            DatabaseUri::parse("postgresql://h:70000/ml")
                .unwrap()
                .is_err()
        );
    }

    #[test]
    fn password_is_decoded_and_never_shown() {
        for (text, password) in [
            ("postgresql://ana:hunter2@h/ml", "hunter2"),
            ("postgresql://ana:h%40nt+er%2F2&=@h/ml", "h@nt+er/2&="),
            ("postgresql://ana:p/w:1?@h/ml", "p/w:1?"),
            ("postgresql://h/ml?user=ana&password=hunter2", "hunter2"),
        ] {
            let uri = parse(text);
            assert_eq!(uri.password().unwrap().expose_secret(), password);
            let shown = format!(
                "{uri} {uri:?} {}",
                uri.endpoint(&DatabaseVariables::default())
                    .address(uri.kind)
            );
            assert!(
                !shown.contains(password) && !shown.contains("hunter2"),
                "{shown}"
            );
        }
    }
}
