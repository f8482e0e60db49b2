//! `image-classifier`: neural networks that learn, overfit, hit a plateau, diverge, crash, were stopped, are still at it, or say
//! that they are and have been silent for two days.

use super::commit;
use crate::demo::DemoError;
use crate::demo::artifacts::confusion_plot;
use crate::demo::curves::{Learning, diverge, overfit, spike, warm_cosine};
use crate::demo::draft::{Code, Curve, DAY, Dataset, HOUR, MINUTE, RunDraft, SECOND};
use crate::demo::noise::Noise;
use crate::demo::teller::Teller;
use crate::domain::{ExperimentId, Lifecycle, Millis, RunId, RunStatus};

/// What the networks tell.
#[derive(Clone, Debug, PartialEq)]
pub struct ImageFacts {
    /// The experiment.
    pub experiment: ExperimentId,
    /// A run that simply learned.
    pub plain: RunId,
    /// A run whose `train/loss` has one point that stands out.
    pub spiked: RunId,
    /// The step of that point.
    pub spike_step: i64,
    /// A run whose `val/loss` rises again.
    pub overfit: RunId,
    /// A run with `system/…` metrics.
    pub system: RunId,
    /// A run whose losses are NaN from a step on.
    pub diverged: RunId,
    /// That step.
    pub nan_step: i64,
    /// A run that failed.
    pub failed: RunId,
    /// A run that was killed.
    pub killed: RunId,
    /// A run that started a few minutes ago and is still logging.
    pub running: RunId,
    /// A run that says it is running and has logged nothing for two days.
    pub quiet: RunId,
}

/// The step at which the spiked run has its spike.
const SPIKE_STEP: u32 = 83;
/// The step at which the diverged run turns to NaN.
const NAN_STEP: u32 = 34;

/// What the runs share.
struct Team {
    experiment: i64,
    code: Code,
    train: Dataset,
    eval: Dataset,
    now: Millis,
}

/// One network: its name, when it started, how many epochs it saw and how fast it learns.
struct Net {
    name: &'static str,
    started: Millis,
    epochs: u32,
    epoch: Millis,
    rate: f64,
    loss: f64,
    accuracy: f64,
    pace: f64,
}

/// A network that does nothing special; each story says what differs.
const NET: Net = Net { name: "", started: 0, epochs: 120, epoch: 24 * SECOND, rate: 0.1, loss: 0.41, accuracy: 0.881, pace: 17.0 };

impl Team {
    fn draw(&self, net: &Net, noise: &mut Noise) -> RunDraft {
        let Net { epochs, pace, loss, accuracy, .. } = *net;
        RunDraft::new(self.experiment, noise.id(), net.name, self.now - net.started, i64::from(epochs) * net.epoch)
            .by(noise.pick(["chen", "dmitri", "fatima"]))
            .code(&self.code)
            .data(&self.train, "training")
            .data(&self.eval, "eval")
            .param("arch", net.name.split('-').next().unwrap_or_default())
            .param("epochs", 120)
            .param("batch_size", 256)
            .param("lr", net.rate)
            .param("weight_decay", "5e-05")
            .param("label_smoothing", 0.1)
            .param("amp", "True")
            .param("resume_from", "None")
            .curve("train/loss", Learning { from: 2.3, to: loss * 0.7, pace, scatter: 0.03 }.curve(epochs, noise))
            .curve("val/loss", Learning { from: 2.25, to: loss, pace: pace * 1.1, scatter: 0.05 }.curve(epochs, noise))
            .curve("train/acc", Learning { from: 0.1, to: accuracy + 0.06, pace, scatter: 0.008 }.share(epochs, noise))
            .curve("val/acc", Learning { from: 0.1, to: accuracy, pace: pace * 1.1, scatter: 0.012 }.share(epochs, noise))
            .curve("lr", warm_cosine(120, 5, net.rate).into_iter().take(epochs as usize).collect())
    }
}

/// Changes one metric of a run.
fn change(run: &mut RunDraft, key: &str, change: impl FnOnce(&mut [f64])) {
    if let Some(Curve { values, .. }) = run.curves.iter_mut().find(|curve| curve.key == key) {
        change(values);
    }
}

/// Tells the networks.
pub(super) fn tell(teller: &mut Teller<'_>) -> Result<ImageFacts, DemoError> {
    let mut noise = Noise::of("image-classifier");
    let now = teller.now;
    let experiment = teller.experiment(
        "image-classifier",
        Lifecycle::Active,
        now - 21 * DAY,
        &[
            ("mlflow.experiment.primaryMetric.name", "val/acc"),
            ("mlflow.experiment.primaryMetric.greaterIsBetter", "True"),
            ("team", "vision"),
        ],
    )?;
    let columns: &[_] = &[("string", "path"), ("long", "label")];
    let mut set = |name, uri, rows| Dataset { id: noise.id(), name, digest: noise.hex(8), source_type: "local", uri, columns, rows };
    let (train, eval) = (set("tiles-train", "/data/tiles/train.csv", 50_000), set("tiles-val", "/data/tiles/val.csv", 10_000));
    let code = commit(&mut noise, "https://git.example.org/vision/tiles.git", "main", "train.py");
    let team = Team { experiment, code, train, eval, now };

    let plain = team.draw(&Net { name: "resnet18-baseline", started: 20 * DAY, ..NET }, &mut noise);
    let plateau = team
        .draw(&Net { name: "mobilenet-plateau", started: 16 * DAY, rate: 0.01, loss: 0.74, accuracy: 0.792, pace: 6.0, ..NET }, &mut noise);
    let (plain, _) = (teller.run(&plain)?, teller.run(&plateau)?);
    Ok(ImageFacts {
        experiment: ExperimentId::new(experiment.to_string()),
        plain,
        spiked: teller.run(&spiked(&team, &mut noise))?,
        spike_step: SPIKE_STEP.into(),
        overfit: teller.run(&overfitted(&team, &mut noise))?,
        system: tell_watched(teller, &watched(&team, &mut noise))?,
        diverged: teller.run(&diverged(&team, &mut noise))?,
        nan_step: NAN_STEP.into(),
        failed: teller.run(&failed(&team, &mut noise))?,
        killed: teller.run(&killed(&team, &mut noise))?,
        running: teller.run(&running(&team, &mut noise))?,
        quiet: teller.run(&quiet(&team, &mut noise))?,
    })
}

