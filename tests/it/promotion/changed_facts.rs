//! Facts that change between a plan and its first write: the gates are evaluated again, and the plan stops.

use frontrunner::domain::run::{DatasetInput, KeyValue};
use frontrunner::domain::{Metric, MetricValue, Run, Stage};
use frontrunner::ops::apply::{ApplyContext, ApplyError, apply_plan};
use frontrunner::ops::plan_write::{WritePlanner, WriteRequest, plan_write};
use frontrunner::promotion::policy::Policy;
use frontrunner::promotion::{Outcome, grant_clearance};
use frontrunner::store::ReadStore;

use super::cases::{ApplyFixture, confirmation_text, run_paused, to_stage};
use crate::support::fake_store::{FakeRegistry, FakeStore};

const POLICY: &str = r#"
[[model."*".gate]]
name = "better"
require = "candidate.metrics.acc > champion.metrics.acc"

[[model."*".gate]]
name = "known data and code"
require = "candidate.datasets[0].digest == 'd1' && candidate.code.commit == 'c1'"

[[model."*".gate]]
name = "small"
require = "candidate.params.depth <= 8"
"#;

fn run_of(registry: &mut FakeRegistry, version: u64) -> &mut Run {
    registry.run_mut(&format!("run{version}").into()).unwrap()
}

fn set_accuracy(run: &mut Run, value: f64) {
    run.metrics = vec![Metric {
        key: "acc".into(),
        value: MetricValue::new(value),
        timestamp: 0,
        step: 0,
    }];
}

fn dataset(digest: &str) -> DatasetInput {
    DatasetInput {
        name: "flowers".into(),
        digest: digest.into(),
        source_type: "local".into(),
        source: "{}".into(),
        schema: None,
        profile: None,
        context: Some("training".into()),
    }
}

fn registry() -> FakeRegistry {
    let mut registry = FakeRegistry::iris();
    set_accuracy(run_of(&mut registry, 2), 0.8);
    let candidate = run_of(&mut registry, 3);
    set_accuracy(candidate, 0.9);
    candidate.params.push(KeyValue::new("depth", "4"));
    candidate.params.push(KeyValue::new("seed", "1"));
    candidate.datasets.push(dataset("d1"));
    candidate
        .tags
        .push(KeyValue::new("mlflow.source.git.commit", "c1"));
    registry
}

type Change = (&'static str, fn(&mut FakeRegistry), &'static str);

const CHANGES: [Change; 7] = [
    (
        "a metric of the candidate",
        |r| set_accuracy(run_of(r, 3), 0.7),
        "the metrics of run run3 changed",
    ),
    (
        "a metric of the champion",
        |r| set_accuracy(run_of(r, 2), 0.95),
        "gate better: pass before, fail now, champion.metrics.acc was 0.8, is 0.95",
    ),
    (
        "a value with which the gate still passes",
        |r| set_accuracy(run_of(r, 3), 0.85),
        "the metrics of run run3 changed",
    ),
    (
        "a param",
        |r| run_of(r, 3).params[0] = KeyValue::new("depth", "99"),
        "gate small: pass before, fail now, candidate.params.depth was 4, is 99",
    ),
    (
        "a dataset",
        |r| run_of(r, 3).datasets[0] = dataset("d2"),
        "gate known data and code: pass before, fail now",
    ),
    (
        "the commit",
        |r| {
            let tag = KeyValue::new("mlflow.source.git.commit", "c2");
            *run_of(r, 3).tags.last_mut().unwrap() = tag;
        },
        "gate known data and code: pass before, fail now, candidate.code.commit was c1, is c2",
    ),
    (
        "a param that no gate reads",
        |r| run_of(r, 3).params[1] = KeyValue::new("seed", "2"),
        "facts of the candidate or of the version to beat changed",
    ),
];

/// Plans and clears, lets `change` happen, and applies.
fn apply_after(
    change: impl FnOnce(&mut FakeRegistry),
) -> (Result<Outcome, ApplyError>, usize, bool) {
    let (fixture, store) = (ApplyFixture::new(), FakeStore::new(registry()));
    let policy = Policy::parse(POLICY).unwrap();
    let sources = (&store as &dyn ReadStore).into();
    let intent = to_stage(3, Stage::Production, true);
    let result = run_paused(async {
        let planner = WritePlanner {
            sources,
            writer: Some(&store),
            policy: &policy,
            user: "ada",
            protected_slots: &[],
            writes_tags: true,
            now: 0,
        };
        let request = WriteRequest {
            intent: &intent,
            reason: "better",
            overrides: &[],
            with_runs: false,
        };
        let planned = plan_write(planner, request).await.unwrap();
        let typed = confirmation_text(&planned.plan);
        let cleared = grant_clearance(planned.plan, planned.gates, typed.as_deref()).unwrap();
        store.edit(change);
        let context = ApplyContext {
            sources,
            writer: &store,
            policy: &policy,
            journal: &fixture.journal,
        };
        apply_plan(cleared, context, &|_| {}).await
    });
    let result = result.map(|report| report.outcome);
    (result, store.writes().len(), fixture.entry().is_some())
}

#[test]
fn unchanged_facts_let_the_plan_through() {
    let (result, writes, is_recorded) = apply_after(|_| {});
    assert_eq!(result.unwrap(), Outcome::Verified);
    assert!(writes > 0 && is_recorded);
}

#[test]
fn changed_fact_stops_the_plan_before_the_first_write() {
    for (what, change, expected) in CHANGES {
        let (result, writes, is_recorded) = apply_after(change);
        match result {
            Err(ApplyError::RegistryChanged(found)) => assert_eq!(found, [expected], "{what}"),
            other => panic!("{what}: {other:?}"),
        }
        assert_eq!((writes, is_recorded), (0, false), "{what}");
    }
}
