//! What a version of a registered model can hold: a stage or an alias.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Alias, Stage};
use crate::text::untrusted::clean;

/// A stage or an alias. The serde form is the journal's: `{"stage": "Production"}`; the text form, `Production` or
/// `@champion`, is the one of settings, policies and the command line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slot {
    /// Any number of versions can be in a stage.
    Stage(Stage),
    /// An alias points to one version.
    Alias(Alias),
}

impl Slot {
    /// The slots that need a typed confirmation by default: the two that MLflow's documentation serves from.
    #[must_use]
    pub fn default_protected() -> Vec<Self> {
        vec![
            Self::Stage(Stage::Production),
            Self::Alias("champion".into()),
        ]
    }
}

impl FromStr for Slot {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(alias) = text.strip_prefix('@').filter(|alias| !alias.is_empty()) {
            return Ok(Self::Alias(alias.into()));
        }
        Stage::parse(text).map(Self::Stage).ok_or_else(|| {
            format!(
                "invalid slot `{}`: expected None, Staging, Production, Archived or an @alias",
                clean(text)
            )
        })
    }
}

impl fmt::Display for Slot {
    /// `Production` or `@champion`, cleaned.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage(stage) => stage.fmt(f),
            Self::Alias(alias) => write!(f, "@{}", alias.clean()),
        }
    }
}
