//! Nothing that matters is cut without a way to see it: values of a run, reviews, lists, at 80x24 and 40x10.

use frontrunner::store::AccessMode;
use frontrunner::tui::app::layout::Size;
use frontrunner::tui::app::{Dialog, Message};
use frontrunner::tui::screens::RunScreen;

use super::ways::last_line;
use crate::support::driver::Driver;

const SIZES: [(u16, u16); 2] = [(80, 24), (40, 10)];

fn open((width, height): (u16, u16)) -> Driver {
    Driver::open(AccessMode::ReadWrite, Size { width, height })
}

/// The run of a release on the demo store.
fn at_run(size: (u16, u16)) -> Driver {
    let mut driver = open(size);
    driver.press("f").type_text("churn-releases");
    driver.press("enter enter enter");
    assert!(driver.app.screen_as::<RunScreen>().is_some());
    driver
}

/// All texts that scrolling to the end of the list shows, in one line.
fn all_rows(driver: &mut Driver) -> String {
    let mut seen = Vec::new();
    driver.press("g");
    loop {
        let screen = driver.screen();
        let is_end = seen.last() == Some(&screen);
        seen.push(screen);
        if is_end {
            return seen.join("\n");
        }
        driver.press("pagedown");
    }
}

/// Without line breaks and the spaces around them: a value that wraps is one text again.
fn joined(text: &str) -> String {
    text.lines().map(str::trim).collect()
}

#[test]
fn datasets_are_lists_of_what_is_recorded() {
    for size in SIZES {
        let mut driver = at_run(size);
        driver.press("tab tab tab tab");
        let all = all_rows(&mut driver);
        for text in [
            "customers",
            "context training",
            "e767a939",
            "rows",
            "double",
            "columns",
        ] {
            assert!(all.contains(text), "{text} at {size:?}:\n{all}");
        }
        let whole = joined(&all);
        assert!(whole.contains("s3://"), "{all}");
        assert!(!all.contains('{'), "raw JSON at {size:?}:\n{all}");
        driver.press("g enter");
        let Some(Dialog::Text(_)) = driver.dialog() else {
            panic!("{}", driver.screen())
        };
        driver.assert_shows("source:");
        driver.press("/").type_text("num_rows").press("enter");
        driver.assert_shows("num_rows");
    }
}

#[test]
fn overview_scrolls_to_every_section() {
    for size in SIZES {
        let mut driver = at_run(size);
        let all = all_rows(&mut driver);
        for text in [
            "status",
            "run id",
            "code",
            "data",
            "artifacts",
            "metrics",
            "val/logloss",
        ] {
            assert!(all.contains(text), "{text} at {size:?}:\n{all}");
        }
        assert!(joined(&all).contains("mlflow.db.artifacts"), "{all}");
    }
}

#[test]
fn value_of_a_run_is_opened_in_full() {
    let mut driver = Driver::open_messy(Size {
        width: 40,
        height: 10,
    });
    driver
        .press("f")
        .type_text("messy")
        .press("enter enter j j enter");
    driver.press("tab tab");
    driver.press("enter");
    let Some(Dialog::Text(_)) = driver.dialog() else {
        panic!("{}", driver.screen())
    };
    driver.press("q");
    assert!(driver.dialog().is_none());
}

fn at_review(access: AccessMode, (width, height): (u16, u16)) -> Driver {
    let mut driver = Driver::open(access, Size { width, height });
    driver
        .press("4 f")
        .type_text("churn")
        .press("enter enter g D");
    driver.assert_shows("for Production");
    driver
}

#[test]
fn help_in_a_review_lists_its_keys_and_returns_to_it() {
    for size in SIZES {
        let mut driver = at_review(AccessMode::ReadWrite, size);
        driver.press("j j ?");
        let Some(Dialog::Help(_)) = driver.dialog() else {
            panic!("{}", driver.screen())
        };
        driver.assert_shows("Version review");
        assert!(!driver.screen().contains("Anywhere"), "{}", driver.screen());
        // Only what has an effect there: a review does not scroll sideways.
        driver.type_text("left").assert_hides("move left");
        driver.press("ctrl-u");
        driver.press("?");
        let Some(Dialog::Review(review)) = driver.dialog() else {
            panic!("{}", driver.screen())
        };
        assert_eq!(review.pager.scroll, 2, "at the same line");
        // An action is run from the help, in the review.
        driver.press("?").type_text("bottom").press("enter");
        let Some(Dialog::Review(review)) = driver.dialog() else {
            panic!("{}", driver.screen())
        };
        assert!(review.pager.scroll > 2);
    }
}

#[test]
fn help_is_in_every_dialog() {
    let mut driver = open((80, 24));
    driver
        .press("4 f")
        .type_text("churn")
        .press("enter enter g");
    for (keys, title) in [
        ("P", "Lists"),
        ("P enter", "Plans"),
        (":", "Lists"),
        ("f", "Text fields"),
    ] {
        driver.press(keys);
        let before = driver.screen();
        assert!(last_line(&driver).contains("help"), "{before}");
        driver.press("f1").assert_shows(title);
        driver.press("esc");
        assert_eq!(driver.screen(), before);
        driver.press("esc");
    }
    // In a field with text, `?` is a character.
    driver.press("P a ?");
    let Some(Dialog::Picker(list)) = driver.dialog() else {
        panic!("{}", driver.screen())
    };
    assert_eq!(list.input.value(), "a?");
}

