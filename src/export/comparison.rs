//! A comparison as a table, as Markdown and as CSV.

use super::Sheet;
use super::markdown::{escaped, line};
use crate::analysis::number::{DIGITS, short, signed};
use crate::analysis::{CompareRow, Comparison, RowKind};
use crate::domain::Untrusted;

/// How a run's column is called: its name and the start of its id, as names repeat.
fn titles(comparison: &Comparison) -> impl Iterator<Item = String> + '_ {
    comparison.runs.iter().enumerate().map(|(index, run)| {
        let baseline = if index == comparison.baseline { ", baseline" } else { "" };
        let id = run.id.short();
        if run.name.is_empty() { format!("{id}{baseline}") } else { format!("{} ({id}{baseline})", run.name.raw()) }
    })
}

fn rows(comparison: &Comparison, only_differing: bool) -> impl Iterator<Item = &CompareRow> {
    comparison.rows.iter().filter(move |row| row.differs || !only_differing)
}

/// The word for a group in a table.
fn kind(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Attribute => "attribute",
        RowKind::Param => "param",
        RowKind::Metric => "metric",
        RowKind::Tag => "tag",
        RowKind::Dataset => "dataset",
        RowKind::Code => "code",
        RowKind::Environment => "environment",
    }
}

impl Sheet {
    /// A comparison as a table for people: metrics with a few digits, their difference to the baseline, and a `*` at the
    /// best of each row.
    #[must_use]
    pub fn of_comparison(comparison: &Comparison, only_differing: bool) -> Self {
        let mut sheet = titles(comparison).fold(Self::new().text("").text("key"), Self::text);
        for row in rows(comparison, only_differing) {
            let cells = (0..comparison.runs.len()).map(|run| {
                let mark = if row.best.contains(&run) { "*" } else { "" };
                told(row, run, comparison.baseline).map(|text| format!("{}{mark}", text.raw()).into())
            });
            sheet.push([Some(kind(row.kind).into()), Some(row.key.clone())].into_iter().chain(cells));
        }
        sheet
    }

    /// A comparison as a table for programs: values in full, no marks.
    #[must_use]
    pub fn of_values(comparison: &Comparison, only_differing: bool) -> Self {
        let start = Self::new().text("kind").text("key");
        let mut sheet = comparison.runs.iter().fold(start, |sheet, run| sheet.text(run.id.text().clone()));
        for row in rows(comparison, only_differing) {
            sheet.push([Some(kind(row.kind).into()), Some(row.key.clone())].into_iter().chain(row.values.iter().cloned()));
        }
        sheet
    }
}

/// A comparison as Markdown, the best of each row in bold.
#[must_use]
pub fn comparison_markdown(comparison: &Comparison, only_differing: bool) -> String {
    let fixed = [String::new(), "key".to_owned()];
    let titles = titles(comparison).map(|title| escaped(&title.into()));
    let rules = (0..comparison.runs.len() + 2).map(|_| "---".to_owned());
    let mut out = line(fixed.into_iter().chain(titles)) + &line(rules);
    for row in rows(comparison, only_differing) {
        let cells = (0..comparison.runs.len()).map(|run| {
            let text = told(row, run, comparison.baseline).map(|text| escaped(&text)).unwrap_or_default();
            if row.best.contains(&run) { format!("**{text}**") } else { text }
        });
        out.push_str(&line([kind(row.kind).to_owned(), escaped(&row.key)].into_iter().chain(cells)));
    }
    out
}

/// What a cell says: a metric as `0.95 (+0.02)`, anything else as it is.
fn told(row: &CompareRow, run: usize, baseline: usize) -> Option<Untrusted> {
    if row.kind != RowKind::Metric {
        return row.values.get(run)?.clone();
    }
    let number = short(row.numbers.get(run).copied().flatten()?);
    let delta = row.delta.get(run).copied().flatten().filter(|_| run != baseline);
    Some(delta.map_or(number.clone(), |delta| format!("{number} ({})", signed(delta, DIGITS))).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::compare;
    use crate::domain::{Metric, MetricValue, Pair, Run};

    fn comparison() -> Comparison {
        let run = |id: &str, name: &str, acc: f64, model: &str| Run {
            name: name.into(),
            metrics: vec![Metric { key: "acc".into(), value: MetricValue::new(acc), timestamp: 0, step: 0 }],
            params: vec![Pair::new("model", model), Pair::new("same", "1")],
            ..Run::bare(id.into(), "1".into())
        };
        compare(vec![run("aaaaaaaaaa", "one", 0.5, "a|b"), run("bbbbbbbbbb", "", 0.75, "c")], None)
    }

    #[test]
    fn markdown_marks_the_best_and_tells_the_difference() {
        let expected = "\
|  | key | one (aaaaaaaa, baseline) | bbbbbbbb |
| --- | --- | --- | --- |
| attribute | run_name | one |  |
| param | model | a\\|b | c |
| metric | acc | 0.5 | **0.75 (+0.25)** |
";
        assert_eq!(comparison_markdown(&comparison(), true), expected);
    }

    #[test]
    fn the_plain_table_marks_the_best_without_colour() {
        let plain = Sheet::of_comparison(&comparison(), true).plain(None);
        assert!(plain.lines().last().unwrap().ends_with("0.75 (+0.25)*"), "{plain}");
    }

    #[test]
    fn values_are_in_full_and_equal_rows_can_stay() {
        let csv = Sheet::of_values(&comparison(), false).csv();
        assert!(csv.starts_with("kind,key,aaaaaaaaaa,bbbbbbbbbb\n"), "{csv}");
        assert!(csv.contains("param,same,1,1\n") && csv.contains("metric,acc,0.5,0.75\n"), "{csv}");
    }
}
