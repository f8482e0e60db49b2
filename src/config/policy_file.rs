//! Where the policy is: what was named, else `frontrunner.toml` beside the project, else the config folder's.

use std::io;
use std::path::{Path, PathBuf};

/// The file beside a project.
pub const PROJECT_FILE: &str = "frontrunner.toml";

/// The file in the config folder.
const USER_FILE: &str = "policy.toml";

/// The longest policy that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A policy as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFile {
    /// Where.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// Finds and reads the policy. Above `here` it is looked for up to the folder that holds `.git`, or the root.
///
/// # Errors
/// When one that was named is not there, or one that is there can't be read: that must not pass for no policy.
pub fn find_policy(
    named: Option<&Path>,
    here: &Path,
    config: &Path,
) -> Result<Option<PolicyFile>, (PathBuf, io::Error)> {
    if let Some(path) = named {
        return read_policy_file(path)
            .map(Some)
            .map_err(|error| (path.to_owned(), error));
    }
    let mut places = Vec::new();
    for folder in here.ancestors() {
        places.push(folder.join(PROJECT_FILE));
        if folder.join(".git").exists() {
            break;
        }
    }
    places.push(config.join(USER_FILE));
    for path in places {
        match read_policy_file(&path) {
            Ok(found) => return Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err((path, error)),
        }
    }
    Ok(None)
}

fn read_policy_file(path: &Path) -> io::Result<PolicyFile> {
    if std::fs::metadata(path)?.len() > MAX_BYTES {
        return Err(io::Error::other(format!(
            "it has more than {MAX_BYTES} bytes"
        )));
    }
    Ok(PolicyFile {
        path: path.to_owned(),
        text: std::fs::read_to_string(path)?,
    })
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
            "another project's policy is not ours"
        );
        std::fs::write(inner.join(PROJECT_FILE), [0xff, 0xfe]).unwrap();
        assert!(found().is_err());
        assert!(find_policy(Some(&project.join("gone.toml")), &inner, &config).is_err());
    }
}
