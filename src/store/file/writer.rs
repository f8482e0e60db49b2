//! The writes that are safe without locks: whole files of the registry, and the lifecycle of ended runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::create::{create_model, create_version};
use super::index::{Index, RunEntry, lock};
use super::metadata::apply_metadata;
use super::preview::preview;
use super::registry::{
    ALIASES_DIR, DELETED_STAGE, model_dir, read_aliases, read_model_meta, read_version_meta,
    version_dirs, version_path,
};
use super::replace::{Changes, WriteFailure};
use super::small_file::Problems;
use super::yaml_edit::Field;
use crate::domain::{
    Alias, ModelName, RunId, RunStatus, Stage, StoreError, StoreErrorKind, StoreWrite,
    VersionNumber,
};
use crate::store::describe_write::describe_operation;
use crate::store::local::{now_ms, run_blocking};
use crate::store::mlflow_names;
use crate::store::{Result, WriteResponse, WriteStore};

/// Two promoters may take turns between the files of one write; after 300 ms none was seen.
const READ_BACK_DELAY_MS: u64 = 300;

/// Changes nothing until the first write.
pub(super) struct FileWriter {
    index: Arc<Index>,
    /// The writes of this session, one after another.
    turn: Arc<Mutex<()>>,
}

impl FileWriter {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            index: Arc::new(Index::new(root)),
            turn: Arc::default(),
        }
    }
}

/// Why the store can't be written; nothing is written to find out.
pub(super) fn read_only_reason(root: &Path) -> Option<String> {
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    let error = rustix::fs::access(root, access).err()?;
    Some(format!("the folder is not writable: {error}"))
}

#[async_trait]
impl WriteStore for FileWriter {
    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse> {
        let (index, turn, write) = (
            Arc::clone(&self.index),
            Arc::clone(&self.turn),
            write.clone(),
        );
        let what = describe_operation(&write);
        let what_owned = what.clone();
        run_blocking(&what, move || {
            let _turn = lock(&turn);
            let mut changes = Changes::default();
            apply(&mut changes, &index, &write).map_err(|WriteFailure(kind, why)| {
                let error = StoreError::new(kind, what_owned, why).with_hint(hint(kind));
                if changes.done > 0 {
                    error.with_outcome_unknown()
                } else {
                    error
                }
            })
        })
        .await?
    }

    /// None: a write ends before its call returns, or with the process.
    fn settle_window(&self) -> u64 {
        0
    }

    fn read_back_delay(&self) -> u64 {
        READ_BACK_DELAY_MS
    }

    fn describe(&self, write: &StoreWrite) -> String {
        preview(write)
    }
}

/// The hint for a folder, where it differs from the one for a server.
fn hint(kind: StoreErrorKind) -> Option<&'static str> {
    match kind {
        StoreErrorKind::Unsupported => Some("use MLflow for it; everything else works"),
        StoreErrorKind::PermissionDenied => Some("check the permissions of the folder"),
        StoreErrorKind::ServerError => Some("check the file, and the space on its disk"),
        _ => None,
    }
}

fn apply(
    changes: &mut Changes,
    index: &Index,
    write: &StoreWrite,
) -> Result<WriteResponse, WriteFailure> {
    let root = index.root();
    match write {
        StoreWrite::CreateModel { name } => create_model(changes, root, name)?,
        StoreWrite::CreateVersion {
            name,
            source,
            run_id,
            tags,
        } => {
            return create_version(changes, index, name, (source, run_id, tags))
                .map(WriteResponse::CreatedVersion);
        }
        StoreWrite::DeleteVersion { name, version } => {
            delete_version(changes, root, name, *version)?;
        }
        StoreWrite::Metadata(write) => apply_metadata(changes, index, write)?,
        StoreWrite::TransitionStage {
            name,
            version,
            stage,
            archive_existing,
        } => transition_stage(changes, root, (name, *version), *stage, *archive_existing)?,
        StoreWrite::SetAlias {
            name,
            alias,
            version,
        } => set_alias(changes, root, name, alias, *version)?,
        StoreWrite::DeleteAlias { name, alias } => delete_alias(changes, root, name, alias)?,
        StoreWrite::RequestTransition { .. }
        | StoreWrite::ApproveTransition { .. }
        | StoreWrite::RejectTransition { .. }
        | StoreWrite::WithdrawTransition { .. } => {
            return Err(WriteFailure::unsupported(
                "transition requests exist on Databricks only",
            ));
        }
        StoreWrite::DeleteRun { run } => set_lifecycle(changes, index, run, true)?,
        StoreWrite::RestoreRun { run } => set_lifecycle(changes, index, run, false)?,
    }
    Ok(WriteResponse::Done)
}

pub(super) fn check_name(name: &ModelName) -> Result<(), WriteFailure> {
    mlflow_names::check_model_name(name)?;
    // MLflow's file store decodes names as URLs.
    if name.raw().contains(['%', '\\', '\0']) {
        return Err(WriteFailure::invalid(format!(
            "invalid model name '{}': a file store allows no '%' and no '\\'",
            name.clean()
        )));
    }
    Ok(())
}

pub(super) fn require_model(root: &Path, name: &ModelName) -> Result<PathBuf, WriteFailure> {
    check_name(name)?;
    model_dir(root, name).map_err(WriteFailure::not_found)
}

