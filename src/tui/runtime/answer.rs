//! What each question comes to: calls of the store and of the journal.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use tokio::try_join;

use super::{comparing, reviewing, writing};
use crate::analysis::importance::Importance;
use crate::config::views::{ViewError, ViewFiles};
use crate::domain::{ExperimentId, Fault, FaultKind, ModelName, Run, RunId};
use crate::ops::apply::{Progress, RoadError};
use crate::ops::journal::{Journal, JournalError};
use crate::ops::lineage::{Lookout, Sources, lineage_graph};
use crate::ops::recover::recover;
use crate::promotion::journal::Entry;
use crate::promotion::policy::Policy;
use crate::promotion::{Outcome, Place};
use crate::store::{Ahead, Answer, Opened, Read, Reader, View, changed, limits};
use crate::tui::app::message::{RunDetail, VersionsOf};
use crate::tui::app::{Reply, Request};

/// How many questions about single runs are under way at a time.
const AT_ONCE: usize = 8;

/// What questions are answered from.
pub struct Ground {
    /// The store.
    pub opened: Opened,
    /// The session's own store, on which every write is planned: `opened` may have a second one beside it.
    pub own: Reader,
    /// The record of writes.
    pub journal: Journal,
    /// Who writes.
    pub user: String,
    /// What other tools left is looked for here.
    pub lookout: Arc<Lookout>,
    /// What must be true before a version may hold a place.
    pub policy: Arc<Policy>,
    /// Places that ask for the model's name typed.
    pub protected: Vec<Place>,
    /// Whether a write also leaves its record as tags of the version.
    pub tags: bool,
    /// Why there is no writer.
    pub read_only_why: String,
    /// Where views are kept.
    pub views: ViewFiles,
    /// The page of runs that is read ahead.
    pub ahead: Ahead,
}

impl Ground {
    /// Where the facts of versions come from.
    pub(super) fn sources<'a>(&'a self, reader: &'a dyn Read) -> Sources<'a> {
        Sources {
            reader,
            lookout: &self.lookout,
        }
    }
}

