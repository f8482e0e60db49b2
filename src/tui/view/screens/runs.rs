//! Drawing the run table.

use std::collections::HashMap;

use ratatui::layout::Rect;

use super::{draw_empty, groups, preview};
use crate::config::keymap::{Action, Scope};
use crate::config::theme::Role;
use crate::domain::{Goal, RunStatus};
use crate::table::{CellValue, ColumnDisplay, ColumnKey, DisplayRow, Grouping, RowId};
use crate::text::Untrusted;
use crate::text::number;
use crate::text::untrusted::clean;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::{STALLED_SYMBOL, short_text, status_symbol};
use crate::tui::app::layout::{split_preview, table_areas};
use crate::tui::screens::runs::RunsScreen;
use crate::tui::screens::runs::columns::{ColumnState, MARK_WIDTH, PlacedColumn};
use crate::tui::view::chrome::format_count;
use crate::tui::view::painter::{Painter, row_at};
use crate::tui::view::widgets::sparkline;

/// What one draw of the table needs everywhere.
pub(super) struct DrawContext<'a> {
    pub(super) app: &'a App,
    pub(super) screen: &'a RunsScreen,
    goal: Option<Goal>,
    visible_columns: Vec<&'a ColumnState>,
    pub(super) placed: Vec<PlacedColumn>,
}

/// Draws the table, and the preview beside it.
pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &RunsScreen) {
    let (area, preview_area) = split_preview(body, screen.is_preview_open);
    let parts = table_areas(area);
    let goal = screen.goal(&app.shared);
    let placed = screen.columns.layout(parts.header.width, goal.is_some());
    let scene = DrawContext {
        app,
        screen,
        goal,
        visible_columns: screen.columns.visible(),
        placed,
    };
    let used = painter.draw_text(
        parts.status,
        &format!(" {}", run_count_label(&scene)),
        Role::Muted,
    );
    let label_width = painter.draw_text(
        remaining_area(parts.status, used),
        &new_runs_label(&scene, parts.rows.height),
        Role::Info,
    );
    painter.draw_text(
        remaining_area(parts.status, used + label_width),
        &status_text(&scene),
        Role::Muted,
    );
    draw_header(painter, parts.header, &scene);
    if screen.lines.is_empty() {
        let empty_message = if screen.table.is_empty() {
            "no runs here yet"
        } else {
            "no run passes the filter: esc clears it"
        };
        draw_empty(
            painter,
            parts.rows,
            &screen.freshness(&app.shared),
            empty_message,
        );
    }
    draw_rows(painter, parts.rows, &scene);
    if let Some(area) = preview_area {
        preview::draw(painter, area, app, screen);
    }
}

/// What is left of a line after the first cells.
fn remaining_area(area: Rect, used: u16) -> Rect {
    Rect {
        x: area.x + used.min(area.width),
        width: area.width.saturating_sub(used),
        ..area
    }
}

/// New runs that are not on the screen, and where they are.
fn new_runs_label(scene: &DrawContext<'_>, height: u16) -> String {
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

/// How many runs are seen, of how many.
fn run_count_label(scene: &DrawContext<'_>) -> String {
    let screen = scene.screen;
    format!(
        "{} of {} runs",
        format_count(screen.match_count() as u64),
        format_count(screen.run_count() as u64)
    )
}

/// The rest of the line above the table: the goal, the order, the filter.
fn status_text(scene: &DrawContext<'_>) -> String {
    let screen = scene.screen;
    let mut parts = Vec::new();
    parts.extend(partial_load_label(scene));
    if let Some(goal) = &scene.goal {
        parts.push(format!("goal {goal}"));
    }
    parts.extend(groups::group_status(screen));
    if !screen.arrangement.sort.is_empty() {
        let keys: Vec<String> = screen
            .arrangement
            .sort
            .iter()
            .map(|k| format!("{} {}", k.column.title(), sort_arrow(k.descending)))
            .collect();
        parts.push(format!("sorted by {}", keys.join(", ")));
    }
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
            "reading curves, {done} of {total} ({} stops)",
            key(Action::Back)
        ));
    } else if let Some((loaded, all)) = screen.partial_sort_progress() {
        let (loaded, all) = (format_count(loaded as u64), format_count(all as u64));
        parts.push(format!(
            "among {loaded} of {all} curves ({} reads the rest)",
            key(Action::ReadCurves)
        ));
    }
    if !screen.filter_text.is_empty() {
        parts.push(filter_status(screen));
    }
    if screen.columns.folded_constant_count() > 0 {
        parts.push(format!(
            "{} constant columns folded",
            screen.columns.folded_constant_count()
        ));
    }
    format!("  {}", parts.join("  "))
}

