//! Finds the policy file.

use std::io;
use std::path::{Path, PathBuf};

use super::read_bounded;

/// Name of a project's policy file.
pub const PROJECT_FILE: &str = "frontrunner.toml";

/// Name of the policy file in the config folder.
const USER_FILE: &str = "policy.toml";

const MAX_BYTES: u64 = 1 << 20;

/// A policy file, not yet parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFile {
    /// As found: relative to the current folder or absolute.
    pub path: PathBuf,
    /// TOML.
    pub text: String,
}

/// Reads the policy file: `named`, else `frontrunner.toml` in `here` or its parents up to the folder
/// with `.git`, else `policy.toml` in `config`.
///
/// # Errors
/// If `named` does not exist, or a file that exists can't be read: that must not pass for no policy.
pub fn find_policy(
    named: Option<&Path>,
    here: &Path,
    config: &Path,
) -> Result<Option<PolicyFile>, (PathBuf, io::Error)> {
    if let Some(path) = named {
        let text = read_bounded(path, MAX_BYTES).map_err(|error| (path.to_owned(), error))?;
        let path = path.to_owned();
        return Ok(Some(PolicyFile { path, text }));
    }
    let mut candidates = Vec::new();
    for folder in here.ancestors() {
        candidates.push(folder.join(PROJECT_FILE));
        if folder.join(".git").exists() {
            break;
        }
    }
    candidates.push(config.join(USER_FILE));
    for path in candidates {
        match read_bounded(&path, MAX_BYTES) {
            Ok(text) => return Ok(Some(PolicyFile { path, text })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err((path, error)),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_policy_wins_and_a_broken_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (project, inner, config) = (
            folder.path().join("p"),
            folder.path().join("p/a/b"),
            folder.path().join("c"),
        );
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::create_dir_all(&config).unwrap();
        let found =
            || find_policy(None, &inner, &config).map(|found| found.map(|found| found.text));
        assert_eq!(found().unwrap(), None);
        std::fs::write(config.join(USER_FILE), "own").unwrap();
        assert_eq!(found().unwrap().as_deref(), Some("own"));
        std::fs::write(project.join(PROJECT_FILE), "project").unwrap();
        assert_eq!(found().unwrap().as_deref(), Some("project"));
        std::fs::create_dir(inner.join(".git")).unwrap();
        assert_eq!(
            found().unwrap().as_deref(),
            Some("own"),
            "the search stops at the repository's root"
        );
        std::fs::write(inner.join(PROJECT_FILE), [0xff, 0xfe]).unwrap();
        assert!(found().is_err());
        assert!(find_policy(Some(&project.join("gone.toml")), &inner, &config).is_err());
    }
}
