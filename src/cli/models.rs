//! `models`: lists the registered models.

use clap::Args;
use serde_json::Value;
use serde_json::json;

use super::context::CommandContext;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::CliError;
use crate::domain::{RegisteredModel, Stage, VersionNumber};
use crate::export::{Sheet, records};

#[derive(Debug, Args)]
pub struct ModelsArgs {}

/// Lists the models.
///
/// # Errors
/// When the store cannot be read.
pub async fn run(_: &ModelsArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let models = store.reader.models().await?;
    let mut sheet = Sheet::new(["name", "latest", "production", "aliases", "description"]);
    for model in &models {
        let aliases = model
            .aliases
            .iter()
            .map(|(alias, version)| format!("@{}={version}", alias.clean()));
        sheet.push_row([
            model.name.raw().to_owned(),
            version_or_dash(
                model
                    .latest_versions
                    .iter()
                    .map(|version| version.version)
                    .max(),
            ),
            version_or_dash(production_version(model)),
            aliases.collect::<Vec<_>>().join(" "),
            model.description.raw().to_owned(),
        ]);
    }
    context.printer.print(&CommandOutput::table(
        Value::Array(
            models
                .iter()
                .map(|model| json!(records::ModelRecord::from(model)))
                .collect(),
        ),
        sheet,
    ))
}

fn production_version(model: &RegisteredModel) -> Option<VersionNumber> {
    model
        .latest_versions
        .iter()
        .find(|version| version.stage == Stage::Production)
        .map(|version| version.version)
}

fn version_or_dash(version: Option<VersionNumber>) -> String {
    version.map_or_else(|| "—".to_owned(), |version| version.to_string())
}
