//! Questions and their answers, on a store whose answers come when the test wants them.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc::{Receiver, Sender, channel, unbounded_channel};
use tokio::sync::{Mutex, Notify};

use super::answer::{Ground, answer};
use super::effects::Tasks;
use crate::config::views::ViewFiles;
use crate::domain::{
    Artifact, ArtifactHome, Experiment, ExperimentId, Fault, FaultKind, History, LoggedModel,
    LoggedModelId, ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId,
};
use crate::ops::journal::Journal;
use crate::promotion::Intent;
use crate::store::{
    Ahead, Answer, Features, Opened, Page, PageToken, Read, Resolution, RunQuery, View,
};
use crate::tui::app::{Reply, Request, Ticket};

/// Runs by id. `slow` is answered only after `fast` was; `gone` is missing; `held` never answers. A listing has three pages.
#[derive(Default)]
struct Shelf {
    fast: Notify,
    held: Mutex<Option<Sender<()>>>,
    /// Which pages were asked for, in order.
    pages: Mutex<Vec<String>>,
}

impl Shelf {
    /// Closes when a question for `held` is given up.
    async fn watch(&self) -> Receiver<()> {
        let (alive, watched) = channel(1);
        *self.held.lock().await = Some(alive);
        watched
    }
}

fn missing(what: &str) -> Fault {
    Fault::new(FaultKind::Missing, what, "it is not there")
}

#[async_trait]
#[rustfmt::skip]
#[expect(clippy::unnecessary_literal_bound, reason = "the trait says so")]
impl Read for Shelf {
    fn name(&self) -> &str { "shelf" }
    fn origin(&self) -> &str { "shelf" }
    async fn features(&self) -> Answer<Features> { Err(missing("features")) }
    async fn experiments(&self, _: View) -> Answer<Vec<Experiment>> { Ok(Vec::new()) }
    async fn runs(&self, query: &RunQuery, from: Option<&PageToken>) -> Answer<Page<Run>> {
        let page = from.map_or("1", |token| &token.0);
        self.pages.lock().await.push(format!("{page} of {}", query.page_size));
        let next = match page {
            "1" => Some("2"),
            "2" => Some("3"),
            _ => None,
        };
        Ok(Page { items: vec![Run::bare(page.into(), "7".into())], next: next.map(|next| PageToken(next.into())), total: None })
    }
    async fn run(&self, id: &RunId) -> Answer<Run> {
        match id.raw() {
            "slow" => self.fast.notified().await,
            "fast" => self.fast.notify_one(),
            "gone" => return Err(missing("run gone")),
            "held" => {
                let _alive = self.held.lock().await.take();
                std::future::pending::<()>().await;
            }
            _ => {}
        }
        Ok(Run::bare(id.clone(), "7".into()))
    }
    async fn histories(&self, _: &[RunId], _: &str, _: Resolution) -> Answer<Vec<History>> { Ok(Vec::new()) }
    async fn artifacts(&self, _: &ArtifactHome, _: &str) -> Answer<Vec<Artifact>> { Ok(Vec::new()) }
    async fn preview(&self, _: &ArtifactHome, _: &str, _: u64) -> Answer<Preview> { Err(missing("file")) }
    async fn logged_model(&self, _: &LoggedModelId) -> Answer<LoggedModel> { Err(missing("model")) }
    async fn logged_models(&self, experiment: &ExperimentId, _: &RunId) -> Answer<Vec<LoggedModel>> {
        assert_eq!(experiment.raw(), "7");
        Err(Fault::new(FaultKind::Unsupported, "logged models", "an older server"))
    }
    async fn models(&self) -> Answer<Vec<RegisteredModel>> { Ok(Vec::new()) }
    async fn model(&self, _: &ModelName) -> Answer<RegisteredModel> { Err(missing("model")) }
    async fn versions(&self, _: &ModelName) -> Answer<Vec<ModelVersion>> { Ok(Vec::new()) }
    async fn versions_of_run(&self, _: &RunId) -> Answer<Vec<ModelVersion>> { Ok(Vec::new()) }
    async fn pulse(&self) -> Answer<Option<u64>> { Ok(None) }
}

