//! Writes to a real MLflow server, behind a proxy that drops, delays, cuts, doubles and resets; promoters that race; and
//! a program that is killed at each step.
//!
//! How often is said by variables, so that more than fits a usual run can be asked for:
//! `FRONTRUNNER_FAULTS=500 FRONTRUNNER_RACES=1000 cargo test --release --test faults -- --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's helper that fails should fail the test"
)]

mod crash;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use crate::promotion::cases::clear;
use crate::support::fault_proxy::{FaultProxy, InjectedFault};
use crate::support::mlflow::{Server, V3, run_script};
use frontrunner::domain::{RunId, Stage, VersionNumber};
use frontrunner::ops::apply::{ApplyContext, ApplyError, apply_plan};
use frontrunner::ops::journal::Journal;
use frontrunner::ops::recover::recover;
use frontrunner::ops::registry::read_snapshot;
use frontrunner::promotion::journal::EntryState;
use frontrunner::promotion::policy::Policy;
use frontrunner::promotion::{
    Confirmation, Intent, Outcome, Plan, PlanContext, PlanError, RegistrySnapshot,
    find_by_intent_tag, plan, state_differences, undo_intent,
};
use frontrunner::store::rest::{RestStore, RestWriter, Timeouts};
use frontrunner::store::{ConnectOptions, ReadStore};

/// How many operations behind the proxy, where nothing else is said.
const DEFAULT_OPERATIONS: usize = 120;
/// How many races, where nothing else is said.
const DEFAULT_RACES: usize = 40;
/// How many go on at a time.
const WORKERS: usize = 12;

/// Short enough for a test, in the proportions of the program's own.
const TIMEOUTS: Timeouts = Timeouts {
    connect: Duration::from_secs(2),
    idle: Duration::from_secs(4),
    read: Duration::from_secs(8),
    write: Duration::from_secs(4),
};
/// A late request lands after the client has given up, and before the quiet period is over.
const REQUEST_DELAY: Duration = Duration::from_millis(5_500);

/// Makes models m0, m1, … with three versions each, the first in Production, and prints their run, and two more runs for each.
const CREATE_MODELS: &str = "
import sys, mlflow
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
run = client.create_run('0')
client.set_terminated(run.info.run_id)
for n in range(int(sys.argv[2])):
    name = f'{sys.argv[3]}{n}'
    client.create_registered_model(name)
    for _ in range(3):
        client.create_model_version(name, f'runs:/{run.info.run_id}/model', run.info.run_id)
    client.transition_model_version_stage(name, '1', 'Production')
own = [client.create_run('0').info.run_id for _ in range(2 * int(sys.argv[2]))]
for one in own:
    client.set_terminated(one)
print(run.info.run_id, *own)
";

fn count_from_env(name: &str, usual: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(usual)
}

/// What the test itself looks at, again where a machine with much to do does not answer in time: that is not what is tested.
async fn retry_read<T, E: std::fmt::Debug>(mut look: impl AsyncFnMut() -> Result<T, E>) -> T {
    for _ in 0..9 {
        if let Ok(seen) = look().await {
            return seen;
        }
    }
    look().await.unwrap()
}

struct Promoter {
    reader: RestStore,
    writer: RestWriter,
    journal: Journal,
    user: String,
}

impl Promoter {
    fn new(url: &str, folder: &Path, user: &str) -> Self {
        let reader =
            RestStore::with_timeouts(&url.parse().unwrap(), &ConnectOptions::default(), TIMEOUTS)
                .unwrap();
        let writer = reader.writer().unwrap();
        Self {
            reader,
            writer,
            journal: Journal::with_path(folder.join(format!("{user}.jsonl"))),
            user: user.to_owned(),
        }
    }

    async fn snapshot(&self, intent: &Intent) -> RegistrySnapshot {
        retry_read(async || read_snapshot(&self.reader, intent).await).await
    }

