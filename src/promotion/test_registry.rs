//! A small registry for this room's tests: iris/1 put away, iris/2 the champion in Production, iris/3 in Staging.

use super::{PlanContext, RegistrySnapshot, Subject};
use crate::domain::{ModelVersion, RegisteredModel, Run, RunStatus, Slot, Stage, VersionNumber};

pub fn version(number: u64, stage: Stage) -> ModelVersion {
    ModelVersion {
        creation_time: Some(1000 + i64::try_from(number).unwrap()),
        last_updated_time: Some(2000),
        stage,
        stage_text: stage.as_str().into(),
        source: format!("runs:/run{number}/model").into(),
        run_id: format!("run{number}").into(),
        ..ModelVersion::bare("iris".into(), VersionNumber(number))
    }
}

pub fn snapshot() -> RegistrySnapshot {
    let mut run = Run::bare("run3".into(), "1".into());
    run.status = RunStatus::Finished;
    RegistrySnapshot {
        origin: "memory".into(),
        subject: Subject::Model("iris".into()),
        model: Some(RegisteredModel {
            creation_time: Some(1000),
            last_updated_time: Some(2000),
            aliases: vec![
                ("champion".into(), VersionNumber(2)),
                ("old".into(), VersionNumber(1)),
            ],
            ..RegisteredModel::bare("iris".into())
        }),
        versions: vec![
            version(3, Stage::Staging),
            version(2, Stage::Production),
            version(1, Stage::Archived),
        ],
        run: Some(run),
        runs: Vec::new(),
        confusable_models: Vec::new(),
        requests: None,
        source_check: super::SourceCheck::Unchecked,
    }
}

pub fn context() -> PlanContext {
    PlanContext {
        id: "c0ffee00aa".into(),
        user: "ada".into(),
        now: 1_700_000_000_000,
        reason: "better".into(),
        protected_slots: Slot::default_protected(),
        gates: Vec::new(),
        writes_tags: true,
        creates_versions: true,
    }
}
