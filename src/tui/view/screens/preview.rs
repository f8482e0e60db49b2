//! Draws the preview of the run under the cursor.

use ratatui::layout::Rect;

use super::runs::status_role;
use crate::analysis::heartbeat::Heartbeat;
use crate::config::theme::Role;
use crate::domain::Millis;
use crate::table::{Attribute, CellValue, ColumnKey, RowId};
use crate::text::number;
use crate::tui::app::App;
use crate::tui::app::cell_text::{STALLED_LABEL, STALLED_SYMBOL, short_text, status_symbol};
use crate::tui::screens::runs::{PREVIEW_ATTRIBUTES, RunsScreen};
use crate::tui::view::painter::{Painter, TextSpan};
use crate::tui::view::widgets::sparkline;

/// The width of keys.
const KEY_WIDTH: usize = 18;

pub fn draw(painter: &mut Painter<'_>, area: Rect, app: &App, screen: &RunsScreen) {
    if let Some((title, lines)) = super::groups::group_preview(app, screen) {
        let inside = painter.draw_frame(area, &title, false);
        let inside = Rect {
            x: inside.x + 1,
            width: inside.width.saturating_sub(2),
            ..inside
        };
        draw_scrolled(painter, inside, &lines, screen.preview_scroll);
        return;
    }
    let Some(row) = screen.current_row() else {
        painter.draw_frame(area, "no run", false);
        return;
    };
    let inside = painter.draw_frame(area, &screen.run_label(row).clean(), false);
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    let mut lines = header_lines(painter, app, screen, row, inside.width);
    if let Some(goal) = screen.goal(&app.shared)
        && let Some(points) = app
            .shared
            .histories
            .get(screen.table.run_id(row), goal.metric.raw())
        && !points.is_empty()
    {
        let curve = sparkline::render(
            points,
            inside.width.saturating_sub(KEY_WIDTH as u16),
            painter.theme,
        );
        lines.push(key_value_line(&goal.metric.clean(), curve, Role::Curve));
    }
    push_section(
        &mut lines,
        app,
        screen,
        row,
        "metrics",
        |key| matches!(key, ColumnKey::Metric(name) if !name.raw().starts_with("system/")),
    );
    push_section(&mut lines, app, screen, row, "params", |key| {
        matches!(key, ColumnKey::Param(_))
    });
    push_section(
        &mut lines,
        app,
        screen,
        row,
        "tags",
        |key| matches!(key, ColumnKey::Tag(name) if !name.raw().starts_with("mlflow.")),
    );
    draw_scrolled(painter, inside, &lines, screen.preview_scroll);
}

/// Draws the lines from one on; where they go on, the last row of the area says so.
fn draw_scrolled(painter: &mut Painter<'_>, area: Rect, lines: &[Vec<TextSpan>], scroll: usize) {
    let height = usize::from(area.height);
    let first = scroll.min(lines.len().saturating_sub(height));
    let rest = lines.get(first..).unwrap_or_default();
    let below = rest.len().saturating_sub(height);
    painter.draw_lines(area, rest);
    if below > 0 && height > 1 {
        let last = Rect {
            y: area.bottom() - 1,
            height: 1,
            ..area
        };
        let text = format!("{} more: J", below + 1);
        let gap = usize::from(area.width).saturating_sub(text.len());
        painter.draw_spans(last, &[(format!("{text}{}", " ".repeat(gap)), Role::Muted)]);
    }
}

/// How long a run has logged nothing, with the symbol of the table if it has stalled.
/// Empty for a run on schedule.
pub fn stall_lines(rhythm: &Heartbeat, now: Millis, width: u16) -> Vec<Vec<TextSpan>> {
    if !rhythm.is_stalled(now) {
        return Vec::new();
    }
    let text = format!("{STALLED_SYMBOL} {STALLED_LABEL}: {}", rhythm.describe(now));
    crate::text::width::wrap(&text, width)
        .into_iter()
        .map(|line| vec![(line, Role::Warn)])
        .collect()
}

fn header_lines(
    painter: &Painter<'_>,
    app: &App,
    screen: &RunsScreen,
    row: RowId,
    width: u16,
) -> Vec<Vec<TextSpan>> {
    let cell = |attribute| {
        screen
            .table
            .cell(row, &ColumnKey::Attribute(attribute), app.now)
    };
    let mut lines = Vec::new();
    if let CellValue::Status(status) = cell(Attribute::Status) {
        let text = format!(
            "{} {}",
            status_symbol(status, painter.theme.is_ascii),
            status.as_str()
        );
        lines.push(vec![(text, status_role(status))]);
        if let Some(rhythm) = screen.heartbeat(row, &app.shared) {
            lines.extend(stall_lines(&rhythm, app.now, width));
        }
    }
    for attribute in PREVIEW_ATTRIBUTES {
        match cell(attribute) {
            CellValue::Missing => {}
            cell => lines.push(key_value_line(
                &ColumnKey::Attribute(attribute).title(),
                short_text(cell, app.now),
                Role::Text,
            )),
        }
    }
    lines
}

fn push_section(
    lines: &mut Vec<Vec<TextSpan>>,
    app: &App,
    screen: &RunsScreen,
    row: RowId,
    title: &str,
    includes: impl Fn(&ColumnKey) -> bool,
) {
    let columns = screen
        .columns
        .all
        .iter()
        .filter(|column| includes(&column.key));
    let cells = columns
        .map(|column| (column, screen.table.cell(row, &column.key, app.now)))
        .filter(|(_, cell)| *cell != CellValue::Missing);
    let cells: Vec<_> = cells.collect();
    if cells.is_empty() {
        return;
    }
    lines.push(vec![(title.to_owned(), Role::Title)]);
    for (column, cell) in cells {
        let text = match cell {
            CellValue::Number(value) => number::format_exact(value),
            cell => short_text(cell, app.now),
        };
        let role = if matches!(cell, CellValue::Number(value) if !value.is_finite()) {
            Role::Bad
        } else {
            Role::Text
        };
        lines.push(key_value_line(&column.key.title(), text, role));
    }
}

fn key_value_line(key: &str, text: String, role: Role) -> Vec<TextSpan> {
    let key = crate::text::width::truncate(key, KEY_WIDTH as u16 - 1);
    let gap = KEY_WIDTH.saturating_sub(usize::from(crate::text::width::width(&key)));
    vec![
        (format!("{key}{}", " ".repeat(gap)), Role::Muted),
        (text, role),
    ]
}
