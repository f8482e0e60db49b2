//! `compare RUN RUN…`: runs side by side, the best of each metric marked.

use clap::Args;
use serde_json::json;

use super::context::Context;
use crate::analysis::compare;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::output::{Format, Report};
use crate::cli::resolve;
use crate::export::comparison::{ComparisonFormat, comparison, markdown, sheet};
use crate::export::records;
use crate::tui::runtime::exporting;

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
    /// Write it to a file instead: .html is a page with the curves, .md, .csv and .json are as printed.
    #[arg(long, value_name = "FILE")]
    out: Option<String>,
}

/// Compares the runs.
///
/// # Errors
/// When a run is not there, or fewer than two different ones are named.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open_beside().await?;
    let reader = session.reader.as_ref();
    let within = resolve::within(reader, context.flags.experiment.as_deref()).await?;
    let mut runs = resolve::runs(reader, &arguments.runs, within.as_ref()).await?;
    let baseline = match &arguments.baseline {
        Some(text) => Some(resolve::run(reader, text, within.as_ref()).await?),
        None => None,
    };
    if let Some(baseline) = baseline
        .as_ref()
        .filter(|baseline| runs.iter().all(|run| run.id != baseline.id))
    {
        runs.insert(0, baseline.clone());
    }
    let mut seen = std::collections::HashSet::new();
    runs.retain(|run| seen.insert(run.id.clone()));
    if runs.len() < 2 {
        return Err(Failure::new(
            Exit::Usage,
            "two different runs are needed to compare",
        ));
    }
    let compared = compare(runs, baseline.map(|run| run.id).as_ref());
    if let Some(path) = &arguments.out {
        let format = ComparisonFormat::of(path).ok_or_else(|| {
            Failure::new(
                Exit::Usage,
                "--out is to end in .html, .md, .csv or .json: that is the file's form",
            )
        })?;
        let figures = if format == ComparisonFormat::Html {
            exporting::charts(reader, &compared).await
        } else {
            Vec::new()
        };
        let text = comparison(&compared, format, arguments.diff, &figures);
        std::fs::write(path, text).map_err(|error| {
            Failure::new(Exit::Failed, format!("{path} can't be written: {error}"))
        })?;
        context.output.note(&format!("{path} is written"));
        return Ok(());
    }
    if context.output.format == Format::Markdown {
        return context.output.raw(&markdown(&compared, arguments.diff));
    }
    let for_machines = context.output.format == Format::Csv;
    let record = json!(records::CompareRecord::new(&compared, arguments.diff));
    let report = Report::table(record, sheet(&compared, arguments.diff, for_machines));
    context.output.report(&report)?;
    if arguments.diff && context.output.format == Format::Table {
        context.output.flush()?;
        context
            .output
            .note(&format!("{} equal rows are left out", compared.equal()));
    }
    Ok(())
}
