//! `versions --made-from WHAT`: the versions made from a dataset, commit, run or logged model.

use serde_json::{Value, json};

use super::context::CommandContext;
use super::runs::format_local_time;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::domain::Run;
use crate::export::{Sheet, records};
use crate::store::Upstream;

/// Lists the versions made from `what`, optionally of one model.
///
/// # Errors
/// If `what` is malformed, the run is ambiguous, or the store fails.
pub async fn run(
    what: &str,
    model: Option<&str>,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let upstream =
        Upstream::parse(what).map_err(|error| CliError::new(ExitStatus::Usage, error))?;
    let store = context.open_store().await?;
    let reader = store.reader.as_ref();
    let model = match model {
        Some(name) => Some(resolve::model(reader, name).await?),
        None => None,
    };
    let mut downstream = reader.downstream(&upstream).await?;
    if let Some(model) = &model {
        downstream
            .versions
            .retain(|version| version.name == model.name);
    }
    let run_of = |id: &crate::domain::RunId| downstream.runs.iter().find(|run| run.id == *id);
    let mut sheet = Sheet::new([
        "model", "version", "stage", "aliases", "run", "run_id", "created",
    ]);
    for version in &downstream.versions {
        let aliases: Vec<String> = version
            .aliases
            .iter()
            .map(|alias| format!("@{}", alias.clean()))
            .collect();
        let run = run_of(&version.run_id);
        sheet.push_row([
            version.name.raw().to_owned(),
            version.version.to_string(),
            version.stage_text.raw().to_owned(),
            aliases.join(" "),
            run.map(|run: &Run| run.label().raw().to_owned())
                .unwrap_or_default(),
            version.run_id.raw().to_owned(),
            version
                .creation_time
                .map_or_else(|| "—".to_owned(), format_local_time),
        ]);
    }
    let values = downstream.versions.iter().map(|version| {
        json!(records::VersionRecord::new(
            version,
            run_of(&version.run_id)
        ))
    });
    let report = CommandOutput::table(Value::Array(values.collect()), sheet);
    context.printer.print(&report)?;
    if let Some(left_out) = &downstream.incomplete_reason {
        context.printer.note(left_out);
    }
    Ok(())
}
