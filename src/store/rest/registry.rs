//! The registry: models, versions, logged models.

use serde_json::json;

use super::wire::{Keys, LoggedModelPage, ModelPage, One, VersionPage, held_by};
use super::{Endpoint, RestStore, all_pages, answers};
use crate::domain::{
    ExperimentId, LoggedModel, LoggedModelId, ModelName, ModelVersion, RegisteredModel, RunId,
};
use crate::store::Answer;
use crate::store::made_from::quoted;

/// How many models a page has: MLflow's own maximum.
const MODELS: u32 = 1_000;
/// How many versions a page has.
const VERSIONS: u32 = 1_000;
/// Of how many runs versions are asked for at once: MLflow's servers take addresses of 4,094 bytes.
const RUNS: usize = 50;

impl RestStore {
    pub(super) async fn probe_registry(&self) -> Answer<()> {
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

    pub(super) async fn search_models(&self) -> Answer<Vec<RegisteredModel>> {
        let what = "reading the registered models";
        let models = all_pages(what, |token| async move {
            let mut query = vec![("max_results", MODELS.to_string())];
            if !token.is_empty() {
                query.push(("page_token", token));
            }
            let page: ModelPage = self.get(Endpoint::ModelsSearch, "", &query, what).await?;
            Ok((page.registered_models, page.next_page_token))
        });
        let mut keys = Keys::default();
        let models = models.await?.into_iter().map(|model| model.read(&mut keys));
        Ok(models.filter(|model| !model.is_prompt()).collect())
    }

    pub(super) async fn read_model(&self, name: &ModelName) -> Answer<RegisteredModel> {
        let what = format!("reading model {}", name.clean());
        let one: One = self
            .get(
                Endpoint::ModelGet,
                "",
                &[("name", name.raw().to_owned())],
                &what,
            )
            .await?;
        let model = one
            .registered_model
            .ok_or_else(|| answers::malformed(&what, "there is no model in the answer"))?;
        let model = model.read(&mut Keys::default());
        if model.name != *name {
            return Err(answers::malformed(
                &what,
                format!("the answer tells of model {}", model.name.raw()),
            ));
        }
        Ok(model)
    }

    /// All versions, newest first. Searches tell no aliases: they are joined from the model.
    pub(super) async fn read_versions(&self, name: &ModelName) -> Answer<Vec<ModelVersion>> {
        let model = self.read_model(name).await?;
        let filter = format!("name={}", quoted(name.raw())?);
        let mut versions = self
            .search_versions(
                &filter,
                &format!("reading the versions of {}", name.clean()),
            )
            .await?;
        versions.retain(|version| version.name == *name);
        for version in &mut versions {
            version.aliases = held_by(&model.aliases, version.version);
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version.version));
        Ok(versions)
    }

    pub(super) async fn search_versions_of_run(&self, run: &RunId) -> Answer<Vec<ModelVersion>> {
        let filter = format!("run_id={}", quoted(run.raw())?);
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
    ) -> Answer<Vec<ModelVersion>> {
        let mut versions = Vec::new();
        for runs in runs.chunks(RUNS) {
            let ids = runs
                .iter()
                .map(|run| quoted(run.raw()))
                .collect::<Answer<Vec<String>>>()?;
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

    async fn search_versions(&self, filter: &str, what: &str) -> Answer<Vec<ModelVersion>> {
        let versions = all_pages(what, |token| async move {
            let mut query = vec![
                ("filter", filter.to_owned()),
                ("max_results", VERSIONS.to_string()),
            ];
            if !token.is_empty() {
                query.push(("page_token", token));
            }
            let page: VersionPage = self.get(Endpoint::VersionsSearch, "", &query, what).await?;
            Ok((page.model_versions, page.next_page_token))
        });
        let mut keys = Keys::default();
        Ok(versions
            .await?
            .into_iter()
            .filter_map(|version| version.read(&mut keys))
            .collect())
    }

    pub(super) async fn read_logged_model(&self, id: &LoggedModelId) -> Answer<LoggedModel> {
        let what = format!("reading logged model {}", id.clean());
        let one: One = self
            .get(Endpoint::LoggedModelGet, id.raw(), &[], &what)
            .await?;
        let model = one
            .model
            .ok_or_else(|| answers::malformed(&what, "there is no model in the answer"))?;
        let model = model.read(&mut Keys::default());
        if model.id != *id {
            return Err(answers::malformed(
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
    ) -> Answer<Vec<LoggedModel>> {
        let what = "reading the run's logged models";
        let filter = format!("source_run_id={}", quoted(run.raw())?);
        let body = json!({"experiment_ids": [experiment.raw()], "filter": filter});
        let models = all_pages(what, |token| {
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
        let mut keys = Keys::default();
        let models = models.await?.into_iter().map(|model| model.read(&mut keys));
        Ok(models.filter(|model| model.source_run_id == *run).collect())
    }
}
