//! `compare RUN RUN…`: runs side by side, the best of each metric marked.

use clap::Args;
use serde_json::json;

use super::context::CommandContext;
use crate::analysis::compare;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::cli::resolve;
use crate::export::comparison::{ComparisonFormat, comparison_sheet, markdown, render_comparison};
use crate::export::records;
use crate::ops::export::metric_charts;

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Runs: IDs, ID prefixes of at least 6 characters, or names.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
    /// Run to compare the others with [default: the first].
    #[arg(long, value_name = "RUN")]
    baseline: Option<String>,
    /// Show only the rows that differ.
    #[arg(long)]
    diff: bool,
    /// Write to a file: .html is a page with the curves; .md, .csv and .json are as printed.
    #[arg(long, value_name = "FILE")]
    out: Option<String>,
}

/// Compares the runs.
///
/// # Errors
/// When a run is not there, or fewer than two different ones are named.
pub async fn run(
    arguments: &CompareArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_merged().await?;
    let reader = store.reader.as_ref();
    let within =
        resolve::experiment_scope(reader, context.global_args.experiment.as_deref()).await?;
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
        return Err(CliError::new(
            ExitStatus::Usage,
            "two different runs are needed to compare",
        ));
    }
    let compared = compare(runs, baseline.map(|run| run.id).as_ref());
    if let Some(path) = &arguments.out {
        let format = ComparisonFormat::from_path(path).ok_or_else(|| {
            CliError::new(
                ExitStatus::Usage,
                "--out is to end in .html, .md, .csv or .json: that is the file's form",
            )
        })?;
        let figures = if format == ComparisonFormat::Html {
            metric_charts(reader, &compared).await
        } else {
            Vec::new()
        };
        let text = render_comparison(&compared, format, arguments.diff, &figures);
        std::fs::write(path, text).map_err(|error| {
            CliError::new(
                ExitStatus::Failed,
                format!("{path} can't be written: {error}"),
            )
        })?;
        context.printer.note(&format!("{path} is written"));
        return Ok(());
    }
    if context.printer.format == OutputFormat::Markdown {
        return context
            .printer
            .write_raw(&markdown(&compared, arguments.diff));
    }
    let is_csv = context.printer.format == OutputFormat::Csv;
    let record = json!(records::CompareRecord::new(&compared, arguments.diff));
    let report = CommandOutput::table(record, comparison_sheet(&compared, arguments.diff, is_csv));
    context.printer.print(&report)?;
    if arguments.diff && context.printer.format == OutputFormat::Table {
        context.printer.flush()?;
        context.printer.note(&format!(
            "{} equal rows are left out",
            compared.equal_count()
        ));
    }
    Ok(())
}
