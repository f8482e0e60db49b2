//! Policies with diagnostics, and gates on facts that are missing.

use crate::diagnostics::Diagnostic;
use proptest::prelude::*;

use super::*;
use crate::domain::{
    KeyValue, Metric, MetricValue, ModelVersion, RegisteredModel, Run, RunStatus, Slot, Stage,
    VersionNumber,
};
use crate::promotion::{APPROVAL_PREFIX, Approval, Decision, GateOutcome, GateResult};

/// A candidate of which some metrics are known.
pub(super) fn candidate(number: u64, metrics: &[(&str, Option<f64>)]) -> Candidate {
    let mut run = Run::bare(format!("run{number}").into(), "1".into());
    run.status = RunStatus::Finished;
    run.user = "ana".into();
    let known = metrics
        .iter()
        .filter_map(|(key, value)| Some((*key, (*value)?)));
    run.metrics = known
        .map(|(key, value)| Metric {
            key: key.into(),
            value: MetricValue::new(value),
            timestamp: 0,
            step: 0,
        })
        .collect();
    let version = ModelVersion {
        creation_time: Some(7),
        stage_text: "None".into(),
        source: "runs:/run/model".into(),
        run_id: run.id.clone(),
        ..ModelVersion::bare("iris-forest".into(), VersionNumber(number))
    };
    let model = RegisteredModel::bare(version.name.clone());
    Candidate {
        run: Some(run),
        evidence: crate::evidence::EvidenceReport::default(),
        ..Candidate::bare(version, model)
    }
}

fn gate_target() -> GateTarget {
    GateTarget {
        slot: Slot::Stage(Stage::Production),
        version: VersionNumber(2),
    }
}

fn policy(condition: &str) -> Result<Policy, Vec<Diagnostic>> {
    Policy::parse(&format!(
        "[[model.\"iris-*\".gate]]\nname = \"g\"\nrequire = '''{condition}'''\n"
    ))
}

fn evaluate_gate(
    condition: &str,
    candidate: &Candidate,
    champion: Option<&Candidate>,
) -> GateResult {
    let policy =
        policy(condition).unwrap_or_else(|diagnostics| panic!("{condition}: {diagnostics:?}"));
    policy
        .evaluate(candidate, champion, &gate_target(), "bob".into())
        .gates
        .remove(0)
}

fn gate_outcome(condition: &str, metrics: &[(&str, Option<f64>)]) -> GateOutcome {
    evaluate_gate(condition, &candidate(2, metrics), None).outcome
}

#[test]
fn gate_result_lists_its_inputs() {
    let gate = evaluate_gate(
        "candidate.metrics.acc >= champion.metrics.acc + 0.002",
        &candidate(2, &[("acc", Some(0.95))]),
        Some(&candidate(1, &[("acc", Some(0.94))])),
    );
    assert_eq!(gate.outcome, GateOutcome::Pass);
    assert_eq!(
        gate.values,
        [
            ("candidate.metrics.acc".into(), "0.95".into()),
            ("champion.metrics.acc".into(), "0.94".into())
        ]
    );
    let gate = evaluate_gate(
        "candidate.metrics.acc >= champion.metrics.acc",
        &candidate(2, &[("acc", Some(0.9))]),
        None,
    );
    assert_eq!(
        (gate.outcome, gate.reason.as_str()),
        (GateOutcome::Absent, "champion.metrics.acc is not recorded")
    );
}

#[test]
fn missing_values_are_reported_by_path() {
    for (condition, reason) in [
        (
            "candidate.metrics.acc > 0.5",
            "candidate.metrics.acc is not recorded",
        ),
        (
            "candidate.metrics['val/acc'] > 0.5",
            "candidate.metrics['val/acc'] is not recorded",
        ),
        (
            "!(candidate.metrics.nan < 0.5)",
            "candidate.metrics.nan is NaN and cannot be compared",
        ),
        (
            "size(candidate.datasets) > 0",
            "candidate.datasets is not recorded",
        ),
        (
            "candidate.datasets.all(d, d.digest != '')",
            "candidate.datasets is not recorded",
        ),
        (
            "evidence.great_expectations.success == true",
            "evidence.great_expectations.success is not recorded",
        ),
    ] {
        let gate = evaluate_gate(
            condition,
            &candidate(2, &[("nan", Some(f64::NAN)), ("loss", Some(1.0))]),
            None,
        );
        assert_eq!(
            (gate.outcome, gate.reason.as_str()),
            (GateOutcome::Absent, reason),
            "{condition}"
        );
    }
}

