//! Metadata of versions and models: reviews, tags, descriptions.

use serde::{Deserialize, Serialize};

use super::builder::PlanBuilder;
use super::{PlanError, warnings};
use crate::domain::KeyValue;
use crate::domain::{ModelName, Slot, StoreWrite, VersionNumber};
use crate::promotion::tag_record::log_tag_key;
use crate::promotion::{
    APPROVAL_PREFIX, Approval, Decision, LOG_PREFIX, PreparedReview, RegistrySnapshot, Subject,
    TAG_PREFIX, truncate,
};
use crate::text::Untrusted;

/// Limit of a review comment in a tag, in characters.
const MAX_COMMENT_CHARS: usize = 1_000;

/// Limit of a value in a plan's step, in characters.
const MAX_SHOWN_CHARS: usize = 60;

/// A tag or description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "topic", rename_all = "snake_case")]
pub enum MetadataKey {
    /// Version tag.
    Tag {
        /// Tagged version.
        version: VersionNumber,
        /// Tag key.
        key: Untrusted,
    },
    /// Description.
    Description {
        /// `None` for the model itself.
        version: Option<VersionNumber>,
    },
}

/// A change of a tag or description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataChange {
    /// What changes.
    #[serde(flatten)]
    pub key: MetadataKey,
    /// `None` where there was no value.
    pub from: Option<Untrusted>,
    /// `None` where the value is removed.
    pub to: Option<Untrusted>,
}

impl MetadataKey {
    /// Whether a write changes this tag or description.
    #[must_use]
    pub fn is_written_by(&self, write: &StoreWrite) -> bool {
        match (self, write) {
            (
                Self::Tag { version, key },
                StoreWrite::SetVersionTag {
                    version: written,
                    tag: KeyValue { key: tag, .. },
                    ..
                }
                | StoreWrite::DeleteVersionTag {
                    version: written,
                    key: tag,
                    ..
                },
            ) => version == written && key == tag,
            (
                Self::Description { version },
                StoreWrite::SetDescription {
                    version: written, ..
                },
            ) => version == written,
            _ => false,
        }
    }

    /// `None` for the model itself.
    #[must_use]
    pub fn version(&self) -> Option<VersionNumber> {
        match self {
            Self::Tag { version, .. } => Some(*version),
            Self::Description { version } => *version,
        }
    }

    /// Its value in a snapshot; an empty description is `None`.
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

    /// Cleaned: `tag team of iris/3`, `the description of iris`.
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
    /// The write that makes the change.
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

    /// The change that undoes it.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self {
            key: self.key.clone(),
            from: self.to.clone(),
            to: self.from.clone(),
        }
    }
}

fn non_empty(text: &Untrusted) -> Option<Untrusted> {
    (!text.is_empty()).then(|| text.clone())
}

pub(super) struct ReviewDetails<'a> {
    pub slot: &'a Slot,
    pub decision: Decision,
    pub facts_digest: &'a str,
    pub prepared: Option<&'a PreparedReview>,
}

/// Adds a review tag, bound to the digest of the reviewed facts.
pub(super) fn review(
    builder: &mut PlanBuilder,
    number: VersionNumber,
    details: &ReviewDetails<'_>,
) -> Result<(), PlanError> {
    let ReviewDetails {
        slot,
        decision,
        facts_digest,
        prepared,
    } = *details;
    let version = builder.version(number)?;
    let own = PreparedReview {
        reviewer: builder.context.user.clone(),
        at: builder.context.now,
        comment: builder.context.reason.clone(),
    };
    let source = prepared.unwrap_or(&own);
    let approval = Approval {
        reviewer: source.reviewer.clone(),
        at: source.at,
        slot: slot.to_string(),
        decision,
        comment: source.comment.chars().take(MAX_COMMENT_CHARS).collect(),
        facts_digest: facts_digest.to_owned(),
        recorded_by: prepared.map(|_| own.reviewer.clone()),
    };
    let is_same_reviewer_and_slot =
        |other: &&Approval| other.reviewer == approval.reviewer && other.slot == approval.slot;
    let before = Approval::from_version_tags(version);
    let last = before.iter().rfind(is_same_reviewer_and_slot);
    if last
        .is_some_and(|last| last.decision == decision && last.facts_digest == approval.facts_digest)
    {
        return Err(PlanError::NothingToDo(format!(
            "{} already recorded this review",
            approval.reviewer
        )));
    }
    let before = last.map_or_else(
        || format!("no review by {}", approval.reviewer),
        |last| format!("{} by {}", last.decision.as_str(), last.reviewer),
    );
    let key = log_tag_key(&builder.context.id).replace(LOG_PREFIX, APPROVAL_PREFIX);
    let value =
        serde_json::to_string(&approval).map_err(|error| PlanError::Refused(error.to_string()))?;
    let metadata_key = MetadataKey::Tag {
        version: number,
        key: key.as_str().into(),
    };
    let change = MetadataChange {
        key: metadata_key,
        from: version.tag(&key).cloned(),
        to: Some(value.as_str().into()),
    };
    builder.push_metadata(
        change,
        "review",
        builder.label(number),
        before,
        approval.describe(),
    );
    Ok(())
}

