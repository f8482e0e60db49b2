//! An image as cells of two colours, or as ASCII shades without colours.

use super::bitmap::{CellRect, Image};

/// Red, green, blue.
pub type Rgb = [u8; 3];

/// Shades from dark to light on a dark background.
const SHADES: &[u8] = b" .:-=+*#%@";

/// An image as cells of `▀`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HalfBlocks {
    pub columns: u16,
    /// Cells by row: the colours of the upper half (`▀`) and of the lower half (its background).
    pub cells: Vec<[Rgb; 2]>,
}

impl HalfBlocks {
    /// Scales an image to cells; each half cell is the mean of its pixels.
    pub fn from_image(picture: &Image, columns: u16, rows: u16) -> Self {
        let CellRect { columns, rows, .. } = CellRect {
            x: 0,
            y: 0,
            columns,
            rows,
        }
        .clamped();
        if columns == 0 || rows == 0 {
            return Self {
                columns: 0,
                cells: Vec::new(),
            };
        }
        let halves = picture.resized(u32::from(columns), u32::from(rows) * 2);
        let cell =
            |row: u32, column: u32| [0, 1].map(|half| halves.get_pixel(column, row * 2 + half).0);
        let cells = (0..u32::from(rows))
            .flat_map(|row| (0..u32::from(columns)).map(move |column| (row, column)));
        Self {
            columns,
            cells: cells.map(|(row, column)| cell(row, column)).collect(),
        }
    }

    /// Lines of ASCII shades, for terminals without colours.
    pub fn ascii_lines(&self) -> Vec<String> {
        let lines = self.cells.chunks(usize::from(self.columns).max(1));
        lines
            .map(|line| line.iter().map(|cell| shade_char(*cell)).collect())
            .collect()
    }
}

fn shade_char(cell: [Rgb; 2]) -> char {
    let light = cell.into_iter().map(luma).sum::<u32>() / 2;
    char::from(SHADES[(light as usize * SHADES.len() / 256).min(SHADES.len() - 1)])
}

/// The lightness of a colour, 0 to 255: the luma of <https://www.itu.int/rec/R-REC-BT.709>, in thousandths.
fn luma([red, green, blue]: Rgb) -> u32 {
    (u32::from(red) * 213 + u32::from(green) * 715 + u32::from(blue) * 72) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray_image(width: u32, height: u32, grays: &[u8]) -> Image {
        Image::from_rgba(
            width,
            height,
            grays
                .iter()
                .flat_map(|gray| [*gray, *gray, *gray, 255])
                .collect(),
        )
        .unwrap()
    }

    #[test]
    fn cells_have_the_colors_of_both_halves() {
        let blocks = HalfBlocks::from_image(&gray_image(2, 2, &[0, 100, 200, 255]), 2, 1);
        assert_eq!(blocks.cells, [[[0; 3], [200; 3]], [[100; 3], [255; 3]]]);
        assert_eq!(blocks.columns, 2);
    }

    #[test]
    fn halves_average_covered_pixels() {
        let stripes: Vec<u8> = (0..64 * 64)
            .map(|at| if at % 2 == 0 { 0 } else { 200 })
            .collect();
        let blocks = HalfBlocks::from_image(&gray_image(64, 64, &stripes), 4, 2);
        assert!(
            blocks
                .cells
                .iter()
                .flatten()
                .all(|[red, ..]| (90..=110).contains(red)),
            "{:?}",
            blocks.cells
        );
    }

    #[test]
    fn ascii_fallback_uses_shade_characters() {
        let blocks = HalfBlocks::from_image(&gray_image(3, 2, &[0, 120, 255, 0, 120, 255]), 3, 1);
        assert_eq!(blocks.ascii_lines(), [" =@"]);
    }

    #[test]
    fn empty_area_has_no_cells() {
        for (columns, rows) in [(0, 0), (0, 5), (5, 0)] {
            let blocks = HalfBlocks::from_image(&gray_image(1, 1, &[9]), columns, rows);
            assert!(blocks.cells.is_empty() && blocks.ascii_lines().is_empty());
        }
        assert_eq!(
            HalfBlocks::from_image(&gray_image(1, 1, &[9]), 1, 1).cells,
            [[[9; 3]; 2]]
        );
    }
}
