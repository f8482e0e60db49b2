//! Artifacts in object stores, read without a server: S3 and stores with its API, Google Cloud Storage, Azure. Credentials
//! come from where MLflow's own client takes them.

mod aws_profile;
mod azure;
mod google;
mod location;
mod s3;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, Error, GetOptions, ListResult, ObjectStore, ObjectStoreExt,
    RetryConfig,
};
use tokio::time::timeout;

use super::{ByteSender, Result, limits};
use crate::domain::{Artifact, Preview, StoreError, StoreErrorKind};
use crate::text::Untrusted;
use crate::text::secrets::redact;
use location::{Bucket, Service};

pub(super) use location::ObjectLocation;

/// The entries of one listing request: S3's maximum.
const PAGE_ENTRIES: usize = 1_000;

/// The clients of the buckets that were read, each with its credentials.
#[derive(Default)]
pub(super) struct ObjectClients(Mutex<HashMap<Bucket, Client>>);

/// A bucket.
#[derive(Clone)]
struct Client {
    objects: Arc<dyn ObjectStore>,
    listings: Arc<dyn PaginatedListStore>,
}

impl Client {
    fn new(store: impl ObjectStore + PaginatedListStore) -> Self {
        let store = Arc::new(store);
        Self {
            objects: Arc::clone(&store) as Arc<dyn ObjectStore>,
            listings: store,
        }
    }
}

/// Why a client can't be made: the kind of error, the reason, and what to do.
struct SetupError {
    kind: StoreErrorKind,
    why: String,
    hint: Option<&'static str>,
}

impl From<Error> for SetupError {
    fn from(error: Error) -> Self {
        Self {
            kind: StoreErrorKind::InvalidRequest,
            why: describe(&error),
            hint: None,
        }
    }
}

impl ObjectClients {
    /// The files and folders directly under `path`: folders first, then by name.
    pub(super) async fn list(
        &self,
        location: &ObjectLocation,
        path: &str,
        what: &str,
    ) -> Result<Vec<Artifact>> {
        let listing = self.list_pages(location, path, what);
        let mut artifacts = bounded(what, listing).await?;
        artifacts.sort_by(|a, b| b.is_dir.cmp(&a.is_dir).then_with(|| a.path.cmp(&b.path)));
        artifacts.dedup_by(|a, b| a.path == b.path);
        if artifacts.is_empty() && !path.is_empty() {
            return Err(StoreError::new(
                StoreErrorKind::NotFound,
                what,
                "no such folder",
            ));
        }
        Ok(artifacts)
    }

    async fn list_pages(
        &self,
        location: &ObjectLocation,
        path: &str,
        what: &str,
    ) -> Result<Vec<Artifact>> {
        let client = self.client(&location.bucket, what).await?;
        let key = location.key(path);
        let prefix = (!key.is_empty()).then(|| format!("{key}/"));
        let mut artifacts = Vec::new();
        let mut page_token = None;
        loop {
            let options = PaginatedListOptions {
                delimiter: Some("/".into()),
                max_keys: Some(PAGE_ENTRIES),
                page_token,
                ..PaginatedListOptions::default()
            };
            let page = client.listings.list_paginated(prefix.as_deref(), options);
            let page = page.await.map_err(|error| store_error(&error, what))?;
            artifacts.extend(entries(location, &key, &page.result));
            if artifacts.len() > limits::FOLDER_ENTRIES {
                let why = format!(
                    "the folder has more than {} entries",
                    limits::FOLDER_ENTRIES
                );
                return Err(StoreError::new(StoreErrorKind::ResponseTooLarge, what, why));
            }
            page_token = page.page_token;
            if page_token.is_none() {
                return Ok(artifacts);
            }
        }
    }

    /// The first `limit` bytes of a file.
    pub(super) async fn preview(
        &self,
        location: &ObjectLocation,
        path: &str,
        limit: u64,
        what: &str,
    ) -> Result<Preview> {
        let read = async {
            let client = self.client(&location.bucket, what).await?;
            let key = object_path(location, path, what)?;
            let wanted = limit.saturating_add(1);
            let options = GetOptions {
                range: Some((0..wanted).into()),
                ..GetOptions::default()
            };
            let found = match client.objects.get_opts(&key, options).await {
                Ok(found) => found,
                // An empty file has no first byte.
                Err(error) => match client.objects.head(&key).await {
                    Ok(meta) if meta.size == 0 => {
                        return Ok(Preview {
                            bytes: Vec::new(),
                            is_truncated: false,
                        });
                    }
                    _ => return Err(store_error(&error, what)),
                },
            };
            let mut bytes = Vec::new();
            let mut parts = found.into_stream();
            while let Some(part) = parts.next().await {
                bytes.extend_from_slice(&part.map_err(|error| store_error(&error, what))?);
                if bytes.len() as u64 >= wanted {
                    break;
                }
            }
            let is_truncated = bytes.len() as u64 > limit;
            bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(Preview {
                bytes,
                is_truncated,
            })
        };
        bounded(what, read).await
    }

