//! Gathers what recognisers look at: artifacts of the run and the logged model, files beside the store and in the working tree,
//! and files of the repository at the run's commit. What can't be read is a line of the report, never a failure.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

use super::{artifacts, checkout, outside};
use crate::domain::Code;
use crate::domain::text::clean;
use crate::evidence::{DOCUMENT_BYTES, Held, Home, Recogniser, Report, Subject, look, recognisers};
use crate::store::Read;

/// The most documents that are read in all, of each kind of home.
pub(super) const READ: usize = 150;
/// The most bytes of documents that are held at once, of each kind of home.
pub(super) const HELD_BYTES: u64 = 24 << 20;

/// How it begins that something is not read for there being too much else.
pub(super) const UNREAD: &str = "it was not read";

/// What is looked for, and where.
#[derive(Clone, Debug, Default)]
pub struct Lookout {
    /// The recognisers.
    pub recognisers: Vec<Recogniser>,
    /// What is wrong with the user's own, cleaned.
    pub wrong: Vec<String>,
    /// Folders outside of the store: beside it, and where the program was started.
    pub roots: Vec<PathBuf>,
}

impl Lookout {
    /// What comes with the program and the user's own recognisers (name of the file, and text), looking in these folders.
    #[must_use]
    pub fn new(own: &[(String, String)], roots: Vec<PathBuf>) -> Self {
        let (recognisers, wrong) = recognisers(own);
        Self { recognisers, wrong, roots }
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
        static NOTHING: Lookout = Lookout { recognisers: Vec::new(), wrong: Vec::new(), roots: Vec::new() };
        Self { reader, lookout: &NOTHING }
    }
}

/// What other tools left with a version.
pub(super) async fn evidence(sources: Sources<'_>, subject: Subject<'_>) -> Report {
    let Sources { reader, lookout } = sources;
    let mut problems = lookout.wrong.clone();
    let mut held = artifacts::held(reader, subject, &lookout.recognisers, &mut problems).await;
    let around = lookout.clone();
    let datasets = subject.run.map(|run| run.datasets.clone()).unwrap_or_default();
    // As for lineage: MLflow 3's git versioning leaves the commit with the logged model.
    let of_run = subject.run.map(|run| Code::of(&run.tags)).filter(|code| code.commit.is_some());
    let code = of_run.or_else(|| subject.logged_model.map(|model| Code::of(&model.tags)));
    let gather = move || {
        let (mut held, mut problems) = (Vec::new(), Vec::new());
        for root in &around.roots {
            outside::files(root, &around.recognisers, &mut held, &mut problems);
        }
        if let Some(code) = code {
            held.extend(checkout::held(&around.roots, &code, &datasets, &around.recognisers, &mut problems));
        }
        (held, problems)
    };
    match tokio::task::spawn_blocking(gather).await {
        Ok((found, told)) => {
            held.extend(found);
            problems.extend(told);
        }
        Err(stopped) => problems.push(format!("files outside of the store: {stopped}")),
    }
    once(&mut held);
    let mut report = look(&lookout.recognisers, subject, &held);
    report.problems = problems.iter().map(|line| clean(line).into_owned()).collect();
    report
}

/// Keeps the first of several files with the same name and content: a link may show one file in several places, and people log the same
/// result with the run and with the model.
fn once(held: &mut Vec<Held>) {
    let mut seen = HashSet::new();
    held.retain(|file| {
        let Ok(bytes) = &file.content else { return true };
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        (file.home == Home::Commit, name, bytes).hash(&mut hasher);
        bytes.is_empty() || seen.insert(hasher.finish())
    });
}

/// Whether a file is wanted, and whether its content is.
pub(super) fn wanted(recognisers: &[Recogniser], home: Home, path: &str) -> Option<bool> {
    let finds = recognisers.iter().flat_map(|recogniser| &recogniser.finds).filter(|find| find.place.wants(home, path));
    finds.map(crate::evidence::Find::reads).reduce(|a, b| a || b)
}

pub(super) fn too_long(size: u64) -> String {
    format!("it has {} MB: more than {} MB are not read", (size >> 20).max(DOCUMENT_BYTES >> 20), DOCUMENT_BYTES >> 20)
}

/// How much of the documents of one kind of home is read: so many, and so many bytes.
pub(super) struct Budget {
    documents: usize,
    bytes: u64,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { documents: READ, bytes: HELD_BYTES }
    }

    /// Whether a document of that size, in bytes, may be read, or why not. What has no size counts as nothing until it is read.
    pub(super) fn allow(&mut self, size: u64) -> Result<(), String> {
        if size > DOCUMENT_BYTES {
            return Err(too_long(size));
        }
        if self.documents == 0 {
            return Err(format!("{UNREAD}: no more than {READ} documents are"));
        }
        if size > self.bytes {
            return Err(format!("{UNREAD}: no more than {} MB of documents are", HELD_BYTES >> 20));
        }
        self.documents -= 1;
        self.bytes -= size;
        Ok(())
    }
}
