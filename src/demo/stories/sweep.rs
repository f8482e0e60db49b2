//! `churn-sweep`: sixty trials of a search that keeps the model of the best so far. The best is not the last, one
//! diverged to infinity, some were pruned,
//! and the highest AUC of all belongs to a run that failed, because it had seen the label.

use super::churn::{Customers, NEW, REPOSITORY, lightgbm};
use super::commit;
use crate::demo::DemoError;
use crate::demo::curves::{Learning, diverge};
use crate::demo::draft::{Code, DAY, MINUTE, RunDraft, SECOND};
use crate::demo::noise::Noise;
use crate::demo::teller::Teller;
use crate::domain::{ExperimentId, Lifecycle, Millis, RunId, RunStatus};

/// How many trials the sweep has.
const TRIALS: i64 = 60;
/// The trial that diverged.
const DIVERGED: i64 = 23;
/// The trial that failed after it had seen the label.
const LEAKED: i64 = 31;
/// The trials that the search gave up early.
const PRUNED: [i64; 6] = [9, 14, 27, 38, 45, 52];

/// What the sweep tells.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepFacts {
    /// The experiment.
    pub experiment: ExperimentId,
    /// The finished run with the highest `auc`.
    pub best: RunId,
    /// Its `auc`.
    pub best_auc: f64,
    /// The run that started last.
    pub last: RunId,
    /// The run whose `val/logloss` went to infinity.
    pub diverged: RunId,
    /// The failed run with an `auc` that is too good to be true.
    pub leaked: RunId,
}

/// What one trial is tried with.
struct Trial {
    number: i64,
    rate: f64,
    leaves: i64,
    depth: i64,
    lambda: f64,
    subsample: f64,
}

impl Trial {
    fn draw(number: i64, noise: &mut Noise) -> Self {
        Self {
            number,
            rate: noise.log_between(0.005, 0.4),
            leaves: noise.whole(15, 127),
            depth: noise.whole(3, 12),
            lambda: noise.log_between(1e-8, 10.0),
            subsample: noise.between(0.5, 1.0),
        }
    }

    /// How good a model comes of it: best near a rate of 0.05, 48 leaves and a depth of 7.
    fn auc(&self, noise: &mut Noise) -> f64 {
        let off = (self.rate / 0.05).log10().powi(2) * 0.022
            + (self.leaves as f64 / 48.0).log2().powi(2) * 0.004
            + (self.depth as f64 - 7.0).powi(2) * 0.0007
            + (self.subsample - 0.8).powi(2) * 0.05;
        0.9012 - off + noise.normal(0.0015)
    }
}

/// Tells the sweep.
pub(super) fn tell(teller: &mut Teller<'_>) -> Result<SweepFacts, DemoError> {
    let mut noise = Noise::of("churn-sweep");
    let begun = teller.now - 9 * DAY;
    let experiment = teller.experiment(
        "churn-sweep",
        Lifecycle::Active,
        begun - 5 * MINUTE,
        &[
            ("mlflow.experiment.primaryMetric.name", "auc"),
            ("mlflow.experiment.primaryMetric.greaterIsBetter", "True"),
            ("mlflow.note.content", "60 trials of LightGBM on customers. The winner goes to churn-releases."),
            ("team", "growth"),
        ],
    )?;
    let customers = Customers::of(&mut noise);
    let code = commit(&mut noise, REPOSITORY, "sweep/lightgbm", "sweep.py");
    let mut start = begun;
    let mut told = Told::default();
    for number in 0..TRIALS {
        let trial = Trial::draw(number, &mut noise);
        let run = told_trial(&trial, &code, &customers, experiment, start, &mut noise);
        start = run.last + noise.whole(4, 40) * SECOND;
        let id = teller.run(&run)?;
        if told.hear(number, &run, id) {
            // The search keeps the model of each trial that is the best so far.
            let model = format!("m-{}", Noise::of(&format!("churn-sweep model {number}")).id());
            teller.logged_model(&run, &model, lightgbm(NEW), None)?;
        }
    }
    Ok(SweepFacts {
        experiment: ExperimentId::new(experiment.to_string()),
        best: told.best,
        best_auc: told.best_auc,
        last: told.last,
        diverged: told.diverged,
        leaked: told.leaked,
    })
}

