//! Draws the state. Drawing changes nothing.

mod ascii;
mod chrome;
mod dialogs;
mod painter;
mod screens;
mod theme;
mod widgets;

use ratatui::Frame;

pub use theme::TerminalTheme;
pub use widgets::chart::DotStyle;

use crate::chart::Figure;
use crate::config::theme::Role;
use crate::tui::app::App;
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::layout;
use crate::tui::app::layout::{MIN_SIZE, Size};
use painter::Painter;

/// Draws one chart over a whole frame.
pub fn draw_figure(frame: &mut Frame<'_>, figure: &Figure, theme: &TerminalTheme) {
    let area = frame.area();
    let mut painter = Painter::new(frame.buffer_mut(), theme);
    painter.clear(area);
    widgets::chart::draw(
        &mut painter,
        area,
        figure,
        widgets::chart::ChartOverlay::default(),
    );
}

/// Draws the whole app.
pub fn draw(frame: &mut Frame<'_>, app: &App, theme: &TerminalTheme) {
    let area = frame.area();
    let size = Size {
        width: area.width,
        height: area.height,
    };
    let mut painter = Painter::new(frame.buffer_mut(), theme);
    painter.clear(area);
    if size.width < MIN_SIZE.width || size.height < MIN_SIZE.height {
        let text = format!(
            "{}x{} too small: needs {}x{}",
            size.width, size.height, MIN_SIZE.width, MIN_SIZE.height
        );
        painter.draw_text(area, &text, Role::Warn);
        return;
    }
    // The frame has the terminal's size; the state may not have seen the resize yet.
    let parts = layout::screen_areas(size);
    chrome::draw_top_line(&mut painter, parts.header, app);
    screens::draw(&mut painter, parts.body, app);
    // A plan shows messages inside its own frame.
    let has_plan = matches!(app.dialog, Some(Dialog::Plan(_)));
    if !has_plan {
        chrome::draw_message_line(&mut painter, parts.message, app);
    }
    chrome::draw_key_hints(&mut painter, parts.key_hints, app);
    if let Some(overlay) = &app.dialog {
        dialogs::draw(&mut painter, size, app, overlay);
        // A high dialog covers the message line, where it says why enter did nothing.
        if app.shared.notifications.current(app.now).is_some()
            && !matches!(overlay, Dialog::Prompt(_) | Dialog::Plan(_))
        {
            painter.clear(parts.message);
            chrome::draw_message_line(&mut painter, parts.message, app);
        }
    }
    let caret = painter.caret;
    if theme.is_ascii {
        ascii::replace_symbols(frame.buffer_mut());
    }
    if let Some((x, y)) = caret {
        frame.set_cursor_position((x, y));
    }
}