/// Sets or removes a tag; record tags are refused.
pub(super) fn tag(
    builder: &mut PlanBuilder,
    number: VersionNumber,
    key: &Untrusted,
    value: Option<&Untrusted>,
) -> Result<(), PlanError> {
    let version = builder.version(number)?;
    if key.raw().starts_with(TAG_PREFIX) {
        return Err(PlanError::Refused(format!(
            "{} is a record: tags that start with {TAG_PREFIX} cannot be changed",
            key.clean()
        )));
    }
    let before = version.tag(key.raw());
    if before == value {
        return Err(PlanError::NothingToDo(format!(
            "tag {} of {} would not change",
            key.clean(),
            builder.label(number)
        )));
    }
    builder.warn_all(warnings::of_tag_key(version, key.raw()));
    let metadata_key = MetadataKey::Tag {
        version: number,
        key: key.clone(),
    };
    push_change(
        builder,
        MetadataChange {
            key: metadata_key,
            from: before.cloned(),
            to: value.cloned(),
        },
    );
    Ok(())
}

pub(super) fn describe(
    builder: &mut PlanBuilder,
    number: Option<VersionNumber>,
    text: &Untrusted,
) -> Result<(), PlanError> {
    let (before, target) = if let Some(number) = number {
        (&builder.version(number)?.description, builder.label(number))
    } else {
        let missing = || {
            PlanError::NotFound(format!(
                "there is no registered model {}",
                builder.model_name().clean()
            ))
        };
        (
            &builder
                .snapshot
                .model
                .as_ref()
                .ok_or_else(missing)?
                .description,
            builder.model_name().clean().into_owned(),
        )
    };
    if before == text {
        return Err(PlanError::NothingToDo(format!(
            "{target} already has this description"
        )));
    }
    let change = MetadataChange {
        key: MetadataKey::Description { version: number },
        from: non_empty(before),
        to: non_empty(text),
    };
    push_change(builder, change);
    Ok(())
}

/// Adds a change with its values before and after in words.
pub(super) fn push_change(builder: &mut PlanBuilder, change: MetadataChange) {
    let subject = &builder.snapshot.subject;
    let (action, target, none) = match (&change.key, &change.to) {
        (MetadataKey::Tag { version, key }, to) if key.raw().starts_with(APPROVAL_PREFIX) => (
            if to.is_some() {
                "review"
            } else {
                "withdraw review"
            },
            subject.label(*version),
            "no review",
        ),
        (MetadataKey::Tag { version, key }, to) => {
            let action = if to.is_some() { "tag" } else { "remove tag" };
            (
                action,
                format!("{} {}", subject.label(*version), key.clean()),
                "no tag",
            )
        }
        (
            MetadataKey::Description {
                version: Some(version),
            },
            _,
        ) => ("describe", subject.label(*version), "no description"),
        (MetadataKey::Description { version: None }, _) => {
            ("describe", subject.to_string(), "no description")
        }
    };
    let describe_value = |text: &Untrusted| {
        serde_json::from_str::<Approval>(text.raw())
            .map_or_else(|_| shorten(text), |approval| approval.describe())
    };
    let display = |text: &Option<Untrusted>| {
        text.as_ref()
            .map_or_else(|| none.to_owned(), describe_value)
    };
    let (from, to) = (display(&change.from), display(&change.to));
    builder.push_metadata(change, action, target, from, to);
}

/// The value as a plan shows it, cleaned.
pub(super) fn shorten(text: &Untrusted) -> String {
    truncate(&text.clean(), MAX_SHOWN_CHARS)
}
