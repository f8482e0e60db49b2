//! Comparisons as files: Markdown for a pull request, CSV and JSON for programs, HTML with the curves.

use serde_json::json;

use super::document::{Block, Cell, Document, Row, Table, Tone};
use super::{Sheet, json, records};
use crate::analysis::{Comparison, ComparisonRow, RowKind};
use crate::chart::Figure;
use crate::text::number::{format_distinct, format_signed};

/// Columns of a value in a Markdown table.
const MARKDOWN_CELL_WIDTH: u16 = 60;
/// Attributes that a reviewer does not need, or that the header has already.
const MINOR_ATTRIBUTES: [&str; 4] = ["run_name", "start_time", "duration", "experiment_id"];

/// A file format of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComparisonFormat {
    /// One table.
    Markdown,
    /// Values in full, one row per property.
    Csv,
    /// The record that `--json` prints.
    Json,
    /// One page with its figures.
    Html,
}

impl ComparisonFormat {
    /// The format that a file name's extension names.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        let (_, extension) = path.rsplit_once('.')?;
        let known = [
            ("md", Self::Markdown),
            ("markdown", Self::Markdown),
            ("csv", Self::Csv),
            ("json", Self::Json),
            ("html", Self::Html),
        ];
        known
            .into_iter()
            .find(|(name, _)| extension.eq_ignore_ascii_case(name))
            .map(|(_, format)| format)
    }
}

/// The rows of a comparison to write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowSelection {
    /// Leaves out the properties that are equal in all runs.
    pub only_differing: bool,
    /// Writes a row for each system metric; otherwise one line stands for all of them, except in CSV and JSON.
    pub with_system_metrics: bool,
}

impl RowSelection {
    /// The properties that differ, with one line for system metrics.
    #[must_use]
    pub fn differences() -> Self {
        Self {
            only_differing: true,
            with_system_metrics: false,
        }
    }

    fn includes(self, row: &ComparisonRow) -> bool {
        !self.only_differing || row.is_difference()
    }
}

/// A comparison as a file's content. Figures are drawn in HTML only.
#[must_use]
pub fn render_comparison(
    comparison: &Comparison,
    format: ComparisonFormat,
    selection: RowSelection,
    figures: &[Figure],
) -> String {
    match format {
        ComparisonFormat::Markdown => document(comparison, selection, &[]).to_markdown(),
        ComparisonFormat::Csv => full_sheet(comparison, selection).to_csv(),
        ComparisonFormat::Json => {
            let record = records::CompareRecord::new(comparison, selection.only_differing);
            json::to_string(&json!(record)) + "\n"
        }
        ComparisonFormat::Html => document(comparison, selection, figures).to_html(),
    }
}

/// A comparison as a document.
pub(super) fn document(
    comparison: &Comparison,
    selection: RowSelection,
    figures: &[Figure],
) -> Document {
    let runs = &comparison.runs;
    let baseline = runs
        .get(comparison.baseline)
        .map(|run| run.label().raw().to_owned());
    let mut document = Document::new(format!(
        "{} runs compared, baseline {}",
        runs.len(),
        baseline.unwrap_or_default()
    ));
    document.blocks.push(Block::Paragraph(format!(
        "{} properties differ, {} are equal.",
        comparison.different_count(),
        comparison.equal_count()
    )));
    document
        .blocks
        .push(Block::Table(table(comparison, selection)));
    let figures = figures.iter().cloned();
    document.blocks.extend(figures.map(Block::Figure));
    let ids: Vec<String> = runs.iter().map(|run| run.id.short()).collect();
    document.blocks.push(Block::Note(format!(
        "Runs: {}. The best value of each metric is marked.",
        ids.join(", ")
    )));
    document
}

/// A comparison as the terminal prints it.
#[must_use]
pub fn terminal_sheet(comparison: &Comparison, selection: RowSelection) -> Sheet {
    table(comparison, selection).to_sheet()
}

/// A comparison for programs: the values alone and in full.
#[must_use]
pub fn full_sheet(comparison: &Comparison, selection: RowSelection) -> Sheet {
    let names = comparison
        .runs
        .iter()
        .map(|run| run.label().raw().to_owned());
    let row = |row: &ComparisonRow| {
        let values = (0..comparison.runs.len()).map(|at| row.values.get(at)?.as_ref());
        let values = values.map(|value| value.map(crate::text::Untrusted::raw).unwrap_or_default());
        let head = [row.kind.as_str(), row.key.raw()];
        head.into_iter().chain(values).map(str::to_owned).collect()
    };
    let rows = comparison.rows.iter();
    Sheet {
        headers: ["kind", "key"]
            .map(str::to_owned)
            .into_iter()
            .chain(names)
            .collect(),
        rows: rows
            .filter(|row| selection.includes(row))
            .map(row)
            .collect(),
        ..Sheet::default()
    }
}