/// Which part of the runs is here, where it is a part.
fn partial_load_label(scene: &DrawContext<'_>) -> Option<String> {
    let screen = scene.screen;
    if screen.table.is_empty() {
        return None;
    }
    let scope_text = match screen.loader.capped_total() {
        Some(Some(all)) => format!(
            "the newest of {}, and what the store found",
            format_count(all)
        ),
        Some(None) => "the newest of more, and what the store found".to_owned(),
        None if screen.loader.is_partial() => {
            let key = scene
                .app
                .keymap
                .first_key(Scope::Runs, Action::Refresh)
                .map(|key| key.to_string())
                .unwrap_or_default();
            format!("only a part is loaded ({key} reads all)")
        }
        None if !screen.loader.is_idle() && !screen.arrangement.sort.is_empty() => {
            "sorted as far as loaded".to_owned()
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
            "{scope_text}; all {} of the store's order are here",
            format_count(found as u64)
        ),
        Some((found, false)) => format!(
            "{scope_text}; sorted by the store: its first {} are here",
            format_count(found as u64)
        ),
    })
}

/// The filter, and which part of it was done where.
fn filter_status(screen: &RunsScreen) -> String {
    let at_store = screen
        .pushdown
        .active_query()
        .filter(|question| !question.filters.is_empty());
    let Some(question) = at_store else {
        return format!("filter, done here: {}", clean(&screen.filter_text));
    };
    let (found, over) = screen.pushdown.progress();
    let found = if over {
        format!("all {}", format_count(found as u64))
    } else {
        format!("the first {}", format_count(found as u64))
    };
    format!(
        "filter, at the store ({found}): {}; here: {}",
        clean(&question.filters.join("  or  ")),
        clean(&screen.filter_text)
    )
}

fn sort_arrow(descending: bool) -> &'static str {
    if descending { "↓" } else { "↑" }
}

fn draw_header(painter: &mut Painter<'_>, area: Rect, scene: &DrawContext<'_>) {
    for place in &scene.placed {
        let cell = Rect {
            x: area.x + place.x,
            width: place.width,
            ..area
        };
        let Some(index) = place.index else {
            if let Some(goal) = &scene.goal {
                painter.draw_text(cell, &goal.metric.clean(), Role::Header);
            }
            continue;
        };
        let column = scene.visible_columns[index];
        let sorted = scene
            .screen
            .arrangement
            .sort
            .iter()
            .find(|key| key.column == column.key);
        let folded = match scene.screen.columns.folded_count(&column.key) {
            0 => String::new(),
            others => format!(" +{others}"),
        };
        let title = match (column.key.kind().display, sorted) {
            (ColumnDisplay::StatusSymbol, _) => String::new(),
            (_, Some(sort)) => {
                let arrow = sort_arrow(sort.descending);
                format!("{} {arrow}{folded}", column.key.title())
            }
            (_, None) => format!("{}{folded}", column.key.title()),
        };
        if column.is_numeric {
            painter.draw_right_aligned(cell, &title, Role::Header)
        } else {
            painter.draw_text(cell, &title, Role::Header)
        };
        if index == scene.screen.columns.cursor {
            painter.apply_role(cell, Role::Selection);
        }
    }
}

