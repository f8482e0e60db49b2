//! Keys, help, the palette, the themes and the README's table of keys tell the same.

use std::collections::{BTreeMap, BTreeSet};

use frontrunner::config::keymap::{Action, Key, Keymap, Scope};
use frontrunner::config::theme::{Role, Theme, ThemeColor};
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{App, Dialog, Message, Navigate, Session};
use frontrunner::tui::screens::{StartOptions, start};
use frontrunner::tui::view;
use frontrunner::tui::view::TerminalTheme;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use toml::{Table, Value};

use super::report;
use crate::support::sources::{find_files, package_root};

/// A size in which all of help is seen at once.
const HELP_SIZE: Size = Size {
    width: 160,
    height: 400,
};

/// One row of the keymap as it is written.
pub struct Row {
    pub keys: Vec<String>,
    pub action: String,
    pub scopes: Vec<String>,
}

pub fn rows() -> Vec<Row> {
    let text =
        std::fs::read_to_string(package_root().join("src/config/keymap/default.toml")).unwrap();
    let words = |row: &Value, key: &str| -> Vec<String> {
        row[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    let table: Table = text.parse().unwrap();
    let row = |row: &Value| Row {
        keys: words(row, "on"),
        action: row["run"].as_str().unwrap().to_owned(),
        scopes: words(row, "where"),
    };
    table["bind"].as_array().unwrap().iter().map(row).collect()
}

pub fn scope(name: &str) -> Scope {
    Value::String(name.to_owned())
        .try_into()
        .unwrap_or_else(|error| panic!("{name} is no place for keys: {error}"))
}

/// An app without a store, on its first screen.
fn app() -> App {
    let session = Session {
        can_write: true,
        remembers_views: true,
        ..Session::read_only("nothing")
    };
    start(
        session,
        Keymap::load(None).unwrap(),
        HELP_SIZE,
        0,
        &StartOptions::default(),
    )
    .0
}

fn press(app: &mut App, key: &str) {
    let _ = app.update(1, Message::Key(key.parse().unwrap()));
}

fn draw_app(app: &App) -> String {
    let mut terminal = Terminal::new(TestBackend::new(HELP_SIZE.width, HELP_SIZE.height)).unwrap();
    terminal
        .draw(|frame| view::draw(frame, app, &TerminalTheme::default()))
        .unwrap();
    terminal.backend().to_string()
}

/// The actions that the palette offers.
fn palette() -> BTreeSet<Action> {
    let mut app = app();
    press(&mut app, ":");
    let Some(Dialog::Picker(list)) = &app.dialog else {
        panic!("no palette: {:?}", app.dialog)
    };
    list.items()
        .iter()
        .filter_map(|item| match item.value {
            Navigate::Perform(action) => Some(action),
            _ => None,
        })
        .collect()
}

#[test]
fn keymap_rows_parse_and_name_actions() {
    let keymap = Keymap::load(None).unwrap();
    for row in rows() {
        let action = Action::ALL
            .iter()
            .find(|action| action.name() == row.action);
        let action = action.unwrap_or_else(|| panic!("there is no action {}", row.action));
        assert!(
            !row.keys.is_empty() && !row.scopes.is_empty(),
            "{} has no keys, or no place",
            row.action
        );
        for name in &row.scopes {
            for key in &row.keys {
                let read: Key = key.parse().unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(&read.to_string(), key, "{key} is spelled otherwise");
                assert_eq!(
                    keymap.action(scope(name), read),
                    Some(*action),
                    "{key} in {name}"
                );
            }
        }
    }
}

#[test]
fn every_action_is_reachable() {
    let palette = palette();
    let bound: BTreeSet<String> = rows().into_iter().map(|row| row.action).collect();
    let lost: Vec<String> = Action::ALL
        .iter()
        .filter(|action| !palette.contains(action) && !bound.contains(action.name()))
        .map(|action| action.name().to_owned())
        .collect();
    report("actions that nobody can ask for", &lost);
    let names: BTreeSet<&str> = Action::ALL.iter().map(|action| action.name()).collect();
    assert_eq!(
        names.len(),
        Action::ALL.len(),
        "two actions have the same name"
    );
}

#[test]
fn help_shows_every_key() {
    let mut app = app();
    press(&mut app, "?");
    let text = draw_app(&app);
    let mut missing = Vec::new();
    for row in rows() {
        let action = Action::ALL
            .iter()
            .find(|action| action.name() == row.action)
            .unwrap();
        for name in &row.scopes {
            let title = scope(name).title();
            let shown = section(&text, title).is_some_and(|part| {
                part.lines().any(|line| {
                    line.contains(&format!(" {} ", row.keys.join(" ")))
                        && line.contains(action.description())
                })
            });
            if !shown {
                missing.push(format!(
                    "{title}: {} {}",
                    row.keys.join(" "),
                    action.description()
                ));
            }
        }
    }
    report("keys that help does not show", &missing);
}

/// The part of help under a title.
fn section<'a>(text: &'a str, title: &str) -> Option<&'a str> {
    let bare = |line: &str| line.trim_matches(|c: char| !c.is_alphabetic()).to_owned();
    let start = text.lines().position(|line| bare(line) == title)?;
    let lines: Vec<&str> = text
        .lines()
        .skip(start + 1)
        .take_while(|line| !bare(line).is_empty())
        .collect();
    let from = lines.first()?.as_ptr() as usize - text.as_ptr() as usize;
    let last = lines.last()?;
    Some(&text[from..last.as_ptr() as usize - text.as_ptr() as usize + last.len()])
}

