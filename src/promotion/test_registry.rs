//! A small registry for this room's tests: iris/1 put away, iris/2 the champion in Production, iris/3 in Staging.

use super::{PlanContext, RegistrySnapshot, Subject};
use crate::domain::{
    ModelVersion, RegisteredModel, Run, RunStatus, Slot, Stage, VersionNumber, VersionStatus,
};
use crate::text::Untrusted;

pub fn version(number: u64, stage: Stage) -> ModelVersion {
    ModelVersion {
        name: "iris".into(),
        version: VersionNumber(number),
        creation_time: Some(1000 + i64::try_from(number).unwrap()),
        last_updated_time: Some(2000),
        user: Untrusted::default(),
        stage,
        stage_text: stage.as_str().into(),
        description: Untrusted::default(),
        source: format!("runs:/run{number}/model").into(),
        run_id: format!("run{number}").into(),
        status: VersionStatus::Ready,
        status_message: Untrusted::default(),
        tags: Vec::new(),
        aliases: Vec::new(),
    }
}

pub fn snapshot() -> RegistrySnapshot {
    let mut run = Run::bare("run3".into(), "1".into());
    run.status = RunStatus::Finished;
    RegistrySnapshot {
        origin: "memory".into(),
        subject: Subject::Model("iris".into()),
        model: Some(RegisteredModel {
            name: "iris".into(),
            creation_time: Some(1000),
            last_updated_time: Some(2000),
            description: Untrusted::default(),
            tags: Vec::new(),
            aliases: vec![
                ("champion".into(), VersionNumber(2)),
                ("old".into(), VersionNumber(1)),
            ],
            latest_versions: Vec::new(),
            staged_versions: Vec::new(),
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
    }
}
