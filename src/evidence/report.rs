//! The report: facts and deployments by tool, and a trace of the search.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::LineageRole;
use super::value::{pending_word, value_text};
use crate::domain::Millis;

/// The facts of a version, and a trace of the search.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EvidenceReport {
    /// Tools with findings, by name.
    #[serde(rename = "evidence")]
    pub tools: Vec<ToolEvidence>,
    /// One per search rule, by tool.
    #[serde(rename = "looked")]
    pub search_traces: Vec<SearchTrace>,
    /// Read errors and exceeded limits, cleaned.
    pub problems: Vec<String>,
    /// Sizes in bytes of the run's and the logged model's files, by raw path.
    pub artifacts: BTreeMap<String, Option<u64>>,
}

/// The findings of one tool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToolEvidence {
    /// In policy conditions: `great_expectations`.
    pub id: String,
    /// For display.
    pub name: String,
    /// The tool's purpose: `data validation`.
    pub kind: String,
    /// By name.
    pub facts: Vec<Fact>,
    /// Endpoints that serve the version.
    pub deployments: Vec<Deployment>,
    /// A POSIX shell command that fetches what the tool stores, if its facts are known.
    #[serde(rename = "get")]
    pub fetch_command: Option<String>,
}

/// A fact about a version.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// In policy conditions, after the tool's id.
    pub name: String,
    /// The value, or why it is unreadable.
    #[serde(flatten)]
    pub value: FactValue,
    /// For reports: `artifact of the run: a.json`, raw.
    #[serde(rename = "from")]
    pub source: String,
    /// The tool's timestamp, in ms since the epoch.
    #[serde(rename = "at")]
    pub created_at: Option<Millis>,
    /// Whether it is more than a day older than the version's run: it may describe another version.
    #[serde(rename = "older")]
    pub is_stale: bool,
    /// Whether it differs from its expected value.
    #[serde(rename = "bad")]
    pub is_unexpected: bool,
    /// Whether the integration has an expected value for it.
    #[serde(rename = "judged")]
    pub has_expectation: bool,
    /// Whether it comes from the store: every user sees it.
    #[serde(rename = "stored")]
    pub is_in_store: bool,
    /// Its role in the lineage.
    #[serde(rename = "tells")]
    pub lineage_role: Option<LineageRole>,
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactValue {
    /// A number, a boolean, a string, or a list of these; strings are raw.
    Value(Value),
    /// Why it cannot be read.
    Unreadable(String),
}

/// An endpoint that serves a version.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Deployment {
    /// The endpoint's name.
    pub name: String,
    /// Namespace, endpoint or URL.
    #[serde(rename = "place")]
    pub location: String,
    /// Its share of the traffic, if recorded.
    #[serde(rename = "percent")]
    pub traffic_percent: Option<f64>,
    /// Whether it is ready, if recorded.
    pub ready: Option<bool>,
    /// For reports: `file isvc.yaml`, raw.
    #[serde(rename = "from")]
    pub source: String,
}

/// The search of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchTrace {
    /// The tool's name.
    #[serde(rename = "name")]
    pub tool: String,
    /// The integration's file and line: `dvc.toml:7`.
    pub rule: String,
    /// The searched location: `artifacts evidently/*.json`.
    #[serde(rename = "wanted")]
    pub target: String,
    /// The documents with facts, raw.
    pub found: Vec<String>,
    /// The documents without facts, and why; raw.
    #[serde(rename = "passed_over")]
    pub skipped: Vec<String>,
    /// The number of further documents without facts.
    #[serde(rename = "more")]
    pub omitted: usize,
}

impl ToolEvidence {
    /// Whether it has no findings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.deployments.is_empty()
    }

    /// The most telling fact: an unexpected one, an expected one, the data's version, else the first.
    #[must_use]
    pub fn headline(&self) -> Option<&Fact> {
        self.facts.iter().min_by_key(|fact| {
            (
                !fact.is_unexpected,
                !fact.has_expectation,
                fact.lineage_role.is_none(),
            )
        })
    }
}

