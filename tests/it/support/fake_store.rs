//! A registry in memory that fails on order: deterministic, and as unreliable as the network between us and a server.

mod registry;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use frontrunner::domain::{
    Artifact, ArtifactOwner, Experiment, ExperimentId, LoggedModel, LoggedModelId, MetricHistory,
    Millis, ModelName, ModelVersion, Preview, RegisteredModel, Run, RunId, StoreError,
    StoreErrorKind, StoreWrite, TransitionRequest, VersionNumber,
};
use frontrunner::store::{
    Features, LifecycleFilter, Page, PageToken, ReadStore, Resolution, Result, RunQuery,
    WriteResponse, WriteStore,
};
use tokio::time::Instant;

pub use registry::{FakeRegistry, RegistrySummary};

/// How long a given-up request may still land here, in ms.
pub const SETTLE_WINDOW: u64 = 60_000;
/// How long until a race shows, in ms.
pub const RACE_WINDOW: u64 = 1_000;

/// The run that every registry has.
const FIRST_RUN: &str = "run9";

/// What goes wrong with a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFailure {
    /// No connection; it can be sent again.
    NotSent,
    /// Sent and carried out; the answer was lost.
    LostResponse,
    /// Sent and lost on its way.
    LostRequest,
    /// Sent, given up, and carried out some time later.
    LateArrival,
    /// A proxy sent it twice; the answer was lost.
    Duplicated,
    /// A proxy sends it again some time later; the answer was lost.
    DuplicatedLate,
    /// Refused for good.
    Refused,
    /// Answered well and not kept.
    NotPersisted,
}

type Hook = Box<dyn FnOnce(&mut FakeRegistry) + Send>;

#[derive(Default)]
struct FakeState {
    registry: FakeRegistry,
    writes: Vec<StoreWrite>,
    reads: usize,
    failures: HashMap<usize, WriteFailure>,
    before_write: HashMap<usize, Hook>,
    before_read: HashMap<usize, Hook>,
    fail_reads_from: Option<usize>,
    late_writes: Vec<(Instant, u64, StoreWrite)>,
    landed: Vec<Landing>,
}

/// A write that the registry carried out.
#[derive(Clone, Debug)]
pub struct Landing {
    pub at: Instant,
    /// Number of the client, see [`FakeStore::client`].
    pub client: u64,
    pub write: StoreWrite,
}

/// What a network does to the messages of one client. Times in ms.
pub trait Network: Send + Sync {
    /// How long a read takes, and whether its answer is lost.
    fn read(&self) -> (u64, bool);
    fn write(&self, write: &StoreWrite) -> WriteFate;
}

/// What happens to one write. Times in ms.
#[derive(Clone, Copy, Debug)]
pub struct WriteFate {
    /// Until it reaches the registry.
    pub before: u64,
    /// From then until the client has an answer or gives up.
    pub after: u64,
    pub failure: Option<WriteFailure>,
    /// From the moment when it is lost until a late copy lands; shorter than [`SETTLE_WINDOW`].
    pub late: u64,
}

impl Default for WriteFate {
    fn default() -> Self {
        Self {
            before: 0,
            after: 0,
            failure: None,
            late: SETTLE_WINDOW - 1,
        }
    }
}

/// A store in memory, as one client sees it.
pub struct FakeStore {
    state: Arc<Mutex<FakeState>>,
    client: u64,
    network: Option<Arc<dyn Network>>,
}

impl FakeStore {
    pub fn new(world: FakeRegistry) -> Self {
        let state = FakeState {
            registry: world,
            ..FakeState::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            client: 0,
            network: None,
        }
    }

    /// The same registry, reached by another client over a network of its own.
    pub fn client(&self, client: u64, network: Arc<dyn Network>) -> Self {
        Self {
            state: self.state.clone(),
            client,
            network: Some(network),
        }
    }

    /// Every write that the registry carried out until now, in order.
    pub fn landings(&self) -> Vec<Landing> {
        self.lock().landed.clone()
    }

    /// Number of writes that the registry carried out until now.
    pub fn landing_count(&self) -> usize {
        self.lock().landed.len()
    }

    /// Something goes wrong with the nth write, from 0. A write that is sent again is another one.
    pub fn fail_write(self, write: usize, mishap: WriteFailure) -> Self {
        self.lock().failures.insert(write, mishap);
        self
    }

    /// Somebody else changes something right before the nth write is carried out, from 0.
    pub fn before_write(
        self,
        write: usize,
        hook: impl FnOnce(&mut FakeRegistry) + Send + 'static,
    ) -> Self {
        self.lock().before_write.insert(write, Box::new(hook));
        self
    }

    /// Somebody else changes something right before the model is read the nth time, from 0.
    pub fn before_read(
        self,
        read: usize,
        hook: impl FnOnce(&mut FakeRegistry) + Send + 'static,
    ) -> Self {
        self.lock().before_read.insert(read, Box::new(hook));
        self
    }

