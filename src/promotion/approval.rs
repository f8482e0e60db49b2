//! Reviews of a version for a slot, as stored in tags and bound to a digest of the reviewed facts.

use serde::{Deserialize, Serialize};

use crate::domain::{KeyValue, Millis, ModelName, ModelVersion, Slot, VersionNumber};

/// Prefix of review tags; the start of the journal entry's id follows.
pub const APPROVAL_PREFIX: &str = "frontrunner.approval.";

/// A reviewer's decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The version can hold the slot.
    Approve,
    /// It cannot, whatever others approve.
    Reject,
}

impl Decision {
    /// `approve` or `reject`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// One review, as stored in a tag. Its text is untrusted: clean it before drawing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// User name of the reviewer.
    #[serde(rename = "by")]
    pub reviewer: String,
    /// Time of the review, ms since the epoch.
    pub at: Millis,
    /// `Production` or `@champion`.
    #[serde(rename = "to")]
    pub slot: String,
    /// Approve or reject.
    pub decision: Decision,
    /// The reviewer's reason.
    #[serde(default)]
    pub comment: String,
    /// SHA-256 of the candidate's facts in hex.
    #[serde(rename = "seen")]
    pub facts_digest: String,
    /// The user who recorded it, where the reviewer has no write access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<String>,
}

/// A review prepared in a read-only session, for a user with write access to record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedReview {
    /// User name of the reviewer.
    #[serde(rename = "by")]
    pub reviewer: String,
    /// Time of the review, ms since the epoch.
    pub at: Millis,
    /// The reviewer's reason.
    #[serde(default)]
    pub comment: String,
}

/// A prepared review as a file: on its way from the reviewer to a user with write access.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewFile {
    /// Format version.
    frontrunner_review: u32,
    /// The registered model.
    pub model: ModelName,
    /// The reviewed version.
    pub version: VersionNumber,
    /// `Production` or `@champion`.
    pub to: String,
    /// Approve or reject.
    pub decision: Decision,
    /// SHA-256 of the candidate's facts in hex.
    #[serde(rename = "seen")]
    pub facts_digest: String,
    /// The reviewer's part.
    #[serde(flatten)]
    pub prepared: PreparedReview,
}

impl ReviewFile {
    /// A file in the current format.
    #[must_use]
    pub fn new(
        (model, version, slot): (ModelName, VersionNumber, &Slot),
        decision: Decision,
        facts_digest: String,
        prepared: PreparedReview,
    ) -> Self {
        Self {
            frontrunner_review: 1,
            model,
            version,
            to: slot.to_string(),
            decision,
            facts_digest,
            prepared,
        }
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl Approval {
    /// `approve for Production by ana`.
    #[must_use]
    pub fn describe(&self) -> String {
        format!(
            "{} for {} by {}",
            self.decision.as_str(),
            self.slot,
            self.reviewer
        )
    }

    /// `approve for Production by ana: better AUC`.
    #[must_use]
    pub fn describe_with_comment(&self) -> String {
        if self.comment.is_empty() {
            self.describe()
        } else {
            format!("{}: {}", self.describe(), self.comment)
        }
    }

    pub(super) fn to_tag(&self, key: String) -> KeyValue {
        KeyValue::new(key, serde_json::to_string(self).unwrap_or_default())
    }

    /// The reviews of a version, oldest first. Unreadable ones never count and are skipped.
    #[must_use]
    pub fn from_version_tags(version: &ModelVersion) -> Vec<Self> {
        let tags = version
            .tags
            .iter()
            .filter(|tag| tag.key.raw().starts_with(APPROVAL_PREFIX));
        let mut all: Vec<Self> = tags
            .filter_map(|tag| serde_json::from_str(tag.value.raw()).ok())
            .collect();
        all.sort_by(|a, b| (a.at, &a.reviewer).cmp(&(b.at, &b.reviewer)));
        all
    }
}
