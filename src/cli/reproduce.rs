//! `reproduce MODEL/VERSION`: the commands that would make a version again, as far as they are known.

use clap::Args;
use serde_json::json;

use super::context::Context;
use crate::cli::output::Report;
use crate::cli::output::failure::Failure;
use crate::cli::resolve;
use crate::export::Sheet;
use crate::lineage::{recipe, script};
use crate::ops::lineage::{Sources, lineage_facts};

/// What can be said to `reproduce`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
}

/// Prints a script of a POSIX shell; what is not known is a comment where it would stand.
///
/// # Errors
/// When the version is not there, or the store can't answer.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open().await?;
    let reader = session.reader.as_ref();
    let (model, version) = resolve::version(reader, &arguments.version).await?;
    let lookout = context.lookout(reader);
    let facts = lineage_facts(
        Sources {
            reader,
            lookout: &lookout,
        },
        &model.name,
        version,
    )
    .await?;
    let steps = recipe(&facts);
    let tracking = tracking_uri(reader.origin());
    let title = format!(
        "how {}/{version} could be made again: needs git, Python and MLflow",
        model.name.raw()
    );
    let mut sheet = Sheet::new(["what", "state", "kind", "line"]);
    for step in &steps {
        let kinds = [("note", &step.notes), ("command", &step.commands)];
        for (kind, line) in kinds
            .into_iter()
            .flat_map(|(kind, lines)| lines.iter().map(move |line| (kind, line)))
        {
            sheet.row([
                step.what.to_owned(),
                step.state.as_str().to_owned(),
                kind.to_owned(),
                line.clone(),
            ]);
        }
    }
    let value = json!({ "model": model.name.raw(), "version": version.0, "tracking_uri": tracking, "steps": steps });
    let lines = script(&title, Some(&tracking), &steps);
    context.output.report(&Report::text(value, sheet, lines))
}

/// The store as MLflow's own tools take it.
fn tracking_uri(origin: &str) -> String {
    if origin.starts_with('/') {
        format!("sqlite:///{origin}")
    } else {
        origin.to_owned()
    }
}