#[test]
fn theme_files_are_built_in_and_define_every_role() {
    let themes: BTreeMap<String, Table> = find_files("themes", &["toml"])
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (
                name,
                std::fs::read_to_string(path).unwrap().parse().unwrap(),
            )
        })
        .collect();
    let names: BTreeSet<&str> = Theme::builtin_names().into_iter().collect();
    assert_eq!(
        names,
        themes.keys().map(String::as_str).collect(),
        "the program's themes and the files of themes/"
    );
    for (name, table) in &themes {
        assert_eq!(table["name"].as_str(), Some(name.as_str()));
        let gives = |role: Role| {
            let parent = |table: &&Table| {
                table
                    .get("inherits")
                    .and_then(|parent| themes.get(parent.as_str()?))
            };
            std::iter::successors(Some(table), parent)
                .any(|table| table["roles"].get(role.name()).is_some())
        };
        let missing: Vec<String> = Role::ALL
            .into_iter()
            .filter(|role| !gives(*role))
            .map(|role| role.name().to_owned())
            .collect();
        report(&format!("roles that {name} leaves out"), &missing);
        assert_eq!(Theme::builtin(name).unwrap().name, *name);
    }
}

/// How bright a colour is, by WCAG 2; nothing where the terminal's owner chooses what it looks like.
fn brightness(color: ThemeColor) -> Option<f64> {
    let ThemeColor::Rgb(red, green, blue) = color else {
        return None;
    };
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    Some(0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue))
}

#[test]
fn high_contrast_theme_has_high_contrast() {
    let theme = Theme::builtin("high-contrast").unwrap();
    let ground = theme.style(Role::Text);
    let mut looked_at = 0;
    for role in Role::ALL {
        let style = theme.style(role);
        let (Some(fg), Some(bg)) = (
            style.fg.or(ground.fg).and_then(brightness),
            style.bg.or(ground.bg).and_then(brightness),
        ) else {
            continue;
        };
        looked_at += 1;
        let contrast = (fg.max(bg) + 0.05) / (fg.min(bg) + 0.05);
        assert!(
            contrast >= 4.5,
            "{} has a contrast of {contrast:.2} only",
            role.name()
        );
    }
    assert_eq!(
        looked_at,
        Role::ALL.len(),
        "the theme brings its own colours for everything"
    );
}
