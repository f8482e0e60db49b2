//! The default keymap: one meaning per key, no writes by lower-case letters, and files of earlier versions still load.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use frontrunner::config::keymap::{Access, Action, Key, KeyCode, Keymap, Scope};

/// Every key with more than one action, and why that is one meaning, or none that could be mistaken.
const SHARED_KEYS: &[(&str, &[Action], &str)] = &[
    (
        "enter",
        &[Action::Open, Action::Accept],
        "goes on with what is under the cursor",
    ),
    (
        "q",
        &[Action::Close, Action::Back],
        "leaves a screen or a dialog without a field",
    ),
    (
        "tab",
        &[
            Action::NextPane,
            Action::Next,
            Action::Complete,
            Action::NextTarget,
        ],
        "goes on: to the next pane, field or slot, or to the end of the word",
    ),
    (
        "shift-tab",
        &[Action::PreviousPane, Action::Previous],
        "goes back to the pane or field before",
    ),
    ("up", &[Action::Up, Action::Previous], "moves up"),
    ("down", &[Action::Down, Action::Next], "moves down"),
    (
        "ctrl-n",
        &[Action::NextNew, Action::Next],
        "goes to the next one: a new run, or an item of a list",
    ),
    (
        "ctrl-p",
        &[Action::Palette, Action::Previous],
        "opens the palette; inside a list, where it is open already, goes up",
    ),
    (
        "space",
        &[Action::Mark, Action::HideRun, Action::Toggle],
        "ticks the item under the cursor: marked, drawn, or shown",
    ),
    (
        "0",
        &[Action::FirstColumn, Action::WholeRange],
        "goes to the beginning: the first column, the whole axis",
    ),
    (
        "+",
        &[Action::Derive, Action::ZoomIn, Action::AddGoal],
        "adds: a column, detail, a goal",
    ),
    (
        "-",
        &[Action::HideColumn, Action::ZoomOut],
        "takes away: a column, detail",
    ),
    (
        ".",
        &[Action::DeletedRuns, Action::NextPage, Action::Prompts],
        "shows what is hidden, as in file managers: deleted runs, system metrics, prompts",
    ),
    (
        "d",
        &[Action::DifferencesOnly, Action::Divergence],
        "shows where runs differ",
    ),
    (
        "D",
        &[Action::Diff, Action::Review],
        "shows what differs inside: a value, or a candidate from its champion",
    ),
    (
        "a",
        &[Action::NextAxis, Action::AcrossProperty],
        "chooses the x axis",
    ),
    (
        "e",
        &[Action::NextScale, Action::UpProperty],
        "chooses the y axis: its scale or its property",
    ),
];

fn meanings() -> BTreeMap<String, BTreeSet<Action>> {
    let keymap = Keymap::load(None).unwrap();
    let mut meanings: BTreeMap<String, BTreeSet<Action>> = BTreeMap::new();
    for binding in keymap.all() {
        for key in &binding.keys {
            meanings
                .entry(key.to_string())
                .or_default()
                .insert(binding.action);
        }
    }
    meanings
}

#[test]
fn keys_have_one_meaning() {
    let meanings = meanings();
    for (key, actions) in meanings.iter().filter(|(_, actions)| actions.len() > 1) {
        let listed = SHARED_KEYS.iter().find(|(shared, ..)| shared == key);
        let reasoned: BTreeSet<Action> = listed
            .iter()
            .flat_map(|(_, actions, _)| *actions)
            .copied()
            .collect();
        assert_eq!(
            *actions, reasoned,
            "{key} has several meanings: give the reason in SHARED_KEYS, or another key"
        );
    }
    for (key, actions, reason) in SHARED_KEYS {
        let bound = meanings.get(*key).map(BTreeSet::len);
        assert!(
            !reason.is_empty() && bound == Some(actions.len()),
            "{key} is no longer shared"
        );
    }
}

#[test]
fn lower_case_letters_never_write() {
    let keymap = Keymap::load(None).unwrap();
    for binding in keymap
        .all()
        .filter(|binding| binding.action.access() == Access::Write)
    {
        for key in &binding.keys {
            let is_capital = matches!(key.code, KeyCode::Char(c) if c.is_uppercase());
            assert!(
                is_capital && !key.ctrl,
                "{key} writes: {}",
                binding.action.name()
            );
        }
    }
}

#[test]
fn keys_are_those_of_the_design() {
    let keymap = Keymap::load(None).unwrap();
    let expected = [
        (Scope::Runs, "r", Action::Refresh),
        (Scope::Runs, "f5", Action::Refresh),
        (Scope::Runs, "ctrl-l", Action::Redraw),
        (Scope::Runs, "R", Action::Register),
        (Scope::Run, "R", Action::Register),
        (Scope::Versions, "P", Action::Promote),
        (Scope::Lineage, "P", Action::Promote),
        (Scope::Versions, "A", Action::Approve),
        (Scope::Review, "A", Action::Approve),
        (Scope::Versions, "E", Action::Edit),
        (Scope::Models, "E", Action::Edit),
        (Scope::Runs, "X", Action::Delete),
        (Scope::Versions, "U", Action::Undo),
        (Scope::Journal, "U", Action::Undo),
        (Scope::Versions, "u", Action::ClearMarks),
        (Scope::Compare, "x", Action::Export),
        (Scope::Charts, "x", Action::Export),
        (Scope::Compare, "T", Action::Transpose),
        (Scope::Journal, "Q", Action::Quit),
        (Scope::Runs, "z", Action::Fold),
        (Scope::Runs, "Z", Action::Group),
        (Scope::Runs, ".", Action::DeletedRuns),
        (Scope::Runs, "+", Action::Derive),
    ];
    for (scope, key, action) in expected {
        let key: Key = key.parse().unwrap();
        assert_eq!(
            keymap.action(scope, key),
            Some(action),
            "{key} on {}",
            scope.title()
        );
    }
}

/// The names of actions that were merged are still names.
#[test]
fn keymap_of_an_earlier_version_loads() {
    let former = [
        ("register-best", Action::Register),
        ("stage", Action::Promote),
        ("alias", Action::Promote),
        ("request", Action::Promote),
        ("reject", Action::Approve),
        ("restore", Action::Delete),
        ("give-back", Action::Undo),
        ("recheck", Action::Recheck),
        ("derive", Action::Derive),
    ];
    for (name, action) in former {
        let text = format!(
            "[[bind]]\non = [\"f9\"]\nrun = \"{name}\"\nwhere = [\"versions\"]\nhint = \"it\"\n"
        );
        let keymap = Keymap::load(Some((Path::new("keymap.toml"), &text))).unwrap();
        let key: Key = "f9".parse().unwrap();
        assert_eq!(keymap.action(Scope::Versions, key), Some(action), "{name}");
    }
}
