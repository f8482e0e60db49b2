//! Drawing the registered models.

use ratatui::layout::Rect;

use super::{empty, filtered};
use crate::config::theme::Role;
use crate::domain::{RegisteredModel, Stage};
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::layout::table;
use crate::tui::screens::View;
use crate::tui::screens::models::Models;
use crate::tui::view::paint::Paint;
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::{Column, Text};

const COLUMNS: [Column; 6] = [
    Column::left("model", 48, 0),
    Column::left("aliases", 48, 1),
    Column::left("Production", 14, 2),
    Column::left("Staging", 14, 3),
    Column::right("changed", 12, 4),
    Column::left("description", 60, 5),
];

/// Draws the list.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &Models) {
    let area = table(body);
    let lines = screen.lines(&app.shared);
    let total = app.shared.models.get().map_or(0, Vec::len);
    let order = if screen.by_name {
        "name"
    } else {
        "last change"
    };
    paint.text(
        area.status,
        &format!(
            " {} of {total} models, by {order}{}",
            lines.len(),
            filtered(&screen.filter)
        ),
        Role::Muted,
    );
    if lines.is_empty() {
        return empty(
            paint,
            area.rows,
            &screen.freshness(&app.shared),
            "no registered models: r on a run registers its model",
        );
    }
    let seen = screen.cursor.window(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<Text>> = lines[seen.clone()]
        .iter()
        .map(|model| texts(model, app))
        .collect();
    grid::draw(
        paint,
        &area,
        &COLUMNS,
        &rows,
        screen.cursor.at.checked_sub(seen.start),
    );
}

fn texts(model: &RegisteredModel, app: &App) -> Vec<Text> {
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
                .map(|at| quantity::age(app.now - at))
                .unwrap_or_default(),
            Role::Muted,
        ),
        (model.description.clean().into_owned(), Role::Muted),
    ]
}
