//! `experiments`: lists the experiments of a store.

use clap::Args;
use serde_json::Value;
use serde_json::json;

use super::context::CommandContext;
use super::runs::format_local_time;
use crate::cli::output::error::CliError;
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::export::{Sheet, records};
use crate::store::LifecycleFilter;

#[derive(Debug, Args)]
pub struct ExperimentsArgs {
    /// Include deleted experiments.
    #[arg(long)]
    all: bool,
}

/// Lists the experiments.
///
/// # Errors
/// When the store cannot be read.
pub async fn run(
    arguments: &ExperimentsArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_merged().await?;
    let view = if arguments.all {
        LifecycleFilter::All
    } else {
        LifecycleFilter::Active
    };
    let experiments = store.reader.experiments(view).await?;
    let is_csv = context.printer.format == OutputFormat::Csv;
    let mut sheet = Sheet::new(if is_csv {
        [
            "id",
            "name",
            "runs",
            "last_run_ms",
            "created_ms",
            "lifecycle",
        ]
    } else {
        ["id", "name", "runs", "last run", "created", "lifecycle"]
    });
    let missing = if is_csv { "" } else { "—" };
    let time = |ms: Option<i64>| match ms {
        Some(ms) if is_csv => ms.to_string(),
        Some(ms) => format_local_time(ms),
        None => missing.to_owned(),
    };
    for experiment in &experiments {
        sheet.push_row([
            experiment.id.raw().to_owned(),
            experiment.name.raw().to_owned(),
            experiment
                .run_count
                .map_or_else(|| missing.to_owned(), |runs| runs.to_string()),
            time(experiment.last_run_time),
            time(experiment.creation_time),
            experiment.lifecycle.as_str().to_owned(),
        ]);
    }
    context.printer.print(&CommandOutput::table(
        Value::Array(
            experiments
                .iter()
                .map(|experiment| json!(records::ExperimentRecord::from(experiment)))
                .collect(),
        ),
        sheet,
    ))
}
