//! The registry: models, versions, logged models.

use serde_json::json;

use super::wire::{
    EntityResponse, Interner, LoggedModelPage, ModelPage, VersionPage, aliases_of_version,
};
use super::{Endpoint, RestStore, collect_pages, response};
use crate::domain::{
    ExperimentId, LoggedModel, LoggedModelId, ModelName, ModelVersion, RegisteredModel, RunId,
};
use crate::store::Result;
use crate::store::downstream::quote_filter_value;

/// How many models a page has: MLflow's own maximum.
const MODELS_PER_PAGE: u32 = 1_000;
/// How many versions a page has.
const VERSIONS_PER_PAGE: u32 = 1_000;
/// Of how many runs versions are asked for at once: MLflow's servers take addresses of 4,094 bytes.
const RUNS_PER_FILTER: usize = 50;

impl RestStore {
    pub(super) async fn probe_registry(&self) -> Result<()> {
        let query = [("max_results", "1".to_owned())];
        self.get::<ModelPage>(
            Endpoint::ModelsSearch,
            "",
            &query,
            "asking for the registry",
        )
        .await
        .map(drop)
    }

    pub(super) async fn search_models(&self) -> Result<Vec<RegisteredModel>> {
        let what = "reading the registered models";
        let models = collect_pages(what, |token| async move {
            let mut query = vec![("max_results", MODELS_PER_PAGE.to_string())];
            if !token.is_empty() {
                query.push(("page_token", token));
            }
            let page: ModelPage = self.get(Endpoint::ModelsSearch, "", &query, what).await?;
            Ok((page.registered_models, page.next_page_token))
        });
        let mut keys = Interner::default();
        let models = models
            .await?
            .into_iter()
            .map(|model| model.into_registered_model(&mut keys));
        Ok(models.filter(|model| !model.is_prompt()).collect())
    }

    pub(super) async fn read_model(&self, name: &ModelName) -> Result<RegisteredModel> {
        let what = format!("reading model {}", name.clean());
        let one: EntityResponse = self
            .get(
                Endpoint::ModelGet,
                "",
                &[("name", name.raw().to_owned())],
                &what,
            )
            .await?;
        let model = one.registered_model.ok_or_else(|| {
            response::malformed_response(&what, "there is no model in the answer")
        })?;
        let model = model.into_registered_model(&mut Interner::default());
        if model.name != *name {
            return Err(response::malformed_response(
                &what,
                format!("the answer tells of model {}", model.name.raw()),
            ));
        }
        Ok(model)
    }

    /// All versions, newest first. Searches tell no aliases: they are joined from the model.
    pub(super) async fn read_versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        let model = self.read_model(name).await?;
        let filter = format!("name={}", quote_filter_value(name.raw())?);
        let mut versions = self
            .search_versions(
                &filter,
                &format!("reading the versions of {}", name.clean()),
            )
            .await?;
        versions.retain(|version| version.name == *name);
        for version in &mut versions {
            version.aliases = aliases_of_version(&model.aliases, version.version);
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version.version));
        Ok(versions)
    }

    pub(super) async fn search_versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        let filter = format!("run_id={}", quote_filter_value(run.raw())?);
        let mut versions = self
            .search_versions(&filter, "reading the versions of a run")
            .await?;
        versions.retain(|version| version.run_id == *run);
        Ok(versions)
    }

    /// Aliases are not among what a search tells.
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
            versions.extend(
                self.search_versions(
                    &format!("run_id IN ({})", ids.join(", ")),
                    "reading the versions of runs",
                )
                .await?,
            );
        }
        versions.retain(|version| runs.contains(&version.run_id));
        Ok(versions)
    }

    async fn search_versions(&self, filter: &str, what: &str) -> Result<Vec<ModelVersion>> {
        let versions = collect_pages(what, |token| async move {
            let mut query = vec![
                ("filter", filter.to_owned()),
                ("max_results", VERSIONS_PER_PAGE.to_string()),
            ];
            if !token.is_empty() {
                query.push(("page_token", token));
            }
            let page: VersionPage = self.get(Endpoint::VersionsSearch, "", &query, what).await?;
            Ok((page.model_versions, page.next_page_token))
        });
        let mut keys = Interner::default();
        Ok(versions
            .await?
            .into_iter()
            .filter_map(|version| version.into_version(&mut keys))
            .collect())
    }

    pub(super) async fn read_logged_model(&self, id: &LoggedModelId) -> Result<LoggedModel> {
        let what = format!("reading logged model {}", id.clean());
        let one: EntityResponse = self
            .get(Endpoint::LoggedModelGet, id.raw(), &[], &what)
            .await?;
        let model = one.model.ok_or_else(|| {
            response::malformed_response(&what, "there is no model in the answer")
        })?;
        let model = model.into_logged_model(&mut Interner::default());
        if model.id != *id {
            return Err(response::malformed_response(
                &what,
                format!("the answer tells of logged model {}", model.id.raw()),
            ));
        }
        Ok(model)
    }

    pub(super) async fn search_logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Result<Vec<LoggedModel>> {
        let what = "reading the run's logged models";
        let filter = format!("source_run_id={}", quote_filter_value(run.raw())?);
        let body = json!({"experiment_ids": [experiment.raw()], "filter": filter});
        let models = collect_pages(what, |token| {
            let mut body = body.clone();
            async move {
                if !token.is_empty() {
                    body["page_token"] = token.into();
                }
                let page: LoggedModelPage =
                    self.post(Endpoint::LoggedModelsSearch, &body, what).await?;
                Ok((page.models, page.next_page_token))
            }
        });
        let mut keys = Interner::default();
        let models = models
            .await?
            .into_iter()
            .map(|model| model.into_logged_model(&mut keys));
        Ok(models.filter(|model| model.source_run_id == *run).collect())
    }
}
