//! Approvals: what a reviewer said of a version for a place, bound to what they saw, as it stands in a tag.

use serde::{Deserialize, Serialize};

use crate::domain::{KeyValue, Millis, ModelVersion};

/// What the keys of approvals begin with, among a version's tags; the rest is the beginning of the entry's id.
pub const APPROVAL_PREFIX: &str = "frontrunner.approval.";

/// What a reviewer decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may.
    Approve,
    /// It may not.
    Reject,
}

impl Decision {
    /// In a word: `approve`, `reject`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// One approval, as it stands in a tag. Text in it is as the person gave it: to be drawn cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    #[serde(rename = "by")]
    pub reviewer: String,
    /// When, ms since the epoch.
    pub at: Millis,
    /// For which place: `Production`, `@champion`.
    #[serde(rename = "to")]
    pub slot: String,
    /// What they decided.
    pub decision: Decision,
    /// Why.
    #[serde(default)]
    pub comment: String,
    /// The digest of what they saw of the candidate, in hex.
    #[serde(rename = "seen")]
    pub facts_digest: String,
    /// Who put it on record, where the reviewer has no right to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_by: Option<String>,
}

/// A review that was prepared by someone who may only look, for somebody with rights to put on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedReview {
    /// Who reviewed.
    #[serde(rename = "by")]
    pub reviewer: String,
    /// When, ms since the epoch.
    pub at: Millis,
    /// Why.
    #[serde(default)]
    pub comment: String,
}

impl Approval {
    /// In a few words: `approve for Production by ana`.
    #[must_use]
    pub fn describe(&self) -> String {
        format!(
            "{} for {} by {}",
            self.decision.as_str(),
            self.slot,
            self.reviewer
        )
    }

    pub(super) fn to_tag(&self, key: String) -> KeyValue {
        KeyValue::new(key, serde_json::to_string(self).unwrap_or_default())
    }

    /// The approvals that a version carries, oldest first. What can't be read is left out: it never counts.
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