fn draw_rows(painter: &mut Painter<'_>, area: Rect, scene: &DrawContext<'_>) {
    let screen = scene.screen;
    let visible_range = screen
        .cursor
        .visible_range(screen.lines.len(), area.height.into());
    let texts = aligned_texts(scene, visible_range.clone());
    for (offset, line) in screen.lines[visible_range.clone()].iter().enumerate() {
        let strip = row_at(area, offset as u16);
        let at = visible_range.start + offset;
        let is_selected = at == screen.cursor.index;
        let statistic_text = |index: usize| texts.get(&(index, at)).cloned();
        match line {
            DisplayRow::Run {
                row,
                depth,
                children,
                is_match: passes,
            } => {
                let tree_position = TreePosition {
                    depth: *depth,
                    children: *children,
                    passes_filter: *passes,
                };
                draw_run(painter, strip, scene, *row, tree_position, statistic_text);
            }
            DisplayRow::Group { .. } => {
                groups::draw_group_line(painter, strip, scene, at, statistic_text);
            }
        }
        if is_selected {
            painter.apply_role(strip, Role::Selection);
            if let Some(place) = scene
                .placed
                .iter()
                .find(|place| place.index == Some(screen.columns.cursor))
            {
                painter.emphasize(Rect {
                    x: strip.x + place.x,
                    width: place.width,
                    ..strip
                });
            }
        }
    }
}

/// The texts of the metrics and of the groups' figures that are seen, by column and line, with the decimal points of a column in line.
fn aligned_texts(
    scene: &DrawContext<'_>,
    lines: std::ops::Range<usize>,
) -> HashMap<(usize, usize), String> {
    let (screen, now) = (scene.screen, scene.app.now);
    let mut texts = HashMap::new();
    for index in scene.placed.iter().filter_map(|place| place.index) {
        let key = &scene.visible_columns[index].key;
        let text = |line: usize| match &screen.lines[line] {
            DisplayRow::Run { row, .. } => key
                .kind()
                .aligns_decimals
                .then(|| short_text(screen.table.cell(*row, key, now), now)),
            DisplayRow::Group { .. } => {
                screen.group_statistic_text(line, key, screen.arrangement.statistic, now)
            }
        };
        let (at, plain): (Vec<usize>, Vec<String>) = lines
            .clone()
            .filter_map(|line| Some((line, text(line)?)))
            .unzip();
        texts.extend(
            at.into_iter()
                .zip(number::align_decimal(&plain))
                .map(|(line, text)| ((index, line), text)),
        );
    }
    texts
}

/// Where a run stands in a tree.
#[derive(Clone, Copy)]
struct TreePosition {
    depth: u16,
    children: u32,
    /// It passes the filter, or else stands here only for what is nested in it.
    passes_filter: bool,
}

