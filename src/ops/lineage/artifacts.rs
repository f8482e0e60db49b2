//! Artifacts of the run and of the logged model: evidence, and the files that describe the environment.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use tokio::time::timeout;

use super::evidence::{NOT_READ, ReadBudget, match_file, too_large};
use super::ok_or_missing;
use crate::domain::{Artifact, ArtifactOwner, ModelVersion, Run};
use crate::evidence::{EvidenceFile, EvidenceSubject, FileOrigin, Integration, MAX_DOCUMENT_BYTES};
use crate::lineage::{ArtifactSource, ModelFile};
use crate::store::{ReadStore, limits};
use crate::text::untrusted::clean;

/// Listed files of one owner, and of one folder, so that a large folder does not hide the others.
const MAX_FILES: usize = 5_000;
const MAX_FILES_PER_FOLDER: usize = 1_000;
/// Listed folders of one owner, and their depth. On a server each is a request.
const MAX_FOLDERS: usize = 300;
const MAX_DEPTH: usize = 8;
/// How long listing the folders of one owner may take together.
const MAX_LISTING_TIME: Duration = Duration::from_secs(15);
const CONCURRENT_READS: usize = 6;

/// Files of a model that describe its environment. Only MLmodel must exist.
const ENVIRONMENT_FILES: [&str; 4] = [
    "MLmodel",
    "requirements.txt",
    "conda.yaml",
    "python_env.yaml",
];

// A document is one artifact preview.
const _: () = assert!(MAX_DOCUMENT_BYTES == limits::ARTIFACT_BYTES);

/// An artifact to read.
struct ArtifactRequest {
    home: ArtifactOwner,
    owner: &'static str,
    path: String,
    size: Option<u64>,
    reads_content: bool,
}

/// The artifacts of a run and its logged model.
pub(super) struct CollectedArtifacts {
    /// Sizes in bytes by path, of all files.
    pub sizes: BTreeMap<String, Option<u64>>,
    /// The files that an integration matches.
    pub files: Vec<EvidenceFile>,
}

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
    // Files over the budget come last: a report lists a limited number, and these say the least.
    let is_over_budget = |file: &EvidenceFile| {
        let error = file.content.as_ref().err();
        error.is_some_and(|why| why.starts_with(NOT_READ))
    };
    evidence_files.sort_by(|a, b| {
        is_over_budget(a)
            .cmp(&is_over_budget(b))
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
            Err(error) => Err(error.why.raw().to_owned()),
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

/// Sorts by position within the folder, so that a budget reaches every folder.
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
    let positions: HashMap<(&str, String), usize> = all
        .iter()
        .map(|one| {
            let nth = seen.entry(folder(one)).or_insert(0_usize);
            *nth += 1;
            ((one.owner, one.path.clone()), *nth)
        })
        .collect();
    all.sort_by_key(|one| positions.get(&(one.owner, one.path.clone())).copied());
}

/// The files of an owner with their sizes in bytes, those near the root first.
async fn list_files(
    reader: &dyn ReadStore,
    home: &ArtifactOwner,
    of: &str,
    problems: &mut Vec<String>,
) -> Result<Vec<(String, Option<u64>)>, String> {
    let (mut found, mut folders, mut requested) = (Vec::new(), VecDeque::from([String::new()]), 0);
    let mut listings = HashMap::new();
    let started = Instant::now();
    while let Some(folder) = folders.pop_front() {
        if requested == MAX_FOLDERS || found.len() >= MAX_FILES {
            problems.push(format!(
                "{of}: listed only {requested} folders and {} files",
                found.len()
            ));
            break;
        }
        requested += 1;
        let left = MAX_LISTING_TIME.saturating_sub(started.elapsed());
        let Ok(listed) = timeout(left, reader.artifacts(home, &folder)).await else {
            let seconds = MAX_LISTING_TIME.as_secs();
            let text = format!(
                "{of}: listed only {} folders within {seconds} s",
                requested - 1
            );
            problems.push(text);
            break;
        };
        let listing = match listed {
            Ok(listing) => listing,
            Err(error) if folder.is_empty() => return Err(clean(error.why.raw()).into_owned()),
            Err(error) => {
                problems.push(format!("{of}: {folder}: {}", error.why.raw()));
                continue;
            }
        };
        let shown = fingerprint(&folder, &listing);
        if !listing.is_empty()
            && ancestors(&folder).any(|above| listings.get(above) == Some(&shown))
        {
            problems.push(format!(
                "{of}: {folder} lists the same files as a folder above it and was skipped"
            ));
            continue;
        }
        listings.insert(folder.clone(), shown);
        if listing.len() > MAX_FILES_PER_FOLDER {
            problems.push(format!(
                "{of}: {folder}/ has {} entries, read {MAX_FILES_PER_FOLDER}",
                listing.len()
            ));
        }
        for file in entries_inside(&folder, listing) {
            let path = file.path.raw().to_owned();
            if file.is_dir && path.matches('/').count() < MAX_DEPTH {
                folders.push_back(path);
            } else if !file.is_dir {
                found.push((path, file.size));
            }
        }
    }
    Ok(found)
}

/// The first entries that are in the folder: a store can list a folder in itself, or a path outside.
fn entries_inside(folder: &str, listing: Vec<Artifact>) -> impl Iterator<Item = Artifact> {
    let first = listing.into_iter().take(MAX_FILES_PER_FOLDER);
    first.filter(move |file| {
        let rest = file.path.raw().strip_prefix(folder);
        rest.is_some_and(|rest| rest.len() > usize::from(!folder.is_empty()))
    })
}

/// A hash of the listing, relative to its folder.
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

/// The folders above a folder, nearest first, to the root.
fn ancestors(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |path| {
        (!path.is_empty()).then(|| path.rsplit_once('/').map_or("", |(outer, _)| outer))
    })
    .skip(1)
}

