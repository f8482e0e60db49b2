//! `tag` and `describe`: what is said of a version or a model.

use clap::Args;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::cli::write::{WriteArgs, execute};
use crate::promotion::Intent;
use crate::text::Untrusted;

#[derive(Debug, Args)]
pub struct TagArgs {
    /// Version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
    /// Tag: KEY=VALUE, or KEY with --remove.
    #[arg(value_name = "KEY=VALUE")]
    pair: String,
    /// Remove the tag.
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    road: WriteArgs,
}

#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// Version (MODEL/VERSION, MODEL/latest or MODEL@alias) or model name.
    #[arg(value_name = "MODEL[/VERSION]")]
    named: String,
    /// Description; an empty text removes it.
    #[arg(value_name = "TEXT")]
    text: String,
    #[command(flatten)]
    road: WriteArgs,
}

/// Sets or removes a tag of a version.
///
/// # Errors
/// When the version is not there, or the write fails.
pub async fn tag(arguments: &TagArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let (key, value) = match (arguments.pair.split_once('='), arguments.remove) {
        (None, true) => (arguments.pair.as_str(), None),
        (Some((key, value)), false) => (key, Some(Untrusted::from(value))),
        (Some(_), true) => {
            return Err(CliError::new(
                ExitStatus::Usage,
                "--remove takes the key alone",
            ));
        }
        (None, false) => {
            return Err(CliError::new(ExitStatus::Usage, "a tag is KEY=VALUE")
                .with_hint("add --remove to take it away"));
        }
    };
    let store = context.open_store().await?;
    let (model, version) = resolve::version(store.reader.as_ref(), &arguments.version).await?;
    execute(
        Intent::Tag {
            model: model.name,
            version,
            key: key.into(),
            value,
        },
        &arguments.road,
        &store,
        context,
    )
    .await
}

/// Describes a version or a model.
///
/// # Errors
/// When neither is there, or the write fails.
pub async fn describe(
    arguments: &DescribeArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let reader = store.reader.as_ref();
    // MLflow takes no `/` in a model's name; an older store may hold one all the same.
    let (model, version) = if arguments.named.contains(['/', '@']) {
        match resolve::version(reader, &arguments.named).await {
            Ok((model, version)) => (model.name, Some(version)),
            Err(failure) => (
                resolve::model(reader, &arguments.named)
                    .await
                    .map_err(|_| failure)?
                    .name,
                None,
            ),
        }
    } else {
        (resolve::model(reader, &arguments.named).await?.name, None)
    };
    let text = Untrusted::from(arguments.text.as_str());
    execute(
        Intent::Describe {
            model,
            version,
            text,
        },
        &arguments.road,
        &store,
        context,
    )
    .await
}
