//! Single runs, read by id.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::join;

use crate::domain::{LoggedModel, ModelVersion, Run, RunId};
use crate::store::{ReadStore, Result};

/// How many runs are read at a time.
pub(super) const MAX_CONCURRENT: usize = 8;

/// A run with the models that came from it. The store may fail to list either kind of model and still know the run.
#[derive(Clone, Debug)]
pub struct RunDetail {
    /// The run with its outputs, which listings leave out.
    pub run: Run,
    /// MLflow 3 only.
    pub logged_models: Result<Vec<LoggedModel>>,
    /// The registered versions whose source is the run.
    pub versions: Result<Vec<ModelVersion>>,
}

/// Reads a run and its models.
///
/// # Errors
/// When the run itself cannot be read.
pub async fn run_detail(reader: &dyn ReadStore, id: &RunId) -> Result<RunDetail> {
    let with_logged_models = async {
        let run = reader.run(id).await?;
        let logged_models = reader.logged_models(&run.experiment_id, id).await;
        Ok((run, logged_models))
    };
    let (run, versions) = join!(with_logged_models, reader.versions_of_run(id));
    let (run, logged_models) = run?;
    Ok(RunDetail {
        run,
        logged_models,
        versions,
    })
}

/// Reads runs, in the order of their ids in `ids`.
///
/// # Errors
/// When one of the runs cannot be read.
pub async fn runs_by_id(reader: &dyn ReadStore, ids: Vec<RunId>) -> Result<Vec<Run>> {
    let requests = stream::iter(ids).map(|id| async move { reader.run(&id).await });
    requests.buffered(MAX_CONCURRENT).try_collect().await
}
