//! Scrolling by the terminal: rows that only move up or down are moved by it, not written again.

use std::io::{self, Write};
use std::ops::Range;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};

/// The least number of moved rows: fewer cost about as many bytes as moving them.
const MIN_ROWS: usize = 3;

/// Rows that moved by the same distance.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scroll {
    /// The rows of the new frame that were elsewhere.
    rows: Range<usize>,
    /// How many rows they moved up; down if negative.
    up: isize,
}

impl Scroll {
    /// The rows of the screen that the terminal has to scroll.
    fn region(&self) -> Range<usize> {
        let moved = self.up.unsigned_abs();
        if self.up > 0 {
            self.rows.start..self.rows.end + moved
        } else {
            self.rows.start.saturating_sub(moved)..self.rows.end
        }
    }

    /// The commands: the region, then line feeds at its end or reverse line feeds at its start, which every terminal has.
    fn write(&self, output: &mut impl Write) -> io::Result<()> {
        let region = self.region();
        let (top, bottom) = (region.start + 1, region.end);
        write!(output, "\x1b[0m\x1b[{top};{bottom}r")?;
        if self.up > 0 {
            write!(output, "\x1b[{bottom};1H")?;
        } else {
            write!(output, "\x1b[{top};1H")?;
        }
        let step: &[u8] = if self.up > 0 { b"\n" } else { b"\x1bM" };
        for _ in 0..self.up.unsigned_abs() {
            output.write_all(step)?;
        }
        output.write_all(b"\x1b[r")
    }

    /// The same on a copy of the screen.
    fn apply(&self, screen: &mut Buffer) {
        let width = usize::from(screen.area.width);
        let region = self.region();
        let moved = self.up.unsigned_abs() * width;
        let cells = &mut screen.content[region.start * width..region.end * width];
        if self.up > 0 {
            cells.rotate_left(moved);
            let kept = cells.len().saturating_sub(moved);
            cells[kept..].fill(Cell::default());
        } else {
            cells.rotate_right(moved);
            cells[..moved].fill(Cell::default());
        }
    }
}

/// The move that saves most rows; `None` if too few moved.
fn find_scroll(old: &Buffer, new: &Buffer) -> Option<Scroll> {
    let (width, height) = (usize::from(new.area.width), usize::from(new.area.height));
    let cells = |y: usize| y * width..(y + 1) * width;
    let is_same = |y: usize, from: usize| new.content[cells(y)] == old.content[cells(from)];
    let changed: Vec<bool> = (0..height).map(|y| !is_same(y, y)).collect();
    if changed.iter().filter(|changed| **changed).count() <= MIN_ROWS {
        return None;
    }
    let mut best: Option<(usize, Scroll)> = None;
    let distances = (1..isize::try_from(height).unwrap_or(0)).flat_map(|up| [up, -up]);
    for up in distances {
        let mut run = 0..0;
        let mut saved = 0;
        // The row after the last one ends a run.
        for (y, is_changed) in changed.iter().chain([&false]).enumerate() {
            let from = y.checked_add_signed(up).filter(|from| *from < height);
            let moved = y < height && from.is_some_and(|from| is_same(y, from));
            if moved {
                saved += usize::from(*is_changed);
                run.end = y + 1;
                continue;
            }
            if saved >= MIN_ROWS && best.as_ref().is_none_or(|(most, _)| saved > *most) {
                let rows = run.clone();
                best = Some((saved, Scroll { rows, up }));
            }
            (run, saved) = (y + 1..y + 1, 0);
        }
    }
    best.map(|(_, scroll)| scroll)
}

/// A backend that knows what the terminal shows.
pub(super) struct ScrollBackend<W: Write> {
    inner: CrosstermBackend<W>,
    screen: Buffer,
    /// Off while the terminal shows an image, which would scroll along.
    pub(super) is_enabled: bool,
}

impl<W: Write> ScrollBackend<W> {
    /// A backend for a cleared terminal.
    pub(super) fn new(output: W, width: u16, height: u16) -> Self {
        Self {
            inner: CrosstermBackend::new(output),
            screen: Buffer::empty(Rect::new(0, 0, width, height)),
            is_enabled: true,
        }
    }
}

impl<W: Write> Backend for ScrollBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut next = self.screen.clone();
        let mut is_changed = false;
        for (x, y, cell) in content {
            if let Some(known) = next.cell_mut((x, y)) {
                known.clone_from(cell);
                is_changed = true;
            }
        }
        if is_changed
            && self.is_enabled
            && let Some(scroll) = find_scroll(&self.screen, &next)
        {
            scroll.write(&mut self.inner)?;
            scroll.apply(&mut self.screen);
        }
        self.inner.draw(self.screen.diff(&next).into_iter())?;
        self.screen = next;
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.screen.reset();
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        if clear_type == ClearType::All {
            self.screen.reset();
        }
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.screen.area.as_size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::renderer::OutputBuffer;
    use super::*;

    fn buffer(lines: &[&str]) -> Buffer {
        Buffer::with_lines(lines.iter().map(ToString::to_string))
    }

    #[test]
    fn moved_rows_are_found_in_both_directions() {
        let old = buffer(&["head", "a", "b", "c", "d", "e", "foot"]);
        let down = buffer(&["head", "b", "c", "d", "e", "f", "foot"]);
        let found = find_scroll(&old, &down).unwrap();
        assert_eq!(found, Scroll { rows: 1..5, up: 1 });
        assert_eq!(found.region(), 1..6);
        let back = find_scroll(&down, &old).unwrap();
        assert_eq!(back, Scroll { rows: 2..6, up: -1 });
        assert_eq!(back.region(), 1..6);
        let two = buffer(&["head", "c", "d", "e", "f", "g", "foot"]);
        assert_eq!(find_scroll(&old, &two).unwrap().up, 2);
    }

    #[test]
    fn rows_that_stay_or_are_blank_do_not_scroll() {
        let old = buffer(&["a", "b", "c", "d", "e", "f"]);
        assert_eq!(
            find_scroll(&old, &buffer(&["a", "x", "c", "d", "y", "f"])),
            None
        );
        assert_eq!(find_scroll(&old, &buffer(&[" "; 6])), None);
        let blank = buffer(&[" "; 6]);
        assert_eq!(find_scroll(&blank, &old), None);
    }

    /// Draws random frames through a terminal emulator, which must show each of them.
    #[test]
    fn terminal_shows_every_frame() {
        let mut rng = crate::domain::rng::SplitMix64::new(7);
        let (width, height) = (12_u16, 9_u16);
        let output = OutputBuffer::default();
        let mut backend = ScrollBackend::new(output.clone(), width, height);
        let mut terminal =
            vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0);
        let mut shown = Buffer::empty(Rect::new(0, 0, width, height));
        for _ in 0..200 {
            let first = rng.next_u64() % 30;
            let lines = (0..u64::from(height)).map(|y| match y {
                0 => format!("top {}", rng.next_u64() % 2),
                _ => format!("row {}", (first + y) * 7919 % 1000),
            });
            let frame = Buffer::with_lines(lines.map(|line| format!("{line:12}")));
            let updates = shown.diff(&frame);
            backend.draw(updates.into_iter()).unwrap();
            terminal.process(&output.take());
            let expected: Vec<String> = (0..height)
                .map(|y| (0..width).map(|x| frame[(x, y)].symbol()).collect())
                .collect();
            let rows: Vec<String> = terminal.screen().rows(0, width).collect();
            let rows: Vec<String> = rows.iter().map(|row| format!("{row:12}")).collect();
            assert_eq!(rows, expected);
            shown = frame;
        }
    }
}
