//! The reply to each request: calls of `ops`, the store and the journal.

use std::sync::Arc;

use super::{review, writes};
use crate::analysis::importance::Importance;
use crate::config::saved_views::{ViewError, ViewFiles};
use crate::domain::{ExperimentId, Run, Slot, StoreError, StoreErrorKind};
use crate::ops::apply::{ApplyError, ApplyProgress};
use crate::ops::assess::assess_versions;
use crate::ops::download::download;
use crate::ops::history::model_history;
use crate::ops::journal::{Journal, JournalError};
use crate::ops::lineage::{EvidenceSources, LineageSources, load_lineage_graph};
use crate::ops::list_runs::list_runs;
use crate::ops::models::model_detail;
use crate::ops::recover::recover;
use crate::ops::review::save_prepared_review;
use crate::ops::runs::{run_detail, runs_by_id};
use crate::ops::{diff, export};
use crate::promotion::Outcome;
use crate::promotion::journal::JournalEntry;
use crate::promotion::policy::Policy;
use crate::store::{
    LifecycleFilter, ReadStore, Reader, Result, StoreHandle, limits, poll_changed_runs,
};
use crate::tui::app::{Reply, Request};

/// Everything that requests need.
pub struct Services {
    /// Reads both stores if a second one is open.
    pub store: StoreHandle,
    /// The session's own store: writes are planned on it.
    pub primary: Reader,
    /// The record of all writes.
    pub journal: Journal,
    /// The author of writes.
    pub user: String,
    /// Integrations, and the folders that are searched for evidence.
    pub evidence_sources: Arc<EvidenceSources>,
    /// The gates of writes.
    pub policy: Arc<Policy>,
    /// Writes to these slots must be confirmed with the model's name.
    pub protected_slots: Vec<Slot>,
    /// Whether writes are recorded in tags of the version, too.
    pub writes_tags: bool,
    /// Why the session has no writer.
    pub read_only_reason: String,
    /// Saved views, and the last view of each table.
    pub view_files: ViewFiles,
}

impl Services {
    pub(super) fn sources<'a>(&'a self, reader: &'a dyn ReadStore) -> LineageSources<'a> {
        LineageSources {
            reader,
            evidence_sources: &self.evidence_sources,
        }
    }
}

/// Replies to a request; `progress` gets the steps of a write.
pub async fn handle_request(
    services: &Services,
    request: Request,
    progress: &(dyn Fn(ApplyProgress) + Send + Sync),
) -> Reply {
    let reader = services.store.reader.as_ref();
    match request {
        Request::Features => Reply::Features(reader.features().await),
        Request::Workspaces => Reply::Workspaces(reader.workspaces().await),
        Request::Experiments => {
            Reply::Experiments(reader.experiments(LifecycleFilter::Active).await)
        }
        // The first page; `Tasks` streams the others.
        Request::Runs { query, limit } => Reply::Runs(list_runs(query, limit).next(reader).await),
        Request::Window { query, range } => Reply::Window(reader.run_window(&query, range).await),
        Request::Changes(query, revision) => {
            Reply::Changes(poll_changed_runs(reader, &query, revision).await)
        }
        Request::ChildRuns(experiments, parent) => {
            Reply::ChildRuns(reader.nested_runs(&experiments, &parent).await)
        }
        Request::Run(id) => Reply::Run(run_detail(reader, &id).await.map(Box::new)),
        Request::RunsById(ids) => Reply::RunsById(runs_by_id(reader, ids).await),
        Request::Histories {
            runs,
            metric,
            resolution,
        } => Reply::Histories(reader.histories(&runs, &metric, resolution).await),
        Request::Artifacts(owner, path) => Reply::Artifacts(reader.artifacts(&owner, &path).await),
        Request::Preview(owner, path) => {
            Reply::Preview(reader.preview(&owner, &path, limits::PREVIEW_BYTES).await)
        }
        Request::CommonFiles(before, after) => {
            Reply::CommonFiles(diff::common_files(reader, &before, &after).await)
        }
        Request::Diff(target) => Reply::Diff(diff::diff(reader, target).await),
        Request::Importance(runs, metric) => {
            Reply::Importance(compute_importance(runs, metric).await)
        }
        Request::FreeName(name) => Reply::FreeName(export::free_name(&name)),
        Request::Export(path, content) => {
            Reply::Exported(export::export_to_file(reader, path, *content).await)
        }
        // `Tasks` reports its progress, too.
        Request::Download(source, folder) => {
            let done = download(reader, &source, &folder, |_| {}).await;
            Reply::Downloaded(done.map_err(Into::into))
        }
        request => handle_model_request(services, request, progress).await,
    }
}

