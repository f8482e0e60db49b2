//! `demote MODEL/VERSION` and `demote MODEL@alias`: a version out of its stage, or an alias away.

use clap::Args;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::cli::write::{WriteArgs, execute};
use crate::domain::{Alias, Stage};
use crate::promotion::Intent;
use crate::text::untrusted::clean;

#[derive(Debug, Args)]
pub struct DemoteArgs {
    /// MODEL/VERSION moves the version to another stage; MODEL@alias removes the alias.
    #[arg(value_name = "MODEL/VERSION|MODEL@ALIAS")]
    what: String,
    /// Stage to move to: None or Archived.
    #[arg(long, value_name = "STAGE", default_value = "None")]
    to: String,
    #[command(flatten)]
    road: WriteArgs,
}

/// Demotes the version, or removes the alias.
///
/// # Errors
/// When it is not there, or the write fails.
pub async fn run(arguments: &DemoteArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let to = Stage::parse(&arguments.to)
        .filter(|stage| matches!(stage, Stage::None | Stage::Archived))
        .ok_or_else(|| {
            CliError::new(
                ExitStatus::Usage,
                format!("{} is no way down: None or Archived", clean(&arguments.to)),
            )
        })?;
    let store = context.open_store().await?;
    let (model, version) = resolve::version(store.reader.as_ref(), &arguments.what).await?;
    let intent = match named_alias(&arguments.what) {
        Some(alias) => Intent::RemoveAlias {
            model: model.name,
            alias,
        },
        None => Intent::TransitionStage {
            model: model.name,
            version,
            to,
            archive_existing: false,
        },
    };
    execute(intent, &arguments.road, &store, context).await
}

/// The alias by which a version was named, if it was.
fn named_alias(text: &str) -> Option<Alias> {
    let (_, alias) = text.rsplit_once('@')?;
    (!alias.is_empty() && !alias.contains('/')).then(|| alias.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alias_is_removed_only_when_named() {
        assert_eq!(named_alias("iris@champion"), Some("champion".into()));
        assert_eq!(named_alias("me@work/3"), None);
        assert_eq!(named_alias("iris/3"), None);
    }
}
