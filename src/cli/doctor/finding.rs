//! One finding of `doctor`.

use serde::Serialize;

use crate::text::secrets::redact;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    #[serde(rename = "fine")]
    Ok,
    Note,
    /// Prevents opening the store.
    Problem,
}

impl Severity {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem => "PROBLEM",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    #[serde(rename = "state")]
    pub severity: Severity,
    /// `environment`, `terminal`, `store`, …
    pub area: &'static str,
    #[serde(rename = "what")]
    pub subject: String,
    /// Contains no secrets.
    #[serde(rename = "found")]
    pub detail: String,
    /// Replaces the detail in a report that anyone can read.
    #[serde(skip)]
    pub public_detail: Option<String>,
}

impl Finding {
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
            detail: redact(&detail.into()).into_owned(),
            public_detail: None,
        }
    }

    /// What a report that anyone can read has in place of the detail.
    pub fn with_public(mut self, detail: impl Into<String>) -> Self {
        self.public_detail = Some(detail.into());
        self
    }

    pub fn ok(area: &'static str, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Severity::Ok, area, subject, detail)
    }

    pub fn note(area: &'static str, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Severity::Note, area, subject, detail)
    }
}
