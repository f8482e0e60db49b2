//! MLflow servers over HTTP: tracking and registry of 3.x and 2.x.
//!
//! A [`RestStore`] can send only the reads of [`endpoints::ALLOWED`]. A [`RestWriter`] is another
//! type, with its own HTTP client, and only [`RestStore::writer`] makes one.

mod catalog;
mod credentials;
mod detection;
pub mod endpoints;
#[cfg(fuzzing)]
pub mod fuzzing;
mod histories;
mod login;
mod open_catalog;
mod pace;
mod registry;
mod response;
mod retry;
mod service;
mod signed_files;
mod tracking;
mod transport;
mod unity_catalog;
mod wire;
mod workspaces;
mod writer;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use super::{
    ByteSender, ChangedRunsQuery, Features, LifecycleFilter, ManagedTarget, Page, PageToken,
    ReadStore, Resolution, Result, RunQuery, limits, workspace_origin,
};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, SlotKinds, TransitionRequest,
    VersionNumber,
};
pub use catalog::{Catalog, CatalogReader};
pub use credentials::ConnectOptions;
use endpoints::Endpoint;
pub use login::{Environment, LoginStep};
pub use open_catalog::OpenCatalog;
use response::invalid_response;
use retry::collect_pages;
use service::{FileAccess, Service};
pub use transport::Timeouts;
use transport::{RawResponse, Transport, is_loopback};
pub use unity_catalog::UnityCatalog;
use wire::Paged;
pub use writer::RestWriter;

/// A server, for reading.
pub struct RestStore {
    transport: Transport,
    service: Service,
    options: ConnectOptions,
    timeouts: Timeouts,
    name: String,
    origin: String,
    web_url: String,
    features: OnceCell<Features>,
    /// The version that the server reports, if it does.
    version: OnceCell<Option<String>>,
    /// Set by the first request that the server does not know.
    lacks_bulk_histories: AtomicBool,
    /// Set by the first request that the server does not know.
    lacks_transition_requests: AtomicBool,
}

impl RestStore {
    /// Prepares a client; sends nothing yet.
    ///
    /// # Errors
    /// When a certificate can't be read.
    pub fn connect(url: &Url, options: &ConnectOptions) -> Result<Self> {
        Self::with_timeouts(url, options, Timeouts::default())
    }

    /// [`Self::connect`] with other timeouts.
    ///
    /// # Errors
    /// When a certificate can't be read.
    pub fn with_timeouts(url: &Url, options: &ConnectOptions, timeouts: Timeouts) -> Result<Self> {
        Self::for_service(Service::plain(url, options)?, options, timeouts)
    }

    /// A managed service; sends nothing yet.
    ///
    /// # Errors
    /// When its configuration is missing or contradicts itself.
    pub fn connect_managed(target: &ManagedTarget, options: &ConnectOptions) -> Result<Self> {
        let service = Service::managed(target, options)?;
        Self::for_service(service, options, Timeouts::default())
    }

    fn for_service(service: Service, options: &ConnectOptions, timeouts: Timeouts) -> Result<Self> {
        let transport = Transport::for_reading(&service, options, timeouts)?;
        let address = transport.address();
        let has_bulk_histories = service.kind.has_bulk_histories;
        let web_url = format!("{address}{}", service.kind.web_path);
        let name = service.uri.clone().unwrap_or(address);
        Ok(Self {
            origin: workspace_origin(&name, service.workspace()),
            web_url,
            name,
            transport,
            service,
            options: options.clone(),
            timeouts,
            features: OnceCell::new(),
            version: OnceCell::new(),
            lacks_bulk_histories: AtomicBool::new(!has_bulk_histories),
            lacks_transition_requests: AtomicBool::new(false),
        })
    }

    /// A writer to the same server.
    ///
    /// # Errors
    /// When its HTTP client can't be built.
    pub fn writer(&self) -> Result<RestWriter> {
        Ok(RestWriter::new(
            Transport::for_writing(&self.service, &self.options, self.timeouts)?,
            self.timeouts,
            self.service.kind,
        ))
    }

