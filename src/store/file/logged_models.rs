//! The logged models of MLflow 3: `models/m-…/` in an experiment.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::index::Index;
use super::layout::{META_FILE, MODELS_DIR, child, subfolders};
use super::meta::{self, LoggedModelMeta, integer, text};
use super::metrics::{self, LoggingRuns};
use super::run_data::{mark_unreadable, read_pairs};
use super::small_file::{Problems, for_each_file, read_text};
use crate::domain::{
    ExperimentId, Lifecycle, LoggedModel, LoggedModelId, Metric, RunId, StoreError, StoreErrorKind,
};
use crate::store::local::run_blocking;
use crate::store::{Result, limits};
use crate::text::Untrusted;

/// One logged model, deleted or not.
pub(super) async fn get(index: &Arc<Index>, id: &LoggedModelId) -> Result<LoggedModel> {
    let what = format!("reading logged model {}", id.clean());
    let (index, id, what_owned) = (Arc::clone(index), id.clone(), what.clone());
    run_blocking(&what, move || {
        let (dir, experiment) = find(&index, &what_owned, &id)?;
        Ok(read(&dir, &experiment))
    })
    .await?
}

/// The active logged models of a run, oldest first.
pub(super) async fn of_run(
    index: &Arc<Index>,
    experiment: &ExperimentId,
    run: &RunId,
) -> Result<Vec<LoggedModel>> {
    let what = format!("reading logged models of run {}", run.clean());
    let (index, experiment, run) = (Arc::clone(index), experiment.clone(), run.clone());
    let what_owned = what.clone();
    run_blocking(&what, move || {
        let dirs = index.experiments(&what_owned)?;
        let found = dirs.iter().find(|dir| dir.id == experiment.raw());
        let models = found.map(|dir| subfolders(&dir.path.join(MODELS_DIR)).unwrap_or_default());
        let mut models: Vec<LoggedModel> = models
            .unwrap_or_default()
            .into_iter()
            .filter(|(_, path)| is_of_run(path, &run))
            .map(|(_, path)| read(&path, experiment.raw()))
            .filter(|model| model.lifecycle == Lifecycle::Active)
            .collect();
        models.sort_by(|a, b| (a.creation_time, &a.id).cmp(&(b.creation_time, &b.id)));
        Ok(models)
    })
    .await?
}

/// The folder of a logged model, and its experiment's id.
pub(super) fn find(index: &Index, what: &str, id: &LoggedModelId) -> Result<(PathBuf, String)> {
    let found = index.experiments(what)?.into_iter().find_map(|experiment| {
        let dir = child(&experiment.path.join(MODELS_DIR), id.raw())?;
        let is_model = dir.join(META_FILE).is_file();
        is_model.then(|| (dir, experiment.id.clone()))
    });
    found.ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, what, "no such logged model"))
}

fn read_meta(dir: &Path) -> Result<LoggedModelMeta, String> {
    let file = read_text(&dir.join(META_FILE), limits::FILE_STORE_META_BYTES)?;
    meta::parse(&file)
}

fn is_of_run(dir: &Path, run: &RunId) -> bool {
    read_meta(dir).is_ok_and(|meta| meta.source_run_id.as_deref() == Some(run.raw()))
}

fn read(dir: &Path, experiment: &str) -> LoggedModel {
    let mut problems = Problems::default();
    let meta = read_meta(dir).unwrap_or_else(|why| {
        problems.add(META_FILE, &why);
        LoggedModelMeta::default()
    });
    let params = read_pairs(&dir.join("params"), &mut problems);
    let mut tags = read_pairs(&dir.join("tags"), &mut problems);
    let (metrics, runs) = read_metrics(&dir.join("metrics"), &mut problems);
    mark_unreadable(&mut tags, problems);
    let id = dir.file_name().unwrap_or_default().to_string_lossy();
    LoggedModel {
        id: LoggedModelId::from(&*id),
        experiment_id: ExperimentId::from(experiment),
        name: text(meta.name),
        creation_time: integer(meta.creation_timestamp.as_deref()),
        artifact_uri: text(meta.artifact_location),
        status: match meta.status.as_deref() {
            Some("1") => "LOGGED_MODEL_PENDING".into(),
            Some("2") => "LOGGED_MODEL_READY".into(),
            Some("3") => "LOGGED_MODEL_UPLOAD_FAILED".into(),
            other => other.unwrap_or_default().into(),
        },
        model_type: text(meta.model_type),
        source_run_id: RunId::new(text(meta.source_run_id)),
        lifecycle: Lifecycle::parse(meta.lifecycle_stage.as_deref().unwrap_or_default()),
        params,
        tags,
        metrics,
        metric_runs: LoggedModel::order_metric_runs(runs),
    }
}

fn read_metrics(folder: &Path, problems: &mut Problems) -> (Vec<Metric>, LoggingRuns) {
    let (mut found, mut runs) = (Vec::new(), LoggingRuns::new());
    for_each_file(
        folder,
        limits::FILE_STORE_METRIC_BYTES,
        problems,
        |key, bytes, problems| {
            let (mut latest, problem) =
                metrics::latest_by_dataset(bytes, &Untrusted::from(key), &mut runs);
            if let Some(why) = problem {
                problems.add(&format!("metrics/{key}"), &why);
            }
            found.append(&mut latest);
        },
    );
    found.sort_by(|a, b| a.key.cmp(&b.key));
    (found, runs)
}
