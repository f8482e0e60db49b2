//! A policy: parsed, and its gates evaluated for a version. Every error has a place in the text.
#![no_main]

use std::sync::LazyLock;

use frontrunner::domain::{
    KeyValue, Metric, MetricValue, ModelVersion, RegisteredModel, Run, RunStatus, Slot, Stage,
    VersionNumber, VersionStatus,
};
use frontrunner::evidence::EvidenceReport;
use frontrunner::promotion::policy::{Candidate, GateTarget, Policy};
use frontrunner::text::Untrusted;
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
        name: "churn".into(),
        version: VersionNumber(number),
        creation_time: Some(7),
        last_updated_time: None,
        user: Untrusted::default(),
        stage: Stage::None,
        stage_text: "None".into(),
        description: Untrusted::default(),
        source: "runs:/run/model".into(),
        run_id: run.id.clone(),
        status: VersionStatus::Ready,
        status_message: Untrusted::default(),
        tags: Vec::new(),
        aliases: Vec::new(),
    };
    let model = RegisteredModel {
        name: version.name.clone(),
        creation_time: None,
        last_updated_time: None,
        description: Untrusted::default(),
        tags: Vec::new(),
        aliases: Vec::new(),
        latest_versions: Vec::new(),
        staged_versions: Vec::new(),
    };
    Candidate {
        version,
        model,
        run: Some(run),
        parents: Vec::new(),
        logged_model: None,
        evaluation_runs: Vec::new(),
        files: Vec::new(),
        evidence: EvidenceReport::default(),
        missing: Vec::new(),
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
