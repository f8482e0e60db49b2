//! The line above the run table: counts, goal, order and filter.

use ratatui::layout::Rect;

use super::{DrawContext, sort_arrow};
use crate::config::keymap::{Action, Scope};
use crate::config::theme::Role;
use crate::text::untrusted::clean;
use crate::text::width::width;
use crate::tui::screens::runs::RunsScreen;
use crate::tui::view::chrome::format_count;
use crate::tui::view::painter::Painter;
use crate::tui::view::screens::groups;

/// The full name of the column under the cursor, whose header may be cut, if there is room.
pub(super) fn draw_column_name(painter: &mut Painter<'_>, room: Rect, scene: &DrawContext<'_>) {
    let name = scene.screen.columns.current_key();
    let name = name.map(|key| format!("  {key} ")).unwrap_or_default();
    if width(&name) <= room.width {
        painter.draw_right_aligned(room, &name, Role::Muted);
    }
}

/// The number of new runs above and below the visible ones.
pub(super) fn new_runs_label(scene: &DrawContext<'_>, height: u16) -> String {
    let unseen = scene.screen.offscreen_new_runs(height.into());
    let key = scene
        .app
        .keymap
        .first_key(Scope::Runs, Action::NextNew)
        .map(|key| format!(" ({key})"))
        .unwrap_or_default();
    match (unseen.above, unseen.below) {
        (0, 0) => String::new(),
        (above, 0) => format!("  {above} new above{key}"),
        (0, below) => format!("  {below} new below{key}"),
        (above, below) => format!("  {} new{key}", above + below),
    }
}

pub(super) fn run_count_label(scene: &DrawContext<'_>) -> String {
    let screen = scene.screen;
    if screen.window.is_active() {
        let total = screen.window.total();
        let position = screen.window.position(screen.cursor.index).min(total);
        return format!("run {} of {}", format_count(position), format_count(total));
    }
    format!(
        "{} of {} runs",
        format_count(screen.match_count() as u64),
        format_count(screen.run_count() as u64)
    )
}

/// The rest of the status line: goal, order and filter.
pub(super) fn status_text(scene: &DrawContext<'_>) -> String {
    let screen = scene.screen;
    let mut parts = Vec::new();
    parts.extend(partial_load_label(scene));
    if let Some(goal) = &scene.goal {
        parts.push(format!("goal {}", goal.in_words()));
    }
    parts.extend(groups::group_status(screen));
    parts.push(order_label(screen));
    let key = |action| {
        scene
            .app
            .keymap
            .first_key(Scope::Runs, action)
            .map(|key| key.to_string())
            .unwrap_or_default()
    };
    if let Some((done, total)) = screen.curve_loader.progress() {
        let (done, total) = (format_count(done as u64), format_count(total as u64));
        parts.push(format!(
            "loading curves, {done} of {total} ({} stops)",
            key(Action::Back)
        ));
    } else if let Some((loaded, all)) = screen.partial_sort_progress() {
        let (loaded, all) = (format_count(loaded as u64), format_count(all as u64));
        parts.push(format!(
            "among {loaded} of {all} curves ({} loads the rest)",
            key(Action::ReadCurves)
        ));
    }
    if !screen.filter_text.is_empty() {
        parts.push(filter_status(screen));
    }
    if screen.columns.folded_constant_count() > 0 {
        let folded = screen.columns.folded_constant_count();
        let noun = if folded == 1 { "column" } else { "columns" };
        parts.push(format!("{folded} constant {noun} folded"));
    }
    match screen.columns.hidden_count() {
        0 => {}
        1 => parts.push("1 column hidden".into()),
        hidden => parts.push(format!("{hidden} columns hidden")),
    }
    format!("  {}", parts.join("  "))
}

/// The sort keys; without any, the newest run is first.
fn order_label(screen: &RunsScreen) -> String {
    let keys = screen.arrangement.sort.iter();
    let keys: Vec<String> = keys
        .map(|k| format!("{} {}", k.column.title(), sort_arrow(k.descending)))
        .collect();
    if keys.is_empty() {
        "newest first".into()
    } else {
        format!("sorted by {}", keys.join(", "))
    }
}

/// Which part of the runs is loaded, unless all are.
fn partial_load_label(scene: &DrawContext<'_>) -> Option<String> {
    let screen = scene.screen;
    if screen.window.is_active() {
        let done = "a window: the store sorts and filters all runs";
        return Some(match screen.window.unsupported() {
            [] => done.to_owned(),
            parts => format!("a window: the store {}", parts.join(", ")),
        });
    }
    if screen.table.is_empty() {
        return None;
    }
    let scope_text = match screen.loader.capped_total() {
        Some(Some(all)) => format!(
            "the newest of {} and the store's matches",
            format_count(all)
        ),
        Some(None) => "the newest and the store's matches".to_owned(),
        None if screen.loader.is_partial() => {
            let key = scene
                .app
                .keymap
                .first_key(Scope::Runs, Action::Refresh)
                .map(|key| key.to_string())
                .unwrap_or_default();
            format!("partly loaded ({key} loads all)")
        }
        None if !screen.loader.is_idle() && !screen.arrangement.sort.is_empty() => {
            "sorted among the loaded runs".to_owned()
        }
        None => return None,
    };
    let found = screen
        .pushdown
        .active_query()
        .filter(|question| !question.order_by.is_empty())
        .map(|_| screen.pushdown.progress());
    Some(match found {
        None if screen.arrangement.sort.is_empty() => scope_text,
        None => format!("{scope_text}; sorted among these"),
        Some((found, true)) => format!(
            "{scope_text}; sorted by the store, all {} loaded",
            format_count(found as u64)
        ),
        Some((found, false)) => format!(
            "{scope_text}; sorted by the store, the first {} loaded",
            format_count(found as u64)
        ),
    })
}

/// The filter, split into the parts that the store and this program evaluate.
fn filter_status(screen: &RunsScreen) -> String {
    if screen.window.is_active() {
        return format!("filter: {}", clean(&screen.filter_text));
    }
    let at_store = screen
        .pushdown
        .active_query()
        .filter(|question| !question.filters.is_empty());
    let Some(question) = at_store else {
        return format!("filter, local: {}", clean(&screen.filter_text));
    };
    let (found, over) = screen.pushdown.progress();
    let found = if over {
        format!("all {}", format_count(found as u64))
    } else {
        format!("the first {}", format_count(found as u64))
    };
    format!(
        "filter, in the store ({found}): {}; local: {}",
        clean(&question.filters.join("  or  ")),
        clean(&screen.filter_text)
    )
}
