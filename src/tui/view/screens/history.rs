//! Draws the history of a model.

use ratatui::layout::Rect;

use super::{details, draw_empty, filter_label};
use crate::config::theme::Role;
use crate::domain::ModelName;
use crate::promotion::journal::{EventSource, TimelineEvent};
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::within_model;
use crate::tui::app::layout::{Size, list_above_detail, table_areas};
use crate::tui::screens::details::event_facts;
use crate::tui::screens::history::HistoryScreen;
use crate::tui::view::painter::{Painter, TextSpan};
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::GridColumn;

const COLUMNS: [GridColumn; 6] = [
    GridColumn::right_aligned("when", 14, 0),
    GridColumn::left_aligned("who", 16, 0),
    GridColumn::left_aligned("what", 52, 0),
    GridColumn::left_aligned("from", 24, 3),
    GridColumn::left_aligned("to", 24, 2),
    GridColumn::left_aligned("reason", 60, 1),
];

/// Draws the events, and details of the one under the cursor below them.
pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &HistoryScreen) {
    let list = list_above_detail(Size {
        width: body.width,
        height: body.height + 3,
    });
    let area = table_areas(Rect { y: body.y, ..list });
    let lines = screen.visible_events();
    let total = screen.data.get().map_or(0, |data| data.events.len());
    let line = format!(
        " {} of {total} events, newest first{}",
        lines.len(),
        filter_label(&screen.filter)
    );
    painter.draw_text(area.status, &line, Role::Muted);
    if lines.is_empty() {
        return draw_empty(
            painter,
            area.rows,
            &screen.freshness(&app.shared),
            "no recorded events yet",
        );
    }
    let visible_range = screen
        .cursor
        .visible_range(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<TextSpan>> = lines[visible_range.clone()]
        .iter()
        .map(|event| row_cells(event, app, &screen.name))
        .collect();
    grid::draw(
        painter,
        &area,
        &COLUMNS,
        &rows,
        screen.cursor.index.checked_sub(visible_range.start),
    );
    if list.height < body.height
        && let Some(event) = screen.current()
    {
        let area = Rect {
            y: body.y + list.height,
            height: body.height - list.height,
            ..body
        };
        let title = within_model(&event.action, &screen.name);
        let facts = event_facts(event, &screen.name, &app.shared.session.time_zone);
        details::draw(painter, area, &title, &facts);
    }
}

fn row_cells(event: &TimelineEvent, app: &App, model: &ModelName) -> Vec<TextSpan> {
    let when = event.at.map_or_else(
        || "unknown".to_owned(),
        |at| quantity::format_age(app.now - at),
    );
    let role = if event.source == EventSource::Unrecorded {
        Role::Warn
    } else {
        Role::Text
    };
    vec![
        (when, Role::Muted),
        (event.user.clone(), Role::Text),
        (within_model(&event.action, model), role),
        (within_model(&event.readable_from(), model), Role::Muted),
        (within_model(&event.readable_to(), model), Role::Text),
        (event.reason.clone(), Role::Muted),
    ]
}
