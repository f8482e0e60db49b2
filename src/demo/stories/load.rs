//! `load-test`: as many runs as were asked for, each with 15 params, 12 metrics and 5 tags, to see how a large table feels.

use crate::demo::DemoError;
use crate::demo::draft::{DAY, MINUTE, RunDraft, SECOND};
use crate::demo::noise::Noise;
use crate::demo::teller::Teller;
use crate::domain::{Lifecycle, RunStatus};

const METRICS: [&str; 12] = [
    "val/loss",
    "val/acc",
    "val/f1",
    "val/auc",
    "train/loss",
    "train/acc",
    "test/loss",
    "test/acc",
    "latency_ms",
    "throughput",
    "params_millions",
    "epoch_time",
];

/// Tells the runs: one every few seconds up to now.
pub(super) fn tell(teller: &mut Teller<'_>, runs: u32) -> Result<(), DemoError> {
    let mut noise = Noise::of("load-test");
    let begun = teller.now - i64::from(runs) * 20 * SECOND - DAY;
    let experiment = teller.experiment("load-test", Lifecycle::Active, begun, &[("mlflow.experiment.primaryMetric.name", "val/acc")])?;
    for nth in 0..i64::from(runs) {
        let start = begun + nth * 20 * SECOND;
        teller.run(&load_run(experiment, nth, start, &mut noise))?;
    }
    Ok(())
}

fn load_run(experiment: i64, nth: i64, start: i64, noise: &mut Noise) -> RunDraft {
    let status = if noise.unit() < 0.03 { RunStatus::Failed } else { RunStatus::Finished };
    let mut run = RunDraft::new(experiment, noise.id(), format!("load-{nth:06}"), start, noise.whole(1, 20) * MINUTE)
        .by(noise.pick(["ana", "bo", "chen", "dmitri"]))
        .status(status)
        .tag("batch", (nth / 1_000).to_string())
        .param("model", noise.pick(["mlp", "gbdt", "transformer"]))
        .param("optimizer", noise.pick(["adam", "sgd", "lion"]))
        .param("amp", noise.pick(["True", "False"]))
        .param("lr", format!("{:.6}", noise.log_between(1e-5, 1.0)))
        .param("weight_decay", format!("{:.1e}", noise.log_between(1e-7, 1e-1)));
    for index in 0..10 {
        run = run.param(&format!("p{index}"), noise.whole(0, 1_000));
    }
    METRICS.iter().fold(run, |run, key| run.metric(key, noise.unit()))
}
