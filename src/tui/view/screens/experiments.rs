//! Draws the list of experiments.

use ratatui::layout::Rect;

use super::{draw_empty, filter_label};
use crate::config::theme::Role;
use crate::domain::{Experiment, Lifecycle};
use crate::text::quantity;
use crate::text::width::width;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::MISSING;
use crate::tui::app::layout::table_areas;
use crate::tui::screens::experiments::{ExperimentsScreen, SortOrder};
use crate::tui::view::chrome::format_count;
use crate::tui::view::painter::{Painter, TextSpan};
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::GridColumn;

const COLUMNS: [GridColumn; 7] = [
    GridColumn::left_aligned("", 1, 0),
    GridColumn::left_aligned("experiment", 60, 0),
    GridColumn::right_aligned("runs", 9, 1),
    GridColumn::right_aligned("last activity", 14, 2),
    GridColumn::left_aligned("goal", 20, 4),
    GridColumn::left_aligned("note", 40, 5),
    GridColumn::right_aligned("id", 20, 3),
];

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &ExperimentsScreen) {
    let area = table_areas(body);
    let total = screen.data.get().map_or(0, Vec::len);
    let marked = if screen.marked.is_empty() {
        String::new()
    } else {
        format!(
            "  {} marked, enter opens them together",
            screen.marked.len()
        )
    };
    let status = format!(
        " {} of {total} experiments, by {}{}{marked}",
        screen.visible_rows.len(),
        screen.order.as_str(),
        filter_label(&screen.filter)
    );
    painter.draw_text(area.status, &status, Role::Muted);
    if screen.visible_rows.is_empty() {
        return draw_empty(
            painter,
            area.rows,
            &screen.freshness(&app.shared),
            "no experiments here yet: train something with MLflow",
        );
    }
    let visible_range = screen
        .cursor
        .visible_range(screen.visible_rows.len(), area.rows.height.into());
    let rows: Vec<Vec<TextSpan>> = visible_range
        .clone()
        .filter_map(|line| screen.row(line))
        .map(|e| row_cells(painter, app, screen, e))
        .collect();
    grid::draw(
        painter,
        &area,
        &columns(screen.order),
        &rows,
        screen.cursor.index.checked_sub(visible_range.start),
    );
}

/// The columns, with an arrow in the title of the one that the list is sorted by.
fn columns(order: SortOrder) -> [GridColumn<'static>; 7] {
    COLUMNS.map(|column| {
        let title = match (order, column.title) {
            (SortOrder::Name, "experiment") => "experiment ↑",
            (SortOrder::Runs, "runs") => "runs ↓",
            (SortOrder::Activity, "last activity") => "last activity ↓",
            (_, title) => title,
        };
        GridColumn {
            title,
            max_width: column.max_width.max(width(title)),
            ..column
        }
    })
}

fn row_cells(
    painter: &Painter<'_>,
    app: &App,
    screen: &ExperimentsScreen,
    experiment: &Experiment,
) -> Vec<TextSpan> {
    let mark = if screen.marked.contains(&experiment.id) {
        painter.theme.symbol("●", "*")
    } else {
        " "
    };
    let deleted = experiment.lifecycle == Lifecycle::Deleted;
    let name = if deleted {
        format!("{} (deleted)", experiment.name.clean())
    } else {
        experiment.name.clean().into_owned()
    };
    let activity = experiment.last_activity();
    let goal = app
        .shared
        .goals
        .get(&experiment.id)
        .cloned()
        .or_else(|| experiment.declared_goal());
    let note = crate::domain::run::find_value(&experiment.tags, "mlflow.note.content");
    vec![
        (mark.into(), Role::Mark),
        (name, if deleted { Role::Muted } else { Role::Text }),
        (
            experiment.run_count.map(format_count).unwrap_or_default(),
            Role::Text,
        ),
        (
            activity.map_or_else(
                || MISSING.to_owned(),
                |at| quantity::format_age(app.now - at),
            ),
            Role::Muted,
        ),
        (
            goal.map(|goal| goal.to_string()).unwrap_or_default(),
            Role::Muted,
        ),
        (
            note.map(|note| note.clean().into_owned())
                .unwrap_or_default(),
            Role::Muted,
        ),
        (experiment.id.clean().into_owned(), Role::Muted),
    ]
}
