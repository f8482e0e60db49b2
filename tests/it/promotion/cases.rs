//! One case for every intent, and a fixture that applies it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context as Waiting, Poll, Waker};

use frontrunner::domain::run::KeyValue;
use frontrunner::domain::{Lifecycle, Slot, Stage, VersionNumber};
use frontrunner::ops::apply::{ApplyContext, ApplyError, ApplyReport, apply_plan};
use frontrunner::ops::journal::Journal;
use frontrunner::ops::registry::read_snapshot;
use frontrunner::promotion::journal::JournalEntry;
use frontrunner::promotion::policy::Policy;
use frontrunner::promotion::{
    Cleared, Confirmation, Decision, Intent, Outcome, Plan, PlanContext, PlanError,
    RegistrySnapshot, grant_clearance, plan, undo_intent,
};
use frontrunner::store::ReadStore;

use crate::support::fake_store::{FakeRegistry, FakeStore, RegistrySummary, now_ms};
use crate::support::metadata;

/// An intent and the registry before it.
#[derive(Clone)]
pub struct Case {
    pub name: &'static str,
    pub world: FakeRegistry,
    pub intent: Intent,
}

pub fn context(id: &str) -> PlanContext {
    PlanContext {
        gates: Vec::new(),
        id: id.to_owned(),
        user: "ada".into(),
        now: 1_700_000_000_000,
        reason: "better".into(),
        protected_slots: Slot::default_protected(),
        writes_tags: true,
        creates_versions: true,
    }
}

pub fn to_stage(version: u64, to: Stage, archive_existing: bool) -> Intent {
    Intent::TransitionStage {
        model: "iris".into(),
        version: VersionNumber(version),
        to,
        archive_existing,
    }
}

pub fn set_alias(alias: &str, version: u64) -> Intent {
    Intent::SetAlias {
        model: "iris".into(),
        alias: alias.into(),
        version: VersionNumber(version),
    }
}

pub fn register(run: &str) -> Intent {
    Intent::Register {
        run: run.into(),
        source: format!("runs:/{run}/model").into(),
        model: "iris".into(),
        allow_duplicate: false,
        replaces: None,
    }
}

pub fn tag(key: &str, value: Option<&str>) -> Intent {
    Intent::Tag {
        owner: metadata::version("iris", 3),
        key: key.into(),
        value: value.map(Into::into),
    }
}

pub fn describe(version: Option<u64>, text: &str) -> Intent {
    Intent::Describe {
        owner: version.map_or_else(|| metadata::model("iris"), |n| metadata::version("iris", n)),
        text: text.into(),
    }
}

pub fn review(decision: Decision) -> Intent {
    let to = Slot::Stage(Stage::Production);
    Intent::Review {
        model: "iris".into(),
        version: VersionNumber(3),
        slot: to,
        decision,
        facts_digest: "ab12".into(),
        prepared: None,
    }
}

pub fn delete_runs(runs: &[&str]) -> Intent {
    Intent::DeleteRuns {
        runs: runs.iter().map(|run| (*run).into()).collect(),
    }
}

/// A registry with tags and descriptions.
pub fn world_with_metadata() -> FakeRegistry {
    let mut world = FakeRegistry::iris();
    world.model.as_mut().unwrap().description = "flowers".into();
    let third = world
        .versions
        .iter_mut()
        .find(|version| version.version.0 == 3)
        .unwrap();
    third.tags.push(KeyValue::new("team", "growth"));
    third.description = "the first".into();
    world
}

pub fn answer_request(decision: Decision) -> Intent {
    let (to, seen) = (Stage::Production, "ab12".to_owned());
    Intent::ResolveRequest {
        model: "iris".into(),
        version: VersionNumber(3),
        to,
        decision,
        facts_digest: seen,
        archive_existing: true,
    }
}

/// A registry with transition requests; one is open.
pub fn world_with_open_request() -> FakeRegistry {
    let mut world = FakeRegistry::iris();
    world.request_transition(3, Stage::Production, "bo@example.org");
    world
}

/// A registry with transition requests, none of them open.
pub fn world_without_open_request() -> FakeRegistry {
    let mut world = FakeRegistry::iris();
    world.transition_requests = Some(Vec::new());
    world
}

/// A registry for intents on runs, some of them deleted.
pub fn world_with_deleted_runs(deleted: &[&str]) -> FakeRegistry {
    let mut world = FakeRegistry::iris();
    world.counts_run_reads = true;
    for run in deleted {
        world.run_mut(&(*run).into()).unwrap().lifecycle = Lifecycle::Deleted;
    }
    world
}

