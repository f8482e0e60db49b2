//! A comparison as a sheet: a row a property, a column a run.

use crate::analysis::{CompareRow, Comparison, RowKind};
use crate::export::Sheet;
use crate::text::number::{DIGITS, short, signed};

/// The sheet; for machines, values alone and in full.
#[must_use]
pub fn sheet(comparison: &Comparison, differing: bool, for_machines: bool) -> Sheet {
    let heads = comparison.runs.iter().enumerate().map(|(at, run)| {
        let mark = if at == comparison.baseline && !for_machines {
            " (baseline)"
        } else {
            ""
        };
        format!("{}{mark}", run.label().raw())
    });
    let mut sheet = Sheet {
        heads: ["kind", "key"]
            .map(str::to_owned)
            .into_iter()
            .chain(heads)
            .collect(),
        rows: Vec::new(),
    };
    for row in comparison
        .rows
        .iter()
        .filter(|row| row.differs || !differing)
    {
        let cells = (0..comparison.runs.len()).map(|at| cell(row, at, for_machines));
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
fn cell(row: &CompareRow, at: usize, for_machines: bool) -> String {
    let number = row
        .numbers
        .get(at)
        .copied()
        .flatten()
        .filter(|_| row.kind == RowKind::Metric && !for_machines);
    let text = row.values.get(at).and_then(Option::as_ref);
    let Some(number) = number else {
        let missing = if for_machines { "" } else { "—" };
        return text.map_or_else(|| missing.to_owned(), |text| text.raw().to_owned());
    };
    let mark = if row.best.contains(&at) { " *" } else { "" };
    let delta = row
        .delta
        .get(at)
        .copied()
        .flatten()
        .filter(|delta| *delta != 0.0 && delta.is_finite());
    let delta = delta
        .map(|delta| format!(" ({})", signed(delta, DIGITS)))
        .unwrap_or_default();
    format!("{}{delta}{mark}", short(number))
}