/// One row per property, one column per run. Results come first, system metrics after the others.
fn table(comparison: &Comparison, selection: RowSelection) -> Table {
    let rows = comparison.rows.iter();
    let mut rows: Vec<&ComparisonRow> = rows.filter(|row| selection.includes(row)).collect();
    rows.sort_by_key(|row| (kind_order(row.kind), row.is_system_metric()));
    let folded: Vec<&ComparisonRow> = if selection.with_system_metrics {
        Vec::new()
    } else {
        rows.iter()
            .copied()
            .filter(|row| row.is_system_metric())
            .collect()
    };
    let names = comparison.runs.iter().enumerate().map(|(at, run)| {
        let mark = if at == comparison.baseline {
            " (baseline)"
        } else {
            ""
        };
        format!("{}{mark}", run.label().raw())
    });
    let mut table = Table {
        headers: std::iter::once("key".to_owned()).chain(names).collect(),
        markdown_cell_width: Some(MARKDOWN_CELL_WIDTH),
        ..Table::default()
    };
    let mut folded_row = system_metrics_row(&folded, comparison.runs.len());
    for row in rows {
        if row.kind != RowKind::Metric {
            table.rows.extend(folded_row.take());
        }
        if selection.with_system_metrics || !row.is_system_metric() {
            table.rows.push(table_row(row, comparison));
        }
    }
    table.rows.extend(folded_row);
    table
}

fn table_row(row: &ComparisonRow, comparison: &Comparison) -> Row {
    let arrow = row
        .direction
        .map(|direction| format!(" {}", direction.arrow()));
    let label = format!("{}{}", row.key.raw(), arrow.unwrap_or_default());
    let numbers: Vec<f64> = row.numbers.iter().flatten().copied().collect();
    let mut number_texts = format_distinct(&numbers).into_iter();
    let mut cells = vec![Cell::from(label)];
    for at in 0..comparison.runs.len() {
        let number = row.numbers.get(at).copied().flatten();
        cells.push(match number.and_then(|_| number_texts.next()) {
            Some(text) => metric_cell(row, at, text),
            None => text_cell(row, at, comparison.baseline),
        });
    }
    Row {
        group: row.kind.as_str(),
        cells,
        is_minor: row.kind == RowKind::Attribute && MINOR_ATTRIBUTES.contains(&row.key.raw()),
    }
}

/// One line for all system metrics: how many there are, and how many each run has.
fn system_metrics_row(rows: &[&ComparisonRow], run_count: usize) -> Option<Row> {
    let differing = rows.iter().filter(|row| row.is_difference()).count();
    let label = format!("system/… ({} metrics, {differing} differ)", rows.len());
    let count = |at: usize| {
        let logged = rows
            .iter()
            .filter(|row| matches!(row.numbers.get(at), Some(Some(_))));
        Cell::from(format!("{} values", logged.count()))
    };
    (!rows.is_empty()).then(|| Row {
        group: RowKind::Metric.as_str(),
        cells: std::iter::once(Cell::from(label))
            .chain((0..run_count).map(count))
            .collect(),
        is_minor: false,
    })
}

fn kind_order(kind: RowKind) -> u8 {
    match kind {
        RowKind::Metric => 0,
        RowKind::Param => 1,
        RowKind::Dataset => 2,
        RowKind::Code => 3,
        RowKind::Environment => 4,
        RowKind::Tag => 5,
        RowKind::Attribute => 6,
    }
}

/// A metric with its distance from the baseline.
fn metric_cell(row: &ComparisonRow, at: usize, text: String) -> Cell {
    let delta = row.delta.get(at).copied().flatten();
    let delta = delta
        .filter(|delta| *delta != 0.0 && delta.is_finite())
        .map(|delta| format_signed(delta, 3));
    let percent = row.delta_percent(at).filter(|_| delta.is_some());
    let percent = percent.map(|percent| format!("{}%", format_signed(percent, 2)));
    let tone = match (row.best_runs.contains(&at), row.is_better(at)) {
        (true, _) => Tone::Best,
        (false, Some(false)) => Tone::Worse,
        _ => Tone::Plain,
    };
    Cell {
        text,
        note: delta
            .into_iter()
            .chain(percent)
            .collect::<Vec<_>>()
            .join(", "),
        tone,
    }
}

