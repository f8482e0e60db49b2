//! The variables by which the clients of databases are configured.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

/// The variables that are read; one of them can be a secret.
const NAMES: [&str; 16] = [
    "PGHOST",
    "PGPORT",
    "PGUSER",
    "PGDATABASE",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGOPTIONS",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGCHANNELBINDING",
    "MYSQL_PWD",
    "MLFLOW_MYSQL_SSL_CA",
    "MLFLOW_MYSQL_SSL_CERT",
    "MLFLOW_MYSQL_SSL_KEY",
];

/// How to open a database server: what its own clients, or MLflow, take from the environment.
#[derive(Clone, Debug, Default)]
pub struct DatabaseVariables {
    values: HashMap<&'static str, SecretString>,
    home: Option<PathBuf>,
}

impl DatabaseVariables {
    /// Reads the environment; `home` has files such as `.pgpass`.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>, home: Option<&Path>) -> Self {
        let value = |name: &'static str| {
            let value = lookup(name).filter(|value| !value.is_empty())?;
            Some((name, value.into()))
        };
        Self {
            values: NAMES.into_iter().filter_map(value).collect(),
            home: home.map(Path::to_owned),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<String> {
        let value = self.values.get(name)?;
        Some(value.expose_secret().to_owned())
    }

    pub(super) fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }
}
