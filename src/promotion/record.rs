//! The record that a write leaves as tags of a version, so that others see it without our journal.

use serde::{Deserialize, Serialize};

use super::{Change, Context, GateVerdict, INTENT_TAG, TAG_PREFIX, Verdict};
use crate::domain::Millis;
use crate::domain::ModelVersion;
use crate::domain::write::Tag;

/// What the keys of the history's tags begin with; the rest is the beginning of the entry's id.
pub const LOG_PREFIX: &str = "frontrunner.log.";

/// The longest value of a tag that every supported schema takes: `VARCHAR(5000)` of MLflow 2.
const LONGEST_VALUE: usize = 5000;

/// How much of a person's words goes into a tag.
const LONGEST_REASON: usize = 1000;

/// One write, as left in a tag. Text in it is as the person gave it: to be drawn cleaned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The journal's entry.
    pub id: String,
    /// When, in RFC 3339.
    pub when: String,
    /// Who.
    pub who: String,
    /// What was wanted.
    pub action: String,
    /// What was there before.
    pub from: String,
    /// What is there after.
    pub to: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// The beginning of the fingerprint of what the plan was made from.
    #[serde(default)]
    pub plan: String,
    /// What the gates said, in a few words: `3 passed`, `2 passed, overridden: beats the champion`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub gates: String,
    /// The places that changed hands; left out where there are too many.
    #[serde(default)]
    pub changes: Vec<Change>,
}

impl Record {
    /// The record of a plan that is being made.
    pub(super) fn new(
        context: &Context,
        action: &str,
        from: &str,
        to: &str,
        plan: &str,
        changes: Vec<Change>,
    ) -> Self {
        Self {
            id: cut(&context.id, 100),
            when: written(context.now),
            who: cut(&context.user, 200),
            action: cut(action, 500),
            from: cut(from, 300),
            to: cut(to, 300),
            reason: cut(&context.reason, LONGEST_REASON),
            plan: plan.to_owned(),
            gates: cut(&summary(&context.gates), 300),
            changes,
        }
    }

    /// The two tags: the last write, and its line in the history.
    pub(super) fn tags(&self) -> [Tag; 2] {
        let value = self.value();
        [
            Tag::new(format!("{TAG_PREFIX}last"), value.as_str()),
            Tag::new(log_key(&self.id), value.as_str()),
        ]
    }

    /// The record in a tag's value, shortened until it fits.
    fn value(&self) -> String {
        let short = Self {
            changes: Vec::new(),
            ..self.clone()
        };
        let shorter = Self {
            reason: String::new(),
            action: cut(&self.action, 100),
            from: cut(&self.from, 50),
            to: cut(&self.to, 50),
            ..short.clone()
        };
        let bare = Self {
            who: cut(&self.who, 20),
            id: cut(&self.id, 40),
            action: String::new(),
            from: String::new(),
            to: String::new(),
            ..shorter.clone()
        };
        let mut values = [self, &short, &shorter, &bare]
            .into_iter()
            .map(|record| serde_json::to_string(record).unwrap_or_default());
        values
            .find(|value| value.chars().count() <= LONGEST_VALUE)
            .unwrap_or_default()
    }

    /// The records that a version carries. What can't be read is left out.
    #[must_use]
    pub fn of(version: &ModelVersion) -> Vec<Self> {
        let logs = version
            .tags
            .iter()
            .filter(|tag| tag.key.raw().starts_with(LOG_PREFIX));
        logs.filter_map(|tag| serde_json::from_str(tag.value.raw()).ok())
            .collect()
    }

    /// When, in ms since the epoch.
    #[must_use]
    pub fn at(&self) -> Option<Millis> {
        read(&self.when)
    }
}

/// Who registered a version, as its own tags tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The journal's entry.
    pub id: String,
    /// When, ms since the epoch.
    pub at: Option<Millis>,
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
}

