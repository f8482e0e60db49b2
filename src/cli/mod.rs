//! The command line, one file per subcommand.
//!
//! Results go to stdout in the requested format; notes, prompts and errors go to stderr. The exit code
//! is an `output::error::ExitStatus`.

mod appearance;
mod args;
mod best;
mod chart;
mod compare;
mod completions;
mod config;
mod context;
mod copy;
mod delete_restore;
mod demo;
mod demote;
mod doctor;
mod download;
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
mod man;
mod metadata;
mod models;
mod output;
mod promote;
mod prompt_diff;
mod register;
mod reproduce;
mod request;
mod resolve;
mod review;
mod rollback;
mod runs;
mod show;
mod version;
mod versions;
mod watch;
mod write;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use args::{Cli, Command};
use context::CommandContext;
use output::error::CliError;
use output::{OutputFormat, Printer};

pub use completions::answer_shell;

/// Parses the command line, runs it and returns the exit code.
pub async fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return report_parse_error(&error, &arguments),
    };
    let format = cli.global.format();
    let mut printer = Printer::stdio(*format.as_ref().unwrap_or(&OutputFormat::Table));
    let result = match format.and_then(|_| log::start(cli.global.log.clone())) {
        Ok(()) => Box::pin(run(&cli, &mut printer)).await,
        Err(error) => Err(error),
    };
    // Output precedes the error that ended it.
    match result.and(printer.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report_error(&error, &mut printer),
    }
}

fn report_error(error: &CliError, printer: &mut Printer) -> ExitCode {
    tracing::error!(exit = ?error.exit, cause = ?error.cause, "{}", error.message);
    printer.print_error(error);
    error.exit.into()
}

/// Prints help and version to stdout, and errors in the requested format.
fn report_parse_error(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    let is_json = |argument: &OsString| argument == "--json" || argument == "--jsonl";
    let format = if arguments.iter().any(is_json) {
        OutputFormat::Json
    } else {
        OutputFormat::Table
    };
    let mut printer = Printer::stdio(format);
    if error.kind() == ErrorKind::DisplayHelp {
        let printed = printer
            .write_raw(&error.render().to_string())
            .and_then(|()| printer.flush());
        return printed.map_or_else(|error| error.exit.into(), |()| ExitCode::SUCCESS);
    }
    let definition = Cli::command();
    let subcommand = arguments.iter().skip(1).find_map(|argument| {
        let name = definition.find_subcommand(argument)?.get_name();
        Some(name.to_owned())
    });
    let error = CliError::from_clap(error, subcommand.as_deref());
    report_error(&error, &mut printer)
}

async fn run(cli: &Cli, printer: &mut Printer) -> Result<(), CliError> {
    // These work with invalid settings, to help fix them.
    match &cli.command {
        _ if cli.version => version::run(cli.verbose, printer),
        Some(Command::Completions(arguments)) => completions::run(arguments, printer),
        Some(Command::Config(arguments)) => config::run(arguments, cli, printer),
        Some(Command::Man(arguments)) => man::run(arguments, printer),
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
        Some(Command::Download(arguments)) => download::run(arguments, context).await,
        Some(Command::Drivers(arguments)) => drivers::run(arguments, context).await,
        Some(Command::Best(arguments)) => best::run(arguments, context).await,
        Some(Command::Models(arguments)) => models::run(arguments, context).await,
        Some(Command::Versions(arguments)) => versions::run(arguments, context).await,
        Some(Command::Reproduce(arguments)) => reproduce::run(arguments, context).await,
        Some(Command::Evidence(arguments)) => evidence::run(arguments, context).await,
        Some(Command::Lineage(arguments)) => lineage::run(arguments, context).await,
        Some(Command::Register(arguments)) => register::run(arguments, context).await,
        Some(Command::Copy(arguments)) => copy::run(arguments, context).await,
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
        None
        | Some(
            Command::Completions(_) | Command::Config(_) | Command::Doctor(_) | Command::Man(_),
        ) => launch_tui::run(context).await,
    }
}
