//! Confirmation of a write.

use std::io::{self, BufRead, IsTerminal};

use crate::cli::output::Printer;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::promotion::{Confirmation, Plan};

/// Asks the user to confirm a plan; `--yes` answers. Returns what was typed, for clearance to compare with the required name.
///
/// # Errors
/// When the answer is no, or there is no terminal.
pub fn confirm(plan: &Plan, yes: bool, printer: &mut Printer) -> Result<Option<String>, CliError> {
    if yes {
        return Ok(match &plan.confirmation {
            Confirmation::Yes => None,
            Confirmation::TypeName(name) => Some(name.raw().to_owned()),
        });
    }
    if !can_prompt() {
        return Err(CliError::new(
            ExitStatus::Refused,
            "nothing was written: no terminal to confirm on",
        )
        .with_hint("add --yes to write without confirmation, or --plan to show the plan only"));
    }
    discard_type_ahead();
    match &plan.confirmation {
        Confirmation::Yes => printer.prompt("Write this? [y/N]"),
        Confirmation::TypeName(name) => {
            printer.prompt(&format!("Protected: type {} to confirm:", name.clean()));
        }
    }
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| {
        CliError::new(ExitStatus::Failed, "cannot read the confirmation")
            .with_cause(error.to_string())
    })?;
    check_answer(&plan.confirmation, answer.trim_end_matches(['\n', '\r']))
}

/// Drops what was typed before the question stood there.
#[cfg(unix)]
fn discard_type_ahead() {
    use rustix::termios::{QueueSelector, tcflush};
    // Fails only if the terminal is gone, which reading the answer reports.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

#[cfg(not(unix))]
fn discard_type_ahead() {}

/// Whether stdin is a terminal.
#[must_use]
pub fn can_prompt() -> bool {
    io::stdin().is_terminal()
}

fn check_answer(confirm: &Confirmation, answer: &str) -> Result<Option<String>, CliError> {
    let is_yes = match confirm {
        Confirmation::Yes => matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"),
        Confirmation::TypeName(name) => answer == name.raw(),
    };
    if is_yes {
        Ok(Some(answer.to_owned()))
    } else {
        Err(CliError::new(
            ExitStatus::Refused,
            "not confirmed; nothing was written",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_answer_does_not_confirm() {
        assert_eq!(
            check_answer(&Confirmation::Yes, "").unwrap_err().exit,
            ExitStatus::Refused
        );
        assert!(check_answer(&Confirmation::Yes, "Y").is_ok());
    }

    #[test]
    fn protected_slot_needs_the_exact_name() {
        let confirm = Confirmation::TypeName("iris".into());
        assert!(check_answer(&confirm, "iris").is_ok());
        for answer in ["y", "Iris", "iris ", ""] {
            assert!(check_answer(&confirm, answer).is_err(), "{answer}");
        }
    }
}
