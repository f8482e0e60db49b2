//! Others change the registry at every moment of the road: before the first write nothing is sent, after it they are seen.

use frontrunner::domain::{Lifecycle, Metric, MetricValue, RunStatus, Stage};
use frontrunner::ops::apply::RoadError;
use frontrunner::promotion::{Outcome, PlanError, undo};

use super::cases::{Road, applied, cases, must_be_true, now, planned, set_alias};
use crate::support::fake_store::{FakeStore, Mishap, World};

type Change = (&'static str, fn(&mut World));

/// The same for a plan that is about runs.
const OF_RUNS: [Change; 5] = [
    ("delete or restore the run", |world| {
        let run = world.run(&"run9".into()).unwrap();
        run.lifecycle = if run.lifecycle == Lifecycle::Active {
            Lifecycle::Deleted
        } else {
            Lifecycle::Active
        };
    }),
    ("purge the run", |world| {
        world.runs.retain(|run| run.id.raw() != "run9")
    }),
    ("let it run again", |world| {
        world.run(&"run9".into()).unwrap().status = RunStatus::Running
    }),
    ("log a metric", |world| {
        let metric = Metric {
            key: "acc".into(),
            value: MetricValue::new(0.5),
            timestamp: 0,
            step: 0,
        };
        world.run(&"run9".into()).unwrap().metrics.push(metric);
    }),
    ("register it", |world| {
        world.add_version(8, Stage::Production).run_id = "run9".into()
    }),
];

/// What others do. Each changes what a plan stands on, on every world that has a model.
const CHANGES: [Change; 11] = [
    ("promote another", |world| world.stage(1, Stage::Production)),
    ("move the champion", |world| world.alias("champion", 1)),
    ("a new alias", |world| world.alias("Champion", 1)),
    ("remove every alias", |world| {
        world.model.as_mut().unwrap().aliases.clear()
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
        _ = world.add_version(8, Stage::Production)
    }),
    ("make the model again", World::make_again),
    ("delete the model", |world| {
        world.model = None;
        world.versions.clear();
    }),
    ("leave a leftover", |world| {
        world
            .versions
            .iter_mut()
            .for_each(|version| version.source = "REDACTED-SOURCE-PATH".into())
    }),
    ("tag an approval", |world| {
        let tag = frontrunner::domain::run::Pair::new("frontrunner.approval.production", "no");
        world.versions[0].tags.push(tag);
    }),
    ("register a version", |world| {
        _ = world.add_version(8, Stage::None)
    }),
];

#[test]
fn a_change_before_the_first_write_stops_the_plan() {
    for case in cases() {
        // What is made from a run matters to who deletes it.
        let restores = case.name == "restore runs" || case.name == "undo deleting runs";
        let of_runs = if restores { &OF_RUNS[..4] } else { &OF_RUNS };
        let changes: &[Change] = if case.world.of_runs {
            of_runs
        } else {
            &CHANGES
        };
        for (what, change) in changes.iter().filter(|_| case.world.model.is_some()) {
            let (road, store, plan) =
                (Road::new(), FakeStore::new(case.world.clone()), case.plan());
            store.change(change);
            match now(road.travel(plan, &store)) {
                Err(RoadError::Changed(changes)) => {
                    assert!(!changes.is_empty(), "{}: {what}", case.name)
                }
                other => panic!("{}: {what}: {other:?}", case.name),
            }
            assert_eq!(store.writes(), [], "{}: {what}", case.name);
            assert_eq!(road.entry(), None, "{}: {what}", case.name);
        }
    }
}

#[test]
fn a_change_that_no_preflight_can_see_is_never_verified() {
    for case in cases()
        .into_iter()
        .filter(|case| case.world.model.is_some())
    {
        // Of runs it matters whether they are there and in use.
        let changes: &[Change] = if case.world.of_runs {
            &OF_RUNS[1..2]
        } else {
            &CHANGES[..9]
        };
        // Tags and versions in no stage take no place from anybody.
        for (what, change) in changes {
            let told = |outcome: &Outcome, store: &FakeStore, when: String| {
                must_be_true(
                    &case,
                    outcome,
                    &store.world(),
                    &format!("{}: {what} {when}", case.name),
                );
            };
            for write in 0..case.writes() {
                let (road, store) = (
                    Road::new(),
                    FakeStore::new(case.world.clone()).before_write(write, change),
                );
                let report = now(road.travel(case.plan(), &store)).unwrap();
                told(&report.outcome, &store, format!("before write {write}"));
            }
            // The read-back at once is the second reading, the one after it settled the third.
            let (road, store) = (
                Road::new(),
                FakeStore::new(case.world.clone()).before_read(2, change),
            );
            let report = now(road.travel(case.plan(), &store)).unwrap();
            assert_ne!(report.outcome, Outcome::Verified, "{}: {what}", case.name);
            told(&report.outcome, &store, "before it settled".to_owned());
        }
    }
}

#[test]
fn somebody_who_puts_it_back_at_once_is_seen() {
    for case in cases() {
        let before = case.world.clone();
        let store = FakeStore::new(case.world.clone()).before_read(2, move |world| *world = before);
        let report = now(Road::new().travel(case.plan(), &store)).unwrap();
        assert!(
            matches!(report.outcome, Outcome::Conflict { .. }),
            "{} {:?}",
            case.name,
            report.outcome
        );
    }
}

#[test]
fn somebody_who_makes_the_model_first_does_no_harm() {
    let case = cases().remove(0);
    let store = FakeStore::new(case.world.clone()).before_write(0, |world| {
        world
            .apply(&frontrunner::domain::RegistryWrite::CreateModel {
                name: "iris".into(),
            })
            .unwrap();
    });
    let report = now(Road::new().travel(case.plan(), &store)).unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    assert_eq!(store.world().marked(&case.plan().id), 1);
}

#[test]
fn a_change_that_is_seen_while_an_answer_is_lost_stops_the_rest() {
    let case = cases().remove(2);
    let store = FakeStore::new(case.world.clone())
        .mishap(0, Mishap::LostAnswer)
        .before_write(0, |world| world.alias("champion", 1));
    let report = now(Road::new().travel(case.plan(), &store)).unwrap();
    assert!(
        matches!(report.outcome, Outcome::Conflict { .. }),
        "{:?}",
        report.outcome
    );
    assert_eq!(store.writes().len(), 1);
}

#[test]
fn an_undo_is_not_for_another_model_of_the_same_name() {
    let mut world = World::iris();
    let there = planned(&set_alias("champion", 3), &world, "aaaaaaaa1").unwrap();
    applied(&there, &mut world);
    world.make_again();
    world.alias("champion", 3);
    let refused = planned(&undo("aaaaaaaa1", &there, None), &world, "bbbbbbbb1");
    let words = "the registry moved on: iris/2 is another version of that number; iris/3 is another version of that number";
    assert_eq!(refused.unwrap_err(), PlanError::Refused(words.into()));
}