/// Requests about registered models and their journal.
async fn handle_model_request(
    services: &Services,
    request: Request,
    progress: &(dyn Fn(ApplyProgress) + Send + Sync),
) -> Reply {
    let (reader, primary) = (services.store.reader.as_ref(), services.primary.as_ref());
    match request {
        Request::Models => Reply::Models(reader.models().await),
        Request::Prompts => Reply::Prompts(reader.prompts().await),
        Request::Versions(name) => Reply::Versions(model_detail(reader, &name).await.map(Box::new)),
        Request::Lineage(name, version) => {
            let slot = review::review_slot(services, &name).await;
            let sources = services.sources(reader);
            let graph = load_lineage_graph(sources, &name, version, Some(&slot)).await;
            Reply::Lineage(graph.map(Box::new))
        }
        Request::Downstream(upstream) => {
            Reply::Downstream(reader.downstream(&upstream).await.map(Box::new))
        }
        Request::Assess(model) => {
            let (policy, user) = (&services.policy, &services.user);
            let slot = review::review_slot(services, &model).await;
            let sources = services.sources(primary);
            let assessment = assess_versions(policy, sources, &model, slot, user).await;
            Reply::Assessed(assessment.map(Box::new))
        }
        Request::Review {
            model,
            version,
            slot,
            width,
        } => {
            let page = review::review_version(services, &model, version, slot, width).await;
            Reply::Review(page.map(Box::new))
        }
        Request::PrepareReview(path, review) => {
            let save = move || save_prepared_review(&path, &review).map(|()| path);
            let saved = tokio::task::spawn_blocking(save).await;
            Reply::ReviewPrepared(saved.unwrap_or_else(|error| Err(error.into())))
        }
        Request::Plan {
            intent,
            reason,
            overrides,
        } => {
            let plan = writes::plan_write(services, intent, reason, &overrides).await;
            Reply::Plan(plan.map(Box::new))
        }
        Request::Apply(cleared) => {
            let report = writes::apply(services, cleared, progress).await;
            Reply::Applied(report.map(Box::new))
        }
        Request::Journal => Reply::Journal(journal_entries(services).await),
        Request::History(model) => {
            let history = match journal_entries(services).await {
                Ok(entries) => model_history(primary, &model, entries).await,
                Err(error) => Err(error),
            };
            Reply::History(history.map(Box::new))
        }
        Request::Recheck(entry) => Reply::Rechecked(recheck(services, &entry).await),
        request => handle_view_request(services, request).await,
    }
}

/// Requests about the files of saved views.
async fn handle_view_request(services: &Services, request: Request) -> Reply {
    match request {
        Request::SaveView(name, view) => {
            let save = move |files: &ViewFiles, _: &str| files.save(&name, &view).map(|()| name);
            let saved = with_view_files(services, save).await;
            Reply::ViewSaved(saved.unwrap_or(Err(ViewError::InvalidName)))
        }
        Request::DeleteView(name) => {
            let delete = move |files: &ViewFiles, _: &str| files.delete(&name).map(|()| name);
            let deleted = with_view_files(services, delete).await;
            Reply::ViewDeleted(deleted.unwrap_or(Err(ViewError::InvalidName)))
        }
        Request::LoadLastView(experiments) => {
            let view = with_view_files(services, move |files, origin| {
                files.load_table_state(&table_key(origin, &experiments))
            });
            Reply::LastView(view.await.flatten().map(Box::new))
        }
        Request::SaveLastView(experiments, view) => {
            let saved = with_view_files(services, move |files, origin| {
                files.save_table_state(&table_key(origin, &experiments), &view)
            });
            Reply::LastViewSaved(saved.await.unwrap_or(Ok(())))
        }
        // The event loop renders images: it knows the terminal.
        _ => Reply::Image(Ok(None)),
    }
}

/// Trains a random forest on a thread where it can block.
async fn compute_importance(runs: Vec<Run>, metric: String) -> Result<Box<Importance>> {
    let work = tokio::task::spawn_blocking(move || {
        Box::new(crate::analysis::importance::importance(&runs, &metric))
    });
    work.await.map_err(|error| {
        StoreError::new(
            StoreErrorKind::ServerError,
            "computing the importance of params",
            error.to_string(),
        )
    })
}

/// Reads or writes view files on a thread where it can block. `None` if that thread panicked.
async fn with_view_files<T: Send + 'static>(
    services: &Services,
    work: impl FnOnce(&ViewFiles, &str) -> T + Send + 'static,
) -> Option<T> {
    let (files, origin) = (
        services.view_files.clone(),
        services.store.reader.origin().to_owned(),
    );
    tokio::task::spawn_blocking(move || work(&files, &origin))
        .await
        .ok()
}

/// Identifies a table by its store and its experiments, in any order.
fn table_key(origin: &str, experiments: &[ExperimentId]) -> String {
    let mut ids: Vec<&str> = experiments.iter().map(ExperimentId::raw).collect();
    ids.sort_unstable();
    format!("{origin}\n{}", ids.join("\n"))
}

pub(super) async fn journal_entries(services: &Services) -> Result<Vec<JournalEntry>> {
    let (journal, origin) = (
        services.journal.clone(),
        services.store.reader.origin().to_owned(),
    );
    match tokio::task::spawn_blocking(move || journal.entries(&origin)).await {
        Ok(entries) => entries.map_err(|error| journal_error(&error)),
        Err(error) => Err(StoreError::new(
            StoreErrorKind::ServerError,
            "reading the journal",
            error.to_string(),
        )),
    }
}

async fn recheck(services: &Services, entry: &JournalEntry) -> Result<String> {
    match recover(entry, services.primary.as_ref(), &services.journal).await {
        Ok(outcome) => Ok(describe_outcome(&outcome)),
        Err(ApplyError::Store(error)) => Err(error),
        Err(ApplyError::Journal(error)) => Err(journal_error(&error)),
        Err(error @ ApplyError::RegistryChanged(_)) => Err(StoreError::new(
            StoreErrorKind::Conflict,
            format!("checking {} again", entry.plan.intent),
            error.to_string(),
        )),
    }
}

fn journal_error(error: &JournalError) -> StoreError {
    StoreError::new(
        StoreErrorKind::ServerError,
        "the journal",
        error.to_string(),
    )
}

/// One line, cleaned.
pub(super) fn describe_outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Verified => "verified: the registry is as planned".into(),
        Outcome::NotApplied { reason } => format!("not applied: {reason}"),
        Outcome::Conflict { differences } => {
            format!("conflict: {}", differences.join("; "))
        }
        Outcome::Unknown { reason } => format!("outcome unknown: {reason}"),
    }
}
