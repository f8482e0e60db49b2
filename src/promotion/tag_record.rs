//! Record tags: what a write leaves on a version for users without this journal.

use serde::{Deserialize, Serialize};

use super::truncate;
use super::{GateOutcome, GateResult, INTENT_TAG, PlanContext, RegistryChange, TAG_PREFIX};
use crate::domain::KeyValue;
use crate::domain::Millis;
use crate::domain::ModelVersion;

/// The tag with the last record that concerns a version.
pub const LAST_TAG: &str = "frontrunner.last";

/// Prefix of history tags; the start of the journal entry's id follows.
pub const LOG_PREFIX: &str = "frontrunner.log.";

/// Limit that every supported schema accepts: `VARCHAR(5000)` of MLflow 2.
const MAX_TAG_VALUE_CHARS: usize = 5000;

/// Limit of a reason in a tag, in characters.
const MAX_REASON_CHARS: usize = 1000;

/// One write, as recorded in a tag. Its text is untrusted: clean it before drawing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagRecord {
    /// Id of the journal entry.
    pub id: String,
    /// Time in RFC 3339.
    #[serde(rename = "when")]
    pub recorded_at: String,
    /// User name of the author.
    #[serde(rename = "who")]
    pub user: String,
    /// The intent in words.
    pub action: String,
    /// Value before.
    pub from: String,
    /// Value after.
    pub to: String,
    /// The author's reason.
    #[serde(default)]
    pub reason: String,
    /// Start of the plan's fingerprint.
    #[serde(default)]
    #[serde(rename = "plan")]
    pub plan_fingerprint: String,
    /// Gate summary: `3 passed`, `2 passed; overridden: beats the champion`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub gates: String,
    /// The changes; empty if they do not fit into the tag.
    #[serde(default)]
    pub changes: Vec<RegistryChange>,
}

impl TagRecord {
    pub(super) fn new(
        context: &PlanContext,
        action: &str,
        from: &str,
        to: &str,
        plan: &str,
        changes: Vec<RegistryChange>,
    ) -> Self {
        Self {
            id: truncate(&context.id, 100),
            recorded_at: to_rfc3339(context.now),
            user: truncate(&context.user, 200),
            action: truncate(action, 500),
            from: truncate(from, 300),
            to: truncate(to, 300),
            reason: truncate(&context.reason, MAX_REASON_CHARS),
            plan_fingerprint: plan.to_owned(),
            gates: truncate(&summarize_gates(&context.gates), 300),
            changes,
        }
    }

    /// The tag of the last write.
    pub(super) fn to_last_tag(&self) -> KeyValue {
        KeyValue::new(LAST_TAG, self.to_tag_value())
    }

    /// Two tags: the last write, and its entry in the history.
    pub(super) fn to_tags(&self) -> [KeyValue; 2] {
        let value = self.to_tag_value();
        [
            KeyValue::new(LAST_TAG, value.as_str()),
            KeyValue::new(log_tag_key(&self.id), value.as_str()),
        ]
    }

    /// The record as JSON, shortened until it fits.
    fn to_tag_value(&self) -> String {
        let short = Self {
            changes: Vec::new(),
            ..self.clone()
        };
        let shorter = Self {
            reason: String::new(),
            action: truncate(&self.action, 100),
            from: truncate(&self.from, 50),
            to: truncate(&self.to, 50),
            ..short.clone()
        };
        let bare = Self {
            user: truncate(&self.user, 20),
            id: truncate(&self.id, 40),
            action: String::new(),
            from: String::new(),
            to: String::new(),
            ..shorter.clone()
        };
        let mut values = [self, &short, &shorter, &bare]
            .into_iter()
            .map(|record| serde_json::to_string(record).unwrap_or_default());
        values
            .find(|value| value.chars().count() <= MAX_TAG_VALUE_CHARS)
            .unwrap_or_default()
    }

    /// The records of a version; unreadable ones are skipped.
    #[must_use]
    pub fn from_version_tags(version: &ModelVersion) -> Vec<Self> {
        let logs = version
            .tags
            .iter()
            .filter(|tag| tag.key.raw().starts_with(LOG_PREFIX));
        logs.filter_map(|tag| serde_json::from_str(tag.value.raw()).ok())
            .collect()
    }

    /// Time in ms since the epoch.
    #[must_use]
    pub fn recorded_at_ms(&self) -> Option<Millis> {
        parse_rfc3339(&self.recorded_at)
    }
}

/// The registration of a version, from its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationTags {
    /// Id of the journal entry.
    pub id: String,
    /// Time in ms since the epoch.
    pub registered_at: Option<Millis>,
    /// User name of the author.
    pub user: String,
    /// The author's reason.
    pub reason: String,
}

