//! `show RUN`: all properties of a run.

use clap::Args;
use serde_json::json;

use super::context::CommandContext;
use super::runs::format_local_time;
use crate::cli::output::error::CliError;
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::cli::resolve;
use crate::domain::{KeyValue, Millis, Run};
use crate::export::{Sheet, records};
use crate::text::natural::natural_cmp;
use crate::text::{number, quantity};

/// Kind and key of a property.
const KEY_COLUMNS: usize = 2;

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
    let is_csv = context.printer.format == OutputFormat::Csv;
    context.printer.print(&CommandOutput::complete_table(
        json!(records::RunRecord::from(&run)),
        sheet(&run, context.now, is_csv),
        KEY_COLUMNS,
    ))
}

/// The properties of a run, keys in natural order. CSV has times in ms.
fn sheet(run: &Run, now: Millis, is_csv: bool) -> Sheet {
    let mut sheet = Sheet::new(["kind", "key", "value"]);
    let mut add = |kind: &str, key: &str, value: String| {
        sheet.push_row([kind.to_owned(), key.to_owned(), value]);
    };
    add("run", "name", run.name.raw().to_owned());
    add("run", "id", run.id.raw().to_owned());
    add("run", "experiment", run.experiment_id.raw().to_owned());
    add("run", "status", run.status.as_str().to_owned());
    add("run", "lifecycle", run.lifecycle.as_str().to_owned());
    let times = [
        (
            "start",
            run.start_time,
            format_local_time as fn(Millis) -> String,
        ),
        ("end", run.end_time, format_local_time),
        ("duration", run.duration(now), quantity::format_duration),
    ];
    for (key, ms, format) in times {
        if is_csv {
            let value = ms.map(|ms| ms.to_string()).unwrap_or_default();
            add("run", &format!("{key}_ms"), value);
        } else {
            add("run", key, ms.map_or_else(|| "—".to_owned(), format));
        }
    }
    add("run", "user", run.user.raw().to_owned());
    add("run", "artifacts", run.artifact_uri.raw().to_owned());
    let mut metrics: Vec<_> = run.metrics.iter().collect();
    metrics.sort_by(|a, b| {
        let is_system = |key: &str| key.starts_with("system/");
        let (a, b) = (a.key.raw(), b.key.raw());
        is_system(a)
            .cmp(&is_system(b))
            .then_with(|| natural_cmp(a, b))
    });
    for metric in metrics {
        let value = number::format_exact(metric.value.get());
        add("metric", metric.key.raw(), value);
    }
    for pair in in_order(&run.params) {
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
    for pair in in_order(&run.tags) {
        add("tag", pair.key.raw(), pair.value.raw().to_owned());
    }
    sheet
}

fn in_order(pairs: &[KeyValue]) -> Vec<&KeyValue> {
    let mut pairs: Vec<&KeyValue> = pairs.iter().collect();
    pairs.sort_by(|a, b| natural_cmp(a.key.raw(), b.key.raw()));
    pairs
}
