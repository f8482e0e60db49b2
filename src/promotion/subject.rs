//! What an intent is about: a registered model with its versions, or runs.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{ModelName, RunId, VersionNumber};

/// What an intent is about, and what is read before it is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A registered model, with all its versions.
    Model(ModelName),
    /// Runs, with what was made from them.
    Runs(Vec<RunId>),
}

impl Subject {
    /// The model, where it is one.
    #[must_use]
    pub fn model(&self) -> Option<&ModelName> {
        match self {
            Self::Model(name) => Some(name),
            Self::Runs(_) => None,
        }
    }

    /// The runs, where it is these.
    #[must_use]
    pub fn runs(&self) -> &[RunId] {
        match self {
            Self::Model(_) => &[],
            Self::Runs(runs) => runs,
        }
    }

    /// One of its versions in words, cleaned: `iris/3`.
    #[must_use]
    pub fn label(&self, version: VersionNumber) -> String {
        match self {
            Self::Model(name) => format!("{}/{version}", name.clean()),
            Self::Runs(_) => format!("version {version}"),
        }
    }
}

impl From<&ModelName> for Subject {
    fn from(name: &ModelName) -> Self {
        Self::Model(name.clone())
    }
}

impl fmt::Display for Subject {
    /// In words, cleaned: `iris`, `run 0a1b2c3d`, `3 runs`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(name) => f.write_str(&name.clean()),
            Self::Runs(runs) => match runs.as_slice() {
                [run] => write!(f, "run {}", run.short()),
                several => write!(f, "{} runs", several.len()),
            },
        }
    }
}
