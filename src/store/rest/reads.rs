//! Reading: experiments, runs, and what the server is.

use async_trait::async_trait;
use serde_json::json;

use super::wire::{ExperimentPage, Keys, One, RunPage};
use super::{Endpoint, RestStore, all_pages, answers};
use crate::domain::{
    Artifact, ArtifactHome, Experiment, ExperimentId, Fault, FaultKind, History, LoggedModel,
    LoggedModelId, ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId,
    TransitionRequest, VersionNumber,
};
use crate::store::{
    Answer, Features, Page, PageToken, Read, Resolution, RunChanges, RunQuery, View,
};

/// What the product of MLflow's own server begins with.
const OWN: &str = "MLflow ";

/// How many experiments a page has.
const EXPERIMENTS: u32 = 1_000;

fn view_type(view: View) -> &'static str {
    match view {
        View::Active => "ACTIVE_ONLY",
        View::Deleted => "DELETED_ONLY",
        View::All => "ALL",
    }
}

/// Every MLflow has experiments and runs: who has no such endpoint is another server, or the address is another path of it.
fn no_mlflow(fault: Fault) -> Fault {
    if fault.kind != FaultKind::Unsupported {
        return fault;
    }
    let why = format!("there is no MLflow at this address: {}", fault.why.raw());
    Fault {
        kind: FaultKind::Malformed,
        why: why.into(),
        ..fault
    }
}

#[async_trait]
impl Read for RestStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        &self.name
    }

    async fn features(&self) -> Answer<Features> {
        self.features
            .get_or_try_init(|| self.ask_features())
            .await
            .cloned()
    }

    async fn experiments(&self, view: View) -> Answer<Vec<Experiment>> {
        let what = "reading the experiments";
        let pages = all_pages(what, |token| async move {
            let mut body = json!({"max_results": EXPERIMENTS, "view_type": view_type(view)});
            if !token.is_empty() {
                body["page_token"] = token.into();
            }
            let page: ExperimentPage = self
                .post(Endpoint::ExperimentsSearch, &body, what)
                .await
                .map_err(no_mlflow)?;
            Ok((page.experiments, page.next_page_token))
        });
        let mut keys = Keys::default();
        Ok(pages
            .await?
            .into_iter()
            .map(|experiment| experiment.read(&mut keys))
            .collect())
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Answer<Page<Run>> {
        let mut ids: Vec<String> = query
            .experiments
            .iter()
            .map(|id| id.raw().to_owned())
            .collect();
        if ids.is_empty() {
            // MLflow finds nothing without an experiment; here no experiment means all of them.
            ids = self
                .experiments(View::All)
                .await?
                .iter()
                .map(|experiment| experiment.id.raw().to_owned())
                .collect();
        }
        let what = "reading the runs";
        let mut body = json!({"experiment_ids": ids, "max_results": query.page_size, "run_view_type": view_type(query.view)});
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
            .map_err(no_mlflow)?;
        let next = Some(page.next_page_token)
            .filter(|token| !token.is_empty())
            .map(PageToken);
        if next.is_some() && next.as_ref() == from {
            return Err(answers::malformed(
                what,
                "the server sends the same page again and again",
            ));
        }
        let mut keys = Keys::default();
        Ok(Page {
            items: page
                .runs
                .into_iter()
                .map(|run| run.read(&mut keys))
                .collect(),
            next,
            total: None,
        })
    }

    async fn changes(&self, changes: &RunChanges) -> Answer<Vec<Run>> {
        self.read_changes(changes).await
    }

    async fn nested(&self, experiments: &[ExperimentId], parent: &RunId) -> Answer<Vec<Run>> {
        self.read_nested(experiments, parent).await
    }

    async fn run(&self, id: &RunId) -> Answer<Run> {
        let what = format!("reading run {}", id.clean());
        let one: One = self
            .get(
                Endpoint::RunGet,
                "",
                &[("run_id", id.raw().to_owned())],
                &what,
            )
            .await?;
        let run = one
            .run
            .ok_or_else(|| answers::malformed(&what, "there is no run in the answer"))?
            .read(&mut Keys::default());
        if run.id == *id {
            Ok(run)
        } else {
            Err(answers::malformed(
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
    ) -> Answer<Vec<History>> {
        self.read_histories(runs, metric, resolution).await
    }

    async fn artifacts(&self, home: &ArtifactHome, path: &str) -> Answer<Vec<Artifact>> {
        self.list_artifacts(home, path).await
    }

    async fn preview(&self, home: &ArtifactHome, path: &str, limit: u64) -> Answer<Preview> {
        self.read_preview(home, path, limit).await
    }

    async fn logged_model(&self, id: &LoggedModelId) -> Answer<LoggedModel> {
        self.read_logged_model(id).await
    }

    async fn logged_models(
        &self,
        experiment: &ExperimentId,
        run: &RunId,
    ) -> Answer<Vec<LoggedModel>> {
        self.search_logged_models(experiment, run).await
    }

    async fn models(&self) -> Answer<Vec<RegisteredModel>> {
        self.search_models().await
    }

    async fn model(&self, name: &ModelName) -> Answer<RegisteredModel> {
        self.read_model(name).await
    }

    async fn versions(&self, name: &ModelName) -> Answer<Vec<ModelVersion>> {
        self.read_versions(name).await
    }

    async fn versions_of_run(&self, run: &RunId) -> Answer<Vec<ModelVersion>> {
        self.search_versions_of_run(run).await
    }

    async fn transition_requests(
        &self,
        name: &ModelName,
        version: VersionNumber,
    ) -> Answer<Option<Vec<TransitionRequest>>> {
        self.read_requests(name, version).await
    }

    async fn versions_of_runs(&self, runs: &[RunId]) -> Answer<Vec<ModelVersion>> {
        self.search_versions_of_runs(runs).await
    }

    async fn pulse(&self) -> Answer<Option<u64>> {
        Ok(None)
    }
}

impl RestStore {
    /// What answers, by its version; what it has, by asking where the version does not tell.
    async fn ask_features(&self) -> Answer<Features> {
        let what = "asking the server what it is";
        let version = self.ask_version(what).await?;
        let major: Option<u32> = version
            .as_deref()
            .and_then(|version| version.split('.').next()?.parse().ok());
        let registry = match self.probe_registry().await {
            Ok(()) => true,
            Err(fault) if fault.kind == FaultKind::Unsupported => false,
            Err(fault) => return Err(fault),
        };
        let product = version.map_or_else(
            || "a server that speaks MLflow".to_owned(),
            |version| format!("{OWN}{version}"),
        );
        Ok(Features {
            product,
            filters: true,
            bulk_histories: !self.has_no_bulk_histories(),
            whole_histories: false,
            logged_models: major.is_none_or(|major| major >= 3),
            registry,
            read_only: None,
        })
    }

    /// Whether MLflow's own server answers, which tells its version.
    pub(super) async fn is_mlflow(&self) -> Answer<bool> {
        Ok(self.features().await?.product.starts_with(OWN))
    }

    /// The version, where the server tells it: gateways and other products don't.
    async fn ask_version(&self, what: &str) -> Answer<Option<String>> {
        let raw = super::retried(|| self.raw(Endpoint::Version, "", &[], what)).await?;
        let status = raw.status.as_u16();
        if status == 401 || status == 403 || status >= 500 || raw.status.is_redirection() {
            return Err(match self.transport.json(raw, what) {
                Err(fault) => fault,
                Ok(_) => Fault::new(
                    FaultKind::Malformed,
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
