//! What conditions see: candidate, champion, target and promoter as typed values.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{Asked, approval};
use crate::domain::run::Pair;
use crate::domain::{Code, DatasetInput, Millis, Run};
use crate::lineage::{self, NodeKind};
use crate::promotion::{Approval, TAG_PREFIX};
use crate::text::Untrusted;

/// A version that is judged, with all that is known of it.
pub type Candidate = lineage::Facts;

/// What conditions see.
#[derive(Clone, Debug)]
pub struct Facts {
    roots: BTreeMap<String, Json>,
    /// Values that are there and are no number to compare with: the path, and what they are.
    odd: Vec<(Vec<String>, String)>,
    /// The digest of what an approval of the candidate is bound to, in hex.
    pub seen: String,
}

impl Facts {
    /// The facts of a candidate for a place. `promoter` is who asks; `approvals` are the ones that stand.
    #[must_use]
    pub fn new(
        candidate: &Candidate,
        champion: Option<&Candidate>,
        asked: &Asked,
        promoter: &str,
        approvals: &[Approval],
    ) -> Self {
        let mut odd = Vec::new();
        let mut own = of_version(candidate, "candidate", &mut odd);
        let seen = seen(
            &own,
            &candidate.evidence.stored(),
            candidate.version.creation_time,
        );
        let approvals: Vec<Json> = approvals.iter().map(approval::fact).collect();
        put(&mut own, "approvals", Json::Array(approvals));
        let mut roots = BTreeMap::new();
        for name in ["run", "datasets", "lineage", "evidence", "approvals"] {
            roots.extend(own.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        roots.insert("candidate".to_owned(), Json::Object(own));
        if let Some(champion) = champion {
            roots.insert(
                "champion".to_owned(),
                Json::Object(of_version(champion, "champion", &mut odd)),
            );
        }
        roots.insert("target".to_owned(), json!(asked.target.to_string()));
        roots.insert("promoter".to_owned(), json!(promoter));
        Self { roots, odd, seen }
    }

    /// The roots by their names.
    pub(super) fn roots(&self) -> &BTreeMap<String, Json> {
        &self.roots
    }

    /// What a path leads to.
    pub(super) fn find(&self, names: &[String]) -> Option<&Json> {
        let (root, rest) = names.split_first()?;
        rest.iter()
            .try_fold(self.roots.get(root)?, |value, name| value.get(name))
    }

    /// Why nothing is at a path.
    pub(super) fn why_absent(&self, names: &[String]) -> String {
        let odd = self
            .odd
            .iter()
            .find(|(path, _)| path == names)
            .map(|(_, what)| format!("is {what}: no number to compare with"));
        odd.unwrap_or_else(|| "is not recorded".to_owned())
    }
}

/// Puts a value where it says something: what is empty is not recorded.
fn put(to: &mut Map<String, Json>, key: &str, value: Json) {
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

fn text(value: &Untrusted) -> Json {
    json!(value.raw())
}

fn pairs<'a>(pairs: impl IntoIterator<Item = &'a Pair>, value: impl Fn(&str) -> Json) -> Json {
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

/// A param as what it says: a whole number, a decimal, yes or no, or text. MLflow keeps all of them as text.
fn typed(text: &str) -> Json {
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

fn of_version(
    facts: &Candidate,
    root: &str,
    odd: &mut Vec<(Vec<String>, String)>,
) -> Map<String, Json> {
    let version = &facts.version;
    let mut object = Map::new();
    put(&mut object, "name", text(version.name.text()));
    put(&mut object, "version", json!(version.version.0));
    put(&mut object, "stage", json!(version.stage.as_str()));
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
    put(&mut object, "aliases", json!(aliases));
    put(&mut object, "status", json!(version.status.as_str()));
    put(&mut object, "description", text(&version.description));
    put(&mut object, "created", json!(version.creation_time));
    put(&mut object, "source", text(&version.source));
    put(
        &mut object,
        "tags",
        pairs(&version.tags, |text| json!(text)),
    );
    put(&mut object, "author", json!(author(facts)));
    if let Some(run) = &facts.run {
        put(&mut object, "run", of_run(run));
        put(&mut object, "metrics", metrics(run, root, odd));
        put(&mut object, "params", pairs(&run.params, typed));
        put(
            &mut object,
            "datasets",
            Json::Array(run.datasets.iter().map(dataset).collect()),
        );
    }
    put(&mut object, "evidence", facts.evidence.facts());
    let graph = lineage::build(facts);
    put(&mut object, "code", code(facts));
    let environment = graph
        .nodes
        .iter()
        .find(|node| node.kind == NodeKind::Environment);
    put(
        &mut object,
        "environment",
        environment.map_or(Json::Null, |node| {
            Json::Object(
                node.facts
                    .iter()
                    .map(|(key, value)| (key.clone(), text(value)))
                    .collect(),
            )
        }),
    );
    let lines = graph
        .reproducibility
        .iter()
        .map(|check| (check.what.to_owned(), json!(check.state.as_str())));
    put(&mut object, "lineage", Json::Object(lines.collect()));
    object
}

/// Who made the version's run, or else the version.
pub(super) fn author(facts: &Candidate) -> String {
    let of_run = facts
        .run
        .as_ref()
        .map(|run| &run.user)
        .filter(|user| !user.is_empty());
    of_run.unwrap_or(&facts.version.user).raw().to_owned()
}

fn of_run(run: &Run) -> Json {
    let mut object = Map::new();
    put(&mut object, "id", text(run.id.text()));
    put(&mut object, "name", text(&run.name));
    put(&mut object, "status", json!(run.status.as_str()));
    put(&mut object, "user", text(&run.user));
    put(&mut object, "start_time", json!(run.start_time));
    put(&mut object, "end_time", json!(run.end_time));
    let duration = run
        .start_time
        .zip(run.end_time)
        .map(|(start, end)| end.saturating_sub(start) as f64 / 1e3);
    put(&mut object, "duration", json!(duration));
    put(&mut object, "tags", pairs(&run.tags, |text| json!(text)));
    put(
        &mut object,
        "parent",
        json!(run.parent().map(|id| id.raw().to_owned())),
    );
    Json::Object(object)
}

fn metrics(run: &Run, root: &str, odd: &mut Vec<(Vec<String>, String)>) -> Json {
    let mut object = BTreeMap::new();
    for metric in &run.metrics {
        let value = metric.value.get();
        if value.is_finite() {
            object.insert(metric.key.raw(), json!(value));
        } else {
            let what = if value.is_nan() { "NaN" } else { "infinite" };
            odd.push((
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

fn dataset(input: &DatasetInput) -> Json {
    let mut object = Map::new();
    put(&mut object, "name", text(&input.name));
    put(&mut object, "digest", text(&input.digest));
    put(&mut object, "source", text(&input.source));
    put(&mut object, "source_type", text(&input.source_type));
    put(
        &mut object,
        "context",
        input.context.as_ref().map_or(Json::Null, text),
    );
    Json::Object(object)
}

fn code(facts: &Candidate) -> Json {
    let of_run = facts
        .run
        .as_ref()
        .map(|run| Code::of(&run.tags))
        .unwrap_or_default();
    let of_model = facts
        .logged_model
        .as_ref()
        .map(|model| Code::of(&model.tags))
        .unwrap_or_default();
    let code = if of_run.commit.is_some() {
        of_run
    } else {
        of_model
    };
    let mut object = Map::new();
    let told = |value: &Option<Untrusted>| value.as_ref().map_or(Json::Null, text);
    put(&mut object, "commit", told(&code.commit));
    put(&mut object, "branch", told(&code.branch));
    put(&mut object, "repository", told(&code.repository));
    put(&mut object, "dirty", json!(code.dirty));
    put(&mut object, "diff", told(&code.diff));
    put(&mut object, "script", told(&code.source));
    Json::Object(object)
}

/// The digest of what the candidate is: what places it holds, our own records and what was only written about it stay out, and so
/// does what other tools left outside of the store, which not everybody sees.
fn seen(version: &Map<String, Json>, evidence: &Json, created: Option<Millis>) -> String {
    let mut kept = BTreeMap::new();
    for key in [
        "name", "version", "source", "run", "metrics", "params", "datasets", "code",
    ] {
        kept.extend(version.get(key).map(|value| (key, value.clone())));
    }
    let tags = version
        .get("tags")
        .and_then(Json::as_object)
        .into_iter()
        .flatten();
    let tags: BTreeMap<&String, &Json> = tags
        .filter(|(key, _)| !key.starts_with(TAG_PREFIX))
        .collect();
    let mut whole = json!({"created": created, "facts": kept, "tags": tags});
    if let (Json::Object(whole), Json::Object(found)) = (&mut whole, evidence)
        && !found.is_empty()
    {
        whole.insert("evidence".to_owned(), evidence.clone());
    }
    Sha256::digest(whole.to_string().as_bytes())
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
