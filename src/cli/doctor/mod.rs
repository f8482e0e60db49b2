//! `doctor [TARGET]`: checks configuration, connectivity and terminal support. Prints no secrets.

mod environment;
mod finding;
mod report;
mod store;

use clap::Args;
use serde_json::json;

use super::args::Cli;
use super::context::CommandContext;
use crate::cli::output::error::CliError;
use crate::cli::output::{CommandOutput, Printer};
use crate::export::Sheet;
use finding::{Finding, Severity};

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Store to check [default: the one that would be opened].
    #[arg(value_name = "TARGET")]
    target: Option<String>,
    /// Print a bug report that is safe to publish: no addresses, names of people or paths.
    #[arg(long, conflicts_with_all = ["json", "jsonl", "csv", "markdown"])]
    report: bool,
}

/// Prints all findings, also if the store can't be opened.
///
/// # Errors
/// The first error that prevents opening the store; a report has it as a finding.
pub async fn run(arguments: &DoctorArgs, cli: &Cli, printer: &mut Printer) -> Result<(), CliError> {
    let mut findings = vec![Finding::ok("program", "version", env!("CARGO_PKG_VERSION"))];
    findings.extend(environment::check_variables());
    findings.extend(environment::check_terminal());
    let first_error = match CommandContext::load(cli, printer) {
        Ok(mut context) => {
            if let Some(target) = &arguments.target {
                context.global_args.target = Some(target.clone());
            }
            findings.extend(environment::check_files(&context));
            findings.extend(environment::check_policies(&context));
            store::check_store(&context, &mut findings).await.err()
        }
        Err(error) => {
            findings.push(Finding::new(
                Severity::Problem,
                "settings",
                "config.toml",
                error.message.clone(),
            ));
            Some(error)
        }
    };
    if arguments.report {
        return printer.write_raw(&report::render(&findings, cli, arguments.target.as_deref()));
    }
    printer.print(&command_output(&findings))?;
    first_error.map_or(Ok(()), Err)
}

fn command_output(findings: &[Finding]) -> CommandOutput {
    let mut sheet = Sheet::new(["state", "area", "what", "found"]);
    for finding in findings {
        sheet.push_row([
            finding.severity.as_str().to_owned(),
            finding.area.to_owned(),
            finding.subject.clone(),
            finding.detail.clone(),
        ]);
    }
    let ok = findings
        .iter()
        .all(|finding| finding.severity != Severity::Problem);
    let lines = sheet.to_aligned_lines(None).0;
    CommandOutput::text(json!({ "ok": ok, "findings": findings }), sheet, lines)
}