    async fn plan(&self, intent: Intent) -> Result<Plan, PlanError> {
        let context = PlanContext {
            id: uuid::Uuid::new_v4().simple().to_string(),
            user: self.user.clone(),
            now: jiff::Timestamp::now().as_millisecond(),
            reason: "test".to_owned(),
            protected_slots: Vec::new(),
            gates: Vec::new(),
            writes_tags: false,
            creates_versions: true,
        };
        let reading = self.snapshot(&intent).await;
        plan(intent, &reading, &context)
    }

    async fn apply(&self, plan: &Plan) -> Result<(Outcome, Option<VersionNumber>), ApplyError> {
        let typed = match &plan.confirmation {
            Confirmation::Yes => None,
            Confirmation::TypeName(name) => Some(name.raw()),
        };
        let cleared = clear(plan.clone(), typed);
        let context = ApplyContext {
            sources: (&self.reader as &dyn ReadStore).into(),
            writer: &self.writer,
            policy: &Policy::default(),
            journal: &self.journal,
        };
        let report = apply_plan(cleared, context, &|_| {}).await?;
        Ok((report.outcome, report.created_version))
    }
}

/// What is counted.
#[derive(Default)]
struct Stats {
    outcomes: BTreeMap<&'static str, usize>,
    kinds: BTreeMap<&'static str, usize>,
    faults: BTreeMap<InjectedFault, usize>,
    doubled: usize,
    wrong: Vec<String>,
}

/// The nth thing that is wanted of a model.
fn nth_intent(
    model: &str,
    [run, own @ ..]: [&str; 3],
    nth: usize,
    last: Option<&(Plan, Option<VersionNumber>)>,
) -> (&'static str, Intent) {
    // Another one each time that it comes round.
    let version = VersionNumber(1 + (nth as u64 / 6 + 1) % 3);
    let runs = own.map(RunId::from).to_vec();
    match (nth % 6, last) {
        (3, Some((plan, created))) => ("rollback", undo_intent(&plan.id, plan, *created)),
        (4, _) => ("deletion of runs", Intent::DeleteRuns { runs }),
        // The deletion itself is undone now and then.
        (5, Some((plan, created))) if nth % 12 == 5 => {
            ("rollback", undo_intent(&plan.id, plan, *created))
        }
        (5, _) => ("restoring of runs", Intent::RestoreRuns { runs }),
        (1, _) => {
            let source = format!("runs:/{run}/model");
            (
                "registration",
                Intent::Register {
                    run: run.into(),
                    source: source.as_str().into(),
                    model: model.into(),
                    allow_duplicate: true,
                    replaces: None,
                },
            )
        }
        (2, _) => (
            "alias",
            Intent::SetAlias {
                model: model.into(),
                alias: "champion".into(),
                version,
            },
        ),
        _ => (
            "promotion",
            Intent::TransitionStage {
                model: model.into(),
                version,
                to: Stage::Production,
                archive_existing: true,
            },
        ),
    }
}

/// Differences between the journal and the reported outcomes; unknown outcomes are rechecked.
async fn check_journal(
    promoter: &Promoter,
    planned: &Plan,
    answer: &Result<(Outcome, Option<VersionNumber>), ApplyError>,
    is_before: bool,
    is_after: bool,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let entry = promoter
        .journal
        .entries(promoter.reader.origin())
        .unwrap()
        .into_iter()
        .find(|entry| entry.id == planned.id);
    match (answer, entry) {
        (Err(_), Some(entry)) => wrong.push(format!(
            "{}: nothing was sent, and there is entry {}",
            planned.intent, entry.id
        )),
        (Ok((outcome, _)), Some(entry)) => {
            if entry.state != EntryState::Ended(outcome.clone()) {
                wrong.push(format!(
                    "{}: {outcome:?}, and the journal says {:?}",
                    planned.intent, entry.state
                ));
            }
            if matches!(outcome, Outcome::Unknown { .. }) {
                let found =
                    retry_read(async || recover(&entry, &promoter.reader, &promoter.journal).await)
                        .await;
                let is_true = match &found {
                    Outcome::Verified => is_after,
                    Outcome::NotApplied { .. } => is_before,
                    Outcome::Conflict { .. } => !is_after,
                    Outcome::Unknown { .. } => true,
                };
                if !is_true {
                    wrong.push(format!(
                        "{}: found to be {found:?}, and the server says otherwise",
                        planned.intent
                    ));
                }
            }
        }
        (Ok(_), None) => wrong.push(format!("{}: there is no entry", planned.intent)),
        (Err(_), None) => {}
    }
    wrong
}

