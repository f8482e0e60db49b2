//! The history of a model, from the journal, from tags, and from what no record tells.

use frontrunner::domain::Stage;
use frontrunner::ops::registry::read_registry;
use frontrunner::promotion::journal::{Event, Held, Origin, held_at, timeline};
use frontrunner::promotion::{Intent, Outcome, undo};

use super::cases::{Road, now, planned, register, set_alias, to_stage};
use crate::support::fake_store::{FakeStore, World};

/// Takes an intent down a road, and returns the undo of it.
fn travel(road: &Road, store: &FakeStore, intent: &Intent, id: &str) -> Intent {
    let plan = planned(intent, &store.world(), id).unwrap();
    let report = now(road.travel(plan.clone(), store)).unwrap();
    assert_eq!(report.outcome, Outcome::Verified, "{intent}");
    undo(id, &plan, report.created)
}

fn told(road: &Road, store: &FakeStore) -> Vec<Event> {
    let world = store.world();
    timeline(
        &road.journal.entries("memory").unwrap(),
        world.model.as_ref(),
        &world.versions,
    )
}

fn lines(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| {
            format!(
                "{:?} {}: {}: {} → {}",
                event.origin, event.who, event.action, event.from, event.to
            )
        })
        .collect()
}

#[test]
fn the_journal_tells_what_was_done_and_undone() {
    let (road, store) = (Road::new(), FakeStore::new(World::iris()));
    travel(&road, &store, &register("run9"), "aaaaaaaa1");
    let back = travel(
        &road,
        &store,
        &to_stage(4, Stage::Production, true),
        "bbbbbbbb1",
    );
    let forth = travel(&road, &store, &back, "cccccccc1");
    let undone = |id: &str| {
        road.journal
            .entries("memory")
            .unwrap()
            .into_iter()
            .find(|entry| entry.id == id)
            .unwrap()
            .undone_by
    };
    assert_eq!(undone("bbbbbbbb1").as_deref(), Some("cccccccc1"));
    let mut events = lines(&told(&road, &store));
    events.sort();
    assert_eq!(
        events,
        [
            "Journal ada: move iris/4 to Production (undone): None → Production",
            "Journal ada: register run run9 as iris:  → iris/4",
            "Journal ada: undo: move iris/4 to Production: iris/2 Archived, iris/4 Production → iris/2 Production, iris/4 None",
        ]
    );
    // Undoing the undo lets the first one stand again.
    travel(&road, &store, &forth, "dddddddd1");
    assert_eq!(
        (undone("bbbbbbbb1"), undone("cccccccc1").as_deref()),
        (None, Some("dddddddd1"))
    );
    assert_eq!(store.world().places().stages[&4].0, Stage::Production);
}

#[test]
fn an_undo_of_one_place_leaves_the_entry_standing() {
    let (road, store) = (Road::new(), FakeStore::new(World::iris()));
    let whole = travel(
        &road,
        &store,
        &to_stage(3, Stage::Production, true),
        "aaaaaaaa1",
    );
    let Intent::Undo {
        entry,
        subject,
        what,
        mut stages,
        aliases,
        created,
        made,
        said,
        lifecycles,
        requests,
    } = whole
    else {
        panic!()
    };
    stages.retain(|(version, ..)| version.0 == 3);
    travel(
        &road,
        &store,
        &Intent::Undo {
            entry,
            subject,
            what,
            stages,
            aliases,
            created,
            made,
            said,
            lifecycles,
            requests,
        },
        "bbbbbbbb1",
    );
    assert_eq!(road.journal.entries("memory").unwrap()[0].undone_by, None);
}

#[test]
fn others_see_the_same_from_the_tags() {
    let (ours, theirs, store) = (Road::new(), Road::new(), FakeStore::new(World::iris()));
    travel(&ours, &store, &register("run9"), "aaaaaaaa1");
    travel(
        &ours,
        &store,
        &to_stage(4, Stage::Production, true),
        "bbbbbbbb1",
    );
    travel(&ours, &store, &set_alias("champion", 4), "cccccccc1");
    let mut events = lines(&told(&theirs, &store));
    events.sort();
    assert_eq!(
        events,
        [
            "Tags ada: give @champion to iris/4: iris/2 → iris/4",
            "Tags ada: move iris/4 to Production: None → Production",
            "Tags ada: register run run9 as iris:  → iris/4",
        ]
    );
    assert!(
        told(&ours, &store)
            .iter()
            .all(|event| event.origin == Origin::Journal)
    );
}