fn draw_run(
    painter: &mut Painter<'_>,
    strip: Rect,
    scene: &DrawContext<'_>,
    row: RowId,
    tree_position: TreePosition,
    aligned_text: impl Fn(usize) -> Option<String>,
) {
    let table = &scene.screen.table;
    let id = table.run_id(row);
    let marks = &scene.app.shared.marks;
    let with_dimming = |role: Role| {
        if tree_position.passes_filter {
            role
        } else {
            Role::Muted
        }
    };
    if marks.contains(id) {
        let sign = if marks.baseline() == Some(id) {
            painter.theme.symbol("◆", "#")
        } else {
            painter.theme.symbol("●", "*")
        };
        painter.draw_text(
            Rect {
                width: MARK_WIDTH,
                ..strip
            },
            sign,
            Role::Mark,
        );
    } else if scene.screen.poller.new_runs.contains(id) {
        painter.draw_text(
            Rect {
                width: MARK_WIDTH,
                ..strip
            },
            "+",
            Role::Info,
        );
    }
    for place in &scene.placed {
        let area = Rect {
            x: strip.x + place.x,
            width: place.width,
            ..strip
        };
        let Some(index) = place.index else {
            if let Some(points) = scene
                .goal
                .as_ref()
                .and_then(|goal| scene.app.shared.histories.get(id, goal.metric.raw()))
            {
                let curve = sparkline::render(points, place.width, painter.theme);
                painter.draw_text(area, &curve, Role::Curve);
            }
            continue;
        };
        let column = scene.visible_columns[index];
        let cell = table.cell(row, &column.key, scene.app.now);
        match (column.key.kind().display, cell) {
            (ColumnDisplay::StatusSymbol, _) if table.is_stalled(row, scene.app.now) => {
                painter.draw_text(area, STALLED_SYMBOL, Role::Warn);
            }
            (ColumnDisplay::StatusSymbol, CellValue::Status(status)) => {
                painter.draw_text(
                    area,
                    status_symbol(status, painter.theme.is_ascii),
                    status_role(status),
                );
            }
            (ColumnDisplay::RunName, _) => {
                let name = scene.screen.run_label(row);
                let name = if tree_position.passes_filter {
                    name.clean().into_owned()
                } else {
                    format!("({})", name.clean())
                };
                painter.draw_text(
                    area,
                    &format!("{}{name}", tree_prefix(painter, scene, row, tree_position)),
                    with_dimming(Role::Text),
                );
            }
            (_, cell) => {
                let text = aligned_text(index).unwrap_or_else(|| short_text(cell, scene.app.now));
                let text = if let Some(metric) = column.key.curve_metric() {
                    curve_cell_text(painter, scene, row, metric, cell, text)
                } else {
                    text
                };
                let role = with_dimming(cell_role(cell, &column.key));
                if column.is_numeric {
                    painter.draw_right_aligned(area, &text, role)
                } else {
                    painter.draw_text(area, &text, role)
                };
            }
        }
    }
}

/// What stands in a column of curves: a sign where the curve was not read yet, and another where points of it were left out.
fn curve_cell_text(
    painter: &Painter<'_>,
    scene: &DrawContext<'_>,
    row: RowId,
    metric: &Untrusted,
    cell: CellValue<'_>,
    text: String,
) -> String {
    let table = &scene.screen.table;
    match table.curve_points(row, metric.raw()) {
        // A run without the metric has no curve to be read.
        None if table
            .column(&ColumnKey::Metric(metric.clone()))
            .is_present(row, 0) =>
        {
            painter.theme.symbol("…", "..").into()
        }
        Some((_, true)) if cell != CellValue::Missing => {
            format!("{}{}", painter.theme.symbol("≈", "~"), text.trim_start())
        }
        _ => text,
    }
}

/// What stands before a nested run's name.
fn tree_prefix(
    painter: &Painter<'_>,
    scene: &DrawContext<'_>,
    row: RowId,
    tree_position: TreePosition,
) -> String {
    let fold_symbol = match tree_position.children {
        _ if scene.screen.arrangement.grouping != Grouping::Tree => return String::new(),
        0 if tree_position.depth == 0 => return String::new(),
        0 => painter.theme.symbol("└ ", "` "),
        _ if scene
            .screen
            .arrangement
            .collapsed
            .contains(scene.screen.table.run_id(row).raw()) =>
        {
            painter.theme.symbol("▸ ", "+ ")
        }
        _ => painter.theme.symbol("▾ ", "- "),
    };
    format!("{}{fold_symbol}", "  ".repeat(tree_position.depth.into()))
}

fn cell_role(cell: CellValue<'_>, key: &ColumnKey) -> Role {
    match cell {
        CellValue::Number(value) if !value.is_finite() => Role::Bad,
        CellValue::Missing | CellValue::Time(_) | CellValue::Duration(_) => Role::Muted,
        _ if matches!(key, ColumnKey::Attribute(_)) => Role::Muted,
        _ => Role::Text,
    }
}

/// The role of a status; its sign and word say the same without colour.
pub fn status_role(status: RunStatus) -> Role {
    match status {
        RunStatus::Running => Role::Running,
        RunStatus::Finished => Role::Good,
        RunStatus::Failed => Role::Bad,
        RunStatus::Killed => Role::Warn,
        RunStatus::Scheduled | RunStatus::Unknown => Role::Muted,
    }
}
