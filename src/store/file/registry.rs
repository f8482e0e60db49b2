//! The registry: `models/NAME/` in the root, without prompts in listings and without deleted versions,
//! which MLflow keeps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::index::Index;
use super::layout::{META_FILE, MODELS_DIR, child, subfolders};
use super::meta::{self, ModelMeta, VersionMeta, integer, text};
use super::run_data::{mark_unreadable, read_pairs};
use super::small_file::{Problems, read_text};
use crate::domain::{
    Alias, KeyValue, ModelName, ModelVersion, RegisteredModel, RunId, Stage, StoreError,
    StoreErrorKind, VersionNumber, VersionStatus,
};
use crate::store::local::run_blocking;
use crate::store::{Result, limits};

/// The stage of a version that MLflow deleted.
pub(super) const DELETED_STAGE: &str = "Deleted_Internal";
pub(super) const ALIASES_DIR: &str = "aliases";
const VERSION_PREFIX: &str = "version-";

/// All models without prompts, by name.
pub(super) async fn models(index: &Arc<Index>) -> Result<Vec<RegisteredModel>> {
    list(index, "reading registered models", false).await
}

/// All prompts, by name.
pub(super) async fn prompts(index: &Arc<Index>) -> Result<Vec<RegisteredModel>> {
    list(index, "reading prompts", true).await
}

async fn list(index: &Arc<Index>, what: &str, prompts: bool) -> Result<Vec<RegisteredModel>> {
    read(index, what, move |root| {
        let models = model_dirs(root).into_iter().map(|dir| read_model(&dir));
        Ok(models
            .filter(|model| model.is_prompt() == prompts)
            .collect())
    })
    .await
}

/// One model; a prompt, too.
pub(super) async fn model(index: &Arc<Index>, name: &ModelName) -> Result<RegisteredModel> {
    let (what, name) = (format!("reading model {}", name.clean()), name.clone());
    read(index, &what, move |root| {
        model_dir(root, &name).map(|dir| read_model(&dir))
    })
    .await
}

/// The versions of a model, newest first.
pub(super) async fn versions(index: &Arc<Index>, name: &ModelName) -> Result<Vec<ModelVersion>> {
    let what = format!("reading versions of {}", name.clean());
    let name = name.clone();
    read(index, &what, move |root| {
        model_dir(root, &name).map(|dir| read_versions(&dir))
    })
    .await
}

/// The versions of all models that a predicate selects, by model, newest first.
pub(super) async fn versions_where(
    index: &Arc<Index>,
    what: &str,
    is_wanted: impl Fn(&ModelVersion) -> bool + Send + 'static,
) -> Result<Vec<ModelVersion>> {
    read(index, what, move |root| {
        let versions = model_dirs(root)
            .into_iter()
            .flat_map(|dir| read_versions(&dir));
        Ok(versions.filter(|version| is_wanted(version)).collect())
    })
    .await
}

async fn read<T: Send + 'static>(
    index: &Arc<Index>,
    what: &str,
    query: impl FnOnce(&Path) -> Result<T, &'static str> + Send + 'static,
) -> Result<T> {
    let (index, what_owned) = (Arc::clone(index), what.to_owned());
    run_blocking(what, move || {
        query(index.root())
            .map_err(|why| StoreError::new(StoreErrorKind::NotFound, what_owned, why))
    })
    .await?
}

/// The folder of a model.
pub(super) fn model_dir(root: &Path, name: &ModelName) -> Result<PathBuf, &'static str> {
    child(&root.join(MODELS_DIR), name.raw())
        .filter(|dir| dir.join(META_FILE).is_file())
        .ok_or("no such model")
}

/// A store of MLflow 1 has no registry.
fn model_dirs(root: &Path) -> Vec<PathBuf> {
    let mut found = subfolders(&root.join(MODELS_DIR)).unwrap_or_default();
    found.retain(|(_, dir)| dir.join(META_FILE).is_file());
    found.sort();
    found.into_iter().map(|(_, dir)| dir).collect()
}

fn name_of(dir: &Path) -> ModelName {
    ModelName::from(&*dir.file_name().unwrap_or_default().to_string_lossy())
}

pub(super) fn read_model_meta(dir: &Path) -> Result<ModelMeta, String> {
    let file = read_text(&dir.join(META_FILE), limits::FILE_STORE_META_BYTES)?;
    meta::parse(&file)
}