#[test]
fn what_no_record_tells_is_a_gap() {
    let (road, store) = (Road::new(), FakeStore::new(World::iris()));
    travel(
        &road,
        &store,
        &to_stage(3, Stage::Production, true),
        "aaaaaaaa1",
    );
    travel(&road, &store, &set_alias("champion", 3), "bbbbbbbb1");
    assert!(
        told(&road, &store)
            .iter()
            .all(|event| event.origin == Origin::Journal)
    );
    store.change(|world| {
        world.stage(3, Stage::Archived);
        world.alias("champion", 1);
    });
    let events = told(&road, &store);
    let gaps: Vec<&Event> = events
        .iter()
        .filter(|event| event.origin == Origin::Gap)
        .collect();
    let mut words: Vec<_> = gaps
        .iter()
        .map(|gap| format!("{}: {} → {}", gap.action, gap.from, gap.to))
        .collect();
    words.sort();
    assert_eq!(
        words,
        [
            "@champion changed, and no record says by whom: iris/3 → iris/1",
            "iris/3 changed, and no record says by whom: Production → Archived",
        ]
    );
    // An alias carries no time anywhere; what is not dated is younger than the last record, and comes first.
    assert_eq!((events[0].origin, events[0].when), (Origin::Gap, None));
}

#[test]
fn tags_cannot_drive_the_terminal() {
    let mut world = World::iris();
    let record = r#"{"id":"x","when":"2026-01-01T00:00:00Z","who":"\u001b[2Jeve","action":"\u202emove","from":"a\nb","to":"c","changes":[]}"#;
    world.versions[0]
        .tags
        .push(frontrunner::domain::run::Pair::new(
            "frontrunner.log.x",
            record,
        ));
    world.versions[0]
        .tags
        .push(frontrunner::domain::run::Pair::new(
            "frontrunner.log.y",
            "not a record",
        ));
    let events = told(&Road::new(), &FakeStore::new(world));
    assert_eq!(lines(&events), ["Tags ␛[2Jeve: ‹U+202E›move: a⏎b → c"]);
}

#[test]
fn a_reading_takes_what_is_missing_for_missing() {
    let store = FakeStore::new(World::new());
    let reading = now(read_registry(&store, &register("nowhere"))).unwrap();
    assert_eq!(
        (reading.model, reading.run, reading.versions.len()),
        (None, None, 0)
    );
    let reading = now(read_registry(
        &FakeStore::new(World::iris()),
        &to_stage(3, Stage::Production, true),
    ))
    .unwrap();
    assert_eq!(reading.run.unwrap().id, "run3".into());
    assert!(
        now(read_registry(
            &FakeStore::new(World::iris()).unreadable_from(0),
            &register("run9")
        ))
        .is_err()
    );
}

#[test]
fn a_model_that_was_made_again_owes_nothing_to_the_old_one() {
    let (road, store) = (Road::new(), FakeStore::new(World::iris()));
    travel(
        &road,
        &store,
        &to_stage(3, Stage::Production, true),
        "aaaaaaaa1",
    );
    store.change(World::make_again);
    let mut events = lines(&told(&road, &store));
    events.sort();
    assert_eq!(
        events,
        [
            "Gap not known: iris changed, and no record says by whom: another model of that name → deleted and made again",
            "Journal ada: move iris/3 to Production: Staging → Production",
        ]
    );
}

#[test]
fn who_held_a_place_on_a_day_is_told_as_far_as_it_is_known() {
    let (road, store) = (Road::new(), FakeStore::new(World::iris()));
    travel(
        &road,
        &store,
        &to_stage(3, Stage::Production, true),
        "aaaaaaaa1",
    );
    let entries = road.journal.entries("memory").unwrap();
    let then = entries[0].at;
    // Somebody else gives the champion's alias away, later, and no record tells.
    store.change(|world| world.alias("champion", 1));
    let world = store.world();
    let at_last = then + 1_000_000;
    let held = |at: i64| {
        let all = held_at(&entries, world.model.as_ref(), &world.versions, at_last, at);
        let line = |held: &Held| {
            let version = held
                .version
                .map_or_else(|| "none".to_owned(), |version| version.to_string());
            format!(
                "{} {version}{}",
                held.place,
                if held.is_known { "" } else { "?" }
            )
        };
        all.iter().map(line).collect::<Vec<_>>()
    };
    let contains = |at: i64, line: &str| {
        assert!(
            held(at).iter().any(|held| held == line),
            "{line}: {:?}",
            held(at)
        )
    };
    contains(at_last, "Production 3");
    contains(at_last, "@champion 1");
    // Between the write and now it is not known when the alias moved; the stage stayed.
    contains(then + 500_000, "Production 3");
    contains(then + 500_000, "@champion 2?");
}
