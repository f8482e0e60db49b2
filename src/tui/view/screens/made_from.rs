//! Drawing what was made from a dataset, a commit, a run or a model.

use ratatui::layout::Rect;

use super::{empty, filtered};
use crate::config::theme::Role;
use crate::domain::{ModelVersion, Stage};
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::layout::table;
use crate::tui::screens::View;
use crate::tui::screens::made_from::MadeFromScreen;
use crate::tui::view::paint::Paint;
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::{Column, Text};

const COLUMNS: [Column; 6] = [
    Column::left("version", 40, 0),
    Column::left("stage", 12, 0),
    Column::left("aliases", 32, 2),
    Column::left("run", 28, 1),
    Column::left("user", 16, 4),
    Column::right("age", 12, 3),
];

/// Draws the list.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &MadeFromScreen) {
    let area = table(body);
    let lines = screen.lines();
    let made = screen.data.get();
    let total = made.map_or(0, |made| made.versions.len());
    let line = format!(
        " {} of {total} versions made from {}{}",
        lines.len(),
        screen.of,
        filtered(&screen.filter)
    );
    let used = paint.text(area.status, &line, Role::Muted);
    if let Some(left_out) = made.and_then(|made| made.left_out.as_ref()) {
        let rest = Rect {
            x: area.status.x + used,
            width: area.status.width - used,
            ..area.status
        };
        paint.text(rest, &format!("; {left_out}"), Role::Warn);
    }
    if lines.is_empty() {
        return empty(
            paint,
            area.rows,
            &screen.freshness(&app.shared),
            "no version of the registry was made from it",
        );
    }
    let seen = screen.cursor.window(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<Text>> = lines[seen.clone()]
        .iter()
        .map(|version| texts(app, screen, version))
        .collect();
    grid::draw(
        paint,
        &area,
        &COLUMNS,
        &rows,
        screen.cursor.at.checked_sub(seen.start),
    );
}

fn texts(app: &App, screen: &MadeFromScreen, version: &ModelVersion) -> Vec<Text> {
    let aliases: Vec<String> = version
        .aliases
        .iter()
        .map(|alias| format!("@{}", alias.clean()))
        .collect();
    let run = screen.run_of(version);
    let role = match version.stage {
        Stage::Production => Role::Good,
        Stage::Staging => Role::Info,
        Stage::None | Stage::Archived => Role::Muted,
    };
    vec![
        (
            format!("{} v{}", version.name.clean(), version.version),
            Role::Text,
        ),
        (version.stage_text.clean().into_owned(), role),
        (aliases.join(" "), Role::Accent),
        (
            run.map_or_else(
                || version.run_id.short(),
                |run| run.label().clean().into_owned(),
            ),
            Role::Text,
        ),
        (
            run.map(|run| run.user.clean().into_owned())
                .unwrap_or_default(),
            Role::Muted,
        ),
        (
            version
                .creation_time
                .map(|at| quantity::age(app.now - at))
                .unwrap_or_default(),
            Role::Muted,
        ),
    ]
}
