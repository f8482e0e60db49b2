//! Sheets that keep every value on a narrow terminal: cells are wrapped, or the columns of each row are listed below each other.

use unicode_width::UnicodeWidthStr;

use super::{Sheet, is_numeric};
use crate::text::untrusted::clean;
use crate::text::width;

/// Columns are not wrapped to fewer cells than this: their rows are listed instead.
const MIN_COLUMN_WIDTH: usize = 16;
/// The cells between two columns.
const GAP: usize = 2;
/// The cells before a listed column.
const INDENT: usize = 2;

impl Sheet {
    /// Lines of at most `width` cells with every column and every value, and whether the headers are on the first one. Rows that
    /// are listed begin with their first `keys` cells.
    #[must_use]
    pub fn to_complete_lines(&self, width: usize, keys: usize) -> (Vec<String>, bool) {
        let (aligned, _) = self.to_aligned_lines(None);
        if aligned.iter().all(|line| line.width() <= width) {
            return (aligned, true);
        }
        match self.wrapped_widths(width) {
            Some(widths) => (self.wrap_cells(&widths), true),
            None => (self.list_rows(width, keys), false),
        }
    }

    /// The widths of the columns when the widest ones are wrapped; `None` if there are too many columns.
    fn wrapped_widths(&self, room: usize) -> Option<Vec<usize>> {
        let widths: Vec<usize> = (0..self.headers.len())
            .map(|at| {
                let cells = std::iter::once(&self.headers).chain(&self.rows);
                let cells = cells.filter_map(|row| row.get(at));
                cells.map(|cell| clean(cell).width()).max().unwrap_or(0)
            })
            .collect();
        let room = room.saturating_sub(GAP * widths.len().saturating_sub(1));
        let total = |limit: usize| {
            widths
                .iter()
                .map(|width| (*width).min(limit))
                .sum::<usize>()
        };
        let limit = (MIN_COLUMN_WIDTH..=room)
            .rev()
            .find(|limit| total(*limit) <= room)?;
        Some(widths.iter().map(|width| (*width).min(limit)).collect())
    }

    fn wrap_cells(&self, widths: &[usize]) -> Vec<String> {
        let numeric: Vec<bool> = (0..widths.len())
            .map(|at| is_numeric(&self.rows, at))
            .collect();
        let row_lines = |row: &Vec<String>| {
            let cells: Vec<Vec<String>> = row
                .iter()
                .zip(widths)
                .map(|(cell, room)| wrap_whole(&clean(cell), *room))
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(1);
            let line = |at: usize| {
                let mut line = String::new();
                for ((cell, room), numeric) in cells.iter().zip(widths).zip(&numeric) {
                    let text = cell.get(at).map_or("", |text| text.trim_end());
                    let pad = " ".repeat(room.saturating_sub(text.width()));
                    line += &if *numeric {
                        pad + text
                    } else {
                        text.to_owned() + &pad
                    };
                    line += &" ".repeat(GAP);
                }
                line.trim_end().to_owned()
            };
            (0..height.max(1)).map(line).collect::<Vec<_>>()
        };
        std::iter::once(&self.headers)
            .chain(&self.rows)
            .flat_map(row_lines)
            .collect()
    }

    /// Each row as its keys, and a line or more for each other cell that is not empty, after the header of its column.
    fn list_rows(&self, width: usize, keys: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let headers: Vec<String> = self
            .headers
            .iter()
            .skip(keys)
            .map(|header| clean(header).into_owned())
            .collect();
        let widest = headers.iter().map(|header| header.width()).max();
        let label_width = widest.unwrap_or(0).min(width / 3);
        for row in &self.rows {
            let head: Vec<_> = row.iter().take(keys).map(|cell| clean(cell)).collect();
            lines.extend(wrap_whole(head.join("  ").trim_end(), width));
            let cells = headers.iter().zip(row.iter().skip(keys));
            for (header, cell) in cells.filter(|(_, cell)| !cell.is_empty()) {
                let room = width.saturating_sub(INDENT + label_width + GAP);
                let (labels, values) = (
                    wrap_whole(header, label_width),
                    wrap_whole(&clean(cell), room),
                );
                for at in 0..labels.len().max(values.len()) {
                    let label = labels.get(at).map_or("", |label| label.trim_end());
                    let value = values.get(at).map_or("", |value| value.trim_end());
                    let pad = " ".repeat(label_width.saturating_sub(label.width()) + GAP);
                    let line = format!("{:INDENT$}{label}{pad}{value}", "");
                    lines.push(line.trim_end().to_owned());
                }
            }
        }
        lines
    }
}

/// [`width::wrap`] with at least one line.
fn wrap_whole(text: &str, room: usize) -> Vec<String> {
    let lines = width::wrap(text, u16::try_from(room.max(1)).unwrap_or(u16::MAX));
    if lines.is_empty() {
        vec![String::new()]
    } else {
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn listed_rows_leave_out_empty_cells() {
        let mut sheet = Sheet::new(["when", "reason", "gates"]);
        sheet.push_row(["today".into(), "better ".repeat(9), String::new()]);
        let lines = sheet.list_rows(40, 1);
        assert!(
            lines.iter().any(|line| line.contains("reason")),
            "{lines:?}"
        );
        assert!(
            !lines.iter().any(|line| line.contains("gates")),
            "{lines:?}"
        );
    }

    fn long_sheet(runs: usize) -> Sheet {
        let names = (0..runs).map(|run| format!("run-{run}"));
        let values = (0..runs).map(|run| format!("{}{run}", "value ".repeat(20)));
        let key = "peft_config.target_modules.attention.self.query.key.value.output".to_owned();
        Sheet {
            headers: ["kind", "key"]
                .map(str::to_owned)
                .into_iter()
                .chain(names)
                .collect(),
            rows: vec![
                ["param".to_owned(), key]
                    .into_iter()
                    .chain(values)
                    .collect(),
            ],
            ..Sheet::default()
        }
    }

    #[test]
    fn every_run_is_printed_on_a_narrow_terminal() {
        for (runs, has_headers) in [(2, true), (20, false)] {
            let (lines, headers_first) = long_sheet(runs).to_complete_lines(80, 2);
            assert_eq!(headers_first, has_headers);
            assert!(lines.iter().all(|line| line.width() <= 80), "{lines:#?}");
            for run in 0..runs {
                let name = format!("run-{run}");
                assert!(lines.iter().any(|line| line.contains(&name)), "{lines:#?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_character_is_lost(cells in prop::collection::vec("[a-z_.]{0,50}", 0..24), width in 20_usize..100) {
            let mut sheet = Sheet::new(["one", "two", "three", "four"]);
            for row in cells.chunks_exact(4) {
                sheet.push_row([row[0].clone(), row[1].clone(), row[2].clone(), row[3].clone()]);
            }
            let (lines, _) = sheet.to_complete_lines(width, 1);
            prop_assert!(lines.iter().all(|line| line.width() <= width), "{lines:#?}");
            let count = |text: &str, c: char| text.chars().filter(|other| *other == c).count();
            let text = lines.concat();
            for c in ['x', '_', '.', 'z'] {
                let expected: usize = sheet.rows.iter().flatten().map(|cell| count(cell, c)).sum();
                prop_assert_eq!(count(&text, c), expected);
            }
        }
    }
}