impl EvidenceReport {
    /// The facts as policy conditions see them, `tool.fact`. Unreadable facts are absent, so that nothing passes on them.
    /// `tool.at` is the time of the tool's newest fact, in ms since the epoch.
    #[must_use]
    pub fn facts(&self) -> Value {
        let tool = |evidence: &ToolEvidence| {
            let mut facts = Map::new();
            for fact in &evidence.facts {
                if let FactValue::Value(value) = &fact.value {
                    facts.insert(fact.name.clone(), value.clone());
                }
            }
            if let Some(at) = evidence
                .facts
                .iter()
                .filter_map(|fact| fact.created_at)
                .max()
            {
                facts.entry("at").or_insert(json!(at));
            }
            if !evidence.deployments.is_empty() {
                facts
                    .entry("serving")
                    .or_insert(json!(evidence.deployments.len()));
            }
            (evidence.id.clone(), Value::Object(facts))
        };
        Value::Object(self.tools.iter().map(tool).collect())
    }

    /// The facts that come from the store: an approval is bound to them.
    #[must_use]
    pub fn facts_in_store(&self) -> Value {
        let of_tool = |tool: &ToolEvidence| {
            let facts: Map<String, Value> = tool
                .facts
                .iter()
                .filter(|fact| fact.is_in_store)
                .map(|fact| (fact.name.clone(), json!(fact.value)))
                .collect();
            (!facts.is_empty()).then(|| (tool.id.clone(), Value::Object(facts)))
        };
        Value::Object(self.tools.iter().filter_map(of_tool).collect())
    }

    /// The data's version, else eight characters of its digest, with the tool in brackets, raw.
    #[must_use]
    pub fn data_version(&self) -> Option<String> {
        let facts = || {
            self.tools
                .iter()
                .flat_map(|tool| tool.facts.iter().map(move |fact| (tool, fact)))
        };
        let find_role = |role: LineageRole| {
            facts().find_map(|(tool, fact)| match &fact.value {
                FactValue::Value(value) if fact.lineage_role == Some(role) => {
                    let one = value
                        .as_array()
                        .and_then(|all| all.first())
                        .unwrap_or(value);
                    Some((value_text(one), tool.name.as_str()))
                }
                _ => None,
            })
        };
        // The summary says `data` already: `data-v2.3` becomes `v2.3`.
        let strip_data_prefix = |version: String| {
            let rest = ["data", "dataset"].iter().find_map(|word| {
                version
                    .strip_prefix(*word)?
                    .strip_prefix(['-', '_', '/', '@'])
            });
            rest.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == 'v'))
                .map(str::to_owned)
                .unwrap_or(version)
        };
        let version = find_role(LineageRole::DataVersion)
            .map(|(version, tool)| format!("{} ({tool})", strip_data_prefix(version)));
        version.or_else(|| {
            find_role(LineageRole::DataDigest).map(|(digest, tool)| {
                format!("{} ({tool})", digest.chars().take(8).collect::<String>())
            })
        })
    }

    /// The endpoints that serve the version, with their tools' names.
    pub fn deployments(&self) -> impl Iterator<Item = (&str, &Deployment)> {
        self.tools.iter().flat_map(|tool| {
            tool.deployments
                .iter()
                .map(|deployment| (tool.name.as_str(), deployment))
        })
    }
}

impl FactValue {
    /// The word by which a check says that it has no result yet: `pending`.
    #[must_use]
    pub fn pending_word(&self) -> Option<&str> {
        match self {
            Self::Unreadable(why) => pending_word(why),
            Self::Value(_) => None,
        }
    }
}

impl std::fmt::Display for FactValue {
    /// Raw; a list with commas.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(Value::Array(all)) => {
                f.write_str(&all.iter().map(value_text).collect::<Vec<_>>().join(", "))
            }
            Self::Value(value) => f.write_str(&value_text(value)),
            Self::Unreadable(why) => match pending_word(why) {
                Some(word) => f.write_str(word),
                None => write!(f, "unreadable: {why}"),
            },
        }
    }
}

impl std::fmt::Display for Deployment {
    /// Raw: `churn at prod 90 %, ready`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", self.name, self.location)?;
        if let Some(percent) = self.traffic_percent {
            write!(f, " {percent} %")?;
        }
        f.write_str(match self.ready {
            Some(true) => ", ready",
            Some(false) => ", not ready",
            None => "",
        })
    }
}
