//! A registered model with its versions and their source runs.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, StreamExt};

use super::runs::MAX_CONCURRENT;
use crate::domain::{
    LoggedModelId, ModelName, ModelVersion, RegisteredModel, Run, RunId, VersionNumber,
};
use crate::store::{ReadStore, Result};

/// A model, its versions from the newest to the oldest, and their source runs.
#[derive(Clone, Debug)]
pub struct ModelDetail {
    /// As the registry returns it.
    pub model: RegisteredModel,
    /// With their aliases.
    pub versions: Vec<ModelVersion>,
    /// See [`source_runs`].
    pub runs: VersionRuns,
}

/// The runs of a model's versions.
#[derive(Clone, Debug, Default)]
pub struct VersionRuns {
    /// Each once.
    pub runs: Vec<Run>,
    /// The run of a version that names none: its logged model's.
    of_logged_models: BTreeMap<VersionNumber, RunId>,
}

impl VersionRuns {
    /// The run of a version, if it could be read.
    #[must_use]
    pub fn of(&self, version: &ModelVersion) -> Option<&Run> {
        let named = Some(&version.run_id).filter(|id| !id.is_empty());
        let id = named.or_else(|| self.of_logged_models.get(&version.version))?;
        self.runs.iter().find(|run| run.id == *id)
    }
}

/// Reads a model, its versions and their source runs.
///
/// # Errors
/// When the model or its versions cannot be read.
pub async fn model_detail(reader: &dyn ReadStore, name: &ModelName) -> Result<ModelDetail> {
    let (model, versions) = reader.model_and_versions(name).await?;
    let runs = source_runs(reader, &versions).await;
    Ok(ModelDetail {
        model,
        versions,
        runs,
    })
}

/// The runs that versions of one model came from. A version without a run has that of its logged
/// model, or else the last run that logged metrics for that model. Runs that cannot be read
/// (deleted, or no permission) are left out.
pub async fn source_runs(reader: &dyn ReadStore, versions: &[ModelVersion]) -> VersionRuns {
    let unnamed: Vec<(VersionNumber, LoggedModelId)> = versions
        .iter()
        .filter(|version| version.run_id.is_empty())
        .filter_map(|version| Some((version.version, version.logged_model()?)))
        .collect();
    let of_logged_models: BTreeMap<VersionNumber, RunId> = stream::iter(unnamed)
        .map(|(version, id)| async move { Some((version, logged_model_run(reader, &id).await?)) })
        .buffered(MAX_CONCURRENT)
        .filter_map(|found| async { found })
        .collect()
        .await;
    let ids: BTreeSet<RunId> = versions
        .iter()
        .map(|version| version.run_id.clone())
        .filter(|id| !id.is_empty())
        .chain(of_logged_models.values().cloned())
        .collect();
    let runs = stream::iter(ids)
        .map(|id| async move { reader.run(&id).await })
        .buffered(MAX_CONCURRENT)
        .filter_map(|run| async { run.ok() })
        .collect()
        .await;
    VersionRuns {
        runs,
        of_logged_models,
    }
}

async fn logged_model_run(reader: &dyn ReadStore, id: &LoggedModelId) -> Option<RunId> {
    let model = reader.logged_model(id).await.ok()?;
    let source = Some(model.source_run_id).filter(|id| !id.is_empty());
    source.or_else(|| model.metric_runs.into_iter().next())
}
