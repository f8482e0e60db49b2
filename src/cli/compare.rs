//! `compare RUN RUN…`: runs side by side, the best of each metric marked.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::find;
use super::print::{Format, Report};
use crate::analysis::number::{DIGITS, short, signed};
use crate::analysis::{CompareRow, Comparison, RowKind, compare};
use crate::export::{Sheet, records};

/// What can be said to `compare`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The runs: ids, beginnings of ids, or names.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
    /// The run that the others are measured against; else the first.
    #[arg(long, value_name = "RUN")]
    baseline: Option<String>,
    /// Only what differs.
    #[arg(long)]
    diff: bool,
}

/// Compares the runs.
///
/// # Errors
/// When a run is not there, or fewer than two different ones are named.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open().await?;
    let reader = session.reader.as_ref();
    let within = find::within(reader, context.flags.experiment.as_deref()).await?;
    let mut runs = find::runs(reader, &arguments.runs, within.as_ref()).await?;
    let baseline = match &arguments.baseline {
        Some(text) => Some(find::run(reader, text, within.as_ref()).await?),
        None => None,
    };
    if let Some(baseline) = baseline.as_ref().filter(|baseline| runs.iter().all(|run| run.id != baseline.id)) {
        runs.insert(0, baseline.clone());
    }
    let mut seen = std::collections::HashSet::new();
    runs.retain(|run| seen.insert(run.id.clone()));
    if runs.len() < 2 {
        return Err(Failure::new(Exit::Usage, "two different runs are needed to compare"));
    }
    let comparison = compare(runs, baseline.map(|run| run.id).as_ref());
    let for_machines = context.output.format == Format::Csv;
    let report =
        Report::table(json!(records::CompareRecord::new(&comparison, arguments.diff)), sheet(&comparison, arguments.diff, for_machines));
    context.output.report(&report)?;
    if arguments.diff && context.output.format == Format::Table {
        context.output.flush()?;
        context.output.note(&format!("{} equal rows are left out", comparison.equal()));
    }
    Ok(())
}

fn sheet(comparison: &Comparison, differing: bool, for_machines: bool) -> Sheet {
    let heads = comparison.runs.iter().enumerate().map(|(at, run)| {
        let mark = if at == comparison.baseline && !for_machines { " (baseline)" } else { "" };
        format!("{}{mark}", run.label().raw())
    });
    let mut sheet = Sheet { heads: ["kind", "key"].map(str::to_owned).into_iter().chain(heads).collect(), rows: Vec::new() };
    for row in comparison.rows.iter().filter(|row| row.differs || !differing) {
        let cells = (0..comparison.runs.len()).map(|at| cell(row, at, for_machines));
        sheet.rows.push([row.kind.as_str().to_owned(), row.key.raw().to_owned()].into_iter().chain(cells).collect());
    }
    sheet
}

/// A metric for people is short, with `*` where it is the best, and its distance to the baseline.
fn cell(row: &CompareRow, at: usize, for_machines: bool) -> String {
    let number = row.numbers.get(at).copied().flatten().filter(|_| row.kind == RowKind::Metric && !for_machines);
    let text = row.values.get(at).and_then(Option::as_ref);
    let Some(number) = number else {
        let missing = if for_machines { "" } else { "—" };
        return text.map_or_else(|| missing.to_owned(), |text| text.raw().to_owned());
    };
    let mark = if row.best.contains(&at) { " *" } else { "" };
    let delta = row.delta.get(at).copied().flatten().filter(|delta| *delta != 0.0 && delta.is_finite());
    let delta = delta.map(|delta| format!(" ({})", signed(delta, DIGITS))).unwrap_or_default();
    format!("{}{delta}{mark}", short(number))
}
