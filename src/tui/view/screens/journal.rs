//! Draws the journal: every write from this machine to this store.

use ratatui::layout::Rect;

use super::{details, draw_empty, filter_label};
use crate::config::theme::Role;
use crate::promotion::journal::JournalEntry;
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::layout::{Size, list_above_detail, table_areas};
use crate::tui::screens::details::{entry_facts, outcome_word};
use crate::tui::screens::journal::JournalScreen;
use crate::tui::view::painter::{Painter, TextSpan};
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::GridColumn;

const COLUMNS: [GridColumn; 5] = [
    GridColumn::right_aligned("when", 14, 0),
    GridColumn::left_aligned("who", 16, 2),
    GridColumn::left_aligned("what", 60, 0),
    GridColumn::left_aligned("outcome", 14, 0),
    GridColumn::left_aligned("reason", 60, 3),
];

/// Draws the entries, and details of the one under the cursor below them.
pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &JournalScreen) {
    let list = list_above_detail(Size {
        width: body.width,
        height: body.height + 3,
    });
    let area = table_areas(Rect { y: body.y, ..list });
    let lines = screen.visible_entries();
    let total = screen.data.get().map_or(0, Vec::len);
    painter.draw_text(
        area.status,
        &format!(
            " {} of {total} writes to this store, newest first{}",
            lines.len(),
            filter_label(&screen.filter)
        ),
        Role::Muted,
    );
    if lines.is_empty() {
        return draw_empty(
            painter,
            area.rows,
            &screen.freshness(&app.shared),
            "no writes to this store from this machine yet",
        );
    }
    let visible_range = screen
        .cursor
        .visible_range(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<TextSpan>> = lines[visible_range.clone()]
        .iter()
        .map(|entry| row_cells(entry, app))
        .collect();
    grid::draw(
        painter,
        &area,
        &COLUMNS,
        &rows,
        screen.cursor.index.checked_sub(visible_range.start),
    );
    if list.height < body.height
        && let Some(entry) = screen.current()
    {
        let area = Rect {
            y: body.y + list.height,
            height: body.height - list.height,
            ..body
        };
        let facts = entry_facts(entry, &app.shared.session.time_zone);
        details::draw(painter, area, &entry.plan.intent.to_string(), &facts);
    }
}

fn row_cells(entry: &JournalEntry, app: &App) -> Vec<TextSpan> {
    let (word, role) = outcome_word(entry);
    vec![
        (quantity::format_age(app.now - entry.at), Role::Muted),
        (
            crate::text::untrusted::clean(&entry.plan.user).into_owned(),
            Role::Text,
        ),
        (entry.plan.intent.to_string(), Role::Text),
        (word.to_owned(), role),
        (
            crate::text::untrusted::clean(&entry.plan.reason).into_owned(),
            Role::Muted,
        ),
    ]
}
