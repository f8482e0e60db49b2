//! One place that changes hands.

use serde::{Deserialize, Serialize};

use super::Place;
use crate::domain::{Alias, ModelName, Stage, VersionNumber};

/// A version that leaves one stage for another, or an alias that goes from one version to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Change {
    /// A version's stage.
    Stage {
        /// The version.
        version: VersionNumber,
        /// Its stage before.
        from: Stage,
        /// Its stage after.
        to: Stage,
    },
    /// An alias.
    Alias {
        /// The alias.
        alias: Alias,
        /// The version it led to before.
        from: Option<VersionNumber>,
        /// The version it leads to after.
        to: Option<VersionNumber>,
    },
}

impl Change {
    /// The places that lose or get a holder.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        match self {
            Self::Stage { from, to, .. } => vec![Place::Stage(*from), Place::Stage(*to)],
            Self::Alias { alias, .. } => vec![Place::Alias(alias.clone())],
        }
    }

    /// What changes, cleaned: `iris/3` or `@champion`.
    #[must_use]
    pub fn target(&self, model: &ModelName) -> String {
        match self {
            Self::Stage { version, .. } => format!("{}/{version}", model.clean()),
            Self::Alias { alias, .. } => format!("@{}", alias.clean()),
        }
    }

    /// What was there, cleaned.
    #[must_use]
    pub fn before(&self, model: &ModelName) -> String {
        match self {
            Self::Stage { from, .. } => from.to_string(),
            Self::Alias { from, .. } => holder(model, *from),
        }
    }

    /// What is there after, cleaned.
    #[must_use]
    pub fn after(&self, model: &ModelName) -> String {
        match self {
            Self::Stage { to, .. } => to.to_string(),
            Self::Alias { to, .. } => holder(model, *to),
        }
    }

    /// In one line, cleaned: `iris/3: Staging → Production`.
    #[must_use]
    pub fn describe(&self, model: &ModelName) -> String {
        format!("{}: {} → {}", self.target(model), self.before(model), self.after(model))
    }
}

fn holder(model: &ModelName, version: Option<VersionNumber>) -> String {
    version.map_or_else(|| "no version".to_owned(), |version| format!("{}/{version}", model.clean()))
}
