//! Draws the screens, one file each.

mod charts;
mod compare;
mod details;
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
use crate::tui::app::App;
use crate::tui::screens::{
    ChartsScreen, CompareScreen, DownstreamScreen, DriversScreen, ExperimentsScreen, Freshness,
    HistoryScreen, JournalScreen, LineageScreen, ModelsScreen, RunScreen, RunsScreen,
    VersionsScreen,
};

/// The list of screens: each one with its drawing.
macro_rules! draw_screens {
    ($painter:ident, $body:ident, $app:ident; $($screen:ident => $module:ident,)*) => {
        $(if let Some(screen) = $app.screen_as::<$screen>() {
            return $module::draw($painter, $body, $app, screen);
        })*
    };
}

/// Draws the visible screen.
pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App) {
    draw_screens! { painter, body, app;
        ExperimentsScreen => experiments,
        RunsScreen => runs,
        RunScreen => run,
        ChartsScreen => charts,
        CompareScreen => compare,
        DriversScreen => drivers,
        ModelsScreen => models,
        VersionsScreen => versions,
        LineageScreen => lineage,
        DownstreamScreen => downstream,
        JournalScreen => journal,
        HistoryScreen => history,
    }
    debug_assert!(false, "no drawing for {:?}", app.screen().scope());
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
            let lines = crate::text::width::wrap(empty_message, message_area.width);
            for (nth, line) in lines.iter().enumerate() {
                let room = Rect {
                    height: area.bottom().saturating_sub(message_area.y),
                    ..message_area
                };
                painter.draw_text(row_at(room, nth as u16), line, Role::Muted);
            }
        }
    }
}

/// Draws the key of the tabs behind them, where there is room. Returns the cells used so far.
fn draw_tab_keys(painter: &mut Painter<'_>, area: Rect, used: u16) -> u16 {
    const TEXT: &str = "tab: next ";
    let rest = super::painter::after(area, used);
    if usize::from(rest.width) > TEXT.len() {
        used + painter.draw_text(rest, TEXT, Role::Muted)
    } else {
        used
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
