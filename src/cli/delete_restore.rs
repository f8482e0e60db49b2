//! `delete` and `restore`: a version away for good, runs into MLflow's trash and out of it.

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
    road: WriteArgs,
}

#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// Runs (IDs, ID prefixes or names), or a deleted version (MODEL/VERSION) whose run the journal records.
    #[arg(value_name = "RUN|MODEL/VERSION", required = true)]
    what: Vec<String>,
    #[command(flatten)]
    road: WriteArgs,
}

/// Deletes a version that holds no place, or runs.
///
/// # Errors
/// When what is named is not there, the version holds a place, or the write fails.
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
    execute(intent, &arguments.road, &store, context).await
}

/// Restores runs, or registers again what a deleted version was made from.
///
/// # Errors
/// When what is named is not there, the journal does not know the version, or the write fails.
pub async fn restore(
    arguments: &RestoreArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let intent = match named_version(&arguments.what)? {
        Some(version) => {
            reregister_intent(version, &context.journal().entries(store.reader.origin())?)?
        }
        None => Intent::RestoreRuns {
            runs: resolve_runs(&arguments.what, &store, context).await?,
        },
    };
    execute(intent, &arguments.road, &store, context).await
}

/// The version, where one is named: a run whose name has a `/` or an `@` in it is named by its id.
fn named_version(what: &[String]) -> Result<Option<&str>, CliError> {
    let is_version = |text: &&String| text.contains(['/', '@']);
    match (what.iter().find(is_version), what.len()) {
        (None, _) => Ok(None),
        (Some(version), 1) => Ok(Some(version)),
        (Some(_), _) => Err(CliError::new(
            ExitStatus::Usage,
            "one version at a time, or runs alone",
        )
        .with_hint("name a run by its id")),
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

/// The intent to register again what a version was made from, by the last entry that deleted it.
fn reregister_intent(version: &str, entries: &[JournalEntry]) -> Result<Intent, CliError> {
    let deletes = |entry: &&JournalEntry| {
        entry
            .plan
            .deleted_versions()
            .any(|gone| entry.plan.subject().label(gone) == clean(version))
    };
    let known = entries
        .iter()
        .rev()
        .filter(deletes)
        .map(|entry| undo_intent(&entry.id, &entry.plan, None));
    let mut intents = known.filter(|intent| matches!(intent, Intent::Register { .. }));
    intents.next().ok_or_else(|| {
        let model = version.rsplit_once('/').map_or(version, |(model, _)| model);
        CliError::new(
            ExitStatus::NoMatch,
            format!(
                "{} can't be brought back: MLflow overwrites where a deleted version's model was",
                clean(version)
            ),
        )
        .with_cause("the journal knows no deletion of it that tells its run")
        .with_hint(format!(
            "`frontrunner register RUN --model {}` registers its run again, as a new version",
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