/// Answers a question. `progress` is told how far a write got.
pub async fn answer(
    ground: &Ground,
    request: Request,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Reply {
    let reader = ground.opened.reader.as_ref();
    match request {
        Request::Features => Reply::Features(reader.features().await),
        Request::Experiments => Reply::Experiments(reader.experiments(View::Active).await),
        Request::Runs { query, from } => Reply::Runs(
            ground
                .ahead
                .runs(&ground.opened.reader, &query, from.as_ref())
                .await,
        ),
        Request::Changes(changes, pulse) => Reply::Changes(changed(reader, &changes, pulse).await),
        Request::Nested(experiments, parent) => {
            Reply::Nested(reader.nested(&experiments, &parent).await)
        }
        Request::Run(id) => Reply::Run(run(reader, &id).await.map(Box::new)),
        Request::Compare(ids) => Reply::Compare(compare(reader, ids).await),
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
        Request::Versions(name) => Reply::Versions(versions(reader, &name).await.map(Box::new)),
        Request::Lineage(name, version) => Reply::Lineage(
            lineage_graph(ground.sources(reader), &name, version)
                .await
                .map(Box::new),
        ),
        Request::MadeFrom(of) => Reply::MadeFrom(reader.made_from(&of).await.map(Box::new)),
        Request::Plan {
            intent,
            reason,
            overrides,
        } => Reply::Plan(
            writing::plan_for(ground, intent, reason, &overrides)
                .await
                .map(Box::new),
        ),
        Request::Apply(cleared) => Reply::Applied(
            writing::apply(ground, cleared, progress)
                .await
                .map(Box::new),
        ),
        Request::Journal => Reply::Journal(entries(ground).await),
        Request::History(model) => Reply::History(
            reviewing::history(ground, &model, entries(ground))
                .await
                .map(Box::new),
        ),
        Request::Recheck(entry) => Reply::Rechecked(recheck(ground, &entry).await),
        Request::SaveView(name, view) => Reply::ViewSaved(
            on_files(ground, move |files, _| {
                files.save(&name, &view).map(|()| name)
            })
            .await
            .unwrap_or(Err(ViewError::Name)),
        ),
        Request::DeleteView(name) => Reply::ViewDeleted(
            on_files(ground, move |files, _| files.delete(&name).map(|()| name))
                .await
                .unwrap_or(Err(ViewError::Name)),
        ),
        Request::Diff(of) => Reply::Diff(comparing::diff(reader, of).await),
        Request::Review(model, version, width) => Reply::Review(
            reviewing::review(ground, &model, version, width)
                .await
                .map(Box::new),
        ),
        Request::Assess(model) => {
            Reply::Assessed(reviewing::assess(ground, &model).await.map(Box::new))
        }
        Request::Common(before, after) => {
            Reply::Common(comparing::common(reader, &before, &after).await)
        }
        Request::Importance(runs, metric) => Reply::Importance(importance(runs, metric).await),
        Request::Export(path, what) => {
            Reply::Exported(super::exporting::export(reader, path, *what).await)
        }
        // Pictures are made where it is known what the terminal can: see `gallery`.
        Request::Picture(..) => Reply::Picture(Ok(None)),
        Request::Recall(experiments) => {
            let recalled = on_files(ground, move |files, origin| {
                files.recall(&table_of(origin, &experiments))
            })
            .await;
            Reply::Recalled(recalled.flatten().map(Box::new))
        }
        Request::Remember(experiments, view) => {
            let kept = on_files(ground, move |files, origin| {
                files.remember(&table_of(origin, &experiments), &view)
            })
            .await;
            Reply::Remembered(kept.unwrap_or(Ok(())))
        }
    }
}

async fn run(reader: &dyn Read, id: &RunId) -> Answer<RunDetail> {
    let own = async {
        let run = reader.run(id).await?;
        let logged_models = reader.logged_models(&run.experiment_id, id).await;
        Ok((run, logged_models))
    };
    let ((run, logged_models), versions) =
        try_join!(own, async { Ok(reader.versions_of_run(id).await) })?;
    Ok(RunDetail {
        run,
        logged_models,
        versions,
    })
}

async fn compare(reader: &dyn Read, ids: Vec<RunId>) -> Answer<Vec<Run>> {
    let asked = stream::iter(ids).map(|id| async move { reader.run(&id).await });
    asked.buffered(AT_ONCE).try_collect().await
}

async fn versions(reader: &dyn Read, name: &ModelName) -> Answer<VersionsOf> {
    let (model, versions) = try_join!(reader.model(name), reader.versions(name))?;
    let mut ids: Vec<RunId> = versions
        .iter()
        .map(|version| version.run_id.clone())
        .filter(|id| !id.is_empty())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let asked = stream::iter(ids).map(|id| async move { reader.run(&id).await });
    // Runs are deleted, or somebody else's: the versions are worth seeing without them.
    let runs = asked
        .buffered(AT_ONCE)
        .filter_map(|answer| async { answer.ok() })
        .collect()
        .await;
    Ok(VersionsOf {
        model,
        versions,
        runs,
    })
}

/// A forest takes its time: it grows where it may block.
async fn importance(runs: Vec<Run>, metric: String) -> Answer<Box<Importance>> {
    let work = tokio::task::spawn_blocking(move || {
        Box::new(crate::analysis::importance::importance(&runs, &metric))
    });
    work.await
        .map_err(|stopped| Fault::new(FaultKind::Broken, "growing the forest", stopped.to_string()))
}

/// Works on the files of views where it may block; nothing when that work was stopped with the program.
async fn on_files<T: Send + 'static>(
    ground: &Ground,
    work: impl FnOnce(&ViewFiles, &str) -> T + Send + 'static,
) -> Option<T> {
    let (files, origin) = (
        ground.views.clone(),
        ground.opened.reader.origin().to_owned(),
    );
    tokio::task::spawn_blocking(move || work(&files, &origin))
        .await
        .ok()
}

/// What a table is remembered by: its store and its experiments, in any order.
fn table_of(origin: &str, experiments: &[ExperimentId]) -> String {
    let mut ids: Vec<&str> = experiments.iter().map(ExperimentId::raw).collect();
    ids.sort_unstable();
    format!("{origin}\n{}", ids.join("\n"))
}

async fn entries(ground: &Ground) -> Answer<Vec<Entry>> {
    let (journal, origin) = (
        ground.journal.clone(),
        ground.opened.reader.origin().to_owned(),
    );
    match tokio::task::spawn_blocking(move || journal.entries(&origin)).await {
        Ok(read) => read.map_err(|error| journal_fault(&error)),
        Err(stopped) => Err(Fault::new(
            FaultKind::Broken,
            "reading the journal",
            stopped.to_string(),
        )),
    }
}

async fn recheck(ground: &Ground, entry: &Entry) -> Answer<String> {
    match recover(entry, ground.own.as_ref(), &ground.journal).await {
        Ok(found) => Ok(outcome(&found)),
        Err(RoadError::Fault(fault)) => Err(fault),
        Err(RoadError::Journal(error)) => Err(journal_fault(&error)),
        Err(changed @ RoadError::Changed(_)) => Err(Fault::new(
            FaultKind::Conflict,
            format!("looking again at {}", entry.plan.intent),
            changed.to_string(),
        )),
    }
}

fn journal_fault(error: &JournalError) -> Fault {
    Fault::new(FaultKind::Broken, "the journal", error.to_string())
}

/// How a write ended, in a line that is safe to draw.
pub(super) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Verified => "verified: the registry is as planned".into(),
        Outcome::NotApplied { why } => format!("not applied: {why}"),
        Outcome::Conflict { found } => format!("something else is there: {}", found.join("; ")),
        Outcome::Unknown { why } => format!("still not known: {why}"),
    }
}
