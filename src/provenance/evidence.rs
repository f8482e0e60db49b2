//! Gathers what recognisers look at: artifacts of the run and the logged model, files beside the store and in the working tree,
//! and files of the repository at the run's commit. What can't be read is a line of the report, never a failure.

use std::path::{Path, PathBuf};

use futures_util::stream::{self, StreamExt};

use super::git;
use crate::domain::{ArtifactHome, Code};
use crate::evidence::{DOCUMENT_BYTES, Held, Home, Recogniser, Report, Subject, look, recognisers};
use crate::store::Read;

/// The most artifacts of one home that are listed.
const ARTIFACTS: usize = 2_000;
/// The most documents that are read in all, of each kind of home.
const READ: usize = 60;
/// How many are read at a time.
const AT_ONCE: usize = 6;
/// The most entries of folders that are looked at for files outside of the store, and how deep they may be.
const ENTRIES: usize = 20_000;
const DEPTH: usize = 6;
/// Folders in which nothing of a version's is kept, and which may be large.
const SKIPPED: [&str; 9] = ["target", "node_modules", "venv", "env", "__pycache__", "site-packages", "mlruns", "mlartifacts", "artifacts"];

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
    let mut held = artifacts(reader, subject, &lookout.recognisers, &mut problems).await;
    let commit = subject.run.and_then(|run| Code::of(&run.tags).commit).map(|commit| commit.raw().to_owned());
    let around = lookout.clone();
    let outside = move || {
        let mut held = Vec::new();
        for root in &around.roots {
            files(root, &around.recognisers, &mut held);
        }
        held.extend(commit.map(|commit| at_commit(&commit, &around.recognisers)).unwrap_or_default());
        held
    };
    match tokio::task::spawn_blocking(outside).await {
        Ok(found) => held.extend(found),
        Err(stopped) => problems.push(format!("files outside of the store: {stopped}")),
    }
    let mut report = look(&lookout.recognisers, subject, &held);
    report.problems = problems;
    report
}

/// Whether a file is wanted, and whether its content is.
fn wanted(recognisers: &[Recogniser], home: Home, path: &str) -> Option<bool> {
    let finds = recognisers.iter().flat_map(|recogniser| &recogniser.finds).filter(|find| find.place.wants(home, path));
    finds.map(crate::evidence::Find::reads).reduce(|a, b| a || b)
}

fn too_long(size: u64) -> String {
    format!("it has {} MB: more than {} MB are not read", size >> 20, DOCUMENT_BYTES >> 20)
}

async fn artifacts(reader: &dyn Read, subject: Subject<'_>, recognisers: &[Recogniser], problems: &mut Vec<String>) -> Vec<Held> {
    let run = subject.run.map(|run| (ArtifactHome::Run(run.id.clone()), "artifact of the run"));
    let model = subject.version.logged_model().map(|id| (ArtifactHome::LoggedModel(id), "artifact of the logged model"));
    let mut all = Vec::new();
    for (home, of) in run.into_iter().chain(model) {
        match listed(reader, &home).await {
            Ok(paths) => all.extend(paths.into_iter().map(|(path, size)| (home.clone(), of, path, size))),
            Err(why) => problems.push(format!("{of}: {why}")),
        }
    }
    let named = all.into_iter().filter_map(|(home, of, path, size)| {
        let reads = wanted(recognisers, Home::Artifact, &path)?;
        Some((home, of, path, size, reads))
    });
    let read = named.take(READ).map(|(home, of, path, size, reads)| async move {
        let content = match size {
            _ if !reads => Ok(Vec::new()),
            Some(size) if size > DOCUMENT_BYTES => Err(too_long(size)),
            _ => match reader.preview(&home, &path, DOCUMENT_BYTES).await {
                Ok(preview) if preview.truncated => Err(too_long(DOCUMENT_BYTES)),
                Ok(preview) => Ok(preview.bytes),
                Err(fault) => Err(fault.why.raw().to_owned()),
            },
        };
        Held { home: Home::Artifact, from: format!("{of}: {path}"), path, tag: None, content }
    });
    stream::iter(read.collect::<Vec<_>>()).buffered(AT_ONCE).collect().await
}

