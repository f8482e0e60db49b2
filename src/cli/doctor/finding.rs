//! Findings: one thing looked at, and how it is.

use serde::Serialize;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Fine,
    /// Worth knowing.
    Note,
    /// In the way.
    Problem,
}

impl State {
    /// A word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Note => "note",
            Self::Problem => "PROBLEM",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How it is.
    pub state: State,
    /// What it belongs to: `environment`, `terminal`, `store`, …
    pub area: &'static str,
    /// What was looked at.
    pub what: String,
    /// What was found, with no secret in it.
    pub found: String,
}

impl Finding {
    /// A finding.
    pub fn new(
        state: State,
        area: &'static str,
        what: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            state,
            area,
            what: what.into(),
            found: found.into(),
        }
    }

    /// Something that is as it should be.
    pub fn fine(area: &'static str, what: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(State::Fine, area, what, found)
    }

    /// Something worth knowing.
    pub fn note(area: &'static str, what: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(State::Note, area, what, found)
    }
}
