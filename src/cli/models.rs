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
pub struct ModelsArgs {
    /// List prompts instead of models.
    #[arg(long)]
    prompts: bool,
}

/// Lists the models, or the prompts.
///
/// # Errors
/// When the store cannot be read.
pub async fn run(arguments: &ModelsArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let models = if arguments.prompts {
        store.reader.prompts().await?
    } else {
        store.reader.models().await?
    };
    let sheet = if arguments.prompts {
        prompts_sheet(&models)
    } else {
        models_sheet(&models)
    };
    let records = models
        .iter()
        .map(|model| json!(records::ModelRecord::from(model)));
    let value = Value::Array(records.collect());
    context.printer.print(&CommandOutput::table(value, sheet))
}

fn models_sheet(models: &[RegisteredModel]) -> Sheet {
    let mut sheet = Sheet::new(["name", "latest", "production", "aliases", "description"]);
    for model in models {
        sheet.push_row([
            model.name.raw().to_owned(),
            join_or_dash(&latest_version(model)),
            join_or_dash(&model.versions_in(Stage::Production)),
            format_aliases(model),
            model.description.raw().to_owned(),
        ]);
    }
    sheet
}

/// Prompts have no stages.
fn prompts_sheet(prompts: &[RegisteredModel]) -> Sheet {
    let mut sheet = Sheet::new(["prompt", "latest", "aliases", "description"]);
    for prompt in prompts {
        sheet.push_row([
            prompt.name.raw().to_owned(),
            join_or_dash(&latest_version(prompt)),
            format_aliases(prompt),
            prompt.description.raw().to_owned(),
        ]);
    }
    sheet
}

fn latest_version(model: &RegisteredModel) -> Vec<VersionNumber> {
    let latest = model.latest_versions.iter().map(|version| version.version);
    latest.max().into_iter().collect()
}

fn format_aliases(model: &RegisteredModel) -> String {
    let aliases = model
        .aliases
        .iter()
        .map(|(alias, version)| format!("@{}={version}", alias.clean()));
    aliases.collect::<Vec<_>>().join(" ")
}

fn join_or_dash(versions: &[VersionNumber]) -> String {
    if versions.is_empty() {
        return "—".to_owned();
    }
    let numbers: Vec<String> = versions.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}
