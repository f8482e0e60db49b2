//! Draws frames into memory and writes only the differences, each frame as a whole.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use super::sanitize::sanitize_buffer;
use super::scroll::ScrollBackend;
use super::terminal;
use crate::tui::app::layout::Size;

const CLEAR_SCREEN: &[u8] = b"\x1b[0m\x1b[2J";

/// ratatui's output, read back after each frame.
#[derive(Clone, Default)]
pub(super) struct OutputBuffer(Arc<Mutex<Vec<u8>>>);

impl OutputBuffer {
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for OutputBuffer {
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

pub(super) struct Renderer {
    terminal: Terminal<ScrollBackend<OutputBuffer>>,
    output: OutputBuffer,
    size: Size,
    /// The content of the screen is unknown.
    needs_full_redraw: bool,
    /// The reset of colours that ratatui writes after the cells of every frame, even an unchanged one.
    reset_sequence: Vec<u8>,
    /// The cursor position that ratatui wrote after that in the last frame.
    cursor_sequence: Vec<u8>,
}

impl Renderer {
    pub(super) fn new(size: Size) -> io::Result<Self> {
        let output = OutputBuffer::default();
        CrosstermBackend::new(output.clone()).draw(std::iter::empty())?;
        let reset_sequence = output.take();
        let terminal = new_terminal(&output, size)?;
        Ok(Self {
            terminal,
            output,
            size,
            needs_full_redraw: true,
            reset_sequence,
            cursor_sequence: Vec::new(),
        })
    }

    /// Makes the next frame a full one of this size.
    pub(super) fn reset(&mut self, size: Size) -> io::Result<()> {
        self.terminal = new_terminal(&self.output, size)?;
        self.size = size;
        self.needs_full_redraw = true;
        Ok(())
    }

    /// Lets the terminal scroll rows that only moved.
    pub(super) fn set_scrolling(&mut self, is_enabled: bool) {
        self.terminal.backend_mut().is_enabled = is_enabled;
    }

    pub(super) fn size(&self) -> Size {
        self.size
    }

    /// Draws a frame and writes what changed.
    pub(super) fn draw(&mut self, paint: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        match self.render_diff(paint)? {
            Some(changes) => terminal::write_frame(&changes),
            None => Ok(()),
        }
    }

    /// The bytes of a frame; none if the screen shows it already.
    fn render_diff(&mut self, paint: impl FnOnce(&mut Frame<'_>)) -> io::Result<Option<Vec<u8>>> {
        self.terminal.draw(|frame| {
            paint(frame);
            sanitize_buffer(frame.buffer_mut());
        })?;
        let bytes = self.output.take();
        // Cells contain no escape sequences, so the last reset is the frame's own.
        let cells = bytes
            .windows(self.reset_sequence.len())
            .rposition(|part| part == self.reset_sequence)
            .unwrap_or(0);
        let cursor = bytes[cells..].to_vec();
        let moved = std::mem::replace(&mut self.cursor_sequence, cursor) != self.cursor_sequence;
        if std::mem::take(&mut self.needs_full_redraw) {
            return Ok(Some([CLEAR_SCREEN, &bytes].concat()));
        }
        Ok((moved || cells > 0).then_some(bytes))
    }
}

fn new_terminal(
    output: &OutputBuffer,
    size: Size,
) -> io::Result<Terminal<ScrollBackend<OutputBuffer>>> {
    // With a fixed viewport, the size can't change in the middle of a frame.
    let viewport = Viewport::Fixed(Rect::new(0, 0, size.width, size.height));
    Terminal::with_options(
        ScrollBackend::new(output.clone(), size.width, size.height),
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

    fn render_text(
        renderer: &mut Renderer,
        text: &str,
        cursor: Option<(u16, u16)>,
    ) -> Option<String> {
        let bytes = renderer.render_diff(|frame| {
            frame.render_widget(text, frame.area());
            if let Some(at) = cursor {
                frame.set_cursor_position(at);
            }
        });
        bytes
            .unwrap()
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn unchanged_frame_writes_nothing() {
        let mut renderer = Renderer::new(SIZE).unwrap();
        assert!(
            render_text(&mut renderer, "acc 0.91", None)
                .unwrap()
                .contains("0.91")
        );
        assert_eq!(render_text(&mut renderer, "acc 0.91", None), None);
        let change = render_text(&mut renderer, "acc 0.92", None).unwrap();
        assert!(
            change.contains('2') && !change.contains("acc"),
            "{change:?}"
        );
        assert_eq!(render_text(&mut renderer, "acc 0.92", None), None);
    }

    #[test]
    fn cursor_move_is_written_once() {
        let mut renderer = Renderer::new(SIZE).unwrap();
        render_text(&mut renderer, "a", Some((1, 0)));
        assert_eq!(render_text(&mut renderer, "a", Some((1, 0))), None);
        assert!(render_text(&mut renderer, "a", Some((2, 0))).is_some());
        assert!(
            render_text(&mut renderer, "a", None).is_some_and(|bytes| bytes.contains("\x1b[?25l"))
        );
        assert_eq!(render_text(&mut renderer, "a", None), None);
    }

    #[test]
    fn reset_renderer_writes_everything() {
        let mut renderer = Renderer::new(SIZE).unwrap();
        render_text(&mut renderer, "acc", None);
        renderer.reset(SIZE).unwrap();
        assert!(
            render_text(&mut renderer, "acc", None)
                .is_some_and(|bytes| bytes.starts_with("\x1b[0m\x1b[2J") && bytes.contains("acc"))
        );
    }

    #[test]
    fn unsanitized_cells_are_not_written() {
        let mut renderer = Renderer::new(SIZE).unwrap();
        let output = renderer.render_diff(|frame| {
            frame.buffer_mut()[(0, 0)].set_symbol("\u{202e}");
        });
        let bytes = String::from_utf8(output.unwrap().unwrap()).unwrap();
        assert!(
            bytes.contains('?') && !bytes.contains('\u{202e}'),
            "{bytes:?}"
        );
    }
}
