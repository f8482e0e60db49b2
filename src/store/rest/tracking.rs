//! Reading: experiments, runs, and what the server is.

use async_trait::async_trait;
use serde_json::json;

use super::wire::{EntityResponse, ExperimentPage, Interner, RunPage};
use super::{Endpoint, RestStore, collect_pages, response};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, StoreError, StoreErrorKind,
    TransitionRequest, VersionNumber,
};
use crate::store::{
    ChangedRunsQuery, Features, LifecycleFilter, Page, PageToken, ReadStore, Resolution, Result,
    RunQuery,
};

/// What the product of MLflow's own server begins with.
const MLFLOW_PRODUCT_PREFIX: &str = "MLflow ";

/// How many experiments a page has.
const EXPERIMENTS_PER_PAGE: u32 = 1_000;

fn view_type(view: LifecycleFilter) -> &'static str {
    match view {
        LifecycleFilter::Active => "ACTIVE_ONLY",
        LifecycleFilter::Deleted => "DELETED_ONLY",
        LifecycleFilter::All => "ALL",
    }
}

/// Every MLflow has experiments and runs: who has no such endpoint is another server, or the address is another path of it.
fn not_mlflow_error(fault: StoreError) -> StoreError {
    if fault.kind != StoreErrorKind::Unsupported {
        return fault;
    }
    let why = format!("there is no MLflow at this address: {}", fault.why.raw());
    StoreError {
        kind: StoreErrorKind::InvalidResponse,
        why: why.into(),
        ..fault
    }
}

#[async_trait]
impl ReadStore for RestStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        &self.name
    }

    fn web_url(&self) -> Option<&str> {
        Some(&self.name)
    }

    async fn features(&self) -> Result<Features> {
        self.features
            .get_or_try_init(|| self.detect_features())
            .await
            .cloned()
    }

    async fn experiments(&self, view: LifecycleFilter) -> Result<Vec<Experiment>> {
        let what = "reading the experiments";
        let pages = collect_pages(what, |token| async move {
            let mut body =
                json!({"max_results": EXPERIMENTS_PER_PAGE, "view_type": view_type(view)});
            if !token.is_empty() {
                body["page_token"] = token.into();
            }
            let page: ExperimentPage = self
                .post(Endpoint::ExperimentsSearch, &body, what)
                .await
                .map_err(not_mlflow_error)?;
            Ok((page.experiments, page.next_page_token))
        });
        let mut keys = Interner::default();
        Ok(pages
            .await?
            .into_iter()
            .map(|experiment| experiment.into_experiment(&mut keys))
            .collect())
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        let mut ids: Vec<String> = query
            .experiments
            .iter()
            .map(|id| id.raw().to_owned())
            .collect();
        if ids.is_empty() {
            // MLflow finds nothing without an experiment; here no experiment means all of them.
            ids = self
                .experiments(LifecycleFilter::All)
                .await?
                .iter()
                .map(|experiment| experiment.id.raw().to_owned())
                .collect();
        }
        let what = "reading the runs";
        let mut body = json!({"experiment_ids": ids, "max_results": query.page_size, "run_view_type": view_type(query.lifecycle)});
        if let Some(filter) = &query.filter {
            body["filter"] = filter.as_str().into();
        }
        if !query.order_by.is_empty() {
            body["order_by"] = query.order_by.clone().into();
        }
        if let Some(PageToken(token)) = from {
            body["page_token"] = token.as_str().into();
        }
        let page: RunPage = self
            .post(Endpoint::RunsSearch, &body, what)
            .await
            .map_err(not_mlflow_error)?;
        let next = Some(page.next_page_token)
            .filter(|token| !token.is_empty())
            .map(PageToken);
        if next.is_some() && next.as_ref() == from {
            return Err(response::malformed_response(
                what,
                "the server sends the same page again and again",
            ));
        }
        let mut keys = Interner::default();
        Ok(Page {
            items: page
                .runs
                .into_iter()
                .map(|run| run.into_run(&mut keys))
                .collect(),
            next,
            total: None,
        })
    }

    async fn changed_runs(&self, changes: &ChangedRunsQuery) -> Result<Vec<Run>> {
        self.read_changed_runs(changes).await
    }

    async fn nested_runs(&self, experiments: &[ExperimentId], parent: &RunId) -> Result<Vec<Run>> {
        self.read_nested_runs(experiments, parent).await
    }

    async fn run(&self, id: &RunId) -> Result<Run> {
        let what = format!("reading run {}", id.clean());
        let one: EntityResponse = self
            .get(
                Endpoint::RunGet,
                "",
                &[("run_id", id.raw().to_owned())],
                &what,
            )
            .await?;
        let run = one
            .run
            .ok_or_else(|| response::malformed_response(&what, "there is no run in the answer"))?
            .into_run(&mut Interner::default());
        if run.id == *id {
            Ok(run)
        } else {
            Err(response::malformed_response(
                &what,
                format!("the answer tells of run {}", run.id.raw()),
            ))
        }
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>> {
        self.read_histories(runs, metric, resolution).await
    }

    async fn artifacts(&self, home: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>> {
        self.list_artifacts(home, path).await
    }

    async fn preview(&self, home: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview> {
        self.read_preview(home, path, limit).await
    }

    async fn logged_model(&self, id: &LoggedModelId) -> Result<LoggedModel> {
        self.read_logged_model(id).await
    }

    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Result<Vec<LoggedModel>> {
        self.search_logged_models(experiment, run).await
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        self.search_models().await
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        self.read_model(name).await
    }

    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        self.read_versions(name).await
    }

    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        self.search_versions_of_run(run).await
    }

    async fn transition_requests(
        &self,
        name: &ModelName,
        version: VersionNumber,
    ) -> Result<Option<Vec<TransitionRequest>>> {
        self.read_transition_requests(name, version).await
    }

    async fn versions_of_runs(&self, runs: &[RunId]) -> Result<Vec<ModelVersion>> {
        self.search_versions_of_runs(runs).await
    }

    async fn revision(&self) -> Result<Option<u64>> {
        Ok(None)
    }
}

