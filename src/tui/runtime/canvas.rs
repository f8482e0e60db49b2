//! The canvas: frames are drawn into memory, compared, and written whole; a frame that changes nothing writes nothing.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use super::sweep::sweep;
use super::terminal;
use crate::tui::app::layout::Size;

/// Everything off the screen, before a first frame.
const WIPE: &[u8] = b"\x1b[0m\x1b[2J";

/// What ratatui writes into, read back after each frame.
#[derive(Clone, Default)]
struct Ink(Arc<Mutex<Vec<u8>>>);

impl Ink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Ink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where frames are drawn.
pub(super) struct Canvas {
    terminal: Terminal<CrosstermBackend<Ink>>,
    ink: Ink,
    size: Size,
    /// Nothing is known of what the screen shows.
    unknown: bool,
    /// What ratatui writes after the cells of every frame, also when there are none: the colours' reset.
    reset: Vec<u8>,
    /// What it wrote after that last time: where the cursor is.
    cursor: Vec<u8>,
}

impl Canvas {
    /// An empty canvas.
    pub(super) fn new(size: Size) -> io::Result<Self> {
        let ink = Ink::default();
        CrosstermBackend::new(ink.clone()).draw(std::iter::empty())?;
        let reset = ink.take();
        let terminal = stretch(&ink, size)?;
        Ok(Self {
            terminal,
            ink,
            size,
            unknown: true,
            reset,
            cursor: Vec::new(),
        })
    }

    /// Makes the next frame a whole one, of this size.
    pub(super) fn renew(&mut self, size: Size) -> io::Result<()> {
        self.terminal = stretch(&self.ink, size)?;
        self.size = size;
        self.unknown = true;
        Ok(())
    }

    /// The size of a frame.
    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// Draws a frame and writes what changed.
    pub(super) fn draw(&mut self, paint: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        match self.news(paint)? {
            Some(news) => terminal::write_frame(&news),
            None => Ok(()),
        }
    }

    /// What has to be written for a frame; nothing when the screen shows it already.
    fn news(&mut self, paint: impl FnOnce(&mut Frame<'_>)) -> io::Result<Option<Vec<u8>>> {
        self.terminal.draw(|frame| {
            paint(frame);
            sweep(frame.buffer_mut());
        })?;
        let bytes = self.ink.take();
        // Cells hold no escape sequences, so that the last reset is the frame's own.
        let cells = bytes
            .windows(self.reset.len())
            .rposition(|part| part == self.reset)
            .unwrap_or(0);
        let cursor = bytes[cells..].to_vec();
        let moved = std::mem::replace(&mut self.cursor, cursor) != self.cursor;
        if std::mem::take(&mut self.unknown) {
            return Ok(Some([WIPE, &bytes].concat()));
        }
        Ok((moved || cells > 0).then_some(bytes))
    }
}

fn stretch(ink: &Ink, size: Size) -> io::Result<Terminal<CrosstermBackend<Ink>>> {
    // A fixed viewport: the size changes when the app is told, and never in the middle of a frame.
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.width, size.height));
    Terminal::with_options(
        CrosstermBackend::new(ink.clone()),
        TerminalOptions { viewport },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        width: 20,
        height: 3,
    };

    fn text(canvas: &mut Canvas, text: &str, cursor: Option<(u16, u16)>) -> Option<String> {
        let news = canvas.news(|frame| {
            frame.render_widget(text, frame.area());
            if let Some(at) = cursor {
                frame.set_cursor_position(at);
            }
        });
        news.unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_frame_that_changes_nothing_writes_nothing() {
        let mut canvas = Canvas::new(SIZE).unwrap();
        assert!(
            text(&mut canvas, "acc 0.91", None)
                .unwrap()
                .contains("0.91")
        );
        assert_eq!(text(&mut canvas, "acc 0.91", None), None);
        let change = text(&mut canvas, "acc 0.92", None).unwrap();
        assert!(
            change.contains('2') && !change.contains("acc"),
            "{change:?}"
        );
        assert_eq!(text(&mut canvas, "acc 0.92", None), None);
    }

    #[test]
    fn a_cursor_that_moves_is_written_once() {
        let mut canvas = Canvas::new(SIZE).unwrap();
        text(&mut canvas, "a", Some((1, 0)));
        assert_eq!(text(&mut canvas, "a", Some((1, 0))), None);
        assert!(text(&mut canvas, "a", Some((2, 0))).is_some());
        assert!(text(&mut canvas, "a", None).is_some_and(|bytes| bytes.contains("\x1b[?25l")));
        assert_eq!(text(&mut canvas, "a", None), None);
    }

    #[test]
    fn a_renewed_canvas_writes_everything() {
        let mut canvas = Canvas::new(SIZE).unwrap();
        text(&mut canvas, "acc", None);
        canvas.renew(SIZE).unwrap();
        assert!(
            text(&mut canvas, "acc", None)
                .is_some_and(|bytes| bytes.starts_with("\x1b[0m\x1b[2J") && bytes.contains("acc"))
        );
    }

    #[test]
    fn what_a_screen_forgot_to_clean_does_not_get_out() {
        let mut canvas = Canvas::new(SIZE).unwrap();
        let news = canvas.news(|frame| {
            frame.buffer_mut()[(0, 0)].set_symbol("\u{202e}");
        });
        let bytes = String::from_utf8(news.unwrap().unwrap()).unwrap();
        assert!(
            bytes.contains('?') && !bytes.contains('\u{202e}'),
            "{bytes:?}"
        );
    }
}