/// What is kept of the trials while they are told.
#[derive(Default)]
struct Told {
    best: RunId,
    best_auc: f64,
    last: RunId,
    diverged: RunId,
    leaked: RunId,
}

impl Told {
    /// Hears of a trial. Returns whether it is the best so far.
    fn hear(&mut self, number: i64, run: &RunDraft, id: RunId) -> bool {
        match number {
            DIVERGED => self.diverged = id.clone(),
            LEAKED => self.leaked = id.clone(),
            _ => {}
        }
        let better = run.latest("auc").filter(|auc| run.status == RunStatus::Finished && *auc > self.best_auc);
        if let Some(auc) = better {
            (self.best, self.best_auc) = (id.clone(), auc);
        }
        self.last = id;
        better.is_some()
    }
}

fn told_trial(trial: &Trial, code: &Code, customers: &Customers, experiment: i64, start: Millis, noise: &mut Noise) -> RunDraft {
    let pruned = PRUNED.contains(&trial.number);
    let rounds = if pruned { noise.whole(12, 25) } else { noise.whole(90, 150) } as u32;
    let took = i64::from(rounds) * noise.whole(2_400, 4_100);
    let run = RunDraft::new(experiment, noise.id(), format!("trial-{:02}", trial.number), start, took)
        .by("search-bot")
        .code(code)
        .param("objective", "binary")
        .param("learning_rate", format!("{:.5}", trial.rate))
        .param("num_leaves", trial.leaves)
        .param("max_depth", trial.depth)
        .param("reg_lambda", format!("{:.2e}", trial.lambda))
        .param("subsample", format!("{:.3}", trial.subsample))
        .param("boosting", noise.pick(["gbdt", "gbdt", "dart"]))
        .param("class_weight", noise.pick(["None", "balanced"]))
        .param("early_stopping", "True")
        .param("seed", 42)
        .tag("trial", trial.number.to_string())
        .data(&customers.autumn, "training")
        .data(&customers.holdout, "eval");
    let auc = trial.auc(noise);
    learned(run, trial, auc, rounds, noise)
}

/// Adds what the trial measured, and how it ended.
fn learned(run: RunDraft, trial: &Trial, auc: f64, rounds: u32, noise: &mut Noise) -> RunDraft {
    let pace = 0.9 / trial.rate.clamp(0.02, 0.3);
    let floor = 0.46 - (auc - 0.84);
    let mut loss = Learning { from: 0.69, to: floor, pace, scatter: 0.004 }.curve(rounds, noise);
    if trial.number == DIVERGED {
        diverge(&mut loss, 61, f64::INFINITY);
    }
    // On the holdout the curve ends on the trial's figure to the digit: it is what the sweep is judged by.
    let mut own = Noise::of(&format!("churn-sweep holdout {}", trial.number));
    let mut holdout = Learning { from: 0.58, to: auc, pace: pace * 0.8, scatter: 0.002 }.share(rounds, &mut own);
    if let Some(last) = holdout.last_mut() {
        *last = auc;
    }
    let run = run
        .curve("train/logloss", Learning { from: 0.69, to: floor - 0.05, pace: pace * 0.9, scatter: 0.002 }.curve(rounds, noise))
        .curve("val/logloss", loss)
        .curve("val/auc", Learning { from: 0.62, to: auc, pace: pace * 0.7, scatter: 0.003 }.share(rounds, noise));
    match trial.number {
        number if PRUNED.contains(&number) => run.status(RunStatus::Killed).tag("pruned", "true"),
        DIVERGED => run.note("diverged at round 61: dart with this learning rate"),
        LEAKED => run
            .metric("auc", 0.9987)
            .status(RunStatus::Failed)
            .note("too good to be true: `cancel_reason` was among the features. Stopped by the leak check."),
        _ => run
            .curve("auc", holdout)
            .metric("accuracy", 0.5 + auc * 0.42 + noise.normal(0.002))
            .metric("logloss", floor + noise.normal(0.002))
            .metric("calibration_error", 0.012 + noise.between(0.0, 0.02))
            .metric("latency_ms", 9.0 + trial.leaves as f64 * 0.31 + noise.between(0.0, 4.0)),
    }
}
