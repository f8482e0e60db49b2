//! The app in a terminal, with every key of the default keymap pressed on every screen, and every action asked for by name.

use std::path::Path;

use frontrunner::config::keymap::{Action, Key, KeyCode, NamedKey};

use crate::support::pty::{Pty, PtyCommand};

/// The keys that come with the program.
const KEYMAP: &str = include_str!("../../../src/config/keymap/default.toml");
/// The escape key in the form that can't be taken for the beginning of another key.
const ESC: &str = "\x1b[27u";
/// Closes whatever dialog is open. The second key only shows that there is no shell to return to, but counts as a key: ctrl-c
/// twice in a row quits.
const CLOSE: &str = "\x03\x1a\x03\x1a";
/// Back to the first screen, from anywhere.
const HOME: &str = "\x03\x1a\x1b[27u\x1b[27u\x1b[27u\x1b[27u1";

/// The screens: what shows that one is there with its content, and the keys that lead to it from the screen before.
const EXPERIMENTS: &[Step] = &[(HOME, &["› experiments", "churn-sweep"])];
const RUNS: &[Step] = &[
    EXPERIMENTS[0],
    (
        "/churn-releases\r\r",
        &["churn-releases › runs", "release-1", "release-6"],
    ),
];
const RUN: &[Step] = &[
    RUNS[0],
    RUNS[1],
    ("\x1b[H\r", &["› run › release-", "run id"]),
];
const COMPARE: &[Step] = &[
    RUNS[0],
    RUNS[1],
    ("u\x1b[H jj c", &["› compare 2 runs", "num_leaves"]),
];
const CHARTS: &[Step] = &[
    RUNS[0],
    RUNS[1],
    ("u\x1b[H jj m", &["› charts › 2 runs", "points of 2 curves"]),
];
const DRIVERS: &[Step] = &[
    RUNS[0],
    RUNS[1],
    ("i", &["param importance for", "too few runs to rank"]),
];
const MODELS: &[Step] = &[
    (HOME, &["› experiments"]),
    ("4", &["› models", "iris-forest"]),
];
const VERSIONS: &[Step] = &[
    MODELS[0],
    MODELS[1],
    (
        "/churn\r\r",
        &["› models › churn-classifier", "release-6", "v1"],
    ),
];
const LINEAGE: &[Step] = &[
    VERSIONS[0],
    VERSIONS[1],
    VERSIONS[2],
    ("L", &["› lineage", "customers@"]),
];
const MADE_FROM: &[Step] = &[
    VERSIONS[0],
    VERSIONS[1],
    VERSIONS[2],
    LINEAGE[3],
    ("hhB", &["› made from run:", "versions made from"]),
];
const JOURNAL: &[Step] = &[
    (HOME, &["› experiments"]),
    ("6", &["› journal", "churn-classifier"]),
];

const HISTORY: &[Step] = &[
    VERSIONS[0],
    VERSIONS[1],
    VERSIONS[2],
    ("H", &["› history", "events, newest first"]),
];

