//! Questions and their answers, on a store whose answers come when the test wants them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc::{Receiver, Sender, channel, unbounded_channel};
use tokio::sync::{Mutex, Notify};

use super::effects::Tasks;
use super::requests::{Services, handle_request};
use crate::config::saved_views::ViewFiles;
use crate::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, StoreError, StoreErrorKind,
};
use crate::ops::journal::Journal;
use crate::ops::list_runs::{ListingEnd, list_runs};
use crate::promotion::Intent;
use crate::store::{
    Features, LifecycleFilter, Page, PageToken, ReadOnlyReason, ReadStore, Resolution, Result,
    RunQuery, StoreHandle,
};
use crate::tui::app::{Reply, Request, Ticket};

/// Runs by id. `slow` is answered only after `fast` was; `gone` is missing; `held` never answers. A listing has three pages.
#[derive(Default)]
struct FakeStore {
    fast_done: Notify,
    pending_run: Mutex<Option<Sender<()>>>,
    /// Which pages were asked for, in order.
    requested_pages: Mutex<Vec<String>>,
}

impl FakeStore {
    /// Closes when a question for `held` is given up.
    async fn watch_pending_run(&self) -> Receiver<()> {
        let (alive, watched) = channel(1);
        *self.pending_run.lock().await = Some(alive);
        watched
    }
}

fn missing_error(what: &str) -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, what, "it is not there")
}

#[async_trait]
#[rustfmt::skip]
#[expect(clippy::unnecessary_literal_bound, reason = "the trait says so")]
impl ReadStore for FakeStore {
    fn name(&self) -> &str { "shelf" }
    fn origin(&self) -> &str { "shelf" }
    async fn features(&self) -> Result<Features> { Err(missing_error("features")) }
    async fn experiments(&self, _: LifecycleFilter) -> Result<Vec<Experiment>> { Ok(Vec::new()) }
    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Result<Page<Run>> {
        let page = from.map_or("1", |token| &token.0);
        self.requested_pages.lock().await.push(format!("{page} of {}", query.page_size));
        if query.filter.as_deref() == Some("endless") {
            return Ok(large_page(page));
        }
        let next = match page {
            "1" => Some("2"),
            "2" => Some("3"),
            _ => None,
        };
        Ok(Page { items: vec![Run::bare(page.into(), "7".into())], next: next.map(|next| PageToken(next.into())), total: None })
    }
    async fn run(&self, id: &RunId) -> Result<Run> {
        match id.raw() {
            "slow" => self.fast_done.notified().await,
            "fast" => self.fast_done.notify_one(),
            "gone" => return Err(missing_error("run gone")),
            "held" => {
                let _alive = self.pending_run.lock().await.take();
                std::future::pending::<()>().await;
            }
            _ => {}
        }
        Ok(Run::bare(id.clone(), "7".into()))
    }
    async fn histories(&self, _: &[RunId], _: &str, _: Resolution) -> Result<Vec<MetricHistory>> { Ok(Vec::new()) }
    async fn artifacts(&self, _: &ArtifactOwner, _: &str) -> Result<Vec<Artifact>> { Ok(Vec::new()) }
    async fn preview(&self, _: &ArtifactOwner, _: &str, _: u64) -> Result<Preview> { Err(missing_error("file")) }
    async fn logged_model(&self, _: &LoggedModelId) -> Result<LoggedModel> { Err(missing_error("model")) }
    async fn logged_models(&self, experiment: &ExperimentId, _: &RunId) -> Result<Vec<LoggedModel>> {
        assert_eq!(experiment.raw(), "7");
        Err(StoreError::new(StoreErrorKind::Unsupported, "logged models", "an older server"))
    }
    async fn models(&self) -> Result<Vec<RegisteredModel>> { Ok(Vec::new()) }
    async fn model(&self, _: &ModelName) -> Result<RegisteredModel> { Err(missing_error("model")) }
    async fn versions(&self, _: &ModelName) -> Result<Vec<ModelVersion>> { Ok(Vec::new()) }
    async fn versions_of_run(&self, _: &RunId) -> Result<Vec<ModelVersion>> { Ok(Vec::new()) }
    async fn revision(&self) -> Result<Option<u64>> { Ok(None) }
}

/// A run of 64 MiB, and a token that no page before had. Its texts are shared, so that the test needs little memory.
fn large_page(page: &str) -> Page<Run> {
    static TEXT: std::sync::LazyLock<crate::text::Untrusted> =
        std::sync::LazyLock::new(|| "x".repeat(1 << 20).into());
    let mut run = Run::bare(page.into(), "7".into());
    let tag = crate::domain::KeyValue {
        key: "tag".into(),
        value: TEXT.clone(),
    };
    run.tags = vec![tag; 64];
    Page {
        items: vec![run],
        next: Some(PageToken(format!("{page}+"))),
        total: None,
    }
}

fn services(store: &Arc<FakeStore>) -> Services {
    Services {
        store: StoreHandle {
            reader: Arc::clone(store) as Arc<dyn ReadStore>,
            writer: Err(ReadOnlyReason::Flag),
        },
        primary: Arc::clone(store) as Arc<dyn ReadStore>,
        journal: Journal::with_path("unused".into()),
        policy: Arc::default(),
        evidence_sources: Arc::default(),
        user: "ana".into(),
        protected_slots: Vec::new(),
        writes_tags: true,
        read_only_reason: "READ ONLY".into(),
        view_files: ViewFiles::new("unused".as_ref(), "unused".as_ref(), "unused".as_ref()),
    }
}

