//! A store whose models are in another store than its runs.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{
    ByteSender, ChangedRunsQuery, Features, LifecycleFilter, LoginStep, Page, PageToken,
    ReadOnlyReason, ReadStore, Reader, Resolution, Result, RunQuery, RunScan, RunWindow,
    StoreHandle, WindowQuery, WindowRange, WriteResponse, WriteStore, WriteTransaction, Writer,
};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, SlotKinds, StoreError,
    StoreErrorKind, StoreWrite, TransitionRequest, VersionNumber,
};

/// What one part is read from.
trait Source: Send + Sync {
    fn store(&self) -> &dyn ReadStore;
}

impl Source for Reader {
    fn store(&self) -> &dyn ReadStore {
        self.as_ref()
    }
}

impl Source for Box<dyn WriteTransaction> {
    fn store(&self) -> &dyn ReadStore {
        self.reader()
    }
}

/// Runs of one store and models of another. One of them can be in a transaction.
struct SplitStore<R, M> {
    runs: R,
    models: M,
    name: String,
    /// Why runs can't be changed, where models can be written.
    runs_read_only: Option<ReadOnlyReason>,
}

/// Writes to the store that has what is written.
struct SplitWriter {
    reader: Arc<SplitStore<Reader, Reader>>,
    runs: Result<Writer, ReadOnlyReason>,
    models: Writer,
}

/// Joins two open stores. The journal keeps the entries of the registry, where nearly all writes go.
#[must_use]
pub fn with_registry(runs: StoreHandle, models: StoreHandle) -> StoreHandle {
    let reader = Arc::new(SplitStore {
        name: format!("{}, models: {}", runs.reader.name(), models.reader.name()),
        runs: runs.reader,
        models: models.reader,
        runs_read_only: runs.writer.as_ref().err().cloned(),
    });
    let writer = models.writer.map(|models| {
        Arc::new(SplitWriter {
            reader: Arc::clone(&reader),
            runs: runs.writer,
            models,
        }) as Writer
    });
    StoreHandle { reader, writer }
}

