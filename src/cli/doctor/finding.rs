//! Findings: one thing looked at, and how it is.

use serde::Serialize;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    #[serde(rename = "fine")]
    Ok,
    /// Worth knowing.
    Note,
    /// In the way.
    Problem,
}

impl Severity {
    /// A word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem => "PROBLEM",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it is.
    #[serde(rename = "state")]
    pub severity: Severity,
    /// What it belongs to: `environment`, `terminal`, `store`, …
    pub area: &'static str,
    /// What was looked at.
    #[serde(rename = "what")]
    pub subject: String,
    /// What was found, with no secret in it.
    #[serde(rename = "found")]
    pub detail: String,
}

impl Finding {
    /// A finding.
    pub fn new(
        severity: Severity,
        area: &'static str,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            area,
            subject: subject.into(),
            detail: detail.into(),
        }
    }

    /// Something that is as it should be.
    pub fn ok(area: &'static str, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Severity::Ok, area, subject, detail)
    }

    /// Something worth knowing.
    pub fn note(area: &'static str, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Severity::Note, area, subject, detail)
    }
}