async fn handle(request: Request) -> Reply {
    handle_request(&services(&Arc::default()), request, &|_| {}).await
}

#[tokio::test]
async fn compared_runs_keep_request_order() {
    let Reply::RunsById(Ok(runs)) = handle(Request::RunsById(vec![
        "slow".into(),
        "fast".into(),
        "other".into(),
    ]))
    .await
    else {
        panic!()
    };
    assert_eq!(
        runs.iter().map(|run| run.id.raw()).collect::<Vec<_>>(),
        ["slow", "fast", "other"]
    );
}

#[tokio::test]
async fn comparing_a_missing_run_fails() {
    let Reply::RunsById(Err(fault)) =
        handle(Request::RunsById(vec!["a".into(), "gone".into()])).await
    else {
        panic!()
    };
    assert_eq!(fault, missing_error("run gone"));
}

#[tokio::test]
async fn optional_run_details_fail_independently() {
    let Reply::Run(Ok(detail)) = handle(Request::Run("a".into())).await else {
        panic!()
    };
    assert_eq!(detail.run.id.raw(), "a");
    assert_eq!(
        detail.logged_models.map_err(|fault| fault.kind),
        Err(StoreErrorKind::Unsupported)
    );
    assert_eq!(detail.versions, Ok(Vec::new()));
}

#[tokio::test]
async fn read_only_session_cannot_plan() {
    let intent = Intent::RemoveAlias {
        model: "iris".into(),
        alias: "champion".into(),
    };
    let Reply::Plan(Err(rejection)) = handle(Request::Plan {
        intent,
        reason: String::new(),
        overrides: Vec::new(),
    })
    .await
    else {
        panic!()
    };
    assert!(
        rejection.message.contains("READ ONLY"),
        "{}",
        rejection.message
    );
}

#[tokio::test]
async fn cancelled_request_is_aborted_without_reply() {
    let store: Arc<FakeStore> = Arc::default();
    let (sender, mut answers) = unbounded_channel();
    let mut tasks = Tasks::new(services(&store), sender);
    let mut alive = store.watch_pending_run().await;
    tasks.spawn(Ticket(1), Request::Run("held".into()));
    tasks.spawn(Ticket(2), Request::Experiments);
    assert_eq!(
        answers.recv().await.map(|(ticket, _)| ticket),
        Some(Ticket(2))
    );
    tasks.cancel(Ticket(1));
    assert_eq!(alive.recv().await, None);
    tasks.finish(&mut answers).await;
    assert!(answers.recv().await.is_none());
}

#[tokio::test]
async fn listing_sends_a_page_per_demand_and_reads_one_ahead() {
    let store: Arc<FakeStore> = Arc::default();
    let (sender, mut replies) = unbounded_channel();
    let mut tasks = Tasks::new(services(&store), sender);
    let query = RunQuery {
        page_size: 100,
        ..RunQuery::default()
    };
    tasks.spawn(Ticket(1), Request::Runs { query, limit: None });
    for (page, ahead) in [("1", 2), ("2", 3), ("3", 3)] {
        let answered = replies.recv().await.unwrap();
        tasks.mark_done(&answered);
        let (Ticket(1), Reply::Runs(Ok(received))) = answered else {
            panic!("{answered:?}")
        };
        assert_eq!(received.runs[0].id.raw(), page);
        assert_eq!(received.end.is_some(), page == "3");
        while store.requested_pages.lock().await.len() < ahead {
            tokio::task::yield_now().await;
        }
        tokio::task::yield_now().await;
        assert!(replies.try_recv().is_err(), "no page without a demand");
        tasks.next_page(Ticket(1));
    }
    assert_eq!(
        *store.requested_pages.lock().await,
        ["1 of 100", "2 of 1000", "3 of 1000"]
    );
}

#[tokio::test(start_paused = true)]
async fn page_read_ahead_too_early_is_read_again() {
    let store: Arc<FakeStore> = Arc::default();
    let mut pages = list_runs(RunQuery::default(), None);
    pages.next(store.as_ref()).await.unwrap();
    let demand = tokio::time::sleep(Duration::from_mins(1));
    pages.read_ahead_until(store.as_ref(), demand).await;
    let page = pages.next(store.as_ref()).await.unwrap();
    assert_eq!(page.runs[0].id.raw(), "2");
    assert_eq!(
        store.requested_pages.lock().await[1..],
        ["2 of 1000", "2 of 1000"]
    );
}

#[tokio::test]
async fn listing_ends_with_the_page_that_reaches_the_limit() {
    let store: Arc<FakeStore> = Arc::default();
    let mut pages = list_runs(RunQuery::default(), Some(2));
    let mut ends = Vec::new();
    while !pages.is_done() {
        ends.push(pages.next(store.as_ref()).await.unwrap().end);
    }
    assert_eq!(ends, [None, Some(ListingEnd::LimitReached)]);
    assert_eq!(store.requested_pages.lock().await.len(), 2);
}

#[tokio::test]
async fn listing_ends_when_its_runs_are_too_large() {
    let store: Arc<FakeStore> = Arc::default();
    let query = RunQuery {
        filter: Some("endless".into()),
        ..RunQuery::default()
    };
    let mut pages = list_runs(query, None);
    let mut count = 0;
    let end = loop {
        count += 1;
        assert!(count < 100, "the listing does not end");
        let page = pages.next(store.as_ref()).await.unwrap();
        if page.end.is_some() {
            break page.end;
        }
    };
    assert_eq!((count, end), (16, Some(ListingEnd::LimitReached)));
}
