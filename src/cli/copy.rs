//! `copy MODEL/VERSION --to MODEL`: copy a version to another model.

use clap::Args;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::cli::write::{WriteArgs, execute};
use crate::domain::{ModelName, StoreError, StoreErrorKind};
use crate::ops::copy::copy_intent;

#[derive(Debug, Args)]
pub struct CopyArgs {
    /// Version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
    /// Registered model to copy to; created if it does not exist.
    #[arg(long, value_name = "MODEL")]
    to: String,
    /// Copy even if this version is already copied there.
    #[arg(long)]
    again: bool,
    #[command(flatten)]
    write_args: WriteArgs,
}

/// Runs `copy`.
///
/// # Errors
/// When the version does not exist or can't be copied, or the write fails.
pub async fn run(arguments: &CopyArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let reader = store.reader.as_ref();
    let (model, number) = resolve::version(reader, &arguments.version).await?;
    let versions = reader.versions(&model.name).await?;
    let version = versions.iter().find(|version| version.version == number);
    let version = version.ok_or_else(|| {
        let what = format!("reading version {number} of {}", model.name.clean());
        StoreError::new(StoreErrorKind::NotFound, what, "it was deleted meanwhile")
    })?;
    let to = ModelName::from(arguments.to.as_str());
    let intent = copy_intent(version, to, arguments.again)
        .map_err(|error| CliError::new(ExitStatus::Refused, error.message).with_hint(error.hint))?;
    execute(intent, &arguments.write_args, &store, context).await
}
