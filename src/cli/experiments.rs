//! `experiments`: all experiments of a store.

use clap::Args;
use serde_json::Value;
use serde_json::json;

use super::context::Context;
use super::runs::local_time;
use crate::cli::output::Report;
use crate::cli::output::failure::Failure;
use crate::export::{Sheet, records};
use crate::store::View;

/// What can be said to `experiments`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Deleted experiments, too.
    #[arg(long)]
    all: bool,
}

/// Lists the experiments.
///
/// # Errors
/// When the store can't answer.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open_beside().await?;
    let view = if arguments.all {
        View::All
    } else {
        View::Active
    };
    let experiments = session.reader.experiments(view).await?;
    let mut sheet = Sheet::new(["id", "name", "runs", "last run", "created", "lifecycle"]);
    let time = |ms: Option<i64>| ms.map_or_else(|| "—".to_owned(), local_time);
    for experiment in &experiments {
        sheet.row([
            experiment.id.raw().to_owned(),
            experiment.name.raw().to_owned(),
            experiment
                .runs
                .map_or_else(|| "—".to_owned(), |runs| runs.to_string()),
            time(experiment.last_run),
            time(experiment.creation_time),
            experiment.lifecycle.as_str().to_owned(),
        ]);
    }
    context.output.report(&Report::table(
        Value::Array(
            experiments
                .iter()
                .map(|experiment| json!(records::ExperimentRecord::from(experiment)))
                .collect(),
        ),
        sheet,
    ))
}