/// Every intent, and the undo of every intent.
pub fn cases() -> Vec<Case> {
    let of = |name, world, intent| Case {
        name,
        world,
        intent,
    };
    let mut cases = vec![
        of(
            "register a new model",
            FakeRegistry::new(),
            register("run9"),
        ),
        of("register a version", FakeRegistry::iris(), register("run9")),
        of(
            "promote and archive",
            FakeRegistry::iris(),
            to_stage(3, Stage::Production, true),
        ),
        of(
            "promote beside",
            FakeRegistry::iris(),
            to_stage(3, Stage::Production, false),
        ),
        of(
            "put away",
            FakeRegistry::iris(),
            to_stage(2, Stage::Archived, true),
        ),
        of(
            "move an alias",
            FakeRegistry::iris(),
            set_alias("champion", 3),
        ),
        of(
            "a first alias",
            FakeRegistry::iris(),
            set_alias("challenger", 3),
        ),
        of(
            "remove an alias",
            FakeRegistry::iris(),
            Intent::RemoveAlias {
                model: "iris".into(),
                alias: "champion".into(),
            },
        ),
    ];
    cases.extend([
        of(
            "a first tag",
            world_with_metadata(),
            tag("owner", Some("ada")),
        ),
        of(
            "change a tag",
            world_with_metadata(),
            tag("team", Some("churn")),
        ),
        of("remove a tag", world_with_metadata(), tag("team", None)),
        of(
            "describe a version",
            world_with_metadata(),
            describe(Some(3), "the second"),
        ),
        of(
            "describe the model",
            world_with_metadata(),
            describe(None, ""),
        ),
        of("approve", world_with_metadata(), review(Decision::Approve)),
        of(
            "delete a version",
            FakeRegistry::iris_with_unassigned_version(),
            Intent::DeleteVersion {
                model: "iris".into(),
                version: VersionNumber(4),
            },
        ),
        of(
            "delete a run",
            world_with_deleted_runs(&[]),
            delete_runs(&["run9"]),
        ),
        of(
            "delete runs behind versions",
            world_with_deleted_runs(&["run3"]),
            delete_runs(&["run9", "run1", "run2", "run3"]),
        ),
        of(
            "request a move",
            world_without_open_request(),
            Intent::RequestTransition {
                model: "iris".into(),
                version: VersionNumber(3),
                to: Stage::Production,
            },
        ),
        of(
            "approve a request",
            world_with_open_request(),
            answer_request(Decision::Approve),
        ),
        of(
            "reject a request",
            world_with_open_request(),
            answer_request(Decision::Reject),
        ),
        of(
            "restore runs",
            world_with_deleted_runs(&["run9", "run2"]),
            Intent::RestoreRuns {
                runs: vec!["run9".into(), "run2".into()],
            },
        ),
        of(
            "tag the model",
            world_with_metadata(),
            Intent::Tag {
                owner: metadata::model("iris"),
                key: "team".into(),
                value: Some("growth".into()),
            },
        ),
        of(
            "describe a run",
            world_with_deleted_runs(&[]),
            Intent::Describe {
                owner: metadata::run("run9"),
                text: "the best".into(),
            },
        ),
    ]);
    let undos = [
        ("undo a registration", 1),
        ("undo a promotion", 2),
        ("undo an alias", 5),
        ("undo a first tag", 8),
        ("undo a changed tag", 9),
        ("undo a removed tag", 10),
        ("undo a version's description", 11),
        ("undo the model's description", 12),
        ("undo an approval", 13),
        ("register a deleted version again", 14),
        ("undo deleting runs", 16),
        ("undo a request", 17),
        ("undo an approved request", 18),
        ("undo a rejected request", 19),
        ("undo restoring runs", 20),
        ("undo a tag of the model", 21),
        ("undo the description of a run", 22),
    ];
    let undos: Vec<Case> = undos
        .into_iter()
        .map(|(name, of)| undo_case(name, &cases[of]))
        .collect();
    cases.extend(undos);
    cases
}

/// The undo of an applied case.
fn undo_case(name: &'static str, case: &Case) -> Case {
    let mut world = case.world.clone();
    let plan = plan_on(&case.intent, &world, "earlier").unwrap();
    let created = apply_to(&plan, &mut world);
    Case {
        name,
        world,
        intent: undo_intent("earlier", &plan, created),
    }
}

/// Plans an intent on a registry.
pub fn plan_on(intent: &Intent, world: &FakeRegistry, id: &str) -> Result<Plan, PlanError> {
    let store = FakeStore::new(world.clone());
    let reading = run_ready(read_snapshot(&store, intent)).unwrap();
    plan(intent.clone(), &reading, &context(id))
}

/// Applies a plan's writes without failures.
pub fn apply_to(plan: &Plan, world: &mut FakeRegistry) -> Option<VersionNumber> {
    let mut created = None;
    for write in plan.steps.iter().filter_map(|step| step.write.as_ref()) {
        if let frontrunner::store::WriteResponse::CreatedVersion(version) =
            world.apply(write).unwrap()
        {
            created = Some(version);
        }
    }
    created
}

