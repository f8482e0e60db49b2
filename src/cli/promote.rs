//! `promote MODEL/VERSION --to STAGE|@ALIAS`: a version to a stage, or an alias to a version.

use clap::Args;

use super::context::Context;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::resolve;
use crate::cli::write::{Road, travel};
use crate::promotion::{Intent, Place};

/// What can be said to `promote`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
    /// Where to: None, Staging, Production, Archived, or an @alias.
    #[arg(long, value_name = "PLACE")]
    to: String,
    /// Archive the versions that are in that stage now.
    #[arg(long)]
    archive_existing: bool,
    #[command(flatten)]
    road: Road,
}

/// Promotes the version.
///
/// # Errors
/// When the version is not there, the place is none, or the write fails.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let place = Place::parse(&arguments.to).map_err(|why| Failure::new(Exit::Usage, why))?;
    if arguments.archive_existing && matches!(place, Place::Alias(_)) {
        return Err(Failure::new(
            Exit::Usage,
            "--archive-existing is for stages; an alias leaves the version that has it by itself",
        ));
    }
    let session = context.open().await?;
    let (model, version) = resolve::version(session.reader.as_ref(), &arguments.version).await?;
    let intent = match place {
        Place::Stage(to) => Intent::Move {
            model: model.name,
            version,
            to,
            archive_existing: arguments.archive_existing,
        },
        Place::Alias(alias) => Intent::SetAlias {
            model: model.name,
            alias,
            version,
        },
    };
    travel(intent, &arguments.road, &session, context).await
}
