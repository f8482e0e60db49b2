//! What is only said of a version or a model, a tag or a description: what was there before it was said, so that it can be put back.

use serde::{Deserialize, Serialize};

use super::{Reading, Subject};
use crate::domain::write::Tag;
use crate::domain::{ModelName, RegistryWrite, VersionNumber};
use crate::text::Untrusted;

/// Of what something is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum Topic {
    /// A tag of a version.
    Tag {
        /// The version.
        version: VersionNumber,
        /// The tag's key.
        key: Untrusted,
    },
    /// The description of a version, or of the model.
    Description {
        /// The version; nothing for the model itself.
        version: Option<VersionNumber>,
    },
}

/// What was said, and what stood there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Of what.
    #[serde(flatten)]
    pub topic: Topic,
    /// What stood there; nothing where nothing did.
    pub from: Option<Untrusted>,
    /// What stands there after; nothing where it is taken away.
    pub to: Option<Untrusted>,
}

impl Topic {
    /// The version that it is of; nothing for the model itself.
    #[must_use]
    pub fn version(&self) -> Option<VersionNumber> {
        match self {
            Self::Tag { version, .. } => Some(*version),
            Self::Description { version } => *version,
        }
    }

    /// What stands there in a reading. An empty description is none.
    #[must_use]
    pub fn in_reading(&self, reading: &Reading) -> Option<Untrusted> {
        match self {
            Self::Tag { version, key } => reading.version(*version)?.tag(key.raw()).cloned(),
            Self::Description {
                version: Some(version),
            } => filled(&reading.version(*version)?.description),
            Self::Description { version: None } => filled(&reading.model.as_ref()?.description),
        }
    }

    /// In words, cleaned: `tag team of iris/3`, `the description of iris`.
    #[must_use]
    pub fn describe(&self, subject: &Subject) -> String {
        match self {
            Self::Tag { version, key } => {
                format!("tag {} of {}", key.clean(), subject.label(*version))
            }
            Self::Description {
                version: Some(version),
            } => format!("the description of {}", subject.label(*version)),
            Self::Description { version: None } => format!("the description of {subject}"),
        }
    }
}

impl Said {
    /// The write that says it.
    #[must_use]
    pub fn write(&self, name: &ModelName) -> RegistryWrite {
        let name = name.clone();
        match (&self.topic, &self.to) {
            (Topic::Tag { version, key }, Some(value)) => RegistryWrite::SetVersionTag {
                name,
                version: *version,
                tag: Tag {
                    key: key.clone(),
                    value: value.clone(),
                },
            },
            (Topic::Tag { version, key }, None) => RegistryWrite::DeleteVersionTag {
                name,
                version: *version,
                key: key.clone(),
            },
            (Topic::Description { version }, text) => RegistryWrite::Describe {
                name,
                version: *version,
                text: text.clone().unwrap_or_default(),
            },
        }
    }

    /// What takes it back.
    #[must_use]
    pub fn back(&self) -> Self {
        Self {
            topic: self.topic.clone(),
            from: self.to.clone(),
            to: self.from.clone(),
        }
    }
}

/// A text that says something.
pub(super) fn filled(text: &Untrusted) -> Option<Untrusted> {
    (!text.is_empty()).then(|| text.clone())
}
