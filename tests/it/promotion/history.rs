//! The history of a model: from the journal, from tags, and unrecorded changes.

use frontrunner::domain::Stage;
use frontrunner::ops::registry::read_snapshot;
use frontrunner::promotion::journal::{EventSource, Holder, TimelineEvent, holders_at, timeline};
use frontrunner::promotion::{Intent, Outcome, undo_intent};

use super::cases::{ApplyFixture, plan_on, register, run_paused, set_alias, to_stage};
use crate::support::fake_store::{FakeRegistry, FakeStore};

/// Applies an intent and returns its undo.
fn apply_verified(road: &ApplyFixture, store: &FakeStore, intent: &Intent, id: &str) -> Intent {
    let plan = plan_on(intent, &store.registry(), id).unwrap();
    let report = run_paused(road.apply(plan.clone(), store)).unwrap();
    assert_eq!(report.outcome, Outcome::Verified, "{intent}");
    undo_intent(id, &plan, report.created_version)
}

/// The recorded events, and changes without a record; not what the registry alone shows.
fn timeline_of(road: &ApplyFixture, store: &FakeStore) -> Vec<TimelineEvent> {
    let world = store.registry();
    let mut events = timeline(
        &road.journal.entries("memory").unwrap(),
        world.model.as_ref(),
        &world.versions,
    );
    events.retain(|event| event.source != EventSource::Registry);
    events
}

fn format_events(events: &[TimelineEvent]) -> Vec<String> {
    events
        .iter()
        .map(|event| {
            format!(
                "{:?} {}: {}: {} → {}",
                event.source, event.user, event.action, event.from, event.to
            )
        })
        .collect()
}

#[test]
fn timeline_shows_writes_and_undos() {
    let (road, store) = (ApplyFixture::new(), FakeStore::new(FakeRegistry::iris()));
    apply_verified(&road, &store, &register("run9"), "aaaaaaaa1");
    let back = apply_verified(
        &road,
        &store,
        &to_stage(4, Stage::Production, true),
        "bbbbbbbb1",
    );
    let forth = apply_verified(&road, &store, &back, "cccccccc1");
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
    let mut events = format_events(&timeline_of(&road, &store));
    events.sort();
    assert_eq!(
        events,
        [
            "Journal ada: move iris/4 to Production, archiving iris/2 (undone): None → Production",
            "Journal ada: register run run9 as iris:  → iris/4",
            "Journal ada: undo: move iris/4 to Production: iris/2 Archived, iris/4 Production → iris/2 Production, iris/4 None",
        ]
    );
    // Undoing the undo makes the first write current again.
    apply_verified(&road, &store, &forth, "dddddddd1");
    assert_eq!(
        (undone("bbbbbbbb1"), undone("cccccccc1").as_deref()),
        (None, Some("dddddddd1"))
    );
    assert_eq!(store.registry().summary().stages[&4].0, Stage::Production);
}

#[test]
fn undoing_one_slot_keeps_the_entry() {
    let (road, store) = (ApplyFixture::new(), FakeStore::new(FakeRegistry::iris()));
    let whole = apply_verified(
        &road,
        &store,
        &to_stage(3, Stage::Production, true),
        "aaaaaaaa1",
    );
    let Intent::Undo(mut undo) = whole else {
        panic!()
    };
    undo.stages.retain(|stage| stage.target.0 == 3);
    apply_verified(&road, &store, &Intent::Undo(undo), "bbbbbbbb1");
    assert_eq!(road.journal.entries("memory").unwrap()[0].undone_by, None);
}

#[test]
fn timeline_from_tags_matches_the_journal() {
    let (ours, theirs, store) = (
        ApplyFixture::new(),
        ApplyFixture::new(),
        FakeStore::new(FakeRegistry::iris()),
    );
    apply_verified(&ours, &store, &register("run9"), "aaaaaaaa1");
    apply_verified(
        &ours,
        &store,
        &to_stage(4, Stage::Production, true),
        "bbbbbbbb1",
    );
    apply_verified(&ours, &store, &set_alias("champion", 4), "cccccccc1");
    let mut events = format_events(&timeline_of(&theirs, &store));
    events.sort();
    assert_eq!(
        events,
        [
            "Tags ada: move iris/4 to Production: None → Production",
            "Tags ada: register run run9 as iris:  → iris/4",
            "Tags ada: set @champion on iris/4: iris/2 → iris/4",
        ]
    );
    assert!(
        timeline_of(&ours, &store)
            .iter()
            .all(|event| event.source == EventSource::Journal)
    );
}

