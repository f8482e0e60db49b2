//! Draws groups: their lines in the table and their statistics in the preview.

use ratatui::layout::Rect;

use super::runs::DrawContext;
use crate::config::theme::Role;
use crate::table::{DisplayRow, Statistic};
use crate::text::untrusted::clean;
use crate::tui::app::App;
use crate::tui::app::cell_text::MISSING;
use crate::tui::screens::runs::RunsScreen;
use crate::tui::view::painter::{Painter, TextSpan};

/// Draws the line of a group: value, number of runs, and the statistics of the visible columns from `statistic_text`.
pub(super) fn draw_group_line<'t>(
    painter: &mut Painter<'_>,
    strip: Rect,
    scene: &DrawContext<'_>,
    line: usize,
    statistic_text: impl Fn(usize) -> Option<&'t str>,
) {
    let Some(DisplayRow::Group { value, rows }) = scene.screen.lines.get(line) else {
        return;
    };
    let mut label_width = strip.width;
    for place in scene.placed.iter().rev() {
        let Some(index) = place.index else { continue };
        let Some(text) = statistic_text(index) else {
            continue;
        };
        label_width = label_width.min(place.x.saturating_sub(1));
        let role = if text.trim() == MISSING {
            Role::Muted
        } else {
            Role::Title
        };
        painter.draw_right_aligned(
            Rect {
                x: strip.x + place.x,
                width: place.width,
                ..strip
            },
            text,
            role,
        );
    }
    let is_folded = scene.screen.arrangement.collapsed.contains(value);
    let fold_symbol = if is_folded {
        painter.theme.symbol("▸", "+")
    } else {
        painter.theme.symbol("▾", "-")
    };
    let runs = if rows.len() == 1 {
        "1 run".to_owned()
    } else {
        format!("{} runs", rows.len())
    };
    // A long value is truncated before the number of runs.
    let room = label_width.saturating_sub(crate::text::width::width(&runs) + 4);
    let value = crate::text::width::truncate(value, room.max(4));
    painter.draw_text(
        Rect {
            width: label_width,
            ..strip
        },
        &format!("{fold_symbol} {value}  {runs}"),
        Role::Title,
    );
}

/// The status of groups: column, statistic, and the source of the number under the cursor.
pub(super) fn group_status(screen: &RunsScreen) -> Option<String> {
    let column = screen.group_column()?;
    let figure = screen
        .describe_group_statistic()
        .unwrap_or_else(|| screen.arrangement.statistic.as_str().to_owned());
    Some(format!("by {}: {figure}", column.title()))
}

/// The preview of a group: all statistics of the column under the cursor.
pub(super) fn group_preview(
    app: &App,
    screen: &RunsScreen,
) -> Option<(String, Vec<Vec<TextSpan>>)> {
    let (value, rows) = match screen.lines.get(screen.cursor.index)? {
        DisplayRow::Group { value, rows } => (value, rows),
        DisplayRow::Run { .. } => return None,
    };
    let grouped = screen
        .group_column()
        .map(crate::table::ColumnKey::title)
        .unwrap_or_default();
    let title = format!("{grouped} {}", clean(value));
    let mut lines = vec![vec![(format!("{} runs", rows.len()), Role::Text)]];
    let Some((column, spread)) = screen.columns.current_key().and_then(|key| {
        screen
            .group_spread(screen.cursor.index, &key)
            .map(|spread| (key, spread))
    }) else {
        lines.push(vec![(
            "move to a numeric column to see its statistics".to_owned(),
            Role::Muted,
        )]);
        return Some((title, lines));
    };
    let mut push_row = |name: &str, text: String| {
        lines.push(vec![
            (format!("{name:<18}"), Role::Muted),
            (text, Role::Text),
        ]);
    };
    push_row("column", column.to_string());
    for statistic in Statistic::ALL {
        push_row(
            statistic.as_str(),
            screen
                .group_statistic_text(screen.cursor.index, &column, statistic, app.now)
                .unwrap_or_default(),
        );
    }
    push_row("missing", spread.missing.to_string());
    push_row("no finite number", spread.excluded.to_string());
    Some((title, lines))
}
