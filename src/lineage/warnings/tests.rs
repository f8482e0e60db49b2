use super::*;
use crate::domain::{
    Lifecycle, LoggedModelId, ModelVersion, RegisteredModel, Run, RunStatus, VersionNumber,
};
use crate::evidence::{Deployment, EvidenceReport, Fact, ToolEvidence};

const RUN: &str = "509d999966b1409482122f5d2e84c7a3";

fn dataset(name: &str, digest: &str, context: &str) -> DatasetInput {
    let text = |text: &str| Untrusted::from(text);
    DatasetInput {
        name: text(name),
        digest: text(digest),
        source_type: text("local"),
        source: text("{}"),
        schema: None,
        profile: None,
        context: Some(text(context)),
    }
}

/// A version with nothing to warn of.
fn clean_facts() -> LineageFacts {
    let version = ModelVersion {
        creation_time: Some(0),
        source: format!("runs:/{RUN}/model").into(),
        run_id: RUN.into(),
        aliases: vec!["champion".into()],
        ..ModelVersion::bare("churn".into(), VersionNumber(3))
    };
    let run = Run {
        status: RunStatus::Finished,
        params: vec![
            KeyValue::new("seed", "7"),
            KeyValue::new("split_seed", "11"),
        ],
        datasets: vec![
            dataset("users", "aaaa", "training"),
            dataset("users-test", "bbbb", "evaluation"),
        ],
        ..Run::bare(RUN.into(), "1".into())
    };
    let model = RegisteredModel::bare("churn".into());
    LineageFacts {
        run: Some(run),
        ..LineageFacts::bare(version, model)
    }
}

fn facts_with_run(change: impl FnOnce(&mut Run)) -> LineageFacts {
    let mut facts = clean_facts();
    change(facts.run.as_mut().unwrap());
    facts
}

fn report_with(facts: Vec<Fact>, deployments: Vec<Deployment>) -> EvidenceReport {
    let evidence = ToolEvidence {
        id: "tool".into(),
        name: "Tool".into(),
        kind: "kind".into(),
        facts,
        deployments,
        fetch_command: None,
    };
    EvidenceReport {
        tools: vec![evidence],
        ..EvidenceReport::default()
    }
}

fn fact(name: &str, value: FactValue, bad: bool) -> Fact {
    Fact {
        name: name.into(),
        value,
        source: "report.json".into(),
        created_at: None,
        is_stale: false,
        is_unexpected: bad,
        has_expectation: true,
        is_in_store: true,
        lineage_role: None,
    }
}

fn texts(facts: &LineageFacts, champion: Option<&LineageFacts>) -> Vec<String> {
    let all = warnings(facts, champion).into_iter();
    all.map(String::from).collect()
}

fn assert_only_warning(facts: &LineageFacts, champion: Option<&LineageFacts>, part: &str) {
    let messages = texts(facts, champion);
    assert!(
        messages.len() == 1 && messages[0].contains(part),
        "{part}: {messages:?}"
    );
}

#[test]
fn clean_version_has_no_warnings() {
    let mut champion = clean_facts();
    champion.version.version = VersionNumber(2);
    assert_eq!(texts(&clean_facts(), Some(&champion)), Vec::<String>::new());
}

#[test]
fn failed_check_names_its_source() {
    let mut facts = clean_facts();
    facts.evidence = report_with(
        vec![fact("success", FactValue::Value(false.into()), true)],
        Vec::new(),
    );
    assert_only_warning(&facts, None, "Tool: success is false (report.json)");
    facts.evidence = report_with(
        vec![fact(
            "success",
            FactValue::Unreadable("it is cut".into()),
            true,
        )],
        Vec::new(),
    );
    assert_only_warning(&facts, None, "Tool: success is unreadable: it is cut");
}

#[test]
fn serving_without_stage_or_alias_warns() {
    let served = report_with(
        Vec::new(),
        vec![Deployment {
            name: "prod".into(),
            source: "isvc.yaml".into(),
            ..Deployment::default()
        }],
    );
    let mut facts = LineageFacts {
        evidence: served,
        ..clean_facts()
    };
    assert_eq!(texts(&facts, None), Vec::<String>::new());
    facts.version.aliases.clear();
    assert_only_warning(
        &facts,
        None,
        "served by Tool prod but has no stage and no alias",
    );
    facts.version.stage = Stage::Archived;
    assert_only_warning(&facts, None, "but archived");
    facts.version.stage = Stage::Production;
    assert_eq!(texts(&facts, None), Vec::<String>::new());
}

#[test]
fn separate_evaluation_set_next_to_the_training_set_is_no_leak() {
    // As XGBoost's autologging logs `evals=[(train, "train"), (valid, "valid")]`.
    let facts = facts_with_run(|run| {
        run.datasets = vec![
            dataset("train", "aaaa", "train"),
            dataset("train", "aaaa", "eval"),
            dataset("valid", "bbbb", "eval"),
        ];
    });
    assert_eq!(texts(&facts, None), Vec::<String>::new());
    let only_training = facts_with_run(|run| {
        run.datasets = vec![
            dataset("train", "aaaa", "train"),
            dataset("train", "aaaa", "eval"),
            dataset("train-again", "aaaa", "valid"),
        ];
    });
    assert_only_warning(&only_training, None, "evaluated on training data");
}

