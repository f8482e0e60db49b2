//! `lineage MODEL/VERSION`: the origin of a version, its uses, and gaps in its reproducibility.

use clap::Args;
use serde_json::Value;

use super::context::CommandContext;
use super::gates::review_slot;
use crate::cli::output::error::CliError;
use crate::cli::output::{CommandOutput, OutputFormat};
use crate::cli::resolve;
use crate::export;
use crate::ops::lineage::{LineageSources, load_lineage_graph};

#[derive(Debug, Args)]
pub struct LineageArgs {
    /// Version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
    /// Print the graph in Graphviz's DOT language.
    #[arg(long, conflicts_with_all = ["json", "jsonl", "csv", "markdown"])]
    dot: bool,
}

/// Prints the lineage.
///
/// # Errors
/// When the version is missing or the store cannot be read.
pub async fn run(
    arguments: &LineageArgs,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let reader = store.reader.as_ref();
    let (model, version) = resolve::version(reader, &arguments.version).await?;
    let evidence_sources = context.evidence_sources(reader);
    let graph = load_lineage_graph(
        LineageSources {
            reader,
            evidence_sources: &evidence_sources,
        },
        &model.name,
        version,
        Some(&review_slot(&model, reader, context)?),
    )
    .await?;
    if arguments.dot {
        return context.printer.write_raw(&export::lineage::dot(&graph));
    }
    let document = export::lineage::document(&graph);
    if context.printer.format == OutputFormat::Markdown {
        return context.printer.write_raw(&document.to_markdown());
    }
    let value = serde_json::to_value(&graph).unwrap_or(Value::Null);
    let sheet = export::tables::lineage_sheet(&graph);
    let lines = document.to_lines(context.printer.width());
    context
        .printer
        .print(&CommandOutput::text(value, sheet, lines))
}
