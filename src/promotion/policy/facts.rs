//! Facts that conditions read: candidate, champion, target and promoter as typed values.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{GateTarget, approval_gate};
use crate::domain::run::KeyValue;
use crate::domain::{Code, DatasetInput, Metric, Millis, Run};
use crate::lineage::{self, NodeKind};
use crate::promotion::{Approval, TAG_PREFIX};
use crate::text::Untrusted;

/// A version with its run, lineage and evidence.
pub type Candidate = lineage::LineageFacts;

/// Variables of a condition.
#[derive(Clone, Debug)]
pub struct PolicyFacts {
    roots: BTreeMap<String, Json>,
    /// Paths of metrics that are NaN or infinite, with that word.
    non_finite: Vec<(Vec<String>, String)>,
    /// SHA-256 of the candidate's facts in hex; approvals are bound to it.
    pub facts_digest: String,
}

impl PolicyFacts {
    /// Facts of a candidate for a slot, without approvals: which of these count depends on the digest of the facts.
    #[must_use]
    pub fn new(
        candidate: &Candidate,
        champion: Option<&Candidate>,
        target: &GateTarget,
        promoter: &str,
    ) -> Self {
        let mut non_finite = Vec::new();
        let candidate_object = version_object(candidate, "candidate", &mut non_finite);
        let facts_digest = facts_digest(
            &candidate_object,
            &candidate.evidence.facts_in_store(),
            candidate.version.creation_time,
        );
        let mut roots = BTreeMap::new();
        for name in ["run", "datasets", "lineage", "evidence"] {
            roots.extend(
                candidate_object
                    .get(name)
                    .map(|value| (name.to_owned(), value.clone())),
            );
        }
        roots.insert("candidate".to_owned(), Json::Object(candidate_object));
        if let Some(champion) = champion {
            roots.insert(
                "champion".to_owned(),
                Json::Object(version_object(champion, "champion", &mut non_finite)),
            );
        }
        roots.insert("target".to_owned(), json!(target.slot.to_string()));
        roots.insert("promoter".to_owned(), json!(promoter));
        Self {
            roots,
            non_finite,
            facts_digest,
        }
    }

    /// Adds the approvals that count, of the candidate.
    #[must_use]
    pub(super) fn with_approvals(mut self, approvals: &[Approval]) -> Self {
        if approvals.is_empty() {
            return self;
        }
        let approvals = Json::Array(approvals.iter().map(approval_gate::to_json).collect());
        if let Some(Json::Object(candidate)) = self.roots.get_mut("candidate") {
            candidate.insert("approvals".to_owned(), approvals.clone());
        }
        self.roots.insert("approvals".to_owned(), approvals);
        self
    }

    /// SHA-256 in hex of every fact that a condition can read, of candidate and champion.
    pub(super) fn digest_all(&self) -> String {
        let text = serde_json::to_vec(&(&self.roots, &self.non_finite)).unwrap_or_default();
        sha256_hex(&text)
    }

    pub(super) fn roots(&self) -> &BTreeMap<String, Json> {
        &self.roots
    }

    pub(super) fn lookup(&self, names: &[String]) -> Option<&Json> {
        let (root, rest) = names.split_first()?;
        rest.iter()
            .try_fold(self.roots.get(root)?, |value, name| value.get(name))
    }

    pub(super) fn describe_absence(&self, names: &[String]) -> String {
        let reason = self
            .non_finite
            .iter()
            .find(|(path, _)| path == names)
            .map(|(_, what)| format!("is {what} and cannot be compared"));
        reason.unwrap_or_else(|| "is not recorded".to_owned())
    }
}

/// Inserts a value unless it is empty: empty values count as absent.
fn insert_non_empty(to: &mut Map<String, Json>, key: &str, value: Json) {
    let is_empty = match &value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(all) => all.is_empty(),
        Json::Object(all) => all.is_empty(),
        Json::Bool(_) | Json::Number(_) => false,
    };
    if !is_empty {
        to.insert(key.to_owned(), value);
    }
}

fn json_text(value: &Untrusted) -> Json {
    json!(value.raw())
}