/// A reply that arrives while help is open reaches the dialog below it.
#[test]
fn dialog_below_help_gets_its_reply() {
    let mut driver = open((80, 24));
    driver
        .press("4 f")
        .type_text("churn")
        .press("enter enter g");
    driver.hold_replies().press("D ?");
    driver.release_replies().press("esc");
    driver.assert_shows("Verdict:");
}

#[test]
fn reviews_are_searched_as_in_less() {
    for size in SIZES {
        let mut driver = at_review(AccessMode::ReadWrite, size);
        driver.press("/");
        driver.assert_shows("find:");
        driver.type_text("not recorded").press("enter");
        driver.assert_shows("ot recorded");
        let found = |driver: &Driver| match driver.dialog() {
            Some(Dialog::Review(review)) => review.pager.search.line(),
            _ => panic!("{}", driver.screen()),
        };
        let first = found(&driver);
        driver.press("n");
        assert!(found(&driver) > first);
        driver.press("N");
        assert_eq!(found(&driver), first);
        driver.press("/").type_text("zzz").press("enter");
        assert!(driver.notification().contains("no match for zzz"));
        // esc leaves the field first, then the review.
        driver.press("/ esc");
        assert!(matches!(driver.dialog(), Some(Dialog::Review(_))));
        driver.press("esc");
        assert!(driver.dialog().is_none());
    }
}

#[test]
fn read_only_review_prepares_a_file_and_says_so_in_full() {
    let only = AccessMode::ReadOnly(frontrunner::store::ReadOnlyReason::Flag);
    for size in SIZES {
        let mut driver = at_review(only.clone(), size);
        assert!(
            !last_line(&driver).contains("approve"),
            "{}",
            last_line(&driver)
        );
        driver.press("A");
        driver.assert_shows("approve");
        let path = driver.folder().join("r.json").display().to_string();
        driver.press("enter ctrl-u").type_text(&path).press("enter");
        let all = driver.screen().replace(['│', ' ', '\n'], "");
        assert!(all.contains("recordsitwith:"), "{}", driver.screen());
        let command = format!("review--submit{path}");
        assert!(all.contains(&command), "{}", driver.screen());
        assert!(!driver.screen().contains("--archive-existing"));
    }
}

#[test]
fn lists_show_the_item_under_the_cursor_in_full() {
    for size in SIZES {
        let mut driver = open(size);
        driver
            .press("f")
            .type_text("churn-sweep")
            .press("enter enter");
        driver.press("j R down");
        let Some(Dialog::Picker(_)) = driver.dialog() else {
            panic!("{}", driver.screen())
        };
        let all: Vec<String> = driver
            .screen()
            .lines()
            .map(|line| line.replace('│', " "))
            .collect();
        let all = all.join(" ");
        let words: Vec<&str> = all.split_whitespace().collect();
        assert!(words.contains(&"0.8998,"), "{size:?}:\n{}", driver.screen());
        assert!(words.contains(&"runs"), "{size:?}:\n{}", driver.screen());
    }
}

#[test]
fn hints_of_a_plan_are_true() {
    let mut driver = open((80, 24));
    driver
        .press("f")
        .type_text("churn-releases")
        .press("enter enter R");
    if matches!(driver.dialog(), Some(Dialog::Picker(_))) {
        driver.press("enter");
    }
    driver.type_text("fresh-model").press("enter enter enter");
    driver.assert_shows("enter: open the version, esc: close");
    driver.assert_hides("enter closes");
    // esc closes without opening the version.
    driver.press("esc").assert_shows("runs");
    assert!(
        driver
            .app
            .screen_as::<frontrunner::tui::screens::VersionsScreen>()
            .is_none()
    );
}

#[test]
fn last_page_of_a_plan_offers_no_more() {
    let mut driver = open((80, 24));
    driver
        .press("4 f")
        .type_text("churn")
        .press("enter enter g P enter");
    assert!(last_line(&driver).contains("pagedown more"));
    driver.press("pagedown pagedown pagedown pagedown pagedown");
    assert!(!last_line(&driver).contains("more"), "{}", driver.screen());
    driver.send(Message::Resize {
        width: 200,
        height: 120,
    });
    driver.press("pageup");
    assert!(!last_line(&driver).contains("more"), "{}", driver.screen());
}

#[test]
fn plan_of_a_review_judges_nothing() {
    let mut driver = at_review(AccessMode::ReadWrite, (80, 24));
    driver.press("A enter");
    driver.assert_shows("planned writes");
    driver
        .assert_hides("no warnings")
        .assert_hides("no gate applies");
}

