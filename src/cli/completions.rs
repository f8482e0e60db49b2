//! `completions SHELL`: prints a completion script.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::args::Cli;
use crate::cli::output::Printer;
use crate::cli::output::error::CliError;

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to generate completions for.
    shell: Shell,
}

/// # Errors
/// If stdout can't be written.
pub fn run(arguments: &CompletionsArgs, printer: &mut Printer) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "frontrunner",
        &mut script,
    );
    printer.write_raw(&String::from_utf8_lossy(&script))
}
