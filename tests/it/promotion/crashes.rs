//! The program dies at every point where it waits: the next start tells the truth.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use frontrunner::ops::recover::recover;
use frontrunner::promotion::Outcome;
use frontrunner::promotion::journal::{EntryState, Uptime};

use super::cases::{ApplyFixture, Case, DropAfter, assert_outcome_is_true, cases, run_paused};
use crate::support::fake_store::{FakeStore, SETTLE_WINDOW, WriteFailure, now_ms};

/// Interrupts a case after a number of waits and checks its recovery. Returns whether it was interrupted.
fn crash_after(case: &Case, waits: usize, mishap: Option<(usize, WriteFailure)>) -> bool {
    let what = format!("{}, dies after {waits} waits, {mishap:?}", case.name);
    let (road, store) = (ApplyFixture::new(), FakeStore::new(case.world.clone()));
    let store = mishap.into_iter().fold(store, |store, (write, mishap)| {
        store.fail_write(write, mishap)
    });
    run_paused(async {
        let died = DropAfter {
            future: pin!(road.apply(case.plan(), &store)),
            polls: waits,
        }
        .await
        .is_none();
        if !died {
            return false;
        }
        let Some(entry) = road.entry() else {
            assert_eq!(store.writes(), [], "sent without a record: {what}");
            return true;
        };
        assert_eq!(entry.state, EntryState::Unfinished, "{what}");
        assert!(entry.is_unresolved(), "{what}");
        let at_once = recover(&entry, &store, &road.journal).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10 * SETTLE_WINDOW)).await;
        assert_outcome_is_true(
            case,
            &at_once,
            &store.registry(),
            &format!("{what}, asked at once"),
        );
        let entry = road.entry().unwrap();
        assert_eq!(entry.state, EntryState::Ended(at_once), "{what}");
        let later = recover(&entry, &store, &road.journal).await.unwrap();
        assert!(
            !matches!(later, Outcome::Unknown { .. }),
            "{what} {later:?}"
        );
        assert_outcome_is_true(case, &later, &store.registry(), &what);
        assert_eq!(
            road.entry().unwrap().state,
            EntryState::Ended(later),
            "{what}"
        );
        true
    })
}

#[test]
fn crash_at_any_point_is_recovered_truthfully() {
    let mut crashes = 0;
    for case in cases() {
        let plain = std::iter::once(None);
        let late = (0..case.write_count()).map(|write| Some((write, WriteFailure::LateArrival)));
        for mishap in plain.chain(late) {
            crashes += (0..10_000)
                .take_while(|waits| crash_after(&case, *waits, mishap))
                .count();
        }
    }
    assert!(crashes > 500, "only {crashes} crashes");
}

#[test]
fn torn_record_affects_only_itself() {
    use std::io::Write as _;
    let (case, road) = (cases().remove(2), ApplyFixture::new());
    let store = FakeStore::new(case.world.clone());
    run_paused(async {
        road.apply(case.plan(), &store).await.unwrap();
        let path = road.folder.path().join("state/journal.jsonl");
        let whole = std::fs::read_to_string(&path).unwrap();
        let lines = whole.lines().count();
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap();
        file.write_all(
            b"{\"line\":\"step\",\"id\":\"c0ff\n{\"line\":\"from the future\",\"id\":\"x\"}\n\xff\xfe\n{\"line\":\"end\",\"id\":\"tor",
        )
        .unwrap();
        assert_eq!(road.journal.count_unreadable().unwrap(), 4);
        assert_eq!(
            road.entry().unwrap().state,
            EntryState::Ended(Outcome::Verified)
        );
        let next = super::cases::plan_on(
            &super::cases::set_alias("challenger", 1),
            &store.registry(),
            "next",
        )
        .unwrap();
        road.apply(next, &store).await.unwrap();
        assert_eq!(road.journal.count_unreadable().unwrap(), 4);
        assert_eq!(road.journal.entries("memory").unwrap().len(), 2);
        assert_eq!(road.journal.entries("elsewhere").unwrap().len(), 0);
        // Cut anywhere, the book can still be read, and says no more than was written.
        for end in 0..whole.len() {
            std::fs::write(&path, &whole.as_bytes()[..end]).unwrap();
            let entries = road.journal.entries("memory").unwrap();
            let done = entries.iter().any(|entry| !entry.is_unresolved());
            assert!(!done || whole[..end].lines().count() >= lines, "{end}");
        }
    });
}

#[cfg(unix)]
#[test]
fn journal_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (case, road) = (cases().remove(2), ApplyFixture::new());
    let store = FakeStore::new(case.world.clone());
    assert!(!road.folder.path().join("state").exists());
    run_paused(road.apply(case.plan(), &store)).unwrap();
    let mode = |path: &str| {
        std::fs::metadata(road.folder.path().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("state"), mode("state/journal.jsonl")), (0o700, 0o600));
}

/// Nobody knows whether a request is still on its way from a clock that was set in between.
#[test]
fn clock_that_is_set_ahead_does_not_hide_a_request_in_flight() {
    let case = cases().remove(2);
    let mut crashes = 0;
    for waits in 0..10_000 {
        let late = (case.write_count() - 1, WriteFailure::LateArrival);
        let store = FakeStore::new(case.world.clone()).fail_write(late.0, late.1);
        let skew = Arc::new(AtomicI64::new(0));
        let (mut road, clock) = (ApplyFixture::new(), Arc::clone(&skew));
        road.journal = road.journal.with_clocks(
            move || now_ms() + clock.load(Ordering::Relaxed),
            || {
                let (boot, ms) = ("a".to_owned(), now_ms().unsigned_abs());
                Some(Uptime { boot, ms })
            },
        );
        let died = run_paused(async {
            let apply = pin!(road.apply(case.plan(), &store));
            let died = DropAfter {
                future: apply,
                polls: waits,
            };
            if died.await.is_some() {
                return false;
            }
            skew.store(86_400_000, Ordering::Relaxed);
            let Some(entry) = road.entry() else {
                return true;
            };
            let outcome = recover(&entry, &store, &road.journal).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10 * SETTLE_WINDOW)).await;
            let what = format!("dies after {waits} waits");
            assert_outcome_is_true(&case, &outcome, &store.registry(), &what);
            true
        });
        if !died {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 5, "only {crashes} crashes");
}

#[test]
fn acknowledged_write_reverted_by_others_is_a_conflict() {
    let case = cases().remove(2);
    let (road, store) = (ApplyFixture::new(), FakeStore::new(case.world.clone()));
    run_paused(async {
        let last = case.write_count() - 1;
        let is_answered = || {
            road.entry()
                .is_some_and(|entry| entry.results.iter().any(|result| result.step == last))
        };
        let mut travel = pin!(road.apply(case.plan(), &store));
        while !is_answered() {
            assert!(
                DropAfter {
                    future: travel.as_mut(),
                    polls: 0
                }
                .await
                .is_none()
            );
        }
        store.edit(|world| *world = case.world.clone());
        tokio::time::sleep(Duration::from_millis(10 * SETTLE_WINDOW)).await;
        let outcome = recover(&road.entry().unwrap(), &store, &road.journal)
            .await
            .unwrap();
        assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
    });
}
