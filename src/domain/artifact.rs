//! Artifacts of runs and logged models.

use super::ids::{LoggedModelId, RunId};
use crate::text::untrusted::Untrusted;

/// The owner of artifacts. MLflow 3 stores a model's files with the logged model, not with its run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ArtifactOwner {
    /// A run.
    Run(RunId),
    /// A logged model (MLflow 3).
    LoggedModel(LoggedModelId),
}

/// A file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Relative to the owner's root, with `/` as separator.
    pub path: Untrusted,
    /// Whether it can be listed.
    pub is_dir: bool,
    /// In bytes, if the store reports it; `None` for folders.
    pub size: Option<u64>,
}

impl Artifact {
    /// The last component of the path.
    #[must_use]
    pub fn file_name(&self) -> Untrusted {
        Untrusted::from(self.path.raw().rsplit('/').next().unwrap_or_default())
    }
}

/// The first bytes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// At most the requested number of bytes.
    pub bytes: Vec<u8>,
    /// Whether the file is longer.
    pub is_truncated: bool,
}

impl Preview {
    /// The bytes as text; `None` for binary data. In a truncated file, an incomplete last character is
    /// dropped.
    #[must_use]
    pub fn text(&self) -> Option<Untrusted> {
        if self.bytes.contains(&0) {
            return None;
        }
        let valid = match std::str::from_utf8(&self.bytes) {
            Ok(text) => text,
            Err(error) if self.is_truncated && error.error_len().is_none() => {
                std::str::from_utf8(self.bytes.get(..error.valid_up_to())?).ok()?
            }
            Err(_) => return None,
        };
        Some(Untrusted::from(valid.trim_start_matches('\u{feff}')))
    }
}