/// Keys, and what is on the screen when they have done their work.
type Step = (&'static str, &'static [&'static str]);

const FILES: &[Step] = &[
    RUNS[0],
    RUNS[1],
    RUN[2],
    ("\t\t\t\t\t", &["[Artifacts]", "README.md"]),
    ("G\r", &["judged on"]),
];

/// Every screen, with the panes that ask for something of their own.
pub const SCREENS: [&[Step]; 13] = [
    EXPERIMENTS,
    RUNS,
    RUN,
    FILES,
    COMPARE,
    CHARTS,
    DRIVERS,
    MODELS,
    VERSIONS,
    LINEAGE,
    MADE_FROM,
    JOURNAL,
    HISTORY,
];

/// Actions that lead to another screen, so that the way back must be gone again.
const ACTIONS_THAT_NAVIGATE: [&str; 14] = [
    "charts",
    "drivers",
    "open",
    "back",
    "close",
    "experiments",
    "runs",
    "compare",
    "models",
    "lineage",
    "made-from",
    "journal",
    "history",
    "clear-marks",
];

/// A key as a terminal sends it.
fn terminal_input(key: Key) -> String {
    match key.code {
        KeyCode::Char(c) if key.ctrl => char::from(u8::try_from(c).unwrap() & 0x1f).to_string(),
        KeyCode::Char(c) => c.to_string(),
        KeyCode::F(1) => "\x1bOP".to_owned(),
        KeyCode::F(5) => "\x1b[15~".to_owned(),
        KeyCode::F(n) => panic!("f{n}: no such key was in the keymap when this was written"),
        KeyCode::Named(named) => match named {
            NamedKey::Enter => "\r",
            NamedKey::Esc => ESC,
            NamedKey::Tab => "\t",
            NamedKey::BackTab => "\x1b[Z",
            NamedKey::Backspace => "\x7f",
            NamedKey::Delete => "\x1b[3~",
            NamedKey::Insert => "\x1b[2~",
            NamedKey::Up if key.alt => "\x1b[1;3A",
            NamedKey::Down if key.alt => "\x1b[1;3B",
            NamedKey::Up => "\x1b[A",
            NamedKey::Down => "\x1b[B",
            NamedKey::Right => "\x1b[C",
            NamedKey::Left => "\x1b[D",
            NamedKey::Home => "\x1b[H",
            NamedKey::End => "\x1b[F",
            NamedKey::PageUp => "\x1b[5~",
            NamedKey::PageDown => "\x1b[6~",
        }
        .to_owned(),
    }
}

/// Every key of the keymap with whether it may lead away; ctrl-c is left to [`CLOSE`].
fn keys() -> Vec<(String, bool)> {
    let keymap: toml::Value = toml::from_str(KEYMAP).unwrap();
    let mut keys: Vec<(String, bool)> = Vec::new();
    for row in keymap["bind"].as_array().unwrap() {
        let leads_away = ACTIONS_THAT_NAVIGATE.contains(&row["run"].as_str().unwrap());
        for name in row["on"].as_array().unwrap() {
            let key = terminal_input(name.as_str().unwrap().parse().unwrap());
            match keys.iter_mut().find(|(known, _)| *known == key) {
                Some((_, away)) => *away |= leads_away,
                None => keys.push((key, leads_away)),
            }
        }
    }
    // These keys end the program.
    keys.retain(|(key, _)| key != "\x03" && key != "Q");
    assert!(keys.len() > 50, "the keymap was not read: {keys:?}");
    keys
}

fn go_to_screen(pty: &Pty, screen: &[Step]) {
    for (keys, shown) in screen {
        pty.send(keys);
        pty.wait_until(&format!("{shown:?} after {keys:?}"), || {
            let text = pty.text();
            shown.iter().all(|part| text.contains(part))
        });
    }
}

/// Starts the app with nobody's settings.
fn start(folder: &Path, arguments: &[&str]) -> Pty {
    let program = PtyCommand::new(env!("CARGO_BIN_EXE_frontrunner"), arguments).size(160, 40);
    let program = ["config", "data", "cache"]
        .into_iter()
        .fold(program, |program, name| {
            program.env(
                &format!("FRONTRUNNER_{}_DIR", name.to_uppercase()),
                folder.join(name),
            )
        });
    let pty = program.spawn();
    pty.wait_for_screen();
    assert_eq!(
        pty.text().contains("READ ONLY"),
        arguments.contains(&"--read-only"),
        "{}",
        pty.text()
    );
    pty
}

/// Walks over one screen with every key and every action by name, and quits.
pub fn walk_screen(folder: &Path, target: &str, screen: &[Step]) {
    let mut pty = start(folder, &[target, "--read-only"]);
    let is_first = screen == EXPERIMENTS;
    for (key, _) in keys().iter().filter(|(_, leads_away)| *leads_away) {
        // On the first screen this one quits.
        if key != "q" || !is_first {
            go_to_screen(&pty, screen);
            pty.send(&format!("{key}\r"));
        }
    }
    go_to_screen(&pty, screen);
    for (key, _) in keys().iter().filter(|(_, leads_away)| !*leads_away) {
        pty.send(&format!("{key}{CLOSE}"));
    }
    let quits = [Action::Quit, Action::Close, Action::Interrupt];
    for action in Action::ALL.iter().filter(|action| !quits.contains(action)) {
        pty.send(&format!("\x10{}\r{CLOSE}", action.name()));
    }
    // All was taken when this is answered: keys are taken in their order.
    go_to_screen(&pty, EXPERIMENTS);
    // Screens that were left stay below: the one key that ends the program from anywhere, twice.
    pty.send("\x03\x03");
    assert_eq!(pty.wait_for_end(), 0);
}

/// The keys that write, with the screens on which they do.
const WRITING_KEYS: [(&[Step], &str); 13] = [
    (RUNS, "R"),
    (RUNS, "X"),
    (RUN, "R"),
    (RUN, "X"),
    (MODELS, "E"),
    (MODELS, "U"),
    (VERSIONS, "P"),
    (VERSIONS, "E"),
    (VERSIONS, "U"),
    (VERSIONS, "X"),
    (LINEAGE, "P"),
    (HISTORY, "U"),
    (JOURNAL, "U"),
];

/// Presses every key that writes, where it does: each must say that it can't be, and open nothing.
pub fn assert_writing_keys_are_refused(folder: &Path, target: &str) {
    let pty = start(folder, &[target, "--read-only"]);
    for (screen, key) in WRITING_KEYS {
        go_to_screen(&pty, screen);
        pty.send(key);
        pty.wait_for("is not available: --read-only was given");
        assert!(
            !pty.text().contains("cancel"),
            "{key} opened a dialog:\n{}",
            pty.text()
        );
    }
}

/// Moves the newest version to a stage, in a session that may write, until `is_written`.
pub fn promote_until_written(folder: &Path, target: &str, is_written: impl Fn() -> bool) {
    let pty = start(folder, &[target]);
    go_to_screen(&pty, VERSIONS);
    pty.send("P");
    pty.wait_for("cancel");
    pty.send("Archived\r");
    // An enter that comes too early applies nothing, so that no one is ever enough.
    pty.wait_until("the write", || {
        pty.send("\r");
        is_written()
    });
}
