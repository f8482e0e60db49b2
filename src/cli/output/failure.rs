//! Failures as the command line tells them: one exit code, one message, why, and what to do next.

use std::process::ExitCode;

use serde::Serialize;

use crate::config::ConfigError;
use crate::config::directories::NoHome;
use crate::demo::DemoError;
use crate::diagnostics::Mistake;
use crate::domain::{Fault, FaultKind};
use crate::ops::apply::RoadError;
use crate::ops::journal::JournalError;
use crate::promotion::{PlanError, Refusal};
use crate::store::TargetError;
use crate::table::filter::FilterError;
use crate::text::untrusted::clean;

/// The exit codes. They are part of the interface: scripts decide by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It could not be done.
    Failed = 1,
    /// The question itself is wrong.
    Usage = 2,
    /// Nothing matches what was named.
    NoMatch = 3,
    /// A gate, an approval or a missing confirmation stands in the way.
    Refused = 4,
    /// The store said no, or is open read-only.
    StoreRefused = 5,
    /// The store can't be reached.
    Unreachable = 6,
    /// The registry is not what the plan was made from.
    Changed = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What went wrong. Everything in it is cleaned when it is printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// How the program ends.
    #[serde(skip)]
    pub exit: Exit,
    /// A stable word for scripts: `usage`, `no_match`, `unreachable`, …
    pub code: &'static str,
    /// What went wrong, in one line.
    pub message: String,
    /// Why.
    pub cause: Option<String>,
    /// What to do next.
    pub next: Option<String>,
    /// Lines that help to see it: candidates of an ambiguous name, a caret under the place of an error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
}

impl Failure {
    /// A failure with a message alone.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        let code = match exit {
            Exit::Failed => "failed",
            Exit::Usage => "usage",
            Exit::NoMatch => "no_match",
            Exit::Refused => "refused",
            Exit::StoreRefused => "store_refused",
            Exit::Unreachable => "unreachable",
            Exit::Changed => "changed",
        };
        Self {
            exit,
            code,
            message: message.into(),
            cause: None,
            next: None,
            detail: Vec::new(),
        }
    }

    /// The same, with the reason.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// The same, with lines that help to see it.
    #[must_use]
    pub fn with_detail(mut self, detail: Vec<String>) -> Self {
        self.detail = detail;
        self
    }

    /// A filter that can't be read, with the place marked.
    #[must_use]
    pub fn filter(text: &str, error: &FilterError) -> Self {
        let before = text.get(..error.at).unwrap_or(text);
        let caret = unicode_width::UnicodeWidthStr::width(clean(before).as_ref());
        Self::new(
            Exit::Usage,
            format!(
                "the filter is wrong at character {}: {error}",
                before.chars().count() + 1
            ),
        )
        .with_detail(vec![
            clean(text).into_owned(),
            format!("{}^", " ".repeat(caret)),
        ])
    }

    /// A policy with mistakes, each at its place.
    #[must_use]
    pub fn policy(path: &str, mistakes: &[Mistake]) -> Self {
        let told = |mistake: &Mistake| {
            let caret = unicode_width::UnicodeWidthStr::width(
                mistake
                    .source
                    .chars()
                    .take(mistake.column - 1)
                    .collect::<String>()
                    .as_str(),
            );
            [
                format!("{path}:{mistake}"),
                format!("  {}", mistake.source),
                format!("  {}^", " ".repeat(caret)),
            ]
        };
        let count = if mistakes.len() == 1 {
            "a mistake".to_owned()
        } else {
            format!("{} mistakes", mistakes.len())
        };
        Self {
            code: "policy",
            ..Self::new(Exit::Usage, format!("the policy has {count}"))
        }
        .with_detail(mistakes.iter().flat_map(told).collect())
    }

    /// The lines for a person, cleaned.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("error: {}", self.message)];
        lines.extend(self.cause.iter().map(|cause| format!("  {cause}")));
        lines.extend(self.detail.iter().map(|line| format!("  {line}")));
        lines.extend(self.next.iter().map(|next| format!("next: {next}")));
        lines.iter().map(|line| clean(line).into_owned()).collect()
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let exit = match fault.kind {
            FaultKind::Unreachable | FaultKind::TimedOut | FaultKind::Busy => Exit::Unreachable,
            FaultKind::Unauthenticated | FaultKind::Denied => Exit::StoreRefused,
            FaultKind::Missing => Exit::NoMatch,
            FaultKind::Invalid => Exit::Usage,
            FaultKind::Conflict => Exit::Changed,
            FaultKind::Unsupported
            | FaultKind::Broken
            | FaultKind::Malformed
            | FaultKind::TooLarge => Exit::Failed,
        };
        // The domain's advice names keys of the screen; here the same advice is a command.
        let next = fault.next.unwrap_or(match fault.kind {
            FaultKind::TimedOut | FaultKind::Busy => {
                "wait a moment and try again; a server that just started needs some seconds"
            }
            FaultKind::Missing => "it may have been deleted or renamed; list what is there",
            FaultKind::Broken => "the server's own log says more",
            kind => kind.advice(),
        });
        let code = fault.kind.code();
        Self {
            code,
            ..Self::new(exit, fault.what.clone())
                .because(fault.why.clean())
                .next(next)
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        Self::new(Exit::Usage, error.to_string())
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let detail = error.excerpt();
        Self::new(Exit::Usage, error.to_string()).with_detail(detail)
    }
}

impl From<NoHome> for Failure {
    fn from(error: NoHome) -> Self {
        Self::new(Exit::Usage, error.to_string())
    }
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let exit = match error {
            PlanError::Missing(_) => Exit::NoMatch,
            PlanError::NothingToDo(_) | PlanError::Refused(_) => Exit::Refused,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::new(Exit::Refused, refusal.to_string())
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Self::new(Exit::Failed, error.to_string())
    }
}

impl From<RoadError> for Failure {
    fn from(error: RoadError) -> Self {
        match error {
            RoadError::Fault(fault) => fault.into(),
            RoadError::Journal(error) => error.into(),
            RoadError::Changed(differences) => Self::new(
                Exit::Changed,
                "the registry changed meanwhile; nothing was sent",
            )
            .because(differences.join("; "))
            .next("look at what is there now, and run the command again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_keeps_its_word_and_gets_its_exit_code() {
        let failure = Failure::from(Fault::new(
            FaultKind::Denied,
            "moving iris/3",
            "no \u{1b}[31mright",
        ));
        assert_eq!((failure.exit, failure.code), (Exit::StoreRefused, "denied"));
        assert_eq!(failure.lines()[1], "  no ␛[31mright");
        assert!(failure.lines()[2].starts_with("next: ask the owner"));
    }

    #[test]
    fn the_caret_stands_under_the_place_in_wide_text_too() {
        let error = FilterError {
            message: "a value is meant".into(),
            at: "tags.\"精度\" = ".len(),
        };
        let failure = Failure::filter("tags.\"精度\" = ?", &error);
        assert_eq!(
            failure.detail,
            [
                "tags.\"精度\" = ?".to_owned(),
                format!("{}^", " ".repeat(14))
            ]
        );
        assert!(
            failure.message.contains("character 13"),
            "{}",
            failure.message
        );
    }

    #[test]
    fn json_has_the_four_promised_fields_even_when_empty() {
        let value = serde_json::to_value(Failure::new(Exit::Usage, "what?")).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"code": "usage", "message": "what?", "cause": null, "next": null})
        );
    }
}
