//! `evidence MODEL/VERSION`: what other tools left with a version, and what was looked for.

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::runs::local_time;
use crate::cli::output::Report;
use crate::cli::output::failure::Failure;
use crate::cli::resolve;
use crate::evidence::{self, Looked};
use crate::export::Sheet;
use crate::ops::lineage::{Sources, lineage_facts};

/// What can be said to `evidence`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The version: MODEL/VERSION, MODEL/latest or MODEL@alias.
    #[arg(value_name = "MODEL/VERSION")]
    version: String,
    /// Tell what was looked for, what was found where, and what was passed over.
    #[arg(long)]
    explain: bool,
}

/// Tells the evidence.
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
    let report = &facts.evidence;
    for problem in &report.problems {
        context.output.note(problem);
    }
    let value = json!({
        "model": model.name.raw(),
        "version": version.0,
        "evidence": report.evidence,
        "looked": if arguments.explain { json!(report.looked) } else { Value::Null },
        "problems": report.problems,
    });
    if arguments.explain {
        let lines = report.looked.iter().flat_map(explained).collect();
        return context
            .output
            .report(&Report::text(value, sheet(report), lines));
    }
    if report.evidence.is_empty() {
        context
            .output
            .note("no tool that is known left anything: --explain says what was looked for");
    }
    context.output.report(&Report::table(value, sheet(report)))
}

fn sheet(report: &evidence::Report) -> Sheet {
    let mut sheet = Sheet::new(["tool", "fact", "value", "from", "when"]);
    for tool in &report.evidence {
        for fact in &tool.facts {
            let when = fact.at.map(local_time).unwrap_or_default();
            let when = if fact.older {
                format!("{when}, older than the version")
            } else {
                when
            };
            let value = if fact.bad {
                format!("{} (!)", fact.value)
            } else {
                fact.value.to_string()
            };
            sheet.row([
                tool.id.clone(),
                fact.name.clone(),
                value,
                fact.from.clone(),
                when,
            ]);
        }
        for deployment in &tool.deployments {
            sheet.row([
                tool.id.clone(),
                "serves".to_owned(),
                deployment.to_string(),
                deployment.from.clone(),
                String::new(),
            ]);
        }
    }
    sheet
}

fn explained(looked: &Looked) -> Vec<String> {
    let mut lines = vec![format!(
        "{}: {} ({})",
        looked.name, looked.wanted, looked.rule
    )];
    lines.extend(
        looked
            .found
            .iter()
            .map(|found| format!("  found in {found}")),
    );
    lines.extend(
        looked
            .passed_over
            .iter()
            .map(|passed| format!("  passed over {passed}")),
    );
    if looked.more > 0 {
        lines.push(format!("  and {} more", looked.more));
    }
    if looked.found.is_empty() && looked.passed_over.is_empty() {
        lines.push("  nothing there".to_owned());
    }
    lines
        .iter()
        .map(|line| crate::text::untrusted::clean(line).into_owned())
        .collect()
}
