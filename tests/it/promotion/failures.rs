//! Every failure at every step of every intent: no duplicates, no losses, no false verifications.

use std::time::Duration;

use frontrunner::ops::apply::{ApplyError, ApplyProgress, apply_plan};
use frontrunner::promotion::Outcome;
use frontrunner::promotion::journal::EntryState;

use super::cases::{ApplyFixture, Case, assert_outcome_is_true, cases, clear, run_paused};
use crate::support::fake_store::{FakeRegistry, FakeStore, SETTLE_WINDOW, WriteFailure};

/// Applies a case with failures; returns outcome, final registry and number of writes, after late requests have settled.
fn apply_with_failures(
    case: &Case,
    mishaps: &[(usize, WriteFailure)],
) -> (Outcome, FakeRegistry, usize) {
    let what = format!("{}, {mishaps:?}", case.name);
    let (road, store) = (ApplyFixture::new(), FakeStore::new(case.world.clone()));
    let store = mishaps.iter().fold(store, |store, (write, mishap)| {
        store.fail_write(*write, *mishap)
    });
    run_paused(async {
        let report = road.apply(case.plan(), &store).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10 * SETTLE_WINDOW)).await;
        let end = store.registry();
        assert_outcome_is_true(case, &report.outcome, &end, &what);
        let entry = road.entry().unwrap();
        assert_eq!(
            entry.state,
            EntryState::Ended(report.outcome.clone()),
            "{what}"
        );
        assert_eq!(entry.created_version, report.created_version, "{what}");
        assert_eq!(report.journal_error, None, "{what}");
        (report.outcome, end, store.writes().len())
    })
}

#[test]
fn every_intent_is_verified_without_failures() {
    for case in cases() {
        let (outcome, _, writes) = apply_with_failures(&case, &[]);
        assert_eq!(outcome, Outcome::Verified, "{}", case.name);
        assert_eq!(writes, case.write_count(), "{}", case.name);
    }
}

#[test]
fn unsent_write_is_retried_once() {
    for case in cases() {
        for step in 0..case.write_count() {
            let (outcome, _, writes) = apply_with_failures(&case, &[(step, WriteFailure::NotSent)]);
            assert_eq!(
                (outcome, writes),
                (Outcome::Verified, case.write_count() + 1),
                "{} {step}",
                case.name
            );
            let (outcome, _, writes) = apply_with_failures(
                &case,
                &[
                    (step, WriteFailure::NotSent),
                    (step + 1, WriteFailure::NotSent),
                ],
            );
            assert_ne!(outcome, Outcome::Verified, "{} {step}", case.name);
            assert_eq!(writes, step + 2, "{} {step}", case.name);
        }
    }
}

#[test]
fn applied_write_is_found_after_a_lost_response() {
    for case in cases() {
        for step in 0..case.write_count() {
            for mishap in [WriteFailure::LostResponse, WriteFailure::LateArrival] {
                let (outcome, _, writes) = apply_with_failures(&case, &[(step, mishap)]);
                assert_eq!(
                    (outcome, writes),
                    (Outcome::Verified, case.write_count()),
                    "{} {step} {mishap:?}",
                    case.name
                );
            }
        }
        let all: Vec<_> = (0..case.write_count())
            .map(|step| (step, WriteFailure::LostResponse))
            .collect();
        assert_eq!(
            apply_with_failures(&case, &all).0,
            Outcome::Verified,
            "{}",
            case.name
        );
    }
}

#[test]
fn lost_request_is_not_applied_and_stops_the_plan() {
    for case in cases() {
        for step in 0..case.write_count() {
            for mishap in [WriteFailure::LostRequest, WriteFailure::Refused] {
                let (outcome, _, writes) = apply_with_failures(&case, &[(step, mishap)]);
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
                apply_with_failures(&case, &[(0, WriteFailure::Refused)]).0,
                Outcome::NotApplied { .. }
            ),
            "{}",
            case.name
        );
    }
}