fn json_pairs<'a>(
    pairs: impl IntoIterator<Item = &'a KeyValue>,
    value: impl Fn(&str) -> Json,
) -> Json {
    let sorted: BTreeMap<&str, &str> = pairs
        .into_iter()
        .map(|pair| (pair.key.raw(), pair.value.raw()))
        .collect();
    Json::Object(
        sorted
            .into_iter()
            .map(|(key, text)| (key.to_owned(), value(text)))
            .collect(),
    )
}

/// Parses a param, which MLflow stores as text, into an integer, a decimal, a boolean or text.
fn parse_param(text: &str) -> Json {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    match text {
        "true" | "True" => json!(true),
        "false" | "False" => json!(false),
        _ if !is_number => json!(text),
        _ => text
            .parse::<i64>()
            .map(|number| json!(number))
            .ok()
            .or_else(|| {
                text.parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())
                    .map(|number| json!(number))
            })
            .unwrap_or_else(|| json!(text)),
    }
}

fn version_object(
    facts: &Candidate,
    root: &str,
    non_finite: &mut Vec<(Vec<String>, String)>,
) -> Map<String, Json> {
    let version = &facts.version;
    let mut object = Map::new();
    insert_non_empty(&mut object, "name", json_text(version.name.text()));
    insert_non_empty(&mut object, "version", json!(version.version.0));
    insert_non_empty(&mut object, "stage", json!(version.stage.as_str()));
    let mut aliases: Vec<&str> = facts
        .model
        .aliases
        .iter()
        .filter(|(_, to)| *to == version.version)
        .map(|(alias, _)| alias.raw())
        .collect();
    aliases.extend(version.aliases.iter().map(crate::domain::Alias::raw));
    aliases.sort_unstable();
    aliases.dedup();
    insert_non_empty(&mut object, "aliases", json!(aliases));
    insert_non_empty(&mut object, "status", json!(version.status.as_str()));
    insert_non_empty(&mut object, "description", json_text(&version.description));
    insert_non_empty(&mut object, "created", json!(version.creation_time));
    insert_non_empty(&mut object, "source", json_text(&version.source));
    insert_non_empty(
        &mut object,
        "tags",
        json_pairs(&version.tags, |text| json!(text)),
    );
    insert_non_empty(&mut object, "author", json!(author(facts)));
    if let Some(run) = &facts.run {
        insert_non_empty(&mut object, "run", run_object(run));
        insert_non_empty(&mut object, "params", json_pairs(&run.params, parse_param));
        insert_non_empty(
            &mut object,
            "datasets",
            Json::Array(run.datasets.iter().map(dataset_object).collect()),
        );
    }
    let metrics = metrics_object(&facts.metrics(), root, non_finite);
    insert_non_empty(&mut object, "metrics", metrics);
    insert_non_empty(&mut object, "external", json!(facts.is_external()));
    insert_lineage(&mut object, facts);
    object
}

fn insert_lineage(object: &mut Map<String, Json>, facts: &Candidate) {
    insert_non_empty(object, "evidence", facts.evidence.facts());
    let graph = lineage::build(facts);
    insert_non_empty(object, "code", code_object(facts));
    let environment = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Environment);
    insert_non_empty(
        object,
        "environment",
        environment.map_or(Json::Null, |node| {
            Json::Object(
                node.attributes
                    .iter()
                    .map(|(key, value)| (key.clone(), json_text(value)))
                    .collect(),
            )
        }),
    );
    let lines = graph
        .reproducibility
        .iter()
        .map(|check| (check.aspect.to_owned(), json!(check.state.as_str())));
    insert_non_empty(object, "lineage", Json::Object(lines.collect()));
}

/// The author of the version's run, else of the version.
pub(super) fn author(facts: &Candidate) -> String {
    let of_run = facts
        .run
        .as_ref()
        .map(|run| &run.user)
        .filter(|user| !user.is_empty());
    of_run.unwrap_or(&facts.version.user).raw().to_owned()
}

