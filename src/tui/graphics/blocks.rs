//! A picture as cells: two colours a cell where there are colours, else letters that are light and dark.

use super::picture::{Area, Picture};

/// A colour: red, green, blue.
pub type Rgb = [u8; 3];

/// Letters from dark to light, as they look on a dark ground.
const SHADES: &[u8] = b" .:-=+*#%@";

/// A picture as cells of `▀`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// How many cells it is wide.
    pub columns: u16,
    /// Row by row the cells: the colour of the upper half, which `▀` is drawn in, and that of the lower half, its ground.
    pub cells: Vec<[Rgb; 2]>,
}

impl Blocks {
    /// The picture stretched over so many cells, each half cell the mean of what it covers; nothing without an area.
    pub fn of(picture: &Picture, columns: u16, rows: u16) -> Self {
        let Area { columns, rows, .. } = Area {
            x: 0,
            y: 0,
            columns,
            rows,
        }
        .bounded();
        if columns == 0 || rows == 0 {
            return Self {
                columns: 0,
                cells: Vec::new(),
            };
        }
        let halves = picture.stretched(u32::from(columns), u32::from(rows) * 2);
        let cell =
            |row: u32, column: u32| [0, 1].map(|half| halves.get_pixel(column, row * 2 + half).0);
        let cells = (0..u32::from(rows))
            .flat_map(|row| (0..u32::from(columns)).map(move |column| (row, column)));
        Self {
            columns,
            cells: cells.map(|(row, column)| cell(row, column)).collect(),
        }
    }

    /// Lines of letters by how light each cell is, for terminals without colours.
    pub fn letters(&self) -> Vec<String> {
        let lines = self.cells.chunks(usize::from(self.columns).max(1));
        lines
            .map(|line| line.iter().map(|cell| letter(*cell)).collect())
            .collect()
    }
}

fn letter(cell: [Rgb; 2]) -> char {
    let light = cell.into_iter().map(lightness).sum::<u32>() / 2;
    char::from(SHADES[(light as usize * SHADES.len() / 256).min(SHADES.len() - 1)])
}

/// How light a colour is, 0 to 255: the luma of <https://www.itu.int/rec/R-REC-BT.709>, in thousandths.
fn lightness([red, green, blue]: Rgb) -> u32 {
    (u32::from(red) * 213 + u32::from(green) * 715 + u32::from(blue) * 72) / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, grays: &[u8]) -> Picture {
        Picture::from_rgba(
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
    fn a_cell_has_the_colours_of_its_halves() {
        let blocks = Blocks::of(&picture(2, 2, &[0, 100, 200, 255]), 2, 1);
        assert_eq!(blocks.cells, [[[0; 3], [200; 3]], [[100; 3], [255; 3]]]);
        assert_eq!(blocks.columns, 2);
    }

    #[test]
    fn a_half_is_the_mean_of_what_it_covers() {
        let stripes: Vec<u8> = (0..64 * 64)
            .map(|at| if at % 2 == 0 { 0 } else { 200 })
            .collect();
        let blocks = Blocks::of(&picture(64, 64, &stripes), 4, 2);
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
    fn without_colours_there_are_letters() {
        let blocks = Blocks::of(&picture(3, 2, &[0, 120, 255, 0, 120, 255]), 3, 1);
        assert_eq!(blocks.letters(), [" =@"]);
    }

    #[test]
    fn no_area_has_no_cells() {
        for (columns, rows) in [(0, 0), (0, 5), (5, 0)] {
            let blocks = Blocks::of(&picture(1, 1, &[9]), columns, rows);
            assert!(blocks.cells.is_empty() && blocks.letters().is_empty());
        }
        assert_eq!(Blocks::of(&picture(1, 1, &[9]), 1, 1).cells, [[[9; 3]; 2]]);
    }
}
