//! `completions SHELL`: what a shell needs to complete this command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::arguments::Cli;
use crate::cli::output::Output;
use crate::cli::output::failure::Failure;

/// What can be said to `completions`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// When stdout can't be written.
pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Cli::command(),
        "frontrunner",
        &mut script,
    );
    output.raw(&String::from_utf8_lossy(&script))
}
