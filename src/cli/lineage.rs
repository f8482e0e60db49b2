//! `lineage MODEL/VERSION`: what a version was made from, what became of it, and what is missing to make it again.

use clap::Args;
use serde_json::Value;

use super::context::Context;
use crate::cli::output::failure::Failure;
use crate::cli::output::{Format, Report};
use crate::cli::resolve;
use crate::export::{self, Sheet};
use crate::lineage::Graph;
use crate::ops::lineage::{Sources, lineage_graph};

/// What can be said to `lineage`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
    /// Print it in the language of Graphviz.
    #[arg(long, conflicts_with_all = ["json", "jsonl", "csv", "markdown"])]
    dot: bool,
}

/// Tells the lineage.
///
/// # Errors
/// When the version is not there, or the store can't answer.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open().await?;
    let reader = session.reader.as_ref();
    let (model, version) = resolve::version(reader, &arguments.version).await?;
    let lookout = context.lookout(reader);
    let graph = lineage_graph(
        Sources {
            reader,
            lookout: &lookout,
        },
        &model.name,
        version,
    )
    .await?;
    if arguments.dot {
        return context.output.raw(&export::lineage::dot(&graph));
    }
    if context.output.format == Format::Markdown {
        return context.output.raw(&export::lineage::markdown(&graph));
    }
    let value = serde_json::to_value(&graph).unwrap_or(Value::Null);
    context
        .output
        .report(&Report::text(value, sheet(&graph), graph.lines()))
}

fn sheet(graph: &Graph) -> Sheet {
    let mut sheet = Sheet::new(["kind", "label", "key", "value"]);
    for node in &graph.nodes {
        let mut add = |key: &str, value: &str| {
            sheet.row([
                node.kind.as_str().to_owned(),
                node.label.raw().to_owned(),
                key.to_owned(),
                value.to_owned(),
            ]);
        };
        if node.facts.is_empty() {
            add("", "");
        }
        for (key, value) in &node.facts {
            add(key, value.raw());
        }
    }
    sheet
}
