//! What a version of a registered model can hold: a stage or an alias.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Alias, Stage, StoreWrite};
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

/// What a version of a registry can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotKinds {
    /// Whether it has stages.
    pub stages: bool,
    /// Whether it has aliases.
    pub aliases: bool,
}

impl SlotKinds {
    /// Stages and aliases, as MLflow's own stores have.
    pub const BOTH: Self = Self {
        stages: true,
        aliases: true,
    };
    /// Stages only, as the workspace registry of Databricks has.
    pub const STAGES: Self = Self {
        stages: true,
        aliases: false,
    };
    /// Aliases only, as Unity Catalog has.
    pub const ALIASES: Self = Self {
        stages: false,
        aliases: true,
    };

    /// The kinds as a noun: `a stage or alias`.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match (self.stages, self.aliases) {
            (true, true) => "a stage or alias",
            (true, false) => "a stage",
            _ => "an alias",
        }
    }

    /// Whether a version can hold this slot.
    #[must_use]
    pub fn has(self, slot: &Slot) -> bool {
        match slot {
            Slot::Stage(_) => self.stages,
            Slot::Alias(_) => self.aliases,
        }
    }

    /// Why a write to a slot is impossible, and what to do instead.
    #[must_use]
    pub fn refuse_write(self, write: &StoreWrite) -> Option<&'static str> {
        match write {
            StoreWrite::TransitionStage { .. }
            | StoreWrite::RequestTransition { .. }
            | StoreWrite::ApproveTransition { .. }
            | StoreWrite::RejectTransition { .. }
            | StoreWrite::WithdrawTransition { .. }
                if !self.stages =>
            {
                Some("this registry has no stages: use an alias, such as @champion")
            }
            StoreWrite::SetAlias { .. } | StoreWrite::DeleteAlias { .. } if !self.aliases => {
                Some("this registry has no aliases: use a stage, such as Production")
            }
            _ => None,
        }
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
