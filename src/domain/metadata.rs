//! Descriptions, names and tags: what has them, and the write of one value.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::{ModelName, RunId, VersionNumber};
use super::run::{KeyValue, RUN_NAME_TAG};
use crate::text::untrusted::Untrusted;

/// The tag in which MLflow keeps the description of a run.
pub const RUN_DESCRIPTION_TAG: &str = "mlflow.note.content";

/// What has a description and tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WireOwner", into = "WireOwner")]
pub enum MetadataOwner {
    /// A version of a registered model.
    Version {
        /// The model.
        model: ModelName,
        /// Its version.
        version: VersionNumber,
    },
    /// A registered model, or a prompt.
    Model {
        /// Its name.
        model: ModelName,
    },
    /// A run.
    Run {
        /// Its ID.
        run: RunId,
    },
}

/// The spelling in the journal and in JSON: a model has the version null.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WireOwner {
    Model {
        model: ModelName,
        version: Option<VersionNumber>,
    },
    Run {
        run: RunId,
    },
}

impl From<MetadataOwner> for WireOwner {
    fn from(owner: MetadataOwner) -> Self {
        let version = owner.version();
        match owner {
            MetadataOwner::Version { model, .. } | MetadataOwner::Model { model } => {
                Self::Model { model, version }
            }
            MetadataOwner::Run { run } => Self::Run { run },
        }
    }
}

impl From<WireOwner> for MetadataOwner {
    fn from(wire: WireOwner) -> Self {
        match wire {
            WireOwner::Model {
                model,
                version: Some(version),
            } => Self::Version { model, version },
            WireOwner::Model {
                model,
                version: None,
            } => Self::Model { model },
            WireOwner::Run { run } => Self::Run { run },
        }
    }
}

/// One editable value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum MetadataField {
    /// The description.
    Description,
    /// The name of a run.
    Name,
    /// A tag.
    Tag {
        /// Its key.
        key: Untrusted,
    },
}

impl MetadataOwner {
    /// The value that a tag holds: MLflow has tags for the description and the name of a run.
    #[must_use]
    pub fn field_of_tag(&self, key: &Untrusted) -> MetadataField {
        match (self, key.raw()) {
            (Self::Run { .. }, RUN_DESCRIPTION_TAG) => MetadataField::Description,
            (Self::Run { .. }, RUN_NAME_TAG) => MetadataField::Name,
            _ => MetadataField::Tag { key: key.clone() },
        }
    }

    /// The model, unless it is a run.
    #[must_use]
    pub fn model(&self) -> Option<&ModelName> {
        match self {
            Self::Version { model, .. } | Self::Model { model } => Some(model),
            Self::Run { .. } => None,
        }
    }

    /// The version, if it is one.
    #[must_use]
    pub fn version(&self) -> Option<VersionNumber> {
        match self {
            Self::Version { version, .. } => Some(*version),
            Self::Model { .. } | Self::Run { .. } => None,
        }
    }
}

impl fmt::Display for MetadataOwner {
    /// Cleaned: `iris/3`, `iris`, `run 0a1b2c3d`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { model, version } => write!(f, "{}/{version}", model.clean()),
            Self::Model { model } => f.write_str(&model.clean()),
            Self::Run { run } => write!(f, "run {}", run.short()),
        }
    }
}

/// Sets or removes a description, a name or a tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "WireWrite", into = "WireWrite")]
pub struct MetadataWrite {
    /// What it is set on.
    pub owner: MetadataOwner,
    /// What is set.
    pub field: MetadataField,
    /// `None` removes it.
    pub value: Option<Untrusted>,
}

impl MetadataWrite {
    /// The tag that the store sets; `None` for the description of a model or version, which is no tag.
    #[must_use]
    pub fn tag_key(&self) -> Option<&str> {
        match (&self.field, &self.owner) {
            (MetadataField::Tag { key }, _) => Some(key.raw()),
            (MetadataField::Name, _) => Some(RUN_NAME_TAG),
            (MetadataField::Description, MetadataOwner::Run { .. }) => Some(RUN_DESCRIPTION_TAG),
            (MetadataField::Description, _) => None,
        }
    }

    /// The value; empty where it is removed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.value.as_ref().map_or("", Untrusted::raw)
    }
}

/// The spelling in the journal, which is older than [`MetadataWrite`].
#[derive(Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum WireWrite {
    SetVersionTag {
        name: ModelName,
        version: VersionNumber,
        tag: KeyValue,
    },
    DeleteVersionTag {
        name: ModelName,
        version: VersionNumber,
        key: Untrusted,
    },
    SetModelTag {
        name: ModelName,
        tag: KeyValue,
    },
    DeleteModelTag {
        name: ModelName,
        key: Untrusted,
    },
    SetRunTag {
        run: RunId,
        tag: KeyValue,
    },
    DeleteRunTag {
        run: RunId,
        key: Untrusted,
    },
    Describe {
        name: ModelName,
        version: Option<VersionNumber>,
        text: Untrusted,
    },
}