    /// From the nth reading of the model on, nothing can be read.
    pub fn fail_reads_from(self, read: usize) -> Self {
        self.lock().fail_reads_from = Some(read);
        self
    }

    /// What the registry holds now, with all that landed until now.
    pub fn registry(&self) -> FakeRegistry {
        self.lock().registry.clone()
    }

    /// Changes what the registry holds, as others do.
    pub fn edit(&self, change: impl FnOnce(&mut FakeRegistry)) {
        change(&mut self.lock().registry);
    }

    /// What was sent, in order.
    pub fn writes(&self) -> Vec<StoreWrite> {
        self.lock().writes.clone()
    }

    /// How often the model was read.
    pub fn read_count(&self) -> usize {
        self.lock().reads
    }

    fn lock(&self) -> MutexGuard<'_, FakeState> {
        let mut inner = self.state.lock().unwrap();
        let due =
            |at: &Instant| tokio::runtime::Handle::try_current().is_ok() && *at <= Instant::now();
        let (landed, late) = std::mem::take(&mut inner.late_writes)
            .into_iter()
            .partition(|(at, _, _)| due(at));
        inner.late_writes = late;
        let mut landed: Vec<(Instant, u64, StoreWrite)> = landed;
        landed.sort_by_key(|(at, _, _)| *at);
        for (at, client, write) in landed {
            // Nobody waits for its answer.
            let _ = inner.land(client, &write, Some(at));
        }
        inner
    }

    /// A place to be interrupted; over a network it takes time, and the answer can be lost.
    async fn read_over_network(&self) -> Result<()> {
        yield_point().await;
        let Some(network) = &self.network else {
            return Ok(());
        };
        let (delay, is_lost) = network.read();
        tokio::time::sleep(Duration::from_millis(delay)).await;
        if is_lost {
            return Err(StoreError::new(
                StoreErrorKind::Timeout,
                "reading",
                "no answer",
            ));
        }
        Ok(())
    }

    /// Counts a reading, and lets happen what was to happen before it.
    fn count_read(&self) -> Result<()> {
        let mut inner = self.lock();
        let read = inner.reads;
        inner.reads += 1;
        if inner.fail_reads_from.is_some_and(|first| read >= first) {
            return Err(StoreError::new(
                StoreErrorKind::Unreachable,
                "reading",
                "connection refused",
            ));
        }
        if let Some(hook) = inner.before_read.remove(&read) {
            hook(&mut inner.registry);
        }
        Ok(())
    }

    fn apply(&self, write: &StoreWrite, fate: WriteFate) -> Result<WriteResponse> {
        let mut inner = self.lock();
        let client = self.client;
        let number = inner.writes.len();
        inner.writes.push(write.clone());
        if let Some(hook) = inner.before_write.remove(&number) {
            hook(&mut inner.registry);
        }
        let lost = || {
            StoreError::new(StoreErrorKind::Timeout, "writing", "no answer").with_outcome_unknown()
        };
        let late = |after: u64| (Instant::now() + Duration::from_millis(after), client);
        match inner.failures.get(&number).copied().or(fate.failure) {
            None => inner.land(client, write, None),
            Some(WriteFailure::NotSent) => {
                let mut fault =
                    StoreError::new(StoreErrorKind::Unreachable, "writing", "connection refused");
                fault.not_sent = true;
                Err(fault)
            }
            Some(WriteFailure::LostResponse) => {
                inner.land(client, write, None).and_then(|_| Err(lost()))
            }
            Some(WriteFailure::Duplicated) => inner
                .land(client, write, None)
                .and_then(|_| inner.land(client, write, None))
                .and_then(|_| Err(lost())),
            Some(WriteFailure::DuplicatedLate) => {
                let (at, client) = late(fate.late);
                inner.late_writes.push((at, client, write.clone()));
                inner.land(client, write, None).and_then(|_| Err(lost()))
            }
            Some(WriteFailure::LostRequest) => Err(lost()),
            Some(WriteFailure::LateArrival) => {
                let (at, client) = late(fate.late);
                inner.late_writes.push((at, client, write.clone()));
                Err(lost())
            }
            Some(WriteFailure::Refused) => Err(StoreError::new(
                StoreErrorKind::PermissionDenied,
                "writing",
                "PERMISSION_DENIED",
            )),
            Some(WriteFailure::NotPersisted) => Ok(match write {
                StoreWrite::CreateVersion { .. } => {
                    WriteResponse::CreatedVersion(frontrunner::domain::VersionNumber(99))
                }
                _ => WriteResponse::Done,
            }),
        }
    }
}

impl FakeState {
    fn land(
        &mut self,
        client: u64,
        write: &StoreWrite,
        at: Option<Instant>,
    ) -> Result<WriteResponse> {
        let response = self.registry.apply(write)?;
        // Tests without a runtime have no clock.
        if tokio::runtime::Handle::try_current().is_ok() {
            self.landed.push(Landing {
                at: at.unwrap_or_else(Instant::now),
                client,
                write: write.clone(),
            });
        }
        Ok(response)
    }
}

