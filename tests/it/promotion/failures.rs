//! Every mishap at every step of every intent: never a duplicate, never a loss, never falsely verified.

use std::time::Duration;

use frontrunner::ops::apply::{Progress, RoadError, carry_out};
use frontrunner::promotion::journal::EntryState;
use frontrunner::promotion::{Outcome, clear};

use super::cases::{Case, Road, cases, must_be_true, now};
use crate::support::fake_store::{FakeStore, Mishap, QUIET, World};

/// Carries a case out with mishaps, and returns what was said, once everything late has landed.
fn carried_out(case: &Case, mishaps: &[(usize, Mishap)]) -> (Outcome, World, usize) {
    let what = format!("{}, {mishaps:?}", case.name);
    let (road, store) = (Road::new(), FakeStore::new(case.world.clone()));
    let store = mishaps.iter().fold(store, |store, (write, mishap)| {
        store.mishap(*write, *mishap)
    });
    now(async {
        let report = road.travel(case.plan(), &store).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10 * QUIET)).await;
        let end = store.world();
        must_be_true(case, &report.outcome, &end, &what);
        let entry = road.entry().unwrap();
        assert_eq!(
            entry.state,
            EntryState::Ended(report.outcome.clone()),
            "{what}"
        );
        assert_eq!(entry.created, report.created, "{what}");
        assert_eq!(report.unrecorded, None, "{what}");
        (report.outcome, end, store.writes().len())
    })
}

#[test]
fn without_a_mishap_every_intent_is_verified() {
    for case in cases() {
        let (outcome, _, writes) = carried_out(&case, &[]);
        assert_eq!(outcome, Outcome::Verified, "{}", case.name);
        assert_eq!(writes, case.writes(), "{}", case.name);
    }
}

#[test]
fn what_never_left_is_sent_again_once() {
    for case in cases() {
        for step in 0..case.writes() {
            let (outcome, _, writes) = carried_out(&case, &[(step, Mishap::NeverLeft)]);
            assert_eq!(
                (outcome, writes),
                (Outcome::Verified, case.writes() + 1),
                "{} {step}",
                case.name
            );
            let (outcome, _, writes) = carried_out(
                &case,
                &[(step, Mishap::NeverLeft), (step + 1, Mishap::NeverLeft)],
            );
            assert_ne!(outcome, Outcome::Verified, "{} {step}", case.name);
            assert_eq!(writes, step + 2, "{} {step}", case.name);
        }
    }
}

#[test]
fn what_arrived_is_found_though_its_answer_is_lost() {
    for case in cases() {
        for step in 0..case.writes() {
            for mishap in [Mishap::LostAnswer, Mishap::LateArrival] {
                let (outcome, _, writes) = carried_out(&case, &[(step, mishap)]);
                assert_eq!(
                    (outcome, writes),
                    (Outcome::Verified, case.writes()),
                    "{} {step} {mishap:?}",
                    case.name
                );
            }
        }
        let all: Vec<_> = (0..case.writes())
            .map(|step| (step, Mishap::LostAnswer))
            .collect();
        assert_eq!(
            carried_out(&case, &all).0,
            Outcome::Verified,
            "{}",
            case.name
        );
    }
}

#[test]
fn what_did_not_arrive_is_said_to_be_so_and_nothing_follows_it() {
    for case in cases() {
        for step in 0..case.writes() {
            for mishap in [Mishap::LostRequest, Mishap::Refused] {
                let (outcome, _, writes) = carried_out(&case, &[(step, mishap)]);
                assert!(
                    matches!(
                        outcome,
                        Outcome::NotApplied { .. } | Outcome::Conflict { .. }
                    ),
                    "{} {step} {outcome:?}",
                    case.name
                );
                assert_eq!(writes, step + 1, "{} {step} {mishap:?}", case.name);
            }
        }
        assert!(
            matches!(
                carried_out(&case, &[(0, Mishap::Refused)]).0,
                Outcome::NotApplied { .. }
            ),
            "{}",
            case.name
        );
    }
}

