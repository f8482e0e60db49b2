//! `doctor [TARGET]`: what was found where, what can be reached, what the terminal can do. No secret is printed.

mod environment;
mod finding;
mod store;

use clap::Args;
use serde_json::json;

use super::arguments::Cli;
use super::context::Context;
use crate::cli::output::failure::Failure;
use crate::cli::output::{Output, Report};
use crate::export::Sheet;
use finding::{Finding, State};

/// What can be said to `doctor`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The store to look at; else the one that would be opened.
    #[arg(value_name = "TARGET")]
    place: Option<String>,
}

/// Looks at everything and says what it found; ends with the exit code of the worst.
///
/// # Errors
/// The first thing that stands in the way of opening the store.
pub async fn run(arguments: &Arguments, cli: &Cli, output: &mut Output) -> Result<(), Failure> {
    let mut findings = vec![Finding::fine(
        "program",
        "version",
        env!("CARGO_PKG_VERSION"),
    )];
    findings.extend(environment::variables());
    findings.extend(environment::terminal());
    let trouble = match Context::load(cli, output) {
        Ok(mut context) => {
            if let Some(place) = &arguments.place {
                context.flags.target = Some(place.clone());
            }
            findings.extend(environment::files(&context));
            store::look(&context, &mut findings).await.err()
        }
        Err(failure) => {
            findings.push(Finding::new(
                State::Problem,
                "settings",
                "config.toml",
                failure.message.clone(),
            ));
            Some(failure)
        }
    };
    output.report(&report(&findings))?;
    trouble.map_or(Ok(()), Err)
}

fn report(findings: &[Finding]) -> Report {
    let mut sheet = Sheet::new(["state", "area", "what", "found"]);
    for finding in findings {
        sheet.row([
            finding.state.as_str().to_owned(),
            finding.area.to_owned(),
            finding.what.clone(),
            finding.found.clone(),
        ]);
    }
    let ok = findings
        .iter()
        .all(|finding| finding.state != State::Problem);
    let lines = sheet.aligned(None).0;
    Report::text(json!({ "ok": ok, "findings": findings }), sheet, lines)
}