impl RegistrationTags {
    /// Tags of a new version: always the intent tag, which finds it if the response is lost.
    pub(super) fn to_tags(context: &PlanContext) -> Vec<KeyValue> {
        let mut tags = vec![KeyValue::new(INTENT_TAG, context.id.as_str())];
        if context.writes_tags {
            let more = [
                ("by", truncate(&context.user, 200)),
                ("at", to_rfc3339(context.now)),
                ("reason", truncate(&context.reason, MAX_REASON_CHARS)),
            ];
            tags.extend(
                more.into_iter()
                    .filter(|(_, value)| !value.is_empty())
                    .map(|(key, value)| KeyValue::new(format!("{TAG_PREFIX}{key}"), value)),
            );
        }
        tags
    }

    /// `None` without the tags of a registration.
    #[must_use]
    pub fn from_version_tags(version: &ModelVersion) -> Option<Self> {
        let text = |key: &str| {
            version
                .tag(&format!("{TAG_PREFIX}{key}"))
                .map(|value| value.raw().to_owned())
        };
        let id = version.tag(INTENT_TAG)?.raw().to_owned();
        Some(Self {
            id,
            registered_at: text("at").and_then(|at| parse_rfc3339(&at)),
            user: text("by")?,
            reason: text("reason").unwrap_or_default(),
        })
    }
}

/// Gate results in a few words; empty without gates.
#[must_use]
pub fn summarize_gates(gates: &[GateResult]) -> String {
    let passed = gates
        .iter()
        .filter(|gate| gate.outcome == GateOutcome::Pass)
        .count();
    let named = |verdict: GateOutcome, word: &str| {
        let names: Vec<&str> = gates
            .iter()
            .filter(|gate| gate.outcome == verdict)
            .map(|gate| gate.name.as_str())
            .collect();
        (!names.is_empty()).then(|| format!("{word}: {}", names.join(", ")))
    };
    let parts = [
        (passed > 0).then(|| format!("{passed} passed")),
        named(GateOutcome::Overridden, "overridden"),
        named(GateOutcome::Fail, "failed"),
        named(GateOutcome::Absent, "absent"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Key of a history tag: eight alphanumeric characters of the id.
pub(super) fn log_tag_key(id: &str) -> String {
    let short: String = id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    format!("{LOG_PREFIX}{short}")
}

fn to_rfc3339(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map(|at| at.to_string())
        .unwrap_or_default()
}

fn parse_rfc3339(when: &str) -> Option<Millis> {
    when.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::super::test_registry;
    use super::*;
    use crate::domain::VersionNumber;
    use crate::domain::run::KeyValue;
    use proptest::prelude::*;

    #[test]
    fn record_round_trips_through_tags() {
        let change = RegistryChange::Alias {
            alias: "champion".into(),
            from: None,
            to: Some(VersionNumber(3)),
        };
        let record = TagRecord::new(
            &test_registry::context(),
            "give @champion to iris/3",
            "no version",
            "iris/3",
            "ab",
            vec![change],
        );
        let [last, log] = record.to_tags();
        assert_eq!(
            (last.key.raw(), log.key.raw()),
            ("frontrunner.last", "frontrunner.log.c0ffee00")
        );
        let mut version = test_registry::version(3, crate::domain::Stage::None);
        version.tags = vec![
            KeyValue::new(log.key, log.value),
            KeyValue::new("frontrunner.log.torn", "{\"id\":"),
        ];
        assert_eq!(TagRecord::from_version_tags(&version), [record]);
        assert_eq!(
            TagRecord::from_version_tags(&version)[0].recorded_at_ms(),
            Some(1_700_000_000_000)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn tag_value_fits_the_oldest_schema(user in ".{0,40}", times in 0_usize..20, piece in "[a\n\"\u{1}é😀]{1,9}", words in 0_usize..900, changes in 0_u64..300) {
            let (user, reason) = (user.repeat(times), piece.repeat(words));
            let context = PlanContext { user, reason, ..test_registry::context() };
            let changes = (0..changes).map(|n| RegistryChange::Alias { alias: "a".repeat(200).into(), from: None, to: Some(VersionNumber(n)) }).collect();
            let record = TagRecord::new(&context, &"\"".repeat(900), &"\n".repeat(900), "x", "ab", changes);
            let value = record.to_tag_value();
            prop_assert!(value.chars().count() <= MAX_TAG_VALUE_CHARS);
            let back: TagRecord = serde_json::from_str(&value).unwrap();
            prop_assert_eq!(back.id, record.id);
        }
    }
}
