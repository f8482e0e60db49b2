//! `tag` and `describe`: tags and descriptions of versions, models and runs.

use clap::Args;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::cli::write::{WriteArgs, execute};
use crate::domain::{MetadataOwner, StoreErrorKind};
use crate::promotion::Intent;
use crate::store::StoreHandle;
use crate::text::Untrusted;
use crate::text::untrusted::clean;

#[derive(Debug, Args)]
pub struct TagArgs {
    /// Version (MODEL/VERSION, MODEL/latest or MODEL@alias), model name, or run (ID, ID prefix or name).
    #[arg(value_name = "MODEL[/VERSION]|RUN")]
    named: String,
    /// Tag: KEY=VALUE, or KEY with --remove.
    #[arg(value_name = "KEY=VALUE")]
    pair: String,
    /// Remove the tag.
    #[arg(long)]
    remove: bool,
    #[command(flatten)]
    write_args: WriteArgs,
}

#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// Version (MODEL/VERSION, MODEL/latest or MODEL@alias), model name, or run (ID, ID prefix or name).
    #[arg(value_name = "MODEL[/VERSION]|RUN")]
    named: String,
    /// Description; an empty text removes it.
    #[arg(value_name = "TEXT")]
    text: String,
    #[command(flatten)]
    write_args: WriteArgs,
}

/// Runs `tag`.
///
/// # Errors
/// When neither a version nor a model nor a run matches, or the write fails.
pub async fn tag(arguments: &TagArgs, context: &mut CommandContext<'_>) -> Result<(), CliError> {
    let (key, value) = match (arguments.pair.split_once('='), arguments.remove) {
        (None, true) => (arguments.pair.as_str(), None),
        (Some((key, value)), false) => (key, Some(Untrusted::from(value))),
        (Some(_), true) => {
            return Err(CliError::new(
                ExitStatus::Usage,
                "--remove takes KEY without a value",
            ));
        }
        (None, false) => {
            return Err(CliError::new(ExitStatus::Usage, "expected KEY=VALUE")
                .with_hint("add --remove to remove the tag"));
        }
    };
    let store = context.open_store().await?;
    let owner = metadata_owner(&arguments.named, &store, context).await?;
    let key = key.into();
    let intent = Intent::Tag { owner, key, value };
    execute(intent, &arguments.write_args, &store, context).await
}

/// Runs `describe`.
///
/// # Errors
/// If neither a version nor a model nor a run matches, or the write fails.
pub async fn describe(
    arguments: &DescribeArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let owner = metadata_owner(&arguments.named, &store, context).await?;
    let text = Untrusted::from(arguments.text.as_str());
    let intent = Intent::Describe { owner, text };
    execute(intent, &arguments.write_args, &store, context).await
}

/// What a text selects: a version if it has `/` or `@`, else the model with this name, else a run.
async fn metadata_owner(
    named: &str,
    store: &StoreHandle,
    context: &CommandContext<'_>,
) -> Result<MetadataOwner, CliError> {
    let reader = store.reader.as_ref();
    let not_found = if named.contains(['/', '@']) {
        match resolve::version(reader, named).await {
            Ok((model, version)) => {
                let model = model.name;
                return Ok(MetadataOwner::Version { model, version });
            }
            Err(error) => error,
        }
    } else {
        CliError::new(
            ExitStatus::NoMatch,
            format!("no registered model and no run `{}`", clean(named)),
        )
        .with_hint("`frontrunner models` lists models, `frontrunner runs EXPERIMENT` lists runs")
    };
    // MLflow rejects `/` in model names, but older stores may contain it.
    let model_error = match reader.model(&named.into()).await {
        Ok(model) => return Ok(MetadataOwner::Model { model: model.name }),
        Err(error) => error,
    };
    let not_found = match model_error.kind {
        StoreErrorKind::NotFound | StoreErrorKind::Unsupported | StoreErrorKind::InvalidRequest => {
            not_found
        }
        // MLflow's basic auth can also deny models that do not exist: the name may be a run's.
        StoreErrorKind::PermissionDenied => model_error.into(),
        _ => return Err(model_error.into()),
    };
    let experiment = context.global_args.experiment.as_deref();
    let within = resolve::experiment_scope(reader, experiment).await?;
    match resolve::run(reader, named, within.as_ref()).await {
        Ok(run) => Ok(MetadataOwner::Run { run: run.id }),
        Err(error) if error.exit == ExitStatus::NoMatch && error.detail.is_empty() => {
            Err(not_found)
        }
        Err(error) => Err(error),
    }
}
