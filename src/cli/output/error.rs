//! Errors of the command line: exit status, message, cause and hint.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use serde::Serialize;

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

/// The exit codes. Scripts depend on them; `frontrunner --help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    Failed = 1,
    Usage = 2,
    NoMatch = 3,
    /// A gate, an approval or a missing confirmation prevents the write.
    Refused = 4,
    StoreRefused = 5,
    Unreachable = 6,
    /// The registry changed since the plan was made.
    Changed = 7,
}

impl ExitStatus {
    /// The `code` of a JSON error with this status, unless a cause has its own.
    fn code(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NoMatch => "no_match",
            Self::Refused => "refused",
            Self::StoreRefused => "store_refused",
            Self::Unreachable => "unreachable",
            Self::Changed => "changed",
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(exit: ExitStatus) -> Self {
        Self::from(exit as u8)
    }
}

/// An error of a subcommand; printing cleans all texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CliError {
    #[serde(skip)]
    pub exit: ExitStatus,
    /// A stable identifier for scripts: `usage`, `no_match`, `timed_out`, …
    pub code: &'static str,
    /// One line, lower case, without a full stop.
    pub message: String,
    pub cause: Option<String>,
    /// The next step, with a command if there is one.
    #[serde(rename = "next")]
    pub hint: Option<String>,
    /// More lines: candidates of an ambiguous name, the excerpt of a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub detail: Vec<String>,
}

impl CliError {
    pub fn new(exit: ExitStatus, message: impl Into<String>) -> Self {
        Self {
            exit,
            code: exit.code(),
            message: message.into(),
            cause: None,
            hint: None,
            detail: Vec::new(),
        }
    }

    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn with_detail(mut self, detail: Vec<String>) -> Self {
        self.detail = detail;
        self
    }

    /// An invalid filter, with a caret below the error.
    #[must_use]
    pub fn invalid_filter(text: &str, error: &FilterError) -> Self {
        let diagnostic = Diagnostic::at_span(text, &(error.offset..error.offset), "", "");
        let message = format!("invalid filter at character {}: {error}", diagnostic.column);
        Self::new(ExitStatus::Usage, message).with_detail(diagnostic.excerpt())
    }

    /// An invalid policy file, with an excerpt for each error.
    #[must_use]
    pub fn invalid_policy(path: &str, diagnostics: &[Diagnostic]) -> Self {
        let render = |diagnostic: &Diagnostic| {
            let mut lines = vec![format!("{path}:{diagnostic}")];
            lines.extend(diagnostic.excerpt().iter().map(|line| format!("  {line}")));
            lines
        };
        let count = match diagnostics.len() {
            1 => "an error".to_owned(),
            count => format!("{count} errors"),
        };
        Self {
            code: "policy",
            ..Self::new(ExitStatus::Usage, format!("the policy has {count}"))
        }
        .with_detail(diagnostics.iter().flat_map(render).collect())
    }

    /// An error of the argument parser; `subcommand` is the one that was typed, if any.
    #[must_use]
    pub fn from_clap(error: &clap::Error, subcommand: Option<&str>) -> Self {
        let text = error.render().to_string();
        // The hint replaces clap's own tips.
        let is_tip = |line: &str| line.starts_with("tip:") || line.starts_with("For more");
        let lines = text.lines().map(str::trim);
        let mut lines = lines.filter(|line| !line.is_empty() && !is_tip(line));
        let message = lines.next().unwrap_or_default();
        let message = message.trim_start_matches("error: ").to_owned();
        let suggestions = [
            ContextKind::SuggestedArg,
            ContextKind::SuggestedSubcommand,
            ContextKind::SuggestedValue,
        ];
        let suggestion = suggestions
            .into_iter()
            .find_map(|kind| match error.get(kind)? {
                ContextValue::String(name) => Some(name),
                ContextValue::Strings(names) => names.first(),
                _ => None,
            });
        let hint = match (suggestion, subcommand) {
            (Some(name), _) => format!("did you mean `{name}`?"),
            (None, Some(name)) => format!("`frontrunner {name} --help` shows the usage"),
            (None, None) => "`frontrunner --help` shows the usage".to_owned(),
        };
        Self::new(ExitStatus::Usage, message)
            .with_hint(hint)
            .with_detail(lines.map(str::to_owned).collect())
    }

