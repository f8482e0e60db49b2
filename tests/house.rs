//! The rules of the house: which room knows which, how long a file may be, that keys, themes and the README tell the same.
//!
//! What is written down nowhere else than in a document is forgotten; these rules fail a build.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails should fail its test")]

#[path = "support/sources.rs"]
mod sources;
#[path = "house/tables.rs"]
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use sources::{Source, crate_paths, files, program, root};

/// What a room may know: (room, the rooms it may name). A room that is not here does not exist.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("table", &["domain"]),
    ("analysis", &["domain", "table"]),
    ("chart", &["domain", "analysis"]),
    ("evidence", &["domain"]),
    ("lineage", &["domain", "evidence"]),
    ("promote", &["domain", "lineage", "analysis"]),
    ("policy", &["domain", "analysis", "lineage", "promote"]),
    ("store", &["domain"]),
    ("provenance", &["domain", "lineage", "evidence", "promote", "policy", "store"]),
    ("journal", &["domain", "promote", "store"]),
    ("config", &["domain"]),
    ("export", &["domain", "table", "analysis", "chart", "evidence", "lineage", "promote", "policy"]),
    ("demo", &["domain", "store"]),
    ("app", &["domain", "table", "analysis", "chart", "evidence", "lineage", "promote", "config", "store", "journal"]),
    ("ui", &["domain", "table", "analysis", "chart", "evidence", "lineage", "promote", "config", "journal", "app"]),
    (
        "runtime",
        &["domain", "analysis", "chart", "lineage", "promote", "policy", "config", "store", "provenance", "journal", "export", "app", "ui"],
    ),
    (
        "cli",
        &[
            "domain",
            "table",
            "analysis",
            "chart",
            "evidence",
            "lineage",
            "promote",
            "policy",
            "config",
            "store",
            "provenance",
            "journal",
            "export",
            "demo",
            "app",
            "ui",
            "runtime",
        ],
    ),
];

/// Rooms that know only the values of another room, never what acts: (rooms, the names they may not use).
const VALUES_ONLY: &[(&[&str], &[&str])] = &[
    (&["app", "ui"], &["store::Read", "store::Write", "store::Reader", "store::Writer", "store::open", "store::Opened"]),
    (&["app", "ui"], &["store::rest", "store::sqlite", "store::wandb", "store::Connection", "store::Target"]),
    (&["app", "ui"], &["journal::Journal", "journal::carry_out", "journal::recover", "journal::read_registry"]),
    (&["provenance", "demo", "export"], &["store::Write", "store::Writer"]),
];

/// Words that a room's code never has: (rooms, words, why).
const NEVER: &[(&[&str], &[&str], &str)] = &[
    (PURE, &["std::fs", "std::net", "std::env", "std::process", "std::thread", "stdin()", "stdout()", "stderr()"], "pure rooms do no I/O"),
    (PURE, &["tokio", "reqwest", "rusqlite", "crossterm", "async fn", ".await"], "pure rooms wait for nothing"),
    (
        PURE,
        &["Instant::now", "SystemTime", "Timestamp::now", "Zoned::now", "TimeZone::system", "new_v4"],
        "pure rooms ask no clock, no zone and no chance",
    ),
    (&["domain", "table", "analysis", "chart", "lineage", "promote", "export"], &["ratatui"], "only screens know the screen"),
    (&["ui"], &["&mut App", "&mut Shared", "&mut Screen", "&mut Overlay"], "drawing changes nothing"),
    (&["ui", "app"], &["std::cell", "std::sync", "thread_local!", "static mut"], "nothing is remembered out of sight"),
    (&["store", "provenance", "journal", "config", "demo"], &["ratatui", "crossterm"], "edges know no terminal"),
    (&["cli"], &["ratatui", "rusqlite", "reqwest"], "the command line uses the rooms"),
    (&["config", "export", "demo"], &["tokio", "reqwest"], "these wait for nothing"),
];

const PURE: &[&str] = &["domain", "table", "analysis", "chart", "lineage", "promote", "policy", "evidence", "app", "ui", "export"];

/// Where a crate may be named, as beginnings of paths under `src/`; everywhere else it may not.
const CRATES: &[(&str, &[&str])] = &[
    ("rusqlite", &["store/sqlite/", "demo/"]),
    ("reqwest", &["store/rest/"]),
    // The command line asks for the width of the terminal that it prints to.
    ("crossterm", &["runtime/", "cli/print/", "cli/doctor/"]),
    ("signal_hook", &["runtime/"]),
    ("clap", &["cli/"]),
    ("plotters", &["export/picture/"]),
    ("smartcore", &["analysis/importance/"]),
    ("similar", &["analysis/inner/"]),
    ("cel", &["policy/"]),
    ("serde_json_path", &["evidence/"]),
    ("globset", &["evidence/"]),
    // The crate zip by what it opens: its name is a word of iterators.
    ("ZipArchive", &["evidence/"]),
    ("shell_words", &["domain/command.rs"]),
    ("icy_sixel", &["runtime/pictures/"]),
    ("crc32fast", &["store/wandb/"]),
];

