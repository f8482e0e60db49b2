//! A registered model with its versions and their source runs.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt};
use tokio::try_join;

use super::runs::MAX_CONCURRENT;
use crate::domain::{ModelName, ModelVersion, RegisteredModel, Run, RunId};
use crate::store::{ReadStore, Result};

/// A model, its versions from the newest to the oldest, and their source runs.
#[derive(Clone, Debug)]
pub struct ModelDetail {
    /// As the registry returns it.
    pub model: RegisteredModel,
    /// With their aliases.
    pub versions: Vec<ModelVersion>,
    /// See [`source_runs`].
    pub runs: Vec<Run>,
}

/// Reads a model, its versions and their source runs.
///
/// # Errors
/// When the model or its versions cannot be read.
pub async fn model_detail(reader: &dyn ReadStore, name: &ModelName) -> Result<ModelDetail> {
    let (model, versions) = try_join!(reader.model(name), reader.versions(name))?;
    let runs = source_runs(reader, &versions).await;
    Ok(ModelDetail {
        model,
        versions,
        runs,
    })
}

/// The runs that versions came from, each once. Runs that cannot be read (deleted, or no permission) are left out.
pub async fn source_runs(reader: &dyn ReadStore, versions: &[ModelVersion]) -> Vec<Run> {
    let ids: BTreeSet<RunId> = versions
        .iter()
        .map(|version| version.run_id.clone())
        .filter(|id| !id.is_empty())
        .collect();
    stream::iter(ids)
        .map(|id| async move { reader.run(&id).await })
        .buffered(MAX_CONCURRENT)
        .filter_map(|run| async { run.ok() })
        .collect()
        .await
}
