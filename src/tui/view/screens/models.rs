//! Draws the registered models.

use ratatui::layout::Rect;

use super::{draw_empty, filter_label};
use crate::config::theme::Role;
use crate::domain::{RegisteredModel, Stage};
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::layout::table_areas;
use crate::tui::screens::models::ModelsScreen;
use crate::tui::view::painter::{Painter, TextSpan};
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::GridColumn;

const COLUMNS: [GridColumn; 6] = [
    GridColumn::left_aligned("model", 48, 0),
    GridColumn::left_aligned("aliases", 48, 1),
    GridColumn::left_aligned("Production", 14, 2),
    GridColumn::left_aligned("Staging", 14, 3),
    GridColumn::right_aligned("changed", 12, 4),
    GridColumn::left_aligned("description", 60, 5),
];

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &ModelsScreen) {
    let area = table_areas(body);
    let lines = screen.visible_models(&app.shared);
    let total = app.shared.models.get().map_or(0, Vec::len);
    let order = if screen.is_sorted_by_name {
        "name"
    } else {
        "last change"
    };
    painter.draw_text(
        area.status,
        &format!(
            " {} of {total} models, by {order}{}",
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
            "no registered models: press R on a run to register its model",
        );
    }
    let visible_range = screen
        .cursor
        .visible_range(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<TextSpan>> = lines[visible_range.clone()]
        .iter()
        .map(|model| row_cells(model, app))
        .collect();
    grid::draw(
        painter,
        &area,
        &COLUMNS,
        &rows,
        screen.cursor.index.checked_sub(visible_range.start),
    );
}

fn row_cells(model: &RegisteredModel, app: &App) -> Vec<TextSpan> {
    let aliases: Vec<String> = model
        .aliases
        .iter()
        .map(|(alias, version)| format!("@{} v{version}", alias.clean()))
        .collect();
    let holder = |stage: Stage| {
        let versions = model
            .latest_versions
            .iter()
            .filter(|v| v.stage == stage)
            .map(|v| format!("v{}", v.version));
        versions.collect::<Vec<_>>().join(" ")
    };
    let changed = model.last_updated_time.or(model.creation_time);
    vec![
        (model.name.clean().into_owned(), Role::Text),
        (aliases.join("  "), Role::Accent),
        (holder(Stage::Production), Role::Good),
        (holder(Stage::Staging), Role::Info),
        (
            changed
                .map(|at| quantity::format_age(app.now - at))
                .unwrap_or_default(),
            Role::Muted,
        ),
        (model.description.clean().into_owned(), Role::Muted),
    ]
}