fn run_object(run: &Run) -> Json {
    let mut object = Map::new();
    insert_non_empty(&mut object, "id", json_text(run.id.text()));
    insert_non_empty(&mut object, "name", json_text(&run.name));
    insert_non_empty(&mut object, "status", json!(run.status.as_str()));
    insert_non_empty(&mut object, "user", json_text(&run.user));
    insert_non_empty(&mut object, "start_time", json!(run.start_time));
    insert_non_empty(&mut object, "end_time", json!(run.end_time));
    let duration = run
        .start_time
        .zip(run.end_time)
        .map(|(start, end)| end.saturating_sub(start) as f64 / 1e3);
    insert_non_empty(&mut object, "duration", json!(duration));
    insert_non_empty(
        &mut object,
        "tags",
        json_pairs(&run.tags, |text| json!(text)),
    );
    insert_non_empty(
        &mut object,
        "parent",
        json!(run.parent().map(|id| id.raw().to_owned())),
    );
    Json::Object(object)
}

fn metrics_object(
    metrics: &[&Metric],
    root: &str,
    non_finite: &mut Vec<(Vec<String>, String)>,
) -> Json {
    let mut object = BTreeMap::new();
    for metric in metrics {
        let value = metric.value.get();
        if value.is_finite() {
            object.insert(metric.key.raw(), json!(value));
        } else {
            let what = if value.is_nan() { "NaN" } else { "infinite" };
            non_finite.push((
                vec![
                    root.to_owned(),
                    "metrics".to_owned(),
                    metric.key.raw().to_owned(),
                ],
                what.to_owned(),
            ));
        }
    }
    Json::Object(
        object
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect(),
    )
}

fn dataset_object(input: &DatasetInput) -> Json {
    let mut object = Map::new();
    insert_non_empty(&mut object, "name", json_text(&input.name));
    insert_non_empty(&mut object, "digest", json_text(&input.digest));
    insert_non_empty(&mut object, "source", json_text(&input.source));
    insert_non_empty(&mut object, "source_type", json_text(&input.source_type));
    insert_non_empty(
        &mut object,
        "context",
        input.context.as_ref().map_or(Json::Null, json_text),
    );
    Json::Object(object)
}

fn code_object(facts: &Candidate) -> Json {
    let of_run = facts
        .run
        .as_ref()
        .map(|run| Code::from_tags(&run.tags))
        .unwrap_or_default();
    let of_model = facts
        .logged_model
        .as_ref()
        .map(|model| Code::from_tags(&model.tags))
        .unwrap_or_default();
    let code = if of_run.commit.is_some() {
        of_run
    } else {
        of_model
    };
    let mut object = Map::new();
    let optional_text = |value: &Option<Untrusted>| value.as_ref().map_or(Json::Null, json_text);
    insert_non_empty(&mut object, "commit", optional_text(&code.commit));
    insert_non_empty(&mut object, "branch", optional_text(&code.branch));
    insert_non_empty(&mut object, "repository", optional_text(&code.repository));
    insert_non_empty(&mut object, "dirty", json!(code.is_dirty));
    insert_non_empty(&mut object, "diff", optional_text(&code.diff));
    insert_non_empty(&mut object, "script", optional_text(&code.source));
    Json::Object(object)
}

/// Digest of the candidate's facts, without slots, descriptions and record tags, and without evidence outside of the store, which
/// other users may not have.
fn facts_digest(version: &Map<String, Json>, evidence: &Json, created: Option<Millis>) -> String {
    let mut identity = BTreeMap::new();
    for key in [
        "name", "version", "source", "run", "metrics", "params", "datasets", "code",
    ] {
        identity.extend(version.get(key).map(|value| (key, value.clone())));
    }
    let tags = version
        .get("tags")
        .and_then(Json::as_object)
        .into_iter()
        .flatten();
    let tags: BTreeMap<&String, &Json> = tags
        .filter(|(key, _)| !key.starts_with(TAG_PREFIX))
        .collect();
    let mut input = json!({"created": created, "facts": identity, "tags": tags});
    if let (Json::Object(whole), Json::Object(found)) = (&mut input, evidence)
        && !found.is_empty()
    {
        whole.insert("evidence".to_owned(), evidence.clone());
    }
    sha256_hex(input.to_string().as_bytes())
}

fn sha256_hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
