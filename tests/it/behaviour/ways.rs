//! Finding one's way: the bottom line, help, the palette, the mouse, messages, leaving.

use frontrunner::config::keymap::Action;
use frontrunner::store::AccessMode;
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{Dialog, Message, Mouse, Navigate};
use frontrunner::tui::screens::{
    ExperimentsScreen, JournalScreen, ModelsScreen, RunsScreen, VersionsScreen,
};

use super::runs_table::at_runs;
use crate::support::driver::{Driver, lines};

const NORMAL: Size = Size {
    width: 80,
    height: 24,
};

pub(super) fn open(size: Size) -> Driver {
    Driver::open(AccessMode::ReadWrite, size)
}

pub(super) fn last_line(driver: &Driver) -> String {
    lines(&driver.buffer()).last().cloned().unwrap_or_default()
}

fn click(driver: &mut Driver, x: u16, y: u16) {
    driver.send(Message::Mouse(Mouse::Click { x, y }));
}

/// Clicks on the first place where a text is on the screen.
fn click_on(driver: &mut Driver, text: &str) {
    let (x, y) = place_of(driver, text);
    click(driver, x, y);
}

fn place_of(driver: &Driver, text: &str) -> (u16, u16) {
    let found = lines(&driver.buffer())
        .iter()
        .enumerate()
        .find_map(|(y, line)| {
            let at = line.find(text)?;
            let x = line[..at].chars().count();
            Some((u16::try_from(x).unwrap(), u16::try_from(y).unwrap()))
        });
    found.unwrap_or_else(|| panic!("no {text:?} in:\n{}", driver.screen()))
}

#[test]
fn footer_ends_in_help_on_every_screen_and_size() {
    let ways = [
        "1",
        "enter",
        "enter",
        "esc m",
        "esc i",
        "esc space space c",
        "4",
        "enter",
        "L",
        "esc H",
        "6",
    ];
    for (width, height) in [(40, 10), (80, 24), (200, 50)] {
        let mut driver = open(Size { width, height });
        driver.press("f").type_text("churn-releases").press("enter");
        for way in ways {
            driver.press(way);
            let footer = last_line(&driver);
            assert!(
                footer.trim_end().ends_with("? help"),
                "{way} at {width}: {footer:?}"
            );
            assert!(
                !footer.contains('…'),
                "{way} at {width}: a hint is cut: {footer:?}"
            );
        }
    }
}

#[test]
fn footer_names_the_screens_where_there_is_room() {
    let footer = last_line(&open(NORMAL));
    assert!(
        footer.contains("4 models") && footer.contains("6 journal"),
        "{footer}"
    );
    let footer = last_line(&open(Size {
        width: 200,
        height: 50,
    }));
    for name in [
        "1 experiments",
        "2 runs",
        "3 compare",
        "4 models",
        "5 lineage",
        "6 journal",
    ] {
        assert!(footer.contains(name), "{footer}");
    }
}

#[test]
fn narrow_footer_keeps_the_most_important_keys() {
    let mut driver = open(NORMAL);
    driver.press("4 f").type_text("churn").press("enter enter");
    let footer = last_line(&driver);
    for hint in ["P promote", "D review", "A approve"] {
        assert!(footer.contains(hint), "{footer}");
    }
    driver.send(Message::Resize {
        width: 40,
        height: 10,
    });
    let footer = last_line(&driver);
    assert!(
        footer.contains("P promote") && !footer.contains("mark"),
        "{footer}"
    );
}

#[test]
fn help_filters_and_runs_the_chosen_action() {
    let mut driver = at_runs("churn-sweep");
    driver.press("?").type_text("journal").assert_shows("1 of ");
    driver.press("enter");
    assert!(
        driver.app.screen_as::<JournalScreen>().is_some(),
        "{}",
        driver.screen()
    );
    // The action of another screen says where it works.
    driver.press("?").type_text("transpose").press("enter");
    assert!(driver.dialog().is_none());
    assert!(
        driver.notification().contains("Compare"),
        "{}",
        driver.notification()
    );
}

#[test]
fn help_scrolls_both_ways_and_shows_its_position() {
    let mut driver = open(NORMAL);
    driver.press("?");
    let first = driver.screen();
    driver.press("pagedown pagedown");
    assert_ne!(driver.screen(), first);
    driver.press(&"pagedown ".repeat(60));
    let last = driver.screen();
    driver.press("up up up up up up up up up up up up up up up up up up up up up up");
    assert_ne!(driver.screen(), last, "going up works at once");
    driver.press(&"pageup ".repeat(60));
    assert_eq!(driver.screen(), first);
}

#[test]
fn help_fits_80_columns_and_has_a_legend() {
    let mut driver = open(NORMAL);
    driver.press("?");
    let mut seen = String::new();
    for _ in 0..40 {
        let screen = driver.screen();
        let inside: Vec<&str> = screen.lines().skip(2).take(20).collect();
        for line in inside {
            let content = line.trim_matches(|c: char| c == '│' || c == ' ');
            assert!(!content.ends_with('…'), "cut: {line}");
            seen.push_str(content);
            seen.push('\n');
        }
        driver.press("pagedown");
    }
    for word in [
        "Symbols",
        "STALLED",
        "baseline",
        "best value of the row",
        "NaN at this step",
    ] {
        assert!(seen.contains(word), "{word} is not in help");
    }
    driver
        .press("esc ?")
        .type_text("legend")
        .assert_shows("STALLED");
}