pub(super) fn read_version_meta(dir: &Path) -> Result<VersionMeta, String> {
    let file = read_text(&dir.join(META_FILE), limits::FILE_STORE_META_BYTES)?;
    meta::parse(&file)
}

fn read_model(dir: &Path) -> RegisteredModel {
    let mut problems = Problems::default();
    let meta = read_model_meta(dir).unwrap_or_else(|why| {
        problems.add(META_FILE, &why);
        ModelMeta::default()
    });
    let mut tags = read_pairs(&dir.join("tags"), &mut problems);
    let aliases = read_aliases(dir, &mut problems);
    mark_unreadable(&mut tags, problems);
    let mut latest: BTreeMap<String, ModelVersion> = BTreeMap::new();
    let mut staged_versions = Vec::new();
    for version in read_versions(dir) {
        // Newest first.
        if matches!(version.stage, Stage::Staging | Stage::Production) {
            staged_versions.push((version.stage, version.version));
        }
        latest
            .entry(version.stage_text.raw().to_owned())
            .or_insert(version);
    }
    RegisteredModel {
        name: name_of(dir),
        creation_time: integer(meta.creation_timestamp.as_deref()),
        last_updated_time: integer(meta.last_updated_timestamp.as_deref()),
        description: text(meta.description),
        tags,
        aliases,
        latest_versions: latest.into_values().collect(),
        staged_versions,
    }
}

/// The aliases of a model by name; MLflow's copy in `meta.yaml` may be outdated.
pub(super) fn read_aliases(dir: &Path, problems: &mut Problems) -> Vec<(Alias, VersionNumber)> {
    let pairs = read_pairs(&dir.join(ALIASES_DIR), problems);
    let number = |pair: &KeyValue| pair.value.raw().trim().parse().unwrap_or(VersionNumber(0));
    pairs
        .iter()
        .map(|pair| (Alias::new(pair.key.clone()), number(pair)))
        .collect()
}

/// The folders of a model's versions, deleted ones too, newest first.
pub(super) fn version_dirs(dir: &Path) -> Vec<(VersionNumber, PathBuf)> {
    let folders = subfolders(dir).unwrap_or_default().into_iter();
    let mut found: Vec<(VersionNumber, PathBuf)> = folders
        .filter_map(|(name, path)| {
            let number = name.strip_prefix(VERSION_PREFIX)?.parse().ok()?;
            Some((number, path))
        })
        .filter(|(_, path)| path.join(META_FILE).is_file())
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found
}

/// The folder of a version that may not exist.
pub(super) fn version_path(dir: &Path, number: VersionNumber) -> PathBuf {
    dir.join(format!("{VERSION_PREFIX}{number}"))
}

fn read_versions(dir: &Path) -> Vec<ModelVersion> {
    let aliases = read_aliases(dir, &mut Problems::default());
    let versions = version_dirs(dir).into_iter();
    versions
        .filter_map(|(number, path)| read_version(dir, number, &path, &aliases))
        .collect()
}

/// `None` for a deleted version.
fn read_version(
    dir: &Path,
    number: VersionNumber,
    path: &Path,
    aliases: &[(Alias, VersionNumber)],
) -> Option<ModelVersion> {
    let mut problems = Problems::default();
    let meta = read_version_meta(path).unwrap_or_else(|why| {
        problems.add(META_FILE, &why);
        VersionMeta::default()
    });
    if meta.current_stage.as_deref() == Some(DELETED_STAGE) {
        return None;
    }
    let mut tags = read_pairs(&path.join("tags"), &mut problems);
    mark_unreadable(&mut tags, problems);
    let stage_text = meta.current_stage.unwrap_or_else(|| "None".to_owned());
    let of_version = aliases.iter().filter(|(_, target)| *target == number);
    Some(ModelVersion {
        name: name_of(dir),
        version: number,
        creation_time: integer(meta.creation_timestamp.as_deref()),
        last_updated_time: integer(meta.last_updated_timestamp.as_deref()),
        user: text(meta.user_id),
        stage: Stage::parse(&stage_text).unwrap_or(Stage::None),
        stage_text: stage_text.into(),
        description: text(meta.description),
        source: text(meta.source),
        run_id: RunId::new(text(meta.run_id)),
        status: VersionStatus::parse(meta.status.as_deref().unwrap_or_default()),
        status_message: text(meta.status_message),
        tags,
        aliases: of_version.map(|(alias, _)| alias.clone()).collect(),
    })
}
