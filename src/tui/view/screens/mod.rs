//! The screens' drawings, one file each.

mod charts;
mod compare;
mod drivers;
mod experiments;
mod groups;
mod history;
mod journal;
mod lineage;
mod made_from;
mod models;
mod preview;
mod run;
mod runs;
mod versions;

use ratatui::layout::Rect;

use super::paint::{Paint, row};
use crate::config::theme::Role;
use crate::tui::app::{App, Screen};
use crate::tui::screens::Freshness;

/// Draws the screen that is seen.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App) {
    match app.screen() {
        Screen::Experiments(screen) => experiments::draw(paint, body, app, screen),
        Screen::Runs(screen) => runs::draw(paint, body, app, screen),
        Screen::Run(screen) => run::draw(paint, body, app, screen),
        Screen::Charts(screen) => charts::draw(paint, body, app, screen),
        Screen::Compare(screen) => compare::draw(paint, body, app, screen),
        Screen::Drivers(screen) => drivers::draw(paint, body, app, screen),
        Screen::Models(screen) => models::draw(paint, body, app, screen),
        Screen::Versions(screen) => versions::draw(paint, body, app, screen),
        Screen::Lineage(screen) => lineage::draw(paint, body, app, screen),
        Screen::MadeFrom(screen) => made_from::draw(paint, body, app, screen),
        Screen::Journal(screen) => journal::draw(paint, body, app, screen),
        Screen::History(screen) => history::draw(paint, body, app, screen),
    }
}

/// What stands in the middle of an empty list: that it is on its way, why it failed, or what there is to do.
fn empty(paint: &mut Paint<'_>, area: Rect, freshness: &Freshness, nothing: &str) {
    let middle = row(area, area.height / 3);
    let place = Rect {
        x: middle.x + 2,
        width: middle.width.saturating_sub(4),
        ..middle
    };
    match (&freshness.fault, freshness.loading) {
        (_, Some(_)) => {
            paint.text(place, "asking the store…", Role::Running);
        }
        (Some(fault), None) => {
            let why = crate::text::fit::wrap(&fault.to_string(), place.width);
            let mut lines: Vec<_> = why
                .into_iter()
                .map(|line| vec![(line, Role::Bad)])
                .collect();
            lines.extend(
                crate::text::fit::wrap(fault.advice(), place.width)
                    .into_iter()
                    .map(|line| vec![(line, Role::Muted)]),
            );
            let room = Rect {
                height: area.bottom().saturating_sub(place.y),
                ..place
            };
            paint.lines(room, &lines);
        }
        (None, None) => {
            paint.text(place, nothing, Role::Muted);
        }
    }
}

/// Words typed to narrow a list, for the line above it.
fn filtered(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("  filter: {}", crate::text::untrusted::clean(words))
    }
}
