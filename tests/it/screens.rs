//! What every screen looks like on the demo store, at three sizes and by a clock that stands still. `INSTA_UPDATE=always` writes
//! the pictures anew; then look at what changed in them.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test uses some of the driver, and what fails should stop"
)]

use std::fmt::Write as _;

use crate::support::driver::{Driver, NOW, lines};
use frontrunner::store::AccessMode;
use frontrunner::tui::app::Message;
use frontrunner::tui::app::layout::Size;
use ratatui::buffer::{Buffer, Cell};

const SIZES: [(u16, u16); 3] = [(40, 10), (80, 24), (200, 50)];

/// The keys that lead from the first screen to the runs of the sweep, to the curves of four others, and to the versions of the model in production.
const RUNS: &str = "f c h u r n - s w e e p enter enter";
const CHARTS: &str =
    "f i m a g e - c l a s s i f i e r enter enter space j space j space j space m";
const VERSIONS: &str = "4 f c h u r n enter enter";

/// Each screen: its name, and the keys that lead to it from the first one.
const SCREENS: &[(&str, &[&str])] = &[
    ("experiments", &[]),
    ("runs", &[RUNS]),
    (
        "runs-marked-sorted-filtered",
        &[
            RUNS,
            "l l l l s f m e t r i c s . a u c > 0 . 8 enter j space space",
        ],
    ),
    (
        "runs-filter-mistake",
        &[RUNS, "f m e t r i c s . a u c > >"],
    ),
    ("runs-preview", &[RUNS, "p"]),
    ("runs-columns", &[RUNS, "C"]),
    (
        "runs-curves",
        &[RUNS, "0 l l + enter + s t e p enter + v e r d enter", "l s"],
    ),
    (
        "runs-pinned-folded",
        &[
            "f i m a g e - c l a s s i f i e r enter enter",
            "0 l l ! l l l l \\ $",
        ],
    ),
    (
        "runs-groups",
        &[RUNS, "Z m a x _ d e p t h enter l l l l p"],
    ),
    (
        "runs-tree-filtered",
        &[
            "f i r i s - b a s e l i n e s enter enter",
            "Z t r e e enter f i s : n e s t e d enter",
        ],
    ),
    ("compare", &[RUNS, "space space space c"]),
    ("compare-everything", &[RUNS, "space space c d"]),
    ("compare-turned", &[RUNS, "space space space c T"]),
    ("charts", &[CHARTS]),
    ("charts-alone", &[CHARTS, "enter ] ] l l l"]),
    ("importance", &[RUNS, "i"]),
    ("parallel", &[RUNS, "i tab"]),
    ("contour", &[RUNS, "i tab tab tab"]),
    ("pareto", &[RUNS, "i tab tab tab tab j"]),
    ("nearest", &[RUNS, "i shift-tab"]),
    ("run", &["f c h u r n - r e l e a s e s enter enter enter"]),
    ("run-edit", &[RUNS, "E"]),
    ("models", &["4"]),
    ("versions", &[VERSIONS]),
    ("history-empty", &[VERSIONS, "H"]),
    ("lineage", &[VERSIONS, "L"]),
    ("lineage-walked", &[VERSIONS, "L h h h"]),
    ("made-from", &[VERSIONS, "L h h h j enter"]),
    ("register-best", &[RUNS, "j R down enter"]),
    ("plan", &[VERSIONS, "P P r o d u c t i o n enter"]),
    ("journal-empty", &["6"]),
    ("help", &[RUNS, "?"]),
    ("palette", &[RUNS, ":"]),
];

/// To the runs of the messy experiment, and to the versions of the messy model.
const MESSY_RUNS: &str = "f m e s s y enter enter";
const MESSY_VERSIONS: &str = "4 f m e s s y enter enter";

/// The screens on messy data.
const MESSY_SCREENS: &[(&str, &[&str])] = &[
    ("messy-experiments", &[]),
    ("messy-runs", &[MESSY_RUNS]),
    ("messy-runs-right", &[MESSY_RUNS, "l l l l l l l l"]),
    ("messy-runs-preview", &[MESSY_RUNS, "p"]),
    ("messy-columns", &[MESSY_RUNS, "C"]),
    ("messy-run", &[MESSY_RUNS, "j j enter"]),
    ("messy-compare", &[MESSY_RUNS, "j space j space j space c"]),
    (
        "messy-compare-diff",
        &[MESSY_RUNS, "j space j space c f f e a t enter D"],
    ),
    ("messy-charts", &[MESSY_RUNS, "j space j space j space m"]),
    ("messy-importance", &[MESSY_RUNS, "i"]),
    ("messy-models", &["4"]),
    ("messy-versions", &[MESSY_VERSIONS]),
    ("messy-lineage", &[MESSY_VERSIONS, "L"]),
    (
        "messy-plan",
        &[MESSY_VERSIONS, "j P P r o d u c t i o n enter"],
    ),
    ("messy-review", &[MESSY_VERSIONS, "j D"]),
    ("messy-history", &[MESSY_VERSIONS, "H"]),
];

