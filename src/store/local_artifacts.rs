//! Artifacts on this machine, read safely: only plain files and folders below a root, and only as
//! much as requested. A symbolic link must resolve to a path below the root.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use super::{ByteSender, limits};
use crate::domain::{Artifact, Preview, StoreErrorKind};
use crate::text::Untrusted;

/// The kind and the message of an error.
pub(super) type ArtifactError = (StoreErrorKind, String);

fn reject<T>(kind: StoreErrorKind, why: impl Into<String>) -> Result<T, ArtifactError> {
    Err((kind, why.into()))
}

fn io_error(error: &std::io::Error) -> ArtifactError {
    let kind = match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => StoreErrorKind::NotFound,
        ErrorKind::PermissionDenied => StoreErrorKind::PermissionDenied,
        _ => StoreErrorKind::ServerError,
    };
    (kind, error.to_string())
}

/// Resolves a path below the root, following links.
fn resolve_within_root(root: &Path, path: &str) -> Result<PathBuf, ArtifactError> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if path.contains('\0') || !Path::new(path).components().all(is_plain) {
        return reject(
            StoreErrorKind::InvalidRequest,
            "the path is outside the artifact folder",
        );
    }
    let root = root.canonicalize().map_err(|error| io_error(&error))?;
    let found = root
        .join(path)
        .canonicalize()
        .map_err(|error| io_error(&error))?;
    if found.starts_with(&root) {
        Ok(found)
    } else {
        reject(
            StoreErrorKind::InvalidRequest,
            "the link points outside the artifact folder",
        )
    }
}

/// The entries directly below `path`: folders first, then by name.
pub(super) fn list_directory(root: &Path, path: &str) -> Result<Vec<Artifact>, ArtifactError> {
    let folder = resolve_within_root(root, path)?;
    if !folder.is_dir() {
        return reject(StoreErrorKind::InvalidRequest, "not a folder");
    }
    let mut artifacts = Vec::new();
    for entry in folder.read_dir().map_err(|error| io_error(&error))? {
        let entry = entry.map_err(|error| io_error(&error))?;
        if artifacts.len() == limits::FOLDER_ENTRIES {
            return reject(
                StoreErrorKind::ResponseTooLarge,
                format!(
                    "the folder has more than {} entries",
                    limits::FOLDER_ENTRIES
                ),
            );
        }
        artifacts.push(directory_entry(root, path, &entry.file_name()));
    }
    artifacts.sort_by(|a, b| b.is_dir.cmp(&a.is_dir).then_with(|| a.path.cmp(&b.path)));
    Ok(artifacts)
}

/// An entry that can't be read, or a link out of the root, has no size; opening it reports why.
fn directory_entry(root: &Path, folder: &str, name: &OsStr) -> Artifact {
    let name = name.to_string_lossy();
    let path = if folder.is_empty() {
        name.into_owned()
    } else {
        format!("{}/{name}", folder.trim_end_matches('/'))
    };
    let found = resolve_within_root(root, &path)
        .ok()
        .and_then(|found| found.metadata().ok());
    let is_dir = found.as_ref().is_some_and(std::fs::Metadata::is_dir);
    let size = found
        .filter(std::fs::Metadata::is_file)
        .map(|found| found.len());
    Artifact {
        path: Untrusted::from(path),
        is_dir,
        size,
    }
}

/// The parts in which a file is sent, in bytes.
const PART_BYTES: usize = 256 << 10;

fn open_regular(root: &Path, path: &str) -> Result<File, ArtifactError> {
    let found = resolve_within_root(root, path)?;
    // Checked before opening: opening a pipe blocks until it has a writer.
    if !found
        .metadata()
        .map_err(|error| io_error(&error))?
        .is_file()
    {
        return reject(StoreErrorKind::InvalidRequest, "not a regular file");
    }
    File::open(&found).map_err(|error| io_error(&error))
}

