//! One case for every intent, and how to take it down the road.

use std::task::{Context as Waiting, Poll, Waker};

use frontrunner::domain::{Stage, VersionNumber};
use frontrunner::journal::{Entry, Journal, Report, RoadError, carry_out, read_registry};
use frontrunner::promote::{Context, Intent, Outcome, Plan, PlanError, clear, plan, undo};

use crate::support::fake_store::{FakeStore, Places, World, clock};

/// An intent and the registry it meets.
#[derive(Clone)]
pub struct Case {
    pub name: &'static str,
    pub world: World,
    pub intent: Intent,
}

pub fn context(id: &str) -> Context {
    Context {
        gates: Vec::new(),
        id: id.to_owned(),
        user: "ada".into(),
        now: 1_700_000_000_000,
        reason: "better".into(),
        protected: Context::default_protected(),
        tags: true,
    }
}

pub fn to_stage(version: u64, to: Stage, archive_existing: bool) -> Intent {
    Intent::Move { model: "iris".into(), version: VersionNumber(version), to, archive_existing }
}

pub fn set_alias(alias: &str, version: u64) -> Intent {
    Intent::SetAlias { model: "iris".into(), alias: alias.into(), version: VersionNumber(version) }
}

pub fn register(run: &str) -> Intent {
    Intent::Register { run: run.into(), source: format!("runs:/{run}/model").into(), model: "iris".into(), again: false }
}

/// Every intent, and the undo of every intent.
pub fn cases() -> Vec<Case> {
    let of = |name, world, intent| Case { name, world, intent };
    let mut cases = vec![
        of("register a new model", World::new(), register("run9")),
        of("register a version", World::iris(), register("run9")),
        of("promote and archive", World::iris(), to_stage(3, Stage::Production, true)),
        of("promote beside", World::iris(), to_stage(3, Stage::Production, false)),
        of("put away", World::iris(), to_stage(2, Stage::Archived, true)),
        of("move an alias", World::iris(), set_alias("champion", 3)),
        of("a first alias", World::iris(), set_alias("challenger", 3)),
        of("remove an alias", World::iris(), Intent::RemoveAlias { model: "iris".into(), alias: "champion".into() }),
    ];
    let undos = ["undo a registration", "undo a promotion", "undo an alias"].into_iter().zip([1, 2, 5]);
    let undos: Vec<Case> = undos.map(|(name, of)| undone(name, &cases[of])).collect();
    cases.extend(undos);
    cases
}

/// The undo of a case that was carried out.
fn undone(name: &'static str, case: &Case) -> Case {
    let mut world = case.world.clone();
    let plan = planned(&case.intent, &world, "earlier").unwrap();
    let created = applied(&plan, &mut world);
    Case { name, world, intent: undo("earlier", &plan, created) }
}

/// Plans an intent on what a world holds.
pub fn planned(intent: &Intent, world: &World, id: &str) -> Result<Plan, PlanError> {
    let store = FakeStore::new(world.clone());
    let reading = at_once(read_registry(&store, intent)).unwrap();
    plan(intent.clone(), &reading, &context(id))
}

/// Carries out a plan's writes where nothing goes wrong.
pub fn applied(plan: &Plan, world: &mut World) -> Option<VersionNumber> {
    let mut created = None;
    for write in plan.steps.iter().filter_map(|step| step.write.as_ref()) {
        if let frontrunner::store::Written::Version(version) = world.apply(write).unwrap() {
            created = Some(version);
        }
    }
    created
}

impl Case {
    pub fn plan(&self) -> Plan {
        planned(&self.intent, &self.world, "c0ffee0011223344").unwrap()
    }

    /// How the registry looks when all goes well.
    pub fn ideal(&self) -> Places {
        let mut world = self.world.clone();
        applied(&self.plan(), &mut world);
        world.places()
    }

    /// How many writes it takes.
    pub fn writes(&self) -> usize {
        self.plan().steps.iter().filter(|step| step.write.is_some()).count()
    }
}

/// A road with a journal of its own.
pub struct Road {
    pub journal: Journal,
    pub folder: tempfile::TempDir,
}

impl Road {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::at(folder.path().join("state/journal.jsonl")).with_clock(clock);
        Self { journal, folder }
    }

    pub async fn travel(&self, plan: Plan, store: &FakeStore) -> Result<Report, RoadError> {
        let name = plan.intent.model().raw().to_owned();
        let cleared = clear(plan, Vec::new(), Some(&name)).unwrap();
        carry_out(cleared, store, store, &self.journal, &|_| {}).await
    }

    /// The only entry, if there is one.
    pub fn entry(&self) -> Option<Entry> {
        let mut entries = self.journal.entries("memory").unwrap();
        assert!(entries.len() <= 1, "{entries:?}");
        entries.pop()
    }
}

/// Runs something that waits for nobody, also within a runtime.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Waiting::from_waker(Waker::noop())) {
            return done;
        }
    }
}

/// Runs something in a time that passes only when everybody waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

/// Whether an outcome is true of what the registry holds in the end.
pub fn must_be_true(case: &Case, outcome: &Outcome, end: &World, what: &str) {
    let (marked, id) = (end.marked(&case.plan().id), case.plan().id);
    let registers = usize::from(matches!(case.intent, Intent::Register { .. }));
    let places = without_new_times(end.places(), case);
    match outcome {
        Outcome::Verified => {
            assert_eq!(places, without_new_times(case.ideal(), case), "falsely verified: {what}");
            assert_eq!(marked, registers, "doubled or lost, and verified: {what} ({id})");
        }
        Outcome::NotApplied { why } => {
            assert_eq!(end.places(), case.world.places(), "not untouched: {what} ({why})");
            assert_eq!(marked, 0, "made all the same: {what} ({why})");
        }
        Outcome::Conflict { found } => {
            let is_fine = places == without_new_times(case.ideal(), case) && marked == registers;
            assert!(!is_fine, "nothing is wrong: {what} ({found:?})");
            assert!(!found.is_empty(), "a conflict without words: {what}");
        }
        Outcome::Unknown { .. } => {}
    }
}

/// Times of creation of what the plan itself makes are the store's, and differ from run to run.
fn without_new_times(mut places: Places, case: &Case) -> Places {
    let before = case.world.places();
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
