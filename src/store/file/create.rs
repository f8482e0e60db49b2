//! Creating models and versions, as MLflow's file store does, but each as a whole.

use std::fs;
use std::path::{Path, PathBuf};

use super::index::Index;
use super::layout::{META_FILE, MODELS_DIR, child, subfolders};
use super::logged_models;
use super::meta::{self, LoggedModelMeta};
use super::metadata::check_registry_tag;
use super::registry::{DELETED_STAGE, model_dir, read_model_meta, read_version_meta, version_path};
use super::replace::{Changes, PreparedFolder, WriteFailure};
use super::runs::key_path;
use super::small_file::read_text;
use super::writer::{check_name, touch_model};
use super::yaml_edit::{Field, render};
use crate::domain::{KeyValue, LoggedModelId, ModelName, RunId, StoreErrorKind, VersionNumber};
use crate::store::limits;
use crate::store::local::now_ms;
use crate::store::version_source::{
    ResolvedSource, VERSIONS_TAG, VersionSource, run_of_model, with_version,
};
use crate::text::Untrusted;

/// How often another number is tried when other programs create versions, too.
const MAX_ATTEMPTS: usize = 100;

/// The folder is prepared in the root under a name that MLflow accepts for an experiment: a folder
/// without `meta.yaml` in `models/` would make MLflow fail.
const PREPARED_PREFIX: &str = "frontrunner-new-model-";

pub(super) fn create_model(
    changes: &mut Changes,
    root: &Path,
    name: &ModelName,
) -> Result<(), WriteFailure> {
    check_name(name)?;
    let exists = || {
        WriteFailure(
            StoreErrorKind::Conflict,
            "a model with this name already exists".into(),
        )
    };
    let models = root.join(MODELS_DIR);
    let Some(target) = child(&models, name.raw()) else {
        return Err(WriteFailure::invalid("the name is not a folder's name"));
    };
    if target.exists() {
        return Err(exists());
    }
    let now = now_ms();
    let text = render(&[
        ("aliases", Field::Aliases(&[])),
        ("creation_timestamp", Field::Integer(now)),
        ("description", Field::Null),
        ("last_updated_timestamp", Field::Integer(now)),
        ("name", Field::Text(name.raw())),
    ]);
    let id = uuid::Uuid::new_v4().simple();
    let prepared = PreparedFolder(root.join(format!("{PREPARED_PREFIX}{id}")));
    prepared.write(Path::new(META_FILE), &text)?;
    fs::create_dir_all(&models)
        .map_err(|error| WriteFailure(StoreErrorKind::PermissionDenied, error.to_string()))?;
    if changes.publish(&prepared.0, &target)? {
        Ok(())
    } else {
        Err(exists())
    }
}

/// Creates the next version of a model from a source (`runs:/…`, `models:/…` or a location), a run,
/// whose id may be empty, and tags.
pub(super) fn create_version(
    changes: &mut Changes,
    index: &Index,
    name: &ModelName,
    (source, run_id, tags): (&Untrusted, &RunId, &[KeyValue]),
) -> Result<VersionNumber, WriteFailure> {
    check_name(name)?;
    for tag in tags {
        check_registry_tag(tag)?;
    }
    let dir = model_dir(index.root(), name).map_err(WriteFailure::not_found)?;
    let resolved = resolve_source(index, source.raw(), run_id)?;
    let mut number = next_number(&dir)?;
    for _ in 0..MAX_ATTEMPTS {
        let prepared = PreparedFolder::create(&dir)?;
        let text = version_meta(&dir, name, number, source, &resolved);
        prepared.write(Path::new(META_FILE), &text)?;
        for tag in tags {
            let path = key_path(Path::new("tags"), tag.key.raw())
                .ok_or_else(|| WriteFailure::invalid("the tag's key is not a path"))?;
            prepared.write(&path, tag.value.raw())?;
        }
        if changes.publish(&prepared.0, &version_path(&dir, number))? {
            touch_model(changes, &dir)?;
            if let Some((_, model)) = &resolved.model {
                link_logged_model(changes, model, name, number)?;
            }
            return Ok(number);
        }
        // Another program was faster.
        number = next_number(&dir)?.max(VersionNumber(number.0 + 1));
    }
    Err(WriteFailure(
        StoreErrorKind::Conflict,
        "other programs create versions at the same time".to_owned(),
    ))
}

