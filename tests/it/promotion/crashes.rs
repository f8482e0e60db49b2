//! The program dies at every point where it waits: the next start tells the truth.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use frontrunner::ops::recover::recover;
use frontrunner::promotion::Outcome;
use frontrunner::promotion::journal::EntryState;

use super::cases::{Case, Road, cases, must_be_true, now};
use crate::support::fake_store::{FakeStore, Mishap, QUIET};

/// A future that dies after so many waits.
struct Mortal<F> {
    future: F,
    waits: usize,
}

impl<F: Future + Unpin> Future for Mortal<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match Pin::new(&mut self.future).poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.waits == 0 => Poll::Ready(None),
            Poll::Pending => {
                self.waits -= 1;
                Poll::Pending
            }
        }
    }
}

/// Lets a case die after so many waits, and checks what is told afterwards. Whether it died at all.
fn dies(case: &Case, waits: usize, mishap: Option<(usize, Mishap)>) -> bool {
    let what = format!("{}, dies after {waits} waits, {mishap:?}", case.name);
    let (road, store) = (Road::new(), FakeStore::new(case.world.clone()));
    let store = mishap
        .into_iter()
        .fold(store, |store, (write, mishap)| store.mishap(write, mishap));
    now(async {
        let died = Mortal {
            future: pin!(road.travel(case.plan(), &store)),
            waits,
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
        assert!(entry.is_open(), "{what}");
        let at_once = recover(&entry, &store, &road.journal).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10 * QUIET)).await;
        must_be_true(
            case,
            &at_once,
            &store.world(),
            &format!("{what}, asked at once"),
        );
        let entry = road.entry().unwrap();
        assert_eq!(entry.state, EntryState::Ended(at_once), "{what}");
        let later = recover(&entry, &store, &road.journal).await.unwrap();
        assert!(
            !matches!(later, Outcome::Unknown { .. }),
            "{what} {later:?}"
        );
        must_be_true(case, &later, &store.world(), &what);
        assert_eq!(
            road.entry().unwrap().state,
            EntryState::Ended(later),
            "{what}"
        );
        true
    })
}

#[test]
fn a_crash_at_any_point_is_told_truly() {
    let mut crashes = 0;
    for case in cases() {
        let plain = std::iter::once(None);
        let late = (0..case.writes()).map(|write| Some((write, Mishap::LateArrival)));
        for mishap in plain.chain(late) {
            crashes += (0..10_000)
                .take_while(|waits| dies(&case, *waits, mishap))
                .count();
        }
    }
    assert!(crashes > 500, "only {crashes} crashes");
}

#[test]
fn a_torn_line_spoils_only_itself() {
    use std::io::Write as _;
    let (case, road) = (cases().remove(2), Road::new());
    let store = FakeStore::new(case.world.clone());
    now(async {
        road.travel(case.plan(), &store).await.unwrap();
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
        assert_eq!(road.journal.unreadable().unwrap(), 4);
        assert_eq!(
            road.entry().unwrap().state,
            EntryState::Ended(Outcome::Verified)
        );
        let next = super::cases::planned(
            &super::cases::set_alias("challenger", 1),
            &store.world(),
            "next",
        )
        .unwrap();
        road.travel(next, &store).await.unwrap();
        assert_eq!(road.journal.unreadable().unwrap(), 4);
        assert_eq!(road.journal.entries("memory").unwrap().len(), 2);
        assert_eq!(road.journal.entries("elsewhere").unwrap().len(), 0);
        // Cut anywhere, the book can still be read, and says no more than was written.
        for end in 0..whole.len() {
            std::fs::write(&path, &whole.as_bytes()[..end]).unwrap();
            let entries = road.journal.entries("memory").unwrap();
            let done = entries.iter().any(|entry| !entry.is_open());
            assert!(!done || whole[..end].lines().count() >= lines, "{end}");
        }
    });
}

#[cfg(unix)]
#[test]
fn the_journal_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (case, road) = (cases().remove(2), Road::new());
    let store = FakeStore::new(case.world.clone());
    assert!(!road.folder.path().join("state").exists());
    now(road.travel(case.plan(), &store)).unwrap();
    let mode = |path: &str| {
        std::fs::metadata(road.folder.path().join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!((mode("state"), mode("state/journal.jsonl")), (0o700, 0o600));
}

#[test]
fn what_was_answered_and_put_back_by_others_is_a_conflict() {
    let case = cases().remove(2);
    let (road, store) = (Road::new(), FakeStore::new(case.world.clone()));
    now(async {
        let last = case.writes() - 1;
        let is_answered = || {
            road.entry()
                .is_some_and(|entry| entry.results.iter().any(|result| result.step == last))
        };
        let mut travel = pin!(road.travel(case.plan(), &store));
        while !is_answered() {
            assert!(
                Mortal {
                    future: travel.as_mut(),
                    waits: 0
                }
                .await
                .is_none()
            );
        }
        store.change(|world| *world = case.world.clone());
        tokio::time::sleep(Duration::from_millis(10 * QUIET)).await;
        let outcome = recover(&road.entry().unwrap(), &store, &road.journal)
            .await
            .unwrap();
        assert!(matches!(outcome, Outcome::Conflict { .. }), "{outcome:?}");
    });
}