#[async_trait]
impl<R: Source, M: Source> ReadStore for SplitStore<R, M> {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        self.models.store().origin()
    }

    fn local_folder(&self) -> Option<&Path> {
        self.runs.store().local_folder()
    }

    fn web_url(&self) -> Option<&str> {
        self.runs.store().web_url()
    }

    fn slot_kinds(&self) -> SlotKinds {
        self.models.store().slot_kinds()
    }

    fn has_files(&self) -> bool {
        self.runs.store().has_files()
    }

    fn has_version_tags(&self) -> bool {
        self.models.store().has_version_tags()
    }

    fn refusal(&self, write: &StoreWrite) -> Option<String> {
        if write.is_of_run() {
            let reason = self.runs_read_only.as_ref().map(ToString::to_string);
            return reason.or_else(|| self.runs.store().refusal(write));
        }
        self.models.store().refusal(write)
    }

    fn rate_limit_wait(&self) -> Option<Duration> {
        let runs = self.runs.store().rate_limit_wait();
        runs.max(self.models.store().rate_limit_wait())
    }

    async fn login_steps(&self) -> Vec<LoginStep> {
        let mut steps = self.runs.store().login_steps().await;
        for step in self.models.store().login_steps().await {
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        steps
    }

    fn tracking_uri(&self) -> String {
        self.runs.store().tracking_uri()
    }

    async fn features(&self) -> Result<Features> {
        let (runs, models) = tokio::try_join!(
            self.runs.store().features_of_runs(),
            self.models.store().features()
        )?;
        Ok(Features {
            product: format!("{}, models: {}", runs.product, models.product),
            has_registry: models.has_registry,
            has_transition_requests: models.has_transition_requests,
            ..runs
        })
    }

    async fn workspaces(&self) -> Result<Vec<String>> {
        self.runs.store().workspaces().await
    }

    async fn experiments(&self, lifecycle: LifecycleFilter) -> Result<Vec<Experiment>> {
        self.runs.store().experiments(lifecycle).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        self.runs.store().runs(query, from).await
    }

    async fn scan_runs(&self, query: &RunQuery, total: u64) -> Result<Option<RunScan>> {
        self.runs.store().scan_runs(query, total).await
    }

    async fn run_window(&self, query: &WindowQuery, range: WindowRange) -> Result<RunWindow> {
        self.runs.store().run_window(query, range).await
    }

    async fn changed_runs(&self, query: &ChangedRunsQuery) -> Result<Vec<Run>> {
        self.runs.store().changed_runs(query).await
    }

    async fn deleted_runs(
        &self,
        experiments: &[ExperimentId],
        runs: &[RunId],
    ) -> Result<Vec<RunId>> {
        self.runs.store().deleted_runs(experiments, runs).await
    }

    async fn nested_runs(&self, experiments: &[ExperimentId], parent: &RunId) -> Result<Vec<Run>> {
        self.runs.store().nested_runs(experiments, parent).await
    }

    async fn run(&self, id: &RunId) -> Result<Run> {
        self.runs.store().run(id).await
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>> {
        self.runs.store().histories(runs, metric, resolution).await
    }

    async fn artifacts(&self, owner: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>> {
        self.runs.store().artifacts(owner, path).await
    }

    async fn preview(&self, owner: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview> {
        self.runs.store().preview(owner, path, limit).await
    }

    async fn read_artifact(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        to: &ByteSender,
    ) -> Result<()> {
        self.runs.store().read_artifact(owner, path, to).await
    }

    async fn logged_model(&self, id: &LoggedModelId) -> Result<LoggedModel> {
        self.runs.store().logged_model(id).await
    }

    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Result<Vec<LoggedModel>> {
        self.runs.store().logged_models(experiment, run).await
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        self.models.store().models().await
    }

    async fn prompts(&self) -> Result<Vec<RegisteredModel>> {
        self.models.store().prompts().await
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        self.models.store().model(name).await
    }

    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        self.models.store().versions(name).await
    }

    async fn model_and_versions(
        &self,
        name: &ModelName,
    ) -> Result<(RegisteredModel, Vec<ModelVersion>)> {
        self.models.store().model_and_versions(name).await
    }

    async fn version_numbers(&self, model: &RegisteredModel) -> Result<Vec<VersionNumber>> {
        self.models.store().version_numbers(model).await
    }

    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        self.models.store().versions_of_run(run).await
    }

    async fn transition_requests(
        &self,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<Option<Vec<TransitionRequest>>> {
        self.models.store().transition_requests(name, version).await
    }

    async fn versions_of_runs(&self, runs: &[RunId]) -> Result<Vec<ModelVersion>> {
        self.models.store().versions_of_runs(runs).await
    }

    async fn revision(&self) -> Result<Option<u64>> {
        let (runs, models) =
            tokio::try_join!(self.runs.store().revision(), self.models.store().revision())?;
        // The sum changes whenever one of them does, except with a probability of 2^-64.
        Ok(runs
            .zip(models)
            .map(|(runs, models)| runs.wrapping_add(models)))
    }
}

/// The models change together; runs are read outside of the transaction.
#[async_trait]
impl WriteTransaction for SplitStore<Reader, Box<dyn WriteTransaction>> {
    fn reader(&self) -> &dyn ReadStore {
        self
    }

    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse> {
        self.models.write(write).await
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        self.models.commit().await
    }
}

/// The runs change together; models are read outside of the transaction.
#[async_trait]
impl WriteTransaction for SplitStore<Box<dyn WriteTransaction>, Reader> {
    fn reader(&self) -> &dyn ReadStore {
        self
    }

    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse> {
        self.runs.write(write).await
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        self.runs.commit().await
    }
}

impl SplitWriter {
    async fn begin_of_models(
        &self,
        writes: &[&StoreWrite],
    ) -> Result<Option<Box<dyn WriteTransaction>>> {
        let Some(models) = self.models.begin(writes).await? else {
            return Ok(None);
        };
        Ok(Some(Box::new(SplitStore {
            runs: Arc::clone(&self.reader.runs),
            models,
            name: self.reader.name.clone(),
            runs_read_only: self.reader.runs_read_only.clone(),
        })))
    }

    async fn begin_of_runs(
        &self,
        writes: &[&StoreWrite],
    ) -> Result<Option<Box<dyn WriteTransaction>>> {
        let Ok(writer) = &self.runs else {
            return Ok(None);
        };
        let Some(runs) = writer.begin(writes).await? else {
            return Ok(None);
        };
        Ok(Some(Box::new(SplitStore {
            runs,
            models: Arc::clone(&self.reader.models),
            name: self.reader.name.clone(),
            runs_read_only: self.reader.runs_read_only.clone(),
        })))
    }

    fn writer_of(&self, write: &StoreWrite) -> Result<&Writer, &ReadOnlyReason> {
        if write.is_of_run() {
            self.runs.as_ref()
        } else {
            Ok(&self.models)
        }
    }

    /// The longer of both times.
    fn longer(&self, of: impl Fn(&Writer) -> u64) -> u64 {
        let runs = self.runs.as_ref().map_or(0, &of);
        runs.max(of(&self.models))
    }
}

#[async_trait]
impl WriteStore for SplitWriter {
    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse> {
        match self.writer_of(write) {
            Ok(writer) => writer.write(write).await,
            Err(reason) => {
                let what = super::describe_write::describe_operation(write);
                Err(StoreError {
                    not_sent: true,
                    ..StoreError::new(StoreErrorKind::Unsupported, what, reason.to_string())
                })
            }
        }
    }

    /// None for writes to both stores: no transaction spans them.
    async fn begin(&self, writes: &[&StoreWrite]) -> Result<Option<Box<dyn WriteTransaction>>> {
        if writes.iter().all(|write| !write.is_of_run()) {
            self.begin_of_models(writes).await
        } else if writes.iter().all(|write| write.is_of_run()) {
            self.begin_of_runs(writes).await
        } else {
            Ok(None)
        }
    }

    fn settle_window(&self) -> u64 {
        self.longer(|writer| writer.settle_window())
    }

    fn read_back_delay(&self) -> u64 {
        self.longer(|writer| writer.read_back_delay())
    }

    fn describe(&self, write: &StoreWrite) -> String {
        match self.writer_of(write) {
            Ok(writer) => writer.describe(write),
            Err(reason) => reason.to_string(),
        }
    }
}