/// Reads the beginnings of the model's [`ENVIRONMENT_FILES`] concurrently.
pub(super) async fn read_model_files(
    reader: &dyn ReadStore,
    version: &ModelVersion,
    run: Option<&Run>,
    missing: &mut Vec<String>,
) -> Vec<ModelFile> {
    let Some((home, folder)) = artifact_location(version, run) else {
        missing.push(format!(
            "model files: {} is not a run's artifact or a logged model",
            version.source.clean()
        ));
        return Vec::new();
    };
    let listed = reader.artifacts(&home, &folder).await;
    let Some(listed) = ok_or_missing(listed, missing, "model files") else {
        return Vec::new();
    };
    let present = |name: &str| {
        listed
            .iter()
            .any(|file| !file.is_dir && file.file_name().raw() == name)
    };
    let names = ENVIRONMENT_FILES.into_iter().filter(|name| present(name));
    if !present("MLmodel") {
        missing.push("MLmodel: not among the model's files".into());
    }
    let home = &home;
    // The path is built here, not taken from the listing: a store cannot redirect the read.
    let path = |name: &str| {
        if folder.is_empty() {
            name.to_owned()
        } else {
            format!("{folder}/{name}")
        }
    };
    let previews = join_all(names.map(|name| {
        let path = path(name);
        async move {
            (
                name,
                reader.preview(home, &path, limits::PREVIEW_BYTES).await,
            )
        }
    }))
    .await;
    let mut files = Vec::new();
    for (name, result) in previews {
        let Some(preview) = ok_or_missing(result, missing, name) else {
            continue;
        };
        if preview.is_truncated {
            let limit = limits::PREVIEW_BYTES / 1024;
            missing.push(format!("{name}: read only the first {limit} kB"));
        }
        match preview.text() {
            Some(text) => files.push(ModelFile::new(name, text)),
            None => missing.push(format!("{name}: not text")),
        }
    }
    files
}

/// The owner and the folder of a model's files: the logged model since MLflow 3, the run before.
pub(in crate::ops) fn artifact_location(
    version: &ModelVersion,
    run: Option<&Run>,
) -> Option<(ArtifactOwner, String)> {
    if let Some(id) = version.logged_model() {
        return Some((ArtifactOwner::LoggedModel(id), String::new()));
    }
    let source = ArtifactSource::parse(version.source.raw(), run.map(|run| run.artifact_uri.raw()));
    let owner = source.run_id.or_else(|| run.map(|run| run.id.clone()))?;
    Some((ArtifactOwner::Run(owner), source.artifact_path?))
}
