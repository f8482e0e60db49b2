//! `promote MODEL/VERSION --to STAGE|@ALIAS`: a version to a stage, or an alias to a version.

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
    road: WriteArgs,
}

/// Promotes the version.
///
/// # Errors
/// When the version is not there, the place is none, or the write fails.
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
            "--archive-existing is for stages; an alias leaves the version that has it by itself",
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
    execute(intent, &arguments.road, &store, context).await
}
