//! Gathers what recognisers look at: artifacts of the run and the logged model, files beside the store and in the working tree,
//! and files of the repository at the run's commit. What can't be read is a line of the report, never a failure.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::artifacts::Artifacts;
use super::lookout::Sources;
use super::{artifacts, checkout};
use crate::domain::Code;
use crate::evidence::{DOCUMENT_BYTES, Held, Home, Recogniser, Report, Subject, look};
use crate::text::untrusted::clean;

/// The most documents that are read in all, of each kind of home.
pub(super) const READ: usize = 150;
/// The most bytes of documents that are held at once, of each kind of home.
pub(super) const HELD_BYTES: u64 = 24 << 20;

/// How it begins that something is not read for there being too much else.
pub(super) const UNREAD: &str = "it was not read";

/// What other tools left with a version.
pub(super) async fn evidence(sources: Sources<'_>, subject: Subject<'_>) -> Report {
    let Sources { reader, lookout } = sources;
    let known = lookout.known();
    let mut problems = known.wrong.clone();
    let Artifacts { all, mut held } =
        artifacts::read_all(reader, subject, &known.recognisers, &mut problems).await;
    let (around, recognisers) = (lookout.clone(), Arc::clone(&known));
    let datasets = subject
        .run
        .map(|run| run.datasets.clone())
        .unwrap_or_default();
    // As for lineage: MLflow 3's git versioning leaves the commit with the logged model.
    let of_run = subject
        .run
        .map(|run| Code::of(&run.tags))
        .filter(|code| code.commit.is_some());
    let code = of_run.or_else(|| subject.logged_model.map(|model| Code::of(&model.tags)));
    let gather = move || {
        let outside = around.outside();
        let (mut held, mut problems) = (outside.held.clone(), outside.problems.clone());
        if let Some(code) = code {
            held.extend(checkout::held(
                around.roots(),
                &code,
                &datasets,
                &recognisers.recognisers,
                &mut problems,
            ));
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
    let mut report = look(&known.recognisers, subject, &held);
    report.artifacts = all;
    report.problems = problems
        .iter()
        .map(|line| clean(line).into_owned())
        .collect();
    report
}

/// Keeps the first of several files with the same name and content: a link may show one file in several places, and people log the same
/// result with the run and with the model.
fn once(held: &mut Vec<Held>) {
    let mut seen = HashSet::new();
    held.retain(|file| {
        let Ok(bytes) = &file.content else {
            return true;
        };
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        (file.home == Home::Commit, name, bytes).hash(&mut hasher);
        bytes.is_empty() || seen.insert(hasher.finish())
    });
}

/// Whether a file is wanted, and whether its content is.
pub(super) fn wanted(recognisers: &[Recogniser], home: Home, path: &str) -> Option<bool> {
    let finds = recognisers
        .iter()
        .flat_map(|recogniser| &recogniser.finds)
        .filter(|find| find.place.wants(home, path));
    finds
        .map(crate::evidence::Find::reads)
        .reduce(|a, b| a || b)
}

pub(super) fn too_long(size: u64) -> String {
    format!(
        "it has {} MB: more than {} MB are not read",
        (size >> 20).max(DOCUMENT_BYTES >> 20),
        DOCUMENT_BYTES >> 20
    )
}

/// How much of the documents of one kind of home is read: so many, and so many bytes.
pub(super) struct Budget {
    documents: usize,
    bytes: u64,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            documents: READ,
            bytes: HELD_BYTES,
        }
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
            return Err(format!(
                "{UNREAD}: no more than {} MB of documents are",
                HELD_BYTES >> 20
            ));
        }
        self.documents -= 1;
        self.bytes -= size;
        Ok(())
    }
}
