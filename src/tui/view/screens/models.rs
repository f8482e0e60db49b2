//! Draws the registered models.

use ratatui::layout::Rect;

use super::{draw_empty, filter_label};
use crate::config::theme::Role;
use crate::domain::{RegisteredModel, Stage};
use crate::text::quantity;
use crate::text::width::truncate_middle;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::layout::table_areas;
use crate::tui::screens::models::ModelsScreen;
use crate::tui::view::painter::{Painter, TextSpan};
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::GridColumn;

/// In cells. A longer name is cut in the middle, or aliases would have no room in a terminal of 80 columns.
const MAX_NAME_WIDTH: u16 = 32;

const COLUMNS: [GridColumn; 6] = [
    GridColumn::left_aligned("model", MAX_NAME_WIDTH, 0),
    GridColumn::left_aligned("aliases", 48, 1),
    GridColumn::left_aligned("Production", 14, 2),
    GridColumn::left_aligned("Staging", 14, 3),
    GridColumn::right_aligned("changed", 12, 4),
    GridColumn::left_aligned("description", 60, 5),
];

const PROMPT_COLUMNS: [GridColumn; 5] = [
    GridColumn::left_aligned("prompt", MAX_NAME_WIDTH, 0),
    GridColumn::left_aligned("aliases", 48, 1),
    GridColumn::right_aligned("latest", 8, 2),
    GridColumn::right_aligned("changed", 12, 4),
    GridColumn::left_aligned("description", 60, 5),
];

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &ModelsScreen) {
    let area = table_areas(body);
    let lines = screen.visible_models(&app.shared);
    let total = screen.data(&app.shared).get().map_or(0, Vec::len);
    let what = if screen.shows_prompts {
        "prompts"
    } else {
        "models"
    };
    let order = if screen.is_sorted_by_name {
        "name"
    } else {
        "last change"
    };
    painter.draw_text(
        area.status,
        &format!(
            " {} of {total} {what}, by {order}{}",
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
            if screen.shows_prompts {
                "no prompts: mlflow.genai.register_prompt creates one"
            } else {
                "no registered models: press R on a run to register its model"
            },
        );
    }
    let visible_range = screen
        .cursor
        .visible_range(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<TextSpan>> = lines[visible_range.clone()]
        .iter()
        .map(|model| row_cells(model, app, screen.shows_prompts))
        .collect();
    grid::draw(
        painter,
        &area,
        &columns(app, screen),
        &rows,
        screen.cursor.index.checked_sub(visible_range.start),
    );
}

/// The columns, without those of stages or aliases that the registry does not have.
fn columns(app: &App, screen: &ModelsScreen) -> Vec<GridColumn<'static>> {
    if screen.shows_prompts {
        return PROMPT_COLUMNS.into();
    }
    let slots = app.shared.session.slot_kinds;
    let is_unused = |title: &str| match title {
        "aliases" => !slots.aliases,
        "Production" | "Staging" => !slots.stages,
        _ => false,
    };
    COLUMNS
        .into_iter()
        .map(|column| {
            if is_unused(column.title) {
                GridColumn {
                    max_width: 0,
                    ..column
                }
            } else {
                column
            }
        })
        .collect()
}

fn row_cells(model: &RegisteredModel, app: &App, is_prompt: bool) -> Vec<TextSpan> {
    let aliases: Vec<String> = model
        .aliases
        .iter()
        .map(|(alias, version)| format!("@{} v{version}", alias.clean()))
        .collect();
    let holder = |stage: Stage| {
        let versions = model.versions_in(stage).into_iter();
        let versions: Vec<String> = versions.map(|version| format!("v{version}")).collect();
        versions.join(" ")
    };
    let changed = model.last_updated_time.or(model.creation_time);
    let latest = model.latest_versions.iter().map(|version| version.version);
    let latest = latest.max().map(|version| format!("v{version}"));
    let mut cells = vec![
        (
            truncate_middle(&model.name.clean(), MAX_NAME_WIDTH),
            Role::Text,
        ),
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
    ];
    if is_prompt {
        // Prompts have no stages.
        cells.splice(2..4, [(latest.unwrap_or_default(), Role::Text)]);
    }
    cells
}
