//! Experiments, runs and artifacts.

use serde_json::json;

use super::response::invalid_response;
use super::service::FileAccess;
use super::wire::{EntityResponse, ExperimentPage, FilePage, RunPage, WireFile};
use super::{Endpoint, RawResponse, RestStore, Transport};
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, Preview, Run, RunId, StoreError,
    StoreErrorKind,
};
use crate::store::interner::Interner;
use crate::store::run_queries::{PARENT_RUN_TAG, read_nested_runs, read_new_runs};
use crate::store::{
    ByteSender, ChangedRunsQuery, LifecycleFilter, Page, PageToken, ReadStore, Result, RunQuery,
    limits,
};
use crate::text::untrusted::clean;

const EXPERIMENTS_PER_PAGE: u32 = 1_000;

fn view_type(lifecycle: LifecycleFilter) -> &'static str {
    match lifecycle {
        LifecycleFilter::Active => "ACTIVE_ONLY",
        LifecycleFilter::Deleted => "DELETED_ONLY",
        LifecycleFilter::All => "ALL",
    }
}

/// Every MLflow server searches experiments and runs: one that does not is another server, or the
/// address is wrong.
fn not_mlflow_error(error: StoreError) -> StoreError {
    if error.kind != StoreErrorKind::Unsupported {
        return error;
    }
    let why = format!("not an MLflow server: {}", error.why.raw());
    StoreError {
        kind: StoreErrorKind::InvalidResponse,
        why: why.into(),
        ..error
    }
}

impl RestStore {
    pub(super) async fn search_experiments(
        &self,
        lifecycle: LifecycleFilter,
    ) -> Result<Vec<Experiment>> {
        let body = json!({"max_results": EXPERIMENTS_PER_PAGE, "view_type": view_type(lifecycle)});
        let experiments = self
            .post_all::<ExperimentPage>(Endpoint::ExperimentsSearch, &body, "reading experiments")
            .await
            .map_err(not_mlflow_error)?;
        let mut keys = Interner::default();
        Ok(experiments
            .into_iter()
            .map(|experiment| experiment.into_experiment(&mut keys))
            .collect())
    }

