//! A policy: parsed, and its gates evaluated for a version. Every error has a place in the text.
#![no_main]

use std::sync::LazyLock;

use frontrunner::domain::{
    KeyValue, Metric, MetricValue, ModelVersion, RegisteredModel, Run, RunStatus, Slot, Stage,
    VersionNumber,
};
use frontrunner::promotion::policy::{Candidate, GateTarget, Policy};
use libfuzzer_sys::fuzz_target;

static CANDIDATE: LazyLock<Candidate> = LazyLock::new(|| candidate(2, 0.91));
static CHAMPION: LazyLock<Candidate> = LazyLock::new(|| candidate(1, f64::NAN));

fn candidate(number: u64, accuracy: f64) -> Candidate {
    let mut run = Run::bare(format!("run{number}").into(), "1".into());
    run.status = RunStatus::Finished;
    run.user = "ana".into();
    run.metrics = vec![Metric {
        key: "accuracy".into(),
        value: MetricValue::new(accuracy),
        timestamp: 0,
        step: 0,
    }];
    run.params = vec![KeyValue {
        key: "lr".into(),
        value: "0.1".into(),
    }];
    let version = ModelVersion {
        creation_time: Some(7),
        stage_text: "None".into(),
        source: "runs:/run/model".into(),
        run_id: run.id.clone(),
        ..ModelVersion::bare("churn".into(), VersionNumber(number))
    };
    let model = RegisteredModel::bare(version.name.clone());
    Candidate {
        run: Some(run),
        ..Candidate::bare(version, model)
    }
}

fuzz_target!(|text: &str| {
    match Policy::parse(text) {
        Ok(policy) => {
            for slot in [
                Slot::Stage(Stage::Production),
                Slot::Alias("champion".into()),
            ] {
                let target = GateTarget {
                    slot,
                    version: VersionNumber(2),
                };
                let evaluation =
                    policy.evaluate(&CANDIDATE, Some(&*CHAMPION), &target, "ana".into());
                for gate in &evaluation.gates {
                    assert!(!format!("{gate:?}").is_empty());
                }
            }
        }
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            for diagnostic in diagnostics {
                let _ = (diagnostic.to_string(), diagnostic.excerpt());
            }
        }
    }
});
