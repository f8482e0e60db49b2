//! The command line: each subcommand does without the screens what a screen does, on the same core, one file each.
//!
//! Answers go to stdout in the form that was asked for; notes, questions and failures go to stderr; the exit code says
//! how it ended ([`output::failure::Exit`]).

mod arguments;
mod best;
mod chart;
mod compare;
mod completions;
mod config;
mod context;
mod demo;
mod demote;
mod doctor;
mod drivers;
mod evidence;
mod experiments;
mod gates;
mod goal;
mod history;
mod lineage;
mod look;
mod made_from;
mod models;
mod note;
mod open;
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
mod trash;
mod versions;
mod watch;
mod write;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use arguments::{Cli, Command};
use context::Context;
use output::failure::{Exit, Failure};
use output::{Format, Output};

/// Reads the command line, does what it says, and tells how it ended.
pub async fn main() -> ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::try_parse_from(&typed) {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error, &typed),
    };
    let format = cli.flags.format();
    let mut output = Output::standard(*format.as_ref().unwrap_or(&Format::Table));
    let done = match format {
        Ok(_) => run(&cli, &mut output).await,
        Err(failure) => Err(failure),
    };
    // What was printed before a failure belongs before it.
    match done.and(output.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => told(&failure, &mut output),
    }
}

fn told(failure: &Failure, output: &mut Output) -> ExitCode {
    output.failure(failure);
    failure.exit.into()
}

/// What clap says, through the same output as everything else: help on stdout, errors as JSON where that was asked for.
fn not_understood(error: &clap::Error, typed: &[OsString]) -> ExitCode {
    let json = typed
        .iter()
        .any(|word| word == "--json" || word == "--jsonl");
    let format = if json { Format::Json } else { Format::Table };
    let mut output = Output::standard(format);
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        let printed = output
            .raw(&error.render().to_string())
            .and_then(|()| output.flush());
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
    let failure = Failure::new(Exit::Usage, message)
        .with_detail(lines.map(|line| line.trim().to_owned()).collect());
    told(&failure, &mut output)
}

async fn run(cli: &Cli, output: &mut Output) -> Result<(), Failure> {
    // These work although the settings are wrong: they are what helps then.
    match &cli.command {
        Some(Command::Completions(arguments)) => completions::run(arguments, output),
        Some(Command::Config(arguments)) => config::run(arguments, cli, output),
        Some(Command::Doctor(arguments)) => doctor::run(arguments, cli, output).await,
        command => dispatch(command.as_ref(), &mut Context::load(cli, output)?).await,
    }
}

async fn dispatch(command: Option<&Command>, context: &mut Context<'_>) -> Result<(), Failure> {
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
        Some(Command::Tag(arguments)) => note::tag(arguments, context).await,
        Some(Command::Describe(arguments)) => note::describe(arguments, context).await,
        Some(Command::Delete(arguments)) => trash::delete(arguments, context).await,
        Some(Command::Restore(arguments)) => trash::restore(arguments, context).await,
        Some(Command::History(arguments)) => history::run(arguments, context).await,
        Some(Command::Watch(arguments)) => watch::run(arguments, context).await,
        Some(Command::Rollback(arguments)) => rollback::run(arguments, context).await,
        None | Some(Command::Completions(_) | Command::Config(_) | Command::Doctor(_)) => {
            open::run(context).await
        }
    }
}
