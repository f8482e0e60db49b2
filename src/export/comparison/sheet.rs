//! A comparison as a sheet: a row a property, a column a run.

use crate::analysis::{Comparison, ComparisonRow, RowKind};
use crate::export::Sheet;
use crate::text::number::{TABLE_DIGITS, format_short, format_signed};

/// The sheet; for machines, values alone and in full.
#[must_use]
pub fn comparison_sheet(
    comparison: &Comparison,
    only_differing: bool,
    machine_readable: bool,
) -> Sheet {
    let heads = comparison.runs.iter().enumerate().map(|(at, run)| {
        let mark = if at == comparison.baseline && !machine_readable {
            " (baseline)"
        } else {
            ""
        };
        format!("{}{mark}", run.label().raw())
    });
    let mut sheet = Sheet {
        headers: ["kind", "key"]
            .map(str::to_owned)
            .into_iter()
            .chain(heads)
            .collect(),
        rows: Vec::new(),
    };
    for row in comparison
        .rows
        .iter()
        .filter(|row| row.differs || !only_differing)
    {
        let cells = (0..comparison.runs.len()).map(|at| cell(row, at, machine_readable));
        sheet.rows.push(
            [row.kind.as_str().to_owned(), row.key.raw().to_owned()]
                .into_iter()
                .chain(cells)
                .collect(),
        );
    }
    sheet
}

/// A metric for people is short, with `*` where it is the best, and its distance to the baseline.
fn cell(row: &ComparisonRow, at: usize, machine_readable: bool) -> String {
    let number = row
        .numbers
        .get(at)
        .copied()
        .flatten()
        .filter(|_| row.kind == RowKind::Metric && !machine_readable);
    let text = row.values.get(at).and_then(Option::as_ref);
    let Some(number) = number else {
        let missing = if machine_readable { "" } else { "—" };
        return text.map_or_else(|| missing.to_owned(), |text| text.raw().to_owned());
    };
    let mark = if row.best_runs.contains(&at) {
        " *"
    } else {
        ""
    };
    let delta = row
        .delta
        .get(at)
        .copied()
        .flatten()
        .filter(|delta| *delta != 0.0 && delta.is_finite());
    let delta = delta
        .map(|delta| format!(" ({})", format_signed(delta, TABLE_DIGITS)))
        .unwrap_or_default();
    format!("{}{delta}{mark}", format_short(number))
}