/// The time of a runtime that may be paused, in ms since the epoch.
pub fn now_ms() -> Millis {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    let start = *START.get_or_init(std::time::Instant::now);
    let since = Instant::now().into_std().saturating_duration_since(start);
    1_700_000_000_000 + i64::try_from(since.as_millis()).unwrap()
}

/// A place to be interrupted. Unlike tokio's own it wakes at once, so that it also passes where no runtime turns.
async fn yield_point() {
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

fn unsupported<T>() -> Result<T> {
    Err(StoreError::new(
        StoreErrorKind::Unsupported,
        "asking",
        "not in this store",
    ))
}

#[async_trait]
impl WriteStore for FakeStore {
    async fn write(&self, write: &StoreWrite) -> Result<WriteResponse> {
        // Two places to be interrupted: before it is carried out, and before the answer is there.
        yield_point().await;
        let fate = match &self.network {
            Some(network) => network.write(write),
            None => WriteFate::default(),
        };
        if fate.before > 0 {
            tokio::time::sleep(Duration::from_millis(fate.before)).await;
        }
        let answer = self.apply(write, fate);
        yield_point().await;
        if fate.after > 0 {
            tokio::time::sleep(Duration::from_millis(fate.after)).await;
        }
        answer
    }

    fn settle_window(&self) -> u64 {
        SETTLE_WINDOW
    }

    fn read_back_delay(&self) -> u64 {
        RACE_WINDOW
    }

    fn describe(&self, write: &StoreWrite) -> String {
        serde_json::to_string(write).unwrap()
    }
}

#[async_trait]
impl ReadStore for FakeStore {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn origin(&self) -> &'static str {
        "memory"
    }

    async fn features(&self) -> Result<Features> {
        let product = "memory".to_owned();
        Ok(Features {
            product,
            can_filter: false,
            has_windows: false,
            has_bulk_histories: false,
            has_cheap_full_histories: true,
            has_logged_models: false,
            has_registry: true,
            has_transition_requests: false,
        })
    }

    async fn experiments(&self, _: LifecycleFilter) -> Result<Vec<Experiment>> {
        unsupported()
    }

    async fn runs(&self, _: &RunQuery, _: Option<&PageToken>) -> Result<Page<Run>> {
        unsupported()
    }

    async fn nested_runs(&self, _: &[ExperimentId], parent: &RunId) -> Result<Vec<Run>> {
        Ok(self
            .lock()
            .registry
            .runs
            .iter()
            .filter(|run| run.parent().as_ref() == Some(parent))
            .cloned()
            .collect())
    }

    async fn run(&self, id: &RunId) -> Result<Run> {
        self.read_over_network().await?;
        if self.registry().counts_run_reads && id.raw() == FIRST_RUN {
            self.count_read()?;
        }
        self.lock()
            .registry
            .runs
            .iter()
            .find(|run| run.id == *id)
            .cloned()
            .ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, "reading", "no run"))
    }

    async fn histories(&self, _: &[RunId], _: &str, _: Resolution) -> Result<Vec<MetricHistory>> {
        unsupported()
    }

    async fn artifacts(&self, _: &ArtifactOwner, _: &str) -> Result<Vec<Artifact>> {
        unsupported()
    }

    async fn preview(&self, _: &ArtifactOwner, _: &str, _: u64) -> Result<Preview> {
        unsupported()
    }

    async fn logged_model(&self, _: &LoggedModelId) -> Result<LoggedModel> {
        unsupported()
    }

    async fn logged_models(&self, _: &ExperimentId, _: &RunId) -> Result<Vec<LoggedModel>> {
        unsupported()
    }

    async fn models(&self) -> Result<Vec<RegisteredModel>> {
        Ok(self.lock().registry.model.iter().cloned().collect())
    }

    async fn model(&self, name: &ModelName) -> Result<RegisteredModel> {
        self.read_over_network().await?;
        if !self.registry().counts_run_reads {
            self.count_read()?;
        }
        let found = self
            .lock()
            .registry
            .model
            .clone()
            .filter(|model| model.name == *name);
        found.ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::NotFound,
                "reading the model",
                "RESOURCE_DOES_NOT_EXIST",
            )
        })
    }

    async fn versions(&self, _: &ModelName) -> Result<Vec<ModelVersion>> {
        self.read_over_network().await?;
        Ok(self.lock().registry.versions.clone())
    }

    async fn versions_of_run(&self, run: &RunId) -> Result<Vec<ModelVersion>> {
        Ok(self
            .lock()
            .registry
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
    ) -> Result<Option<Vec<TransitionRequest>>> {
        let of = |requests: Vec<TransitionRequest>| {
            requests
                .into_iter()
                .filter(|request| request.version == version)
                .collect()
        };
        Ok(self.registry().transition_requests.map(of))
    }

    async fn revision(&self) -> Result<Option<u64>> {
        Ok(None)
    }
}