    /// Sends all bytes of a file. A connection that breaks is continued where it ended.
    pub(super) async fn read(
        &self,
        location: &ObjectLocation,
        path: &str,
        to: &ByteSender,
        what: &str,
    ) -> Result<()> {
        let key = object_path(location, path, what)?;
        let found = bounded(what, async {
            let client = self.client(&location.bucket, what).await?;
            let found = client.objects.get(&key).await;
            found.map_err(|error| store_error(&error, what))
        });
        let mut parts = found.await?.into_stream();
        while let Some(part) = parts.next().await {
            let part = part.map_err(|error| store_error(&error, what))?;
            if to.send(part.into()).await.is_err() {
                return Err(StoreError::new(
                    StoreErrorKind::ServerError,
                    what,
                    "cancelled",
                ));
            }
        }
        Ok(())
    }

    async fn client(&self, bucket: &Bucket, what: &str) -> Result<Client> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = lock().get(bucket) {
            return Ok(client.clone());
        }
        // One provider serves all clients of the process; a second installation changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = match bucket.service {
            Service::S3 => s3::connect(bucket).await,
            Service::Google => google::connect(bucket),
            Service::Azure => azure::connect(bucket),
        };
        let client = client.map_err(|error| {
            StoreError::new(error.kind, what, redact(&error.why).into_owned()).with_hint(error.hint)
        })?;
        lock().insert(bucket.clone(), client.clone());
        Ok(client)
    }
}

/// The entries of a page, without the empty objects that stand for the folder itself.
fn entries(location: &ObjectLocation, folder: &str, page: &ListResult) -> Vec<Artifact> {
    let folders = page.common_prefixes.iter().map(|path| (path, None));
    let files = page
        .objects
        .iter()
        .map(|found| (&found.location, Some(found.size)));
    folders
        .chain(files)
        .filter(|(key, _)| key.as_ref() != folder)
        .filter_map(|(key, size)| {
            let path = location.path_of(key.as_ref())?;
            Some(Artifact {
                path: Untrusted::from(path),
                is_dir: size.is_none(),
                size,
            })
        })
        .collect()
}

fn object_path(location: &ObjectLocation, path: &str, what: &str) -> Result<Path> {
    let escapes = path.split('/').any(|part| part == "..");
    Path::parse(location.key(path))
        .ok()
        .filter(|_| !escapes)
        .ok_or_else(|| {
            let why = "the path is outside the artifact folder";
            StoreError::new(StoreErrorKind::InvalidRequest, what, why)
        })
}

async fn bounded<T>(what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    let limit = Duration::from_secs(limits::READ_SECONDS);
    timeout(limit, work).await.unwrap_or_else(|_| {
        let why = format!("no answer in {} s", limits::READ_SECONDS);
        Err(StoreError::new(StoreErrorKind::Timeout, what, why))
    })
}

fn store_error(error: &Error, what: &str) -> StoreError {
    let why = describe(error);
    let kind = match error {
        Error::NotFound { .. } => StoreErrorKind::NotFound,
        Error::Unauthenticated { .. } | Error::PermissionDenied { .. } => {
            StoreErrorKind::PermissionDenied
        }
        Error::InvalidPath { .. } | Error::NotSupported { .. } => StoreErrorKind::Unsupported,
        // Credentials are fetched with the first request.
        _ if why.contains("credential") || why.contains("token") => {
            StoreErrorKind::PermissionDenied
        }
        _ if why.contains("connect") => StoreErrorKind::Unreachable,
        _ => StoreErrorKind::ServerError,
    };
    let hint = match kind {
        StoreErrorKind::NotFound => Some("check the artifact location of the run"),
        StoreErrorKind::PermissionDenied => {
            Some("log in with the provider's own tool, or set its variables; see docs/stores.md")
        }
        _ => None,
    };
    StoreError::new(kind, what, why).with_hint(hint)
}

/// The error and its causes in one line, without the secrets of its addresses.
fn describe(error: &Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        cause = inner.source();
    }
    let line = parts.join(": ").replace(['\n', '\r'], " ");
    redact(&line).chars().take(limits::MESSAGE_CHARS).collect()
}

/// A variable of the environment that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn client_options() -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(limits::CONNECT_SECONDS))
        .with_read_timeout(Duration::from_secs(limits::IDLE_SECONDS))
        // A file may take hours.
        .with_timeout_disabled()
}

fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: limits::READ_RETRIES,
        retry_timeout: Duration::from_secs(limits::IDLE_SECONDS),
    }
}

/// Whether an endpoint is not encrypted, which only the user can choose.
fn is_plain_http(endpoint: &str) -> bool {
    endpoint.starts_with("http://")
}
