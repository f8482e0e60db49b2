//! `delete` and `restore`: a version away for good, runs into MLflow's trash and out of it.

use clap::Args;

use super::context::Context;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::resolve;
use crate::cli::write::{Road, travel};
use crate::domain::{Run, RunId};
use crate::promotion::journal::Entry;
use crate::promotion::{Intent, undo};
use crate::store::Opened;
use crate::text::untrusted::clean;

/// What can be said to `delete`.
#[derive(Debug, Args)]
pub struct Delete {
    /// A version, MODEL/VERSION or MODEL@alias; or runs, each by its id, the beginning of its id, or its name.
    #[arg(value_name = "MODEL/VERSION|RUN", required = true)]
    what: Vec<String>,
    #[command(flatten)]
    road: Road,
}

/// What can be said to `restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// Runs, each by its id, the beginning of its id, or its name; or a deleted version, MODEL/VERSION, whose run is registered
    /// again where the journal knows it.
    #[arg(value_name = "RUN|MODEL/VERSION", required = true)]
    what: Vec<String>,
    #[command(flatten)]
    road: Road,
}

/// Deletes a version that holds no place, or runs.
///
/// # Errors
/// When what is named is not there, the version holds a place, or the write fails.
pub async fn delete(arguments: &Delete, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open().await?;
    let intent = match named_version(&arguments.what)? {
        Some(version) => {
            let (model, version) = resolve::version(session.reader.as_ref(), version).await?;
            Intent::Delete {
                model: model.name,
                version,
            }
        }
        None => Intent::DeleteRuns {
            runs: runs(&arguments.what, &session, context).await?,
        },
    };
    travel(intent, &arguments.road, &session, context).await
}

/// Restores runs, or registers again what a deleted version was made from.
///
/// # Errors
/// When what is named is not there, the journal does not know the version, or the write fails.
pub async fn restore(arguments: &Restore, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open().await?;
    let intent = match named_version(&arguments.what)? {
        Some(version) => again(
            version,
            &context.journal().entries(session.reader.origin())?,
        )?,
        None => Intent::RestoreRuns {
            runs: runs(&arguments.what, &session, context).await?,
        },
    };
    travel(intent, &arguments.road, &session, context).await
}

/// The version, where one is named: a run whose name has a `/` or an `@` in it is named by its id.
fn named_version(what: &[String]) -> Result<Option<&str>, Failure> {
    let is_version = |text: &&String| text.contains(['/', '@']);
    match (what.iter().find(is_version), what.len()) {
        (None, _) => Ok(None),
        (Some(version), 1) => Ok(Some(version)),
        (Some(_), _) => Err(
            Failure::new(Exit::Usage, "one version at a time, or runs alone")
                .next("name a run by its id"),
        ),
    }
}

async fn runs(
    what: &[String],
    session: &Opened,
    context: &Context<'_>,
) -> Result<Vec<RunId>, Failure> {
    let reader = session.reader.as_ref();
    let within = resolve::within(reader, context.flags.experiment.as_deref()).await?;
    Ok(resolve::runs(reader, what, within.as_ref())
        .await?
        .into_iter()
        .map(|run: Run| run.id)
        .collect())
}

/// The intent to register again what a version was made from, by the last entry that deleted it.
fn again(version: &str, entries: &[Entry]) -> Result<Intent, Failure> {
    let deletes = |entry: &&Entry| {
        entry
            .plan
            .deleted()
            .any(|gone| entry.plan.subject().label(gone) == clean(version))
    };
    let known = entries
        .iter()
        .rev()
        .filter(deletes)
        .map(|entry| undo(&entry.id, &entry.plan, None));
    let mut again = known.filter(|intent| matches!(intent, Intent::Register { .. }));
    again.next().ok_or_else(|| {
        let model = version.rsplit_once('/').map_or(version, |(model, _)| model);
        Failure::new(
            Exit::NoMatch,
            format!(
                "{} can't be brought back: MLflow overwrites where a deleted version's model was",
                clean(version)
            ),
        )
        .because("the journal knows no deletion of it that tells its run")
        .next(format!(
            "`frontrunner register RUN --model {}` registers its run again, as a new version",
            clean(model)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(all: &[&str]) -> Vec<String> {
        all.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_version_stands_alone_and_runs_stand_together() {
        assert_eq!(named_version(&words(&["iris/3"])).unwrap(), Some("iris/3"));
        assert_eq!(
            named_version(&words(&["abcdef12", "wise-owl-3"])).unwrap(),
            None
        );
        assert_eq!(
            named_version(&words(&["iris/3", "wise-owl-3"]))
                .unwrap_err()
                .exit,
            Exit::Usage
        );
        assert_eq!(again("iris/3", &[]).unwrap_err().exit, Exit::NoMatch);
    }
}