/// A value as it is.
fn text_cell(row: &ComparisonRow, at: usize, baseline: usize) -> Cell {
    let value_at = |at: usize| row.values.get(at).and_then(Option::as_ref);
    let text = match value_at(at) {
        None => "—",
        Some(value) if value.is_empty() => "(empty)",
        Some(value) => value.raw(),
    };
    let is_same = at != baseline && value_at(at) == value_at(baseline);
    Cell {
        text: text.to_owned(),
        note: String::new(),
        tone: if is_same || value_at(at).is_none() {
            Tone::Muted
        } else {
            Tone::Plain
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::compare;
    use crate::domain::{KeyValue, Metric, MetricValue, Run};

    fn run(id: &str, name: &str, acc: f64, note: &str) -> Run {
        let mut run = Run::bare(id.into(), "1".into());
        run.name = name.into();
        run.metrics = vec![Metric {
            key: "acc".into(),
            value: MetricValue::new(acc),
            timestamp: 0,
            step: 0,
        }];
        run.params = vec![KeyValue {
            key: "note".into(),
            value: note.into(),
        }];
        run
    }

    #[test]
    fn different_values_have_different_texts() {
        let long = "{'layers': [{'units': 64, 'act': 'relu'}], 'dropout': ".repeat(3);
        let comparison = compare(
            vec![
                run("aaaa", "base", 0.912_341, &format!("{long}0.1")),
                run("bbbb", "wide", 0.912_342, &format!("{long}0.2")),
            ],
            None,
        );
        let markdown = render_comparison(
            &comparison,
            ComparisonFormat::Markdown,
            RowSelection::differences(),
            &[],
        );
        for part in [
            "| 0.912341 | **0.912342** (+1e-6, +0.00011%) |",
            "'dropout': 0.1 | ",
            "'dropout': 0.2 |",
        ] {
            assert!(markdown.contains(part), "{part}: {markdown}");
        }
    }

    #[test]
    fn system_metrics_are_one_line_unless_requested() {
        let with_load = |id: &str, load: f64| {
            let mut run = run(id, id, 0.5, "x");
            for key in ["system/cpu", "system/gpu"] {
                run.metrics.push(Metric {
                    key: key.into(),
                    value: MetricValue::new(load),
                    timestamp: 0,
                    step: 0,
                });
            }
            run
        };
        let comparison = compare(vec![with_load("aaaa", 1.0), with_load("bbbb", 2.0)], None);
        let keys = |selection| -> Vec<String> {
            let sheet = terminal_sheet(&comparison, selection);
            sheet.rows.iter().map(|row| row[1].clone()).collect()
        };
        let folded = keys(RowSelection::differences());
        assert_eq!(folded[0], "system/… (2 metrics, 2 differ)", "{folded:?}");
        let all = keys(RowSelection {
            with_system_metrics: true,
            ..RowSelection::differences()
        });
        assert_eq!(all[..2], ["system/cpu", "system/gpu"], "{all:?}");
    }

    #[test]
    fn every_format_shows_values_deltas_and_the_best_run() {
        let comparison = compare(
            vec![
                run("aaaa", "base", 0.8, "x"),
                run("bbbb", "wide", 0.9, "a|b\n@all <img>"),
            ],
            None,
        );
        let render =
            |format| render_comparison(&comparison, format, RowSelection::differences(), &[]);
        let markdown = render(ComparisonFormat::Markdown);
        for part in [
            "## 2 runs compared, baseline base\n",
            "| acc ↑ | 0.8 | **0.9** (+0.1, +12%) |",
            "| note | x | a\\|b⏎\\@<!-- -->all &lt;img&gt; |",
            "<sub>Runs: aaaa, bbbb.",
        ] {
            assert!(markdown.contains(part), "{part}: {markdown}");
        }
        let html = render(ComparisonFormat::Html);
        assert!(
            html.contains("<td class=\"best\">0.9 <small>+0.1, +12%</small></td>"),
            "{html}"
        );
        let csv = render(ComparisonFormat::Csv);
        assert!(csv.contains("metric,acc,0.8,0.9\r\n"), "{csv}");
        let lines = terminal_sheet(&comparison, RowSelection::differences())
            .to_aligned_lines(None)
            .0;
        assert_eq!(lines[0], "kind       key       base (baseline)  wide");
        assert!(lines[1].ends_with("0.9 (+0.1, +12%) *"), "{lines:?}");
    }
}
