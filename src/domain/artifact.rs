//! Artifacts: the files that a run or a logged model left.

use super::ids::{LoggedModelId, RunId};
use crate::text::untrusted::Untrusted;

/// Whose artifacts are meant. MLflow 3 keeps a model's files with the logged model, not with its run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ArtifactOwner {
    /// A run's.
    Run(RunId),
    /// A logged model's.
    LoggedModel(LoggedModelId),
}

/// A file or a folder among the artifacts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// Where it is, from the root of its home, with `/` between the parts.
    pub path: Untrusted,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Its size in bytes, where the store says it; folders have none.
    pub size: Option<u64>,
}

impl Artifact {
    /// The last part of the path.
    #[must_use]
    pub fn file_name(&self) -> Untrusted {
        Untrusted::from(self.path.raw().rsplit('/').next().unwrap_or_default())
    }
}

/// The beginning of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// At most as many bytes as were asked for.
    pub bytes: Vec<u8>,
    /// Whether the file goes on after them.
    pub is_truncated: bool,
}

impl Preview {
    /// The bytes as text, or nothing when they are not text. A cut through a character's last bytes is
    /// forgiven when the file was cut.
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
