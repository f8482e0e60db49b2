//! The registry of backends: which store a target names, and how to open it.
//!
//! A new backend is a variant of [`StoreTarget`], a row of [`BACKENDS`] and an arm of [`open`].

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use url::Url;

use super::sql::{mysql, postgres, sqlite};
use super::target_uri::{
    decode_path, file_uri_path, find_database, is_host_and_port, parse_database_uri,
    parse_managed_uri, parse_server_uri, parse_sqlite_uri,
};
use super::{
    AccessMode, ConnectOptions, DatabaseKind, DatabaseUri, ManagedTarget, Result, StoreHandle,
    Writer, file, rest, wandb,
};
use crate::domain::Address;
use crate::text::untrusted::clean;

/// A kind of store.
#[derive(Debug)]
pub struct Backend {
    /// For users: `MLflow server`.
    pub label: &'static str,
    /// How a target is named, as a noun: `a SQLite file`.
    pub target: &'static str,
    /// Where a store is looked for when none is named, for users: `./mlflow.db`.
    pub default_path: Option<&'static str>,
    /// The target of a URI; `None` for another backend's.
    parse_uri: fn(&str) -> Option<Result<StoreTarget, StoreTargetError>>,
    /// The target of a path that exists; `None` for another backend's.
    parse_path: fn(&Path) -> Option<StoreTarget>,
    /// The store in a folder, at `default_path`.
    discover: fn(&Path) -> Option<StoreTarget>,
}

static SERVER: Backend = Backend {
    label: "MLflow server",
    target: "the address of an MLflow server",
    default_path: None,
    parse_uri: parse_server_uri,
    parse_path: |_| None,
    discover: |_| None,
};

static SQLITE: Backend = Backend {
    label: "SQLite file",
    target: "a SQLite file",
    default_path: Some("./mlflow.db"),
    parse_uri: parse_sqlite_uri,
    parse_path: find_database,
    discover: find_database,
};

static POSTGRES: Backend = Backend {
    label: "PostgreSQL database",
    target: "a postgresql:// address",
    default_path: None,
    parse_uri: |text| parse_database_uri(text, DatabaseKind::Postgres),
    parse_path: |_| None,
    discover: |_| None,
};

static MYSQL: Backend = Backend {
    label: "MySQL database",
    target: "a mysql:// address",
    default_path: None,
    parse_uri: |text| parse_database_uri(text, DatabaseKind::MySql),
    parse_path: |_| None,
    discover: |_| None,
};

static FILES: Backend = Backend {
    label: "MLflow file store",
    target: "an mlruns folder",
    default_path: Some("./mlruns"),
    parse_uri: |_| None,
    parse_path: |path| file::find_store(path).map(StoreTarget::Files),
    discover: |folder| file::find_project_store(folder).map(StoreTarget::Files),
};

static WANDB: Backend = Backend {
    label: "W&B runs",
    target: "a wandb folder",
    default_path: Some("./wandb"),
    parse_uri: |_| None,
    parse_path: |path| wandb::find_runs(path).map(StoreTarget::Wandb),
    discover: |folder| wandb::find_project_runs(folder).map(StoreTarget::Wandb),
};

static DATABRICKS: Backend = Backend {
    label: "Databricks workspace",
    target: "databricks or databricks://PROFILE",
    default_path: None,
    parse_uri: |text| parse_managed_uri(text, |it| matches!(it, ManagedTarget::Databricks { .. })),
    parse_path: |_| None,
    discover: |_| None,
};

static SAGEMAKER: Backend = Backend {
    label: "MLflow of SageMaker",
    target: "the ARN of a tracking server or app of SageMaker",
    default_path: None,
    parse_uri: |text| parse_managed_uri(text, |it| matches!(it, ManagedTarget::SageMaker(_))),
    parse_path: |_| None,
    discover: |_| None,
};

static AZURE_ML: Backend = Backend {
    label: "Azure ML workspace",
    target: "the azureml:// address of a workspace",
    default_path: None,
    parse_uri: |text| parse_managed_uri(text, |it| matches!(it, ManagedTarget::AzureMl(_))),
    parse_path: |_| None,
    discover: |_| None,
};

