//! Artifacts of the run and of the logged model that some recogniser wants.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use futures_util::stream::{self, StreamExt};

use super::evidence::{NOT_READ, ReadBudget, match_file, too_large};
use crate::domain::{Artifact, ArtifactOwner};
use crate::evidence::{EvidenceFile, EvidenceSubject, FileOrigin, Integration, MAX_DOCUMENT_BYTES};
use crate::store::ReadStore;
use crate::text::untrusted::clean;

/// The most artifacts of one home that are listed, and of one folder: a folder of very many files hides no other.
const MAX_FILES: usize = 5_000;
const MAX_FILES_PER_FOLDER: usize = 1_000;
/// The most folders of one home that are listed, and how deep they may be. On a server each is a question of its own.
const MAX_FOLDERS: usize = 300;
const MAX_DEPTH: usize = 8;
/// How many are read at a time.
const CONCURRENT_READS: usize = 6;

/// An artifact that is wanted.
struct ArtifactRequest {
    home: ArtifactOwner,
    owner: &'static str,
    path: String,
    size: Option<u64>,
    reads_content: bool,
}

/// What a run and its logged model have.
pub(super) struct CollectedArtifacts {
    /// All files by their paths, with their sizes in bytes.
    pub sizes: BTreeMap<String, Option<u64>>,
    /// The artifacts that are wanted, with what is in them or why that was not read.
    pub files: Vec<EvidenceFile>,
}

/// The artifacts of the run and of the logged model.
pub(super) async fn collect_artifacts(
    reader: &dyn ReadStore,
    subject: EvidenceSubject<'_>,
    integrations: &[Integration],
    problems: &mut Vec<String>,
) -> CollectedArtifacts {
    let run = subject
        .run
        .map(|run| (ArtifactOwner::Run(run.id.clone()), "artifact of the run"));
    let model = subject.version.logged_model().map(|id| {
        (
            ArtifactOwner::LoggedModel(id),
            "artifact of the logged model",
        )
    });
    let (mut all, mut files) = (Vec::new(), BTreeMap::new());
    for (home, of) in run.into_iter().chain(model) {
        match list_files(reader, &home, of, problems).await {
            Ok(paths) => {
                files.extend(paths.iter().cloned());
                all.extend(paths.into_iter().filter_map(|(path, size)| {
                    let reads = match_file(integrations, FileOrigin::Artifact, &path)?;
                    Some(ArtifactRequest {
                        home: home.clone(),
                        owner: of,
                        path,
                        size,
                        reads_content: reads,
                    })
                }));
            }
            Err(why) => problems.push(format!("{of}: {why}")),
        }
    }
    interleave_folders(&mut all);
    let mut budget = ReadBudget::new();
    let read = all.into_iter().map(|one| {
        let allowed = if one.reads_content {
            budget.reserve(one.size.unwrap_or(0))
        } else {
            Ok(())
        };
        read_artifact(reader, one, allowed)
    });
    let mut evidence_files: Vec<EvidenceFile> = stream::iter(read.collect::<Vec<_>>())
        .buffered(CONCURRENT_READS)
        .collect()
        .await;
    // What was too much comes last: a report tells only so many, and these are the least to be told.
    let is_too_much = |file: &EvidenceFile| {
        file.content
            .as_ref()
            .is_err_and(|why| why.starts_with(NOT_READ))
    };
    evidence_files.sort_by(|a, b| {
        is_too_much(a)
            .cmp(&is_too_much(b))
            .then_with(|| a.source.cmp(&b.source))
    });
    CollectedArtifacts {
        sizes: files,
        files: evidence_files,
    }
}