/// Carries out one operation behind the proxy, and holds what was said against the server.
async fn run_operation(
    promoter: &Promoter,
    proxy: &FaultProxy,
    planned: &Plan,
    figures: &Mutex<Stats>,
) -> Option<(Plan, Option<VersionNumber>)> {
    proxy.set_enabled(true);
    let answer = promoter.apply(planned).await;
    proxy.set_enabled(false);
    proxy.wait_for_delayed();
    let faults = proxy.take_faults();
    let now = promoter.snapshot(&planned.intent).await;
    let is_doubled = faults
        .iter()
        .any(|(fault, _, makes)| *fault == InjectedFault::DuplicateRequest && *makes);
    let made = find_by_intent_tag(planned, &now);
    let created = made.first().copied();
    let subject = &planned.subject();
    let is_before = state_differences(subject, &planned.before, &now.state(), None).is_empty()
        && made.is_empty();
    let is_after = state_differences(subject, &planned.after, &now.state(), created).is_empty()
        && (made.len() == 1 || !matches!(planned.intent, Intent::Register { .. }));
    let reported = match &answer {
        Err(_) => "not begun",
        Ok((Outcome::Verified, _)) => "verified",
        Ok((Outcome::NotApplied { .. }, _)) => "not applied",
        Ok((Outcome::Conflict { .. }, _)) => "conflict",
        Ok((Outcome::Unknown { .. }, _)) => "unknown",
    };
    let mut wrong = Vec::new();
    let is_true = match reported {
        "not begun" | "not applied" => is_before,
        "verified" => is_after,
        // What the proxy doubled is there twice: that must be told. What was half done, too.
        "conflict" => !is_after || is_doubled,
        _ => true,
    };
    if !is_true {
        wrong.push(format!(
            "{}: {reported}, and the server says otherwise ({faults:?})",
            planned.intent
        ));
    }
    if made.len() > 1 && !is_doubled {
        wrong.push(format!(
            "{}: {} versions were made ({faults:?})",
            planned.intent,
            made.len()
        ));
    }
    wrong.extend(check_journal(promoter, planned, &answer, is_before, is_after).await);
    let mut figures = figures.lock().unwrap();
    *figures.outcomes.entry(reported).or_default() += 1;
    for (fault, ..) in faults {
        *figures.faults.entry(fault).or_default() += 1;
    }
    figures.doubled += usize::from(is_doubled && made.len() > 1);
    figures.wrong.extend(wrong);
    (reported == "verified").then(|| (planned.clone(), created))
}

async fn run_worker(
    worker: usize,
    server: &str,
    folder: &Path,
    runs: &[&str],
    each: usize,
    figures: &Mutex<Stats>,
) {
    let proxy = FaultProxy::start(server, worker as u64, REQUEST_DELAY);
    let promoter = Promoter::new(&proxy.url, folder, &format!("worker{worker}"));
    let model = format!("m{worker}");
    let runs = [runs[0], runs[1 + 2 * worker], runs[2 + 2 * worker]];
    let mut last = None;
    for nth in 0.. {
        if nth >= each * 2 {
            break;
        }
        let done: usize = figures.lock().unwrap().kinds.values().sum();
        if done >= each * WORKERS {
            break;
        }
        let (kind, intent) = nth_intent(&model, runs, nth, last.as_ref());
        // Nothing to do is nothing done.
        let Ok(planned) = promoter.plan(intent).await else {
            continue;
        };
        *figures.lock().unwrap().kinds.entry(kind).or_default() += 1;
        let verified = run_operation(&promoter, &proxy, &planned, figures).await;
        last = if kind == "rollback" {
            None
        } else {
            verified.or(last)
        };
    }
}

