//! A comparison as Markdown that can be pasted into a pull request: one table, a row a property; many runs are rows instead.

use crate::analysis::{Comparison, ComparisonRow, RowKind};
use crate::text::number::{format_short, format_signed};
use crate::text::untrusted::clean;

/// With more runs than this, runs are rows: a page is higher than it is wide.
const MAX_RUN_COLUMNS: usize = 6;
/// The longest value in a table, in characters.
const MAX_CELL_CHARS: usize = 60;
/// Attributes that say nothing in a review, or that the heads say already.
const SKIPPED_ATTRIBUTES: [&str; 4] = ["run_name", "start_time", "duration", "experiment_id"];

/// The Markdown; with `differing`, only what differs.
#[must_use]
pub fn markdown(comparison: &Comparison, only_differing: bool) -> String {
    let is_shown = |row: &&ComparisonRow| {
        (row.differs || !only_differing)
            && !(row.kind == RowKind::Attribute && SKIPPED_ATTRIBUTES.contains(&row.key.raw()))
    };
    let mut rows: Vec<&ComparisonRow> = comparison.rows.iter().filter(is_shown).collect();
    // What came of it is what a reader looks for first.
    rows.sort_by_key(|row| (kind_order(row.kind), row.key.raw().starts_with("system/")));
    let names: Vec<String> = comparison
        .runs
        .iter()
        .map(|run| escape_markdown(run.label().raw()))
        .collect();
    let baseline = names.get(comparison.baseline).cloned().unwrap_or_default();
    let mut text = format!(
        "### {} runs compared, baseline **{baseline}**\n\n",
        names.len()
    );
    text.push_str(&format!(
        "{} properties differ, {} are equal.\n\n",
        comparison.different_count(),
        comparison.equal_count()
    ));
    if comparison.runs.len() > MAX_RUN_COLUMNS {
        write_by_run(&mut text, &rows, &names);
    } else {
        write_by_property(&mut text, &rows, &names);
    }
    text.push_str(&format!(
        "\n<sub>Runs: {}. **Bold** is the best by its direction.</sub>\n",
        run_ids(comparison)
    ));
    text
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

fn write_by_property(text: &mut String, rows: &[&ComparisonRow], names: &[String]) {
    text.push_str(&format!(
        "| | {} |\n|---{}|\n",
        names.join(" | "),
        "|---".repeat(names.len())
    ));
    let mut kind = None;
    for row in rows {
        if kind.replace(row.kind) != Some(row.kind) {
            text.push_str(&format!(
                "| **{}** {}|\n",
                row.kind.as_str(),
                "| ".repeat(names.len())
            ));
        }
        let cells: Vec<String> = (0..names.len()).map(|at| cell(row, at)).collect();
        text.push_str(&format!("| {} | {} |\n", row_label(row), cells.join(" | ")));
    }
}

fn write_by_run(text: &mut String, rows: &[&ComparisonRow], names: &[String]) {
    let heads: Vec<String> = rows.iter().map(|row| row_label(row)).collect();
    text.push_str(&format!(
        "| run | {} |\n|---{}|\n",
        heads.join(" | "),
        "|---".repeat(heads.len())
    ));
    for (at, name) in names.iter().enumerate() {
        let cells: Vec<String> = rows.iter().map(|row| cell(row, at)).collect();
        text.push_str(&format!("| {name} | {} |\n", cells.join(" | ")));
    }
}

fn row_label(row: &ComparisonRow) -> String {
    let arrow = row
        .direction
        .map(|direction| format!(" {}", direction.arrow()))
        .unwrap_or_default();
    format!("{}{arrow}", escape_markdown(row.key.raw()))
}

fn cell(row: &ComparisonRow, at: usize) -> String {
    let number = row.numbers.get(at).copied().flatten();
    let Some(number) = number else {
        return match row.values.get(at).and_then(Option::as_ref) {
            None => "—".to_owned(),
            Some(value) if value.is_empty() => "(empty)".to_owned(),
            Some(value) => escape_markdown(&truncate(value.raw())),
        };
    };
    let text = format_short(number);
    let text = if row.best_runs.contains(&at) {
        format!("**{text}**")
    } else {
        text
    };
    let delta = row
        .delta
        .get(at)
        .copied()
        .flatten()
        .filter(|delta| *delta != 0.0);
    let percent = row
        .delta_percent(at)
        .map(|percent| format!(", {}%", format_signed(percent, 2)))
        .unwrap_or_default();
    delta.map_or_else(
        || text.clone(),
        |delta| format!("{text} ({}{percent})", format_signed(delta, 3)),
    )
}

fn run_ids(comparison: &Comparison) -> String {
    comparison
        .runs
        .iter()
        .map(|run| format!("`{}`", run.id.short()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn truncate(text: &str) -> String {
    if text.chars().count() <= MAX_CELL_CHARS {
        return text.to_owned();
    }
    text.chars().take(MAX_CELL_CHARS - 1).chain(['…']).collect()
}

/// A text that no Markdown reader takes for anything else: on one line, its signs disarmed.
pub fn escape_markdown(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '!' | '@' => {
                out.extend(['\\', c]);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
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
    fn comparison_renders_as_markdown() {
        let comparison = compare(
            vec![
                run("aaaa", "base", 0.8, "x"),
                run("bbbb", "wide", 0.9, "a|b\n@all <img>"),
            ],
            None,
        );
        let text = markdown(&comparison, true);
        assert!(
            text.starts_with("### 2 runs compared, baseline **base**\n"),
            "{text}"
        );
        assert!(
            text.contains("| acc ↑ | 0.8 | **0.9** (+0.1, +12%) |"),
            "{text}"
        );
        assert!(
            text.contains("| note | x | a\\|b⏎\\@all &lt;img&gt; |"),
            "{text}"
        );
    }

    #[test]
    fn many_runs_become_rows() {
        let runs = (0..8)
            .map(|n| run(&format!("run{n}"), &format!("r{n}"), f64::from(n), "x"))
            .collect();
        let text = markdown(&compare(runs, None), true);
        assert!(
            text.contains("| run | acc ↑ |\n|---|---|\n| r0 | 0 |\n| r1 | 1 (+1) |"),
            "{text}"
        );
    }
}
