//! What each question comes to: calls of the store and of the journal.

use std::sync::Arc;

use super::{review, writes};
use crate::analysis::importance::Importance;
use crate::config::saved_views::{ViewError, ViewFiles};
use crate::domain::{ExperimentId, Run, Slot, StoreError, StoreErrorKind};
use crate::ops::apply::{ApplyError, ApplyProgress};
use crate::ops::assess::assess_versions;
use crate::ops::history::model_history;
use crate::ops::journal::{Journal, JournalError};
use crate::ops::lineage::{EvidenceSources, LineageSources, load_lineage_graph};
use crate::ops::list_runs::list_runs;
use crate::ops::models::model_detail;
use crate::ops::recover::recover;
use crate::ops::runs::{run_detail, runs_by_id};
use crate::ops::{diff, export};
use crate::promotion::Outcome;
use crate::promotion::journal::JournalEntry;
use crate::promotion::policy::Policy;
use crate::store::{
    LifecycleFilter, ReadStore, Reader, Result, StoreHandle, limits, poll_changed_runs,
};
use crate::tui::app::{Reply, Request};

/// What questions are answered from.
pub struct Services {
    /// The store.
    pub store: StoreHandle,
    /// The session's own store, on which every write is planned: `opened` may have a second one beside it.
    pub primary: Reader,
    /// The record of writes.
    pub journal: Journal,
    /// Who writes.
    pub user: String,
    /// What other tools left is looked for here.
    pub evidence_sources: Arc<EvidenceSources>,
    /// What must be true before a version may hold a place.
    pub policy: Arc<Policy>,
    /// Places that ask for the model's name typed.
    pub protected_slots: Vec<Slot>,
    /// Whether a write also leaves its record as tags of the version.
    pub writes_tags: bool,
    /// Why there is no writer.
    pub read_only_reason: String,
    /// Where views are kept.
    pub view_files: ViewFiles,
}

impl Services {
    /// Where the facts of versions come from.
    pub(super) fn sources<'a>(&'a self, reader: &'a dyn ReadStore) -> LineageSources<'a> {
        LineageSources {
            reader,
            evidence_sources: &self.evidence_sources,
        }
    }
}

