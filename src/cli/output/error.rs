//! Failures as the command line tells them: one exit code, one message, why, and what to do next.

use std::process::ExitCode;

use serde::Serialize;

use crate::config::ConfigError;
use crate::config::directories::NoHomeDir;
use crate::demo::DemoError;
use crate::diagnostics::Diagnostic;
use crate::domain::{StoreError, StoreErrorKind};
use crate::ops::apply::ApplyError;
use crate::ops::journal::JournalError;
use crate::promotion::{ClearanceError, PlanError};
use crate::store::StoreTargetError;
use crate::table::filter::FilterError;
use crate::text::untrusted::clean;

/// The exit codes. They are part of the interface: scripts decide by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
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

impl From<ExitStatus> for ExitCode {
    fn from(exit: ExitStatus) -> Self {
        Self::from(exit as u8)
    }
}

/// What went wrong. Everything in it is cleaned when it is printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CliError {
    /// How the program ends.
    #[serde(skip)]
    pub exit: ExitStatus,
    /// A stable word for scripts: `usage`, `no_match`, `unreachable`, …
    pub code: &'static str,
    /// What went wrong, in one line.
    pub message: String,
    /// Why.
    pub cause: Option<String>,
    /// What to do next.
    #[serde(rename = "next")]
    pub hint: Option<String>,
    /// Lines that help to see it: candidates of an ambiguous name, a caret under the place of an error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
}

impl CliError {
    /// A failure with a message alone.
    pub fn new(exit: ExitStatus, message: impl Into<String>) -> Self {
        let code = match exit {
            ExitStatus::Failed => "failed",
            ExitStatus::Usage => "usage",
            ExitStatus::NoMatch => "no_match",
            ExitStatus::Refused => "refused",
            ExitStatus::StoreRefused => "store_refused",
            ExitStatus::Unreachable => "unreachable",
            ExitStatus::Changed => "changed",
        };
        Self {
            exit,
            code,
            message: message.into(),
            cause: None,
            hint: None,
            detail: Vec::new(),
        }
    }

    /// The same, with the reason.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same, with what to do next.
    #[must_use]
    pub fn with_hint(mut self, next: impl Into<String>) -> Self {
        self.hint = Some(next.into());
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
    pub fn invalid_filter(text: &str, error: &FilterError) -> Self {
        let before = text.get(..error.offset).unwrap_or(text);
        let caret = unicode_width::UnicodeWidthStr::width(clean(before).as_ref());
        Self::new(
            ExitStatus::Usage,
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
    pub fn invalid_policy(path: &str, diagnostics: &[Diagnostic]) -> Self {
        let render = |mistake: &Diagnostic| {
            let caret = unicode_width::UnicodeWidthStr::width(
                mistake
                    .source_line
                    .chars()
                    .take(mistake.column - 1)
                    .collect::<String>()
                    .as_str(),
            );
            [
                format!("{path}:{mistake}"),
                format!("  {}", mistake.source_line),
                format!("  {}^", " ".repeat(caret)),
            ]
        };
        let count = if diagnostics.len() == 1 {
            "a mistake".to_owned()
        } else {
            format!("{} mistakes", diagnostics.len())
        };
        Self {
            code: "policy",
            ..Self::new(ExitStatus::Usage, format!("the policy has {count}"))
        }
        .with_detail(diagnostics.iter().flat_map(render).collect())
    }

    /// The lines for a person, cleaned.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("error: {}", self.message)];
        lines.extend(self.cause.iter().map(|cause| format!("  {cause}")));
        lines.extend(self.detail.iter().map(|line| format!("  {line}")));
        lines.extend(self.hint.iter().map(|next| format!("next: {next}")));
        lines.iter().map(|line| clean(line).into_owned()).collect()
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let exit = match error.kind {
            StoreErrorKind::Unreachable | StoreErrorKind::Timeout | StoreErrorKind::Busy => {
                ExitStatus::Unreachable
            }
            StoreErrorKind::Unauthenticated | StoreErrorKind::PermissionDenied => {
                ExitStatus::StoreRefused
            }
            StoreErrorKind::NotFound => ExitStatus::NoMatch,
            StoreErrorKind::InvalidRequest => ExitStatus::Usage,
            StoreErrorKind::Conflict => ExitStatus::Changed,
            StoreErrorKind::Unsupported
            | StoreErrorKind::ServerError
            | StoreErrorKind::InvalidResponse
            | StoreErrorKind::ResponseTooLarge => ExitStatus::Failed,
        };
        // The domain's advice names keys of the screen; here the same advice is a command.
        let hint = error.hint.unwrap_or(match error.kind {
            StoreErrorKind::Timeout | StoreErrorKind::Busy => {
                "wait a moment and try again; a server that just started needs some seconds"
            }
            StoreErrorKind::NotFound => "it may have been deleted or renamed; list what is there",
            StoreErrorKind::ServerError => "the server's own log says more",
            kind => kind.hint(),
        });
        let code = error.kind.code();
        Self {
            code,
            ..Self::new(exit, error.what.clone())
                .with_cause(error.why.clean())
                .with_hint(hint)
        }
    }
}

impl From<StoreTargetError> for CliError {
    fn from(error: StoreTargetError) -> Self {
        Self::new(ExitStatus::Usage, error.to_string())
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let detail = error.excerpt();
        Self::new(ExitStatus::Usage, error.to_string()).with_detail(detail)
    }
}

impl From<NoHomeDir> for CliError {
    fn from(error: NoHomeDir) -> Self {
        Self::new(ExitStatus::Usage, error.to_string())
    }
}

impl From<DemoError> for CliError {
    fn from(error: DemoError) -> Self {
        Self::new(ExitStatus::Failed, error.to_string())
    }
}

impl From<PlanError> for CliError {
    fn from(error: PlanError) -> Self {
        let exit = match error {
            PlanError::NotFound(_) => ExitStatus::NoMatch,
            PlanError::NothingToDo(_) | PlanError::Refused(_) => ExitStatus::Refused,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<ClearanceError> for CliError {
    fn from(refusal: ClearanceError) -> Self {
        Self::new(ExitStatus::Refused, refusal.to_string())
    }
}

impl From<JournalError> for CliError {
    fn from(error: JournalError) -> Self {
        Self::new(ExitStatus::Failed, error.to_string())
    }
}

impl From<ApplyError> for CliError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Store(fault) => fault.into(),
            ApplyError::Journal(error) => error.into(),
            ApplyError::RegistryChanged(differences) => Self::new(
                ExitStatus::Changed,
                "the registry changed meanwhile; nothing was sent",
            )
            .with_cause(differences.join("; "))
            .with_hint("look at what is there now, and run the command again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_error_keeps_its_code_and_exit_status() {
        let failure = CliError::from(StoreError::new(
            StoreErrorKind::PermissionDenied,
            "moving iris/3",
            "no \u{1b}[31mright",
        ));
        assert_eq!(
            (failure.exit, failure.code),
            (ExitStatus::StoreRefused, "denied")
        );
        assert_eq!(failure.lines()[1], "  no ␛[31mright");
        assert!(failure.lines()[2].starts_with("next: ask the owner"));
    }

    #[test]
    fn caret_position_accounts_for_wide_text() {
        let error = FilterError {
            message: "a value is meant".into(),
            offset: "tags.\"精度\" = ".len(),
        };
        let failure = CliError::invalid_filter("tags.\"精度\" = ?", &error);
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
    fn json_error_always_has_four_fields() {
        let value = serde_json::to_value(CliError::new(ExitStatus::Usage, "what?")).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"code": "usage", "message": "what?", "cause": null, "next": null})
        );
    }
}
