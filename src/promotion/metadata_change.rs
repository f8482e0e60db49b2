//! What is only said of a version or a model, a tag or a description: what was there before it was said, so that it can be put back.

use serde::{Deserialize, Serialize};

use super::{RegistrySnapshot, Subject};
use crate::domain::KeyValue;
use crate::domain::{ModelName, StoreWrite, VersionNumber};
use crate::text::Untrusted;

/// Of what something is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum MetadataKey {
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
pub struct MetadataChange {
    /// Of what.
    #[serde(flatten)]
    pub key: MetadataKey,
    /// What stood there; nothing where nothing did.
    pub from: Option<Untrusted>,
    /// What stands there after; nothing where it is taken away.
    pub to: Option<Untrusted>,
}

impl MetadataKey {
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
    pub fn value_in(&self, snapshot: &RegistrySnapshot) -> Option<Untrusted> {
        match self {
            Self::Tag { version, key } => snapshot.version(*version)?.tag(key.raw()).cloned(),
            Self::Description {
                version: Some(version),
            } => non_empty(&snapshot.version(*version)?.description),
            Self::Description { version: None } => non_empty(&snapshot.model.as_ref()?.description),
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

impl MetadataChange {
    /// The write that says it.
    #[must_use]
    pub fn to_write(&self, name: &ModelName) -> StoreWrite {
        let name = name.clone();
        match (&self.key, &self.to) {
            (MetadataKey::Tag { version, key }, Some(value)) => StoreWrite::SetVersionTag {
                name,
                version: *version,
                tag: KeyValue {
                    key: key.clone(),
                    value: value.clone(),
                },
            },
            (MetadataKey::Tag { version, key }, None) => StoreWrite::DeleteVersionTag {
                name,
                version: *version,
                key: key.clone(),
            },
            (MetadataKey::Description { version }, text) => StoreWrite::SetDescription {
                name,
                version: *version,
                text: text.clone().unwrap_or_default(),
            },
        }
    }

    /// What takes it back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self {
            key: self.key.clone(),
            from: self.to.clone(),
            to: self.from.clone(),
        }
    }
}

/// A text that says something.
pub(super) fn non_empty(text: &Untrusted) -> Option<Untrusted> {
    (!text.is_empty()).then(|| text.clone())
}
