//! Asking before something is written.

use std::io::{self, BufRead, IsTerminal};

use crate::cli::output::Output;
use crate::cli::output::failure::{Exit, Failure};
use crate::promotion::{Confirm, Plan};

/// Asks whether the plan should be carried out; `--yes` answers for the person. Gives what was typed for a protected
/// plan, where clearance compares it with the name that is asked for.
///
/// # Errors
/// When the answer is no, or there is nobody to ask.
pub fn asked(plan: &Plan, yes: bool, output: &mut Output) -> Result<Option<String>, Failure> {
    if yes {
        return Ok(match &plan.confirm {
            Confirm::Yes => None,
            Confirm::TypeName(name) => Some(name.raw().to_owned()),
        });
    }
    if !somebody_is_there() {
        return Err(Failure::new(
            Exit::Usage,
            "nothing was sent: there is no terminal to ask on",
        )
        .next("add --yes to write without asking, or --plan to look only"));
    }
    match &plan.confirm {
        Confirm::Yes => output.ask("Write this? [y/N]"),
        Confirm::TypeName(name) => output.ask(&format!(
            "This is protected. Type {} to write it:",
            name.clean()
        )),
    }
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| {
        Failure::new(Exit::Failed, "no answer can be read").because(error.to_string())
    })?;
    judged(&plan.confirm, answer.trim_end_matches(['\n', '\r']))
}

/// Whether there is a terminal to ask on.
#[must_use]
pub fn somebody_is_there() -> bool {
    io::stdin().is_terminal()
}

fn judged(confirm: &Confirm, answer: &str) -> Result<Option<String>, Failure> {
    let is_yes = match confirm {
        Confirm::Yes => matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"),
        Confirm::TypeName(name) => answer == name.raw(),
    };
    if is_yes {
        Ok(Some(answer.to_owned()))
    } else {
        Err(Failure::new(
            Exit::Refused,
            "not confirmed; nothing was sent",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_alone_confirms_nothing() {
        assert_eq!(judged(&Confirm::Yes, "").unwrap_err().exit, Exit::Refused);
        assert!(judged(&Confirm::Yes, "Y").is_ok());
    }

    #[test]
    fn a_protected_place_takes_the_exact_name() {
        let confirm = Confirm::TypeName("iris".into());
        assert!(judged(&confirm, "iris").is_ok());
        for answer in ["y", "Iris", "iris ", ""] {
            assert!(judged(&confirm, answer).is_err(), "{answer}");
        }
    }
}
