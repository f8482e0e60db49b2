//! Drawing the history of a model.

use ratatui::layout::Rect;

use super::{empty, filtered};
use crate::config::theme::Role;
use crate::promotion::journal::{Event, Origin};
use crate::text::fit::wrap;
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::cell::local_time;
use crate::tui::app::layout::{Size, table};
use crate::tui::screens::View;
use crate::tui::screens::history::History;
use crate::tui::screens::journal::list_area;
use crate::tui::view::paint::{Paint, Piece};
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::{Column, Text};

const COLUMNS: [Column; 6] = [
    Column::right("when", 14, 0),
    Column::left("who", 16, 0),
    Column::left("what", 52, 0),
    Column::left("from", 16, 3),
    Column::left("to", 16, 2),
    Column::left("reason", 60, 1),
];

/// Draws the events, and below them the one under the cursor.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &History) {
    let list = list_area(Size {
        width: body.width,
        height: body.height + 3,
    });
    let area = table(Rect { y: body.y, ..list });
    let lines = screen.lines();
    let total = screen.data.get().map_or(0, |data| data.events.len());
    let line = format!(
        " {} of {total} events, newest first{}",
        lines.len(),
        filtered(&screen.filter)
    );
    paint.text(area.status, &line, Role::Muted);
    if lines.is_empty() {
        return empty(
            paint,
            area.rows,
            &screen.freshness(&app.shared),
            "no move of its versions is on record yet",
        );
    }
    let seen = screen.cursor.window(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<Text>> = lines[seen.clone()]
        .iter()
        .map(|event| texts(event, app))
        .collect();
    grid::draw(
        paint,
        &area,
        &COLUMNS,
        &rows,
        screen.cursor.at.checked_sub(seen.start),
    );
    if list.height < body.height
        && let Some(event) = screen.current()
    {
        let area = Rect {
            y: body.y + list.height,
            height: body.height - list.height,
            ..body
        };
        detail(paint, area, app, event);
    }
}

fn texts(event: &Event, app: &App) -> Vec<Text> {
    let when = event
        .when
        .map_or_else(|| "not known".to_owned(), |at| quantity::age(app.now - at));
    let role = if event.origin == Origin::Gap {
        Role::Warn
    } else {
        Role::Text
    };
    vec![
        (when, Role::Muted),
        (event.who.clone(), Role::Text),
        (event.action.clone(), role),
        (event.from.clone(), Role::Muted),
        (event.to.clone(), Role::Text),
        (event.reason.clone(), Role::Muted),
    ]
}

/// Where an event is known from, in words.
fn told_by(origin: Origin) -> &'static str {
    match origin {
        Origin::Journal => "from this machine's journal",
        Origin::Tags => "from tags of the version",
        Origin::Gap => "changed with another tool: no record says who or why",
    }
}

fn detail(paint: &mut Paint<'_>, area: Rect, app: &App, event: &Event) {
    let inside = paint.frame(area, &event.action, false);
    let time = |at| local_time(at, &app.shared.session.zone);
    let when = match (event.when, event.since) {
        (Some(at), _) => time(at),
        (None, Some(since)) => format!("after {}", time(since)),
        (None, None) => "not known when".to_owned(),
    };
    let mut lines: Vec<Vec<Piece>> = vec![vec![
        (format!("{when}  "), Role::Text),
        (told_by(event.origin).to_owned(), Role::Muted),
    ]];
    let arrow = paint.look.sign("→", "->");
    let facts = [
        ("who", event.who.clone()),
        ("change", format!("{} {arrow} {}", event.from, event.to)),
        ("reason", event.reason.clone()),
        ("gates", event.gates.clone()),
        ("entry", event.journal_id.clone().unwrap_or_default()),
    ];
    for (key, text) in facts.iter().filter(|(_, text)| !text.is_empty()) {
        for (nth, part) in wrap(text, inside.width.saturating_sub(8))
            .into_iter()
            .enumerate()
        {
            lines.push(vec![
                (
                    format!("{:<8}", if nth == 0 { key } else { "" }),
                    Role::Muted,
                ),
                (part, Role::Text),
            ]);
        }
    }
    paint.lines(inside, &lines);
}
