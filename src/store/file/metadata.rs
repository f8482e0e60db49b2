//! Descriptions, names and tags: a file for each tag, fields of `meta.yaml` for the others.

use std::path::{Path, PathBuf};

use super::index::Index;
use super::replace::{Changes, WriteFailure};
use super::runs::key_path;
use super::writer::{find_run, require_ended, require_model, require_version, touch_model};
use super::yaml_edit::Field;
use crate::domain::{KeyValue, Lifecycle, MetadataField, MetadataOwner, MetadataWrite, RunId};
use crate::store::local::now_ms;
use crate::store::mlflow_names::{self, MAX_DESCRIPTION_CHARS};

/// The longest tag of a model or version in MLflow 3, in characters.
const MAX_REGISTRY_TAG_CHARS: usize = 100_000;

/// The longest tag of a run, in characters.
const MAX_RUN_TAG_CHARS: usize = 8_000;

pub(super) fn check_registry_tag(tag: &KeyValue) -> Result<(), WriteFailure> {
    Ok(mlflow_names::check_tag(tag, MAX_REGISTRY_TAG_CHARS)?)
}

pub(super) fn apply_metadata(
    changes: &mut Changes,
    index: &Index,
    write: &MetadataWrite,
) -> Result<(), WriteFailure> {
    match (write.tag_key(), &write.value) {
        (None, _) => set_description(changes, index, &write.owner, write.text()),
        (Some(key), Some(value)) => {
            let tag = KeyValue::new(key, value.clone());
            set_tag(changes, index, write, &tag)
        }
        (Some(key), None) => delete_tag(changes, index, &write.owner, key),
    }
}

/// The folder of an owner, and that of its model.
fn folders(
    index: &Index,
    owner: &MetadataOwner,
) -> Result<(PathBuf, Option<PathBuf>), WriteFailure> {
    let root = index.root();
    Ok(match owner {
        MetadataOwner::Version { model, version } => {
            let (model, path) = require_version(root, (model, *version))?;
            (path, Some(model))
        }
        MetadataOwner::Model { model } => {
            let model = require_model(root, model)?;
            (model.clone(), Some(model))
        }
        MetadataOwner::Run { run } => (active_run(index, run)?, None),
    })
}

/// MLflow changes no tags of deleted runs.
fn active_run(index: &Index, run: &RunId) -> Result<PathBuf, WriteFailure> {
    let entry = find_run(index, run)?;
    if entry.header.lifecycle == Lifecycle::Deleted {
        return Err(WriteFailure::invalid(
            "the run is deleted: restore it first",
        ));
    }
    Ok(entry.dir.clone())
}

fn set_tag(
    changes: &mut Changes,
    index: &Index,
    write: &MetadataWrite,
    tag: &KeyValue,
) -> Result<(), WriteFailure> {
    match &write.owner {
        MetadataOwner::Run { .. } => mlflow_names::check_tag(tag, MAX_RUN_TAG_CHARS)?,
        _ => check_registry_tag(tag)?,
    }
    let (folder, model) = folders(index, &write.owner)?;
    let target = tag_path(&folder, tag.key.raw())?;
    if let (MetadataField::Name, MetadataOwner::Run { run }) = (&write.field, &write.owner) {
        let entry = find_run(index, run)?;
        require_ended(&entry)?;
        changes.edit_meta(&folder, &[("run_name", Field::Text(tag.value.raw()))])?;
    }
    changes.replace(&folder, &target, tag.value.raw())?;
    model.map_or(Ok(()), |model| touch_model(changes, &model))
}

fn tag_path(folder: &Path, key: &str) -> Result<PathBuf, WriteFailure> {
    key_path(&folder.join("tags"), key)
        .ok_or_else(|| WriteFailure::invalid("the tag's key is not a path"))
}

fn delete_tag(
    changes: &mut Changes,
    index: &Index,
    owner: &MetadataOwner,
    key: &str,
) -> Result<(), WriteFailure> {
    mlflow_names::check_tag_key(key)?;
    let (folder, model) = folders(index, owner)?;
    let is_removed = changes.remove(&tag_path(&folder, key)?)?;
    match model {
        Some(model) if is_removed => touch_model(changes, &model),
        _ => Ok(()),
    }
}

/// Sets the description of a version, or of a model.
fn set_description(
    changes: &mut Changes,
    index: &Index,
    owner: &MetadataOwner,
    text: &str,
) -> Result<(), WriteFailure> {
    if text.chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(WriteFailure::invalid(format!(
            "the description is longer than {MAX_DESCRIPTION_CHARS} characters"
        )));
    }
    let (folder, _) = folders(index, owner)?;
    changes.edit_meta(
        &folder,
        &[
            ("description", Field::Text(text)),
            ("last_updated_timestamp", Field::Integer(now_ms())),
        ],
    )
}
