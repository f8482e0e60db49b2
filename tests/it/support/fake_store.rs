//! A registry in memory that fails on order: deterministic, and as unreliable as the network between us and a server.

mod world;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use frontrunner::domain::{
    Artifact, ArtifactHome, Experiment, ExperimentId, Fault, FaultKind, History, LoggedModel,
    LoggedModelId, Millis, ModelName, ModelVersion, Preview, RegisteredModel, RegistryWrite, Run,
    RunId, TransitionRequest, VersionNumber,
};
use frontrunner::store::{
    Answer, Features, Page, PageToken, Read, Resolution, RunQuery, View, Write, Written,
};
use tokio::time::Instant;

pub use world::{Places, World};

/// How long a given-up request may still land here, in ms.
pub const QUIET: u64 = 60_000;
/// How long until a race shows, in ms.
pub const SETTLE: u64 = 1_000;

/// The run that every registry has.
const FIRST_RUN: &str = "run9";

/// What goes wrong with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// No connection; it can be sent again.
    NeverLeft,
    /// Sent and carried out; the answer was lost.
    LostAnswer,
    /// Sent and lost on its way.
    LostRequest,
    /// Sent, given up, and carried out some time later.
    LateArrival,
    /// A proxy sent it twice; the answer was lost.
    Doubled,
    /// A proxy sends it again some time later; the answer was lost.
    DoubledLate,
    /// Refused for good.
    Refused,
    /// Answered well and not kept.
    NotKept,
}

type Hook = Box<dyn FnOnce(&mut World) + Send>;

#[derive(Default)]
struct Inner {
    world: World,
    writes: Vec<RegistryWrite>,
    reads: usize,
    mishaps: HashMap<usize, Mishap>,
    before_write: HashMap<usize, Hook>,
    before_read: HashMap<usize, Hook>,
    failing_reads: Option<usize>,
    late: Vec<(Instant, RegistryWrite)>,
}

/// A store in memory.
pub struct FakeStore(Mutex<Inner>);

impl FakeStore {
    pub fn new(world: World) -> Self {
        Self(Mutex::new(Inner {
            world,
            ..Inner::default()
        }))
    }

    /// Something goes wrong with the nth write, from 0. A write that is sent again is another one.
    pub fn mishap(self, write: usize, mishap: Mishap) -> Self {
        self.inner().mishaps.insert(write, mishap);
        self
    }

    /// Somebody else changes something right before the nth write is carried out, from 0.
    pub fn before_write(
        self,
        write: usize,
        hook: impl FnOnce(&mut World) + Send + 'static,
    ) -> Self {
        self.inner().before_write.insert(write, Box::new(hook));
        self
    }

    /// Somebody else changes something right before the model is read the nth time, from 0.
    pub fn before_read(self, read: usize, hook: impl FnOnce(&mut World) + Send + 'static) -> Self {
        self.inner().before_read.insert(read, Box::new(hook));
        self
    }

    /// From the nth reading of the model on, nothing can be read.
    pub fn unreadable_from(self, read: usize) -> Self {
        self.inner().failing_reads = Some(read);
        self
    }

    /// What the registry holds now, with all that landed until now.
    pub fn world(&self) -> World {
        self.inner().world.clone()
    }

    /// Changes what the registry holds, as others do.
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.inner().world);
    }

    /// What was sent, in order.
    pub fn writes(&self) -> Vec<RegistryWrite> {
        self.inner().writes.clone()
    }

    /// How often the model was read.
    pub fn reads(&self) -> usize {
        self.inner().reads
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.0.lock().unwrap();
        let due =
            |at: &Instant| tokio::runtime::Handle::try_current().is_ok() && *at <= Instant::now();
        let (landed, late) = std::mem::take(&mut inner.late)
            .into_iter()
            .partition(|(at, _)| due(at));
        inner.late = late;
        for (_, write) in landed as Vec<(Instant, RegistryWrite)> {
            // Nobody waits for its answer.
            let _ = inner.world.apply(&write);
        }
        inner
    }

    /// Counts a reading, and lets happen what was to happen before it.
    fn read(&self) -> Answer<()> {
        let mut inner = self.inner();
        let read = inner.reads;
        inner.reads += 1;
        if inner.failing_reads.is_some_and(|first| read >= first) {
            return Err(Fault::new(
                FaultKind::Unreachable,
                "reading",
                "connection refused",
            ));
        }
        if let Some(hook) = inner.before_read.remove(&read) {
            hook(&mut inner.world);
        }
        Ok(())
    }

    fn carry_out(&self, write: &RegistryWrite) -> Answer<Written> {
        let mut inner = self.inner();
        let number = inner.writes.len();
        inner.writes.push(write.clone());
        if let Some(hook) = inner.before_write.remove(&number) {
            hook(&mut inner.world);
        }
        let lost = || Fault::new(FaultKind::TimedOut, "writing", "no answer").maybe_done();
        match inner.mishaps.get(&number).copied() {
            None => inner.world.apply(write),
            Some(Mishap::NeverLeft) => {
                let mut fault = Fault::new(FaultKind::Unreachable, "writing", "connection refused");
                fault.never_left = true;
                Err(fault)
            }
            Some(Mishap::LostAnswer) => inner.world.apply(write).and_then(|_| Err(lost())),
            Some(Mishap::Doubled) => inner
                .world
                .apply(write)
                .and_then(|_| inner.world.apply(write))
                .and_then(|_| Err(lost())),
            Some(Mishap::DoubledLate) => {
                inner.late.push((
                    Instant::now() + Duration::from_millis(QUIET - 1),
                    write.clone(),
                ));
                inner.world.apply(write).and_then(|_| Err(lost()))
            }
            Some(Mishap::LostRequest) => Err(lost()),
            Some(Mishap::LateArrival) => {
                inner.late.push((
                    Instant::now() + Duration::from_millis(QUIET - 1),
                    write.clone(),
                ));
                Err(lost())
            }
            Some(Mishap::Refused) => Err(Fault::new(
                FaultKind::Denied,
                "writing",
                "PERMISSION_DENIED",
            )),
            Some(Mishap::NotKept) => Ok(match write {
                RegistryWrite::CreateVersion { .. } => {
                    Written::Version(frontrunner::domain::VersionNumber(99))
                }
                _ => Written::Done,
            }),
        }
    }
}