    /// Gets JSON, again after a transient error.
    async fn get<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        id: &str,
        query: &[(&str, String)],
        what: &str,
    ) -> Result<T> {
        let (value, _) = self.get_sized(endpoint, id, query, what).await?;
        Ok(value)
    }

    /// [`Self::get`], with the size of the response in bytes.
    async fn get_sized<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        id: &str,
        query: &[(&str, String)],
        what: &str,
    ) -> Result<(T, usize)> {
        let attempt = || async {
            let limit = limits::RESPONSE_BYTES;
            let raw = self.send(endpoint, id, query, None, what, limit).await?;
            let size = raw.body.len();
            Ok((self.parse_json(raw, what)?, size))
        };
        self.retry(attempt).await
    }

    /// Posts JSON and reads the JSON of the response, again after a transient error.
    async fn post<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        body: &Value,
        what: &str,
    ) -> Result<T> {
        self.post_to(endpoint, "", body, what).await
    }

    /// [`Self::post`] to an endpoint with an id in its path.
    async fn post_to<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        id: &str,
        body: &Value,
        what: &str,
    ) -> Result<T> {
        let (value, _) = self.post_sized(endpoint, id, body, what).await?;
        Ok(value)
    }

    /// [`Self::post_to`], with the size of the response in bytes.
    async fn post_sized<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        id: &str,
        body: &Value,
        what: &str,
    ) -> Result<(T, usize)> {
        let attempt = || async {
            let limit = limits::RESPONSE_BYTES;
            let raw = self
                .send(endpoint, id, &[], Some(body), what, limit)
                .await?;
            let size = raw.body.len();
            Ok((self.parse_json(raw, what)?, size))
        };
        self.retry(attempt).await
    }

    /// Gets all pages of a listing.
    async fn get_all<P: Paged>(
        &self,
        endpoint: Endpoint,
        id: &str,
        query: &[(&str, String)],
        what: &str,
    ) -> Result<Vec<P::Item>> {
        let page = |token: String| async move {
            let mut query = query.to_vec();
            if !token.is_empty() {
                query.push(("page_token", token));
            }
            let (page, size): (P, usize) = self.get_sized(endpoint, id, &query, what).await?;
            Ok((page.into_parts(), size))
        };
        collect_pages(what, page).await
    }

    /// Posts a search until its last page.
    async fn post_all<P: Paged>(
        &self,
        endpoint: Endpoint,
        body: &Value,
        what: &str,
    ) -> Result<Vec<P::Item>> {
        let page = |token: String| async move {
            let mut body = body.clone();
            if !token.is_empty() {
                body["page_token"] = token.into();
            }
            let (page, size): (P, usize) = self.post_sized(endpoint, "", &body, what).await?;
            Ok((page.into_parts(), size))
        };
        collect_pages(what, page).await
    }

    async fn retry<T, F: Future<Output = Result<T>>>(
        &self,
        operation: impl FnMut() -> F,
    ) -> Result<T> {
        retry::retry(operation, &self.service.kind.retries, &self.service.pace).await
    }

    async fn send(
        &self,
        endpoint: Endpoint,
        id: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
        what: &str,
        limit: usize,
    ) -> Result<RawResponse> {
        let (method, parts) = endpoint.route(id);
        let mut request = self.transport.request(method, &parts, query);
        if let Some(body) = body {
            request = Transport::with_json(request, body);
        }
        self.transport.send(request, what, limit).await
    }

    fn parse_json<T: DeserializeOwned>(&self, raw: RawResponse, what: &str) -> Result<T> {
        let body = self.transport.json_body(raw, what)?;
        serde_json::from_slice(&body).map_err(|error| {
            // The parser's message can quote the response, so only the line is kept.
            invalid_response(
                what,
                format!("unexpected JSON at line {} of the response", error.line()),
            )
        })
    }

    fn lacks_bulk_histories(&self) -> bool {
        self.lacks_bulk_histories.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl ReadStore for RestStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn origin(&self) -> &str {
        &self.origin
    }

    fn tracking_uri(&self) -> String {
        self.name.clone()
    }

    fn web_url(&self) -> Option<&str> {
        Some(&self.web_url)
    }

    fn slot_kinds(&self) -> SlotKinds {
        self.service.kind.slots
    }

    fn has_files(&self) -> bool {
        self.service.kind.files != FileAccess::None
    }

    fn rate_limit_wait(&self) -> Option<Duration> {
        self.service.pace.remaining()
    }

    async fn login_steps(&self) -> Vec<LoginStep> {
        let mut steps = self.service.check_login().await;
        if steps.iter().all(|step| step.hint.is_none()) && self.service.kind.product.is_none() {
            steps.extend(self.check_user().await);
        }
        steps
    }

    async fn features(&self) -> Result<Features> {
        self.features
            .get_or_try_init(|| self.detect_features(true))
            .await
            .cloned()
    }

    async fn features_of_runs(&self) -> Result<Features> {
        self.detect_features(false).await
    }

    async fn workspaces(&self) -> Result<Vec<String>> {
        self.list_workspaces().await
    }

    async fn experiments(&self, lifecycle: LifecycleFilter) -> Result<Vec<Experiment>> {
        self.search_experiments(lifecycle).await
    }

    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        self.search_runs(query, from).await
    }

    async fn changed_runs(&self, query: &ChangedRunsQuery) -> Result<Vec<Run>> {
        self.search_changed_runs(query).await
    }

    async fn deleted_runs(
        &self,
        experiments: &[ExperimentId],
        runs: &[RunId],
    ) -> Result<Vec<RunId>> {
        self.search_deleted_runs(experiments, runs).await
    }

    async fn nested_runs(&self, experiments: &[ExperimentId], parent: &RunId) -> Result<Vec<Run>> {
        self.search_nested_runs(experiments, parent).await
    }

    async fn run(&self, id: &RunId) -> Result<Run> {
        self.read_run(id).await
    }

    async fn histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>> {
        self.read_histories(runs, metric, resolution).await
    }

    async fn artifacts(&self, owner: &ArtifactOwner, path: &str) -> Result<Vec<Artifact>> {
        self.list_artifacts(owner, path).await
    }

    async fn preview(&self, owner: &ArtifactOwner, path: &str, limit: u64) -> Result<Preview> {
        self.read_preview(owner, path, limit).await
    }

    async fn read_artifact(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        to: &ByteSender,
    ) -> Result<()> {
        self.stream_artifact(owner, path, to).await
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

    async fn prompts(&self) -> Result<Vec<RegisteredModel>> {
        self.search_prompts().await
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        self.read_model(name).await
    }

    async fn versions(&self, name: &ModelName) -> Result<Vec<ModelVersion>> {
        Ok(self.read_model_and_versions(name).await?.1)
    }

    async fn model_and_versions(
        &self,
        name: &ModelName,
    ) -> Result<(RegisteredModel, Vec<ModelVersion>)> {
        self.read_model_and_versions(name).await
    }

    async fn version_numbers(&self, model: &RegisteredModel) -> Result<Vec<VersionNumber>> {
        let versions = self.search_versions_of_model(model).await?;
        Ok(versions.into_iter().map(|one| one.version).collect())
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