#[test]
fn has_champion_can_be_tested() {
    let condition = "!has(champion) || candidate.metrics.acc >= champion.metrics.acc";
    let (good, bad) = (
        candidate(2, &[("acc", Some(0.95))]),
        candidate(2, &[("acc", Some(0.9))]),
    );
    let champion = candidate(1, &[("acc", Some(0.94))]);
    assert_eq!(
        evaluate_gate(condition, &good, None).outcome,
        GateOutcome::Pass
    );
    assert_eq!(
        evaluate_gate(condition, &good, Some(&champion)).outcome,
        GateOutcome::Pass
    );
    assert_eq!(
        evaluate_gate(condition, &bad, Some(&champion)).outcome,
        GateOutcome::Fail
    );
}

#[test]
fn nan_from_arithmetic_never_passes() {
    let zero = [("a", Some(0.0)), ("b", Some(0.0))];
    assert_ne!(
        gate_outcome("!(candidate.metrics.a / candidate.metrics.b < 0.5)", &zero),
        GateOutcome::Pass
    );
    let huge = [("a", Some(1e308)), ("b", Some(1.0))];
    assert_ne!(
        gate_outcome(
            "!(candidate.metrics.a * 2.0 - candidate.metrics.a * 2.0 < 0.5)",
            &huge
        ),
        GateOutcome::Pass
    );
    assert_eq!(
        gate_outcome("candidate.metrics.a / candidate.metrics.b > 0.5", &huge),
        GateOutcome::Pass
    );
}

#[test]
fn diagnostics_carry_position_and_suggestion() {
    let text = r#"readonly = true
[model."iris-*"]
goal = "accuracy up"
protected = ["Prod", "@champion"]

[[model."iris-*".gates]]
name = "a"

[[model."iris-*".gate]]
name = "beats"
require = "candidate.metric.accuracy >= champion.metrics.accuracy"

[[model."iris-*".gate]]
name = "adds"
require = "candidat.metrics.a + 1 > 2 && startswith(candidate.name, 'x')"

[[model."iris-*".gate]]
require = "candidate.metrics.a >"

[model."iris-*".approval]
needed = "two"
by = ["ana"]
"#;
    let diagnostics = Policy::parse(text).unwrap_err();
    let messages: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(messages.join("\n"));
    for diagnostic in &diagnostics {
        assert_eq!(
            text.lines().nth(diagnostic.line - 1).unwrap(),
            diagnostic.source_line
        );
    }
}

#[test]
fn invalid_toml_is_reported_with_its_line() {
    let diagnostics = Policy::parse("[model.\"x\"]\ngoal = \n").unwrap_err();
    assert_eq!(diagnostics[0].line, 2, "{diagnostics:?}");
}

fn approval_policy() -> Policy {
    Policy::parse("[model.'*'.approval]\nneeded = 1\nby_someone_else = true\n").unwrap()
}

fn evaluate_approvals(version: &Candidate, promoter: &str) -> GateResult {
    approval_policy()
        .evaluate(version, None, &gate_target(), promoter.into())
        .gates
        .remove(0)
}

/// A review of version 2 for Production with these facts.
fn review_tag(by: &str, facts_digest: &str, at: i64, decision: Decision) -> KeyValue {
    let approval = Approval {
        reviewer: by.into(),
        at,
        slot: "Production".into(),
        decision,
        comment: "ok".into(),
        facts_digest: facts_digest.into(),
        recorded_by: None,
    };
    approval.to_tag(format!("{APPROVAL_PREFIX}{by}{at}"))
}

/// Version 2 with these reviews of its current facts.
fn reviewed(reviews: &[(&str, Decision)]) -> Candidate {
    let mut version = candidate(2, &[("acc", Some(0.9))]);
    let digest = approval_policy()
        .evaluate(&version, None, &gate_target(), "bob".into())
        .facts_digest;
    let tags = reviews
        .iter()
        .zip(1..)
        .map(|((by, decision), at)| review_tag(by, &digest, at, *decision));
    version.version.tags.extend(tags);
    version
}

#[test]
fn approvals_are_bound_to_slot_and_facts() {
    let unreviewed = evaluate_approvals(&reviewed(&[]), "bob");
    assert_eq!(
        (unreviewed.outcome, unreviewed.reason.as_str()),
        (GateOutcome::Absent, "0 of 1 approvals")
    );
    let version = reviewed(&[("cleo", Decision::Approve)]);
    assert_eq!(
        evaluate_approvals(&version, "bob").outcome,
        GateOutcome::Pass
    );
    let other = GateTarget {
        slot: Slot::Alias("champion".into()),
        ..gate_target()
    };
    let evaluation = approval_policy().evaluate(&version, None, &other, "bob".into());
    assert_eq!(
        evaluation.gates[0].outcome,
        GateOutcome::Fail,
        "reviewed for another slot"
    );
    let changed = Candidate {
        run: candidate(2, &[("acc", Some(0.91))]).run,
        ..version
    };
    assert_eq!(
        evaluate_approvals(&changed, "bob").reason,
        "0 of 1 approvals; 1 lapsed: the facts changed"
    );
}

