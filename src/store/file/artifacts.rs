//! Artifacts of runs and logged models. MLflow stores absolute locations; those of a store that was
//! moved are found beside the run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::FileStore;
use super::index::Index;
use super::layout::META_FILE;
use super::logged_models;
use super::meta::{self, LoggedModelMeta};
use super::small_file::read_text;
use crate::domain::{Artifact, ArtifactOwner, Preview, StoreError};
use crate::store::artifact_location::ArtifactRoot;
use crate::store::local::run_blocking;
use crate::store::local_artifacts::ArtifactError;
use crate::store::{ByteSender, Result, limits};

/// The folder of artifacts beside a run's or a logged model's data.
const ARTIFACTS_DIR: &str = "artifacts";

/// The files and folders directly under `path`.
pub(super) async fn list(
    store: &FileStore,
    owner: &ArtifactOwner,
    path: &str,
) -> Result<Vec<Artifact>> {
    let (root, what) = find_root(store, "listing artifacts", owner).await?;
    root.list(&store.objects, path, &what).await
}

/// The first bytes of a file.
pub(super) async fn preview(
    store: &FileStore,
    owner: &ArtifactOwner,
    path: &str,
    limit: u64,
) -> Result<Preview> {
    let (root, what) = find_root(store, "reading an artifact", owner).await?;
    root.preview(&store.objects, (path, limit), &what).await
}

/// Sends all bytes of a file.
pub(super) async fn read(
    store: &FileStore,
    owner: &ArtifactOwner,
    path: &str,
    to: &ByteSender,
) -> Result<()> {
    let (root, what) = find_root(store, "reading an artifact", owner).await?;
    root.read(&store.objects, (path, to), &what).await
}

/// The root of an owner's artifacts, and the action in words.
async fn find_root(
    store: &FileStore,
    action: &str,
    owner: &ArtifactOwner,
) -> Result<(ArtifactRoot, String)> {
    let what = match owner {
        ArtifactOwner::Run(id) => format!("{action} of run {}", id.clean()),
        ArtifactOwner::LoggedModel(id) => format!("{action} of logged model {}", id.clean()),
    };
    let (index, owner, what_owned) = (Arc::clone(&store.index), owner.clone(), what.clone());
    let root = run_blocking(&what, move || {
        let (dir, location) = locate(&index, &what_owned, &owner)?;
        resolve(index.root(), &dir, &location)
            .map_err(|(kind, why)| StoreError::new(kind, what_owned, why))
    });
    Ok((root.await??, what))
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

/// The root of artifacts: the recorded one if it exists, else the folder beside the data.
fn resolve(root: &Path, dir: &Path, location: &str) -> Result<ArtifactRoot, ArtifactError> {
    // MLflow resolves a relative location in its working folder, which most often contains `mlruns/`.
    let base = root.parent().unwrap_or(root);
    let recorded = ArtifactRoot::parse(location, base);
    if matches!(&recorded, Ok(ArtifactRoot::Local(path)) if path.exists()) {
        return recorded;
    }
    let beside = dir.join(ARTIFACTS_DIR);
    let is_local = matches!(recorded, Ok(ArtifactRoot::Local(_)));
    let is_remote = !is_local && !location.is_empty();
    // MLflow creates the folder beside a run whose artifacts are elsewhere, too.
    let has_files = || {
        beside
            .read_dir()
            .is_ok_and(|mut found| found.next().is_some())
    };
    if beside.is_dir() && (!is_remote || has_files()) {
        return Ok(ArtifactRoot::Local(beside));
    }
    recorded
}