/// The files of a home, with their sizes in bytes.
async fn listed(reader: &dyn Read, home: &ArtifactHome) -> Result<Vec<(String, Option<u64>)>, String> {
    let (mut found, mut folders) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = folders.pop() {
        let listing = match reader.artifacts(home, &folder).await {
            Ok(listing) => listing,
            Err(fault) if folder.is_empty() => return Err(crate::domain::text::clean(fault.why.raw()).into_owned()),
            Err(_) => continue,
        };
        for file in listing {
            let path = file.path.raw().to_owned();
            if found.len() + folders.len() >= ARTIFACTS {
                return Ok(found);
            }
            // A store that lists a folder in itself leads nowhere.
            if file.is_dir && path.len() > folder.len() && path.matches('/').count() < DEPTH {
                folders.push(path);
            } else if !file.is_dir {
                found.push((path, file.size));
            }
        }
    }
    Ok(found)
}

/// Files under a folder that some recogniser wants. Links are not followed: what they lead to may be anybody's.
fn files(root: &Path, recognisers: &[Recogniser], held: &mut Vec<Held>) {
    let (mut folders, mut seen) = (vec![(root.to_owned(), 0_usize)], 0);
    while let Some((folder, depth)) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            seen += 1;
            if seen > ENTRIES || held.len() >= READ {
                return;
            }
            let (Ok(kind), name) = (entry.file_type(), entry.file_name()) else { continue };
            let name = name.to_string_lossy();
            if kind.is_dir() && depth < DEPTH && !name.starts_with('.') && !SKIPPED.contains(&name.as_ref()) {
                folders.push((entry.path(), depth + 1));
            }
            if !kind.is_file() {
                continue;
            }
            let path = entry.path();
            let inner = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            let Some(reads) = wanted(recognisers, Home::File, &inner) else { continue };
            if held.iter().any(|known| known.from == path.to_string_lossy()) {
                continue;
            }
            let content = if reads { bytes(&path) } else { Ok(Vec::new()) };
            held.push(Held { home: Home::File, from: path.to_string_lossy().into_owned(), path: inner, tag: None, content });
        }
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    file.take(DOCUMENT_BYTES + 1).read_to_end(&mut found).map_err(|error| error.to_string())?;
    if found.len() as u64 > DOCUMENT_BYTES { Err(format!("it has more than {} MB", DOCUMENT_BYTES >> 20)) } else { Ok(found) }
}

/// Files of the repository at hand, as they were at a commit. A commit that it does not know has none.
fn at_commit(commit: &str, recognisers: &[Recogniser]) -> Vec<Held> {
    let Ok(listed) = git(&["ls-tree", "-r", "--name-only", "--full-tree", "-z", commit, "--"], &[commit]) else { return Vec::new() };
    let paths = listed.split('\0').filter(|path| wanted(recognisers, Home::Commit, path).is_some()).take(READ);
    let held = paths.map(|path| {
        let content = git(&["show", "--no-textconv", &format!("{commit}:{path}")], &[commit]).map(String::into_bytes);
        let from = format!("{path} at commit {}", commit.get(..8).unwrap_or(commit));
        Held { home: Home::Commit, path: path.to_owned(), from, tag: tag_of(commit, path), content }
    });
    held.collect()
}

/// The tag of the commit that last changed a file, seen from another commit: data versions are often tagged so.
fn tag_of(commit: &str, path: &str) -> Option<String> {
    let changed = git(&["log", "-1", "--format=%H", commit, "--", path], &[commit]).ok()?;
    let changed = changed.trim();
    let tags = git(&["tag", "--points-at", changed], &[changed]).ok()?;
    tags.lines().next().map(str::to_owned)
}
