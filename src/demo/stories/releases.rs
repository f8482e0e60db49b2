//! `churn-releases` and the registered model `churn-classifier`: six versions, each from a training run of its own. The
//! champion serves; the challenger is more accurate, and slower and worse calibrated. Which one is better is the question.

use super::churn::{Customers, FEATURES, NEW, OLD, REPOSITORY, lightgbm};
use super::commit;
use crate::demo::DemoError;
use crate::demo::artifacts::{confusion_matrix, importance_csv, metrics_json};
use crate::demo::curves::Learning;
use crate::demo::draft::{DAY, HOUR, MINUTE, ModelDraft, RunDraft, VersionDraft};
use crate::demo::evidence;
use crate::demo::noise::Noise;
use crate::demo::teller::Teller;
use crate::domain::{ExperimentId, Lifecycle, LoggedModelId, ModelName, RunId, Stage, VersionNumber};

/// The registered model.
const MODEL: &str = "churn-classifier";

/// What the releases tell.
#[derive(Clone, Debug, PartialEq)]
pub struct ReleaseFacts {
    /// The experiment of the training runs.
    pub experiment: ExperimentId,
    /// The registered model.
    pub model: ModelName,
    /// Its versions, first to last.
    pub versions: Vec<VersionFacts>,
    /// The version in Production, which the alias `champion` leads to.
    pub champion: VersionNumber,
    /// The version in Staging, which the alias `challenger` leads to.
    pub challenger: VersionNumber,
}

/// One version of a registered model.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionFacts {
    /// Its number.
    pub version: VersionNumber,
    /// Its stage.
    pub stage: Stage,
    /// The run it came from.
    pub run: RunId,
    /// The logged model it was made from; versions from MLflow 2 have none.
    pub logged_model: Option<LoggedModelId>,
}

/// What differs from one release to the next.
struct Release {
    days_ago: i64,
    user: &'static str,
    autumn: bool,
    requirements: &'static [&'static str],
    leaves: i64,
    auc: f64,
    accuracy: f64,
    calibration_error: f64,
    latency_ms: f64,
    stage: Stage,
    status: &'static str,
    description: &'static str,
}

#[rustfmt::skip]
const RELEASES: [Release; 6] = [
    Release { days_ago: 120, user: "ana", autumn: false, requirements: OLD, leaves: 31, auc: 0.8411, accuracy: 0.8302, calibration_error: 0.0410, latency_ms: 18.2,
        stage: Stage::Archived, status: "passed", description: "First model in service." },
    Release { days_ago: 90, user: "ana", autumn: false, requirements: OLD, leaves: 31, auc: 0.8523, accuracy: 0.8377, calibration_error: 0.0334, latency_ms: 18.9,
        stage: Stage::Archived, status: "passed", description: "Adds support_tickets_90d." },
    Release { days_ago: 61, user: "bo", autumn: false, requirements: OLD, leaves: 47, auc: 0.8619, accuracy: 0.8441, calibration_error: 0.0291, latency_ms: 21.4,
        stage: Stage::Archived, status: "passed", description: "More leaves. Replaced after the price change." },
    Release { days_ago: 33, user: "chen", autumn: true, requirements: OLD, leaves: 47, auc: 0.8874, accuracy: 0.8593, calibration_error: 0.0187, latency_ms: 22.6,
        stage: Stage::Production, status: "passed", description: "Retrained on customers after the price change, calibrated with isotonic regression." },
    Release { days_ago: 14, user: "bo", autumn: true, requirements: NEW, leaves: 255, auc: 0.8861, accuracy: 0.8588, calibration_error: 0.0262, latency_ms: 88.0,
        stage: Stage::None, status: "failed", description: "255 leaves: four times slower, no better." },
    Release { days_ago: 2, user: "dmitri", autumn: true, requirements: NEW, leaves: 96, auc: 0.8952, accuracy: 0.8671, calibration_error: 0.0345, latency_ms: 41.3,
        stage: Stage::Staging, status: "pending", description: "Best AUC so far. Slower than the champion, and not calibrated." },
];

/// Tells the releases.
pub(super) fn tell(teller: &mut Teller<'_>) -> Result<ReleaseFacts, DemoError> {
    let mut noise = Noise::of(MODEL);
    let now = teller.now;
    let experiment = teller.experiment(
        "churn-releases",
        Lifecycle::Active,
        now - 121 * DAY,
        &[
            ("mlflow.experiment.primaryMetric.name", "auc"),
            ("mlflow.experiment.primaryMetric.greaterIsBetter", "True"),
            ("mlflow.note.content", "Training runs whose models are registered as churn-classifier."),
            ("team", "growth"),
        ],
    )?;
    let customers = Customers::of(&mut noise);
    let model = ModelDraft {
        name: MODEL,
        made: now - 119 * DAY,
        description: "Will this customer leave within 30 days? Served at /v1/churn; budget 25 ms.",
        tags: &[("team", "growth"), ("tier", "1")],
        aliases: &[("champion", 4), ("challenger", 6)],
    };
    teller.rows.model(&model, now - 2 * DAY + 2 * HOUR)?;
    let mut versions = Vec::new();
    for (number, release) in (1..).zip(&RELEASES) {
        let run = training(number, release, &customers, experiment, now, &mut noise);
        versions.push(register(teller, number, release, &run, &mut noise)?);
    }
    Ok(ReleaseFacts {
        experiment: ExperimentId::new(experiment.to_string()),
        model: MODEL.into(),
        versions,
        champion: VersionNumber(4),
        challenger: VersionNumber(6),
    })
}