#[test]
fn a_doubled_registration_is_a_conflict_with_both_named() {
    let registrations = cases()
        .into_iter()
        .filter(|case| case.name.starts_with("register"));
    for (case, mishap) in registrations
        .flat_map(|case| [(case.clone(), Mishap::Doubled), (case, Mishap::DoubledLate)])
    {
        let (outcome, end, _) = carried_out(&case, &[(case.writes() - 1, mishap)]);
        assert_eq!(end.marked(&case.plan().id), 2);
        let Outcome::Conflict { found } = outcome else {
            panic!("{outcome:?}")
        };
        assert!(
            found[0].starts_with("the version was made more than once: iris/"),
            "{found:?}"
        );
    }
}

#[test]
fn an_answer_alone_verifies_nothing() {
    for case in cases() {
        let last = case.writes() - 1;
        let (outcome, ..) = carried_out(&case, &[(last, Mishap::NotKept)]);
        assert!(
            matches!(outcome, Outcome::Conflict { .. }),
            "{} {outcome:?}",
            case.name
        );
    }
}

#[test]
fn what_cannot_be_read_back_is_unknown() {
    for case in cases() {
        let (road, store) = (
            Road::new(),
            FakeStore::new(case.world.clone()).unreadable_from(1),
        );
        let report = now(road.travel(case.plan(), &store)).unwrap();
        assert!(
            matches!(report.outcome, Outcome::Unknown { .. }),
            "{} {:?}",
            case.name,
            report.outcome
        );
        assert!(road.entry().unwrap().is_open());
        let (road, store) = (
            Road::new(),
            FakeStore::new(case.world.clone())
                .unreadable_from(1)
                .mishap(0, Mishap::Refused),
        );
        let report = now(road.travel(case.plan(), &store)).unwrap();
        assert!(
            matches!(report.outcome, Outcome::NotApplied { .. }),
            "{} {:?}",
            case.name,
            report.outcome
        );
    }
}

#[test]
fn a_journal_that_cannot_be_written_lets_nothing_out() {
    for case in cases() {
        let (mut road, store) = (Road::new(), FakeStore::new(case.world.clone()));
        let blocked = road.folder.path().join("blocked");
        std::fs::write(&blocked, "a file where the folder should be").unwrap();
        road.journal = frontrunner::ops::journal::Journal::at(blocked.join("journal.jsonl"));
        let refused = now(road.travel(case.plan(), &store));
        assert!(
            matches!(&refused, Err(error @ RoadError::Journal(_)) if error.to_string().ends_with("nothing was sent")),
            "{refused:?}"
        );
        assert_eq!(store.writes(), []);
    }
}

#[test]
fn a_pending_version_is_waited_for_and_told() {
    let mut case = cases().remove(1);
    case.world.pending = true;
    let store = FakeStore::new(case.world.clone()).before_read(4, |world| {
        world.versions[0].status = frontrunner::domain::VersionStatus::Ready;
    });
    let (road, told) = (Road::new(), std::sync::Mutex::new(Vec::new()));
    let cleared = clear(case.plan(), Vec::new(), None).unwrap();
    let report = now(carry_out(
        cleared,
        &store,
        &store,
        &road.journal,
        &|progress| told.lock().unwrap().push(progress),
    ))
    .unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    let waits = told
        .into_inner()
        .unwrap()
        .into_iter()
        .filter(|progress| matches!(progress, Progress::Waiting(_)))
        .count();
    assert_eq!(waits, 3);
    assert_eq!(
        report.now.unwrap().versions[0].status,
        frontrunner::domain::VersionStatus::Ready
    );
}

#[test]
fn the_road_can_be_travelled_on_any_thread() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let case = cases().remove(2);
    let (road, store) = (Road::new(), FakeStore::new(case.world.clone()));
    let cleared = clear(case.plan(), Vec::new(), Some("iris")).unwrap();
    let report = now(is_send(carry_out(
        cleared,
        &store,
        &store,
        &road.journal,
        &|_| {},
    )))
    .unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
}
