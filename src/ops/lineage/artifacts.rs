//! Artifacts of the run and of the logged model that some recogniser wants.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use futures_util::stream::{self, StreamExt};

use super::evidence::{Budget, UNREAD, too_long, wanted};
use crate::domain::{Artifact, ArtifactHome};
use crate::evidence::{DOCUMENT_BYTES, Held, Home, Recogniser, Subject};
use crate::store::Read;
use crate::text::untrusted::clean;

/// The most artifacts of one home that are listed, and of one folder: a folder of very many files hides no other.
const ARTIFACTS: usize = 5_000;
const OF_FOLDER: usize = 1_000;
/// The most folders of one home that are listed, and how deep they may be. On a server each is a question of its own.
const FOLDERS: usize = 300;
const DEPTH: usize = 8;
/// How many are read at a time.
const AT_ONCE: usize = 6;

/// An artifact that is wanted.
struct Wanted {
    home: ArtifactHome,
    of: &'static str,
    path: String,
    size: Option<u64>,
    reads: bool,
}

/// What a run and its logged model have.
pub(super) struct Artifacts {
    /// All files by their paths, with their sizes in bytes.
    pub all: BTreeMap<String, Option<u64>>,
    /// The artifacts that are wanted, with what is in them or why that was not read.
    pub held: Vec<Held>,
}

/// The artifacts of the run and of the logged model.
pub(super) async fn read_all(
    reader: &dyn Read,
    subject: Subject<'_>,
    recognisers: &[Recogniser],
    problems: &mut Vec<String>,
) -> Artifacts {
    let run = subject
        .run
        .map(|run| (ArtifactHome::Run(run.id.clone()), "artifact of the run"));
    let model = subject.version.logged_model().map(|id| {
        (
            ArtifactHome::LoggedModel(id),
            "artifact of the logged model",
        )
    });
    let (mut all, mut files) = (Vec::new(), BTreeMap::new());
    for (home, of) in run.into_iter().chain(model) {
        match listed(reader, &home, of, problems).await {
            Ok(paths) => {
                files.extend(paths.iter().cloned());
                all.extend(paths.into_iter().filter_map(|(path, size)| {
                    let reads = wanted(recognisers, Home::Artifact, &path)?;
                    Some(Wanted {
                        home: home.clone(),
                        of,
                        path,
                        size,
                        reads,
                    })
                }));
            }
            Err(why) => problems.push(format!("{of}: {why}")),
        }
    }
    fair(&mut all);
    let mut budget = Budget::new();
    let read = all.into_iter().map(|one| {
        let allowed = if one.reads {
            budget.allow(one.size.unwrap_or(0))
        } else {
            Ok(())
        };
        read(reader, one, allowed)
    });
    let mut held: Vec<Held> = stream::iter(read.collect::<Vec<_>>())
        .buffered(AT_ONCE)
        .collect()
        .await;
    // What was too much comes last: a report tells only so many, and these are the least to be told.
    let is_too_much = |file: &Held| {
        file.content
            .as_ref()
            .is_err_and(|why| why.starts_with(UNREAD))
    };
    held.sort_by(|a, b| {
        is_too_much(a)
            .cmp(&is_too_much(b))
            .then_with(|| a.from.cmp(&b.from))
    });
    Artifacts { all: files, held }
}

async fn read(reader: &dyn Read, one: Wanted, allowed: Result<(), String>) -> Held {
    let content = match allowed {
        Err(why) => Err(why),
        Ok(()) if !one.reads => Ok(Vec::new()),
        Ok(()) => match reader.preview(&one.home, &one.path, DOCUMENT_BYTES).await {
            Ok(preview) if preview.truncated => Err(too_long(DOCUMENT_BYTES)),
            Ok(preview) => Ok(preview.bytes),
            Err(fault) => Err(fault.why.raw().to_owned()),
        },
    };
    Held {
        home: Home::Artifact,
        from: format!("{}: {}", one.of, one.path),
        path: one.path,
        tag: None,
        content,
    }
}

/// The first of each folder come first, then the second: when not all can be read, every folder has its share.
fn fair(all: &mut [Wanted]) {
    let folder = |one: &Wanted| {
        (
            one.of,
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
            ((one.of, one.path.clone()), *nth)
        })
        .collect();
    all.sort_by_key(|one| places.get(&(one.of, one.path.clone())).copied());
}

/// The files of a home, with their sizes in bytes, those near the root first.
async fn listed(
    reader: &dyn Read,
    home: &ArtifactHome,
    of: &str,
    problems: &mut Vec<String>,
) -> Result<Vec<(String, Option<u64>)>, String> {
    let (mut found, mut folders, mut asked) = (Vec::new(), VecDeque::from([String::new()]), 0);
    let mut listings = HashMap::new();
    while let Some(folder) = folders.pop_front() {
        if asked == FOLDERS || found.len() >= ARTIFACTS {
            problems.push(format!(
                "{of}: only {asked} folders and {} files were looked through",
                found.len()
            ));
            break;
        }
        asked += 1;
        let listing = match reader.artifacts(home, &folder).await {
            Ok(listing) => listing,
            Err(fault) if folder.is_empty() => return Err(clean(fault.why.raw()).into_owned()),
            Err(fault) => {
                problems.push(format!("{of}: {folder}: {}", fault.why.raw()));
                continue;
            }
        };
        let shown = fingerprint(&folder, &listing);
        if !listing.is_empty() && above(&folder).any(|above| listings.get(above) == Some(&shown)) {
            problems.push(format!(
                "{of}: {folder} shows again what a folder above it has: it was not looked through"
            ));
            continue;
        }
        listings.insert(folder.clone(), shown);
        if listing.len() > OF_FOLDER {
            problems.push(format!(
                "{of}: {folder}/ has {} entries, of which {OF_FOLDER} were looked at",
                listing.len()
            ));
        }
        for file in listing.into_iter().take(OF_FOLDER) {
            let path = file.path.raw().to_owned();
            // A store that lists a folder in itself leads nowhere.
            let is_inside = path
                .strip_prefix(&folder)
                .is_some_and(|rest| rest.len() > usize::from(!folder.is_empty()));
            if !is_inside {
                continue;
            }
            if file.is_dir && path.matches('/').count() < DEPTH {
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
fn above(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |path| {
        (!path.is_empty()).then(|| path.rsplit_once('/').map_or("", |(outer, _)| outer))
    })
    .skip(1)
}