/// A session on a screen, at the time at which it began.
fn driver_at(keys: &[&str], (width, height): (u16, u16)) -> Driver {
    show(
        Driver::open(AccessMode::ReadWrite, Size { width, height }),
        keys,
    )
}

fn show(mut driver: Driver, keys: &[&str]) -> Driver {
    for keys in keys {
        driver.press(keys);
    }
    driver.now = NOW;
    driver.send(Message::Tick);
    driver
}

fn assert_snapshot(name: &str, picture: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("screens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, picture));
}

/// What differs from one run of this test to the next: ids of plans, folders, and the requests with both in them.
fn redact_volatile(text: &str) -> String {
    let mut out = Vec::new();
    // The column of the heading above the requests.
    let mut requests: Option<usize> = None;
    for line in text.lines() {
        let is_request = |column: usize| {
            let inside: String = line.chars().skip(column).take(40).collect();
            !inside.trim_matches(['│', ' ']).is_empty() && !inside.starts_with('▸')
        };
        if requests.is_some_and(is_request) {
            continue;
        }
        requests = line
            .find("requests, in order")
            .map(|at| line[..at].chars().count());
        let mut line = line.to_owned();
        for (before, chars) in [("  plan ", 8), ("frontrunner.log.", 8), ("/tmp/.tmp", 6)] {
            let Some(at) = line.find(before).map(|at| at + before.len()) else {
                continue;
            };
            let end = line[at..]
                .char_indices()
                .take_while(|(_, c)| c.is_alphanumeric())
                .take(chars)
                .last();
            if let Some((last, _)) = end {
                line.replace_range(at..=at + last, &"#".repeat(last + 1));
            }
        }
        out.push(line);
    }
    out.join("\n")
}

/// The drawing with a letter for each look, and what the letters stand for.
fn styles(buffer: &Buffer) -> String {
    let mut known: Vec<String> = Vec::new();
    let mut letter = |cell: &Cell| {
        let look = format!("{:?} on {:?} {:?}", cell.fg, cell.bg, cell.modifier);
        let at = known
            .iter()
            .position(|other| *other == look)
            .unwrap_or_else(|| {
                known.push(look);
                known.len() - 1
            });
        char::from(b'a' + u8::try_from(at).unwrap())
    };
    let width = usize::from(buffer.area.width);
    let mut text = String::new();
    for row in buffer.content.chunks(width) {
        text.extend(row.iter().map(&mut letter));
        text.push('\n');
    }
    for (at, look) in known.iter().enumerate() {
        writeln!(
            text,
            "{} {look}",
            char::from(b'a' + u8::try_from(at).unwrap())
        )
        .unwrap();
    }
    text
}

#[test]
fn screens_match_snapshots() {
    for (name, keys) in SCREENS {
        for (width, height) in SIZES {
            let driver = driver_at(keys, (width, height));
            assert_snapshot(
                &format!("{name}-{width}x{height}"),
                &redact_volatile(&lines(&driver.buffer()).join("\n")),
            );
        }
    }
}

#[test]
fn messy_screens_match_snapshots() {
    for (name, keys) in MESSY_SCREENS {
        for (width, height) in SIZES {
            let driver = show(Driver::open_messy(Size { width, height }), keys);
            assert_snapshot(
                &format!("{name}-{width}x{height}"),
                &redact_volatile(&lines(&driver.buffer()).join("\n")),
            );
        }
    }
}

#[test]
fn lineage_matches_ascii_snapshot() {
    for (width, height) in SIZES {
        let driver = driver_at(&[VERSIONS, "L h h"], (width, height)).monochrome_ascii();
        let text = lines(&driver.buffer()).join("\n");
        assert!(
            text.chars().all(|c| c.is_ascii() || "…⏎›·".contains(c)),
            "{text}"
        );
        assert_snapshot(
            &format!("lineage-ascii-{width}x{height}"),
            &redact_volatile(&text),
        );
    }
}

#[test]
fn styles_match_snapshots() {
    for (name, keys) in SCREENS
        .iter()
        .filter(|(name, _)| ["runs-marked-sorted-filtered", "compare", "versions"].contains(name))
    {
        assert_snapshot(
            &format!("{name}-styles"),
            &styles(&driver_at(keys, (80, 24)).buffer()),
        );
    }
}
