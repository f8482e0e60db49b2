//! Drawing groups: their lines in the table, and what they come to in the preview.

use ratatui::layout::Rect;

use super::runs::Scene;
use crate::config::theme::Role;
use crate::table::{Line, Statistic};
use crate::text::untrusted::clean;
use crate::tui::app::App;
use crate::tui::app::cell::MISSING;
use crate::tui::screens::runs::Runs;
use crate::tui::view::paint::{Paint, Piece};

/// Draws the line of a group: its value, how many runs it has, and its figures in their columns. `texts` gives the figure of a
/// seen column.
pub(super) fn line(
    paint: &mut Paint<'_>,
    strip: Rect,
    scene: &Scene<'_>,
    line: usize,
    texts: impl Fn(usize) -> Option<String>,
) {
    let Some(Line::Group { value, rows }) = scene.screen.lines.get(line) else {
        return;
    };
    let mut head = strip.width;
    for place in scene.placed.iter().rev() {
        let Some(index) = place.index else { continue };
        let Some(text) = texts(index) else { continue };
        head = head.min(place.x.saturating_sub(1));
        let role = if text.trim() == MISSING {
            Role::Muted
        } else {
            Role::Title
        };
        paint.right(
            Rect {
                x: strip.x + place.x,
                width: place.width,
                ..strip
            },
            &text,
            role,
        );
    }
    let folded = scene.screen.arrangement.folded.contains(value);
    let fold = if folded {
        paint.look.sign("▸", "+")
    } else {
        paint.look.sign("▾", "-")
    };
    let runs = if rows.len() == 1 {
        "1 run".to_owned()
    } else {
        format!("{} runs", rows.len())
    };
    // How many they are stays to be seen where a value is longer than its place.
    let room = head.saturating_sub(crate::text::fit::width(&runs) + 4);
    let value = crate::text::fit::cut(value, room.max(4));
    paint.text(
        Rect {
            width: head,
            ..strip
        },
        &format!("{fold} {value}  {runs}"),
        Role::Title,
    );
}

/// What the line above the table says of groups: the column, the statistic, and what the figure under the cursor comes from.
pub(super) fn status(screen: &Runs) -> Option<String> {
    let column = screen.grouped_by()?;
    let figure = screen
        .figure_in_words()
        .unwrap_or_else(|| screen.arrangement.statistic.as_str().to_owned());
    Some(format!("by {}: {figure}", column.title()))
}

/// The lines of the preview while a group is under the cursor: all statistics of the column under the cursor.
pub(super) fn preview(app: &App, screen: &Runs) -> Option<(String, Vec<Vec<Piece>>)> {
    let (value, rows) = match screen.lines.get(screen.cursor.at)? {
        Line::Group { value, rows } => (value, rows),
        Line::Run { .. } => return None,
    };
    let grouped = screen
        .grouped_by()
        .map(crate::table::ColumnKey::title)
        .unwrap_or_default();
    let title = format!("{grouped} {}", clean(value));
    let mut lines = vec![vec![(format!("{} runs", rows.len()), Role::Text)]];
    let Some((column, spread)) = screen.columns.current().and_then(|key| {
        screen
            .spread(screen.cursor.at, &key)
            .map(|spread| (key, spread))
    }) else {
        lines.push(vec![(
            "a column of numbers under the cursor is summed up here".to_owned(),
            Role::Muted,
        )]);
        return Some((title, lines));
    };
    let mut told = |name: &str, text: String| {
        lines.push(vec![
            (format!("{name:<18}"), Role::Muted),
            (text, Role::Text),
        ])
    };
    told("column", column.to_string());
    for statistic in Statistic::ALL {
        told(
            statistic.as_str(),
            screen
                .figure_text(screen.cursor.at, &column, statistic, app.now)
                .unwrap_or_default(),
        );
    }
    told("missing", spread.missing.to_string());
    told("no finite number", spread.left_out.to_string());
    Some((title, lines))
}
