//! `compare RUN RUN…`: runs side by side, with the best value of each metric.

use clap::Args;
use serde_json::json;

use super::context::CommandContext;
use super::prompt_diff;
use crate::analysis::{Comparison, compare};
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::file::write_output;
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::cli::resolve;
use crate::export::comparison::{
    ComparisonFormat, RowSelection, full_sheet, render_comparison, terminal_sheet,
};
use crate::export::records;
use crate::ops::export::metric_charts;
use crate::store::ReadStore;

/// Kind and key of a property.
const KEY_COLUMNS: usize = 2;

#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Runs: IDs, ID prefixes of at least 6 characters, or names; or two versions of prompts.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
    /// Run to compare the others with [default: the first].
    #[arg(long, value_name = "RUN")]
    baseline: Option<String>,
    /// Show only the rows that differ.
    #[arg(long)]
    diff: bool,
    /// List every system metric, which are one line otherwise.
    #[arg(long)]
    system: bool,
    /// Write to a file: .html is a page with the curves; .md, .csv and .json are as printed.
    #[arg(long, value_name = "FILE")]
    out: Option<String>,
    /// Replace the file of --out if it exists.
    #[arg(long, requires = "out")]
    overwrite: bool,
}

/// Compares the runs.
///
/// # Errors
/// When a run is missing, fewer than two different runs are named, or the file cannot be written.
pub async fn run(
    arguments: &CompareArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_merged().await?;
    let reader = store.reader.as_ref();
    if let Some(prompts) = prompt_diff::named_prompts(reader, &arguments.runs).await {
        return prompt_diff::print(&prompts, context);
    }
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
            "name at least two different runs",
        ));
    }
    let compared = compare(runs, baseline.map(|run| run.id).as_ref());
    let selection = RowSelection {
        only_differing: arguments.diff,
        with_system_metrics: arguments.system,
    };
    match &arguments.out {
        Some(path) => write_file(path, reader, &compared, selection, arguments, context).await,
        None => print(&compared, selection, context),
    }
}

async fn write_file(
    path: &str,
    reader: &dyn ReadStore,
    compared: &Comparison,
    selection: RowSelection,
    arguments: &CompareArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let format = ComparisonFormat::from_path(path).ok_or_else(|| {
        CliError::new(
            ExitStatus::Usage,
            "--out must end in .html, .md, .csv or .json",
        )
    })?;
    let figures = if format == ComparisonFormat::Html {
        metric_charts(reader, compared).await
    } else {
        Vec::new()
    };
    let text = render_comparison(compared, format, selection, &figures);
    write_output(path.as_ref(), text.as_bytes(), arguments.overwrite)?;
    context.printer.note(&format!("wrote {path}"));
    Ok(())
}

fn print(
    compared: &Comparison,
    selection: RowSelection,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let printer = &mut *context.printer;
    if printer.format == OutputFormat::Markdown {
        let format = ComparisonFormat::Markdown;
        let text = render_comparison(compared, format, selection, &[]);
        return printer.write_raw(&text);
    }
    let sheet = match printer.format {
        OutputFormat::Csv => full_sheet(compared, selection),
        _ => terminal_sheet(compared, selection),
    };
    let record = json!(records::CompareRecord::new(
        compared,
        selection.only_differing
    ));
    printer.print(&CommandOutput::complete_table(record, sheet, KEY_COLUMNS))?;
    if selection.only_differing && printer.format == OutputFormat::Table {
        printer.flush()?;
        printer.note(&format!("{} equal rows hidden", compared.equal_count()));
    }
    Ok(())
}
