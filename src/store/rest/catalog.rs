//! Registries of models that have no runs: the Unity Catalogs.

use std::time::Duration;

use async_trait::async_trait;

use super::LoginStep;
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, SlotKinds, StoreError,
    StoreErrorKind, StoreWrite, VersionNumber,
};
use crate::store::{
    Features, LifecycleFilter, Page, PageToken, ReadStore, Resolution, Result, RunQuery,
};

/// Reads the models of a catalog, whose versions have aliases and no stages.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// For users, without secrets.
    fn name(&self) -> &str;

    /// The product, for users.
    fn product(&self) -> &'static str;

    /// See [`ReadStore::refusal`].
    fn refusal(&self, write: &StoreWrite) -> Option<String>;

    /// See [`ReadStore::has_version_tags`].
    fn has_version_tags(&self) -> bool;

    /// See [`ReadStore::rate_limit_wait`].
    fn rate_limit_wait(&self) -> Option<Duration>;

    /// See [`ReadStore::login_steps`].
    async fn login_steps(&self) -> Vec<LoginStep>;

    /// All models.
    async fn models(&self) -> Result<Vec<RegisteredModel>>;

    /// One model, with its aliases.
    async fn model(&self, name: &ModelName) -> Result<RegisteredModel>;

    /// A model and all of its versions, newest first, with their tags and aliases.
    async fn model_and_versions(
        &self,
        name: &ModelName,
    ) -> Result<(RegisteredModel, Vec<ModelVersion>)>;

    /// See [`ReadStore::version_numbers`].
    async fn version_numbers(&self, name: &ModelName) -> Result<Vec<VersionNumber>>;

    /// The versions made from a run.
    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>>;
}

/// A catalog as a store without runs.
pub struct CatalogReader<C>(pub C);

fn no_runs(what: &str) -> StoreError {
    let error = StoreError::new(
        StoreErrorKind::Unsupported,
        what,
        "this is a model registry without runs",
    );
    error.with_hint(Some(
        "name the tracking store as the target, and this one with --registry",
    ))
}

#[async_trait]
impl<C: Catalog> ReadStore for CatalogReader<C> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn origin(&self) -> &str {
        self.0.name()
    }

    fn slot_kinds(&self) -> SlotKinds {
        SlotKinds::ALIASES
    }

    fn refusal(&self, write: &StoreWrite) -> Option<String> {
        self.0.refusal(write)
    }

    fn has_version_tags(&self) -> bool {
        self.0.has_version_tags()
    }

    fn rate_limit_wait(&self) -> Option<Duration> {
        self.0.rate_limit_wait()
    }

    async fn login_steps(&self) -> Vec<LoginStep> {
        self.0.login_steps().await
    }

    async fn features(&self) -> Result<Features> {
        Ok(Features {
            product: self.0.product().to_owned(),
            can_filter: false,
            has_bulk_histories: false,
            has_cheap_full_histories: false,
            has_logged_models: false,
            has_registry: true,
            has_transition_requests: false,
            has_windows: false,
        })
    }

    async fn experiments(&self, _: LifecycleFilter) -> Result<Vec<Experiment>> {
        Err(no_runs("reading experiments"))
    }

    async fn runs(&self, _: &RunQuery, _: Option<&PageToken>) -> Result<Page<Run>> {
        Err(no_runs("reading runs"))
    }

    async fn run(&self, _: &RunId) -> Result<Run> {
        Err(no_runs("reading a run"))
    }

    async fn histories(&self, _: &[RunId], _: &str, _: Resolution) -> Result<Vec<MetricHistory>> {
        Err(no_runs("reading histories"))
    }

    async fn artifacts(&self, _: &ArtifactOwner, _: &str) -> Result<Vec<Artifact>> {
        Err(no_runs("listing artifacts"))
    }

    async fn preview(&self, _: &ArtifactOwner, _: &str, _: u64) -> Result<Preview> {
        Err(no_runs("reading a file"))
    }

    async fn logged_model(&self, _: &LoggedModelId) -> Result<LoggedModel> {
        Err(no_runs("reading a logged model"))
    }

    async fn logged_models(&self, _: &ExperimentId, _: &RunId) -> Result<Vec<LoggedModel>> {
        Err(no_runs("reading logged models"))
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        self.0.models().await
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        self.0.model(name).await
    }

    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        Ok(self.0.model_and_versions(name).await?.1)
    }

    async fn model_and_versions(
        &self,
        name: &ModelName,
    ) -> Result<(RegisteredModel, Vec<ModelVersion>)> {
        self.0.model_and_versions(name).await
    }

    async fn version_numbers(&self, model: &RegisteredModel) -> Result<Vec<VersionNumber>> {
        self.0.version_numbers(&model.name).await
    }

    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        self.0.versions_of_run(run).await
    }

    async fn revision(&self) -> Result<Option<u64>> {
        Ok(None)
    }
}
