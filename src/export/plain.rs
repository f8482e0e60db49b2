//! Tables for a terminal: aligned columns, as wide as they may be.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::Sheet;
use crate::analysis::number::align_decimal;

/// What stands between columns.
const GAP: &str = "  ";

/// What stands where there is nothing: an empty cell would read as an empty text.
const MISSING: &str = "–";

/// A column is not cut below this while another is wider.
const NARROWEST: usize = 4;

impl Sheet {
    /// The table with a header, one line a row, numbers to the right with their points under each other. Given a width,
    /// no line is longer: the widest columns are cut, with `…`.
    #[must_use]
    pub fn plain(&self, width: Option<usize>) -> String {
        let columns: Vec<Drawn> = (0..self.columns.len()).map(|index| self.drawn(index)).collect();
        let mut widths: Vec<usize> = columns.iter().map(Drawn::width).collect();
        if let Some(limit) = width {
            shrink(&mut widths, limit);
        }
        let mut out = String::new();
        for row in 0..=self.rows.len() {
            let cells = columns.iter().zip(&widths).map(|(column, width)| column.cell(row, *width));
            let line = cells.collect::<Vec<_>>().join(GAP);
            let line = width.map_or(line.clone(), |limit| cut(&line, limit));
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    fn drawn(&self, index: usize) -> Drawn {
        let numeric = self.columns.get(index).is_some_and(|column| column.numeric);
        let cell = |row: &Vec<Option<crate::domain::Untrusted>>| {
            row.get(index).and_then(Option::as_ref).map_or_else(|| MISSING.to_owned(), |cell| cell.clean().into_owned())
        };
        let cells: Vec<String> = self.rows.iter().map(cell).collect();
        let cells = if numeric { align_decimal(&cells) } else { cells };
        let title = self.columns.get(index).map(|column| column.title.clean().into_owned());
        Drawn { numeric, cells: title.into_iter().chain(cells).collect() }
    }
}

/// A column's texts, its header first.
struct Drawn {
    numeric: bool,
    cells: Vec<String>,
}

impl Drawn {
    fn width(&self) -> usize {
        self.cells.iter().map(|cell| cell.width()).max().unwrap_or(0)
    }

    fn cell(&self, row: usize, width: usize) -> String {
        let text = self.cells.get(row).map(|cell| cut(cell, width)).unwrap_or_default();
        let pad = " ".repeat(width.saturating_sub(text.width()));
        if self.numeric { format!("{pad}{text}") } else { format!("{text}{pad}") }
    }
}

/// Takes from the widest columns until all fit, or all are as narrow as they may be.
fn shrink(widths: &mut [usize], limit: usize) {
    let gaps = GAP.len() * widths.len().saturating_sub(1);
    loop {
        let total = widths.iter().sum::<usize>() + gaps;
        let Some(excess) = total.checked_sub(limit).filter(|excess| *excess > 0) else { return };
        let widest = widths.iter().copied().max().unwrap_or(0);
        let next = widths.iter().copied().filter(|width| *width < widest).max().unwrap_or(0).max(NARROWEST);
        if widest <= NARROWEST {
            return;
        }
        let Some(column) = widths.iter_mut().find(|width| **width == widest) else { return };
        // At least one, else two columns of one width would never change.
        *column -= excess.min((widest - next).max(1));
    }
}

/// The text in at most `width` cells of a terminal, with `…` where something was cut off.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        if used + grapheme.width() + 1 > width {
            break;
        }
        used += grapheme.width();
        kept.push_str(grapheme);
    }
    if width > 0 { kept + "…" } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new().text("name").number("acc").text("note");
        sheet.push([Some("精度".into()), Some("0.95".into()), Some("a\nb".into())]);
        sheet.push([Some("long-name".into()), Some("12".into()), None]);
        sheet
    }

    #[test]
    fn columns_and_points_line_up() {
        assert_eq!(sheet().plain(None), "name         acc  note\n精度        0.95  a⏎b\nlong-name  12     –\n");
    }

    #[test]
    fn the_widest_column_is_cut_first() {
        assert_eq!(sheet().plain(Some(19)), "name      acc  note\n精度     0.95  a⏎b\nlong-…  12     –\n");
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        assert_eq!(Sheet::new().text("a").text("b").plain(None), "a  b\n");
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(cells in prop::collection::vec(any::<String>(), 0..12), width in 0_usize..60) {
            let mut sheet = Sheet::new().text("one").number("two").text("three");
            for row in cells.chunks(3) {
                sheet.push(row.iter().map(|cell| Some(cell.as_str().into())));
            }
            let plain = sheet.plain(Some(width));
            prop_assert_eq!(plain.lines().count(), sheet.len() + 1);
            for line in plain.lines() {
                prop_assert!(line.width() <= width, "{} > {}: {:?}", line.width(), width, line);
                prop_assert!(!line.chars().any(|c| c.is_control() || crate::domain::text::is_hidden(c)));
            }
        }
    }
}