/// The first actions of the palette for a text.
fn palette(driver: &mut Driver, text: &str) -> Vec<Action> {
    driver.press(":").type_text(text);
    let Some(Dialog::Picker(list)) = driver.dialog() else {
        panic!("{}", driver.screen())
    };
    let actions = list
        .items()
        .into_iter()
        .filter_map(|item| match item.value {
            Navigate::Perform(action) => Some(action),
            _ => None,
        });
    let actions = actions.collect();
    driver.press("esc");
    actions
}

#[test]
fn palette_finds_actions_by_other_words() {
    let mut driver = at_runs("churn-sweep");
    for (word, action) in [
        ("promote", Action::Promote),
        ("production", Action::Promote),
        ("rollback", Action::Undo),
        ("revert", Action::Undo),
        ("search", Action::Filter),
        ("png", Action::Picture),
        ("select", Action::Mark),
        ("log", Action::Journal),
        ("champion", Action::Promote),
        ("versions", Action::Models),
        ("legend", Action::Help),
        ("q", Action::Quit),
    ] {
        let found = palette(&mut driver, word);
        let at = found.iter().position(|found| *found == action);
        assert!(at.is_some_and(|at| at < 3), "{word}: {found:?}");
    }
}

#[test]
fn palette_lists_actions_of_this_screen_first() {
    let mut driver = at_runs("churn-sweep");
    let all = palette(&mut driver, "");
    let at = |action| all.iter().position(|listed| *listed == action).unwrap();
    assert!(at(Action::Compare) < at(Action::Journal), "{all:?}");
    assert!(
        at(Action::Journal) < at(Action::Up),
        "motions come late: {all:?}"
    );
    assert!(
        at(Action::Up) < at(Action::Transpose),
        "other screens come last: {all:?}"
    );
    driver
        .press(":")
        .type_text("promote")
        .assert_shows("on Versions, Lineage");
    driver.press("enter");
    assert!(
        driver.notification().contains("works on Versions, Lineage"),
        "{}",
        driver.notification()
    );
}

#[test]
fn keys_without_an_action_here_say_where_they_work() {
    let mut driver = Driver::new();
    driver.press("P");
    assert!(
        driver
            .notification()
            .contains("`promote` works on Versions, Lineage"),
        "{}",
        driver.notification()
    );
    driver.press("ctrl-g");
    assert!(
        driver.notification().contains("? lists all keys"),
        "{}",
        driver.notification()
    );
    driver.press("o");
    assert!(
        driver.notification().contains("no web page"),
        "{}",
        driver.notification()
    );
    driver.press("f1").assert_shows("keys and symbols");
}

#[test]
fn messages_disappear_with_their_screen() {
    let mut driver = Driver::new();
    driver.press("3");
    assert!(driver.notification().contains("mark two or more runs"));
    driver.press("4").assert_hides("mark two or more runs");
    driver.press(":").type_text("messages").press("enter");
    driver.assert_shows("mark two or more runs");
}

#[test]
fn q_never_needs_ten_presses() {
    let mut driver = at_runs("churn-sweep");
    for _ in 0..3 {
        driver.press("g enter m esc q space space c enter i q q");
        driver.press("4 enter L 4 enter H 6 1 enter 6 4 2");
    }
    let mut presses = 0;
    while !driver.has_quit {
        driver.press("q");
        presses += 1;
        assert!(presses < 10, "{}", driver.screen());
    }
    let mut driver = at_runs("churn-sweep");
    driver.press("4 enter Q");
    assert!(driver.has_quit);
}

#[test]
fn a_list_opens_by_double_click_and_its_header_sorts() {
    let mut driver = Driver::new();
    click_on(&mut driver, "churn-releases");
    assert!(driver.app.screen_as::<ExperimentsScreen>().is_some());
    click_on(&mut driver, "churn-releases");
    assert!(
        driver.app.screen_as::<RunsScreen>().is_some(),
        "{}",
        driver.screen()
    );
    // Two slow clicks open nothing.
    click_on(&mut driver, "release-6");
    driver.now += 5_000;
    click_on(&mut driver, "release-6");
    assert!(driver.app.screen_as::<RunsScreen>().is_some());
    driver.press("1").assert_shows("by last activity");
    click_on(&mut driver, "last activity");
    let header = place_of(&driver, "experiment  ");
    click(&mut driver, header.0, header.1);
    driver.assert_hides("by last activity");
}

#[test]
fn footer_path_and_tabs_take_clicks() {
    let mut driver = Driver::new();
    click_on(&mut driver, "4 models");
    assert!(
        driver.app.screen_as::<ModelsScreen>().is_some(),
        "{}",
        driver.screen()
    );
    driver.press("enter");
    assert!(driver.app.screen_as::<VersionsScreen>().is_some());
    click_on(&mut driver, "models ›");
    assert!(
        driver.app.screen_as::<ModelsScreen>().is_some(),
        "{}",
        driver.screen()
    );
    click_on(&mut driver, "mlflow.db");
    assert!(
        driver.app.screen_as::<ExperimentsScreen>().is_some(),
        "{}",
        driver.screen()
    );
    let mut driver = at_runs("churn-releases");
    driver.press("enter");
    click_on(&mut driver, " Params ");
    driver.assert_shows("[Params]");
    click_on(&mut driver, " Artifacts ");
    driver.assert_shows("[Artifacts]").assert_shows("README.md");
}

#[test]
fn palette_items_take_clicks() {
    let mut driver = Driver::new();
    driver.press(":").type_text("journal");
    click_on(&mut driver, "go to the journal");
    assert!(driver.dialog().is_some());
    click_on(&mut driver, "go to the journal");
    assert!(
        driver.app.screen_as::<JournalScreen>().is_some(),
        "{}",
        driver.screen()
    );
}
