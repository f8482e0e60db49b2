//! What a person wants, in the domain's words.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Decision, Prepared};
use crate::domain::{Alias, Millis, ModelName, RunId, Stage, Untrusted, VersionNumber};

/// A place that a version can hold.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A stage; several versions can be in it.
    Stage(Stage),
    /// An alias; one version has it.
    Alias(Alias),
}

impl Place {
    /// Reads `Production` or `@champion`.
    ///
    /// # Errors
    /// When it is neither a stage nor an alias.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(alias) = text.strip_prefix('@').filter(|alias| !alias.is_empty()) {
            return Ok(Self::Alias(alias.into()));
        }
        Stage::parse(text).map(Self::Stage).ok_or_else(|| {
            format!("{} is no place: a stage (None, Staging, Production, Archived) or an @alias", crate::domain::text::clean(text))
        })
    }
}

impl fmt::Display for Place {
    /// `Production` or `@champion`, cleaned.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage(stage) => stage.fmt(f),
            Self::Alias(alias) => write!(f, "@{}", alias.clean()),
        }
    }
}

/// What a person wants done to the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "intent", rename_all = "snake_case")]
pub enum Intent {
    /// Register a run's model as a new version.
    Register {
        /// The run.
        run: RunId,
        /// Where the model is: `runs:/ID/path` or `models:/m-ID`.
        source: Untrusted,
        /// As which model; made when it is not there yet.
        model: ModelName,
        /// Also when this run and source are registered already.
        again: bool,
    },
    /// Move a version to a stage.
    Move {
        /// The model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
        /// Where to.
        to: Stage,
        /// Whether the versions that are there now are archived.
        archive_existing: bool,
    },
    /// Give an alias to a version.
    SetAlias {
        /// The model.
        model: ModelName,
        /// The alias.
        alias: Alias,
        /// The version.
        version: VersionNumber,
    },
    /// Take an alias away.
    RemoveAlias {
        /// The model.
        model: ModelName,
        /// The alias.
        alias: Alias,
    },
    /// Say whether a version may hold a place.
    Review {
        /// The model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
        /// The place.
        to: Place,
        /// Whether it may.
        decision: Decision,
        /// The digest of what was seen, in hex.
        seen: String,
        /// Who said so, where it is somebody else's word.
        #[serde(default)]
        prepared: Option<Prepared>,
    },
    /// Set or remove a tag of a version.
    Tag {
        /// The model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
        /// The key.
        key: Untrusted,
        /// The value; nothing to remove it.
        value: Option<Untrusted>,
    },
    /// Describe a version, or a model.
    Describe {
        /// The model.
        model: ModelName,
        /// The version; nothing for the model itself.
        version: Option<VersionNumber>,
        /// The text; empty for none.
        text: Untrusted,
    },
    /// Delete a version. MLflow can't undo it.
    Delete {
        /// The model.
        model: ModelName,
        /// The version.
        version: VersionNumber,
    },
    /// Undo a recorded write: put back what was there before it.
    Undo {
        /// The journal's entry.
        entry: String,
        /// The model.
        model: ModelName,
        /// What was wanted then, in a few words, cleaned.
        what: String,
        /// Stages to put back: the version, where it is expected now, where it goes back to.
        stages: Vec<(VersionNumber, Stage, Stage)>,
        /// Aliases to put back: which version has it now (nothing: none), which gets it back (nothing: none).
        aliases: Vec<(Alias, Option<VersionNumber>, Option<VersionNumber>)>,
        /// A version to delete because the entry made it.
        created: Option<VersionNumber>,
        /// When the versions above were made, ms since the epoch: another time is another version of the same number.
        #[serde(default)]
        made: BTreeMap<VersionNumber, Option<Millis>>,
    },
}

impl Intent {
    /// The model that is meant.
    #[must_use]
    pub fn model(&self) -> &ModelName {
        match self {
            Self::Register { model, .. }
            | Self::Move { model, .. }
            | Self::SetAlias { model, .. }
            | Self::RemoveAlias { model, .. }
            | Self::Review { model, .. }
            | Self::Tag { model, .. }
            | Self::Describe { model, .. }
            | Self::Delete { model, .. }
            | Self::Undo { model, .. } => model,
        }
    }

    /// The version that is meant, where there is one already.
    #[must_use]
    pub fn version(&self) -> Option<VersionNumber> {
        match self {
            Self::Move { version, .. }
            | Self::SetAlias { version, .. }
            | Self::Review { version, .. }
            | Self::Tag { version, .. }
            | Self::Delete { version, .. } => Some(*version),
            Self::Describe { version, .. } => *version,
            Self::Undo { created, .. } => *created,
            Self::Register { .. } | Self::RemoveAlias { .. } => None,
        }
    }

    /// The run that is meant, for a registration.
    #[must_use]
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Register { run, .. } => Some(run),
            _ => None,
        }
    }
}

impl fmt::Display for Intent {
    /// In words, cleaned: `move iris/3 to Production`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.model().clean();
        match self {
            Self::Register { run, .. } => write!(f, "register run {} as {name}", run.short()),
            Self::Move { version, to, .. } => write!(f, "move {name}/{version} to {to}"),
            Self::SetAlias { alias, version, .. } => write!(f, "give @{} to {name}/{version}", alias.clean()),
            Self::RemoveAlias { alias, .. } => write!(f, "remove @{} from {name}", alias.clean()),
            Self::Review { version, to, decision, .. } => write!(f, "{} {name}/{version} for {to}", decision.as_str()),
            Self::Tag { version, key, value: Some(_), .. } => write!(f, "set tag {} of {name}/{version}", key.clean()),
            Self::Tag { version, key, value: None, .. } => write!(f, "remove tag {} of {name}/{version}", key.clean()),
            Self::Describe { version: Some(version), .. } => write!(f, "describe {name}/{version}"),
            Self::Describe { version: None, .. } => write!(f, "describe {name}"),
            Self::Delete { version, .. } => write!(f, "delete {name}/{version}"),
            Self::Undo { what, .. } => write!(f, "undo: {what}"),
        }
    }
}
