//! Sheets: headers and rows of text, printed as an aligned table, CSV or Markdown.

mod wrap;

use unicode_width::UnicodeWidthStr;

use super::document::{escape, table_row};
use crate::text::number::align_decimal;
use crate::text::untrusted::clean;
use crate::text::width;

/// Columns of a cell where the table has to fit a width.
const MAX_CELL_WIDTH: u16 = 60;

/// Rows under headers, raw. Every format cleans them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// One per column.
    pub headers: Vec<String>,
    /// Each row has a cell per header.
    pub rows: Vec<Vec<String>>,
    /// The columns that are dropped first where not all fit a width, in this order; then those at the right.
    pub expendable: Vec<usize>,
}

impl Sheet {
    /// A sheet without rows.
    #[must_use]
    pub fn new<const N: usize>(headers: [&str; N]) -> Self {
        Self {
            headers: headers.map(str::to_owned).into(),
            ..Self::default()
        }
    }

    /// Appends a row with a cell per header.
    pub fn push_row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    /// The sheet without some columns, by their headers.
    #[must_use]
    pub fn without_columns(mut self, headers: &[&str]) -> Self {
        for header in headers {
            if let Some(at) = self.headers.iter().position(|known| known == header) {
                self.headers.remove(at);
                for row in &mut self.rows {
                    row.remove(at);
                }
            }
        }
        self
    }

    /// Aligned lines, the headers first, and the number of columns that did not fit `width`.
    #[must_use]
    pub fn to_aligned_lines(&self, width: Option<usize>) -> (Vec<String>, usize) {
        self.align(width, width.map(|_| MAX_CELL_WIDTH))
    }

    /// Aligned lines with every column, the headers first. Cells after the first share the remaining width and are
    /// truncated.
    #[must_use]
    pub fn fit_to_width(&self, width: u16) -> Vec<String> {
        let first = std::iter::once(&self.headers)
            .chain(&self.rows)
            .filter_map(|row| row.first())
            .map(|cell| width::width(&clean(cell)));
        let others = u16::try_from(self.headers.len().saturating_sub(1).max(1)).unwrap_or(u16::MAX);
        let room = width.saturating_sub(first.max().unwrap_or(0)) / others;
        self.align(None, Some(room.saturating_sub(2).max(6))).0
    }

    fn align(&self, width: Option<usize>, cell: Option<u16>) -> (Vec<String>, usize) {
        let truncate =
            |text: &str| cell.map_or_else(|| text.to_owned(), |room| width::truncate(text, room));
        let cells = |row: &[String]| {
            let cells = row.iter().map(|cell| truncate(&clean(cell)));
            cells.collect::<Vec<_>>()
        };
        let headers = cells(&self.headers);
        let mut rows: Vec<Vec<String>> = self.rows.iter().map(|row| cells(row)).collect();
        let numeric: Vec<bool> = (0..headers.len()).map(|at| is_numeric(&rows, at)).collect();
        for at in (0..headers.len()).filter(|at| numeric[*at]) {
            align_column(&mut rows, at);
        }
        let widths: Vec<usize> = (0..headers.len())
            .map(|at| {
                std::iter::once(&headers)
                    .chain(&rows)
                    .filter_map(|row| row.get(at))
                    .map(|cell| cell.width())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let shown = self.columns_that_fit(&widths, width);
        let line = |row: &Vec<String>| {
            let cells = shown.iter().filter_map(|at| Some((*at, row.get(*at)?)));
            let padded = cells.map(|(at, cell)| {
                let gap = " ".repeat(
                    widths
                        .get(at)
                        .map_or(0, |width| width.saturating_sub(cell.width())),
                );
                if numeric.get(at) == Some(&true) {
                    format!("{gap}{cell}")
                } else {
                    format!("{cell}{gap}")
                }
            });
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        (
            std::iter::once(&headers).chain(&rows).map(line).collect(),
            headers.len() - shown.len(),
        )
    }

    /// The columns that fit `width`, at least one.
    fn columns_that_fit(&self, widths: &[usize], width: Option<usize>) -> Vec<usize> {
        let mut shown: Vec<usize> = (0..widths.len()).collect();
        let Some(room) = width else { return shown };
        let is_too_wide = |shown: &[usize]| {
            let used: usize = shown.iter().map(|at| widths[*at] + 2).sum();
            used > room + 2 && shown.len() > 1
        };
        let mut expendable = self.expendable.iter();
        while is_too_wide(&shown) {
            match expendable.next() {
                Some(at) => shown.retain(|other| other != at),
                None => drop(shown.pop()),
            }
        }
        shown
    }

    /// CSV by RFC 4180 with the values as they are, safe to open in a spreadsheet: a text that begins like a formula gets an apostrophe before it.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let line = |row: &Vec<String>| {
            let cells: Vec<String> = row.iter().map(|cell| escape::csv_cell(cell)).collect();
            cells.join(",") + "\r\n"
        };
        std::iter::once(&self.headers)
            .chain(&self.rows)
            .map(line)
            .collect()
    }

    /// A Markdown table.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let line = |row: &Vec<String>| table_row(row.iter().map(|cell| escape::markdown(cell)));
        let rule = vec!["---".to_owned(); self.headers.len()];
        [&self.headers, &rule]
            .into_iter()
            .chain(&self.rows)
            .map(line)
            .collect()
    }
}

