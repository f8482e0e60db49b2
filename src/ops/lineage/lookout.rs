//! What is looked for, and where: read when it is first needed, so that nothing waits for it that does not need it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::outside;
use crate::evidence::{Held, Recogniser, recognisers};
use crate::store::Read;

/// How long what was found outside of the store counts as it is: a table of versions asks for each of them at nearly the same time.
const FRESH: Duration = Duration::from_secs(3);

/// What is looked for, and where. By default, nothing.
#[derive(Clone, Debug, Default)]
pub struct Lookout {
    /// The user's own recognisers, name of the file and text; nothing where not even the program's are looked with.
    own: Option<Vec<(String, String)>>,
    /// Folders outside of the store: beside it, and where the program was started.
    roots: Vec<PathBuf>,
    known: OnceLock<Arc<Known>>,
    found: Arc<Mutex<Option<Found>>>,
}

/// What was found outside of the store, and when.
type Found = (Instant, Arc<Outside>);

/// The recognisers.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub recognisers: Vec<Recogniser>,
    /// What is wrong with the user's own, cleaned.
    pub wrong: Vec<String>,
}

/// What was found outside of the store.
#[derive(Debug, Default)]
pub(super) struct Outside {
    pub held: Vec<Held>,
    pub problems: Vec<String>,
}

impl Lookout {
    /// What comes with the program and the user's own recognisers (name of the file, and text), looking in these folders.
    #[must_use]
    pub fn new(own: Vec<(String, String)>, roots: Vec<PathBuf>) -> Self {
        Self {
            own: Some(own),
            roots,
            ..Self::default()
        }
    }

    /// Whether nothing is looked for.
    pub(super) fn is_blind(&self) -> bool {
        self.own.is_none()
    }

    /// The folders outside of the store.
    pub(super) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// The recognisers.
    pub(super) fn known(&self) -> Arc<Known> {
        let read = || {
            let (recognisers, wrong) = self
                .own
                .as_ref()
                .map(|own| recognisers(own))
                .unwrap_or_default();
            Arc::new(Known { recognisers, wrong })
        };
        Arc::clone(self.known.get_or_init(read))
    }

    /// What is outside of the store now, or was a moment ago. Whoever asks meanwhile waits for the same answer.
    pub(super) fn outside(&self) -> Arc<Outside> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, outside)) = &*found
            && at.elapsed() < FRESH
        {
            return Arc::clone(outside);
        }
        let (known, mut outside) = (self.known(), Outside::default());
        for root in &self.roots {
            outside::files(
                root,
                &known.recognisers,
                &mut outside.held,
                &mut outside.problems,
            );
        }
        let outside = Arc::new(outside);
        *found = Some((Instant::now(), Arc::clone(&outside)));
        outside
    }
}

/// Where the facts of a version come from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The store.
    pub reader: &'a dyn Read,
    /// What else is looked at.
    pub lookout: &'a Lookout,
}

impl<'a> From<&'a dyn Read> for Sources<'a> {
    /// The store alone.
    fn from(reader: &'a dyn Read) -> Self {
        static NOTHING: OnceLock<Lookout> = OnceLock::new();
        Self {
            reader,
            lookout: NOTHING.get_or_init(Lookout::default),
        }
    }
}
