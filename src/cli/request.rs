//! `request MODEL/VERSION --to STAGE`: asks for a version to be moved, on servers that have such requests.

use clap::Args;

use super::context::Context;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::resolve;
use crate::cli::write::{Road, travel};
use crate::domain::Stage;
use crate::promotion::Intent;
use crate::text::untrusted::clean;

/// What can be said to `request`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
    /// Where to: None, Staging, Production or Archived.
    #[arg(long, value_name = "STAGE")]
    to: String,
    #[command(flatten)]
    road: Road,
}

/// Makes the request.
///
/// # Errors
/// When the version is not there, the server has no such requests, or the write fails.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let no_stage = || {
        Failure::new(
            Exit::Usage,
            format!(
                "{} is no stage: None, Staging, Production or Archived",
                clean(&arguments.to)
            ),
        )
    };
    let to = Stage::parse(&arguments.to).ok_or_else(no_stage)?;
    let session = context.open().await?;
    let (model, version) = resolve::version(session.reader.as_ref(), &arguments.version).await?;
    travel(
        Intent::Request {
            model: model.name,
            version,
            to,
        },
        &arguments.road,
        &session,
        context,
    )
    .await
}
