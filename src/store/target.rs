//! Targets: what a person names to open a store.

use std::path::{Path, PathBuf};

use thiserror::Error;
use url::Url;

use super::wandb;
use crate::text::untrusted::clean;

/// A store to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreTarget {
    /// A server, by the address under which `/api/2.0/mlflow` stands; never with a user or a password in it.
    Server(Url),
    /// MLflow's SQLite file.
    Sqlite(PathBuf),
    /// A folder of Weights & Biases' with runs, or of one run.
    Wandb(PathBuf),
}

/// Why a text names no store.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StoreTargetError {
    /// The scheme is one that this program can't open.
    #[error("{} can't be opened: {why}", clean(.target))]
    Unsupported {
        /// What was named.
        target: String,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// The address can't be parsed.
    #[error("{} is not an address: {why}", clean(.target))]
    InvalidUrl {
        /// What was named.
        target: String,
        /// What the parser says.
        why: String,
    },
    /// The address has a user or a password in it, which would end up in lists of processes and in histories.
    #[error(
        "the address has credentials in it; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD instead"
    )]
    CredentialsInUrl,
    /// Nothing was named and nothing was found.
    #[error(
        "no store was named, MLFLOW_TRACKING_URI is not set, and there is no mlflow.db and no wandb/ here; `frontrunner demo` makes one to try"
    )]
    NoStore,
}

impl StoreTarget {
    /// Reads what a person wrote: an address, `sqlite:///path`, `file:` address or a path.
    ///
    /// # Errors
    /// When the text names nothing that can be opened.
    pub fn parse(text: &str) -> Result<Self, StoreTargetError> {
        let unsupported = |why| {
            Err(StoreTargetError::Unsupported {
                target: text.to_owned(),
                why,
            })
        };
        if let Some(path) = text.strip_prefix("sqlite:") {
            // SQLAlchemy's form: three slashes for a relative path, four for an absolute one.
            let path = path.strip_prefix("///").unwrap_or(path);
            let path = path.split_once('?').map_or(path, |(path, _)| path);
            return if path.is_empty() || path == ":memory:" {
                unsupported("it names no file")
            } else {
                Ok(Self::Sqlite(path.into()))
            };
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            return Self::parse_server(text);
        }
        match text.split_once(':') {
            Some(("databricks" | "databricks-uc" | "uc", _)) | None
                if text.starts_with("databricks") || text.starts_with("uc:") =>
            {
                unsupported(
                    "Databricks is not supported yet; its plain MLflow address with MLFLOW_TRACKING_TOKEN is",
                )
            }
            Some(("arn", _)) => unsupported("SageMaker is not supported yet"),
            Some(("azureml", _)) => unsupported("Azure ML is not supported yet"),
            Some((
                "postgresql" | "mysql" | "mssql" | "postgresql+psycopg2" | "mysql+pymysql",
                _,
            )) => unsupported("a database server is opened through `mlflow server`"),
            // Not `file:`, and not a drive: another system's address.
            Some((scheme, rest)) if rest.starts_with("//") && scheme != "file" => {
                unsupported("name an http or https address, or a SQLite file")
            }
            _ => Self::parse_path(text),
        }
    }

    fn parse_server(text: &str) -> Result<Self, StoreTargetError> {
        let url = Url::parse(text).map_err(|e| StoreTargetError::InvalidUrl {
            target: text.to_owned(),
            why: e.to_string(),
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(StoreTargetError::CredentialsInUrl);
        }
        Ok(Self::Server(url))
    }

    fn parse_path(text: &str) -> Result<Self, StoreTargetError> {
        let path = match text.strip_prefix("file:") {
            Some(rest) => Path::new(rest.strip_prefix("//").unwrap_or(rest)).to_owned(),
            None => PathBuf::from(text),
        };
        let db = path.join("mlflow.db");
        if path.is_dir() && db.is_file() {
            return Ok(Self::Sqlite(db));
        }
        if let Some(wandb_dir) = wandb::find_wandb_dir(&path) {
            return Ok(Self::Wandb(wandb_dir));
        }
        // A run's log names its run.
        if let Some(run) = path.parent().filter(|_| {
            path.extension()
                .is_some_and(|extension| extension == "wandb")
                && path.is_file()
        }) {
            return Ok(Self::Wandb(if run.as_os_str().is_empty() {
                ".".into()
            } else {
                run.to_owned()
            }));
        }
        if path.is_dir() {
            return Err(StoreTargetError::Unsupported {
                target: text.to_owned(),
                why: "it is a folder with no mlflow.db and no runs of W&B's; file stores (mlruns/) are not supported yet: serve it with `mlflow server --backend-store-uri`",
            });
        }
        Ok(Self::Sqlite(path))
    }

    /// The store for this session: what was named, else `MLFLOW_TRACKING_URI`, else `./mlflow.db`, else the runs of `./wandb`.
    ///
    /// # Errors
    /// When what was found names nothing that can be opened, or nothing was found.
    pub fn resolve(
        explicit: Option<&str>,
        tracking_uri: Option<&str>,
        here: &Path,
    ) -> Result<Self, StoreTargetError> {
        if let Some(text) = explicit.or(tracking_uri.filter(|uri| !uri.is_empty())) {
            return Self::parse(text);
        }
        let db = here.join("mlflow.db");
        if db.is_file() {
            return Ok(Self::Sqlite(db));
        }
        let home = ["wandb", ".wandb"]
            .iter()
            .map(|home| here.join(home))
            .find(|home| wandb::has_runs(home));
        home.map(Self::Wandb).ok_or(StoreTargetError::NoStore)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_uris_and_paths() {
        assert_eq!(
            StoreTarget::parse("sqlite:///mlflow.db"),
            Ok(StoreTarget::Sqlite("mlflow.db".into()))
        );
        assert_eq!(
            StoreTarget::parse("sqlite:////data/mlflow.db"),
            Ok(StoreTarget::Sqlite("/data/mlflow.db".into()))
        );
        assert_eq!(
            StoreTarget::parse("runs/mlflow.db"),
            Ok(StoreTarget::Sqlite("runs/mlflow.db".into()))
        );
        assert!(matches!(
            StoreTarget::parse("https://mlflow.example.org/team"),
            Ok(StoreTarget::Server(_))
        ));
    }

    #[test]
    fn rejects_credentials_in_urls_without_echoing_them() {
        let error =
            StoreTarget::parse("https://ana:hunter2@mlflow.example.org").map_err(|e| e.to_string());
        assert!(error.is_err_and(|text| !text.contains("hunter2")));
    }
}