fn training(number: u32, release: &Release, customers: &Customers, experiment: i64, now: i64, noise: &mut Noise) -> RunDraft {
    let start = now - release.days_ago * DAY - noise.whole(0, 300) * MINUTE;
    let rounds = 180;
    let floor = 0.46 - (release.auc - 0.84);
    let run = RunDraft::new(experiment, noise.id(), format!("release-{number}"), start, noise.whole(11, 19) * MINUTE)
        .by(release.user)
        .code(&commit(noise, REPOSITORY, "main", "train.py"))
        .param("objective", "binary")
        .param("learning_rate", "0.05")
        .param("num_leaves", release.leaves)
        .param("max_depth", "-1")
        .param("calibration", if number == 4 { "isotonic" } else { "None" })
        .param("class_weight", "balanced")
        .param("seed", 42)
        .data(if release.autumn { &customers.autumn } else { &customers.spring }, "training")
        .data(&customers.holdout, "eval")
        .curve("train/logloss", Learning { from: 0.69, to: floor - 0.04, pace: 22.0, scatter: 0.002 }.curve(rounds, noise))
        .curve("val/logloss", Learning { from: 0.69, to: floor, pace: 24.0, scatter: 0.004 }.curve(rounds, noise))
        .curve("val/auc", Learning { from: 0.61, to: release.auc, pace: 18.0, scatter: 0.003 }.share(rounds, noise))
        .metric("auc", release.auc)
        .metric("accuracy", release.accuracy)
        .metric("calibration_error", release.calibration_error)
        .metric("latency_ms", release.latency_ms);
    if number == 6 { dirty(run) } else { run.tag("mlflow.source.git.dirty", "false") }
}

/// The challenger was trained from a checkout with changes in it, which MLflow recorded.
fn dirty(run: RunDraft) -> RunDraft {
    run.tag("mlflow.source.git.dirty", "true").tag(
        "mlflow.source.git.diff",
        "diff --git a/train.py b/train.py\nindex 5d1e7aa..c02f9b1 100644\n--- a/train.py\n+++ b/train.py\n@@ -41,7 +41,7 @@ def fit(train, holdout):\n \
         \x20   model = lgb.LGBMClassifier(**PARAMS)\n     model.fit(train.x, train.y)\n-    model = CalibratedClassifierCV(model, method=\"isotonic\", cv=\"prefit\")\n\
         +    # model = CalibratedClassifierCV(model, method=\"isotonic\", cv=\"prefit\")\n     return model\n",
    )
}

/// What is expected of the customers' table, and whether it holds.
fn expected(holds: bool) -> [(&'static str, &'static str, bool); 4] {
    [
        ("expect_column_values_to_not_be_null", "customer_id", true),
        ("expect_column_values_to_be_unique", "customer_id", true),
        ("expect_column_values_to_be_between", "monthly_charge", holds),
        ("expect_column_values_to_be_in_set", "contract", true),
    ]
}

fn register(teller: &mut Teller<'_>, number: u32, release: &Release, run: &RunDraft, noise: &mut Noise) -> Result<VersionFacts, DemoError> {
    let flavor = lightgbm(release.requirements);
    let id = format!("m-{}", noise.id());
    let run_id = teller.run(run)?;
    let location = teller.logged_model(run, &id, flavor, Some((MODEL, number)))?;
    teller.file(run, "evaluation/metrics.json", metrics_json(run))?;
    teller.file(run, "evaluation/confusion_matrix.txt", confusion_matrix(9_600.0, release.accuracy, 0.21))?;
    teller.file(run, "evaluation/feature_importance.csv", importance_csv(FEATURES))?;
    // The fifth learned from data of which a part was wrong; the customers of today are no longer those that the sixth learned from.
    teller.file(run, "great_expectations/validation_result.json", evidence::validation(run.start - 20 * MINUTE, &expected(number != 5)))?;
    teller.file(run, "evidently/report.json", evidence::drift(8, if number == 6 { 3 } else { 1 }))?;
    teller.file(run, "README.md", format!("# Release {number}\n\n{}\n\n- judged on `customers-holdout`\n", release.description))?;
    let made = run.last + MINUTE;
    let mut tags = vec![("validation_status", release.status.to_owned()), ("trained_by", release.user.to_owned())];
    if number == 4 {
        tags.push(("approved_by", "elena".to_owned()));
    }
    // An archived version changed last when its successor took its place, about 29 days later.
    let changed = if release.stage == Stage::Archived { made + 29 * DAY } else { made + HOUR };
    teller.rows.version(&VersionDraft {
        model: MODEL,
        version: number,
        made,
        changed,
        stage: release.stage,
        description: release.description,
        source: format!("models:/{id}"),
        location,
        run: Some(run.id.clone()),
        tags,
    })?;
    let (version, logged_model) = (VersionNumber(number.into()), Some(LoggedModelId::new(id)));
    Ok(VersionFacts { version, stage: release.stage, run: run_id, logged_model })
}
