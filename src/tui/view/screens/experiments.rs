//! Drawing the list of experiments.

use ratatui::layout::Rect;

use super::{empty, filtered};
use crate::config::theme::Role;
use crate::domain::{Experiment, Lifecycle};
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::layout::table;
use crate::tui::screens::View;
use crate::tui::screens::experiments::Experiments;
use crate::tui::view::chrome::thousands;
use crate::tui::view::paint::Paint;
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::{Column, Text};

const COLUMNS: [Column; 7] = [
    Column::left("", 1, 0),
    Column::left("experiment", 60, 0),
    Column::right("runs", 9, 1),
    Column::right("last activity", 14, 2),
    Column::left("goal", 20, 4),
    Column::left("note", 40, 5),
    Column::right("id", 20, 3),
];

/// Draws the list.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &Experiments) {
    let area = table(body);
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
        screen.lines.len(),
        screen.order.as_str(),
        filtered(&screen.filter)
    );
    paint.text(area.status, &status, Role::Muted);
    if screen.lines.is_empty() {
        return empty(
            paint,
            area.rows,
            &screen.freshness(&app.shared),
            "no experiments here yet: train something with MLflow",
        );
    }
    let seen = screen
        .cursor
        .window(screen.lines.len(), area.rows.height.into());
    let rows: Vec<Vec<Text>> = seen
        .clone()
        .filter_map(|line| screen.line(line))
        .map(|e| texts(paint, app, screen, e))
        .collect();
    grid::draw(
        paint,
        &area,
        &COLUMNS,
        &rows,
        screen.cursor.at.checked_sub(seen.start),
    );
}

fn texts(paint: &Paint<'_>, app: &App, screen: &Experiments, experiment: &Experiment) -> Vec<Text> {
    let mark = if screen.marked.contains(&experiment.id) {
        paint.look.sign("●", "*")
    } else {
        " "
    };
    let deleted = experiment.lifecycle == Lifecycle::Deleted;
    let name = if deleted {
        format!("{} (deleted)", experiment.name.clean())
    } else {
        experiment.name.clean().into_owned()
    };
    let activity = experiment
        .last_run
        .or(experiment.last_update_time)
        .or(experiment.creation_time);
    let goal = app
        .shared
        .goals
        .get(&experiment.id)
        .cloned()
        .or_else(|| experiment.declared_goal());
    let note = crate::domain::run::value_of(&experiment.tags, "mlflow.note.content");
    vec![
        (mark.into(), Role::Mark),
        (name, if deleted { Role::Muted } else { Role::Text }),
        (
            experiment.runs.map(thousands).unwrap_or_default(),
            Role::Text,
        ),
        (
            activity
                .map(|at| quantity::age(app.now - at))
                .unwrap_or_default(),
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
