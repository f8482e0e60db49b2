//! One case for every intent, and how to take it down the road.

use std::task::{Context as Waiting, Poll, Waker};

use frontrunner::domain::run::Pair;
use frontrunner::domain::{Lifecycle, Stage, VersionNumber};
use frontrunner::ops::apply::{Report, RoadError, carry_out};
use frontrunner::ops::journal::Journal;
use frontrunner::ops::registry::read_registry;
use frontrunner::promotion::journal::Entry;
use frontrunner::promotion::{
    Confirm, Context, Decision, Intent, Outcome, Place, Plan, PlanError, clear, plan, undo,
};

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
    Intent::Move {
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
        again: false,
        instead_of: None,
    }
}

pub fn tag(key: &str, value: Option<&str>) -> Intent {
    Intent::Tag {
        model: "iris".into(),
        version: VersionNumber(3),
        key: key.into(),
        value: value.map(Into::into),
    }
}

pub fn describe(version: Option<u64>, text: &str) -> Intent {
    Intent::Describe {
        model: "iris".into(),
        version: version.map(VersionNumber),
        text: text.into(),
    }
}

pub fn review(decision: Decision) -> Intent {
    let to = Place::Stage(Stage::Production);
    Intent::Review {
        model: "iris".into(),
        version: VersionNumber(3),
        to,
        decision,
        seen: "ab12".into(),
        prepared: None,
    }
}

pub fn delete_runs(runs: &[&str]) -> Intent {
    Intent::DeleteRuns {
        runs: runs.iter().map(|run| (*run).into()).collect(),
    }
}

/// A registry in which something is said already.
pub fn said() -> World {
    let mut world = World::iris();
    world.model.as_mut().unwrap().description = "flowers".into();
    let third = world
        .versions
        .iter_mut()
        .find(|version| version.version.0 == 3)
        .unwrap();
    third.tags.push(Pair::new("team", "growth"));
    third.description = "the first".into();
    world
}

pub fn answer(decision: Decision) -> Intent {
    let (to, seen) = (Stage::Production, "ab12".to_owned());
    Intent::Answer {
        model: "iris".into(),
        version: VersionNumber(3),
        to,
        decision,
        seen,
        archive_existing: true,
    }
}

/// A registry with transition requests; one is open.
pub fn asked() -> World {
    let mut world = World::iris();
    world.ask(3, Stage::Production, "bo@example.org");
    world
}

/// A registry with transition requests, none of them open.
pub fn unasked() -> World {
    let mut world = World::iris();
    world.requests = Some(Vec::new());
    world
}

/// A registry of which the runs are meant; some of them are deleted.
pub fn runs(deleted: &[&str]) -> World {
    let mut world = World::iris();
    world.of_runs = true;
    for run in deleted {
        world.run(&(*run).into()).unwrap().lifecycle = Lifecycle::Deleted;
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
        of("register a new model", World::new(), register("run9")),
        of("register a version", World::iris(), register("run9")),
        of(
            "promote and archive",
            World::iris(),
            to_stage(3, Stage::Production, true),
        ),
        of(
            "promote beside",
            World::iris(),
            to_stage(3, Stage::Production, false),
        ),
        of(
            "put away",
            World::iris(),
            to_stage(2, Stage::Archived, true),
        ),
        of("move an alias", World::iris(), set_alias("champion", 3)),
        of("a first alias", World::iris(), set_alias("challenger", 3)),
        of(
            "remove an alias",
            World::iris(),
            Intent::RemoveAlias {
                model: "iris".into(),
                alias: "champion".into(),
            },
        ),
    ];
    cases.extend([
        of("a first tag", said(), tag("owner", Some("ada"))),
        of("change a tag", said(), tag("team", Some("churn"))),
        of("remove a tag", said(), tag("team", None)),
        of(
            "describe a version",
            said(),
            describe(Some(3), "the second"),
        ),
        of("describe the model", said(), describe(None, "")),
        of("approve", said(), review(Decision::Approve)),
        of(
            "delete a version",
            World::iris_with_a_spare(),
            Intent::Delete {
                model: "iris".into(),
                version: VersionNumber(4),
            },
        ),
        of("delete a run", runs(&[]), delete_runs(&["run9"])),
        of(
            "delete runs behind versions",
            runs(&["run3"]),
            delete_runs(&["run9", "run1", "run2", "run3"]),
        ),
        of(
            "request a move",
            unasked(),
            Intent::Request {
                model: "iris".into(),
                version: VersionNumber(3),
                to: Stage::Production,
            },
        ),
        of("approve a request", asked(), answer(Decision::Approve)),
        of("reject a request", asked(), answer(Decision::Reject)),
        of(
            "restore runs",
            runs(&["run9", "run2"]),
            Intent::RestoreRuns {
                runs: vec!["run9".into(), "run2".into()],
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
    ];
    let undos: Vec<Case> = undos
        .into_iter()
        .map(|(name, of)| undone(name, &cases[of]))
        .collect();
    cases.extend(undos);
    cases
}

/// The undo of a case that was carried out.
fn undone(name: &'static str, case: &Case) -> Case {
    let mut world = case.world.clone();
    let plan = planned(&case.intent, &world, "earlier").unwrap();
    let created = applied(&plan, &mut world);
    Case {
        name,
        world,
        intent: undo("earlier", &plan, created),
    }
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
        self.plan()
            .steps
            .iter()
            .filter(|step| step.write.is_some())
            .count()
    }
}

/// What is typed to confirm a plan.
pub fn typed(plan: &Plan) -> Option<String> {
    match &plan.confirm {
        Confirm::Yes => None,
        Confirm::TypeName(name) => Some(name.raw().to_owned()),
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
        let typed = typed(&plan);
        let cleared = clear(plan, Vec::new(), typed.as_deref()).unwrap();
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
        if let Poll::Ready(done) = future
            .as_mut()
            .poll(&mut Waiting::from_waker(Waker::noop()))
        {
            return done;
        }
    }
}

/// Runs something in a time that passes only when everybody waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// Whether an outcome is true of what the registry holds in the end.
pub fn must_be_true(case: &Case, outcome: &Outcome, end: &World, what: &str) {
    let (marked, id) = (end.marked(&case.plan().id), case.plan().id);
    let registers = usize::from(matches!(case.intent, Intent::Register { .. }));
    let places = without_new_times(end.places(), case);
    match outcome {
        Outcome::Verified => {
            assert_eq!(
                places,
                without_new_times(case.ideal(), case),
                "falsely verified: {what}"
            );
            assert_eq!(
                marked, registers,
                "doubled or lost, and verified: {what} ({id})"
            );
        }
        Outcome::NotApplied { why } => {
            assert_eq!(
                end.places(),
                case.world.places(),
                "not untouched: {what} ({why})"
            );
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
