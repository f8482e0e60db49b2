//! Draws the screens, one file each.

mod charts;
mod compare;
mod downstream;
mod drivers;
mod experiments;
mod groups;
mod history;
mod journal;
mod lineage;
mod models;
mod preview;
mod run;
mod runs;
mod versions;

use ratatui::layout::Rect;

use super::painter::{Painter, row_at};
use crate::config::theme::Role;
use crate::tui::app::{App, Screen};
use crate::tui::screens::Freshness;

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App) {
    match app.screen() {
        Screen::Experiments(screen) => experiments::draw(painter, body, app, screen),
        Screen::Runs(screen) => runs::draw(painter, body, app, screen),
        Screen::Run(screen) => run::draw(painter, body, app, screen),
        Screen::Charts(screen) => charts::draw(painter, body, app, screen),
        Screen::Compare(screen) => compare::draw(painter, body, app, screen),
        Screen::Drivers(screen) => drivers::draw(painter, body, app, screen),
        Screen::Models(screen) => models::draw(painter, body, app, screen),
        Screen::Versions(screen) => versions::draw(painter, body, app, screen),
        Screen::Lineage(screen) => lineage::draw(painter, body, app, screen),
        Screen::Downstream(screen) => downstream::draw(painter, body, app, screen),
        Screen::Journal(screen) => journal::draw(painter, body, app, screen),
        Screen::History(screen) => history::draw(painter, body, app, screen),
    }
}

/// The text in the middle of an empty list: loading, an error, or the next step.
fn draw_empty(painter: &mut Painter<'_>, area: Rect, freshness: &Freshness, empty_message: &str) {
    let middle = row_at(area, area.height / 3);
    let message_area = Rect {
        x: middle.x + 2,
        width: middle.width.saturating_sub(4),
        ..middle
    };
    match (&freshness.error, freshness.loading_since) {
        (_, Some(_)) => {
            painter.draw_text(message_area, "loading…", Role::Running);
        }
        (Some(error), None) => {
            let why = crate::text::width::wrap(&error.to_string(), message_area.width);
            let mut lines: Vec<_> = why
                .into_iter()
                .map(|line| vec![(line, Role::Bad)])
                .collect();
            lines.extend(
                crate::text::width::wrap(error.hint(), message_area.width)
                    .into_iter()
                    .map(|line| vec![(line, Role::Muted)]),
            );
            let room = Rect {
                height: area.bottom().saturating_sub(message_area.y),
                ..message_area
            };
            painter.draw_lines(room, &lines);
        }
        (None, None) => {
            painter.draw_text(message_area, empty_message, Role::Muted);
        }
    }
}

/// The filter of a list, for its status line.
fn filter_label(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("  filter: {}", crate::text::untrusted::clean(words))
    }
}
