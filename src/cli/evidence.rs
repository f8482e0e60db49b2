//! `evidence MODEL/VERSION`: the facts that other tools recorded with a version, and where they were searched.

use clap::Args;
use serde_json::{Value, json};

use super::context::CommandContext;
use super::runs::format_local_time;
use crate::cli::output::CommandOutput;
use crate::cli::output::error::CliError;
use crate::cli::resolve;
use crate::evidence::{self, SearchTrace};
use crate::export::Sheet;
use crate::ops::lineage::{LineageSources, load_lineage_facts};

#[derive(Debug, Args)]
pub struct EvidenceArgs {
    /// Version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
    /// Show what was searched, what was found and what was skipped.
    #[arg(long)]
    explain: bool,
}

/// Prints the evidence.
///
/// # Errors
/// When the version is missing or the store cannot be read.
pub async fn run(
    arguments: &EvidenceArgs,
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
    let report = &facts.evidence;
    for problem in &report.problems {
        context.printer.note(problem);
    }
    let value = json!({
        "model": model.name.raw(),
        "version": version.0,
        "evidence": report.tools,
        "looked": if arguments.explain { json!(report.search_traces) } else { Value::Null },
        "problems": report.problems,
    });
    if arguments.explain {
        let lines = report.search_traces.iter().flat_map(explain).collect();
        return context
            .printer
            .print(&CommandOutput::text(value, sheet(report), lines));
    }
    if report.tools.is_empty() {
        context
            .printer
            .note("no evidence found; --explain shows where it was searched");
    }
    context
        .printer
        .print(&CommandOutput::table(value, sheet(report)))
}

fn sheet(report: &evidence::EvidenceReport) -> Sheet {
    let mut sheet = Sheet::new(["tool", "fact", "value", "from", "when"]);
    for tool in &report.tools {
        for fact in &tool.facts {
            let when = fact.created_at.map(format_local_time).unwrap_or_default();
            let when = if fact.is_stale {
                format!("{when}, older than the version")
            } else {
                when
            };
            let value = if fact.is_unexpected {
                format!("{} (!)", fact.value)
            } else {
                fact.value.to_string()
            };
            sheet.push_row([
                tool.id.clone(),
                fact.name.clone(),
                value,
                fact.source.clone(),
                when,
            ]);
        }
        for deployment in &tool.deployments {
            sheet.push_row([
                tool.id.clone(),
                "serves".to_owned(),
                deployment.to_string(),
                deployment.source.clone(),
                String::new(),
            ]);
        }
    }
    sheet
}

fn explain(trace: &SearchTrace) -> Vec<String> {
    let mut lines = vec![format!("{}: {} ({})", trace.tool, trace.target, trace.rule)];
    lines.extend(
        trace
            .found
            .iter()
            .map(|found| format!("  found in {found}")),
    );
    lines.extend(
        trace
            .skipped
            .iter()
            .map(|skipped| format!("  skipped {skipped}")),
    );
    if trace.omitted > 0 {
        lines.push(format!("  and {} more", trace.omitted));
    }
    if trace.found.is_empty() && trace.skipped.is_empty() {
        lines.push("  nothing found".to_owned());
    }
    lines
        .iter()
        .map(|line| crate::text::untrusted::clean(line).into_owned())
        .collect()
}
