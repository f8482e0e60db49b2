//! `versions MODEL`: the versions of a model, with the metrics of the runs that they came from.

use serde_json::json;
use std::collections::HashMap;

use clap::Args;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::context::Context;
use super::failure::Failure;
use super::find;
use super::print::Report;
use super::runs::local_time;
use crate::domain::{ModelVersion, Run, RunId};
use crate::export::{Sheet, records};
use crate::store::Read;

/// How many runs are asked for at once.
const AT_ONCE: usize = 4;

/// What can be said to `versions`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The model.
    #[arg(value_name = "MODEL", required_unless_present = "made_from")]
    model: Option<String>,
    /// Lineage backwards: the versions of all models that were made from digest:…, commit:…, run:… or model:m-….
    #[arg(long, value_name = "WHAT")]
    made_from: Option<String>,
}

/// Lists the versions, newest first.
///
/// # Errors
/// When the model is not there, or the store can't answer.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    if let Some(what) = &arguments.made_from {
        return super::made_from::run(what, arguments.model.as_deref(), context).await;
    }
    let session = context.open().await?;
    let reader = session.reader.as_ref();
    let model = find::model(reader, arguments.model.as_deref().unwrap_or_default()).await?;
    let versions = reader.versions(&model.name).await?;
    let runs = runs_of(reader, &versions).await;
    let mut sheet = Sheet::new(["version", "stage", "aliases", "status", "run_id", "created", "user", "source"]);
    for version in &versions {
        let aliases: Vec<String> = version.aliases.iter().map(|alias| format!("@{}", alias.clean())).collect();
        sheet.row([
            version.version.to_string(),
            version.stage_text.raw().to_owned(),
            aliases.join(" "),
            version.status.as_str().to_owned(),
            version.run_id.raw().to_owned(),
            version.creation_time.map_or_else(|| "—".to_owned(), local_time),
            version.user.raw().to_owned(),
            version.source.raw().to_owned(),
        ]);
    }
    let values = versions.iter().map(|version| json!(records::VersionRecord::new(version, runs.get(&version.run_id))));
    context.output.report(&Report::table(Value::Array(values.collect()), sheet))
}

/// The runs that versions came from. One that can't be read leaves its version without metrics, no more.
async fn runs_of(reader: &dyn Read, versions: &[ModelVersion]) -> HashMap<RunId, Run> {
    let ids: std::collections::HashSet<RunId> = versions.iter().map(|version| version.run_id.clone()).filter(|id| !id.is_empty()).collect();
    let runs = stream::iter(ids).map(|id| async move { reader.run(&id).await.ok() }).buffer_unordered(AT_ONCE);
    runs.filter_map(|run| async move { run.map(|run| (run.id.clone(), run)) }).collect().await
}
