//! Local files that an integration matches.

use std::collections::VecDeque;
use std::path::Path;

use super::evidence::{ReadBudget, match_file};
use crate::evidence::{EvidenceFile, FileOrigin, Integration, MAX_DOCUMENT_BYTES};
use crate::files::read_bytes;

/// Directory entries, in all and in one folder, and the depth of folders.
const MAX_ENTRIES: usize = 20_000;
const MAX_ENTRIES_PER_FOLDER: usize = 2_000;
const MAX_DEPTH: usize = 7;
/// Folders that are large and hold no evidence.
const SKIPPED_FOLDERS: [&str; 9] = [
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

/// Finds the files below a folder that an integration matches, near ones first. Symbolic links are not followed: they can
/// lead to private files.
pub(super) fn scan(
    root: &Path,
    integrations: &[Integration],
    found: &mut Vec<EvidenceFile>,
    problems: &mut Vec<String>,
) {
    let (mut folders, mut seen, mut budget) = (
        VecDeque::from([(root.to_owned(), 0_usize)]),
        0,
        ReadBudget::new(),
    );
    while let Some((folder, depth)) = folders.pop_front() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for (nth, entry) in entries.flatten().enumerate() {
            seen += 1;
            if seen > MAX_ENTRIES {
                problems.push(format!(
                    "{}: searched only {MAX_ENTRIES} files and folders",
                    root.display()
                ));
                return;
            }
            if nth == MAX_ENTRIES_PER_FOLDER {
                problems.push(format!(
                    "{}: searched only {MAX_ENTRIES_PER_FOLDER} entries",
                    folder.display()
                ));
                break;
            }
            let (Ok(kind), name) = (entry.file_type(), entry.file_name()) else {
                continue;
            };
            let name = name.to_string_lossy();
            if kind.is_dir()
                && depth < MAX_DEPTH
                && !name.starts_with('.')
                && !SKIPPED_FOLDERS.contains(&name.as_ref())
            {
                folders.push_back((entry.path(), depth + 1));
            }
            if kind.is_file() {
                found.extend(read_if_matching(
                    root,
                    &entry.path(),
                    integrations,
                    found,
                    &mut budget,
                ));
            }
        }
    }
}

fn read_if_matching(
    root: &Path,
    path: &Path,
    integrations: &[Integration],
    found: &[EvidenceFile],
    budget: &mut ReadBudget,
) -> Option<EvidenceFile> {
    let inner = path
        .strip_prefix(root)
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned();
    let reads = match_file(integrations, FileOrigin::LocalFile, &inner)?;
    let from = path.to_string_lossy().into_owned();
    if found.iter().any(|known| known.source == from) {
        return None;
    }
    let size = path.symlink_metadata().map_or(0, |file| file.len());
    let content = if reads {
        budget
            .reserve(size)
            .and_then(|()| read_bytes(path, MAX_DOCUMENT_BYTES).map_err(|error| error.to_string()))
    } else {
        Ok(Vec::new())
    };
    Some(EvidenceFile {
        origin: FileOrigin::LocalFile,
        source: from,
        path: inner,
        git_tag: None,
        content,
    })
}