#[test]
fn duplicated_registration_is_a_conflict_naming_both() {
    let registrations = cases()
        .into_iter()
        .filter(|case| case.name.starts_with("register"));
    for (case, mishap) in registrations.flat_map(|case| {
        [
            (case.clone(), WriteFailure::Duplicated),
            (case, WriteFailure::DuplicatedLate),
        ]
    }) {
        let (outcome, end, _) = apply_with_failures(&case, &[(case.write_count() - 1, mishap)]);
        assert_eq!(end.count_by_intent_tag(&case.plan().id), 2);
        let Outcome::Conflict { differences: found } = outcome else {
            panic!("{outcome:?}")
        };
        assert!(
            found[0].starts_with("the version was created more than once: iris/"),
            "{found:?}"
        );
    }
}

#[test]
fn response_alone_does_not_verify() {
    for case in cases() {
        let last = case.write_count() - 1;
        let (outcome, ..) = apply_with_failures(&case, &[(last, WriteFailure::NotPersisted)]);
        assert!(
            matches!(outcome, Outcome::Conflict { .. }),
            "{} {outcome:?}",
            case.name
        );
    }
}

#[test]
fn unreadable_state_after_a_write_is_unknown() {
    for case in cases() {
        let (road, store) = (
            ApplyFixture::new(),
            FakeStore::new(case.world.clone()).fail_reads_from(1),
        );
        let report = run_paused(road.apply(case.plan(), &store)).unwrap();
        assert!(
            matches!(report.outcome, Outcome::Unknown { .. }),
            "{} {:?}",
            case.name,
            report.outcome
        );
        assert!(road.entry().unwrap().is_unresolved());
        let (road, store) = (
            ApplyFixture::new(),
            FakeStore::new(case.world.clone())
                .fail_reads_from(1)
                .fail_write(0, WriteFailure::Refused),
        );
        let report = run_paused(road.apply(case.plan(), &store)).unwrap();
        assert!(
            matches!(report.outcome, Outcome::NotApplied { .. }),
            "{} {:?}",
            case.name,
            report.outcome
        );
    }
}

#[test]
fn unwritable_journal_prevents_writes() {
    for case in cases() {
        let (mut road, store) = (ApplyFixture::new(), FakeStore::new(case.world.clone()));
        let blocked = road.folder.path().join("blocked");
        std::fs::write(&blocked, "a file where the folder should be").unwrap();
        road.journal = frontrunner::ops::journal::Journal::with_path(blocked.join("journal.jsonl"));
        let refused = run_paused(road.apply(case.plan(), &store));
        assert!(
            matches!(&refused, Err(error @ ApplyError::Journal(_)) if error.to_string().ends_with("nothing was written")),
            "{refused:?}"
        );
        assert_eq!(store.writes(), []);
    }
}

#[test]
fn pending_version_is_awaited_and_reported() {
    let mut case = cases().remove(1);
    case.world.new_versions_are_pending = true;
    let store = FakeStore::new(case.world.clone()).before_read(4, |world| {
        world.versions[0].status = frontrunner::domain::VersionStatus::Ready;
    });
    let (road, told) = (ApplyFixture::new(), std::sync::Mutex::new(Vec::new()));
    let cleared = clear(case.plan(), None);
    let report = run_paused(apply_plan(cleared, road.context(&store), &|progress| {
        told.lock().unwrap().push(progress);
    }))
    .unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
    let waits = told
        .into_inner()
        .unwrap()
        .into_iter()
        .filter(|progress| matches!(progress, ApplyProgress::Waiting(_)))
        .count();
    assert_eq!(waits, 3);
    assert_eq!(
        report.snapshot.unwrap().versions[0].status,
        frontrunner::domain::VersionStatus::Ready
    );
}

#[test]
fn apply_future_is_send() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let case = cases().remove(2);
    let (road, store) = (ApplyFixture::new(), FakeStore::new(case.world.clone()));
    let cleared = clear(case.plan(), Some("iris"));
    let report = run_paused(is_send(apply_plan(cleared, road.context(&store), &|_| {}))).unwrap();
    assert_eq!(report.outcome, Outcome::Verified);
}
