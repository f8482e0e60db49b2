//! `completions SHELL`: prints a completion script, which asks this program for the words of a line.

mod live_values;
mod value_kind;

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::CompleteEnv;
use clap_complete::env::Shells;

use super::args::Cli;
use crate::cli::output::Printer;
use crate::cli::output::error::{CliError, ExitStatus};

/// Set by the scripts to the name of their shell.
const VARIABLE: &str = "COMPLETE";

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to generate completions for.
    shell: ShellName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ShellName {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl ShellName {
    fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Elvish => "elvish",
            Self::Fish => "fish",
            Self::Powershell => "powershell",
            Self::Zsh => "zsh",
        }
    }
}

/// # Errors
/// If stdout can't be written.
pub fn run(arguments: &CompletionsArgs, printer: &mut Printer) -> Result<(), CliError> {
    let (mut script, name) = (Vec::new(), "frontrunner");
    let shells = Shells::builtins();
    let written = shells
        .completer(arguments.shell.name())
        .map(|shell| shell.write_registration(VARIABLE, name, name, name, &mut script));
    if let Some(Err(error)) = written {
        let failed = CliError::new(ExitStatus::Failed, "can't write the completion script");
        return Err(failed.with_cause(error.to_string()));
    }
    printer.write_raw(&String::from_utf8_lossy(&script))
}

/// Answers a completion script, if that is what this process was started for. Prints nothing where there is nothing to
/// complete or the store can't be read: an error message would end up in the line that is being typed.
#[must_use]
pub fn answer_shell() -> bool {
    let folder = std::env::current_dir().ok();
    CompleteEnv::with_factory(|| value_kind::attach(Cli::command()))
        .var(VARIABLE)
        .try_complete(std::env::args_os(), folder.as_deref())
        .unwrap_or(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_a_script() {
        for shell in ShellName::value_variants() {
            assert!(Shells::builtins().completer(shell.name()).is_some());
            let value = shell.to_possible_value().unwrap();
            assert_eq!(value.get_name(), shell.name());
        }
    }
}
