//! Where the policy is: what was named, else `frontrunner.toml` beside the project, else the config folder's.

use std::io;
use std::path::{Path, PathBuf};

/// The file beside a project.
pub const PROJECT_FILE: &str = "frontrunner.toml";

/// The file in the config folder.
const OWN_FILE: &str = "policy.toml";

/// The longest policy that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// A policy as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyText {
    /// Where.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// Finds and reads the policy. Above `here` it is looked for up to the folder that holds `.git`, or the root.
///
/// # Errors
/// When one that was named is not there, or one that is there can't be read: that must not pass for no policy.
pub fn policy_text(
    named: Option<&Path>,
    here: &Path,
    config: &Path,
) -> Result<Option<PolicyText>, (PathBuf, io::Error)> {
    if let Some(path) = named {
        return read(path)
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
    places.push(config.join(OWN_FILE));
    for path in places {
        match read(&path) {
            Ok(found) => return Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err((path, error)),
        }
    }
    Ok(None)
}

fn read(path: &Path) -> io::Result<PolicyText> {
    if std::fs::metadata(path)?.len() > LONGEST {
        return Err(io::Error::other(format!(
            "it has more than {LONGEST} bytes"
        )));
    }
    Ok(PolicyText {
        path: path.to_owned(),
        text: std::fs::read_to_string(path)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_policy_counts_and_a_broken_one_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let (project, inner, config) = (
            folder.path().join("p"),
            folder.path().join("p/a/b"),
            folder.path().join("c"),
        );
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::create_dir_all(&config).unwrap();
        let found =
            || policy_text(None, &inner, &config).map(|found| found.map(|found| found.text));
        assert_eq!(found().unwrap(), None);
        std::fs::write(config.join(OWN_FILE), "own").unwrap();
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
        assert!(policy_text(Some(&project.join("gone.toml")), &inner, &config).is_err());
    }
}
