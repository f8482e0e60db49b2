//! Draws the run table.

mod header;
mod status;

use std::borrow::Cow;
use std::ops::Range;

use ratatui::layout::Rect;

use super::{draw_empty, groups, preview};
use crate::config::theme::Role;
use crate::domain::{Goal, RunStatus};
use crate::table::{CellValue, ColumnDisplay, ColumnKey, DisplayRow, Grouping, RowId};
use crate::text::Untrusted;
use crate::text::excerpt::distinct_cuts;
use crate::text::number;
use crate::text::width::width;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::{STALLED_SYMBOL, column_text, status_symbol};
use crate::tui::app::layout::{split_preview, table_areas};
use crate::tui::screens::runs::RunsScreen;
use crate::tui::screens::runs::columns::{ColumnState, DIVIDER_OFFSET, MARK_WIDTH, PlacedColumn};
use crate::tui::view::painter::{Painter, after, row_at};
use crate::tui::view::widgets::sparkline;
use header::draw_header;
use status::{draw_column_name, new_runs_label, run_count_label, status_text};

/// The inputs of one draw.
pub(super) struct DrawContext<'a> {
    pub(super) app: &'a App,
    pub(super) screen: &'a RunsScreen,
    goal: Option<Goal>,
    visible_columns: Vec<&'a ColumnState>,
    pub(super) placed: Vec<PlacedColumn>,
}

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &RunsScreen) {
    let (area, preview_area) = split_preview(body, screen.is_preview_open);
    let parts = table_areas(area);
    let goal = screen.goal(&app.shared);
    let placed = screen
        .columns
        .layout(parts.header.width, screen.has_curve_column(&app.shared));
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
        after(parts.status, used),
        &new_runs_label(&scene, parts.rows.height),
        Role::Info,
    );
    let rest = after(parts.status, used + label_width);
    let status_width = painter.draw_text(rest, &status_text(&scene), Role::Muted);
    draw_column_name(painter, after(rest, status_width), &scene);
    draw_header(painter, parts.header, &scene);
    if screen.lines.is_empty() {
        let empty_message = if screen.table.is_empty() && !screen.window.is_active() {
            "no runs here yet"
        } else {
            "no run matches the filter: esc clears it"
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

fn sort_arrow(descending: bool) -> &'static str {
    if descending { "↓" } else { "↑" }
}

/// Draws the line before the first of the params or of the tags.
fn draw_divider(painter: &mut Painter<'_>, strip: Rect, place: PlacedColumn) {
    if place.has_divider {
        let x = strip.x + place.x.saturating_sub(DIVIDER_OFFSET);
        let line = painter.theme.symbol("│", "|");
        painter.draw_text(
            Rect {
                x,
                width: 1,
                ..strip
            },
            line,
            Role::Border,
        );
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
        let aligned_text = |index: usize| texts.get(index)?.get(offset)?.as_deref();
        match line {
            DisplayRow::Run {
                row,
                depth,
                children,
                is_match: passes,
            } => {
                let line = RunLine {
                    row: *row,
                    depth: *depth,
                    children: *children,
                    passes_filter: *passes,
                };
                draw_run(painter, strip, scene, line, aligned_text);
            }
            DisplayRow::Group { .. } => {
                groups::draw_group_line(painter, strip, scene, at, aligned_text);
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

/// The texts of the visible metrics and group statistics with aligned decimal points, and other texts cut to fit: by visible column, then by visible
/// line. Columns that are not on the screen have no lines.
fn aligned_texts(scene: &DrawContext<'_>, lines: Range<usize>) -> Vec<Vec<Option<String>>> {
    let (screen, now) = (scene.screen, scene.app.now);
    let mut texts = vec![Vec::new(); scene.visible_columns.len()];
    for place in &scene.placed {
        let Some(index) = place.index else { continue };
        let column = scene.visible_columns[index];
        let is_text = !column.aligns_decimals() && !column.is_numeric;
        if is_text && screen.arrangement.grouping == Grouping::Flat {
            texts[index] = distinct_texts(scene, column, lines.clone(), place.width);
            continue;
        }
        let text = |line: usize| match &screen.lines[line] {
            DisplayRow::Run { row, .. } => column
                .aligns_decimals()
                .then(|| column_text(screen.table.cell(*row, &column.key, now), &column.key, now)),
            DisplayRow::Group { .. } => {
                screen.group_statistic_text(line, &column.key, screen.arrangement.statistic, now)
            }
        };
        let mut texts_of_column: Vec<Option<String>> = lines.clone().map(text).collect();
        let mut decimal_width = column.decimal_width();
        for text in texts_of_column.iter().flatten() {
            decimal_width.include(text);
        }
        for text in texts_of_column.iter_mut().flatten() {
            *text = decimal_width.pad(text);
        }
        texts[index] = texts_of_column;
    }
    texts
}

/// The texts of a column that has no decimal points, cut so that different values look different.
fn distinct_texts(
    scene: &DrawContext<'_>,
    column: &ColumnState,
    lines: Range<usize>,
    room: u16,
) -> Vec<Option<String>> {
    let (screen, now) = (scene.screen, scene.app.now);
    let text = |line: usize| match &screen.lines[line] {
        DisplayRow::Run { row, .. } if column.key.kind().display == ColumnDisplay::RunName => {
            screen.run_label(*row).clean().into_owned()
        }
        DisplayRow::Run { row, .. } => {
            column_text(screen.table.cell(*row, &column.key, now), &column.key, now)
        }
        DisplayRow::Group { .. } => String::new(),
    };
    let whole: Vec<String> = lines.map(text).collect();
    let rooms: Vec<(&str, u16)> = whole.iter().map(|text| (text.as_str(), room)).collect();
    distinct_cuts(&rooms).into_iter().map(Some).collect()
}

/// A run with its position in a tree.
#[derive(Clone, Copy)]
struct RunLine {
    row: RowId,
    depth: u16,
    children: u32,
    /// False if only a nested run passes.
    passes_filter: bool,
}

impl RunLine {
    /// The role, or the muted one for a run that doesn't pass the filter.
    fn dimmed(self, role: Role) -> Role {
        if self.passes_filter {
            role
        } else {
            Role::Muted
        }
    }
}

fn draw_run<'t>(
    painter: &mut Painter<'_>,
    strip: Rect,
    scene: &DrawContext<'_>,
    line: RunLine,
    aligned_text: impl Fn(usize) -> Option<&'t str>,
) {
    draw_mark(painter, strip, scene, line.row);
    for place in &scene.placed {
        let area = Rect {
            x: strip.x + place.x,
            width: place.width,
            ..strip
        };
        draw_divider(painter, strip, *place);
        if let Some(index) = place.index {
            let column = scene.visible_columns[index];
            draw_cell(painter, area, scene, column, line, aligned_text(index));
        } else {
            draw_sparkline(painter, area, scene, line.row);
        }
    }
}

/// Draws the sign of a marked or new run.
fn draw_mark(painter: &mut Painter<'_>, strip: Rect, scene: &DrawContext<'_>, row: RowId) {
    let id = scene.screen.table.run_id(row);
    let marks = &scene.app.shared.marks;
    let (sign, role) = if marks.contains(id) {
        let sign = if marks.baseline() == Some(id) {
            painter.theme.symbol("◆", "#")
        } else {
            painter.theme.symbol("●", "*")
        };
        (sign, Role::Mark)
    } else if scene.screen.poller.new_runs.contains(id) {
        ("+", Role::Info)
    } else {
        return;
    };
    painter.draw_text(
        Rect {
            width: MARK_WIDTH,
            ..strip
        },
        sign,
        role,
    );
}

/// Draws the curve of the goal's metric if it is loaded.
fn draw_sparkline(painter: &mut Painter<'_>, area: Rect, scene: &DrawContext<'_>, row: RowId) {
    let id = scene.screen.table.run_id(row);
    if let Some(points) = scene
        .goal
        .as_ref()
        .and_then(|goal| scene.app.shared.histories.get(id, goal.metric.raw()))
    {
        let curve = sparkline::render(points, area.width, painter.theme);
        painter.draw_text(area, &curve, Role::Curve);
    }
}

fn draw_cell(
    painter: &mut Painter<'_>,
    area: Rect,
    scene: &DrawContext<'_>,
    column: &ColumnState,
    line: RunLine,
    aligned_text: Option<&str>,
) {
    let (table, now) = (&scene.screen.table, scene.app.now);
    let cell = table.cell(line.row, &column.key, now);
    match (column.key.kind().display, cell) {
        (ColumnDisplay::StatusSymbol, _) if table.is_stalled(line.row, now) => {
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
            draw_run_name(painter, area, scene, line, aligned_text);
        }
        (_, cell) => {
            let whole = || Cow::Owned(column_text(cell, &column.key, now));
            let mut text = aligned_text.map_or_else(whole, Cow::Borrowed);
            if width(&text) > area.width {
                text = fit_number(cell, &text, area.width).into();
            }
            if let Some(metric) = column.key.curve_metric() {
                text = curve_cell_text(painter, scene, line.row, metric, cell, text);
            }
            let role = line.dimmed(cell_role(cell, &column.key));
            if column.is_numeric {
                painter.draw_right_aligned(area, &text, role)
            } else {
                painter.draw_text(area, &text, role)
            };
        }
    }
}

fn draw_run_name(
    painter: &mut Painter<'_>,
    area: Rect,
    scene: &DrawContext<'_>,
    line: RunLine,
    cut_name: Option<&str>,
) {
    let name = scene.screen.run_label(line.row);
    let name = match cut_name {
        _ if !line.passes_filter => format!("({})", name.clean()),
        Some(cut) => cut.to_owned(),
        None => name.clean().into_owned(),
    };
    painter.draw_text(
        area,
        &format!("{}{name}", tree_prefix(painter, scene, line)),
        line.dimmed(Role::Text),
    );
}

/// A number with fewer digits, in a column that the user made too narrow for it. Other texts are cut when they are drawn.
fn fit_number(cell: CellValue<'_>, text: &str, room: u16) -> String {
    let value = match cell {
        CellValue::Number(value) => Some(value),
        _ => text.trim().parse().ok(),
    };
    match value {
        _ if width(text.trim()) <= room => text.trim().to_owned(),
        Some(value) => number::fit_short(value, room.into()),
        None => text.to_owned(),
    }
}

/// The text of a curve statistic, with symbols for a curve that is not loaded yet and for a sampled one.
fn curve_cell_text<'t>(
    painter: &Painter<'_>,
    scene: &DrawContext<'_>,
    row: RowId,
    metric: &Untrusted,
    cell: CellValue<'_>,
    text: Cow<'t, str>,
) -> Cow<'t, str> {
    let table = &scene.screen.table;
    match table.curve_points(row, metric.raw()) {
        // Only a run with the metric has a curve to load.
        None if table
            .column(&ColumnKey::Metric(metric.clone()))
            .is_present(row, 0) =>
        {
            painter.theme.symbol("…", "..").into()
        }
        Some((_, true)) if cell != CellValue::Missing => {
            format!("{}{}", painter.theme.symbol("≈", "~"), text.trim_start()).into()
        }
        _ => text,
    }
}

/// Indentation and fold symbol before the name of a run.
fn tree_prefix(painter: &Painter<'_>, scene: &DrawContext<'_>, line: RunLine) -> String {
    let fold_symbol = match line.children {
        _ if scene.screen.arrangement.grouping != Grouping::Tree => return String::new(),
        0 if line.depth == 0 => return String::new(),
        0 => painter.theme.symbol("└ ", "` "),
        _ if scene
            .screen
            .arrangement
            .collapsed
            .contains(scene.screen.table.run_id(line.row).raw()) =>
        {
            painter.theme.symbol("▸ ", "+ ")
        }
        _ => painter.theme.symbol("▾ ", "- "),
    };
    format!("{}{fold_symbol}", "  ".repeat(line.depth.into()))
}

fn cell_role(cell: CellValue<'_>, key: &ColumnKey) -> Role {
    match cell {
        CellValue::Number(value) if !value.is_finite() => Role::Bad,
        CellValue::Missing | CellValue::Time(_) | CellValue::Duration(_) => Role::Muted,
        _ if matches!(key, ColumnKey::Attribute(_)) => Role::Muted,
        _ => Role::Text,
    }
}

/// The role of a status, whose symbol says the same without colour.
pub fn status_role(status: RunStatus) -> Role {
    match status {
        RunStatus::Running => Role::Running,
        RunStatus::Finished => Role::Good,
        RunStatus::Failed => Role::Bad,
        RunStatus::Killed => Role::Warn,
        RunStatus::Scheduled | RunStatus::Unknown => Role::Muted,
    }
}
