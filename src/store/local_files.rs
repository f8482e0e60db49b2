//! Files of a store on this machine, read safely: only under a given root, only plain files and folders, only as
//! much as was asked for. A link may lead anywhere inside the root and nowhere else.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use super::limits;
use crate::domain::{Artifact, FaultKind, Preview};
use crate::text::Untrusted;

/// Why a file is not read: the kind, and a text.
pub(super) type Refusal = (FaultKind, String);

fn refuse<T>(kind: FaultKind, why: impl Into<String>) -> Result<T, Refusal> {
    Err((kind, why.into()))
}

fn failed(error: &std::io::Error) -> Refusal {
    let kind = match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FaultKind::Missing,
        ErrorKind::PermissionDenied => FaultKind::Denied,
        _ => FaultKind::Broken,
    };
    (kind, error.to_string())
}

/// The path of something under a root, with every link followed.
fn inside(root: &Path, path: &str) -> Result<PathBuf, Refusal> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if path.contains('\0') || !Path::new(path).components().all(plain) {
        return refuse(
            FaultKind::Invalid,
            "the path leads out of the artifacts' folder",
        );
    }
    let root = root.canonicalize().map_err(|error| failed(&error))?;
    let found = root
        .join(path)
        .canonicalize()
        .map_err(|error| failed(&error))?;
    if found.starts_with(&root) {
        Ok(found)
    } else {
        refuse(
            FaultKind::Invalid,
            "the path is a link that leads out of the artifacts' folder",
        )
    }
}

/// The files and folders directly under `path`, folders first, each by name.
pub(super) fn list(root: &Path, path: &str) -> Result<Vec<Artifact>, Refusal> {
    let folder = inside(root, path)?;
    if !folder.is_dir() {
        return refuse(FaultKind::Invalid, "it is a file, not a folder");
    }
    let mut artifacts = Vec::new();
    for entry in folder.read_dir().map_err(|error| failed(&error))? {
        let entry = entry.map_err(|error| failed(&error))?;
        if artifacts.len() == limits::FOLDER_ENTRIES {
            return refuse(
                FaultKind::TooLarge,
                format!(
                    "the folder has more than {} entries",
                    limits::FOLDER_ENTRIES
                ),
            );
        }
        artifacts.push(artifact(root, path, &entry.file_name()));
    }
    artifacts.sort_by(|a, b| b.is_dir.cmp(&a.is_dir).then_with(|| a.path.cmp(&b.path)));
    Ok(artifacts)
}

/// One entry of a folder. What can't be read, or leads out, is listed without a size; asking for it says why.
fn artifact(root: &Path, folder: &str, name: &OsStr) -> Artifact {
    let name = name.to_string_lossy();
    let path = if folder.is_empty() {
        name.into_owned()
    } else {
        format!("{}/{name}", folder.trim_end_matches('/'))
    };
    let found = inside(root, &path)
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

/// The first `limit` bytes of a file.
pub(super) fn preview(root: &Path, path: &str, limit: u64) -> Result<Preview, Refusal> {
    let found = inside(root, path)?;
    // Asked before opening: to open a pipe waits for its other end.
    if !found.metadata().map_err(|error| failed(&error))?.is_file() {
        return refuse(FaultKind::Invalid, "it is not a plain file");
    }
    let file = File::open(&found).map_err(|error| failed(&error))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    let truncated = bytes.len() as u64 > limit;
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Preview { bytes, truncated })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
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

    fn kind<T>(answer: Result<T, Refusal>) -> Option<FaultKind> {
        answer.err().map(|(kind, _)| kind)
    }

    #[test]
    fn folders_come_first_and_links_that_lead_out_have_no_size() {
        let folder = folder();
        let listed = list(&folder.path().join("root"), "").unwrap();
        let listed: Vec<_> = listed
            .iter()
            .map(|entry| (entry.path.raw(), entry.is_dir, entry.size))
            .collect();
        assert_eq!(
            listed,
            [
                ("plots", true, None),
                ("in", false, Some(8)),
                ("metrics.json", false, Some(8)),
                ("out", false, None),
                ("up", false, None)
            ]
        );
        assert_eq!(
            list(&folder.path().join("root"), "plots").unwrap()[0]
                .path
                .raw(),
            "plots/roc.txt"
        );
    }

    #[test]
    fn a_preview_is_cut_and_says_so() {
        let folder = folder();
        let root = folder.path().join("root");
        assert_eq!(
            preview(&root, "plots/roc.txt", 4).unwrap(),
            Preview {
                bytes: b"0123".to_vec(),
                truncated: true
            }
        );
        assert_eq!(
            preview(&root, "plots/roc.txt", 10).unwrap(),
            Preview {
                bytes: b"0123456789".to_vec(),
                truncated: false
            }
        );
    }

    #[test]
    fn nothing_leads_out_of_the_root() {
        let folder = folder();
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
                kind(preview(&root, path, 10)),
                Some(FaultKind::Invalid),
                "{path:?}"
            );
        }
        assert_eq!(kind(list(&root, "up")), Some(FaultKind::Invalid));
        assert_eq!(kind(preview(&root, "absent", 10)), Some(FaultKind::Missing));
        assert_eq!(kind(preview(&root, "plots", 10)), Some(FaultKind::Invalid));
    }

    #[test]
    fn a_pipe_is_not_opened() {
        let folder = folder();
        let root = folder.path().join("root");
        let made = std::process::Command::new("mkfifo")
            .arg(root.join("pipe"))
            .status()
            .unwrap();
        assert!(made.success());
        assert_eq!(kind(preview(&root, "pipe", 10)), Some(FaultKind::Invalid));
    }
}
