//! Finds the policy files. They add up: the user's own, those of the settings and of the profile, and the project's.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::{Trust, read_file};

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
    /// Whether it is the project's, which can only tighten the user's own rules.
    pub is_project: bool,
    /// Whether it is a link, whose lines may be those of a private file.
    pub is_link: bool,
}

/// Where policies are looked for.
#[derive(Clone, Copy, Debug)]
pub struct PolicySearch<'a> {
    /// Files that options, variables, settings and the profile name.
    pub named: &'a [PathBuf],
    /// The folder in which the search for the project's file begins.
    pub here: &'a Path,
    /// The folder in which it ends, if no folder before has `.git`.
    pub home: Option<&'a Path>,
    /// The config folder.
    pub config: &'a Path,
}

impl PolicySearch<'_> {
    /// The folders that can have the project's file, the current one first.
    fn project_folders(&self) -> impl Iterator<Item = &Path> {
        let mut is_past_end = false;
        self.here.ancestors().take_while(move |folder| {
            let is_past = is_past_end;
            is_past_end |= folder.join(".git").exists() || Some(*folder) == self.home;
            !is_past
        })
    }

    /// All files that are looked for, in the order of [`find_policies`].
    #[must_use]
    pub fn places(&self) -> Vec<PathBuf> {
        let user = std::iter::once(self.config.join(USER_FILE));
        let named = self.named.iter().cloned();
        let project = self.project_folders();
        let project = project.map(|folder| folder.join(PROJECT_FILE));
        user.chain(named).chain(project).collect()
    }
}

/// Reads all policy files: `policy.toml` in the config folder, the named ones, and the first `frontrunner.toml` in the current
/// folder or above it.
///
/// # Errors
/// If a named file does not exist, or a file that exists can't be read or is not to be trusted: that must not pass for no
/// policy.
pub fn find_policies(search: PolicySearch<'_>) -> Result<Vec<PolicyFile>, (PathBuf, io::Error)> {
    let mut found: Vec<PolicyFile> = Vec::new();
    let mut add = |path: &Path, is_project: bool, must_exist: bool| {
        let is_known = |known: &PolicyFile| is_same_file(&known.path, path);
        if found.iter().any(is_known) {
            return Ok(true);
        }
        match read_file(path, MAX_BYTES, Trust::Owner) {
            Ok(file) => found.push(PolicyFile {
                path: path.to_owned(),
                text: file.text,
                is_project,
                is_link: file.is_link,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => {
                return Ok(false);
            }
            Err(error) => return Err((path.to_owned(), error)),
        }
        Ok(true)
    };
    add(&search.config.join(USER_FILE), false, false)?;
    for path in search.named {
        add(path, false, true)?;
    }
    for folder in search.project_folders() {
        if add(&folder.join(PROJECT_FILE), true, false)? {
            break;
        }
    }
    Ok(found)
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_add_up_and_a_broken_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let (project, inner, config) = (
            folder.path().join("p"),
            folder.path().join("p/a/b"),
            folder.path().join("c"),
        );
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::create_dir_all(&config).unwrap();
        let find = |named: &[PathBuf], home: Option<&Path>| {
            let search = PolicySearch {
                named,
                here: &inner,
                home,
                config: &config,
            };
            let texts = |found: Vec<PolicyFile>| {
                let texts = found.into_iter().map(|file| (file.text, file.is_project));
                texts.collect::<Vec<_>>()
            };
            find_policies(search).map(texts)
        };
        let own = || ("own".to_owned(), false);
        let of_project = || ("project".to_owned(), true);
        assert_eq!(find(&[], None).unwrap(), []);
        std::fs::write(config.join(USER_FILE), "own").unwrap();
        assert_eq!(find(&[], None).unwrap(), [own()]);
        std::fs::write(project.join(PROJECT_FILE), "project").unwrap();
        assert_eq!(find(&[], None).unwrap(), [own(), of_project()]);
        assert_eq!(find(&[], Some(&inner)).unwrap(), [own()]);
        let named = [project.join(PROJECT_FILE)];
        let as_named = ("project".to_owned(), false);
        assert_eq!(find(&named, None).unwrap(), [own(), as_named]);
        std::fs::create_dir(inner.join(".git")).unwrap();
        assert_eq!(
            find(&[], None).unwrap(),
            [own()],
            "the search stops at the repository's root"
        );
        std::fs::write(inner.join(PROJECT_FILE), [0xff, 0xfe]).unwrap();
        assert!(find(&[], None).is_err());
        assert!(find(&[project.join("gone.toml")], None).is_err());
    }
}
