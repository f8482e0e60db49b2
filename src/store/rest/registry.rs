//! Models, versions, transition requests and logged models.

use std::cmp::Reverse;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::response::invalid_response;
use super::wire::{
    EntityResponse, LoggedModelPage, ModelPage, TransitionRequestPage, VersionPage,
    WireTransitionRequest, aliases_of_version,
};
use super::{Endpoint, RestStore};
use crate::domain::{
    ExperimentId, LoggedModel, LoggedModelId, ModelName, ModelVersion, RegisteredModel, RunId,
    Stage, StoreErrorKind, TransitionRequest, VersionNumber,
};
use crate::store::Result;
use crate::store::add_staged_versions;
use crate::store::downstream::quote_filter_value;
use crate::store::interner::Interner;

/// MLflow's own maximum.
const MODELS_PER_PAGE: u32 = 1_000;
const VERSIONS_PER_PAGE: u32 = 1_000;
/// Selects prompts and their versions.
const PROMPT_FILTER: &str = "tags.`mlflow.prompt.is_prompt` = 'true'";
/// MLflow's servers accept addresses of 4,094 bytes.
const RUNS_PER_FILTER: usize = 50;

impl RestStore {
    pub(super) async fn has_registry(&self) -> Result<bool> {
        let query = [("max_results", "1".to_owned())];
        match self
            .get::<ModelPage>(Endpoint::ModelsSearch, "", &query, "probing the registry")
            .await
        {
            Ok(_) => Ok(true),
            Err(error) if error.kind == StoreErrorKind::Unsupported => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn search_models(&self) -> Result<Vec<RegisteredModel>> {
        let mut models = self
            .search_registered_models("", "reading registered models")
            .await?;
        models.retain(|model| !model.is_prompt());
        self.read_staged_versions(&mut models).await?;
        Ok(models)
    }

    /// A search without this filter leaves prompts out. A server without prompts has no model with
    /// their tag.
    pub(super) async fn search_prompts(&self) -> Result<Vec<RegisteredModel>> {
        let mut prompts = self
            .search_registered_models(PROMPT_FILTER, "reading prompts")
            .await?;
        prompts.retain(RegisteredModel::is_prompt);
        Ok(prompts)
    }

    async fn search_registered_models(
        &self,
        filter: &str,
        what: &str,
    ) -> Result<Vec<RegisteredModel>> {
        let mut query = vec![("max_results", MODELS_PER_PAGE.to_string())];
        if !filter.is_empty() {
            query.push(("filter", filter.to_owned()));
        }
        let models = self
            .get_all::<ModelPage>(Endpoint::ModelsSearch, "", &query, what)
            .await?;
        let mut keys = Interner::default();
        let models = models
            .into_iter()
            .map(|model| model.into_registered_model(&mut keys));
        Ok(models.collect())
    }

    /// The models' own lists have only the newest version of each stage, and a search cannot filter
    /// by stage: if a model has a version in Staging or Production, the versions of all are read. A
    /// server that requires a filter (Unity Catalog) has no stages.
    async fn read_staged_versions(&self, models: &mut [RegisteredModel]) -> Result<()> {
        let is_staged =
            |version: &ModelVersion| matches!(version.stage, Stage::Staging | Stage::Production);
        let mut newest = models.iter().flat_map(|model| &model.latest_versions);
        if !newest.any(is_staged) {
            return Ok(());
        }
        let versions = self
            .search_versions("", "reading the versions in Staging and Production")
            .await;
        match versions {
            Ok(versions) => add_staged_versions(models, &versions),
            Err(error)
                if matches!(
                    error.kind,
                    StoreErrorKind::InvalidRequest | StoreErrorKind::Unsupported
                ) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(super) async fn read_model(&self, name: &ModelName) -> Result<RegisteredModel> {
        let what = format!("reading model {}", name.clean());
        let query = [("name", name.raw().to_owned())];
        let response: EntityResponse = self.get(Endpoint::ModelGet, "", &query, &what).await?;
        let model = response
            .registered_model
            .ok_or_else(|| invalid_response(&what, "the response has no model"))?
            .into_registered_model(&mut Interner::default());
        if model.name != *name {
            let why = format!("the server returned model {}", model.name.raw());
            return Err(invalid_response(&what, why));
        }
        Ok(model)
    }

    /// A model with all versions, newest first. A search returns no aliases: they are joined from the model.
    pub(super) async fn read_model_and_versions(
        &self,
        name: &ModelName,
    ) -> Result<(RegisteredModel, Vec<ModelVersion>)> {
        let model = self.read_model(name).await?;
        let mut versions = self.search_versions_of_model(&model).await?;
        for version in &mut versions {
            version.aliases = aliases_of_version(&model.aliases, version.version);
        }
        versions.sort_by_key(|version| Reverse(version.version));
        Ok((model, versions))
    }

    /// Versions without their aliases, in any order.
    pub(super) async fn search_versions_of_model(
        &self,
        model: &RegisteredModel,
    ) -> Result<Vec<ModelVersion>> {
        let name = &model.name;
        let mut filter = format!("name = {}", quote_filter_value(name.raw())?);
        if model.is_prompt() {
            // Without this, a search leaves the versions of prompts out.
            filter = format!("{filter} AND {PROMPT_FILTER}");
        }
        let what = format!("reading versions of {}", name.clean());
        let mut versions = self.search_versions(&filter, &what).await?;
        versions.retain(|version| version.name == *name);
        Ok(versions)
    }

    pub(super) async fn search_versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        let filter = format!("run_id = {}", quote_filter_value(run.raw())?);
        let what = format!("reading versions of run {}", run.clean());
        let mut versions = self.search_versions(&filter, &what).await?;
        versions.retain(|version| version.run_id == *run);
        Ok(versions)
    }

    /// Versions without their aliases.
    pub(super) async fn search_versions_of_runs(
        &self,
        runs: &[RunId],
    ) -> Result<Vec<ModelVersion>> {
        let mut versions = Vec::new();
        for runs in runs.chunks(RUNS_PER_FILTER) {
            let ids = runs
                .iter()
                .map(|run| quote_filter_value(run.raw()))
                .collect::<Result<Vec<String>>>()?;
            let filter = format!("run_id IN ({})", ids.join(", "));
            versions.extend(
                self.search_versions(&filter, "reading versions of runs")
                    .await?,
            );
        }
        versions.retain(|version| runs.contains(&version.run_id));
        Ok(versions)
    }

    async fn search_versions(&self, filter: &str, what: &str) -> Result<Vec<ModelVersion>> {
        let mut query = vec![("max_results", VERSIONS_PER_PAGE.to_string())];
        if !filter.is_empty() {
            query.push(("filter", filter.to_owned()));
        }
        let versions = self
            .get_all::<VersionPage>(Endpoint::VersionsSearch, "", &query, what)
            .await?;
        let mut keys = Interner::default();
        Ok(versions
            .into_iter()
            .filter_map(|version| version.into_version(&mut keys))
            .collect())
    }

    /// The open transition requests of a version, a feature of Databricks. A server without the
    /// endpoint is asked once; MLflow's own servers, which report their version, are never asked.
    pub(super) async fn read_transition_requests(
        &self,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<Option<Vec<TransitionRequest>>> {
        if self.lacks_transition_requests.load(Ordering::Relaxed)
            || !self.may_have_transition_requests().await?
        {
            return Ok(None);
        }
        let what = format!(
            "reading transition requests for version {version} of {}",
            name.clean()
        );
        let query = [
            ("name", name.raw().to_owned()),
            ("version", version.to_string()),
        ];
        let page: TransitionRequestPage = match self
            .get(Endpoint::TransitionRequests, "", &query, &what)
            .await
        {
            Ok(page) => page,
            Err(error) if error.kind == StoreErrorKind::Unsupported => {
                self.lacks_transition_requests
                    .store(true, Ordering::Relaxed);
                return Ok(None);
            }
            // A user without the permission to see requests can still read the version.
            Err(error)
                if matches!(
                    error.kind,
                    StoreErrorKind::NotFound | StoreErrorKind::PermissionDenied
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let to_request = |request: WireTransitionRequest| request.into_request(version);
        Ok(Some(
            page.requests.into_iter().filter_map(to_request).collect(),
        ))
    }

    pub(super) async fn read_logged_model(&self, id: &LoggedModelId) -> Result<LoggedModel> {
        let what = format!("reading logged model {}", id.clean());
        let response: EntityResponse = self
            .get(Endpoint::LoggedModelGet, id.raw(), &[], &what)
            .await?;
        let model = response
            .model
            .ok_or_else(|| invalid_response(&what, "the response has no logged model"))?
            .into_logged_model(&mut Interner::default());
        if model.id != *id {
            let why = format!("the server returned logged model {}", model.id.raw());
            return Err(invalid_response(&what, why));
        }
        Ok(model)
    }

    pub(super) async fn search_logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Result<Vec<LoggedModel>> {
        let what = format!("reading logged models of run {}", run.clean());
        let filter = format!("source_run_id = {}", quote_filter_value(run.raw())?);
        let body = json!({"experiment_ids": [experiment.raw()], "filter": filter});
        let models = self
            .post_all::<LoggedModelPage>(Endpoint::LoggedModelsSearch, &body, &what)
            .await?;
        let mut keys = Interner::default();
        let models = models
            .into_iter()
            .map(|model| model.into_logged_model(&mut keys));
        Ok(models.filter(|model| model.source_run_id == *run).collect())
    }
}