fn spiked(team: &Team, noise: &mut Noise) -> RunDraft {
    let mut run = team.draw(&Net { name: "resnet34-aug", started: 13 * DAY, loss: 0.36, accuracy: 0.902, ..NET }, noise);
    change(&mut run, "train/loss", |loss| spike(loss, SPIKE_STEP, 6.4));
    run.note("one bad batch at epoch 83 (a truncated tile); recovered by itself")
}

fn overfitted(team: &Team, noise: &mut Noise) -> RunDraft {
    let mut run = team.draw(&Net { name: "resnet34-noaug", started: 12 * DAY, loss: 0.35, accuracy: 0.862, pace: 11.0, ..NET }, noise);
    change(&mut run, "val/loss", |loss| overfit(loss, 38, 0.0085));
    change(&mut run, "val/acc", |accuracy| overfit(accuracy, 44, -0.0006));
    run.note("no augmentation: validation loss rises from epoch 38")
}

/// A run whose machine was watched too. Samples have steps of their own, as MLflow counts them.
fn watched(team: &Team, noise: &mut Noise) -> RunDraft {
    let run = team.draw(&Net { name: "resnet50-aug", started: 9 * DAY, epoch: 41 * SECOND, loss: 0.31, accuracy: 0.921, ..NET }, noise);
    let mut level = |mean: f64, deviation: f64, top: f64| (0..200).map(|_| (mean + noise.normal(deviation)).clamp(0.0, top)).collect();
    // A second GPU was watched later: what the first stories tell stays as it is.
    let mut other = Noise::of("the second GPU");
    let mut second = |mean: f64, deviation: f64, top: f64| (0..200).map(|_| (mean + other.normal(deviation)).clamp(0.0, top)).collect();
    run.curve("system/cpu_utilization_percentage", level(61.0, 9.0, 100.0))
        .curve("system/system_memory_usage_megabytes", level(41_200.0, 300.0, 64_000.0))
        .curve("system/gpu_0_utilization_percentage", level(93.0, 6.0, 100.0))
        .curve("system/gpu_0_memory_usage_megabytes", level(21_800.0, 60.0, 24_576.0))
        .curve("system/gpu_0_power_usage_watts", level(296.0, 14.0, 350.0))
        .curve("system/network_receive_megabytes", level(38.0, 12.0, 1_000.0))
        .curve("system/gpu_1_utilization_percentage", second(88.0, 9.0, 100.0))
        .curve("system/gpu_1_power_usage_watts", second(281.0, 21.0, 350.0))
}

/// It left a plot, too.
fn tell_watched(teller: &mut Teller<'_>, run: &RunDraft) -> Result<RunId, DemoError> {
    let id = teller.run(run)?;
    teller.file(run, "plots/confusion_matrix.png", confusion_plot(10, 0.921))?;
    Ok(id)
}

fn diverged(team: &Team, noise: &mut Noise) -> RunDraft {
    let mut run = team.draw(&Net { name: "vit-small", started: 6 * DAY, epochs: 60, rate: 1.0, ..NET }, noise);
    for key in ["train/loss", "val/loss"] {
        change(&mut run, key, |loss| diverge(loss, NAN_STEP, f64::NAN));
    }
    for key in ["train/acc", "val/acc"] {
        change(&mut run, key, |accuracy| accuracy.iter_mut().skip(NAN_STEP as usize).for_each(|value| *value = 0.1));
    }
    run.note("lr 1.0 is too much for a transformer")
}

fn failed(team: &Team, noise: &mut Noise) -> RunDraft {
    let net = Net { name: "efficientnet-b7", started: 5 * DAY, epochs: 7, epoch: 190 * SECOND, ..NET };
    team.draw(&net, noise).status(RunStatus::Failed).note("CUDA out of memory. Tried to allocate 1.17 GiB (GPU 0; 23.69 GiB total)")
}

fn killed(team: &Team, noise: &mut Noise) -> RunDraft {
    team.draw(&Net { name: "vit-base", started: 4 * DAY, epochs: 52, rate: 0.003, pace: 40.0, ..NET }, noise).status(RunStatus::Killed)
}

/// Half way: 48 of 120 epochs in seven minutes, the last one four seconds ago.
fn running(team: &Team, noise: &mut Noise) -> RunDraft {
    let net = Net { name: "convnext-tiny", started: 7 * MINUTE, epochs: 48, rate: 0.004, loss: 0.33, accuracy: 0.915, ..NET };
    let mut run = team.draw(&net, noise).status(RunStatus::Running);
    run.last = team.now - 4 * SECOND;
    run
}

/// Its machine went away: 63 epochs, then nothing for two days.
fn quiet(team: &Team, noise: &mut Noise) -> RunDraft {
    let net = Net { name: "swin-tiny", started: 2 * DAY + HOUR, epochs: 63, rate: 0.002, pace: 28.0, ..NET };
    let mut run = team.draw(&net, noise).status(RunStatus::Running);
    run.last = team.now - 2 * DAY;
    run
}
