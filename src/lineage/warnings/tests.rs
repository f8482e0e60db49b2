use super::*;
use crate::domain::{
    LoggedModelId, ModelVersion, RegisteredModel, Run, VersionNumber, VersionStatus,
};
use crate::evidence::{Deployment, Evidence, Fact, Report};

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
fn good() -> Facts {
    let version = ModelVersion {
        name: "churn".into(),
        version: VersionNumber(3),
        creation_time: Some(0),
        last_updated_time: None,
        user: Untrusted::default(),
        stage: Stage::None,
        stage_text: Untrusted::default(),
        description: Untrusted::default(),
        source: format!("runs:/{RUN}/model").into(),
        run_id: RUN.into(),
        status: VersionStatus::Ready,
        status_message: Untrusted::default(),
        tags: Vec::new(),
        aliases: vec!["champion".into()],
    };
    let run = Run {
        status: RunStatus::Finished,
        params: vec![Pair::new("seed", "7"), Pair::new("split_seed", "11")],
        datasets: vec![
            dataset("users", "aaaa", "training"),
            dataset("users-test", "bbbb", "evaluation"),
        ],
        ..Run::bare(RUN.into(), "1".into())
    };
    let model = RegisteredModel {
        name: "churn".into(),
        creation_time: None,
        last_updated_time: None,
        description: Untrusted::default(),
        tags: Vec::new(),
        aliases: Vec::new(),
        latest_versions: Vec::new(),
    };
    Facts {
        version,
        model,
        run: Some(run),
        parents: Vec::new(),
        logged_model: None,
        files: Vec::new(),
        evidence: Report::default(),
        missing: Vec::new(),
    }
}

fn with_run(change: impl FnOnce(&mut Run)) -> Facts {
    let mut facts = good();
    change(facts.run.as_mut().unwrap());
    facts
}

fn tool(facts: Vec<Fact>, deployments: Vec<Deployment>) -> Report {
    let evidence = Evidence {
        id: "tool".into(),
        name: "Tool".into(),
        kind: "kind".into(),
        facts,
        deployments,
        get: None,
    };
    Report {
        evidence: vec![evidence],
        ..Report::default()
    }
}

fn fact(name: &str, value: FactValue, bad: bool) -> Fact {
    Fact {
        name: name.into(),
        value,
        from: "report.json".into(),
        at: None,
        older: false,
        bad,
        judged: true,
        stored: true,
        tells: None,
    }
}

fn one(facts: &Facts, champion: Option<&Facts>, part: &str) {
    let told = warnings(facts, champion);
    assert!(
        told.len() == 1 && told[0].contains(part),
        "{part}: {told:?}"
    );
}

#[test]
fn a_good_version_has_none() {
    let mut champion = good();
    champion.version.version = VersionNumber(2);
    assert_eq!(warnings(&good(), Some(&champion)), Vec::<String>::new());
}

#[test]
fn a_check_that_failed_says_where() {
    let mut facts = good();
    facts.evidence = tool(
        vec![fact("success", FactValue::Value(false.into()), true)],
        Vec::new(),
    );
    one(&facts, None, "Tool: success is false (report.json)");
    facts.evidence = tool(
        vec![fact(
            "success",
            FactValue::Unreadable("it is cut".into()),
            true,
        )],
        Vec::new(),
    );
    one(&facts, None, "Tool: success can't be told: it is cut");
}

#[test]
fn a_version_that_is_served_without_a_place_is_pointed_out() {
    let served = tool(
        Vec::new(),
        vec![Deployment {
            name: "prod".into(),
            from: "isvc.yaml".into(),
            ..Deployment::default()
        }],
    );
    let mut facts = Facts {
        evidence: served,
        ..good()
    };
    assert_eq!(warnings(&facts, None), Vec::<String>::new());
    facts.version.aliases.clear();
    one(
        &facts,
        None,
        "served by Tool prod, though it holds no alias and no stage",
    );
    facts.version.stage = Stage::Archived;
    one(&facts, None, "though it is archived");
    facts.version.stage = Stage::Production;
    assert_eq!(warnings(&facts, None), Vec::<String>::new());
}