    pub(super) async fn search_runs(
        &self,
        query: &RunQuery,
        from: Option<&PageToken>,
    ) -> Result<Page<Run>> {
        let mut ids = query.experiments.clone();
        if ids.is_empty() {
            // MLflow finds no runs without an experiment; here it means all experiments.
            let experiments = self.search_experiments(LifecycleFilter::All).await?;
            ids = experiments.into_iter().map(|one| one.id).collect();
        }
        let what = "reading runs";
        let ids: Vec<&str> = ids.iter().map(ExperimentId::raw).collect();
        let mut body = json!({
            "experiment_ids": ids,
            "max_results": query.page_size,
            "run_view_type": view_type(query.lifecycle),
        });
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
            return Err(invalid_response(
                what,
                "the server returned the same page twice",
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

    /// Finds the known runs by their ids, many a request, and the new ones by their start.
    pub(super) async fn search_changed_runs(&self, query: &ChangedRunsQuery) -> Result<Vec<Run>> {
        let filter = format!("attributes.start_time >= {}", query.since);
        let mut runs = read_new_runs(self, query, Some(filter)).await?;
        let remaining: Vec<&RunId> = query
            .known
            .iter()
            .filter(|id| is_filter_safe(id) && !runs.iter().any(|run| run.id == **id))
            .collect();
        for ids in remaining.chunks(limits::CHANGED_RUNS_BATCH) {
            let batch = self.search_by_ids(&query.experiments, ids, LifecycleFilter::Active);
            runs.extend(batch.await?);
        }
        Ok(runs)
    }

    /// Finds the deleted ones among runs: usually none, so the responses are short.
    pub(super) async fn search_deleted_runs(
        &self,
        experiments: &[ExperimentId],
        runs: &[RunId],
    ) -> Result<Vec<RunId>> {
        let safe: Vec<&RunId> = runs.iter().filter(|id| is_filter_safe(id)).collect();
        let mut deleted = Vec::new();
        for ids in safe.chunks(limits::CHANGED_RUNS_BATCH) {
            let batch = self.search_by_ids(experiments, ids, LifecycleFilter::Deleted);
            deleted.extend(batch.await?.into_iter().map(|run| run.id));
        }
        Ok(deleted)
    }

    async fn search_by_ids(
        &self,
        experiments: &[ExperimentId],
        ids: &[&RunId],
        lifecycle: LifecycleFilter,
    ) -> Result<Vec<Run>> {
        let ids: Vec<String> = ids.iter().map(|id| format!("'{}'", id.raw())).collect();
        let query = RunQuery {
            experiments: experiments.to_vec(),
            filter: Some(format!("attributes.run_id IN ({})", ids.join(", "))),
            order_by: Vec::new(),
            lifecycle,
            page_size: limits::CHANGED_RUNS_BATCH as u32,
        };
        Ok(self.runs(&query, None).await?.items)
    }

    pub(super) async fn search_nested_runs(
        &self,
        experiments: &[ExperimentId],
        parent: &RunId,
    ) -> Result<Vec<Run>> {
        if !is_filter_safe(parent) {
            return Err(StoreError::new(
                StoreErrorKind::InvalidRequest,
                "reading nested runs",
                "MLflow's filters can't contain the id of this run",
            )
            .with_hint(Some("load all runs of the experiment to see them")));
        }
        let filter = format!("tags.{PARENT_RUN_TAG} = '{}'", parent.raw());
        read_nested_runs(self, experiments, parent, Some(filter)).await
    }

    pub(super) async fn read_run(&self, id: &RunId) -> Result<Run> {
        let what = format!("reading run {}", id.clean());
        let query = [("run_id", id.raw().to_owned())];
        let response: EntityResponse = self.get(Endpoint::RunGet, "", &query, &what).await?;
        let run = response
            .run
            .ok_or_else(|| invalid_response(&what, "the response has no run"))?
            .into_run(&mut Interner::default());
        if run.id == *id {
            Ok(run)
        } else {
            let why = format!("the server returned run {}", run.id.raw());
            Err(invalid_response(&what, why))
        }
    }

    pub(super) async fn list_artifacts(
        &self,
        owner: &ArtifactOwner,
        path: &str,
    ) -> Result<Vec<Artifact>> {
        self.require_files("listing artifacts")?;
        let (endpoint, id, mut query) = match owner {
            ArtifactOwner::Run(run) => (
                Endpoint::ArtifactsList,
                "",
                vec![("run_id", run.raw().to_owned()), ("path", path.to_owned())],
            ),
            ArtifactOwner::LoggedModel(model) => (
                Endpoint::LoggedModelFiles,
                model.raw(),
                vec![("artifact_directory_path", path.to_owned())],
            ),
        };
        query.retain(|(_, value)| !value.is_empty());
        let files = self
            .get_all::<FilePage>(endpoint, id, &query, "listing artifacts")
            .await?;
        Ok(files.into_iter().map(WireFile::into_artifact).collect())
    }

    /// Refuses where MLflow's API has no part for files.
    fn require_files(&self, what: &str) -> Result<()> {
        if self.has_files() {
            return Ok(());
        }
        let product = self.service.kind.product.unwrap_or("this server");
        let why = format!("{product} has no files in MLflow's API");
        let error = StoreError::new(StoreErrorKind::Unsupported, what, why);
        Err(error.with_hint(Some("open the run in its web pages; everything else works")))
    }

    /// Reads the beginning of a file. The server sends all of it, so the connection is closed after
    /// `limit` bytes.
    pub(super) async fn read_preview(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        limit: u64,
    ) -> Result<Preview> {
        let what = format!("reading {}", clean(path));
        if self.service.kind.files == FileAccess::SignedAddresses {
            return self.read_signed_preview(owner, path, limit, &what).await;
        }
        self.require_files(&what)?;
        let (endpoint, id, query) = file_request(owner, path);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let raw = self.send(endpoint, id, &query, None, &what, limit).await?;
        if !raw.status.is_success() {
            return Err(self.transport.response_error(raw, &what));
        }
        let RawResponse {
            body, is_truncated, ..
        } = raw;
        Ok(Preview {
            bytes: body,
            is_truncated,
        })
    }

    /// Sends the parts of a file as they arrive. Only the beginning of a response is requested again after an error.
    pub(super) async fn stream_artifact(
        &self,
        owner: &ArtifactOwner,
        path: &str,
        to: &ByteSender,
    ) -> Result<()> {
        let what = format!("reading {}", clean(path));
        if self.service.kind.files == FileAccess::SignedAddresses {
            return self.stream_signed_file(owner, path, to, &what).await;
        }
        self.require_files(&what)?;
        let (endpoint, id, query) = file_request(owner, path);
        let open = || async {
            let (method, parts) = endpoint.route(id);
            let request = self.transport.request(method, &parts, &query);
            self.transport.open_stream(request, &what).await
        };
        let response = self.retry(open).await?;
        Transport::stream(response, &what, to).await
    }
}

/// The endpoint, the id and the query that read a file.
fn file_request<'a>(
    owner: &'a ArtifactOwner,
    path: &str,
) -> (Endpoint, &'a str, Vec<(&'static str, String)>) {
    match owner {
        ArtifactOwner::Run(run) => (
            Endpoint::ArtifactGet,
            "",
            vec![("run_id", run.raw().to_owned()), ("path", path.to_owned())],
        ),
        ArtifactOwner::LoggedModel(model) => (
            Endpoint::LoggedModelFile,
            model.raw(),
            vec![("artifact_file_path", path.to_owned())],
        ),
    }
}

/// Whether an id needs no quoting in MLflow's filters. MLflow's own ids are hexadecimal; other runs
/// are read by a full refresh.
fn is_filter_safe(id: &RunId) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !id.raw().is_empty() && id.raw().bytes().all(is_safe)
}