async fn read_artifact(
    reader: &dyn ReadStore,
    one: ArtifactRequest,
    allowed: Result<(), String>,
) -> EvidenceFile {
    let content = match allowed {
        Err(why) => Err(why),
        Ok(()) if !one.reads_content => Ok(Vec::new()),
        Ok(()) => match reader
            .preview(&one.home, &one.path, MAX_DOCUMENT_BYTES)
            .await
        {
            Ok(preview) if preview.is_truncated => Err(too_large(MAX_DOCUMENT_BYTES)),
            Ok(preview) => Ok(preview.bytes),
            Err(fault) => Err(fault.why.raw().to_owned()),
        },
    };
    EvidenceFile {
        origin: FileOrigin::Artifact,
        source: format!("{}: {}", one.owner, one.path),
        path: one.path,
        git_tag: None,
        content,
    }
}

/// The first of each folder come first, then the second: when not all can be read, every folder has its share.
fn interleave_folders(all: &mut [ArtifactRequest]) {
    let folder = |one: &ArtifactRequest| {
        (
            one.owner,
            one.path
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .to_owned(),
        )
    };
    all.sort_by(|a, b| a.path.cmp(&b.path));
    let mut seen = HashMap::new();
    let places: HashMap<(&str, String), usize> = all
        .iter()
        .map(|one| {
            let nth = seen.entry(folder(one)).or_insert(0_usize);
            *nth += 1;
            ((one.owner, one.path.clone()), *nth)
        })
        .collect();
    all.sort_by_key(|one| places.get(&(one.owner, one.path.clone())).copied());
}

/// The files of a home, with their sizes in bytes, those near the root first.
async fn list_files(
    reader: &dyn ReadStore,
    home: &ArtifactOwner,
    of: &str,
    problems: &mut Vec<String>,
) -> Result<Vec<(String, Option<u64>)>, String> {
    let (mut found, mut folders, mut requested) = (Vec::new(), VecDeque::from([String::new()]), 0);
    let mut listings = HashMap::new();
    while let Some(folder) = folders.pop_front() {
        if requested == MAX_FOLDERS || found.len() >= MAX_FILES {
            problems.push(format!(
                "{of}: only {requested} folders and {} files were looked through",
                found.len()
            ));
            break;
        }
        requested += 1;
        let listing = match reader.artifacts(home, &folder).await {
            Ok(listing) => listing,
            Err(fault) if folder.is_empty() => return Err(clean(fault.why.raw()).into_owned()),
            Err(fault) => {
                problems.push(format!("{of}: {folder}: {}", fault.why.raw()));
                continue;
            }
        };
        let shown = fingerprint(&folder, &listing);
        if !listing.is_empty()
            && ancestors(&folder).any(|above| listings.get(above) == Some(&shown))
        {
            problems.push(format!(
                "{of}: {folder} shows again what a folder above it has: it was not looked through"
            ));
            continue;
        }
        listings.insert(folder.clone(), shown);
        if listing.len() > MAX_FILES_PER_FOLDER {
            problems.push(format!(
                "{of}: {folder}/ has {} entries, of which {MAX_FILES_PER_FOLDER} were looked at",
                listing.len()
            ));
        }
        for file in listing.into_iter().take(MAX_FILES_PER_FOLDER) {
            let path = file.path.raw().to_owned();
            // A store that lists a folder in itself leads nowhere.
            let is_inside = path
                .strip_prefix(&folder)
                .is_some_and(|rest| rest.len() > usize::from(!folder.is_empty()));
            if !is_inside {
                continue;
            }
            if file.is_dir && path.matches('/').count() < MAX_DEPTH {
                folders.push_back(path);
            } else if !file.is_dir {
                found.push((path, file.size));
            }
        }
    }
    Ok(found)
}

/// What a listing shows, without where.
fn fingerprint(folder: &str, listing: &[Artifact]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in listing {
        (
            file.path
                .raw()
                .strip_prefix(folder)
                .unwrap_or_default()
                .trim_start_matches('/'),
            file.is_dir,
            file.size,
        )
            .hash(&mut hasher);
    }
    hasher.finish()
}

/// The folders that a folder is in, the nearest first, down to the root.
fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |path| {
        (!path.is_empty()).then(|| path.rsplit_once('/').map_or("", |(outer, _)| outer))
    })
    .skip(1)
}
