//! Dots in cells: braille, half blocks, or one character a cell.

use crate::chart::PaintStyle;

/// The style of dots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DotStyle {
    /// 2×4 dots a cell.
    #[default]
    Braille,
    /// 1×2 dots a cell: for fonts without braille, such as the Linux console's.
    HalfBlocks,
    /// One character a cell.
    Ascii,
}

impl DotStyle {
    /// Columns and rows of dots in a cell.
    #[must_use]
    pub fn per_cell(self) -> (usize, usize) {
        match self {
            Self::Braille => (2, 4),
            Self::HalfBlocks => (1, 2),
            Self::Ascii => (1, 1),
        }
    }
}

/// The bits of braille's dots, by column, from the top.
const BRAILLE: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

#[derive(Clone, Copy, Default)]
struct DotCell {
    /// The dots that are set: braille's bits, or 1 above and 2 below.
    bits: u8,
    paint: Option<PaintStyle>,
}

pub struct Raster {
    dot_style: DotStyle,
    /// In cells.
    width: usize,
    height: usize,
    cells: Vec<DotCell>,
}

impl Raster {
    #[must_use]
    pub fn new(dot_style: DotStyle, width: u16, height: u16) -> Self {
        let (width, height) = (usize::from(width), usize::from(height));
        Self {
            dot_style,
            width,
            height,
            cells: vec![DotCell::default(); width * height],
        }
    }

    /// Columns and rows of dots.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        let (x, y) = self.dot_style.per_cell();
        (self.width * x, self.height * y)
    }

    /// Converts coordinates from 0 to 1 (upwards) to dots, also outside the raster.
    fn to_dots(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (columns, rows) = self.size();
        (
            x * (columns.max(1) - 1) as f64,
            (1.0 - y) * (rows.max(1) - 1) as f64,
        )
    }

    /// Sets the dot at a position inside the raster.
    pub fn draw_point(&mut self, position: (f64, f64), paint: PaintStyle) {
        let (x, y) = self.to_dots(position);
        self.set_dot(x, y, paint);
    }

    /// Sets the dots of a line inside the raster.
    pub fn draw_line(&mut self, from: (f64, f64), to: (f64, f64), paint: PaintStyle) {
        let (from, to) = (self.to_dots(from), self.to_dots(to));
        let (columns, rows) = self.size();
        let steps = (to.0 - from.0)
            .abs()
            .max((to.1 - from.1).abs())
            .ceil()
            .clamp(1.0, columns.max(rows).max(1) as f64);
        for step in 0..=steps as usize {
            let part = step as f64 / steps;
            self.set_dot(
                from.0 + (to.0 - from.0) * part,
                from.1 + (to.1 - from.1) * part,
                paint,
            );
        }
    }

    fn set_dot(&mut self, x: f64, y: f64, paint: PaintStyle) {
        let (columns, rows) = self.size();
        let (x, y) = (x.round(), y.round());
        if !(x >= 0.0 && y >= 0.0 && x < columns as f64 && y < rows as f64) {
            return;
        }
        let (x, y) = (x as usize, y as usize);
        let (columns_per_cell, down) = self.dot_style.per_cell();
        let Some(cell) = self
            .cells
            .get_mut(y / down * self.width + x / columns_per_cell)
        else {
            return;
        };
        let is_faint =
            |paint: PaintStyle| matches!(paint, PaintStyle::Faint(_) | PaintStyle::Muted);
        match cell.paint {
            // A faint line does not change the colour of a strong one.
            Some(before) if is_faint(paint) && !is_faint(before) => return,
            Some(before) if is_faint(before) && !is_faint(paint) => cell.bits = 0,
            _ => {}
        }
        cell.paint = Some(paint);
        cell.bits |= match self.dot_style {
            DotStyle::Braille => BRAILLE[x % columns_per_cell][y % down],
            DotStyle::HalfBlocks => 1 << (y % down),
            DotStyle::Ascii => 1,
        };
    }

    /// The character and style of a cell that has dots. `sign` returns the character of a style in ASCII.
    pub fn cell_at(
        &self,
        x: u16,
        y: u16,
        symbol_for: impl Fn(PaintStyle) -> char,
    ) -> Option<(char, PaintStyle)> {
        let cell = self
            .cells
            .get(usize::from(y) * self.width + usize::from(x))?;
        let paint = cell.paint.filter(|_| cell.bits != 0)?;
        let symbol = match self.dot_style {
            DotStyle::Braille => char::from_u32(0x2800 + u32::from(cell.bits))?,
            DotStyle::HalfBlocks => ['▀', '▄', '█'][usize::from(cell.bits.clamp(1, 3) - 1)],
            DotStyle::Ascii => symbol_for(paint),
        };
        Some((symbol, paint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rendered(raster: &Raster) -> String {
        let row = |y| {
            (0..raster.width as u16)
                .map(move |x| raster.cell_at(x, y, |_| 'a').map_or(' ', |(sign, _)| sign))
                .collect::<String>()
        };
        (0..raster.height as u16)
            .map(row)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn rising_lines_are_drawn_in_every_dot_style() {
        for (dots, expected) in [
            (DotStyle::Braille, "⢀⠔⠁"),
            (DotStyle::HalfBlocks, "▄▄▀"),
            (DotStyle::Ascii, "aaa"),
        ] {
            let mut raster = Raster::new(dots, 3, 1);
            raster.draw_line((0.0, 0.0), (1.0, 1.0), PaintStyle::Series(0));
            assert_eq!(rendered(&raster).chars().count(), 3, "{dots:?} {expected}");
            assert!(
                !rendered(&raster).contains(' '),
                "{dots:?}: {}",
                rendered(&raster)
            );
        }
    }

    #[test]
    fn faint_lines_do_not_overwrite_strong_ones() {
        let mut raster = Raster::new(DotStyle::Braille, 1, 1);
        raster.draw_point((0.0, 0.0), PaintStyle::Faint(0));
        raster.draw_point((1.0, 1.0), PaintStyle::Series(1));
        raster.draw_point((0.0, 1.0), PaintStyle::Faint(2));
        assert_eq!(
            raster.cell_at(0, 0, |_| 'a'),
            Some(('⠈', PaintStyle::Series(1)))
        );
    }

    proptest! {
        #[test]
        fn lines_stay_inside_the_raster(from in (-1e300_f64..1e300, -9.0_f64..9.0), to in (any::<f64>(), -9.0_f64..9.0), width in 0_u16..20, height in 0_u16..9) {
            for dots in [DotStyle::Braille, DotStyle::HalfBlocks, DotStyle::Ascii] {
                let mut raster = Raster::new(dots, width, height);
                raster.draw_line(from, to, PaintStyle::Emphasis);
                raster.draw_point(to, PaintStyle::Emphasis);
            }
        }
    }
}