    /// Message and cause in one line, cleaned.
    #[must_use]
    pub fn summary(&self) -> String {
        let cause = self.cause.iter().map(|cause| format!(": {cause}"));
        let text = format!("{}{}", self.message, cause.collect::<String>());
        clean(&text).into_owned()
    }

    /// The lines to print, cleaned.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("error: {}", self.message)];
        lines.extend(self.cause.iter().map(|cause| format!("  {cause}")));
        lines.extend(self.detail.iter().map(|line| format!("  {line}")));
        lines.extend(self.hint.iter().map(|hint| format!("hint: {hint}")));
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
        // The default hints name keys of the terminal interface.
        let hint = error.hint.unwrap_or(match error.kind {
            StoreErrorKind::Timeout | StoreErrorKind::Busy => {
                "retry in a moment; a server that has just started needs a few seconds"
            }
            StoreErrorKind::NotFound => {
                "it may have been deleted or renamed; `frontrunner experiments` and \
                 `frontrunner models` list the store's contents"
            }
            StoreErrorKind::ServerError => "check the server's log",
            kind => kind.hint(),
        });
        Self {
            code: error.kind.code(),
            ..Self::new(exit, format!("{} failed", error.what))
                .with_cause(error.why.clean())
                .with_hint(hint)
        }
    }
}

impl From<Diagnostic> for CliError {
    fn from(error: Diagnostic) -> Self {
        let detail = error.excerpt();
        Self::new(ExitStatus::Usage, error.to_string()).with_detail(detail)
    }
}

impl From<StoreTargetError> for CliError {
    fn from(error: StoreTargetError) -> Self {
        Self::new(ExitStatus::Usage, error.to_string())
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
    fn from(error: ClearanceError) -> Self {
        Self::new(ExitStatus::Refused, error.to_string())
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
            ApplyError::Store(error) => error.into(),
            ApplyError::Journal(error) => error.into(),
            ApplyError::RegistryChanged(differences) => Self::new(
                ExitStatus::Changed,
                "the registry changed since it was read; nothing was written",
            )
            .with_cause(differences.join("; "))
            .with_hint("review the changes and run the command again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn store_error_keeps_its_code_and_exit_status() {
        let error = CliError::from(StoreError::new(
            StoreErrorKind::PermissionDenied,
            "moving iris/3",
            "no \u{1b}[31mright",
        ));
        assert_eq!(
            (error.exit, error.code),
            (ExitStatus::StoreRefused, "denied")
        );
        assert_eq!(error.lines()[1], "  no ␛[31mright");
        assert!(error.lines()[2].starts_with("hint: "));
    }

    #[test]
    fn caret_position_accounts_for_wide_text() {
        let error = FilterError {
            message: "expected a value".into(),
            offset: "tags.\"精度\" = ".len(),
        };
        let invalid = CliError::invalid_filter("tags.\"精度\" = ?", &error);
        assert_eq!(
            invalid.detail,
            [
                "tags.\"精度\" = ?".to_owned(),
                format!("{}^", " ".repeat(14))
            ]
        );
        assert!(
            invalid.message.contains("character 13"),
            "{}",
            invalid.message
        );
    }

    #[test]
    fn clap_error_suggests_the_option_or_the_help() {
        use clap::Parser as _;
        let hint = |arguments: &[&str]| {
            let error = crate::cli::args::Cli::try_parse_from(arguments).unwrap_err();
            CliError::from_clap(&error, Some("runs"))
                .hint
                .unwrap_or_default()
        };
        let typo = hint(&["frontrunner", "runs", "--filtr", "x"]);
        assert_eq!(typo, "did you mean `--filter`?");
        let missing = hint(&["frontrunner", "runs", "--filter"]);
        assert_eq!(missing, "`frontrunner runs --help` shows the usage");
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