#[test]
fn promoter_and_author_cannot_approve() {
    let approved = reviewed(&[("cleo", Decision::Approve)]);
    assert_eq!(
        evaluate_approvals(&approved, "cleo").outcome,
        GateOutcome::Fail,
        "the promoter's review does not count"
    );
    let rejected = reviewed(&[("cleo", Decision::Approve), ("cleo", Decision::Reject)]);
    assert_eq!(
        evaluate_approvals(&rejected, "bob").reason,
        "cleo rejected it: ok"
    );
    let by_author = reviewed(&[("cleo", Decision::Reject), ("ana", Decision::Approve)]);
    assert_eq!(
        evaluate_approvals(&by_author, "bob").outcome,
        GateOutcome::Fail,
        "the author's review does not count, and cleo still rejects"
    );
}

#[test]
fn only_listed_users_can_override_a_gate() {
    let text = "[model.'*']\noverrides = ['ana']\n[[model.'*'.gate]]\nname = 'g'\nrequire = 'candidate.metrics.acc > 0.9'\n";
    let policy = Policy::parse(text).unwrap();
    let poor = candidate(2, &[("acc", Some(0.5))]);
    let evaluate = |name: &str| {
        policy
            .evaluate(
                &poor,
                None,
                &gate_target(),
                Promoter {
                    name,
                    overrides: &["g".to_owned()],
                },
            )
            .gates
            .remove(0)
    };
    assert_eq!(evaluate("ana").outcome, GateOutcome::Overridden);
    assert_eq!(evaluate("bob").outcome, GateOutcome::Fail);
}

/// Conditions, and the same in Rust, where a missing value makes what needs it unknown.
type Reference = (&'static str, fn(Option<f64>, Option<f64>) -> Option<bool>);

const REFERENCES: &[Reference] = &[
    ("candidate.metrics.a > 0.5", |a, _| Some(a? > 0.5)),
    ("!(candidate.metrics.a <= 0.5)", |a, _| Some(a? > 0.5)),
    (
        "candidate.metrics.a > 0.5 && candidate.metrics.b < 0.5",
        |a, b| match (a.map(|a| a > 0.5), b.map(|b| b < 0.5)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
    ),
    (
        "candidate.metrics.a > 0.5 || candidate.metrics.b < 0.5",
        |a, b| match (a.map(|a| a > 0.5), b.map(|b| b < 0.5)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
    ),
    (
        "candidate.metrics.a - candidate.metrics.b >= 0.0",
        |a, b| Some(a? - b? >= 0.0),
    ),
    (
        "!(candidate.metrics.a - candidate.metrics.b < 0.0)",
        |a, b| Some(a? - b? >= 0.0),
    ),
    ("candidate.metrics.a != candidate.metrics.b", |a, b| {
        Some((a? - b?).abs() > 0.0)
    }),
    (
        "has(candidate.metrics.a) ? candidate.metrics.a > 0.5 : candidate.metrics.b > 0.5",
        |a, b| match a {
            Some(a) => Some(a > 0.5),
            None => Some(b? > 0.5),
        },
    ),
    (
        "[candidate.metrics.a, candidate.metrics.b].all(x, x > 0.5)",
        |a, b| {
            let (a, b) = (a?, b?);
            Some(a > 0.5 && b > 0.5)
        },
    ),
    ("candidate.metrics.a in [0.25, 0.75]", |a, _| {
        a.map(|a| [0.25, 0.75].contains(&a))
    }),
];

fn value() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        Just(None),
        Just(Some(f64::NAN)),
        Just(Some(f64::INFINITY)),
        Just(Some(0.25)),
        Just(Some(0.75)),
        (0.0..1.0).prop_map(Some)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn missing_values_never_pass_a_gate(which in 0..REFERENCES.len(), a in value(), b in value()) {
        let (condition, reference) = REFERENCES[which];
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        let expected = match reference(finite(a), finite(b)) {
            Some(true) => GateOutcome::Pass,
            Some(false) => GateOutcome::Fail,
            None => GateOutcome::Absent,
        };
        // With neither there, there are no metrics at all.
        prop_assert_eq!(gate_outcome(condition, &[("a", a), ("b", b), ("c", Some(1.0))]), expected, "{}", condition);
        let without = gate_outcome(condition, &[("a", a), ("b", b)]);
        prop_assert_eq!(without == GateOutcome::Pass, expected == GateOutcome::Pass, "{}", condition);
    }

    #[test]
    fn parsing_never_panics(text in ".{0,200}") {
        let _ = Policy::parse(&text);
        let _ = policy(&text.replace("'''", ""));
    }
}
