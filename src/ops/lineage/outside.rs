//! Files outside of the store that some recogniser wants.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

use super::evidence::{Budget, too_long, wanted};
use crate::evidence::{DOCUMENT_BYTES, Held, Home, Recogniser};

/// The most entries of folders that are looked at, of all and of one, and how deep they may be.
const ENTRIES: usize = 20_000;
const OF_FOLDER: usize = 2_000;
const DEPTH: usize = 7;
/// Folders in which nothing of a version's is kept, and which may be large.
const SKIPPED: [&str; 9] = [
    "target",
    "node_modules",
    "venv",
    "env",
    "__pycache__",
    "site-packages",
    "mlruns",
    "mlartifacts",
    "artifacts",
];

/// Files under a folder that some recogniser wants, those near it first. Links are not followed: what they lead to may be anybody's.
pub(super) fn files(
    root: &Path,
    recognisers: &[Recogniser],
    held: &mut Vec<Held>,
    problems: &mut Vec<String>,
) {
    let (mut folders, mut seen, mut budget) = (
        VecDeque::from([(root.to_owned(), 0_usize)]),
        0,
        Budget::new(),
    );
    while let Some((folder, depth)) = folders.pop_front() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for (nth, entry) in entries.flatten().enumerate() {
            seen += 1;
            if seen > ENTRIES {
                problems.push(format!(
                    "{}: only {ENTRIES} files and folders under it were looked at",
                    root.display()
                ));
                return;
            }
            if nth == OF_FOLDER {
                problems.push(format!(
                    "{}: only {OF_FOLDER} of what is in it was looked at",
                    folder.display()
                ));
                break;
            }
            let (Ok(kind), name) = (entry.file_type(), entry.file_name()) else {
                continue;
            };
            let name = name.to_string_lossy();
            if kind.is_dir()
                && depth < DEPTH
                && !name.starts_with('.')
                && !SKIPPED.contains(&name.as_ref())
            {
                folders.push_back((entry.path(), depth + 1));
            }
            if kind.is_file() {
                held.extend(file(root, &entry.path(), recognisers, held, &mut budget));
            }
        }
    }
}

fn file(
    root: &Path,
    path: &Path,
    recognisers: &[Recogniser],
    held: &[Held],
    budget: &mut Budget,
) -> Option<Held> {
    let inner = path
        .strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned();
    let reads = wanted(recognisers, Home::File, &inner)?;
    let from = path.to_string_lossy().into_owned();
    if held.iter().any(|known| known.from == from) {
        return None;
    }
    let size = path.symlink_metadata().map_or(0, |file| file.len());
    let content = if reads {
        budget.allow(size).and_then(|()| bytes(path))
    } else {
        Ok(Vec::new())
    };
    Some(Held {
        home: Home::File,
        from,
        path: inner,
        tag: None,
        content,
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    file.take(DOCUMENT_BYTES + 1)
        .read_to_end(&mut found)
        .map_err(|error| error.to_string())?;
    if found.len() as u64 > DOCUMENT_BYTES {
        Err(too_long(DOCUMENT_BYTES))
    } else {
        Ok(found)
    }
}
