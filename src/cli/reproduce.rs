//! `reproduce MODEL/VERSION`: the commands that recreate a version, as far as they are known.

use clap::Args;
use serde_json::json;

use super::context::CommandContext;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::CliError;
use crate::cli::resolve;
use crate::export::Sheet;
use crate::lineage::{reproduction_steps, shell_script};
use crate::ops::lineage::{LineageSources, load_lineage_facts};

#[derive(Debug, Args)]
pub struct ReproduceArgs {
    /// Version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
}

/// Prints a script for a POSIX shell, with comments in place of unknown steps.
///
/// # Errors
/// When the version is missing or the store cannot be read.
pub async fn run(
    arguments: &ReproduceArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let reader = store.reader.as_ref();
    let (model, version) = resolve::version(reader, &arguments.version).await?;
    let evidence_sources = context.evidence_sources(reader);
    let facts = load_lineage_facts(
        LineageSources {
            reader,
            evidence_sources: &evidence_sources,
        },
        &model.name,
        version,
    )
    .await?;
    let steps = reproduction_steps(&facts);
    let tracking = reader.tracking_uri();
    let title = format!(
        "recreate {}/{version}: needs git, Python and MLflow",
        model.name.raw()
    );
    let mut sheet = Sheet::new(["what", "state", "kind", "line"]);
    for step in &steps {
        let kinds = [("note", &step.notes), ("command", &step.commands)];
        for (kind, line) in kinds
            .into_iter()
            .flat_map(|(kind, lines)| lines.iter().map(move |line| (kind, line)))
        {
            sheet.push_row([
                step.aspect.to_owned(),
                step.state.as_str().to_owned(),
                kind.to_owned(),
                line.clone(),
            ]);
        }
    }
    let value = json!({ "model": model.name.raw(), "version": version.0, "tracking_uri": tracking, "steps": steps });
    let lines = shell_script(&title, Some(&tracking), &steps);
    context
        .printer
        .print(&CommandOutput::text(value, sheet, lines))
}
