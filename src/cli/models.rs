//! `models`: lists the registered models.

use clap::Args;
use serde_json::Value;
use serde_json::json;

use super::context::CommandContext;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::CliError;
use crate::domain::RegisteredModel;
use crate::export::{records, tables};

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
    let all: Vec<&RegisteredModel> = models.iter().collect();
    let sheet = if arguments.prompts {
        tables::prompt_sheet(&all)
    } else {
        tables::model_sheet(&all, store.reader.slot_kinds())
    };
    let records = models
        .iter()
        .map(|model| json!(records::ModelRecord::from(model)));
    let value = Value::Array(records.collect());
    context.printer.print(&CommandOutput::table(value, sheet))
}