impl Case {
    pub fn plan(&self) -> Plan {
        plan_on(&self.intent, &self.world, "c0ffee0011223344").unwrap()
    }

    /// The registry after the plan is applied.
    pub fn expected_summary(&self) -> RegistrySummary {
        let mut world = self.world.clone();
        apply_to(&self.plan(), &mut world);
        world.summary()
    }

    /// Number of writes.
    pub fn write_count(&self) -> usize {
        self.plan()
            .steps
            .iter()
            .filter(|step| step.write.is_some())
            .count()
    }
}

/// Clears a plan by a policy without gates.
pub fn clear(plan: Plan, typed: Option<&str>) -> Cleared {
    let registry = RegistrySnapshot::for_model("memory", &"iris".into(), None, Vec::new());
    let gates =
        Policy::default().evaluate_intent(&plan.intent, &registry, &BTreeMap::new(), "ada".into());
    grant_clearance(plan, gates, typed).unwrap()
}

/// What is typed to confirm a plan.
pub fn confirmation_text(plan: &Plan) -> Option<String> {
    match &plan.confirmation {
        Confirmation::Yes => None,
        Confirmation::TypeName(name) => Some(name.raw().to_owned()),
    }
}

/// A journal in a folder of its own.
pub struct ApplyFixture {
    pub journal: Journal,
    pub policy: Policy,
    pub folder: tempfile::TempDir,
}

impl ApplyFixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::with_path(folder.path().join("state/journal.jsonl"))
            .with_clocks(now_ms, || None);
        Self {
            journal,
            policy: Policy::default(),
            folder,
        }
    }

    pub async fn apply(&self, plan: Plan, store: &FakeStore) -> Result<ApplyReport, ApplyError> {
        let typed = confirmation_text(&plan);
        let cleared = clear(plan, typed.as_deref());
        apply_plan(cleared, self.context(store), &|_| {}).await
    }

    /// Applies without gates.
    pub fn context<'a>(&'a self, store: &'a FakeStore) -> ApplyContext<'a> {
        ApplyContext {
            sources: (store as &dyn ReadStore).into(),
            writer: store,
            policy: &self.policy,
            journal: &self.journal,
        }
    }

    /// The only entry, if there is one.
    pub fn entry(&self) -> Option<JournalEntry> {
        let mut entries = self.journal.entries("memory").unwrap();
        assert!(entries.len() <= 1, "{entries:?}");
        entries.pop()
    }
}

/// A future that is dropped after a number of waits, as a crash does.
pub struct DropAfter<F> {
    pub future: F,
    pub polls: usize,
}

impl<F: Future + Unpin> Future for DropAfter<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Waiting<'_>) -> Poll<Self::Output> {
        match Pin::new(&mut self.future).poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.polls == 0 => Poll::Ready(None),
            Poll::Pending => {
                self.polls -= 1;
                Poll::Pending
            }
        }
    }
}

/// Polls a future that never waits, also inside a runtime.
fn run_ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(done) = future
            .as_mut()
            .poll(&mut Waiting::from_waker(Waker::noop()))
        {
            return done;
        }
    }
}

/// Runs a future on a paused clock, which advances when all tasks wait.
pub fn run_paused<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// Asserts that an outcome is true of the final registry.
pub fn assert_outcome_is_true(case: &Case, outcome: &Outcome, end: &FakeRegistry, what: &str) {
    let (marked, id) = (end.count_by_intent_tag(&case.plan().id), case.plan().id);
    let registers = usize::from(matches!(case.intent, Intent::Register { .. }));
    let places = without_new_times(end.summary(), case);
    match outcome {
        Outcome::Verified => {
            assert_eq!(
                places,
                without_new_times(case.expected_summary(), case),
                "falsely verified: {what}"
            );
            assert_eq!(
                marked, registers,
                "verified, but created {marked} times: {what} ({id})"
            );
        }
        Outcome::NotApplied { reason: why } => {
            assert_eq!(
                end.summary(),
                case.world.summary(),
                "not applied, but changed: {what} ({why})"
            );
            assert_eq!(marked, 0, "not applied, but created: {what} ({why})");
        }
        Outcome::Conflict { differences: found } => {
            let is_fine =
                places == without_new_times(case.expected_summary(), case) && marked == registers;
            assert!(!is_fine, "conflict, but as planned: {what} ({found:?})");
            assert!(!found.is_empty(), "conflict without differences: {what}");
        }
        Outcome::Unknown { .. } => {}
    }
}

/// Times of creation of what the plan itself makes are the store's, and differ from run to run.
fn without_new_times(mut places: RegistrySummary, case: &Case) -> RegistrySummary {
    let before = case.world.summary();
    for (version, (_, made, _)) in &mut places.stages {
        if !before.stages.contains_key(version) {
            *made = None;
        }
    }
    if before.model.is_empty() {
        places.model.iter_mut().for_each(|made| *made = None);
    }
    places
}
