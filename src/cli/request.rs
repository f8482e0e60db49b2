//! `request MODEL/VERSION --to STAGE`: asks for a version to be moved, on servers that have such requests.

use clap::Args;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::cli::write::{WriteArgs, execute};
use crate::domain::Stage;
use crate::promotion::Intent;
use crate::text::untrusted::clean;

#[derive(Debug, Args)]
pub struct RequestArgs {
    /// Version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
    /// Target: None, Staging, Production or Archived.
    #[arg(long, value_name = "STAGE")]
    to: String,
    #[command(flatten)]
    road: WriteArgs,
}

/// Makes the request.
///
/// # Errors
/// When the version is not there, the server has no such requests, or the write fails.
pub async fn run(
    arguments: &RequestArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let no_stage = || {
        CliError::new(
            ExitStatus::Usage,
            format!(
                "{} is no stage: None, Staging, Production or Archived",
                clean(&arguments.to)
            ),
        )
    };
    let to = Stage::parse(&arguments.to).ok_or_else(no_stage)?;
    let store = context.open_store().await?;
    let (model, version) = resolve::version(store.reader.as_ref(), &arguments.version).await?;
    execute(
        Intent::RequestTransition {
            model: model.name,
            version,
            to,
        },
        &arguments.road,
        &store,
        context,
    )
    .await
}