#[test]
fn unrecorded_changes_are_gaps() {
    let (road, store) = (ApplyFixture::new(), FakeStore::new(FakeRegistry::iris()));
    apply_verified(
        &road,
        &store,
        &to_stage(3, Stage::Production, true),
        "aaaaaaaa1",
    );
    apply_verified(&road, &store, &set_alias("champion", 3), "bbbbbbbb1");
    assert!(
        timeline_of(&road, &store)
            .iter()
            .all(|event| event.source == EventSource::Journal)
    );
    store.edit(|world| {
        world.set_stage(3, Stage::Archived);
        world.set_alias("champion", 1);
    });
    let events = timeline_of(&road, &store);
    let gaps: Vec<&TimelineEvent> = events
        .iter()
        .filter(|event| event.source == EventSource::Unrecorded)
        .collect();
    let mut words: Vec<_> = gaps
        .iter()
        .map(|gap| format!("{}: {} → {}", gap.action, gap.from, gap.to))
        .collect();
    words.sort();
    assert_eq!(
        words,
        [
            "@champion changed without a record: iris/3 → iris/1",
            "iris/3 changed without a record: Production → Archived",
        ]
    );
    // An alias carries no time anywhere; what is not dated is younger than the last record, and comes first.
    assert_eq!(
        (events[0].source, events[0].at),
        (EventSource::Unrecorded, None)
    );
}

#[test]
fn tags_cannot_inject_escape_sequences() {
    let mut world = FakeRegistry::iris();
    let record = r#"{"id":"x","when":"2026-01-01T00:00:00Z","who":"\u001b[2Jeve","action":"\u202emove","from":"a\nb","to":"c","changes":[]}"#;
    world.versions[0]
        .tags
        .push(frontrunner::domain::run::KeyValue::new(
            "frontrunner.log.x",
            record,
        ));
    world.versions[0]
        .tags
        .push(frontrunner::domain::run::KeyValue::new(
            "frontrunner.log.y",
            "not a record",
        ));
    let events = timeline_of(&ApplyFixture::new(), &FakeStore::new(world));
    assert_eq!(
        format_events(&events),
        ["Tags ␛[2Jeve: ‹U+202E›move: a⏎b → c"]
    );
}

#[test]
fn snapshot_treats_missing_objects_as_absent() {
    let store = FakeStore::new(FakeRegistry::new());
    let reading = run_paused(read_snapshot(&store, &register("nowhere"))).unwrap();
    assert_eq!(
        (reading.model, reading.run, reading.versions.len()),
        (None, None, 0)
    );
    let reading = run_paused(read_snapshot(
        &FakeStore::new(FakeRegistry::iris()),
        &to_stage(3, Stage::Production, true),
    ))
    .unwrap();
    assert_eq!(reading.run.unwrap().id, "run3".into());
    assert!(
        run_paused(read_snapshot(
            &FakeStore::new(FakeRegistry::iris()).fail_reads_from(0),
            &register("run9")
        ))
        .is_err()
    );
}

#[test]
fn recreated_model_has_no_old_history() {
    let (road, store) = (ApplyFixture::new(), FakeStore::new(FakeRegistry::iris()));
    apply_verified(
        &road,
        &store,
        &to_stage(3, Stage::Production, true),
        "aaaaaaaa1",
    );
    store.edit(FakeRegistry::recreate_model);
    let mut events = format_events(&timeline_of(&road, &store));
    events.sort();
    assert_eq!(
        events,
        [
            "Journal ada: move iris/3 to Production, archiving iris/2: Staging → Production",
            "Unrecorded unknown: iris changed without a record: another model with this name → deleted and created again",
        ]
    );
}

#[test]
fn holder_as_of_a_date_is_reported_when_known() {
    let (road, store) = (ApplyFixture::new(), FakeStore::new(FakeRegistry::iris()));
    apply_verified(
        &road,
        &store,
        &to_stage(3, Stage::Production, true),
        "aaaaaaaa1",
    );
    let entries = road.journal.entries("memory").unwrap();
    let then = entries[0].at;
    // Somebody else gives the champion's alias away, later, and no record tells.
    store.edit(|world| world.set_alias("champion", 1));
    let world = store.registry();
    let at_last = then + 1_000_000;
    let held = |at: i64| {
        let all = holders_at(&entries, world.model.as_ref(), &world.versions, at_last, at);
        let line = |held: &Holder| {
            let version = held
                .version
                .map_or_else(|| "none".to_owned(), |version| version.to_string());
            format!(
                "{} {version}{}",
                held.slot,
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
        );
    };
    contains(at_last, "Production 3");
    contains(at_last, "@champion 1");
    // Between the write and now it is not known when the alias moved; the stage stayed.
    contains(then + 500_000, "Production 3");
    contains(then + 500_000, "@champion 2?");
}