/// Sends all bytes of a file.
pub(super) fn send_file(root: &Path, path: &str, to: &ByteSender) -> Result<(), ArtifactError> {
    let mut file = open_regular(root, path)?;
    loop {
        let mut part = Vec::with_capacity(PART_BYTES);
        let read = file.by_ref().take(PART_BYTES as u64).read_to_end(&mut part);
        if read.map_err(|error| io_error(&error))? == 0 {
            return Ok(());
        }
        if to.blocking_send(part).is_err() {
            return reject(StoreErrorKind::ServerError, "cancelled");
        }
    }
}

/// The first `limit` bytes of a file.
pub(super) fn read_prefix(root: &Path, path: &str, limit: u64) -> Result<Preview, ArtifactError> {
    let file = open_regular(root, path)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| io_error(&error))?;
    let truncated = bytes.len() as u64 > limit;
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Preview {
        bytes,
        is_truncated: truncated,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("plots")).unwrap();
        std::fs::write(root.join("metrics.json"), "{\"a\": 1}").unwrap();
        std::fs::write(root.join("plots/roc.txt"), "0123456789").unwrap();
        std::fs::write(folder.path().join("secret"), "no").unwrap();
        std::os::unix::fs::symlink("../secret", root.join("out")).unwrap();
        std::os::unix::fs::symlink("..", root.join("up")).unwrap();
        std::os::unix::fs::symlink("metrics.json", root.join("in")).unwrap();
        folder
    }

    fn kind<T>(result: Result<T, ArtifactError>) -> Option<StoreErrorKind> {
        result.err().map(|(kind, _)| kind)
    }

    #[test]
    fn lists_directories_first_and_escaping_links_without_size() {
        let folder = fixture();
        let entries = list_directory(&folder.path().join("root"), "").unwrap();
        let entries: Vec<_> = entries
            .iter()
            .map(|entry| (entry.path.raw(), entry.is_dir, entry.size))
            .collect();
        assert_eq!(
            entries,
            [
                ("plots", true, None),
                ("in", false, Some(8)),
                ("metrics.json", false, Some(8)),
                ("out", false, None),
                ("up", false, None)
            ]
        );
        assert_eq!(
            list_directory(&folder.path().join("root"), "plots").unwrap()[0]
                .path
                .raw(),
            "plots/roc.txt"
        );
    }

    #[test]
    fn preview_reports_truncation() {
        let folder = fixture();
        let root = folder.path().join("root");
        assert_eq!(
            read_prefix(&root, "plots/roc.txt", 4).unwrap(),
            Preview {
                bytes: b"0123".to_vec(),
                is_truncated: true
            }
        );
        assert_eq!(
            read_prefix(&root, "plots/roc.txt", 10).unwrap(),
            Preview {
                bytes: b"0123456789".to_vec(),
                is_truncated: false
            }
        );
    }

    #[test]
    fn paths_cannot_escape_the_root() {
        let folder = fixture();
        let root = folder.path().join("root");
        let absolute = folder.path().join("secret");
        for path in [
            "../secret",
            "plots/../../secret",
            "out",
            "up/secret",
            absolute.to_str().unwrap(),
            "a\0b",
            "./metrics.json",
        ] {
            assert_eq!(
                kind(read_prefix(&root, path, 10)),
                Some(StoreErrorKind::InvalidRequest),
                "{path:?}"
            );
        }
        assert_eq!(
            kind(list_directory(&root, "up")),
            Some(StoreErrorKind::InvalidRequest)
        );
        assert_eq!(
            kind(read_prefix(&root, "absent", 10)),
            Some(StoreErrorKind::NotFound)
        );
        assert_eq!(
            kind(read_prefix(&root, "plots", 10)),
            Some(StoreErrorKind::InvalidRequest)
        );
    }

    #[test]
    fn pipes_are_rejected() {
        let folder = fixture();
        let root = folder.path().join("root");
        let status = std::process::Command::new("mkfifo")
            .arg(root.join("pipe"))
            .status()
            .unwrap();
        assert!(status.success());
        assert_eq!(
            kind(read_prefix(&root, "pipe", 10)),
            Some(StoreErrorKind::InvalidRequest)
        );
    }
}