impl Registration {
    /// The tags that go with a version when it is made: always the intent's id, which finds it again.
    pub(super) fn tags(context: &Context) -> Vec<Tag> {
        let mut tags = vec![Tag::new(INTENT_TAG, context.id.as_str())];
        if context.tags {
            let more = [
                ("by", cut(&context.user, 200)),
                ("at", written(context.now)),
                ("reason", cut(&context.reason, LONGEST_REASON)),
            ];
            tags.extend(
                more.into_iter()
                    .filter(|(_, value)| !value.is_empty())
                    .map(|(key, value)| Tag::new(format!("{TAG_PREFIX}{key}"), value)),
            );
        }
        tags
    }

    /// What a version's tags tell of its registration.
    #[must_use]
    pub fn of(version: &ModelVersion) -> Option<Self> {
        let text = |key: &str| {
            version
                .tag(&format!("{TAG_PREFIX}{key}"))
                .map(|value| value.raw().to_owned())
        };
        let id = version.tag(INTENT_TAG)?.raw().to_owned();
        Some(Self {
            id,
            at: text("at").and_then(|at| read(&at)),
            who: text("by")?,
            reason: text("reason").unwrap_or_default(),
        })
    }
}

/// What gates said, in a few words; nothing where there were none.
#[must_use]
pub fn summary(gates: &[GateVerdict]) -> String {
    let passed = gates
        .iter()
        .filter(|gate| gate.verdict == Verdict::Pass)
        .count();
    let named = |verdict: Verdict, word: &str| {
        let names: Vec<&str> = gates
            .iter()
            .filter(|gate| gate.verdict == verdict)
            .map(|gate| gate.name.as_str())
            .collect();
        (!names.is_empty()).then(|| format!("{word}: {}", names.join(", ")))
    };
    let parts = [
        (passed > 0).then(|| format!("{passed} passed")),
        named(Verdict::Overridden, "overridden"),
        named(Verdict::Fail, "failed"),
        named(Verdict::Absent, "absent"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// The key of a record in the history: eight characters of the id that are allowed in a tag's key.
pub(super) fn log_key(id: &str) -> String {
    let short: String = id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    format!("{LOG_PREFIX}{short}")
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    text.chars().take(longest - 1).chain(['…']).collect()
}

fn written(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map(|at| at.to_string())
        .unwrap_or_default()
}

fn read(when: &str) -> Option<Millis> {
    when.parse::<jiff::Timestamp>()
        .ok()
        .map(jiff::Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::domain::VersionNumber;
    use crate::domain::run::Pair;
    use proptest::prelude::*;

    #[test]
    fn a_record_comes_back_as_it_was_left() {
        let change = Change::Alias {
            alias: "champion".into(),
            from: None,
            to: Some(VersionNumber(3)),
        };
        let record = Record::new(
            &sample::context(),
            "give @champion to iris/3",
            "no version",
            "iris/3",
            "ab",
            vec![change],
        );
        let [last, log] = record.tags();
        assert_eq!(
            (last.key.raw(), log.key.raw()),
            ("frontrunner.last", "frontrunner.log.c0ffee00")
        );
        let mut version = sample::version(3, crate::domain::Stage::None);
        version.tags = vec![
            Pair::new(log.key, log.value),
            Pair::new("frontrunner.log.torn", "{\"id\":"),
        ];
        assert_eq!(Record::of(&version), [record]);
        assert_eq!(Record::of(&version)[0].at(), Some(1_700_000_000_000));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_value_fits_the_oldest_schema(user in ".{0,40}", times in 0_usize..20, piece in "[a\n\"\u{1}é😀]{1,9}", words in 0_usize..900, changes in 0_u64..300) {
            let (user, reason) = (user.repeat(times), piece.repeat(words));
            let context = Context { user, reason, ..sample::context() };
            let changes = (0..changes).map(|n| Change::Alias { alias: "a".repeat(200).into(), from: None, to: Some(VersionNumber(n)) }).collect();
            let record = Record::new(&context, &"\"".repeat(900), &"\n".repeat(900), "x", "ab", changes);
            let value = record.value();
            prop_assert!(value.chars().count() <= LONGEST_VALUE);
            let back: Record = serde_json::from_str(&value).unwrap();
            prop_assert_eq!(back.id, record.id);
        }
    }
}
