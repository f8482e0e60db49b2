//! A warning with an identity, and the warnings about a run that lineage, plan and review share.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{Lifecycle, Run, RunId, RunStatus};
use crate::text::untrusted::clean;

/// Metrics that are listed by name; the rest is counted.
const MAX_NAMED: usize = 3;

/// What a decision must not overlook. Journals and `--json` have its text only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Warning {
    topic: WarningTopic,
    text: String,
}

/// What a warning is about; two warnings on one topic are one warning, whatever their texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WarningTopic {
    /// The run is in the trash.
    DeletedRun(RunId),
    /// The run did not end, or ended otherwise than as FINISHED.
    UnfinishedRun(RunId),
    /// Metrics of the run are NaN.
    NanMetrics(RunId),
    /// A slot that the planned write leaves in a questionable state.
    Consequence,
    /// The text itself.
    Text,
}

impl Warning {
    /// A warning on a topic; the text is cleaned.
    #[must_use]
    pub fn new(topic: WarningTopic, text: &str) -> Self {
        let text = clean(text).into_owned();
        Self { topic, text }
    }

    /// Cleaned.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is about what the planned write itself does.
    #[must_use]
    pub fn is_consequence(&self) -> bool {
        self.topic == WarningTopic::Consequence
    }

    /// Whether both are about the same problem.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.topic, &other.topic) {
            (
                WarningTopic::Text | WarningTopic::Consequence,
                WarningTopic::Text | WarningTopic::Consequence,
            ) => self.text == other.text,
            (own, others) => own == others,
        }
    }

    /// The same warning, with the name of its version before the text.
    #[must_use]
    pub fn labelled(self, label: &str) -> Self {
        Self {
            text: format!("{label}: {}", self.text),
            ..self
        }
    }

    /// All warnings of the first list, then those of the second that it lacks.
    #[must_use]
    pub fn merge(first: Vec<Self>, second: Vec<Self>) -> Vec<Self> {
        let mut all = first;
        for warning in second {
            if !all.iter().any(|known| known.is_same(&warning)) {
                all.push(warning);
            }
        }
        all
    }
}

impl From<String> for Warning {
    fn from(text: String) -> Self {
        Self::new(WarningTopic::Text, &text)
    }
}

impl From<Warning> for String {
    fn from(warning: Warning) -> Self {
        warning.text
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What is wrong with a run as the origin of a version: deleted, not finished, NaN metrics.
#[must_use]
pub fn run_warnings(run: &Run) -> Vec<Warning> {
    let id = run.id.short();
    let mut all = Vec::new();
    if run.lifecycle == Lifecycle::Deleted {
        let text = format!("run {id} is deleted: restore it before `mlflow gc` removes its files");
        all.push(Warning::new(
            WarningTopic::DeletedRun(run.id.clone()),
            &text,
        ));
    }
    if run.status != RunStatus::Finished {
        let status = run.status.as_str();
        let text = match run.status {
            RunStatus::Failed | RunStatus::Killed => {
                format!("run {id} ended as {status}: its last steps may be missing")
            }
            _ => format!("run {id} is {status}, not FINISHED: it may still change"),
        };
        let topic = WarningTopic::UnfinishedRun(run.id.clone());
        all.push(Warning::new(topic, &text));
    }
    let metrics = run.metrics.iter();
    let nan: Vec<_> = metrics
        .filter(|metric| metric.value.get().is_nan())
        .map(|metric| metric.key.clean())
        .collect();
    if !nan.is_empty() {
        let rest = match nan.len().saturating_sub(MAX_NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = nan[..nan.len().min(MAX_NAMED)].join(", ");
        let text = format!("metrics of run {id} are NaN: {named}{rest}");
        all.push(Warning::new(
            WarningTopic::NanMetrics(run.id.clone()),
            &text,
        ));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_problem_in_other_words_is_one_warning() {
        let warning = |topic, text: &str| Warning::new(topic, text);
        let run = |id: &str| WarningTopic::DeletedRun(id.into());
        let lineage = vec![
            warning(run("a"), "run a is deleted: restore it"),
            warning(WarningTopic::Text, "no data"),
        ];
        let own = vec![
            warning(run("a"), "run a is deleted"),
            warning(run("ab"), "run ab is deleted"),
            warning(WarningTopic::Text, "no data"),
            warning(WarningTopic::Text, "no data version"),
        ];
        let merged = Warning::merge(lineage, own);
        let texts: Vec<&str> = merged.iter().map(Warning::text).collect();
        assert_eq!(
            texts,
            [
                "run a is deleted: restore it",
                "no data",
                "run ab is deleted",
                "no data version"
            ]
        );
    }

    #[test]
    fn labelled_warning_keeps_its_topic() {
        let deleted = Warning::new(WarningTopic::DeletedRun("a".into()), "run a is deleted");
        assert!(deleted.clone().labelled("iris/3").is_same(&deleted));
    }

    #[test]
    fn file_has_the_text_only() {
        let deleted = Warning::new(WarningTopic::DeletedRun("a".into()), "run a is deleted");
        let text = serde_json::to_string(&deleted).unwrap();
        assert_eq!(text, "\"run a is deleted\"");
        let read: Warning = serde_json::from_str(&text).unwrap();
        assert_eq!(read.text(), deleted.text());
    }
}