/// Answers a question. `progress` is told how far a write got.
pub async fn handle_request(
    services: &Services,
    request: Request,
    progress: &(dyn Fn(ApplyProgress) + Send + Sync),
) -> Reply {
    let reader = services.store.reader.as_ref();
    match request {
        Request::Features => Reply::Features(reader.features().await),
        Request::Experiments => {
            Reply::Experiments(reader.experiments(LifecycleFilter::Active).await)
        }
        // The first page; `effects` streams the pages after it.
        Request::Runs { query, limit } => Reply::Runs(list_runs(query, limit).next(reader).await),
        Request::Changes(changes, pulse) => {
            Reply::Changes(poll_changed_runs(reader, &changes, pulse).await)
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
        Request::Artifacts(home, path) => Reply::Artifacts(reader.artifacts(&home, &path).await),
        Request::Preview(home, path) => {
            Reply::Preview(reader.preview(&home, &path, limits::PREVIEW_BYTES).await)
        }
        Request::Models => Reply::Models(reader.models().await),
        Request::Versions(name) => Reply::Versions(model_detail(reader, &name).await.map(Box::new)),
        Request::Lineage(name, version) => Reply::Lineage(
            load_lineage_graph(services.sources(reader), &name, version)
                .await
                .map(Box::new),
        ),
        Request::Downstream(of) => Reply::Downstream(reader.downstream(&of).await.map(Box::new)),
        Request::Plan {
            intent,
            reason,
            overrides,
        } => Reply::Plan(
            writes::plan_write(services, intent, reason, &overrides)
                .await
                .map(Box::new),
        ),
        Request::Apply(cleared) => Reply::Applied(
            writes::apply(services, cleared, progress)
                .await
                .map(Box::new),
        ),
        Request::Journal => Reply::Journal(journal_entries(services).await),
        Request::History(model) => {
            let history = async {
                let entries = journal_entries(services).await?;
                model_history(services.primary.as_ref(), &model, entries).await
            };
            Reply::History(history.await.map(Box::new))
        }
        Request::Recheck(entry) => Reply::Rechecked(recheck(services, &entry).await),
        Request::SaveView(name, view) => Reply::ViewSaved(
            with_view_files(services, move |files, _| {
                files.save(&name, &view).map(|()| name)
            })
            .await
            .unwrap_or(Err(ViewError::InvalidName)),
        ),
        Request::DeleteView(name) => Reply::ViewDeleted(
            with_view_files(services, move |files, _| files.delete(&name).map(|()| name))
                .await
                .unwrap_or(Err(ViewError::InvalidName)),
        ),
        Request::Diff(of) => Reply::Diff(diff::diff(reader, of).await),
        Request::Review(model, version, width) => Reply::Review(
            review::review_version(services, &model, version, width)
                .await
                .map(Box::new),
        ),
        Request::Assess(model) => {
            let slot = review::review_slot(services, &model);
            let sources = services.sources(services.primary.as_ref());
            let assessment =
                assess_versions(&services.policy, sources, &model, slot, &services.user).await;
            Reply::Assessed(assessment.map(Box::new))
        }
        Request::CommonFiles(before, after) => {
            Reply::CommonFiles(diff::common_files(reader, &before, &after).await)
        }
        Request::Importance(runs, metric) => {
            Reply::Importance(compute_importance(runs, metric).await)
        }
        Request::Export(path, what) => {
            Reply::Exported(export::export_to_file(reader, path, *what).await)
        }
        // Pictures are made where it is known what the terminal can: see `gallery`.
        Request::Image(..) => Reply::Image(Ok(None)),
        Request::LoadLastView(experiments) => {
            let view = with_view_files(services, move |files, origin| {
                files.load_table_state(&table_key(origin, &experiments))
            })
            .await;
            Reply::LastView(view.flatten().map(Box::new))
        }
        Request::SaveLastView(experiments, view) => {
            let saved = with_view_files(services, move |files, origin| {
                files.save_table_state(&table_key(origin, &experiments), &view)
            })
            .await;
            Reply::LastViewSaved(saved.unwrap_or(Ok(())))
        }
    }
}

/// A forest takes its time: it grows where it may block.
async fn compute_importance(runs: Vec<Run>, metric: String) -> Result<Box<Importance>> {
    let work = tokio::task::spawn_blocking(move || {
        Box::new(crate::analysis::importance::importance(&runs, &metric))
    });
    work.await.map_err(|stopped| {
        StoreError::new(
            StoreErrorKind::ServerError,
            "growing the forest",
            stopped.to_string(),
        )
    })
}

/// Works on the files of views where it may block; nothing when that work was stopped with the program.
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

/// What a table is remembered by: its store and its experiments, in any order.
fn table_key(origin: &str, experiments: &[ExperimentId]) -> String {
    let mut ids: Vec<&str> = experiments.iter().map(ExperimentId::raw).collect();
    ids.sort_unstable();
    format!("{origin}\n{}", ids.join("\n"))
}

async fn journal_entries(services: &Services) -> Result<Vec<JournalEntry>> {
    let (journal, origin) = (
        services.journal.clone(),
        services.store.reader.origin().to_owned(),
    );
    match tokio::task::spawn_blocking(move || journal.entries(&origin)).await {
        Ok(read) => read.map_err(|error| journal_error(&error)),
        Err(stopped) => Err(StoreError::new(
            StoreErrorKind::ServerError,
            "reading the journal",
            stopped.to_string(),
        )),
    }
}

async fn recheck(services: &Services, entry: &JournalEntry) -> Result<String> {
    match recover(entry, services.primary.as_ref(), &services.journal).await {
        Ok(recovered) => Ok(describe_outcome(&recovered)),
        Err(ApplyError::Store(fault)) => Err(fault),
        Err(ApplyError::Journal(error)) => Err(journal_error(&error)),
        Err(changed @ ApplyError::RegistryChanged(_)) => Err(StoreError::new(
            StoreErrorKind::Conflict,
            format!("looking again at {}", entry.plan.intent),
            changed.to_string(),
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

/// How a write ended, in a line that is safe to draw.
pub(super) fn describe_outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Verified => "verified: the registry is as planned".into(),
        Outcome::NotApplied { reason: why } => format!("not applied: {why}"),
        Outcome::Conflict { differences: found } => {
            format!("something else is there: {}", found.join("; "))
        }
        Outcome::Unknown { reason: why } => format!("still not known: {why}"),
    }
}
