//! `promote MODEL/VERSION --to STAGE|@ALIAS`: move a version to a stage, or point an alias to it.

use crate::domain::Slot;
use clap::Args;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::cli::write::{WriteArgs, execute};
use crate::promotion::Intent;

#[derive(Debug, Args)]
pub struct PromoteArgs {
    /// Version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
    /// Target: None, Staging, Production, Archived or an @alias.
    #[arg(long, value_name = "STAGE|@ALIAS")]
    to: String,
    /// Archive the versions that are currently in that stage.
    #[arg(long)]
    archive_existing: bool,
    #[command(flatten)]
    write_args: WriteArgs,
}

/// Runs `promote`.
///
/// # Errors
/// When the version does not exist, the slot is invalid, or the write fails.
pub async fn run(
    arguments: &PromoteArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let slot = arguments
        .to
        .parse::<Slot>()
        .map_err(|why| CliError::new(ExitStatus::Usage, why))?;
    if arguments.archive_existing && matches!(slot, Slot::Alias(_)) {
        return Err(CliError::new(
            ExitStatus::Usage,
            "--archive-existing needs a stage: an alias always leaves its previous version",
        ));
    }
    let store = context.open_store().await?;
    let (model, version) = resolve::version(store.reader.as_ref(), &arguments.version).await?;
    let intent = match slot {
        Slot::Stage(to) => Intent::TransitionStage {
            model: model.name,
            version,
            to,
            archive_existing: arguments.archive_existing,
        },
        Slot::Alias(alias) => Intent::SetAlias {
            model: model.name,
            alias,
            version,
        },
    };
    execute(intent, &arguments.write_args, &store, context).await
}
