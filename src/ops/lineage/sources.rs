//! What is looked for, and where: read when it is first needed, so that nothing waits for it that does not need it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::local_files;
use crate::evidence::{EvidenceFile, Integration, load_integrations};
use crate::store::ReadStore;

/// How long what was found outside of the store counts as it is: a table of versions asks for each of them at nearly the same time.
const CACHE_TTL: Duration = Duration::from_secs(3);

/// What is looked for, and where. By default, nothing.
#[derive(Clone, Debug, Default)]
pub struct EvidenceSources {
    /// The user's own recognisers, name of the file and text; nothing where not even the program's are looked with.
    user_integrations: Option<Vec<(String, String)>>,
    /// Folders outside of the store: beside it, and where the program was started.
    roots: Vec<PathBuf>,
    integrations: OnceLock<Arc<LoadedIntegrations>>,
    cached_files: Arc<Mutex<Option<CachedFiles>>>,
}

/// What was found outside of the store, and when.
type CachedFiles = (Instant, Arc<LocalFiles>);

/// The recognisers.
#[derive(Debug, Default)]
pub(super) struct LoadedIntegrations {
    pub integrations: Vec<Integration>,
    /// What is wrong with the user's own, cleaned.
    pub errors: Vec<String>,
}

/// What was found outside of the store.
#[derive(Debug, Default)]
pub(super) struct LocalFiles {
    pub files: Vec<EvidenceFile>,
    pub problems: Vec<String>,
}

impl EvidenceSources {
    /// What comes with the program and the user's own recognisers (name of the file, and text), looking in these folders.
    #[must_use]
    pub fn new(user_integrations: Vec<(String, String)>, roots: Vec<PathBuf>) -> Self {
        Self {
            user_integrations: Some(user_integrations),
            roots,
            ..Self::default()
        }
    }

    /// Whether nothing is looked for.
    pub(super) fn is_disabled(&self) -> bool {
        self.user_integrations.is_none()
    }

    /// The folders outside of the store.
    pub(super) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// The recognisers.
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

    /// What is outside of the store now, or was a moment ago. Whoever asks meanwhile waits for the same answer.
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

/// Where the facts of a version come from.
#[derive(Clone, Copy)]
pub struct LineageSources<'a> {
    /// The store.
    pub reader: &'a dyn ReadStore,
    /// What else is looked at.
    pub evidence_sources: &'a EvidenceSources,
}

impl<'a> From<&'a dyn ReadStore> for LineageSources<'a> {
    /// The store alone.
    fn from(reader: &'a dyn ReadStore) -> Self {
        static DISABLED: OnceLock<EvidenceSources> = OnceLock::new();
        Self {
            reader,
            evidence_sources: DISABLED.get_or_init(EvidenceSources::default),
        }
    }
}