/// All backends, in the order in which they are asked whether a target is theirs.
pub static BACKENDS: [&Backend; 9] = [
    &SERVER,
    &SQLITE,
    &POSTGRES,
    &MYSQL,
    &FILES,
    &WANDB,
    &DATABRICKS,
    &SAGEMAKER,
    &AZURE_ML,
];

/// Schemes of stores that can't be opened, and what to do instead.
const UNSUPPORTED_SCHEMES: [(&[&str], &str); 1] = [(
    &["mssql", "oracle"],
    "this database is not supported; run `mlflow server --backend-store-uri URI` and open http://127.0.0.1:5000",
)];

/// Beside a database or a server, MLflow's `mlruns/` holds only artifacts.
const NO_STORE_IN_FOLDER: &str =
    "the folder has no mlflow.db, no experiments of MLflow and no W&B runs";

/// A store to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreTarget {
    /// A server, by the address below which its API is at `/api/2.0/mlflow`; never with
    /// credentials, a query or a fragment.
    Server(Url),
    /// MLflow's SQLite file.
    Sqlite(PathBuf),
    /// MLflow's database on a server.
    Database(DatabaseUri),
    /// The root of MLflow's file store.
    Files(PathBuf),
    /// The folder of a W&B run, or a folder of such folders.
    Wandb(PathBuf),
    /// A managed service.
    Managed(ManagedTarget),
}

/// Why a text names no store.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreTargetError {
    /// No backend opens this.
    #[error("can't open {target}: {why}")]
    Unsupported {
        /// The text.
        target: Address,
        /// Why not, and what to do instead.
        why: &'static str,
    },
    /// The text is an address without its scheme.
    #[error("can't open {target}: did you mean `http://{target}`?")]
    MissingScheme {
        /// The text.
        target: Address,
    },
    /// The address can't be parsed.
    #[error("invalid address {target}: {why}")]
    InvalidUrl {
        /// The text.
        target: Address,
        /// The parser's message.
        why: String,
    },
    /// An address with credentials would end up in process lists and shell histories.
    #[error(
        "the address contains credentials; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead"
    )]
    CredentialsInUrl,
    /// No store was named, and none was found.
    #[error(
        "no store given: MLFLOW_TRACKING_URI is not set, and there is no {}; `frontrunner demo` creates a demo store",
        default_paths(" or ")
    )]
    NoStore,
}

impl StoreTarget {
    /// Parses an address, a `sqlite:///path` or `file:` URI, or a path.
    ///
    /// # Errors
    /// When no backend opens it.
    pub fn parse(text: &str) -> Result<Self, StoreTargetError> {
        let address = Address::from(text);
        let text = address.expose();
        let unsupported = |why| {
            Err(StoreTargetError::Unsupported {
                target: address.clone(),
                why,
            })
        };
        if let Some(target) = BACKENDS.iter().find_map(|one| (one.parse_uri)(text)) {
            return target;
        }
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => (String::new(), ""),
        };
        if let Some((_, why)) = UNSUPPORTED_SCHEMES
            .iter()
            .find(|(schemes, _)| schemes.contains(&scheme.split('+').next().unwrap_or_default()))
        {
            return unsupported(why);
        }
        if rest.starts_with("//") && scheme != "file" {
            return unsupported("expected an http or https address, or a path");
        }
        let path = if scheme == "file" {
            match file_uri_path(rest) {
                Some(path) => decode_path(path),
                None => return unsupported("a file address names no host: file:///PATH"),
            }
        } else {
            text.into()
        };
        match BACKENDS.iter().find_map(|one| (one.parse_path)(&path)) {
            Some(target) => Ok(target),
            None if path.is_dir() => unsupported(NO_STORE_IN_FOLDER),
            None if path.exists() => Ok(Self::Sqlite(path)),
            None if is_host_and_port(text) => {
                Err(StoreTargetError::MissingScheme { target: address })
            }
            None if text
                .split_once('@')
                .is_some_and(|(user, _)| user.contains(':')) =>
            {
                unsupported("expected an http or https address, or a path")
            }
            None if path.file_name().is_some_and(|name| name == "mlruns") => {
                unsupported("there is no such folder")
            }
            // Opening it explains what is wrong with it.
            None => Ok(Self::Sqlite(path)),
        }
    }

    /// Finds the store in a folder, for a session that was given none.
    ///
    /// # Errors
    /// When there is none.
    pub fn discover(folder: &Path) -> Result<Self, StoreTargetError> {
        if let Some(found) = BACKENDS.iter().find_map(|one| (one.discover)(folder)) {
            return Ok(found);
        }
        let file_store = folder.join("mlruns");
        Err(if file_store.is_dir() {
            StoreTargetError::Unsupported {
                target: file_store.to_string_lossy().into_owned().into(),
                why: NO_STORE_IN_FOLDER,
            }
        } else {
            StoreTargetError::NoStore
        })
    }

    /// All stores in a folder, the one that [`Self::discover`] finds first.
    #[must_use]
    pub fn discover_all(folder: &Path) -> Vec<Self> {
        BACKENDS
            .iter()
            .filter_map(|one| (one.discover)(folder))
            .collect()
    }

    /// The row of this target's kind.
    #[must_use]
    pub fn backend(&self) -> &'static Backend {
        match self {
            Self::Server(_) => &SERVER,
            Self::Sqlite(_) => &SQLITE,
            Self::Database(uri) => match uri.kind {
                DatabaseKind::Postgres => &POSTGRES,
                DatabaseKind::MySql => &MYSQL,
            },
            Self::Files(_) => &FILES,
            Self::Wandb(_) => &WANDB,
            Self::Managed(ManagedTarget::Databricks { .. }) => &DATABRICKS,
            Self::Managed(ManagedTarget::SageMaker(_)) => &SAGEMAKER,
            Self::Managed(ManagedTarget::AzureMl(_)) => &AZURE_ML,
        }
    }
}

