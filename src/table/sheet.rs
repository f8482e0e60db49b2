//! The cells of a run table as text: for people, and for CSV, JSON and Markdown.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::{Attribute, CellValue, ColumnKey, RowId, RunTable, ValueKind};
use crate::domain::{MetricValue, Millis};
use crate::text::number::{format_distinct, format_exact, format_short};
use crate::text::quantity::{format_duration, format_zoned_time};
use crate::text::untrusted::clean;

/// Whom the cells are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetKind {
    /// CSV: all digits, times and durations in ms.
    Csv,
    /// Markdown: readable, and different numbers stay different.
    Markdown,
    /// A table on a terminal.
    Terminal,
}

/// The time and the zone of a sheet.
#[derive(Clone, Copy, Debug)]
pub struct SheetClock<'a> {
    /// Ms since the epoch.
    pub now: Millis,
    /// Times for people are in it.
    pub zone: &'a TimeZone,
}

impl RunTable {
    /// The headers and rows of a sheet.
    #[must_use]
    pub fn sheet(
        &self,
        rows: &[RowId],
        columns: &[ColumnKey],
        kind: SheetKind,
        clock: SheetClock<'_>,
    ) -> (Vec<String>, Vec<Vec<String>>) {
        let is_csv = kind == SheetKind::Csv;
        let headers = if is_csv {
            columns.iter().map(csv_header).collect()
        } else {
            human_headers(columns)
        };
        let cell = |row: RowId, column: &ColumnKey| {
            let cell = self.cell(row, column, clock.now);
            if is_csv {
                machine_cell(cell)
            } else {
                human_cell(cell, column, clock.zone)
            }
        };
        let cells = |row: &RowId| columns.iter().map(|column| cell(*row, column)).collect();
        let mut sheet: Vec<Vec<String>> = rows.iter().map(cells).collect();
        if kind == SheetKind::Markdown {
            self.set_numbers_apart(&mut sheet, rows, columns);
        }
        (headers, sheet)
    }

    /// A JSON object for each row, by MLflow's names of the columns; times and durations are in ms.
    #[must_use]
    pub fn json_rows(&self, rows: &[RowId], columns: &[ColumnKey], now: Millis) -> Value {
        let object = |row: &RowId| {
            let fields = columns.iter().map(|column| {
                let value = json_cell(self.cell(*row, column, now));
                (column.to_string(), value)
            });
            Value::Object(fields.collect::<Map<_, _>>())
        };
        rows.iter().map(object).collect()
    }

    /// Gives the metrics of a column the digits that set different values apart.
    fn set_numbers_apart(&self, sheet: &mut [Vec<String>], rows: &[RowId], columns: &[ColumnKey]) {
        for (at, column) in columns.iter().enumerate() {
            if !matches!(column, ColumnKey::Metric(_)) {
                continue;
            }
            let value = |row: &RowId| match self.cell(*row, column, 0) {
                CellValue::Number(value) => Some(value),
                _ => None,
            };
            let values: Vec<Option<f64>> = rows.iter().map(value).collect();
            let numbers: Vec<f64> = values.iter().copied().flatten().collect();
            let mut texts = format_distinct(&numbers).into_iter();
            for (row, value) in sheet.iter_mut().zip(&values) {
                if let (Some(cell), true) = (row.get_mut(at), value.is_some()) {
                    *cell = texts.next().unwrap_or_default();
                }
            }
        }
    }
}

fn json_cell(cell: CellValue<'_>) -> Value {
    match cell {
        CellValue::Missing => Value::Null,
        CellValue::Number(value) => {
            serde_json::to_value(MetricValue::new(value)).unwrap_or(Value::Null)
        }
        CellValue::Time(ms) | CellValue::Duration(ms) => ms.into(),
        cell => machine_cell(cell).into(),
    }
}

/// Four digits, local times, durations with units, and the start of an id.
fn human_cell(cell: CellValue<'_>, column: &ColumnKey, zone: &TimeZone) -> String {
    match cell {
        CellValue::Text(text) if *column == ColumnKey::Attribute(Attribute::RunId) => {
            short_id(text)
        }
        CellValue::Number(value) => format_short(value),
        CellValue::Time(ms) => format_zoned_time(ms, zone),
        CellValue::Duration(ms) => format_duration(ms),
        CellValue::Missing => "—".to_owned(),
        cell => machine_cell(cell),
    }
}

/// The start of one of MLflow's random ids. Other ids may differ at their ends.
fn short_id(id: &str) -> String {
    let is_random = id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let length = if is_random { 8 } else { usize::MAX };
    clean(id).chars().take(length).collect()
}

/// The header of a CSV column: MLflow's name, with the unit of times and durations.
fn csv_header(column: &ColumnKey) -> String {
    match column.kind().values {
        ValueKind::Time | ValueKind::Duration => format!("{column}_ms"),
        _ => column.to_string(),
    }
}

/// The headers of a table for people; columns with equal titles also name their kinds.
fn human_headers(columns: &[ColumnKey]) -> Vec<String> {
    let title = |column: &ColumnKey| {
        let title = column.title();
        let same = columns.iter().filter(|other| other.title() == title);
        if same.count() > 1 {
            column.to_string()
        } else {
            title
        }
    };
    columns.iter().map(title).collect()
}

/// All digits, times and durations in ms, and an empty cell for a missing value.
fn machine_cell(cell: CellValue<'_>) -> String {
    match cell {
        CellValue::Missing => String::new(),
        CellValue::Number(value) => format_exact(value),
        CellValue::Text(text) => text.to_owned(),
        CellValue::Status(status) => status.as_str().to_owned(),
        CellValue::Time(ms) | CellValue::Duration(ms) => ms.to_string(),
    }
}
