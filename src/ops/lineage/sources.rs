//! Integrations and the places they search, loaded on first use.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::local_files;
use crate::evidence::{EvidenceFile, Integration, load_integrations};
use crate::store::ReadStore;

/// How long a scan of local files is valid: a table of versions needs it for every row at nearly the same time.
const CACHE_TTL: Duration = Duration::from_secs(3);

/// The integrations and the local folders that they search. The default searches nothing.
#[derive(Clone, Debug, Default)]
pub struct EvidenceSources {
    /// File name and text of the user's integrations; absent if no integration is used.
    user_integrations: Option<Vec<(String, String)>>,
    /// The store's folder and the working directory.
    roots: Vec<PathBuf>,
    integrations: OnceLock<Arc<LoadedIntegrations>>,
    cached_files: Arc<Mutex<Option<CachedFiles>>>,
}

/// A scan and its time.
type CachedFiles = (Instant, Arc<LocalFiles>);

#[derive(Debug, Default)]
pub(super) struct LoadedIntegrations {
    pub integrations: Vec<Integration>,
    /// Errors in the user's integrations, cleaned.
    pub errors: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct LocalFiles {
    pub files: Vec<EvidenceFile>,
    pub problems: Vec<String>,
}

impl EvidenceSources {
    /// The built-in and the user's integrations (file name and text), and the folders to search.
    #[must_use]
    pub fn new(user_integrations: Vec<(String, String)>, roots: Vec<PathBuf>) -> Self {
        Self {
            user_integrations: Some(user_integrations),
            roots,
            ..Self::default()
        }
    }

    /// Whether no integration is used.
    pub(super) fn is_disabled(&self) -> bool {
        self.user_integrations.is_none()
    }

    pub(super) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    pub(super) fn integrations(&self) -> Arc<LoadedIntegrations> {
        let read = || {
            let (integrations, errors) = self
                .user_integrations
                .as_ref()
                .map(|own| load_integrations(own))
                .unwrap_or_default();
            Arc::new(LoadedIntegrations {
                integrations,
                errors,
            })
        };
        Arc::clone(self.integrations.get_or_init(read))
    }

    /// The matching local files, at most [`CACHE_TTL`] old. Concurrent callers wait for one scan.
    pub(super) fn local_files(&self) -> Arc<LocalFiles> {
        let mut cache = self
            .cached_files
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((at, cached)) = &*cache
            && at.elapsed() < CACHE_TTL
        {
            return Arc::clone(cached);
        }
        let (loaded, mut scanned) = (self.integrations(), LocalFiles::default());
        for root in &self.roots {
            local_files::scan(
                root,
                &loaded.integrations,
                &mut scanned.files,
                &mut scanned.problems,
            );
        }
        let scanned = Arc::new(scanned);
        *cache = Some((Instant::now(), Arc::clone(&scanned)));
        scanned
    }
}

/// Where a version's facts are read.
#[derive(Clone, Copy)]
pub struct LineageSources<'a> {
    /// The store.
    pub reader: &'a dyn ReadStore,
    /// Integrations and local folders.
    pub evidence_sources: &'a EvidenceSources,
}

impl<'a> From<&'a dyn ReadStore> for LineageSources<'a> {
    /// The store alone, without evidence.
    fn from(reader: &'a dyn ReadStore) -> Self {
        static DISABLED: OnceLock<EvidenceSources> = OnceLock::new();
        Self {
            reader,
            evidence_sources: DISABLED.get_or_init(EvidenceSources::default),
        }
    }
}
