//! Dots in cells: braille, half blocks, or one sign a cell.

use crate::chart::Ink;

/// How dots are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dots {
    /// Two columns of four dots a cell.
    #[default]
    Braille,
    /// Two rows a cell: for fonts without braille, such as the Linux console's.
    Blocks,
    /// One sign a cell.
    Ascii,
}

impl Dots {
    /// Columns and rows of dots in a cell.
    #[must_use]
    pub fn per_cell(self) -> (usize, usize) {
        match self {
            Self::Braille => (2, 4),
            Self::Blocks => (1, 2),
            Self::Ascii => (1, 1),
        }
    }
}

/// The bits of braille's dots, by column, from the top.
const BRAILLE: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

#[derive(Clone, Copy, Default)]
struct Cell {
    /// Which dots are set: braille's bits, or 1 above and 2 below.
    bits: u8,
    ink: Option<Ink>,
}

/// A field of dots.
pub struct Raster {
    dots: Dots,
    /// In cells.
    width: usize,
    height: usize,
    cells: Vec<Cell>,
}

impl Raster {
    /// An empty field of so many cells.
    #[must_use]
    pub fn new(dots: Dots, width: u16, height: u16) -> Self {
        let (width, height) = (usize::from(width), usize::from(height));
        Self {
            dots,
            width,
            height,
            cells: vec![Cell::default(); width * height],
        }
    }

    /// Columns and rows of dots.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let (x, y) = self.dots.per_cell();
        (self.width * x, self.height * y)
    }

    /// Where a place from 0 to 1 on both axes (up is more) is in dots; places beyond the field are beyond it.
    fn dot(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (columns, rows) = self.size();
        (
            x * (columns.max(1) - 1) as f64,
            (1.0 - y) * (rows.max(1) - 1) as f64,
        )
    }

    /// Sets the dot at a place, if it is inside.
    pub fn point(&mut self, place: (f64, f64), ink: Ink) {
        let (x, y) = self.dot(place);
        self.set(x, y, ink);
    }

    /// Sets the dots between two places that are inside.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink) {
        let (from, to) = (self.dot(from), self.dot(to));
        let (columns, rows) = self.size();
        let steps = (to.0 - from.0)
            .abs()
            .max((to.1 - from.1).abs())
            .ceil()
            .clamp(1.0, columns.max(rows).max(1) as f64);
        for step in 0..=steps as usize {
            let part = step as f64 / steps;
            self.set(
                from.0 + (to.0 - from.0) * part,
                from.1 + (to.1 - from.1) * part,
                ink,
            );
        }
    }

    fn set(&mut self, x: f64, y: f64, ink: Ink) {
        let (columns, rows) = self.size();
        let (x, y) = (x.round(), y.round());
        if !(x >= 0.0 && y >= 0.0 && x < columns as f64 && y < rows as f64) {
            return;
        }
        let (x, y) = (x as usize, y as usize);
        let (across, down) = self.dots.per_cell();
        let Some(cell) = self.cells.get_mut(y / down * self.width + x / across) else {
            return;
        };
        let faint = |ink: Ink| matches!(ink, Ink::Faint(_) | Ink::Quiet);
        match cell.ink {
            // A line that is meant to be seen is not muddled by one behind it.
            Some(before) if faint(ink) && !faint(before) => return,
            Some(before) if faint(before) && !faint(ink) => cell.bits = 0,
            _ => {}
        }
        cell.ink = Some(ink);
        cell.bits |= match self.dots {
            Dots::Braille => BRAILLE[x % across][y % down],
            Dots::Blocks => 1 << (y % down),
            Dots::Ascii => 1,
        };
    }

    /// The sign and the ink of a cell; nothing where there are no dots. `sign` names the sign of an ink where signs are drawn.
    pub fn cell(&self, x: u16, y: u16, sign: impl Fn(Ink) -> char) -> Option<(char, Ink)> {
        let cell = self
            .cells
            .get(usize::from(y) * self.width + usize::from(x))?;
        let ink = cell.ink.filter(|_| cell.bits != 0)?;
        let drawn = match self.dots {
            Dots::Braille => char::from_u32(0x2800 + u32::from(cell.bits))?,
            Dots::Blocks => ['▀', '▄', '█'][usize::from(cell.bits.clamp(1, 3) - 1)],
            Dots::Ascii => sign(ink),
        };
        Some((drawn, ink))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(raster: &Raster) -> String {
        let row = |y| {
            (0..raster.width as u16)
                .map(move |x| raster.cell(x, y, |_| 'a').map_or(' ', |(sign, _)| sign))
                .collect::<String>()
        };
        (0..raster.height as u16)
            .map(row)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn a_rising_line_in_every_kind_of_dots() {
        for (dots, expected) in [
            (Dots::Braille, "⢀⠔⠁"),
            (Dots::Blocks, "▄▄▀"),
            (Dots::Ascii, "aaa"),
        ] {
            let mut raster = Raster::new(dots, 3, 1);
            raster.line((0.0, 0.0), (1.0, 1.0), Ink::Series(0));
            assert_eq!(drawn(&raster).chars().count(), 3, "{dots:?} {expected}");
            assert!(
                !drawn(&raster).contains(' '),
                "{dots:?}: {}",
                drawn(&raster)
            );
        }
    }

    #[test]
    fn what_is_in_front_is_not_muddled_by_what_is_behind() {
        let mut raster = Raster::new(Dots::Braille, 1, 1);
        raster.point((0.0, 0.0), Ink::Faint(0));
        raster.point((1.0, 1.0), Ink::Series(1));
        raster.point((0.0, 1.0), Ink::Faint(2));
        assert_eq!(raster.cell(0, 0, |_| 'a'), Some(('⠈', Ink::Series(1))));
    }

    proptest! {
        #[test]
        fn no_line_leaves_the_field(from in (-1e300_f64..1e300, -9.0_f64..9.0), to in (any::<f64>(), -9.0_f64..9.0), width in 0_u16..20, height in 0_u16..9) {
            for dots in [Dots::Braille, Dots::Blocks, Dots::Ascii] {
                let mut raster = Raster::new(dots, width, height);
                raster.line(from, to, Ink::Loud);
                raster.point(to, Ink::Loud);
            }
        }
    }
}
