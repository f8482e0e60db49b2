//! A store whose models are in another store than its runs.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    ByteSender, ChangedRunsQuery, Features, LifecycleFilter, LoginStep, Page, PageToken,
    ReadOnlyReason, ReadStore, Reader, Resolution, Result, RunQuery, RunWindow, StoreHandle,
    WindowQuery, WindowRange, WriteResponse, WriteStore, Writer,
};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, SlotKinds, StoreError,
    StoreErrorKind, StoreWrite, TransitionRequest, VersionNumber,
};

/// Runs of one store and models of another.
struct SplitStore {
    runs: Reader,
    models: Reader,
    name: String,
    /// Why runs can't be deleted and restored, where models can be written.
    runs_read_only: Option<ReadOnlyReason>,
}

/// Writes to the store that has what is written.
struct SplitWriter {
    runs: Result<Writer, ReadOnlyReason>,
    models: Writer,
}

/// Joins two open stores. The journal keeps the entries of the registry, where nearly all writes go.
#[must_use]
pub fn with_registry(runs: StoreHandle, models: StoreHandle) -> StoreHandle {
    let name = format!("{}, models: {}", runs.reader.name(), models.reader.name());
    StoreHandle {
        reader: Arc::new(SplitStore {
            runs: runs.reader,
            models: models.reader,
            name,
            runs_read_only: runs.writer.as_ref().err().cloned(),
        }),
        writer: models.writer.map(|models| {
            Arc::new(SplitWriter {
                runs: runs.writer,
                models,
            }) as Writer
        }),
    }
}

fn is_of_run(write: &StoreWrite) -> bool {
    matches!(
        write,
        StoreWrite::DeleteRun { .. } | StoreWrite::RestoreRun { .. }
    )
}

#[async_trait]
impl ReadStore for SplitStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        self.models.origin()
    }

    fn local_folder(&self) -> Option<&Path> {
        self.runs.local_folder()
    }

    fn web_url(&self) -> Option<&str> {
        self.runs.web_url()
    }

    fn slot_kinds(&self) -> SlotKinds {
        self.models.slot_kinds()
    }

    fn has_version_tags(&self) -> bool {
        self.models.has_version_tags()
    }

    fn refusal(&self, write: &StoreWrite) -> Option<String> {
        if is_of_run(write) {
            let reason = self.runs_read_only.as_ref().map(ToString::to_string);
            return reason.or_else(|| self.runs.refusal(write));
        }
        self.models.refusal(write)
    }

    async fn login_steps(&self) -> Vec<LoginStep> {
        let mut steps = self.runs.login_steps().await;
        for step in self.models.login_steps().await {
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        steps
    }

    fn tracking_uri(&self) -> String {
        self.runs.tracking_uri()
    }

    async fn features(&self) -> Result<Features> {
        let (runs, models) = tokio::try_join!(self.runs.features(), self.models.features())?;
        Ok(Features {
            product: format!("{}, models: {}", runs.product, models.product),
            has_registry: models.has_registry,
            has_transition_requests: models.has_transition_requests,
            ..runs
        })
    }

    async fn workspaces(&self) -> Result<Vec<String>> {
        self.runs.workspaces().await
    }

    async fn experiments(&self, lifecycle: LifecycleFilter) -> Result<Vec<Experiment>> {
        self.runs.experiments(lifecycle).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        self.runs.runs(query, from).await
    }

    async fn run_window(&self, query: &WindowQuery, range: WindowRange) -> Result<RunWindow> {
        self.runs.run_window(query, range).await
    }

    async fn changed_runs(&self, query: &ChangedRunsQuery) -> Result<Vec<Run>> {
        self.runs.changed_runs(query).await
    }

    async fn deleted_runs(
        &self,
        experiments: &[ExperimentId],
        runs: &[RunId],
    ) -> Result<Vec<RunId>> {
        self.runs.deleted_runs(experiments, runs).await
    }

    async fn nested_runs(&self, experiments: &[ExperimentId], parent: &RunId) -> Result<Vec<Run>> {
        self.runs.nested_runs(experiments, parent).await
    }

    async fn run(&self, id: &RunId) -> Result<Run> {
        self.runs.run(id).await
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>> {
        self.runs.histories(runs, metric, resolution).await
    }

    async fn artifacts(&self, owner: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>> {
        self.runs.artifacts(owner, path).await
    }

    async fn preview(&self, owner: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview> {
        self.runs.preview(owner, path, limit).await
    }

    async fn read_artifact(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        to: &ByteSender,
    ) -> Result<()> {
        self.runs.read_artifact(owner, path, to).await
    }

    async fn logged_model(&self, id: &LoggedModelId) -> Result<LoggedModel> {
        self.runs.logged_model(id).await
    }

    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Result<Vec<LoggedModel>> {
        self.runs.logged_models(experiment, run).await
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        self.models.models().await
    }

    async fn prompts(&self) -> Result<Vec<RegisteredModel>> {
        self.models.prompts().await
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        self.models.model(name).await
    }

    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        self.models.versions(name).await
    }

    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        self.models.versions_of_run(run).await
    }

    async fn transition_requests(
        &self,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<Option<Vec<TransitionRequest>>> {
        self.models.transition_requests(name, version).await
    }

    async fn versions_of_runs(&self, runs: &[RunId]) -> Result<Vec<ModelVersion>> {
        self.models.versions_of_runs(runs).await
    }

    async fn revision(&self) -> Result<Option<u64>> {
        let (runs, models) = tokio::try_join!(self.runs.revision(), self.models.revision())?;
        // The sum changes whenever one of them does, except with a probability of 2^-64.
        Ok(runs
            .zip(models)
            .map(|(runs, models)| runs.wrapping_add(models)))
    }
}

impl SplitWriter {
    fn writer_of(&self, write: &StoreWrite) -> Result<&Writer, &ReadOnlyReason> {
        if is_of_run(write) {
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
