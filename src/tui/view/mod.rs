//! Drawing: a function of the state. Nothing is remembered during a draw.

mod chrome;
mod look;
mod overlays;
mod paint;
mod screens;
mod widgets;

use ratatui::Frame;

pub use look::Look;
pub use widgets::chart::Dots;

use crate::chart::Figure;
use crate::config::theme::Role;
use crate::tui::app::App;
use crate::tui::app::layout;
use crate::tui::app::layout::{SMALLEST, Size};
use paint::Paint;

/// Draws one chart over the whole of a frame.
pub fn draw_figure(frame: &mut Frame<'_>, figure: &Figure, look: &Look) {
    let area = frame.area();
    let mut paint = Paint::new(frame.buffer_mut(), look);
    paint.ground(area);
    widgets::chart::draw(&mut paint, area, figure, widgets::chart::Over::default());
}

/// Draws a session's state.
pub fn draw(frame: &mut Frame<'_>, app: &App, look: &Look) {
    let area = frame.area();
    let size = Size {
        width: area.width,
        height: area.height,
    };
    let mut paint = Paint::new(frame.buffer_mut(), look);
    paint.ground(area);
    if size.width < SMALLEST.width || size.height < SMALLEST.height {
        let text = format!(
            "{}x{} is too small: {}x{} at least",
            size.width, size.height, SMALLEST.width, SMALLEST.height
        );
        paint.text(area, &text, Role::Warn);
        return;
    }
    // The terminal's own size is what counts: a resize may be on its way to the state.
    let parts = layout::frame(size);
    chrome::top(&mut paint, parts.top, app);
    screens::draw(&mut paint, parts.body, app);
    chrome::message(&mut paint, parts.message, app);
    chrome::keys(&mut paint, parts.keys, app);
    if let Some(overlay) = &app.overlay {
        overlays::draw(&mut paint, size, app, overlay);
    }
    if let Some((x, y)) = paint.caret {
        frame.set_cursor_position((x, y));
    }
}
