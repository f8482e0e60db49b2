//! What was found: facts by tool, where the version is served, and what was looked for.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::LineageRole;
use crate::domain::Millis;

/// What recognisers say of a version.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EvidenceReport {
    /// By tool, in the order of their names; tools of which nothing was found are not there.
    #[serde(rename = "evidence")]
    pub tools: Vec<ToolEvidence>,
    /// What was looked for, in the order of the recognisers.
    #[serde(rename = "looked")]
    pub search_traces: Vec<SearchTrace>,
    /// What went wrong on the way, cleaned.
    pub problems: Vec<String>,
    /// The files of the run and of the logged model, by their paths, raw, with their sizes in bytes where the store says them.
    pub artifacts: BTreeMap<String, Option<u64>>,
}

/// What one tool left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToolEvidence {
    /// The tool, as conditions name it: `great_expectations`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is for: `data validation`.
    pub kind: String,
    /// The facts.
    pub facts: Vec<Fact>,
    /// Where it serves the version.
    pub deployments: Vec<Deployment>,
    /// A command of a POSIX shell that gets again what the tool keeps, where its facts are known.
    #[serde(rename = "get")]
    pub fetch_command: Option<String>,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// What it says.
    #[serde(flatten)]
    pub value: FactValue,
    /// Where it was found, raw: the path of an artifact, a dataset, the run's own facts.
    #[serde(rename = "from")]
    pub source: String,
    /// When the tool says it was made, ms since the epoch.
    #[serde(rename = "at")]
    pub created_at: Option<Millis>,
    /// Whether that is more than a day before the version's run began: then it may be about another one.
    #[serde(rename = "older")]
    pub is_stale: bool,
    /// Whether it is not what it should be.
    #[serde(rename = "bad")]
    pub is_unexpected: bool,
    /// Whether the recogniser says what it should be.
    #[serde(rename = "judged")]
    pub has_expectation: bool,
    /// Whether it was found in the store, so that everybody who looks finds it, wherever they stand.
    #[serde(rename = "stored")]
    pub is_in_store: bool,
    /// What of a lineage it is.
    #[serde(rename = "tells")]
    pub lineage_role: Option<LineageRole>,
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactValue {
    /// A number, a truth, a text, or a list of these; texts are raw.
    Value(Value),
    /// Something is there and can't be told: why.
    Unreadable(String),
}

/// A place where a version is served.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Deployment {
    /// Its name.
    pub name: String,
    /// Namespace, endpoint or address.
    #[serde(rename = "place")]
    pub location: String,
    /// How much of the traffic it has, in percent, where that is said.
    #[serde(rename = "percent")]
    pub traffic_percent: Option<f64>,
    /// Whether it says that it is ready.
    pub ready: Option<bool>,
    /// Where this was found.
    #[serde(rename = "from")]
    pub source: String,
}

/// One thing that a recogniser looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchTrace {
    /// The tool's name.
    #[serde(rename = "name")]
    pub tool: String,
    /// The recogniser's file and line: `dvc.toml:7`.
    pub rule: String,
    /// What was looked for, in words.
    #[serde(rename = "wanted")]
    pub target: String,
    /// Where something of this tool was found, raw.
    pub found: Vec<String>,
    /// What was there and was not it, or could not be read, and why; raw.
    #[serde(rename = "passed_over")]
    pub skipped: Vec<String>,
    /// How many more were passed over.
    #[serde(rename = "more")]
    pub omitted: usize,
}

impl ToolEvidence {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.deployments.is_empty()
    }
}

impl ToolEvidence {
    /// The fact that says the most: one that is not what it should be, one that is, the data's version, the first.
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
    /// The facts as conditions see them, `tool.fact`; what can't be read is not there, so that nothing passes on it. When a
    /// tool's newest fact was made is `tool.at`, in ms since the epoch.
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

    /// The same of the facts that are in the store: what an approval is bound to.
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

    /// The data's version, else its digest in eight characters, each with who told it, raw.
    #[must_use]
    pub fn data_version(&self) -> Option<String> {
        let facts = || {
            self.tools
                .iter()
                .flat_map(|tool| tool.facts.iter().map(move |fact| (tool, fact)))
        };
        let find_role = |tells: LineageRole| {
            facts().find_map(|(tool, fact)| match &fact.value {
                FactValue::Value(value) if fact.lineage_role == Some(tells) => {
                    let one = value
                        .as_array()
                        .and_then(|all| all.first())
                        .unwrap_or(value);
                    Some((
                        one.as_str().map_or_else(|| one.to_string(), str::to_owned),
                        tool.name.as_str(),
                    ))
                }
                _ => None,
            })
        };
        // A tag says that it is of data, and so does the line that it stands in.
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

    /// Where the version is served.
    pub fn deployments(&self) -> impl Iterator<Item = (&str, &Deployment)> {
        self.tools.iter().flat_map(|tool| {
            tool.deployments
                .iter()
                .map(|deployment| (tool.name.as_str(), deployment))
        })
    }
}

impl std::fmt::Display for FactValue {
    /// The value as text, raw; a list with commas.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let one = |value: &Value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        };
        match self {
            Self::Value(Value::Array(all)) => {
                f.write_str(&all.iter().map(one).collect::<Vec<_>>().join(", "))
            }
            Self::Value(value) => f.write_str(&one(value)),
            Self::Unreadable(why) => write!(f, "unreadable: {why}"),
        }
    }
}

impl std::fmt::Display for Deployment {
    /// Its name and place, raw, with its share of the traffic: `churn at prod 90 %, ready`.
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
