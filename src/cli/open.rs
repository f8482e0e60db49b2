//! Opening the screens: the one place where the command line hands over to them.

use super::context::Context;
use super::failure::{Exit, Failure};
use super::find;

/// Opens the screens on the store that is meant.
///
/// # Errors
/// When there is no such store, or there is no terminal to draw on.
pub async fn run(context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open().await?;
    if let Some(name) = &context.flags.experiment {
        find::experiment(session.reader.as_ref(), name).await?;
    }
    Err(Failure::new(Exit::Failed, "this build has no screens").next("use a subcommand; `frontrunner --help` lists them"))
}
