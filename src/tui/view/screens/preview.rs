//! Drawing the preview: the run under the cursor, without leaving the table.

use ratatui::layout::Rect;

use super::runs::status_role;
use crate::analysis::rhythm::Rhythm;
use crate::config::theme::Role;
use crate::domain::Millis;
use crate::table::{Attribute, Cell, ColumnKey, Row};
use crate::text::number;
use crate::tui::app::App;
use crate::tui::app::cell::{STALLED, STALLED_SIGN, status_sign, text_at};
use crate::tui::screens::runs::Runs;
use crate::tui::view::paint::{Paint, Piece};
use crate::tui::view::widgets::sparkline;

/// How wide the keys are.
const KEY_WIDTH: usize = 18;

/// Draws the preview.
pub fn draw(paint: &mut Paint<'_>, area: Rect, app: &App, screen: &Runs) {
    if let Some((title, lines)) = super::groups::preview(app, screen) {
        let inside = paint.frame(area, &title, false);
        paint.lines(
            Rect {
                x: inside.x + 1,
                width: inside.width.saturating_sub(2),
                ..inside
            },
            &lines,
        );
        return;
    }
    let Some(row) = screen.current() else {
        paint.frame(area, "no run here", false);
        return;
    };
    let inside = paint.frame(area, &screen.run_label(row).clean(), false);
    let inside = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    let mut lines = head(paint, app, screen, row, inside.width);
    if let Some(goal) = screen.goal(&app.shared)
        && let Some(points) = app
            .shared
            .histories
            .get(screen.table.id(row), goal.metric.raw())
        && !points.is_empty()
    {
        let curve = sparkline::text(
            points,
            inside.width.saturating_sub(KEY_WIDTH as u16),
            paint.look,
        );
        lines.push(line(&goal.metric.clean(), curve, Role::Curve));
    }
    section(
        &mut lines,
        app,
        screen,
        row,
        "metrics",
        |key| matches!(key, ColumnKey::Metric(name) if !name.raw().starts_with("system/")),
    );
    section(&mut lines, app, screen, row, "params", |key| {
        matches!(key, ColumnKey::Param(_))
    });
    section(
        &mut lines,
        app,
        screen,
        row,
        "tags",
        |key| matches!(key, ColumnKey::Tag(name) if !name.raw().starts_with("mlflow.")),
    );
    paint.lines(inside, &lines);
}

/// The lines that say for how long a run has been quiet, and whether that is too long: then with the sign that stands in the table.
/// A run that keeps its pace says nothing.
pub fn quiet(rhythm: &Rhythm, now: Millis, width: u16) -> Vec<Vec<Piece>> {
    if !rhythm.is_stalled(now) {
        return Vec::new();
    }
    let text = format!("{STALLED_SIGN} {STALLED}: {}", rhythm.in_words(now));
    crate::text::fit::wrap(&text, width)
        .into_iter()
        .map(|line| vec![(line, Role::Warn)])
        .collect()
}

fn head(paint: &Paint<'_>, app: &App, screen: &Runs, row: Row, width: u16) -> Vec<Vec<Piece>> {
    let cell = |attribute| {
        screen
            .table
            .cell(row, &ColumnKey::Attribute(attribute), app.now)
    };
    let mut lines = Vec::new();
    if let Cell::Status(status) = cell(Attribute::Status) {
        let text = format!(
            "{} {}",
            status_sign(status, paint.look.ascii),
            status.as_str()
        );
        lines.push(vec![(text, status_role(status))]);
        if let Some(rhythm) = screen.rhythm(row, &app.shared) {
            lines.extend(quiet(&rhythm, app.now, width));
        }
    }
    for attribute in [
        Attribute::Start,
        Attribute::Duration,
        Attribute::User,
        Attribute::Source,
        Attribute::Commit,
        Attribute::Datasets,
    ] {
        match cell(attribute) {
            Cell::Missing => {}
            cell => lines.push(line(
                &ColumnKey::Attribute(attribute).title(),
                text_at(cell, app.now),
                Role::Text,
            )),
        }
    }
    lines
}

fn section(
    lines: &mut Vec<Vec<Piece>>,
    app: &App,
    screen: &Runs,
    row: Row,
    title: &str,
    wanted: impl Fn(&ColumnKey) -> bool,
) {
    let columns = screen
        .columns
        .all
        .iter()
        .filter(|column| wanted(&column.key));
    let cells = columns
        .map(|column| (column, screen.table.cell(row, &column.key, app.now)))
        .filter(|(_, cell)| *cell != Cell::Missing);
    let cells: Vec<_> = cells.collect();
    if cells.is_empty() {
        return;
    }
    lines.push(vec![(title.to_owned(), Role::Title)]);
    for (column, cell) in cells {
        let text = match cell {
            Cell::Number(value) => number::full(value),
            cell => text_at(cell, app.now),
        };
        let role = if matches!(cell, Cell::Number(value) if !value.is_finite()) {
            Role::Bad
        } else {
            Role::Text
        };
        lines.push(line(&column.key.title(), text, role));
    }
}

fn line(key: &str, text: String, role: Role) -> Vec<Piece> {
    let key = crate::text::fit::cut(key, KEY_WIDTH as u16 - 1);
    let gap = KEY_WIDTH.saturating_sub(usize::from(crate::text::fit::width(&key)));
    vec![
        (format!("{key}{}", " ".repeat(gap)), Role::Muted),
        (text, role),
    ]
}