/// Deleted versions count: MLflow never reuses a number.
fn next_number(dir: &Path) -> Result<VersionNumber, WriteFailure> {
    let folders = subfolders(dir)
        .map_err(|error| WriteFailure(StoreErrorKind::ServerError, error.to_string()))?;
    let numbers = folders
        .iter()
        .filter_map(|(name, _)| name.strip_prefix("version-")?.parse().ok());
    let last = numbers.max().unwrap_or(VersionNumber(0));
    Ok(VersionNumber(last.0.saturating_add(1)))
}

fn version_meta(
    dir: &Path,
    name: &ModelName,
    number: VersionNumber,
    source: &Untrusted,
    resolved: &ResolvedSource<LoggedModelDir>,
) -> String {
    let now = now_ms();
    let model_id = resolved.model.as_ref().map_or("", |(id, _)| id.raw());
    let mut fields = vec![
        ("creation_timestamp", Field::Integer(now)),
        ("current_stage", Field::Text("None")),
        ("description", Field::Null),
        ("last_updated_timestamp", Field::Integer(now)),
        ("model_id", text_or_null(model_id)),
        ("name", Field::Text(name.raw())),
        ("run_id", text_or_null(resolved.run_id.raw())),
        ("run_link", Field::Null),
        ("source", Field::Text(source.raw())),
        ("status", Field::Text("READY")),
        ("status_message", Field::Null),
        ("storage_location", Field::Text(&resolved.location)),
        ("user_id", Field::Null),
        (
            "version",
            Field::Integer(i64::try_from(number.0).unwrap_or(i64::MAX)),
        ),
    ];
    // MLflow 3.10 and later record the workspace.
    let workspace = read_model_meta(dir).ok().and_then(|meta| meta.workspace);
    if let Some(workspace) = &workspace {
        fields.push(("workspace", Field::Text(workspace)));
    }
    render(&fields)
}

fn text_or_null(text: &str) -> Field<'_> {
    if text.is_empty() {
        Field::Null
    } else {
        Field::Text(text)
    }
}

/// A logged model and its folder.
type LoggedModelDir = (LoggedModelId, PathBuf);

fn resolve_source(
    index: &Index,
    source: &str,
    run_id: &RunId,
) -> Result<ResolvedSource<LoggedModelDir>, WriteFailure> {
    let location = match VersionSource::parse(source).map_err(WriteFailure::invalid)? {
        VersionSource::Location(location) => location.to_owned(),
        VersionSource::Version(name, version) => version_location(index.root(), name, version)?,
        VersionSource::LoggedModel(id) => return resolve_logged_model(index, id, run_id),
    };
    Ok(ResolvedSource::of_location(location, run_id))
}

fn resolve_logged_model(
    index: &Index,
    id: &str,
    run: &RunId,
) -> Result<ResolvedSource<LoggedModelDir>, WriteFailure> {
    let id = LoggedModelId::from(id);
    let missing = || WriteFailure::not_found("no such logged model");
    let (dir, _) = logged_models::find(index, "", &id).map_err(|_| missing())?;
    let meta = read_text(&dir.join(META_FILE), limits::FILE_STORE_META_BYTES)
        .and_then(|text| meta::parse::<LoggedModelMeta>(&text))
        .map_err(|why| WriteFailure::unsupported(format!("the logged model: {why}")))?;
    if meta.lifecycle_stage.as_deref() == Some("deleted") {
        return Err(missing());
    }
    Ok(ResolvedSource {
        location: meta.artifact_location.unwrap_or_default(),
        run_id: run_of_model(run, meta.source_run_id.unwrap_or_default().into()),
        model: Some((id, dir)),
    })
}

fn version_location(root: &Path, name: &str, version: &str) -> Result<String, WriteFailure> {
    let missing = || WriteFailure::not_found("the version that the source names does not exist");
    let dir = model_dir(root, &ModelName::from(name)).map_err(|_| missing())?;
    let number = version.parse().map_err(|_| missing())?;
    let meta = read_version_meta(&version_path(&dir, number)).map_err(|_| missing())?;
    if meta.current_stage.as_deref() == Some(DELETED_STAGE) {
        return Err(missing());
    }
    let location = meta.storage_location.filter(|text| !text.is_empty());
    Ok(location.or(meta.source).unwrap_or_default())
}

/// Adds the version to the list in the tag of its logged model.
fn link_logged_model(
    changes: &mut Changes,
    model: &Path,
    name: &ModelName,
    version: VersionNumber,
) -> Result<(), WriteFailure> {
    let path = model.join("tags").join(VERSIONS_TAG);
    let known = read_text(&path, limits::FILE_STORE_VALUE_BYTES).unwrap_or_default();
    match with_version(&known, name, version) {
        Some(versions) => changes.replace(model, &path, &versions),
        None => Ok(()),
    }
}
