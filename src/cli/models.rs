//! `models`: the registered models.

use clap::Args;
use serde_json::Value;
use serde_json::json;

use super::context::Context;
use crate::cli::output::Report;
use crate::cli::output::failure::Failure;
use crate::domain::{RegisteredModel, Stage, VersionNumber};
use crate::export::{Sheet, records};

/// What can be said to `models`: nothing of its own.
#[derive(Debug, Args)]
pub struct Arguments {}

/// Lists the models.
///
/// # Errors
/// When the store can't answer.
pub async fn run(_: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open().await?;
    let models = session.reader.models().await?;
    let mut sheet = Sheet::new(["name", "latest", "production", "aliases", "description"]);
    for model in &models {
        let aliases = model
            .aliases
            .iter()
            .map(|(alias, version)| format!("@{}={version}", alias.clean()));
        sheet.row([
            model.name.raw().to_owned(),
            number(
                model
                    .latest_versions
                    .iter()
                    .map(|version| version.version)
                    .max(),
            ),
            number(production(model)),
            aliases.collect::<Vec<_>>().join(" "),
            model.description.raw().to_owned(),
        ]);
    }
    context.output.report(&Report::table(
        Value::Array(
            models
                .iter()
                .map(|model| json!(records::ModelRecord::from(model)))
                .collect(),
        ),
        sheet,
    ))
}

fn production(model: &RegisteredModel) -> Option<VersionNumber> {
    model
        .latest_versions
        .iter()
        .find(|version| version.stage == Stage::Production)
        .map(|version| version.version)
}

fn number(version: Option<VersionNumber>) -> String {
    version.map_or_else(|| "—".to_owned(), |version| version.to_string())
}