/// The most lines of a file, and the files that may have more, with the reason.
const LINES: usize = 400;
const LONGER: &[(&str, usize, &str)] =
    &[("store/rest/wire.rs", 600, "MLflow's messages as they are on the wire, one after another: a table, not logic")];

fn room(source: &Source) -> &str {
    &source.modules[0]
}

fn report(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

fn has_word(code: &str, word: &str) -> bool {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let open = word.starts_with(joins) && code[..at].ends_with(joins);
        let close = word.ends_with(joins) && code[at + word.len()..].starts_with(joins);
        !open && !close
    })
}

#[test]
fn every_room_knows_only_the_rooms_below_it() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in program().iter().filter(|source| !["lib", "main"].contains(&room(source))) {
        let Some(known) = arrows.get(room(source)) else {
            wrong.push(format!("{}: the room {} is not in the table", source.path, room(source)));
            continue;
        };
        for path in crate_paths(&source.code) {
            let other = path.split("::").next().unwrap();
            let is_room = arrows.contains_key(other);
            if is_room && other != room(source) && !known.contains(&other) {
                wrong.push(format!("{}: {} may not know {path}", source.path, room(source)));
            }
        }
    }
    report("arrows that don't point down", &wrong);
}

#[test]
fn the_table_of_arrows_has_no_circle_and_no_arrow_that_nobody_uses() {
    let mut done = BTreeSet::new();
    while done.len() < ARROWS.len() {
        let next: Vec<_> =
            ARROWS.iter().filter(|(room, below)| !done.contains(room) && below.iter().all(|b| done.contains(b))).map(|(r, _)| *r).collect();
        assert!(!next.is_empty(), "rooms in a circle, or unknown ones, above {done:?}");
        done.extend(next);
    }
    let rooms: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    let real: BTreeSet<String> = program().iter().map(|source| room(source).to_owned()).filter(|r| r != "lib" && r != "main").collect();
    assert_eq!(rooms.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), real, "the rooms of the table and of src/");
}

#[test]
fn no_module_leaves_its_room_upwards() {
    let wrong: Vec<String> = program()
        .iter()
        .filter(|source| {
            let up = "super::".repeat(source.modules.len());
            !["lib", "main"].contains(&room(source)) && has_word(&source.code, &up)
        })
        .map(|source| format!("{}: names other rooms by crate::, so that they are seen", source.path))
        .collect();
    report("ways out of a room", &wrong);
}

#[test]
fn rooms_that_only_look_know_values_and_never_what_acts() {
    let mut wrong = Vec::new();
    for source in &program() {
        for (_, names) in VALUES_ONLY.iter().filter(|(rooms, _)| rooms.contains(&room(source))) {
            for path in crate_paths(&source.code) {
                if names.iter().any(|name| path == *name || path.starts_with(&format!("{name}::"))) {
                    wrong.push(format!("{}: {path}", source.path));
                }
            }
        }
    }
    report("what acts, in rooms that only look", &wrong);
}

#[test]
fn pure_rooms_stay_pure() {
    let mut wrong = Vec::new();
    for source in &program() {
        for (_, words, why) in NEVER.iter().filter(|(rooms, _, _)| rooms.contains(&room(source))) {
            wrong.extend(words.iter().filter(|word| has_word(&source.code, word)).map(|word| format!("{}: {word}: {why}", source.path)));
        }
        for (name, places) in CRATES {
            if has_word(&source.code, name) && !places.iter().any(|place| source.path.starts_with(place)) {
                wrong.push(format!("{}: {name} belongs to {}", source.path, places.join(" and ")));
            }
        }
    }
    report("words in the wrong room", &wrong);
}

#[test]
fn files_stay_short() {
    let mut wrong = Vec::new();
    for path in files("src", &["rs"]).iter().chain(&files("tests", &["rs"])) {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let lines = std::fs::read_to_string(path).unwrap().lines().count();
        let longer = LONGER.iter().find(|(file, _, _)| name == format!("src/{file}"));
        let most = longer.map_or(LINES, |(_, most, _)| *most);
        if lines > most {
            wrong.push(format!("{name}: {lines} lines; {most} are the most"));
        }
        if longer.is_some() && lines <= LINES {
            wrong.push(format!("{name}: {lines} lines need no exception any more"));
        }
    }
    let gone = LONGER.iter().filter(|(file, _, _)| !root().join("src").join(file).exists());
    wrong.extend(gone.map(|(file, _, _)| format!("{file} has an exception and is not there")));
    report("files that are too long", &wrong);
}

#[test]
fn the_rules_see_what_they_look_for() {
    let code = "use crate::{app, store::{Read as R, limits::*}};\nfn f() { crate::ui::draw() } // crate::x\nmycrate::y;";
    assert_eq!(crate_paths(code.split(" // ").next().unwrap()), ["app", "store::Read", "store::limits::*", "ui::draw"]);
    assert!(has_word("let x = Instant::now();", "Instant::now") && !has_word("rusqlite_like", "rusqlite"));
    assert!(has_word("a.b().await?", ".await") && !has_word("clapping", "clap"));
    assert!(program().len() > 150, "the program's files are found");
}