/// The time of a runtime that may be paused, in ms since the epoch.
pub fn clock() -> Millis {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    let start = *START.get_or_init(std::time::Instant::now);
    let since = Instant::now().into_std().saturating_duration_since(start);
    1_700_000_000_000 + i64::try_from(since.as_millis()).unwrap()
}

/// A place to be interrupted. Unlike tokio's own it wakes at once, so that it also passes where no runtime turns.
async fn pause() {
    let mut is_over = false;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut is_over, true) {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

fn nothing<T>() -> Answer<T> {
    Err(Fault::new(
        FaultKind::Unsupported,
        "asking",
        "not in this store",
    ))
}

#[async_trait]
impl Write for FakeStore {
    async fn write(&self, write: &RegistryWrite) -> Answer<Written> {
        // Two places to be interrupted: before it is carried out, and before the answer is there.
        pause().await;
        let answer = self.carry_out(write);
        pause().await;
        answer
    }

    fn quiet_period(&self) -> u64 {
        QUIET
    }

    fn settle_period(&self) -> u64 {
        SETTLE
    }

    fn describe(&self, write: &RegistryWrite) -> String {
        serde_json::to_string(write).unwrap()
    }
}

#[async_trait]
impl Read for FakeStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn origin(&self) -> &'static str {
        "memory"
    }

    async fn features(&self) -> Answer<Features> {
        let product = "memory".to_owned();
        Ok(Features {
            product,
            filters: false,
            bulk_histories: false,
            whole_histories: true,
            logged_models: false,
            registry: true,
            read_only: None,
        })
    }

    async fn experiments(&self, _: View) -> Answer<Vec<Experiment>> {
        nothing()
    }

    async fn runs(&self, _: &RunQuery, _: Option<&PageToken>) -> Answer<Page<Run>> {
        nothing()
    }

    async fn nested(&self, _: &[ExperimentId], parent: &RunId) -> Answer<Vec<Run>> {
        Ok(self
            .inner()
            .world
            .runs
            .iter()
            .filter(|run| run.parent().as_ref() == Some(parent))
            .cloned()
            .collect())
    }

    async fn run(&self, id: &RunId) -> Answer<Run> {
        pause().await;
        if self.world().of_runs && id.raw() == FIRST_RUN {
            self.read()?;
        }
        self.inner()
            .world
            .runs
            .iter()
            .find(|run| run.id == *id)
            .cloned()
            .ok_or_else(|| Fault::new(FaultKind::Missing, "reading", "no run"))
    }

    async fn histories(&self, _: &[RunId], _: &str, _: Resolution) -> Answer<Vec<History>> {
        nothing()
    }

    async fn artifacts(&self, _: &ArtifactHome, _: &str) -> Answer<Vec<Artifact>> {
        nothing()
    }

    async fn preview(&self, _: &ArtifactHome, _: &str, _: u64) -> Answer<Preview> {
        nothing()
    }

    async fn logged_model(&self, _: &LoggedModelId) -> Answer<LoggedModel> {
        nothing()
    }

    async fn logged_models(&self, _: &ExperimentId, _: &RunId) -> Answer<Vec<LoggedModel>> {
        nothing()
    }

    async fn models(&self) -> Answer<Vec<RegisteredModel>> {
        Ok(self.inner().world.model.iter().cloned().collect())
    }

    async fn model(&self, name: &ModelName) -> Answer<RegisteredModel> {
        pause().await;
        if !self.world().of_runs {
            self.read()?;
        }
        let found = self
            .inner()
            .world
            .model
            .clone()
            .filter(|model| model.name == *name);
        found.ok_or_else(|| {
            Fault::new(
                FaultKind::Missing,
                "reading the model",
                "RESOURCE_DOES_NOT_EXIST",
            )
        })
    }

    async fn versions(&self, _: &ModelName) -> Answer<Vec<ModelVersion>> {
        pause().await;
        Ok(self.inner().world.versions.clone())
    }

    async fn versions_of_run(&self, run: &RunId) -> Answer<Vec<ModelVersion>> {
        Ok(self
            .inner()
            .world
            .versions
            .iter()
            .filter(|version| version.run_id == *run)
            .cloned()
            .collect())
    }

    async fn transition_requests(
        &self,
        _: &ModelName,
        version: VersionNumber,
    ) -> Answer<Option<Vec<TransitionRequest>>> {
        let of = |requests: Vec<TransitionRequest>| {
            requests
                .into_iter()
                .filter(|request| request.version == version)
                .collect()
        };
        Ok(self.world().requests.map(of))
    }

    async fn pulse(&self) -> Answer<Option<u64>> {
        Ok(None)
    }
}
