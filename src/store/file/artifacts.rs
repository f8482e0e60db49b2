//! Artifacts of runs and logged models. MLflow stores absolute locations; those of a store that was
//! moved are found beside the run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::index::Index;
use super::layout::META_FILE;
use super::logged_models;
use super::meta::{self, LoggedModelMeta};
use super::small_file::read_text;
use crate::domain::{Artifact, ArtifactOwner, Preview, StoreError};
use crate::store::artifact_location::{list_missing_root, local_path};
use crate::store::local::run_blocking;
use crate::store::local_artifacts::{ArtifactError, list_directory, read_prefix, send_file};
use crate::store::{ByteSender, Result, limits};

/// The folder of artifacts beside a run's or a logged model's data.
const ARTIFACTS_DIR: &str = "artifacts";

/// The files and folders directly under `path`.
pub(super) async fn list(
    index: &Arc<Index>,
    owner: &ArtifactOwner,
    path: &str,
) -> Result<Vec<Artifact>> {
    let path = path.to_owned();
    with_root(index, "listing artifacts", owner, move |root| {
        if path.is_empty() && !root.exists() {
            return list_missing_root(root);
        }
        list_directory(root, &path)
    })
    .await
}

/// The first bytes of a file.
pub(super) async fn preview(
    index: &Arc<Index>,
    owner: &ArtifactOwner,
    path: &str,
    limit: u64,
) -> Result<Preview> {
    let (path, limit) = (path.to_owned(), limit.min(limits::ARTIFACT_BYTES));
    with_root(index, "reading an artifact", owner, move |root| {
        read_prefix(root, &path, limit)
    })
    .await
}

/// Sends all bytes of a file.
pub(super) async fn read(
    index: &Arc<Index>,
    owner: &ArtifactOwner,
    path: &str,
    to: &ByteSender,
) -> Result<()> {
    let (path, to) = (path.to_owned(), to.clone());
    with_root(index, "reading an artifact", owner, move |root| {
        send_file(root, &path, &to)
    })
    .await
}

async fn with_root<T: Send + 'static>(
    index: &Arc<Index>,
    action: &str,
    owner: &ArtifactOwner,
    work: impl FnOnce(&Path) -> Result<T, ArtifactError> + Send + 'static,
) -> Result<T> {
    let what = match owner {
        ArtifactOwner::Run(id) => format!("{action} of run {}", id.clean()),
        ArtifactOwner::LoggedModel(id) => format!("{action} of logged model {}", id.clean()),
    };
    let (index, owner, what_owned) = (Arc::clone(index), owner.clone(), what.clone());
    run_blocking(&what, move || {
        let (dir, location) = locate(&index, &what_owned, &owner)?;
        resolve(index.root(), &dir, &location)
            .and_then(|root| work(&root))
            .map_err(|(kind, why)| StoreError::new(kind, what_owned, why))
    })
    .await?
}

/// The folder of an owner, and the location of its artifacts.
fn locate(index: &Index, what: &str, owner: &ArtifactOwner) -> Result<(PathBuf, String)> {
    match owner {
        ArtifactOwner::Run(id) => {
            let entry = index.find(what, id)?;
            let location = entry.header.artifact_uri.raw().to_owned();
            Ok((entry.dir.clone(), location))
        }
        ArtifactOwner::LoggedModel(id) => {
            let (dir, _) = logged_models::find(index, what, id)?;
            let file = read_text(&dir.join(META_FILE), limits::FILE_STORE_META_BYTES);
            let meta = file.and_then(|text| meta::parse::<LoggedModelMeta>(&text));
            let location = meta.ok().and_then(|meta| meta.artifact_location);
            Ok((dir, location.unwrap_or_default()))
        }
    }
}

/// The folder of artifacts: the recorded one if it exists, else the one beside the data.
fn resolve(root: &Path, dir: &Path, location: &str) -> Result<PathBuf, ArtifactError> {
    // MLflow resolves a relative location in its working folder, which most often contains `mlruns/`.
    let base = root.parent().unwrap_or(root);
    let recorded = local_path(location, base);
    if recorded.as_ref().is_ok_and(|path| path.exists()) {
        return recorded;
    }
    let beside = dir.join(ARTIFACTS_DIR);
    let is_remote = recorded.is_err() && !location.is_empty();
    // MLflow creates the folder beside a run whose artifacts are elsewhere, too.
    let has_files = || {
        beside
            .read_dir()
            .is_ok_and(|mut found| found.next().is_some())
    };
    if beside.is_dir() && (!is_remote || has_files()) {
        return Ok(beside);
    }
    recorded
}
