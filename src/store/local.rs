//! What stores on this machine share: blocking work off the async threads, file identity, the
//! clock.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::task::{JoinError, spawn_blocking};

use super::Result;
use crate::domain::{Millis, StoreError, StoreErrorKind};

/// Runs blocking work on a thread of its own; `what` names it in the error of a panic.
pub(super) async fn run_blocking<T: Send + 'static>(
    what: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    spawn_blocking(work)
        .await
        .map_err(|error| join_error(what, &error))
}

/// Maps items in their order, as many at once as there are processors.
pub(super) async fn map_parallel<T, R>(
    what: &str,
    items: Vec<T>,
    work: impl Fn(&T) -> R + Send + Sync + 'static,
) -> Result<Vec<R>>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
{
    let workers = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len());
    let shared = Arc::new((items, work, AtomicUsize::new(0)));
    let handles: Vec<_> = (0..workers)
        .map(|_| {
            let shared = Arc::clone(&shared);
            spawn_blocking(move || {
                let (items, work, next) = &*shared;
                let mut results = Vec::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else {
                        return results;
                    };
                    results.push((index, work(item)));
                }
            })
        })
        .collect();
    let mut results = Vec::new();
    for handle in handles {
        results.append(&mut handle.await.map_err(|error| join_error(what, &error))?);
    }
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

fn join_error(what: &str, error: &JoinError) -> StoreError {
    StoreError::new(StoreErrorKind::ServerError, what, error.to_string())
}

/// Tells a file from another one that replaced it under the same path.
#[cfg(unix)]
pub(super) fn file_id(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
pub(super) fn file_id(metadata: &Metadata) -> (u64, u64) {
    (0, u64::from(metadata.is_file()))
}

/// The state of a file: if it is equal, so is the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FileStamp {
    pub bytes: u64,
    id: (u64, u64),
    modified: Option<SystemTime>,
}

impl FileStamp {
    fn new(metadata: &Metadata) -> Self {
        Self {
            bytes: metadata.len(),
            id: file_id(metadata),
            modified: metadata.modified().ok(),
        }
    }

    /// The stamp of a path, whatever it is; `None` if it can't be accessed.
    pub(super) fn of(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|found| Self::new(&found))
    }

    /// The stamp of a regular file.
    pub(super) fn of_file(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        if metadata.is_file() {
            Ok(Self::new(&metadata))
        } else {
            Err(io::Error::other("not a regular file"))
        }
    }

    /// Whether this is the same file, with nothing removed.
    pub(super) fn is_extension_of(&self, earlier: &Self) -> bool {
        self.id == earlier.id && self.bytes >= earlier.bytes
    }

    /// Whether the file was written in the last seconds before `now`, ms since the epoch.
    pub(super) fn is_recent(&self, now: Millis, seconds: i64) -> bool {
        self.modified
            .and_then(to_millis)
            .is_some_and(|modified| now.saturating_sub(modified) < seconds * 1_000)
    }
}

/// Milliseconds since the Unix epoch; `None` for times before it.
pub(super) fn to_millis(time: SystemTime) -> Option<Millis> {
    let age = time.duration_since(UNIX_EPOCH).ok()?;
    Millis::try_from(age.as_millis()).ok()
}

pub(super) fn now_ms() -> Millis {
    to_millis(SystemTime::now()).unwrap_or_default()
}
