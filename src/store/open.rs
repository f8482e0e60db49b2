//! Opening a store: the one place that knows which stores there are.

use std::sync::Arc;

use secrecy::SecretString;

use super::{Reader, Result, StoreTarget, Writer, rest, sqlite, wandb};

/// What a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessMode {
    /// Look only: no writer is made, whatever the store can do.
    ReadOnly,
    /// Write too, where the store can.
    ReadWrite,
}

/// How to reach a server: what MLflow's own client takes from the environment.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// `MLFLOW_TRACKING_USERNAME`, or from `~/.mlflow/credentials`.
    pub username: Option<String>,
    /// `MLFLOW_TRACKING_PASSWORD`, or from `~/.mlflow/credentials`.
    pub password: Option<SecretString>,
    /// `MLFLOW_TRACKING_TOKEN`; Basic has precedence when both are set, as in MLflow's client.
    pub token: Option<SecretString>,
    /// `MLFLOW_TRACKING_INSECURE_TLS`: certificates are not verified.
    pub insecure_tls: bool,
    /// `MLFLOW_TRACKING_SERVER_CERT_PATH`: a PEM file of the authorities to trust.
    pub server_cert_path: Option<std::path::PathBuf>,
    /// `MLFLOW_WORKSPACE`: sent as a header.
    pub workspace: Option<String>,
}

/// An open store.
#[derive(Clone)]
pub struct StoreHandle {
    /// For looking.
    pub reader: Reader,
    /// For writing; nothing in a read-only session or on a store that can't.
    pub writer: Option<Writer>,
}

/// Opens a store. Reaches for the file or the server only as far as needed to know that it is there to be asked:
/// a server that is down is opened, and says so when asked.
///
/// # Errors
/// When a file is missing, unreadable, or no MLflow store; when a certificate can't be read.
pub async fn open(
    target: &StoreTarget,
    mode: AccessMode,
    options: &ConnectOptions,
) -> Result<StoreHandle> {
    let kind = match target {
        StoreTarget::Server(_) => "server",
        StoreTarget::Sqlite(_) => "sqlite",
        StoreTarget::Wandb(_) => "wandb",
    };
    tracing::info!(kind, ?mode, "opening store");
    match target {
        StoreTarget::Server(url) => {
            let store = rest::RestStore::connect(url, options)?;
            let writer = match mode {
                AccessMode::ReadWrite => Some(Arc::new(store.writer()?) as Writer),
                AccessMode::ReadOnly => None,
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