#[test]
fn pending_check_is_pending_and_not_unreadable() {
    let mut facts = clean_facts();
    let why = FactValue::Unreadable("not a boolean: \"Pending\"".into());
    facts.evidence = report_with(vec![fact("validated", why, true)], Vec::new());
    assert_only_warning(&facts, None, "Tool: validated is Pending (report.json)");
}

#[test]
fn evaluating_on_training_data_warns_of_leak() {
    assert_only_warning(
        &facts_with_run(|run| run.datasets[1].digest = "aaaa".into()),
        None,
        "evaluated on training data: users@aaaa",
    );
}

#[test]
fn deleted_failed_or_missing_run_warns() {
    assert_only_warning(
        &facts_with_run(|run| run.lifecycle = Lifecycle::Deleted),
        None,
        "run 509d9999 is deleted: restore it",
    );
    assert_only_warning(
        &facts_with_run(|run| run.status = RunStatus::Running),
        None,
        "is RUNNING, not FINISHED",
    );
    assert_only_warning(
        &facts_with_run(|run| run.status = RunStatus::Failed),
        None,
        "ended as FAILED",
    );
    assert_only_warning(
        &LineageFacts {
            run: None,
            ..clean_facts()
        },
        None,
        "run 509d9999 could not be read",
    );
    let mut facts = LineageFacts {
        run: None,
        ..clean_facts()
    };
    facts.version.run_id = "".into();
    facts.version.source = "s3://x".into();
    assert!(
        facts
            .version
            .logged_model()
            .as_ref()
            .map(LoggedModelId::raw)
            .is_none()
    );
    assert_only_warning(&facts, None, "does not name a run");
}

#[test]
fn uncommitted_code_warns() {
    let dirty = |run: &mut Run| {
        run.tags.extend([
            KeyValue::new("mlflow.source.git.commit", "abcdef0"),
            KeyValue::new("mlflow.source.git.dirty", "true"),
        ]);
    };
    assert_only_warning(
        &facts_with_run(dirty),
        None,
        "uncommitted changes were not recorded",
    );
    let with_diff = |run: &mut Run| {
        dirty(run);
        run.tags.push(KeyValue::new("mlflow.source.git.diff", "+a"));
    };
    assert_only_warning(&facts_with_run(with_diff), None, "recorded as a diff");
}

#[test]
fn unversioned_data_warns() {
    assert_only_warning(
        &facts_with_run(|run| run.datasets.clear()),
        None,
        "data version not recorded: log it",
    );
    assert_only_warning(
        &facts_with_run(|run| run.datasets[0].digest = "".into()),
        None,
        "dataset users has no digest",
    );
}

#[test]
fn data_differing_from_champion_warns() {
    let mut champion = facts_with_run(|run| run.datasets[0].digest = "cccc".into());
    champion.version.version = VersionNumber(2);
    assert_only_warning(
        &clean_facts(),
        Some(&champion),
        "data differs from the champion's (v2, @champion): digest aaaa instead of cccc",
    );
    let fewer = facts_with_run(|run| drop(run.datasets.pop()));
    assert_only_warning(&clean_facts(), Some(&fewer), "digest bbbb added");
}

#[test]
fn reused_seeds_warn() {
    assert_only_warning(
        &facts_with_run(|run| run.params[1].value = "7".into()),
        None,
        "seed leak: split_seed and seed are both 7",
    );
    let mut champion = facts_with_run(|run| run.params[1].value = "12".into());
    champion.version.version = VersionNumber(2);
    assert_only_warning(
        &clean_facts(),
        Some(&champion),
        "split_seed is 11, the champion's (v2, @champion) is 12",
    );
    let unset = facts_with_run(|run| {
        run.params
            .iter_mut()
            .for_each(|param| param.value = "None".into());
    });
    assert_eq!(texts(&unset, None), Vec::<String>::new());
}

#[test]
fn stale_evidence_warns() {
    let mut facts = clean_facts();
    facts.evidence = report_with(
        vec![Fact {
            is_stale: true,
            ..fact("success", FactValue::Value(true.into()), false)
        }],
        Vec::new(),
    );
    assert_only_warning(&facts, None, "evidence older than the version: Tool");
}

#[test]
fn warnings_are_sorted_by_severity() {
    let mut facts = facts_with_run(|run| {
        run.datasets[1].digest = "aaaa".into();
        run.params[1].value = "7".into();
        run.lifecycle = Lifecycle::Deleted;
        run.tags = vec![
            KeyValue::new("mlflow.source.git.commit", "abcdef0"),
            KeyValue::new("mlflow.source.git.dirty", "true"),
        ];
    });
    facts.version.aliases.clear();
    let served = vec![Deployment {
        name: "prod".into(),
        ..Deployment::default()
    }];
    facts.evidence = report_with(
        vec![Fact {
            is_stale: true,
            ..fact("success", FactValue::Value(false.into()), true)
        }],
        served,
    );
    let messages = texts(&facts, None);
    let parts = [
        "success is false",
        "served by",
        "evaluated on training data",
        "is deleted",
        "dirty commit",
        "seed leak",
        "older than",
    ];
    assert_eq!(messages.len(), parts.len(), "{messages:?}");
    assert!(
        messages
            .iter()
            .zip(parts)
            .all(|(line, part)| line.contains(part)),
        "{messages:?}"
    );
}
