//! Draws the versions made from a dataset, a commit, a run or a model.

use ratatui::layout::Rect;

use super::{draw_empty, filter_label};
use crate::config::theme::Role;
use crate::domain::{ModelVersion, SlotKinds, Stage};
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::layout::table_areas;
use crate::tui::screens::downstream::DownstreamScreen;
use crate::tui::view::painter::{Painter, TextSpan};
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::GridColumn;

const COLUMNS: [GridColumn; 6] = [
    GridColumn::left_aligned("version", 40, 0),
    GridColumn::left_aligned("stage", 12, 0),
    GridColumn::left_aligned("aliases", 32, 2),
    GridColumn::left_aligned("run", 28, 1),
    GridColumn::left_aligned("user", 16, 4),
    GridColumn::right_aligned("age", 12, 3),
];

/// The columns; those of slots that there are none of have no width.
fn columns(slots: SlotKinds) -> [GridColumn<'static>; 6] {
    COLUMNS.map(|column| {
        let is_unused = match column.title {
            "stage" => !slots.stages,
            "aliases" => !slots.aliases,
            _ => false,
        };
        let max_width = if is_unused { 0 } else { column.max_width };
        GridColumn {
            max_width,
            ..column
        }
    })
}

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &DownstreamScreen) {
    let area = table_areas(body);
    let lines = screen.visible_versions();
    let downstream = screen.data.get();
    let total = downstream.map_or(0, |made| made.versions.len());
    let line = format!(
        " {} of {total} versions made from {}{}",
        lines.len(),
        screen.upstream,
        filter_label(&screen.filter)
    );
    let used = painter.draw_text(area.status, &line, Role::Muted);
    if let Some(left_out) = downstream.and_then(|made| made.incomplete_reason.as_ref()) {
        let rest = Rect {
            x: area.status.x + used,
            width: area.status.width - used,
            ..area.status
        };
        painter.draw_text(rest, &format!("; {left_out}"), Role::Warn);
    }
    if lines.is_empty() {
        return draw_empty(
            painter,
            area.rows,
            &screen.freshness(&app.shared),
            "no registered version was made from it",
        );
    }
    let visible_range = screen
        .cursor
        .visible_range(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<TextSpan>> = lines[visible_range.clone()]
        .iter()
        .map(|version| row_cells(app, screen, version))
        .collect();
    grid::draw(
        painter,
        &area,
        &columns(app.shared.session.slot_kinds),
        &rows,
        screen.cursor.index.checked_sub(visible_range.start),
    );
}

fn row_cells(app: &App, screen: &DownstreamScreen, version: &ModelVersion) -> Vec<TextSpan> {
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
                .map(|at| quantity::format_age(app.now - at))
                .unwrap_or_default(),
            Role::Muted,
        ),
    ]
}
