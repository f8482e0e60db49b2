//! The command line: each subcommand does without the screens what a screen does, on the same core, one file each.
//!
//! Answers go to stdout in the form that was asked for; notes, questions and failures go to stderr; the exit code says
//! how it ended ([`output::failure::Exit`]).

mod appearance;
mod args;
mod best;
mod chart;
mod compare;
mod completions;
mod config;
mod context;
mod delete_restore;
mod demo;
mod demote;
mod doctor;
mod downstream;
mod drivers;
mod evidence;
mod experiments;
mod gates;
mod goal;
mod history;
mod launch_tui;
mod lineage;
mod log;
mod metadata;
mod models;
mod output;
mod promote;
mod register;
mod reproduce;
mod request;
mod resolve;
mod review;
mod rollback;
mod runs;
mod show;
mod versions;
mod watch;
mod write;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Cli, Command};
use context::CommandContext;
use output::error::{CliError, ExitStatus};
use output::{OutputFormat, Printer};

/// Reads the command line, does what it says, and tells how it ended.
pub async fn main() -> ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&typed) {
        Ok(cli) => cli,
        Err(error) => return report_parse_error(&error, &typed),
    };
    let format = cli.flags.format();
    let mut printer = Printer::stdio(*format.as_ref().unwrap_or(&OutputFormat::Table));
    let result = match format.and_then(|_| log::start(cli.flags.log.clone())) {
        Ok(()) => run(&cli, &mut printer).await,
        Err(failure) => Err(failure),
    };
    // What was printed before a failure belongs before it.
    match result.and(printer.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report_error(&failure, &mut printer),
    }
}

fn report_error(failure: &CliError, printer: &mut Printer) -> ExitCode {
    tracing::error!(exit = ?failure.exit, cause = ?failure.cause, "{}", failure.message);
    printer.print_error(failure);
    failure.exit.into()
}

/// What clap says, through the same output as everything else: help on stdout, errors as JSON where that was asked for.
fn report_parse_error(error: &clap::Error, typed: &[OsString]) -> ExitCode {
    let json = typed
        .iter()
        .any(|word| word == "--json" || word == "--jsonl");
    let format = if json {
        OutputFormat::Json
    } else {
        OutputFormat::Table
    };
    let mut printer = Printer::stdio(format);
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let printed = printer
            .write_raw(&error.render().to_string())
            .and_then(|()| printer.flush());
        return printed.map_or_else(|failure| failure.exit.into(), |()| ExitCode::SUCCESS);
    }
    let text = error.render().to_string();
    let mut lines = text
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty());
    let message = lines
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned();
    let failure = CliError::new(ExitStatus::Usage, message)
        .with_detail(lines.map(|line| line.trim().to_owned()).collect());
    report_error(&failure, &mut printer)
}

async fn run(cli: &Cli, printer: &mut Printer) -> Result<(), CliError> {
    // These work although the settings are wrong: they are what helps then.
    match &cli.command {
        Some(Command::Completions(arguments)) => completions::run(arguments, printer),
        Some(Command::Config(arguments)) => config::run(arguments, cli, printer),
        Some(Command::Doctor(arguments)) => doctor::run(arguments, cli, printer).await,
        command => dispatch(command.as_ref(), &mut CommandContext::load(cli, printer)?).await,
    }
}

async fn dispatch(
    command: Option<&Command>,
    context: &mut CommandContext<'_>,
) -> Result<(), CliError> {
    match command {
        Some(Command::Demo(arguments)) => demo::run(arguments, context).await,
        Some(Command::Experiments(arguments)) => experiments::run(arguments, context).await,
        Some(Command::Runs(arguments)) => runs::run(arguments, context).await,
        Some(Command::Show(arguments)) => show::run(arguments, context).await,
        Some(Command::Compare(arguments)) => compare::run(arguments, context).await,
        Some(Command::Chart(arguments)) => chart::run(arguments, context).await,
        Some(Command::Drivers(arguments)) => drivers::run(arguments, context).await,
        Some(Command::Best(arguments)) => best::run(arguments, context).await,
        Some(Command::Models(arguments)) => models::run(arguments, context).await,
        Some(Command::Versions(arguments)) => versions::run(arguments, context).await,
        Some(Command::Reproduce(arguments)) => reproduce::run(arguments, context).await,
        Some(Command::Evidence(arguments)) => evidence::run(arguments, context).await,
        Some(Command::Lineage(arguments)) => lineage::run(arguments, context).await,
        Some(Command::Register(arguments)) => register::run(arguments, context).await,
        Some(Command::Promote(arguments)) => promote::run(arguments, context).await,
        Some(Command::Demote(arguments)) => demote::run(arguments, context).await,
        Some(Command::Gates(arguments)) => gates::run(arguments, context).await,
        Some(Command::Request(arguments)) => request::run(arguments, context).await,
        Some(Command::Review(arguments)) => review::run(arguments, context).await,
        Some(Command::Tag(arguments)) => metadata::tag(arguments, context).await,
        Some(Command::Describe(arguments)) => metadata::describe(arguments, context).await,
        Some(Command::Delete(arguments)) => delete_restore::delete(arguments, context).await,
        Some(Command::Restore(arguments)) => delete_restore::restore(arguments, context).await,
        Some(Command::History(arguments)) => history::run(arguments, context).await,
        Some(Command::Watch(arguments)) => watch::run(arguments, context).await,
        Some(Command::Rollback(arguments)) => rollback::run(arguments, context).await,
        None | Some(Command::Completions(_) | Command::Config(_) | Command::Doctor(_)) => {
            launch_tui::run(context).await
        }
    }
}
