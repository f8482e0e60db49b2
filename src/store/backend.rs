//! The registry of backends: which store a target names, and how to open it.
//!
//! A new backend is a variant of [`StoreTarget`], a row of [`BACKENDS`] and an arm of [`open`].

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use url::Url;

use super::{AccessMode, ConnectOptions, Result, StoreHandle, Writer, rest, sqlite, wandb};
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

static WANDB: Backend = Backend {
    label: "W&B runs",
    target: "a wandb folder",
    default_path: Some("./wandb"),
    parse_uri: |_| None,
    parse_path: |path| wandb::find_runs(path).map(StoreTarget::Wandb),
    discover: |folder| wandb::find_project_runs(folder).map(StoreTarget::Wandb),
};

/// All backends, in the order in which they are asked whether a target is theirs.
pub static BACKENDS: [&Backend; 3] = [&SERVER, &SQLITE, &WANDB];

/// Schemes of stores that can't be opened, and what to do instead.
const UNSUPPORTED_SCHEMES: [(&[&str], &str); 4] = [
    (
        &["databricks", "databricks-uc", "uc"],
        "Databricks profiles are not supported; name the workspace by its MLflow address and set MLFLOW_TRACKING_TOKEN",
    ),
    (&["arn"], "SageMaker is not supported"),
    (&["azureml"], "Azure ML is not supported"),
    (
        &[
            "postgresql",
            "postgresql+psycopg2",
            "mysql",
            "mysql+pymysql",
            "mssql",
        ],
        "database servers are not supported; start `mlflow server` on it and open that",
    ),
];

/// A store to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreTarget {
    /// A server, by the address below which its API is at `/api/2.0/mlflow`; never with credentials.
    Server(Url),
    /// MLflow's SQLite file.
    Sqlite(PathBuf),
    /// The folder of a W&B run, or a folder of such folders.
    Wandb(PathBuf),
}

/// Why a text names no store.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreTargetError {
    /// No backend opens this.
    #[error("can't open {}: {why}", clean(.target))]
    Unsupported {
        /// The text.
        target: String,
        /// Why not, and what to do instead.
        why: &'static str,
    },
    /// The address can't be parsed.
    #[error("invalid address {}: {why}", clean(.target))]
    InvalidUrl {
        /// The text.
        target: String,
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
        let unsupported = |why| {
            Err(StoreTargetError::Unsupported {
                target: text.to_owned(),
                why,
            })
        };
        if let Some(target) = BACKENDS.iter().find_map(|one| (one.parse_uri)(text)) {
            return target;
        }
        let (scheme, rest) = match text.split_once(':') {
            Some(parts) => parts,
            None if text == "databricks" => (text, ""),
            None => ("", ""),
        };
        if let Some((_, why)) = UNSUPPORTED_SCHEMES
            .iter()
            .find(|(schemes, _)| schemes.contains(&scheme))
        {
            return unsupported(why);
        }
        if rest.starts_with("//") && scheme != "file" {
            return unsupported("expected an http or https address, or a path");
        }
        let path = match text.strip_prefix("file:") {
            Some(rest) => Path::new(rest.strip_prefix("//").unwrap_or(rest)),
            None => Path::new(text),
        };
        match BACKENDS.iter().find_map(|one| (one.parse_path)(path)) {
            Some(target) => Ok(target),
            None if path.is_dir() => unsupported(
                "the folder has no mlflow.db and no W&B runs; serve a file store (mlruns/) with `mlflow server --backend-store-uri`",
            ),
            // Opening it explains what is wrong with it.
            None => Ok(Self::Sqlite(path.to_owned())),
        }
    }

    /// Finds the store in a folder, for a session that was given none.
    ///
    /// # Errors
    /// When there is none.
    pub fn discover(folder: &Path) -> Result<Self, StoreTargetError> {
        BACKENDS
            .iter()
            .find_map(|one| (one.discover)(folder))
            .ok_or(StoreTargetError::NoStore)
    }

    /// The row of this target's kind.
    #[must_use]
    pub fn backend(&self) -> &'static Backend {
        match self {
            Self::Server(_) => &SERVER,
            Self::Sqlite(_) => &SQLITE,
            Self::Wandb(_) => &WANDB,
        }
    }
}

impl fmt::Display for StoreTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(url) => write!(f, "{url}"),
            Self::Sqlite(path) | Self::Wandb(path) => write!(f, "{}", path.display()),
        }
    }
}

/// How targets are named, for help and hints: `a SQLite file, a wandb folder`.
#[must_use]
pub fn target_forms() -> String {
    BACKENDS.map(|one| one.target).join(", ")
}

/// Where a store is looked for when none is named: `./mlflow.db, ./wandb`.
#[must_use]
pub fn default_paths(separator: &str) -> String {
    let paths: Vec<&str> = BACKENDS.iter().filter_map(|one| one.default_path).collect();
    paths.join(separator)
}