impl fmt::Display for StoreTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(url) => write!(f, "{url}"),
            Self::Database(uri) => write!(f, "{}", clean(&uri.to_string())),
            Self::Sqlite(path) | Self::Files(path) | Self::Wandb(path) => {
                write!(f, "{}", path.display())
            }
            Self::Managed(target) => target.fmt(f),
        }
    }
}

/// How targets are named, for help and hints: `a SQLite file, an mlruns folder`.
#[must_use]
pub fn target_forms() -> String {
    BACKENDS.map(|one| one.target).join(", ")
}

/// Where a store is looked for when none is named: `./mlflow.db, ./mlruns`.
#[must_use]
pub fn default_paths(separator: &str) -> String {
    let paths: Vec<&str> = BACKENDS.iter().filter_map(|one| one.default_path).collect();
    paths.join(separator)
}

/// Opens a store. A file is read as far as needed to recognize it; a server is not contacted, so
/// that one that is down fails at the first request.
///
/// # Errors
/// When a file is missing, unreadable or not a store; when a certificate can't be read.
pub async fn open(
    target: &StoreTarget,
    mode: AccessMode,
    options: &ConnectOptions,
) -> Result<StoreHandle> {
    tracing::info!(kind = target.backend().label, ?mode, "opening store");
    match target {
        StoreTarget::Server(url) => open_server(rest::RestStore::connect(url, options)?, mode),
        StoreTarget::Managed(target) => {
            open_server(rest::RestStore::connect_managed(target, options)?, mode)
        }
        StoreTarget::Sqlite(path) => sqlite::open(path, mode, options.workspace.as_deref()).await,
        StoreTarget::Database(uri) => match uri.kind {
            DatabaseKind::Postgres => postgres::open(uri, mode, options).await,
            DatabaseKind::MySql => mysql::open(uri, mode, options).await,
        },
        StoreTarget::Files(path) => file::open(path, mode).await,
        StoreTarget::Wandb(path) => wandb::open(path).await,
    }
}

fn open_server(store: rest::RestStore, mode: AccessMode) -> Result<StoreHandle> {
    let writer = match mode {
        AccessMode::ReadWrite => Ok(Arc::new(store.writer()?) as Writer),
        AccessMode::ReadOnly(reason) => Err(reason),
    };
    Ok(StoreHandle {
        reader: Arc::new(store),
        writer,
    })
}

#[cfg(test)]
mod tests;