#[test]
fn reported_outcome_is_true_under_network_faults() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(V3, folder.path());
    let run = run_script(V3, CREATE_MODELS, &[&server.url, &WORKERS.to_string(), "m"]);
    let runs: Vec<&str> = run.trim().lines().last().unwrap().split(' ').collect();
    let each = count_from_env("FRONTRUNNER_FAULTS", DEFAULT_OPERATIONS).div_ceil(WORKERS);
    let figures = Mutex::new(Stats::default());
    std::thread::scope(|threads| {
        for worker in 0..WORKERS {
            let (server, runs, figures, folder) = (&server.url, &runs, &figures, folder.path());
            threads.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                runtime.block_on(run_worker(worker, server, folder, runs, each, figures));
            });
        }
    });
    let figures = figures.into_inner().unwrap();
    let done: usize = figures.kinds.values().sum();
    let spoiled: usize = figures.faults.values().sum();
    println!(
        "{done} operations ({:?}), {spoiled} faults ({:?})",
        figures.kinds, figures.faults
    );
    println!(
        "told: {:?}; versions that the proxy doubled, each told as a conflict: {}",
        figures.outcomes, figures.doubled
    );
    println!(
        "duplicates of our own, lost and false reports: {}",
        figures.wrong.len()
    );
    assert!(figures.wrong.is_empty(), "{}", figures.wrong.join("\n"));
    assert!(
        done >= each * WORKERS / 2 && spoiled > done / 3,
        "too little was tried: {done} operations, {spoiled} faults"
    );
}

/// Outcomes of two racing promoters, and the number of versions in Production afterwards.
async fn run_race(url: &str, folder: &Path, nth: usize) -> ([Outcome; 2], usize) {
    let promoters = [
        Promoter::new(url, folder, &format!("a{nth}")),
        Promoter::new(url, folder, &format!("b{nth}")),
    ];
    let to = |version: u64| Intent::TransitionStage {
        model: format!("r{nth}").as_str().into(),
        version: VersionNumber(version),
        to: Stage::Production,
        archive_existing: true,
    };
    let plans = [
        promoters[0].plan(to(2)).await.unwrap(),
        promoters[1].plan(to(3)).await.unwrap(),
    ];
    let attempt = async |at: usize| match promoters[at].apply(&plans[at]).await {
        Ok((outcome, _)) => outcome,
        Err(ApplyError::RegistryChanged(why)) => Outcome::NotApplied {
            reason: why.join("; "),
        },
        Err(error) => Outcome::Unknown {
            reason: error.to_string(),
        },
    };
    let (first, second) = tokio::join!(attempt(0), attempt(1));
    let now = promoters[0].snapshot(&to(2)).await;
    (
        [first, second],
        now.state().versions_in_stage(Stage::Production).len(),
    )
}

#[test]
fn concurrent_promoters_are_never_both_verified() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(V3, folder.path());
    let races = count_from_env("FRONTRUNNER_RACES", DEFAULT_RACES);
    run_script(V3, CREATE_MODELS, &[&server.url, &races.to_string(), "r"]);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let all = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..WORKERS {
            threads.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap();
                loop {
                    let nth = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    if nth >= races {
                        break;
                    }
                    let ended = runtime.block_on(run_race(&server.url, folder.path(), nth));
                    all.lock().unwrap().push(ended);
                }
            });
        }
    });
    let all = all.into_inner().unwrap();
    let verified = |told: &[Outcome; 2]| {
        told.iter()
            .filter(|outcome| **outcome == Outcome::Verified)
            .count()
    };
    let is_reported = |told: &[Outcome; 2]| {
        told.iter()
            .any(|outcome| matches!(outcome, Outcome::Conflict { .. }))
    };
    let both = all.iter().filter(|(told, _)| verified(told) == 2).count();
    let doubles: Vec<_> = all
        .iter()
        .filter(|(_, production)| *production > 1)
        .collect();
    let silent = doubles
        .iter()
        .filter(|(told, _)| !is_reported(told))
        .count();
    let one = all.iter().filter(|(told, _)| verified(told) == 1).count();
    println!(
        "{} races: {} with one verified, {} double Productions, {silent} of them silent, {both} pairs both told verified",
        all.len(),
        one,
        doubles.len()
    );
    assert_eq!((all.len(), both, silent), (races, 0, 0));
}
