//! Draws the run table.

use std::borrow::Cow;
use std::ops::Range;

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
use crate::tui::view::painter::{Painter, after, row_at};
use crate::tui::view::widgets::sparkline;

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
        after(parts.status, used),
        &new_runs_label(&scene, parts.rows.height),
        Role::Info,
    );
    painter.draw_text(
        after(parts.status, used + label_width),
        &status_text(&scene),
        Role::Muted,
    );
    draw_header(painter, parts.header, &scene);
    if screen.lines.is_empty() {
        let empty_message = if screen.table.is_empty() {
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

/// The number of new runs above and below the visible ones.
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

fn run_count_label(scene: &DrawContext<'_>) -> String {
    let screen = scene.screen;
    format!(
        "{} of {} runs",
        format_count(screen.match_count() as u64),
        format_count(screen.run_count() as u64)
    )
}

/// The rest of the status line: goal, order and filter.
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
        parts.push(format!(
            "{} constant columns folded",
            screen.columns.folded_constant_count()
        ));
    }
    format!("  {}", parts.join("  "))
}

/// Which part of the runs is loaded, unless all are.
fn partial_load_label(scene: &DrawContext<'_>) -> Option<String> {
    let screen = scene.screen;
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

/// The texts of the visible metrics and group statistics, with aligned decimal points: by visible column, then by visible
/// line. Columns that are not on the screen have no lines.
fn aligned_texts(scene: &DrawContext<'_>, lines: Range<usize>) -> Vec<Vec<Option<String>>> {
    let (screen, now) = (scene.screen, scene.app.now);
    let mut texts = vec![Vec::new(); scene.visible_columns.len()];
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
        let mut column: Vec<Option<String>> = lines.clone().map(text).collect();
        let plain: Vec<String> = column.iter().flatten().cloned().collect();
        for (text, aligned) in column
            .iter_mut()
            .flatten()
            .zip(number::align_decimal(&plain))
        {
            *text = aligned;
        }
        texts[index] = column;
    }
    texts
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
        (ColumnDisplay::RunName, _) => draw_run_name(painter, area, scene, line),
        (_, cell) => {
            let mut text =
                aligned_text.map_or_else(|| Cow::Owned(short_text(cell, now)), Cow::Borrowed);
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

fn draw_run_name(painter: &mut Painter<'_>, area: Rect, scene: &DrawContext<'_>, line: RunLine) {
    let name = scene.screen.run_label(line.row);
    let name = if line.passes_filter {
        name.clean().into_owned()
    } else {
        format!("({})", name.clean())
    };
    painter.draw_text(
        area,
        &format!("{}{name}", tree_prefix(painter, scene, line)),
        line.dimmed(Role::Text),
    );
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