impl RestStore {
    /// What answers, by its version; what it has, by asking where the version does not tell.
    async fn detect_features(&self) -> Result<Features> {
        let what = "asking the server what it is";
        let version = self.fetch_version(what).await?;
        let major: Option<u32> = version
            .as_deref()
            .and_then(|version| version.split('.').next()?.parse().ok());
        let registry = match self.probe_registry().await {
            Ok(()) => true,
            Err(fault) if fault.kind == StoreErrorKind::Unsupported => false,
            Err(fault) => return Err(fault),
        };
        let product = version.map_or_else(
            || "a server that speaks MLflow".to_owned(),
            |version| format!("{MLFLOW_PRODUCT_PREFIX}{version}"),
        );
        Ok(Features {
            product,
            can_filter: true,
            has_bulk_histories: !self.lacks_bulk_histories(),
            has_cheap_full_histories: false,
            has_logged_models: major.is_none_or(|major| major >= 3),
            has_registry: registry,
        })
    }

    /// Whether MLflow's own server answers, which tells its version.
    pub(super) async fn is_mlflow_server(&self) -> Result<bool> {
        Ok(self
            .features()
            .await?
            .product
            .starts_with(MLFLOW_PRODUCT_PREFIX))
    }

    /// The version, where the server tells it: gateways and other products don't.
    async fn fetch_version(&self, what: &str) -> Result<Option<String>> {
        let raw = super::retry(|| self.get_raw(Endpoint::Version, "", &[], what)).await?;
        let status = raw.status.as_u16();
        if status == 401 || status == 403 || status >= 500 || raw.status.is_redirection() {
            return Err(match self.transport.json_body(raw, what) {
                Err(fault) => fault,
                Ok(_) => StoreError::new(
                    StoreErrorKind::InvalidResponse,
                    what,
                    "the server's answer makes no sense",
                ),
            });
        }
        let text = String::from_utf8_lossy(&raw.body).trim().to_owned();
        let is_version = text.len() < 40 && text.starts_with(|c: char| c.is_ascii_digit());
        Ok(is_version.then_some(text))
    }
}
