//! `show RUN`: all properties of a run.

use clap::Args;
use serde_json::json;

use super::context::CommandContext;
use super::runs::format_local_time;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::CliError;
use crate::cli::resolve;
use crate::domain::{Millis, Run};
use crate::export::{Sheet, records};
use crate::text::{number, quantity};

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Run: ID, ID prefix of at least 6 characters, or name.
    #[arg(value_name = "RUN")]
    run: String,
}

/// Prints the run.
///
/// # Errors
/// When the run is missing or its name is ambiguous.
pub async fn run(arguments: &ShowArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let store = context.open_merged().await?;
    let reader = store.reader.as_ref();
    let within =
        resolve::experiment_scope(reader, context.global_args.experiment.as_deref()).await?;
    let run = resolve::run(reader, &arguments.run, within.as_ref()).await?;
    context.printer.print(&CommandOutput::table(
        json!(records::RunRecord::from(&run)),
        sheet(&run, context.now),
    ))
}

fn sheet(run: &Run, now: Millis) -> Sheet {
    let mut sheet = Sheet::new(["kind", "key", "value"]);
    let mut add = |kind: &str, key: &str, value: String| {
        sheet.push_row([kind.to_owned(), key.to_owned(), value]);
    };
    let time = |ms: Option<Millis>| ms.map_or_else(|| "—".to_owned(), format_local_time);
    add("run", "name", run.name.raw().to_owned());
    add("run", "id", run.id.raw().to_owned());
    add("run", "experiment", run.experiment_id.raw().to_owned());
    add("run", "status", run.status.as_str().to_owned());
    add("run", "lifecycle", run.lifecycle.as_str().to_owned());
    add("run", "start", time(run.start_time));
    add("run", "end", time(run.end_time));
    add(
        "run",
        "duration",
        run.duration(now)
            .map_or_else(|| "—".to_owned(), quantity::format_duration),
    );
    add("run", "user", run.user.raw().to_owned());
    add("run", "artifacts", run.artifact_uri.raw().to_owned());
    for metric in &run.metrics {
        add(
            "metric",
            metric.key.raw(),
            number::format_exact(metric.value.get()),
        );
    }
    for pair in &run.params {
        add("param", pair.key.raw(), pair.value.raw().to_owned());
    }
    for dataset in &run.datasets {
        add(
            "dataset",
            dataset.name.raw(),
            dataset.digest.raw().to_owned(),
        );
    }
    for model in crate::domain::registrable_models(run, &[]) {
        add("model", model.label.raw(), model.source.raw().to_owned());
    }
    for pair in &run.tags {
        add("tag", pair.key.raw(), pair.value.raw().to_owned());
    }
    sheet
}
