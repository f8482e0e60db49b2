//! Differences that need reading first: files of two runs or models, and commits of a local git repository.

use std::collections::BTreeMap;

use tokio::task::spawn_blocking;

use super::RequestError;
use super::lineage::run_git;
use crate::analysis::value_diff::{
    DiffLine, diff_requirements, diff_text, is_environment_file, parse_unified_diff,
};
use crate::domain::{ArtifactOwner, RunId};
use crate::store::{ReadStore, Result, limits};
use crate::text::untrusted::clean;

/// How many files of a run are compared at most.
const MAX_FILES: usize = 2_000;

/// A pair to compare line by line.
#[derive(Clone, Debug)]
pub enum DiffTarget {
    /// Two files, each as its owner and its path there.
    Files {
        /// Selects how the files are compared: see [`CommonFile::path`].
        path: String,
        /// The old file.
        before: (ArtifactOwner, String),
        /// The new file.
        after: (ArtifactOwner, String),
    },
    /// Two commits of the repository in the working directory.
    Commits {
        /// The old commit.
        before: String,
        /// The new commit.
        after: String,
    },
}

/// A file that two runs have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommonFile {
    /// The path in both runs; a file of a logged model has the model's name as its first folder.
    pub path: String,
    /// Owner in the first run, and path there.
    pub before: (ArtifactOwner, String),
    /// Owner in the second run, and path there.
    pub after: (ArtifactOwner, String),
    /// In bytes, where the store knows both.
    pub sizes: Option<(u64, u64)>,
}

/// Compares two files or commits.
///
/// # Errors
/// When a file cannot be read or is not text, or when git fails.
pub async fn diff(
    reader: &dyn ReadStore,
    target: DiffTarget,
) -> Result<Vec<DiffLine>, RequestError> {
    match target {
        DiffTarget::Files {
            path,
            before,
            after,
        } => {
            let before = read_text(reader, &before.0, &before.1).await?;
            let after = read_text(reader, &after.0, &after.1).await?;
            spawn_blocking(move || {
                if is_environment_file(&path) {
                    diff_requirements(&before, &after)
                } else {
                    diff_text(&before, &after)
                }
            })
            .await
            .map_err(RequestError::from)
        }
        DiffTarget::Commits { before, after } => {
            spawn_blocking(move || diff_commits(&before, &after)).await?
        }
    }
}

async fn read_text(
    reader: &dyn ReadStore,
    owner: &ArtifactOwner,
    path: &str,
) -> Result<String, RequestError> {
    let preview = reader.preview(owner, path, limits::DIFF_BYTES).await?;
    let text = preview.text().map(|text| text.raw().to_owned());
    text.ok_or_else(|| {
        RequestError::new(
            format!("{} is not a text file", clean(path)),
            "press I to show an image; the table shows sizes and digests",
        )
    })
}

/// The files with the same path in both runs: run artifacts, and artifacts of logged models with the same name.
///
/// # Errors
/// When the artifacts cannot be listed.
pub async fn common_files(
    reader: &dyn ReadStore,
    before: &RunId,
    after: &RunId,
) -> Result<Vec<CommonFile>> {
    let before = list_files(reader, before).await?;
    let after = list_files(reader, after).await?;
    let common = |(path, file): (String, ArtifactLocation)| {
        let other = after.get(&path)?.clone();
        Some(CommonFile {
            path,
            before: (file.owner, file.path),
            after: (other.owner, other.path),
            sizes: file.size.zip(other.size),
        })
    };
    Ok(before.into_iter().filter_map(common).collect())
}

#[derive(Clone)]
struct ArtifactLocation {
    owner: ArtifactOwner,
    path: String,
    /// In bytes.
    size: Option<u64>,
}

async fn list_files(
    reader: &dyn ReadStore,
    id: &RunId,
) -> Result<BTreeMap<String, ArtifactLocation>> {
    let mut files = BTreeMap::new();
    walk_artifacts(reader, &ArtifactOwner::Run(id.clone()), "", &mut files).await?;
    let run = reader.run(id).await?;
    // Stores before MLflow 3 have no logged models.
    let models = reader
        .logged_models(&run.experiment_id, id)
        .await
        .unwrap_or_default();
    for model in models {
        let prefix = format!("{}/", model.name.raw());
        let owner = ArtifactOwner::LoggedModel(model.id);
        walk_artifacts(reader, &owner, &prefix, &mut files).await?;
    }
    Ok(files)
}

async fn walk_artifacts(
    reader: &dyn ReadStore,
    owner: &ArtifactOwner,
    prefix: &str,
    files: &mut BTreeMap<String, ArtifactLocation>,
) -> Result<()> {
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for artifact in reader.artifacts(owner, &folder).await? {
            let path = artifact.path.raw().to_owned();
            if files.len() >= MAX_FILES {
                return Ok(());
            }
            if !artifact.is_dir {
                let location = ArtifactLocation {
                    owner: owner.clone(),
                    path: path.clone(),
                    size: artifact.size,
                };
                files.insert(format!("{prefix}{path}"), location);
            } else if path.len() > folder.len() && folders.len() < MAX_FILES {
                folders.push(path);
            }
        }
    }
    Ok(())
}

/// `git diff` in the repository that the program was started in.
fn diff_commits(before: &str, after: &str) -> Result<Vec<DiffLine>, RequestError> {
    let arguments = [
        "diff",
        "--no-color",
        "--no-ext-diff",
        "--no-textconv",
        "--submodule=short",
        "--ignore-submodules=all",
        "--stat",
        "--patch",
        before,
        after,
        "--",
    ];
    match run_git(&arguments, &[before, after]) {
        Ok(text) => Ok(parse_unified_diff(&text)),
        Err(why) => Err(RequestError::new(
            why,
            "start frontrunner in a checkout of the repository, and git fetch",
        )),
    }
}
