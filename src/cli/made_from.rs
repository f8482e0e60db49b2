//! `versions --made-from WHAT`: lineage backwards, every version that was made from a dataset, a commit, a run or a model.

use serde_json::{Value, json};

use super::context::Context;
use super::runs::local_time;
use crate::cli::output::Report;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::resolve;
use crate::domain::Run;
use crate::export::{Sheet, records};
use crate::store::MadeFrom;

/// Lists the versions that were made from `what`; of one model, where one is named.
///
/// # Errors
/// When `what` says nothing to be made from, the run is ambiguous, or the store can't answer.
pub async fn run(
    what: &str,
    model: Option<&str>,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let of = MadeFrom::parse(what).map_err(|why| Failure::new(Exit::Usage, why))?;
    let session = context.open().await?;
    let reader = session.reader.as_ref();
    let model = match model {
        Some(name) => Some(resolve::model(reader, name).await?),
        None => None,
    };
    let mut made = reader.made_from(&of).await?;
    if let Some(model) = &model {
        made.versions.retain(|version| version.name == model.name);
    }
    let run_of = |id: &crate::domain::RunId| made.runs.iter().find(|run| run.id == *id);
    let mut sheet = Sheet::new([
        "model", "version", "stage", "aliases", "run", "run_id", "created",
    ]);
    for version in &made.versions {
        let aliases: Vec<String> = version
            .aliases
            .iter()
            .map(|alias| format!("@{}", alias.clean()))
            .collect();
        let run = run_of(&version.run_id);
        sheet.row([
            version.name.raw().to_owned(),
            version.version.to_string(),
            version.stage_text.raw().to_owned(),
            aliases.join(" "),
            run.map(|run: &Run| run.label().raw().to_owned())
                .unwrap_or_default(),
            version.run_id.raw().to_owned(),
            version
                .creation_time
                .map_or_else(|| "—".to_owned(), local_time),
        ]);
    }
    let values = made.versions.iter().map(|version| {
        json!(records::VersionRecord::new(
            version,
            run_of(&version.run_id)
        ))
    });
    let report = Report::table(Value::Array(values.collect()), sheet);
    context.output.report(&report)?;
    if let Some(left_out) = &made.left_out {
        context.output.note(left_out);
    }
    Ok(())
}