/// Production and `@champion` on different versions: every screen names the version and the place that it means.
#[test]
fn champion_is_named_with_its_place_and_the_same_everywhere() {
    let mut driver = open((80, 24));
    driver
        .press("4 f")
        .type_text("churn")
        .press("enter enter g j j j P");
    driver.type_text("@champion").press("enter enter");
    driver.type_text("churn-classifier").press("enter enter");
    driver.assert_shows("verified");
    driver.press("enter g");
    driver.assert_shows("champion v4, in Production");
    driver.press("D");
    driver.assert_shows("Against churn-classifier/4, the champion: it holds Production.");
    driver.assert_shows("churn-classifier/3 has @champion.");
    driver.press("A enter");
    driver.assert_shows("champion v4, in Production: release-4");
    driver.press("esc P enter");
    driver.assert_shows("champion v4, in Production: release-4");
    // For another slot, the champion is that slot's holder.
    driver
        .press("esc D tab")
        .type_text("@champion")
        .press("enter");
    driver
        .assert_shows("Against churn-classifier/3, the champion: it holds Archived and @champion.");
    driver.assert_shows("churn-classifier/4 holds Production.");
}

#[test]
fn details_of_a_list_item_are_opened_in_full() {
    for size in SIZES {
        let mut driver = open(size);
        driver
            .press("f")
            .type_text("churn-releases")
            .press("enter p");
        let all = all_lines(&mut driver);
        assert!(all.contains("artifacts:") && all.contains("note:"), "{all}");
        driver.press("esc 4 f").type_text("churn").press("enter p");
        assert!(all_lines(&mut driver).contains("@champion: v4"));
        driver.press("esc enter g p");
        let all = all_lines(&mut driver);
        for text in [
            "stage: Staging",
            "validation_status:",
            "last move:",
            "not as expected",
        ] {
            assert!(all.contains(text), "{text} at {size:?}:\n{all}");
        }
        driver.press("esc H p");
        assert!(all_lines(&mut driver).contains("change:"));
        driver
            .press("esc q E")
            .type_text("description")
            .press("enter ctrl-u a enter");
        driver.press("enter enter").assert_shows("verified");
        driver.press("enter 6 enter");
        let all = all_lines(&mut driver);
        assert!(
            all.contains("outcome: verified") && all.contains("writes:"),
            "{all}"
        );
    }
}

/// The lines of the open text, from the first to the last.
fn all_lines(driver: &mut Driver) -> String {
    let Some(Dialog::Text(text)) = driver.dialog() else {
        panic!("{}", driver.screen())
    };
    text.lines(driver.app.size).join(" ")
}

#[test]
fn sorting_says_by_which_column() {
    let mut driver = open((80, 24));
    driver
        .press("f")
        .type_text("churn-sweep")
        .press("enter enter s");
    driver.assert_shows("sorted by status ↑; h and l choose another column");
    driver.press("l s").assert_shows("sorted by name ↑");
    driver.press("s s");
    assert!(driver.notification().contains("not sorted"));
}

#[test]
fn previews_of_files_are_searched() {
    let mut driver = at_run((80, 24));
    driver.press("tab tab tab tab tab enter j enter");
    driver.assert_shows("true stays");
    driver.press("/").type_text("leaves").press("enter");
    let found = |driver: &Driver| {
        let screen = driver.app.screen_as::<RunScreen>();
        screen.and_then(RunScreen::found_line)
    };
    let first = found(&driver);
    assert!(first.is_some());
    driver.press("n");
    assert_ne!(found(&driver), first);
}

#[test]
fn long_titles_leave_room_for_the_typed_text() {
    let mut driver = open((40, 10));
    driver
        .press("f")
        .type_text("churn-sweep")
        .press("enter enter");
    driver
        .press("space space c x ctrl-u")
        .type_text("my-comparison.md");
    driver.assert_shows("my-comparison.md");
    // A message that is cut says where it is whole.
    driver.press("esc q s");
    let last = driver
        .screen()
        .lines()
        .nth(8)
        .unwrap_or_default()
        .to_owned();
    assert!(last.ends_with(":messages"), "{}", driver.screen());
}

#[test]
fn counts_of_the_column_list_are_whole() {
    let mut driver = open((40, 10));
    driver
        .press("f")
        .type_text("churn-sweep")
        .press("enter enter C");
    driver.assert_shows("26 of 40 shown");
}

/// `8.728420390238238e-05` without its end would be another number.
#[test]
fn compared_fractions_are_rounded_instead_of_cut() {
    let mut driver = Driver::new();
    driver.send(Message::Resize {
        width: 80,
        height: 24,
    });
    driver
        .press("f")
        .type_text("churn-sweep")
        .press("enter enter");
    driver
        .press("space space space c f")
        .type_text("learning")
        .press("enter");
    let screen = driver.screen();
    let row = screen.lines().find(|line| line.contains("learning_rate"));
    let row = row.unwrap_or_else(|| panic!("{screen}"));
    assert!(!row.contains('…'), "{screen}");
}

#[test]
fn help_shows_a_long_description_in_full() {
    let mut driver = open((40, 10));
    driver.press("?").type_text("all details");
    let screen = driver.screen().replace(['│', '\n'], " ");
    let words: Vec<&str> = screen.split_whitespace().collect();
    let text = words.join(" ");
    assert!(
        text.contains("show or hide the preview, or show all details"),
        "{text}"
    );
}
