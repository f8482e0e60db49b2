//! `lineage MODEL/VERSION`: what a version was made from, and what is missing to make it again.

mod facts;

use clap::Args;
use serde_json::Value;

use super::context::Context;
use super::failure::Failure;
use super::find;
use super::print::{Report, Sheet};
use crate::lineage::{Graph, Node, Recorded, build};

/// What can be said to `lineage`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
}

/// Tells the lineage.
///
/// # Errors
/// When the version is not there, or the store can't answer.
pub async fn run(arguments: &Arguments, context: &mut Context<'_>) -> Result<(), Failure> {
    let session = context.open().await?;
    let reader = session.reader.as_ref();
    let (model, version) = find::version(reader, &arguments.version).await?;
    let graph = build(&facts::lineage_facts(reader, &model.name, version).await?);
    let value = serde_json::to_value(&graph).unwrap_or(Value::Null);
    context.output.report(&Report::text(value, sheet(&graph), lines(&graph)))
}

fn lines(graph: &Graph) -> Vec<String> {
    let mut lines = vec![graph.summary.raw().to_owned(), String::new()];
    lines.extend(graph.nodes.iter().map(|node| format!("{:<12}  {}{}", node.kind.as_str(), node.label.raw(), facts_of(node))));
    lines.push(String::new());
    for check in &graph.reproducibility {
        let mark = match check.state {
            Recorded::Recorded => "recorded",
            Recorded::Partly => "partly",
            Recorded::NotRecorded => "not recorded",
        };
        lines.push(format!("{:<12}  {mark:<12}  {}", check.what, check.detail));
    }
    lines.extend(graph.missing.iter().map(|missing| format!("not read: {missing}")));
    lines
}

fn facts_of(node: &Node) -> String {
    let facts: Vec<String> = node.facts.iter().map(|(key, value)| format!("{key}={}", value.raw())).collect();
    if facts.is_empty() { String::new() } else { format!("  ({})", facts.join(", ")) }
}

fn sheet(graph: &Graph) -> Sheet {
    let mut sheet = Sheet::new(["kind", "label", "key", "value"]);
    for node in &graph.nodes {
        let mut add = |key: &str, value: &str| {
            sheet.row([node.kind.as_str().to_owned(), node.label.raw().to_owned(), key.to_owned(), value.to_owned()]);
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