/// Aligns the decimal points of a column.
fn align_column(rows: &mut [Vec<String>], at: usize) {
    let column: Vec<String> = rows
        .iter()
        .map(|row| row.get(at).cloned().unwrap_or_default())
        .collect();
    for (row, aligned) in rows.iter_mut().zip(align_decimal(&column)) {
        if let Some(cell) = row.get_mut(at) {
            *cell = aligned;
        }
    }
}

fn is_numeric(rows: &[Vec<String>], at: usize) -> bool {
    let mut cells = rows
        .iter()
        .filter_map(|row| row.get(at))
        .filter(|cell| !cell.is_empty() && *cell != "—")
        .peekable();
    cells.peek().is_some() && cells.all(|cell| cell.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new(["name", "acc", "note"]);
        sheet.push_row(["größe精".into(), "0.95".into(), "a|b".into()]);
        sheet.push_row(["x\u{1b}[2J".into(), "12".into(), "=HYPERLINK(\"u\")".into()]);
        sheet
    }

    #[test]
    fn columns_and_decimal_points_are_aligned() {
        let (lines, left_out) = sheet().to_aligned_lines(None);
        assert_eq!(
            lines,
            [
                "name       acc  note",
                "größe精   0.95  a|b",
                "x␛[2J    12     =HYPERLINK(\"u\")"
            ]
        );
        assert_eq!(left_out, 0);
    }

    #[test]
    fn columns_that_do_not_fit_are_dropped_and_counted() {
        let (lines, left_out) = sheet().to_aligned_lines(Some(14));
        assert_eq!((lines[1].as_str(), left_out), ("größe精   0.95", 1));
        assert_eq!(sheet().to_aligned_lines(Some(1)).1, 2);
    }

    #[test]
    fn csv_quotes_and_escapes_formulas() {
        let csv = sheet().to_csv();
        assert!(csv.contains("\"'=HYPERLINK(\"\"u\"\")\""), "{csv}");
    }

    #[test]
    fn markdown_escapes_cell_separators() {
        assert!(sheet().to_markdown().starts_with(
            "| name | acc | note |\n| --- | --- | --- |\n| größe精 | 0.95 | a\\|b |\n"
        ));
    }

    #[test]
    fn csv_keeps_lines_tabs_and_quotes() {
        let mut sheet = Sheet::new(["message"]);
        sheet.push_row(["fix: \"thing\"\n\nbody\tend\r\n".into()]);
        assert_eq!(
            sheet.to_csv(),
            "message\r\n\"fix: \"\"thing\"\"\n\nbody\tend\r\n\"\r\n"
        );
    }

    proptest! {
        #[test]
        fn cells_stay_on_one_line_without_control_characters(cells in prop::collection::vec(any::<String>(), 0..12)) {
            let mut sheet = Sheet::new(["one", "two", "three"]);
            for row in cells.chunks_exact(3) {
                sheet.push_row([row[0].clone(), row[1].clone(), row[2].clone()]);
            }
            let lines = sheet.rows.len() + 1;
            let (aligned, _) = sheet.to_aligned_lines(Some(60));
            prop_assert_eq!(aligned.len(), lines);
            for text in [aligned.join("\n"), sheet.to_markdown()] {
                prop_assert!(!text.replace('\n', "").chars().any(|c| c.is_control() || crate::text::untrusted::is_hidden(c)), "{:?}", text);
            }
            prop_assert!(!sheet.to_csv().chars().any(|c| c.is_control() && !['\n', '\r', '\t'].contains(&c)));
            prop_assert_eq!(sheet.to_markdown().lines().count(), lines + 1);
        }
    }
}