#[test]
fn data_that_it_was_trained_and_judged_on_is_a_leak() {
    one(
        &with_run(|run| run.datasets[1].digest = "aaaa".into()),
        None,
        "judged on the data that it was trained on: users@aaaa",
    );
}

#[test]
fn a_run_that_is_gone_or_did_not_end_well() {
    one(
        &with_run(|run| run.lifecycle = Lifecycle::Deleted),
        None,
        "the run 509d9999 is deleted: restore it",
    );
    one(
        &with_run(|run| run.status = RunStatus::Failed),
        None,
        "ended as FAILED",
    );
    one(
        &Facts {
            run: None,
            ..good()
        },
        None,
        "the run 509d9999 can't be read",
    );
    let mut facts = Facts {
        run: None,
        ..good()
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
    one(&facts, None, "it names no run");
}

#[test]
fn code_that_was_not_committed() {
    let dirty = |run: &mut Run| {
        run.tags.extend([
            Pair::new("mlflow.source.git.commit", "abcdef0"),
            Pair::new("mlflow.source.git.dirty", "true"),
        ])
    };
    one(&with_run(dirty), None, "and are not recorded");
    let with_diff = |run: &mut Run| {
        dirty(run);
        run.tags.push(Pair::new("mlflow.source.git.diff", "+a"));
    };
    one(&with_run(with_diff), None, "the diff is recorded");
}

#[test]
fn data_of_which_no_version_is_recorded() {
    one(
        &with_run(|run| run.datasets.clear()),
        None,
        "no version of its data is recorded: log it",
    );
    one(
        &with_run(|run| run.datasets[0].digest = "".into()),
        None,
        "data users has no digest",
    );
}

#[test]
fn other_data_than_the_champions() {
    let mut champion = with_run(|run| run.datasets[0].digest = "cccc".into());
    champion.version.version = VersionNumber(2);
    one(
        &good(),
        Some(&champion),
        "its data is not the champion's (v2): digest aaaa, not cccc",
    );
    let fewer = with_run(|run| drop(run.datasets.pop()));
    one(&good(), Some(&fewer), "digest bbbb more");
}

#[test]
fn seeds_that_leak() {
    one(
        &with_run(|run| run.params[1].value = "7".into()),
        None,
        "the seed leaks: split_seed and seed are both 7",
    );
    let mut champion = with_run(|run| run.params[1].value = "12".into());
    champion.version.version = VersionNumber(2);
    one(
        &good(),
        Some(&champion),
        "split_seed is 11, and 12 for the champion (v2)",
    );
    let unset = with_run(|run| {
        run.params
            .iter_mut()
            .for_each(|param| param.value = "None".into())
    });
    assert_eq!(warnings(&unset, None), Vec::<String>::new());
}

#[test]
fn what_is_older_than_the_version() {
    let mut facts = good();
    facts.evidence = tool(
        vec![Fact {
            older: true,
            ..fact("success", FactValue::Value(true.into()), false)
        }],
        Vec::new(),
    );
    one(&facts, None, "older than the version: what Tool told");
}

#[test]
fn the_gravest_come_first() {
    let mut facts = with_run(|run| {
        run.datasets[1].digest = "aaaa".into();
        run.params[1].value = "7".into();
        run.lifecycle = Lifecycle::Deleted;
        run.tags = vec![
            Pair::new("mlflow.source.git.commit", "abcdef0"),
            Pair::new("mlflow.source.git.dirty", "true"),
        ];
    });
    facts.version.aliases.clear();
    let served = vec![Deployment {
        name: "prod".into(),
        ..Deployment::default()
    }];
    facts.evidence = tool(
        vec![Fact {
            older: true,
            ..fact("success", FactValue::Value(false.into()), true)
        }],
        served,
    );
    let told = warnings(&facts, None);
    let parts = [
        "success is false",
        "served by",
        "judged on the data",
        "is deleted",
        "not committed",
        "the seed leaks",
        "older than",
    ];
    assert_eq!(told.len(), parts.len(), "{told:?}");
    assert!(
        told.iter()
            .zip(parts)
            .all(|(line, part)| line.contains(part)),
        "{told:?}"
    );
}