/// The folders of a model and of its version, unless that is deleted.
pub(super) fn require_version(
    root: &Path,
    (name, version): (&ModelName, VersionNumber),
) -> Result<(PathBuf, PathBuf), WriteFailure> {
    let dir = require_model(root, name)?;
    let path = version_path(&dir, version);
    if !path.is_dir() {
        return Err(WriteFailure::not_found("no such version"));
    }
    let meta = read_version_meta(&path)
        .map_err(|why| WriteFailure::unsupported(format!("meta.yaml of the version: {why}")))?;
    if meta.current_stage.as_deref() == Some(DELETED_STAGE) {
        return Err(WriteFailure::not_found("no such version"));
    }
    Ok((dir, path))
}

/// Sets when a model was last changed, and the copy of its aliases.
pub(super) fn touch_model(changes: &mut Changes, dir: &Path) -> Result<(), WriteFailure> {
    let aliases = read_aliases(dir, &mut Problems::default());
    let mut fields = vec![("last_updated_timestamp", Field::Integer(now_ms()))];
    // MLflow before 2.3 has no aliases.
    let has_copy = read_model_meta(dir).is_ok_and(|meta| meta.aliases.is_some());
    if has_copy || !aliases.is_empty() {
        fields.push(("aliases", Field::Aliases(&aliases)));
    }
    changes.edit_meta(dir, &fields)
}

/// MLflow keeps the folder of a deleted version. Its aliases go first, so that none is left without a
/// version.
fn delete_version(
    changes: &mut Changes,
    root: &Path,
    name: &ModelName,
    version: VersionNumber,
) -> Result<(), WriteFailure> {
    let (dir, path) = require_version(root, (name, version))?;
    for (alias, target) in read_aliases(&dir, &mut Problems::default()) {
        if target == version {
            changes.remove(&dir.join(ALIASES_DIR).join(alias.raw()))?;
        }
    }
    set_stage(changes, &path, DELETED_STAGE)?;
    touch_model(changes, &dir)
}

fn set_stage(changes: &mut Changes, version: &Path, stage: &str) -> Result<(), WriteFailure> {
    changes.edit_meta(
        version,
        &[
            ("current_stage", Field::Text(stage)),
            ("last_updated_timestamp", Field::Integer(now_ms())),
        ],
    )
}

/// The version moves first: if this is interrupted, the stage has two versions rather than none.
fn transition_stage(
    changes: &mut Changes,
    root: &Path,
    (name, version): (&ModelName, VersionNumber),
    stage: Stage,
    archive_existing: bool,
) -> Result<(), WriteFailure> {
    if archive_existing && !stage.can_archive_existing() {
        return Err(WriteFailure::invalid(format!(
            "existing versions can be archived in Staging and Production, not in {stage}"
        )));
    }
    let (dir, path) = require_version(root, (name, version))?;
    set_stage(changes, &path, stage.as_str())?;
    if archive_existing {
        for (number, other) in version_dirs(&dir) {
            let meta = read_version_meta(&other).ok();
            let current = meta.and_then(|meta| meta.current_stage);
            if number != version && current.as_deref() == Some(stage.as_str()) {
                set_stage(changes, &other, Stage::Archived.as_str())?;
            }
        }
    }
    touch_model(changes, &dir)
}

fn set_alias(
    changes: &mut Changes,
    root: &Path,
    name: &ModelName,
    alias: &Alias,
    version: VersionNumber,
) -> Result<(), WriteFailure> {
    mlflow_names::check_alias(alias, true)?;
    let (dir, _) = require_version(root, (name, version))?;
    let target = dir.join(ALIASES_DIR).join(alias.raw());
    changes.replace(&dir, &target, &version.to_string())?;
    touch_model(changes, &dir)
}

fn delete_alias(
    changes: &mut Changes,
    root: &Path,
    name: &ModelName,
    alias: &Alias,
) -> Result<(), WriteFailure> {
    mlflow_names::check_alias(alias, false)?;
    let dir = require_model(root, name)?;
    if changes.remove(&dir.join(ALIASES_DIR).join(alias.raw()))? {
        touch_model(changes, &dir)?;
    }
    Ok(())
}

/// The folder of a run, in an experiment that is not deleted.
pub(super) fn find_run(index: &Index, run: &RunId) -> Result<Arc<RunEntry>, WriteFailure> {
    let entry = index
        .find("", run)
        .map_err(|error| WriteFailure(error.kind, error.why.raw().to_owned()))?;
    if let Some(why) = &entry.problem {
        return Err(WriteFailure::unsupported(format!("meta.yaml: {why}")));
    }
    if entry.experiment.is_deleted {
        return Err(WriteFailure::unsupported(
            "the run's experiment is in the trash",
        ));
    }
    Ok(entry)
}

/// MLflow rewrites the `meta.yaml` of a running run as a whole when it ends, and would undo a change of it.
pub(super) fn require_ended(entry: &RunEntry) -> Result<(), WriteFailure> {
    if entry.header.status == RunStatus::Running {
        return Err(WriteFailure::unsupported(
            "the run is running, and MLflow would overwrite the change when it ends",
        ));
    }
    Ok(())
}

/// Moves a run to the trash or back.
fn set_lifecycle(
    changes: &mut Changes,
    index: &Index,
    run: &RunId,
    is_deletion: bool,
) -> Result<(), WriteFailure> {
    let entry = find_run(index, run)?;
    require_ended(&entry)?;
    let (stage, deleted_time) = if is_deletion {
        ("deleted", Field::Integer(now_ms()))
    } else {
        ("active", Field::Absent)
    };
    changes.edit_meta(
        &entry.dir,
        &[
            ("lifecycle_stage", Field::Text(stage)),
            ("deleted_time", deleted_time),
        ],
    )
}