fn parse_server_uri(text: &str) -> Option<Result<StoreTarget, StoreTargetError>> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        return None;
    }
    Some(match Url::parse(text) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err(StoreTargetError::CredentialsInUrl)
        }
        Ok(url) => Ok(StoreTarget::Server(url)),
        Err(error) => Err(StoreTargetError::InvalidUrl {
            target: text.to_owned(),
            why: error.to_string(),
        }),
    })
}

/// SQLAlchemy's form: three slashes before a relative path, four before an absolute one.
fn parse_sqlite_uri(text: &str) -> Option<Result<StoreTarget, StoreTargetError>> {
    let path = text.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("///").unwrap_or(path);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    Some(if path.is_empty() || path == ":memory:" {
        Err(StoreTargetError::Unsupported {
            target: text.to_owned(),
            why: "it names no file",
        })
    } else {
        Ok(StoreTarget::Sqlite(path.into()))
    })
}

fn find_database(folder: &Path) -> Option<StoreTarget> {
    let path = folder.join("mlflow.db");
    path.is_file().then_some(StoreTarget::Sqlite(path))
}

/// Opens a store. A file is read as far as needed to recognize it; a server is not contacted, so that one that is
/// down fails at the first request.
///
/// # Errors
/// When a file is missing, unreadable or not a store; when a certificate can't be read.
pub async fn open(
    target: &StoreTarget,
    mode: AccessMode,
    options: &ConnectOptions,
) -> Result<StoreHandle> {
    match target {
        StoreTarget::Server(url) => {
            let store = rest::RestStore::connect(url, options)?;
            let writer = match mode {
                AccessMode::ReadWrite => Ok(Arc::new(store.writer()?) as Writer),
                AccessMode::ReadOnly(reason) => Err(reason),
            };
            Ok(StoreHandle {
                reader: Arc::new(store),
                writer,
            })
        }
        StoreTarget::Sqlite(path) => sqlite::open(path, mode).await,
        StoreTarget::Wandb(path) => wandb::open(path).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_uris_and_paths() {
        for (text, path) in [
            ("sqlite:///mlflow.db", "mlflow.db"),
            ("sqlite:////data/mlflow.db?mode=ro", "/data/mlflow.db"),
            ("runs/mlflow.db", "runs/mlflow.db"),
            ("file:///data/mlflow.db", "/data/mlflow.db"),
        ] {
            assert_eq!(
                StoreTarget::parse(text),
                Ok(StoreTarget::Sqlite(path.into()))
            );
        }
        let server = StoreTarget::parse("https://mlflow.example.org/team").unwrap();
        assert_eq!(server.backend().label, "MLflow server");
        assert_eq!(server.to_string(), "https://mlflow.example.org/team");
    }

    #[test]
    fn recognizes_what_a_folder_contains() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().to_str().unwrap();
        assert!(StoreTarget::parse(text).is_err());
        assert_eq!(
            StoreTarget::discover(folder.path()),
            Err(StoreTargetError::NoStore)
        );
        let run = folder.path().join("wandb/run-20261123_135403-a");
        std::fs::create_dir_all(&run).unwrap();
        let wandb = StoreTarget::Wandb(folder.path().join("wandb"));
        assert_eq!(StoreTarget::parse(text), Ok(wandb.clone()));
        assert_eq!(StoreTarget::discover(folder.path()), Ok(wandb));
        let log = run.join("run-a.wandb");
        std::fs::write(&log, "").unwrap();
        assert_eq!(
            StoreTarget::parse(log.to_str().unwrap()),
            Ok(StoreTarget::Wandb(run))
        );
        // A database goes before runs.
        let path = folder.path().join("mlflow.db");
        std::fs::write(&path, "").unwrap();
        assert_eq!(
            StoreTarget::parse(text),
            Ok(StoreTarget::Sqlite(path.clone()))
        );
        assert_eq!(
            StoreTarget::discover(folder.path()),
            Ok(StoreTarget::Sqlite(path))
        );
    }

    #[test]
    fn unsupported_targets_are_explained() {
        for (text, why) in [
            ("databricks", "Databricks"),
            ("databricks://profile", "Databricks"),
            ("uc:catalog", "Databricks"),
            ("arn:aws:sagemaker:x", "SageMaker"),
            ("mysql+pymysql://host/db", "mlflow server"),
            ("s3://bucket", "http"),
            ("sqlite:///:memory:", "no file"),
        ] {
            let error = StoreTarget::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(
            StoreTargetError::NoStore
                .to_string()
                .contains("./mlflow.db or ./wandb")
        );
    }

    #[test]
    fn rejects_credentials_in_addresses_without_echoing_them() {
        let error = StoreTarget::parse("https://ana:hunter2@mlflow.example.org").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
