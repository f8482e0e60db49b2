//! Concurrent changes at every moment of a write: before the first request they stop it, afterwards they are reported.

use frontrunner::domain::{Lifecycle, Metric, MetricValue, RunStatus, Stage};
use frontrunner::ops::apply::ApplyError;
use frontrunner::promotion::{Outcome, PlanError, undo_intent};

use super::cases::{
    ApplyFixture, apply_to, assert_outcome_is_true, cases, plan_on, run_paused, set_alias,
};
use crate::support::fake_store::{FakeRegistry, FakeStore, WriteFailure};

type Change = (&'static str, fn(&mut FakeRegistry));

/// The same for a plan that is about runs.
const RUN_CHANGES: [Change; 5] = [
    ("delete or restore the run", |world| {
        let run = world.run_mut(&"run9".into()).unwrap();
        run.lifecycle = if run.lifecycle == Lifecycle::Active {
            Lifecycle::Deleted
        } else {
            Lifecycle::Active
        };
    }),
    ("purge the run", |world| {
        world.runs.retain(|run| run.id.raw() != "run9");
    }),
    ("let it run again", |world| {
        world.run_mut(&"run9".into()).unwrap().status = RunStatus::Running;
    }),
    ("log a metric", |world| {
        let metric = Metric {
            key: "acc".into(),
            value: MetricValue::new(0.5),
            timestamp: 0,
            step: 0,
        };
        world.run_mut(&"run9".into()).unwrap().metrics.push(metric);
    }),
    ("register it", |world| {
        world.add_version(8, Stage::Production).run_id = "run9".into();
    }),
];

/// Changes by other users. Each changes a precondition on every registry that has a model.
const REGISTRY_CHANGES: [Change; 11] = [
    ("promote another", |world| {
        world.set_stage(1, Stage::Production);
    }),
    ("move the champion", |world| world.set_alias("champion", 1)),
    ("a new alias", |world| world.set_alias("Champion", 1)),
    ("remove every alias", |world| {
        world.model.as_mut().unwrap().aliases.clear();
    }),
    ("delete a version", |world| {
        world.versions.retain(|version| version.version.0 != 1);
        world
            .model
            .as_mut()
            .unwrap()
            .aliases
            .retain(|(_, version)| version.0 != 1);
    }),
    ("a new version in Production", |world| {
        _ = world.add_version(8, Stage::Production);
    }),
    ("make the model again", FakeRegistry::recreate_model),
    ("delete the model", |world| {
        world.model = None;
        world.versions.clear();
    }),
    ("leave a leftover", |world| {
        world
            .versions
            .iter_mut()
            .for_each(|version| version.source = "REDACTED-SOURCE-PATH".into());
    }),
    ("tag an approval", |world| {
        let tag = frontrunner::domain::run::KeyValue::new("frontrunner.approval.production", "no");
        world.versions[0].tags.push(tag);
    }),
    ("register a version", |world| {
        _ = world.add_version(8, Stage::None);
    }),
];

#[test]
fn change_before_the_first_write_stops_the_plan() {
    for case in cases() {
        // What is made from a run matters to who deletes it.
        let deletes = [
            "delete a run",
            "delete runs behind versions",
            "undo restoring runs",
        ];
        let of_runs = if deletes.contains(&case.name) {
            &RUN_CHANGES
        } else {
            &RUN_CHANGES[..4]
        };
        let changes: &[Change] = if case.world.counts_run_reads {
            of_runs
        } else {
            &REGISTRY_CHANGES
        };
        for (what, change) in changes.iter().filter(|_| case.world.model.is_some()) {
            let (road, store, plan) = (
                ApplyFixture::new(),
                FakeStore::new(case.world.clone()),
                case.plan(),
            );
            store.edit(change);
            match run_paused(road.apply(plan, &store)) {
                Err(ApplyError::RegistryChanged(changes)) => {
                    assert!(!changes.is_empty(), "{}: {what}", case.name);
                }
                other => panic!("{}: {what}: {other:?}", case.name),
            }
            assert_eq!(store.writes(), [], "{}: {what}", case.name);
            assert_eq!(road.entry(), None, "{}: {what}", case.name);
        }
    }
}

#[test]
fn change_after_preflight_is_never_verified() {
    for case in cases()
        .into_iter()
        .filter(|case| case.world.model.is_some())
    {
        // Of runs it matters whether they are there and in use.
        let changes: &[Change] = if case.world.counts_run_reads {
            &RUN_CHANGES[1..2]
        } else {
            &REGISTRY_CHANGES[..9]
        };
        // Tags and versions in no stage take no place from anybody.
        for (what, change) in changes {
            let check_outcome = |outcome: &Outcome, store: &FakeStore, when: String| {
                assert_outcome_is_true(
                    &case,
                    outcome,
                    &store.registry(),
                    &format!("{}: {what} {when}", case.name),
                );
            };
            for write in 0..case.write_count() {
                let (road, store) = (
                    ApplyFixture::new(),
                    FakeStore::new(case.world.clone()).before_write(write, change),
                );
                let report = run_paused(road.apply(case.plan(), &store)).unwrap();
                check_outcome(&report.outcome, &store, format!("before write {write}"));
            }
            // The read-back at once is the second reading, the one after it settled the third.
            let (road, store) = (
                ApplyFixture::new(),
                FakeStore::new(case.world.clone()).before_read(2, change),
            );
            let report = run_paused(road.apply(case.plan(), &store)).unwrap();
            assert_ne!(report.outcome, Outcome::Verified, "{}: {what}", case.name);
            check_outcome(&report.outcome, &store, "before it settled".to_owned());
        }
    }
}

#[test]
fn immediate_revert_is_detected() {
    for case in cases() {
        let before = case.world.clone();
        let store = FakeStore::new(case.world.clone()).before_read(2, move |world| *world = before);
        let report = run_paused(ApplyFixture::new().apply(case.plan(), &store)).unwrap();
        assert!(
            matches!(report.outcome, Outcome::Conflict { .. }),
            "{} {:?}",
            case.name,
            report.outcome
        );
    }
}

#[test]
fn concurrent_model_creation_is_harmless() {
    let case = cases().remove(0);
    let store = FakeStore::new(case.world.clone()).before_write(0, |world| {
        world
            .apply(&frontrunner::domain::StoreWrite::CreateModel {
                name: "iris".into(),
            })
            .unwrap();
    });
    let report = run_paused(ApplyFixture::new().apply(case.plan(), &store)).unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    assert_eq!(store.registry().count_by_intent_tag(&case.plan().id), 1);
}

#[test]
fn change_seen_after_a_lost_response_stops_the_rest() {
    let case = cases().remove(2);
    let store = FakeStore::new(case.world.clone())
        .fail_write(0, WriteFailure::LostResponse)
        .before_write(0, |world| world.set_alias("champion", 1));
    let report = run_paused(ApplyFixture::new().apply(case.plan(), &store)).unwrap();
    assert!(
        matches!(report.outcome, Outcome::Conflict { .. }),
        "{:?}",
        report.outcome
    );
    assert_eq!(store.writes().len(), 1);
}

#[test]
fn undo_refuses_a_recreated_model() {
    let mut world = FakeRegistry::iris();
    let there = plan_on(&set_alias("champion", 3), &world, "aaaaaaaa1").unwrap();
    apply_to(&there, &mut world);
    world.recreate_model();
    world.set_alias("champion", 3);
    let refused = plan_on(&undo_intent("aaaaaaaa1", &there, None), &world, "bbbbbbbb1");
    let words = "the registry changed since: iris/2 was created again; iris/3 was created again";
    assert_eq!(refused.unwrap_err(), PlanError::Refused(words.into()));
}

/// Others register the same run after the preflight check: the lowest version number is first.
#[test]
fn of_concurrent_registrations_of_a_run_only_the_first_is_verified() {
    let case = cases().remove(1);
    let register_too = |world: &mut FakeRegistry, number: u64| {
        world.add_version(number, Stage::None).run_id = "run9".into();
        world.versions[0].source = "runs:/run9/model".into();
        let tag = frontrunner::domain::run::KeyValue::new("frontrunner.intent", "another");
        world.versions[0].tags.push(tag);
    };
    // Another one gets version 4, this one version 5.
    let store =
        FakeStore::new(case.world.clone()).before_write(0, move |world| register_too(world, 4));
    let report = run_paused(ApplyFixture::new().apply(case.plan(), &store)).unwrap();
    let expected =
        "iris/4 was registered from the same run at the same time: iris/5 is a duplicate";
    assert_eq!(
        report.outcome,
        Outcome::Conflict {
            differences: vec![expected.to_owned()]
        }
    );
    // This one gets version 4, another one version 5 before it is read back.
    let store =
        FakeStore::new(case.world.clone()).before_read(1, move |world| register_too(world, 5));
    let report = run_paused(ApplyFixture::new().apply(case.plan(), &store)).unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
}
