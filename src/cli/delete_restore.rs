//! `delete` and `restore`: versions and runs.

use clap::Args;

use super::context::CommandContext;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::cli::write::{WriteArgs, execute};
use crate::domain::{Run, RunId};
use crate::promotion::journal::JournalEntry;
use crate::promotion::{Intent, undo_intent};
use crate::store::StoreHandle;
use crate::text::untrusted::clean;

#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// A version (MODEL/VERSION or MODEL@alias), or runs (IDs, ID prefixes or names).
    #[arg(value_name = "MODEL/VERSION|RUN", required = true)]
    what: Vec<String>,
    #[command(flatten)]
    write_args: WriteArgs,
}

#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// Runs (IDs, ID prefixes or names), or a deleted version (MODEL/VERSION) whose run the journal records.
    #[arg(value_name = "RUN|MODEL/VERSION", required = true)]
    what: Vec<String>,
    #[command(flatten)]
    write_args: WriteArgs,
}

/// Runs `delete`.
///
/// # Errors
/// When version or runs do not exist, the version holds a slot, or the write fails.
pub async fn delete(
    arguments: &DeleteArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let intent = match named_version(&arguments.what)? {
        Some(version) => {
            let (model, version) = resolve::version(store.reader.as_ref(), version).await?;
            Intent::DeleteVersion {
                model: model.name,
                version,
            }
        }
        None => Intent::DeleteRuns {
            runs: resolve_runs(&arguments.what, &store, context).await?,
        },
    };
    execute(intent, &arguments.write_args, &store, context).await
}

/// Runs `restore`.
///
/// # Errors
/// When a run does not exist, the journal has no deletion of the version, or the write fails.
pub async fn restore(
    arguments: &RestoreArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let intent = match named_version(&arguments.what)? {
        Some(version) => {
            reregister_intent(version, &context.journal_entries(store.reader.origin())?)?
        }
        None => Intent::RestoreRuns {
            runs: resolve_runs(&arguments.what, &store, context).await?,
        },
    };
    execute(intent, &arguments.write_args, &store, context).await
}

/// The version, if the arguments name one. A run with `/` or `@` in its name is named by its id.
fn named_version(what: &[String]) -> Result<Option<&str>, CliError> {
    let is_version = |text: &&String| text.contains(['/', '@']);
    match (what.iter().find(is_version), what.len()) {
        (None, _) => Ok(None),
        (Some(version), 1) => Ok(Some(version)),
        (Some(_), _) => Err(
            CliError::new(ExitStatus::Usage, "expected one version, or only runs")
                .with_hint("name runs by their ids"),
        ),
    }
}

async fn resolve_runs(
    what: &[String],
    store: &StoreHandle,
    context: &CommandContext<'_>,
) -> Result<Vec<RunId>, CliError> {
    let reader = store.reader.as_ref();
    let within =
        resolve::experiment_scope(reader, context.global_args.experiment.as_deref()).await?;
    Ok(resolve::runs(reader, what, within.as_ref())
        .await?
        .into_iter()
        .map(|run: Run| run.id)
        .collect())
}

/// The intent to register the run of a deleted version again, from the last entry that deleted it.
fn reregister_intent(version: &str, entries: &[JournalEntry]) -> Result<Intent, CliError> {
    let deletes = |entry: &&JournalEntry| {
        entry
            .plan
            .deleted_versions()
            .any(|gone| entry.plan.subject().label(gone) == clean(version))
    };
    let intents = entries
        .iter()
        .rev()
        .filter(deletes)
        .map(|entry| undo_intent(&entry.id, &entry.plan, None));
    let mut intents = intents.filter(|intent| matches!(intent, Intent::Register { .. }));
    intents.next().ok_or_else(|| {
        let model = version.rsplit_once('/').map_or(version, |(model, _)| model);
        CliError::new(
            ExitStatus::NoMatch,
            format!(
                "cannot restore {}: MLflow overwrites the source of a deleted version",
                clean(version)
            ),
        )
        .with_cause("the journal has no deletion of it with a run")
        .with_hint(format!(
            "register its run as a new version: frontrunner register RUN --model {}",
            clean(model)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(all: &[&str]) -> Vec<String> {
        all.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn one_version_or_many_runs() {
        assert_eq!(
            named_version(&strings(&["iris/3"])).unwrap(),
            Some("iris/3")
        );
        assert_eq!(
            named_version(&strings(&["abcdef12", "wise-owl-3"])).unwrap(),
            None
        );
        assert_eq!(
            named_version(&strings(&["iris/3", "wise-owl-3"]))
                .unwrap_err()
                .exit,
            ExitStatus::Usage
        );
        assert_eq!(
            reregister_intent("iris/3", &[]).unwrap_err().exit,
            ExitStatus::NoMatch
        );
    }
}