impl From<MetadataWrite> for WireWrite {
    fn from(write: MetadataWrite) -> Self {
        let key = write.tag_key().map(Untrusted::from);
        let version = write.owner.version();
        match (write.owner, key, write.value) {
            (
                MetadataOwner::Version { model: name, .. } | MetadataOwner::Model { model: name },
                None,
                text,
            ) => Self::Describe {
                name,
                version,
                text: text.unwrap_or_default(),
            },
            (
                MetadataOwner::Version {
                    model: name,
                    version,
                },
                Some(key),
                Some(value),
            ) => Self::SetVersionTag {
                name,
                version,
                tag: KeyValue { key, value },
            },
            (
                MetadataOwner::Version {
                    model: name,
                    version,
                },
                Some(key),
                None,
            ) => Self::DeleteVersionTag { name, version, key },
            (MetadataOwner::Model { model: name }, Some(key), Some(value)) => Self::SetModelTag {
                name,
                tag: KeyValue { key, value },
            },
            (MetadataOwner::Model { model: name }, Some(key), None) => {
                Self::DeleteModelTag { name, key }
            }
            (MetadataOwner::Run { run }, key, Some(value)) => Self::SetRunTag {
                run,
                tag: KeyValue {
                    key: key.unwrap_or_default(),
                    value,
                },
            },
            (MetadataOwner::Run { run }, key, None) => Self::DeleteRunTag {
                run,
                key: key.unwrap_or_default(),
            },
        }
    }
}

impl From<WireWrite> for MetadataWrite {
    fn from(wire: WireWrite) -> Self {
        let (owner, key, value) = match wire {
            WireWrite::SetVersionTag {
                name: model,
                version,
                tag,
            } => (
                MetadataOwner::Version { model, version },
                tag.key,
                Some(tag.value),
            ),
            WireWrite::DeleteVersionTag {
                name: model,
                version,
                key,
            } => (MetadataOwner::Version { model, version }, key, None),
            WireWrite::SetModelTag { name: model, tag } => {
                (MetadataOwner::Model { model }, tag.key, Some(tag.value))
            }
            WireWrite::DeleteModelTag { name: model, key } => {
                (MetadataOwner::Model { model }, key, None)
            }
            WireWrite::SetRunTag { run, tag } => {
                (MetadataOwner::Run { run }, tag.key, Some(tag.value))
            }
            WireWrite::DeleteRunTag { run, key } => (MetadataOwner::Run { run }, key, None),
            WireWrite::Describe {
                name: model,
                version,
                text,
            } => {
                let owner = match version {
                    Some(version) => MetadataOwner::Version { model, version },
                    None => MetadataOwner::Model { model },
                };
                let value = (!text.is_empty()).then_some(text);
                return Self {
                    owner,
                    field: MetadataField::Description,
                    value,
                };
            }
        };
        let field = owner.field_of_tag(&key);
        Self {
            owner,
            field,
            value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::StoreWrite;

    #[test]
    fn owner_of_a_model_names_no_version() {
        for text in [
            r#"{"model":"iris","version":"3"}"#,
            r#"{"model":"iris","version":null}"#,
            r#"{"run":"a1"}"#,
        ] {
            let owner: MetadataOwner = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&owner).unwrap(), text);
        }
    }

    #[test]
    fn the_journal_keeps_its_spelling() {
        for text in [
            r#"{"action":"set_version_tag","name":"iris","version":"3","tag":{"key":"team","value":"a"}}"#,
            r#"{"action":"delete_version_tag","name":"iris","version":"3","key":"team"}"#,
            r#"{"action":"set_model_tag","name":"iris","tag":{"key":"team","value":"a"}}"#,
            r#"{"action":"delete_model_tag","name":"iris","key":"team"}"#,
            r#"{"action":"set_run_tag","run":"a1","tag":{"key":"mlflow.note.content","value":"a"}}"#,
            r#"{"action":"set_run_tag","run":"a1","tag":{"key":"mlflow.runName","value":"a"}}"#,
            r#"{"action":"delete_run_tag","run":"a1","key":"team"}"#,
            r#"{"action":"describe","name":"iris","version":"3","text":"a"}"#,
            r#"{"action":"describe","name":"iris","version":null,"text":""}"#,
        ] {
            let write: StoreWrite = serde_json::from_str(text).unwrap();
            assert!(write.is_metadata_write(), "{write:?}");
            assert_eq!(serde_json::to_string(&write).unwrap(), text);
        }
    }
}