fn ground(shelf: &Arc<Shelf>) -> Ground {
    Ground {
        opened: Opened {
            reader: Arc::clone(shelf) as Arc<dyn Read>,
            writer: None,
        },
        own: Arc::clone(shelf) as Arc<dyn Read>,
        journal: Journal::at("unused".into()),
        policy: Arc::default(),
        lookout: Arc::default(),
        user: "ana".into(),
        protected: Vec::new(),
        tags: true,
        read_only_why: "READ ONLY".into(),
        views: ViewFiles::at("unused".as_ref(), "unused".as_ref(), "unused".as_ref()),
        ahead: Ahead::default(),
    }
}

async fn ask(request: Request) -> Reply {
    answer(&ground(&Arc::default()), request, &|_| {}).await
}

#[tokio::test]
async fn compared_runs_keep_their_order_whichever_comes_first() {
    let Reply::Compare(Ok(runs)) = ask(Request::Compare(vec![
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
async fn a_run_that_is_not_there_is_told_when_comparing() {
    let Reply::Compare(Err(fault)) = ask(Request::Compare(vec!["a".into(), "gone".into()])).await
    else {
        panic!()
    };
    assert_eq!(fault, missing("run gone"));
}

#[tokio::test]
async fn what_fails_beside_a_run_stands_beside_it() {
    let Reply::Run(Ok(detail)) = ask(Request::Run("a".into())).await else {
        panic!()
    };
    assert_eq!(detail.run.id.raw(), "a");
    assert_eq!(
        detail.logged_models.map_err(|fault| fault.kind),
        Err(FaultKind::Unsupported)
    );
    assert_eq!(detail.versions, Ok(Vec::new()));
}

#[tokio::test]
async fn a_session_without_a_writer_plans_nothing() {
    let intent = Intent::RemoveAlias {
        model: "iris".into(),
        alias: "champion".into(),
    };
    let Reply::Plan(Err(refused)) = ask(Request::Plan {
        intent,
        reason: String::new(),
        overrides: Vec::new(),
    })
    .await
    else {
        panic!()
    };
    assert!(refused.why.contains("READ ONLY"), "{}", refused.why);
}

#[tokio::test]
async fn a_cancelled_question_is_given_up_and_never_answered() {
    let shelf: Arc<Shelf> = Arc::default();
    let (sender, mut answers) = unbounded_channel();
    let mut tasks = Tasks::new(ground(&shelf), sender);
    let mut alive = shelf.watch().await;
    tasks.ask(Ticket(1), Request::Run("held".into()));
    tasks.ask(Ticket(2), Request::Experiments);
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
async fn the_next_page_is_read_while_one_is_taken_in() {
    let shelf: Arc<Shelf> = Arc::default();
    let ground = ground(&shelf);
    let page = async |from: Option<&str>, page_size| {
        let query = RunQuery {
            page_size,
            ..RunQuery::default()
        };
        let asked = Request::Runs {
            query,
            from: from.map(|token| PageToken(token.into())),
        };
        let Reply::Runs(Ok(page)) = answer(&ground, asked, &|_| {}).await else {
            panic!()
        };
        page.items
            .iter()
            .map(|run| run.id.raw().to_owned())
            .collect::<String>()
    };
    assert_eq!(page(None, 100).await, "1");
    while shelf.pages.lock().await.len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        *shelf.pages.lock().await,
        ["1 of 100", "2 of 1000"],
        "the second page is read before it is asked for"
    );
    assert_eq!(page(Some("2"), 1000).await, "2");
    assert_eq!(page(Some("3"), 1000).await, "3");
    assert_eq!(
        shelf.pages.lock().await.len(),
        3,
        "no page is read twice, and none after the last"
    );
    assert_eq!(page(None, 100).await, "1");
    assert_eq!(page(None, 100).await, "1");
    assert_eq!(
        page(Some("2"), 500).await,
        "2",
        "of another size, it is asked for itself"
    );
    let asked = shelf
        .pages
        .lock()
        .await
        .iter()
        .filter(|page| *page == "2 of 500")
        .count();
    assert_eq!(asked, 1);
}
