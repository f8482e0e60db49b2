//! Looking: recognisers over what a version has.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::recogniser::DeploymentRule;
use super::report::{Deployment, Evidence, Fact, FactValue, Looked, Report};
use super::rule::{Found, Rule, Take, reduced};
use super::{DOCUMENTS, Find, Place, Recogniser};
use crate::domain::run::Pair;
use crate::domain::{LoggedModel, Millis, ModelVersion, Run};

/// The most parts of a document that are looked at one by one.
const PARTS: usize = 1_000;

/// How long before a training a fact may have been made and still belong to it, in ms: data is validated before it is learned from.
const PIPELINE: Millis = 24 * 3_600_000;

/// What is known of a version from its store.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The version.
    pub version: &'a ModelVersion,
    /// Its run.
    pub run: Option<&'a Run>,
    /// The logged model of MLflow 3.
    pub logged_model: Option<&'a LoggedModel>,
}

impl Subject<'_> {
    /// When it was made, ms since the epoch: when its run began, else when the version was.
    fn made(&self) -> Option<Millis> {
        self.run.and_then(|run| run.start_time).or(self.version.creation_time)
    }
}

/// Whose a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// An artifact of the run or the logged model.
    Artifact,
    /// A file outside of the store.
    File,
    /// A file of the repository, at the run's commit.
    Commit,
}

/// A file that some recogniser wants.
#[derive(Clone, Debug)]
pub struct Held {
    /// Whose it is.
    pub home: Home,
    /// Its path there, raw.
    pub path: String,
    /// Where it was found, in words, raw.
    pub from: String,
    /// A tag of the repository that points at the commit which made it what it is.
    pub tag: Option<String>,
    /// Its bytes, or why they were not read. Where only its being there counts: nothing.
    pub content: Result<Vec<u8>, String>,
}

impl Place {
    /// Whether it is in the store, so that everybody who looks finds the same there.
    fn is_stored(&self) -> bool {
        !matches!(self, Self::File(_) | Self::Commit(_))
    }

    /// Whether a file is looked at here.
    #[must_use]
    pub fn wants(&self, home: Home, path: &str) -> bool {
        match (self, home) {
            (Self::Artifact(globs), Home::Artifact) | (Self::File(globs), Home::File) | (Self::Commit(globs), Home::Commit) => {
                globs.fit(path)
            }
            _ => false,
        }
    }
}

/// Applies all recognisers.
#[must_use]
pub fn look(recognisers: &[Recogniser], subject: Subject<'_>, held: &[Held]) -> Report {
    let mut report = Report::default();
    for recogniser in recognisers {
        let mut gathered = Gathered::default();
        for find in &recogniser.finds {
            let mut looked = Looked {
                name: recogniser.name.clone(),
                rule: format!("{}:{}", recogniser.file, find.line),
                wanted: find.place.describe(),
                found: Vec::new(),
                passed_over: Vec::new(),
            };
            for (from, document) in documents(find, subject, held) {
                match document.map_or_else(Err, |document| gathered.take_all(find, subject, &from, &document)) {
                    Ok(()) => looked.found.push(from),
                    Err(why) => looked.passed_over.push(format!("{from}: {why}")),
                }
            }
            report.looked.push(looked);
        }
        let found = gathered.evidence(recogniser, subject.made());
        if !found.facts.is_empty() || !found.deployments.is_empty() {
            report.evidence.push(found);
        }
    }
    report
}

/// The documents that a place leads to: where each was found, and what it says or why that is not known.
fn documents(find: &Find, subject: Subject<'_>, held: &[Held]) -> Vec<(String, Result<Value, String>)> {
    let version = subject.version;
    match &find.place {
        Place::Run => subject
            .run
            .iter()
            .map(|run| {
                let metrics =
                    run.metrics.iter().map(|metric| (metric.key.raw().to_owned(), json!(metric.value.get()))).collect::<Map<_, _>>();
                let document = json!({
                    "id": run.id.raw(), "name": run.name.raw(), "tags": pairs(&run.tags), "params": pairs(&run.params), "metrics": metrics,
                    "start_time": run.start_time, "end_time": run.end_time,
                });
                (format!("run {}", run.id.short()), Ok(document))
            })
            .collect(),
        Place::Version => {
            let document = json!({"name": version.name.raw(), "version": version.version.0, "tags": pairs(&version.tags)});
            vec![(format!("version {}/{}", version.name.raw(), version.version), Ok(document))]
        }
        Place::LoggedModel => subject
            .logged_model
            .iter()
            .map(|model| {
                let document = json!({
                    "id": model.id.raw(), "name": model.name.raw(), "tags": pairs(&model.tags), "params": pairs(&model.params),
                });
                (format!("logged model {}", model.id.raw()), Ok(document))
            })
            .collect(),
        Place::Dataset => {
            let datasets = subject.run.iter().flat_map(|run| &run.datasets).take(DOCUMENTS);
            datasets
                .map(|input| {
                    let source = serde_json::from_str(input.source.raw()).unwrap_or_else(|_| json!(input.source.raw()));
                    let document = json!({
                        "name": input.name.raw(), "digest": input.digest.raw(), "source_type": input.source_type.raw(), "source": source,
                        "context": input.context.as_ref().map(crate::domain::Untrusted::raw),
                    });
                    (format!("dataset {}", input.name.raw()), Ok(document))
                })
                .collect()
        }
        place => {
            let wanted = held.iter().filter(|file| place.wants(file.home, &file.path)).take(DOCUMENTS);
            wanted
                .map(|file| {
                    let bytes = file.content.as_ref().map_err(Clone::clone);
                    let read = if find.reads() {
                        bytes.and_then(|bytes| find.format.read(&file.path, bytes))
                    } else {
                        find.format.read(&file.path, &[])
                    };
                    (file.from.clone(), read.map(|document| tagged(document, file.tag.as_deref())))
                })
                .collect()
        }
    }
}

/// The document with the tag under `git_tag`, where it has room for one.
fn tagged(mut document: Value, tag: Option<&str>) -> Value {
    if let (Value::Object(members), Some(tag)) = (&mut document, tag) {
        members.entry("git_tag").or_insert_with(|| json!(tag));
    }
    document
}

fn pairs(pairs: &[Pair]) -> Map<String, Value> {
    pairs.iter().map(|pair| (pair.key.raw().to_owned(), json!(pair.value.raw()))).collect()
}

/// What one recogniser has found so far.
#[derive(Default)]
struct Gathered<'r> {
    facts: BTreeMap<&'r str, Vec<One<'r>>>,
    deployments: Vec<Deployment>,
    /// Other names of the version, as documents before told.
    aliases: Vec<String>,
}

struct One<'r> {
    rule: &'r Rule,
    found: Found,
    from: String,
    stored: bool,
    at: Option<Millis>,
}

impl<'r> Gathered<'r> {
    /// Takes the facts of a document, or of the several that are in it.
    fn take_all(&mut self, find: &'r Find, subject: Subject<'_>, from: &str, document: &Value) -> Result<(), String> {
        let parts = find.split.iter().map(|path| path.all(document)).find(|parts| !parts.is_empty());
        let Some(parts) = parts else { return self.take(find, subject, from, document) };
        let taken: Vec<Result<(), String>> = parts.into_iter().take(PARTS).map(|part| self.take(find, subject, from, part)).collect();
        if taken.iter().any(Result::is_ok) { Ok(()) } else { taken.into_iter().next().unwrap_or_else(|| Err("it is empty".into())) }
    }

    /// Takes the facts of a document.
    fn take(&mut self, find: &'r Find, subject: Subject<'_>, from: &str, document: &Value) -> Result<(), String> {
        if !find.when.iter().all(|path| path.is_there(document)) {
            return Err("it is another's: what must be in it is not".into());
        }
        if find.unless.iter().any(|path| path.is_there(document)) {
            return Err("it is of another kind".into());
        }
        let parts: Vec<&Value> = match &find.each {
            Some(each) => each.all(document).into_iter().take(PARTS).collect(),
            None => vec![document],
        };
        let is_joined = find.is_joined();
        let own: Vec<&Value> = parts.into_iter().filter(|part| !is_joined || names_version(find, subject, &self.aliases, part)).collect();
        if own.is_empty() {
            return Err(if is_joined { "it names neither this version nor what it was made from".into() } else { "it is empty".into() });
        }
        let before = (self.facts.values().map(Vec::len).sum::<usize>(), self.deployments.len());
        for part in own {
            self.aliases.extend(find.known_as.iter().flat_map(|path| path.all(part)).filter_map(Value::as_str).map(str::to_owned));
            let at = find.at.as_ref().and_then(|rule| match rule.find(part, document) {
                Found::Known(value) => value.as_i64(),
                _ => None,
            });
            for (name, rule) in &find.facts {
                let found = rule.find(part, document);
                if found != Found::Absent {
                    self.facts.entry(name.as_str()).or_default().push(One {
                        rule,
                        found,
                        from: from.to_owned(),
                        stored: find.place.is_stored(),
                        at,
                    });
                }
            }
            if let Some(rule) = &find.deployment {
                self.deployments.push(deployment(rule, part, document, from));
            }
        }
        if before == (self.facts.values().map(Vec::len).sum(), self.deployments.len()) {
            return Err("none of its facts is there".into());
        }
        Ok(())
    }

    fn evidence(self, recogniser: &Recogniser, made: Option<Millis>) -> Evidence {
        let facts = self.facts.into_iter().map(|(name, all)| {
            let at = all.iter().filter_map(|one| one.at).min();
            let mut from: Vec<&str> = all.iter().map(|one| one.from.as_str()).collect();
            from.dedup();
            let from = if from.len() > 3 { format!("{}, {} and {} more", from[0], from[1], from.len() - 2) } else { from.join(", ") };
            let older = at.zip(made).is_some_and(|(at, made)| at < made.saturating_sub(PIPELINE));
            let value = merged(&all);
            let wanted = all.iter().find_map(|one| one.rule.wanted.as_ref());
            let bad = wanted.is_some_and(|wanted| !is_wanted(&value, wanted));
            Fact {
                name: name.to_owned(),
                value,
                from,
                at,
                older,
                bad,
                judged: wanted.is_some(),
                stored: all.iter().all(|one| one.stored),
                tells: all.iter().find_map(|one| one.rule.tells),
            }
        });
        let facts: Vec<Fact> = facts.collect();
        Evidence {
            get: recogniser.get.iter().find_map(|template| template.fill(&facts)),
            id: recogniser.id.clone(),
            name: recogniser.name.clone(),
            kind: recogniser.kind.clone(),
            facts,
            deployments: self.deployments,
        }
    }
}

/// Whether a fact is what it should be; what can't be read is not.
fn is_wanted(value: &FactValue, wanted: &Value) -> bool {
    match value {
        FactValue::Value(value) => value == wanted || value.as_f64().zip(wanted.as_f64()).is_some_and(|(a, b)| a.total_cmp(&b).is_eq()),
        FactValue::Unreadable(_) => false,
    }
}

/// A fact of several documents: as the rule says; else they must agree. What is unreadable in one is unreadable.
fn merged(all: &[One<'_>]) -> FactValue {
    let mut values = Vec::new();
    for one in all {
        match &one.found {
            Found::Known(value) => values.push(value.clone()),
            Found::Unreadable(why) => return FactValue::Unreadable(why.clone()),
            Found::Absent => {}
        }
    }
    let take = all.iter().find_map(|one| one.rule.merge);
    let Some(first) = values.first().cloned() else { return FactValue::Unreadable("nothing is there".into()) };
    if take == Some(Take::List) {
        let mut flat: Vec<Value> = Vec::new();
        let each = |value: Value| if let Value::Array(all) = value { all } else { vec![value] };
        for value in values.into_iter().flat_map(each) {
            if !flat.contains(&value) {
                flat.push(value);
            }
        }
        return FactValue::Value(if flat.len() == 1 { flat.remove(0) } else { Value::Array(flat) });
    }
    match take {
        _ if values.iter().all(|value| *value == first) && take != Some(Take::Sum) => FactValue::Value(first),
        Some(take) => match reduced(take, values) {
            Found::Known(value) => FactValue::Value(value),
            _ => FactValue::Unreadable("what several documents say can't be put together".into()),
        },
        None => FactValue::Unreadable(format!("{} documents say different things", values.len())),
    }
}

/// Whether a part of a document names the version, its run or its logged model.
fn names_version(find: &Find, subject: Subject<'_>, aliases: &[String], part: &Value) -> bool {
    let version = subject.version;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some((model, number)) = &find.names {
        let is = |values: Vec<&Value>, wanted: &str| values.into_iter().any(|value| text(value) == wanted);
        if is(model.all(part), version.name.raw()) && is(number.all(part), &version.version.to_string()) {
            return true;
        }
    }
    if let (Some(path), Some(run)) = (&find.names_run, subject.run)
        && path.all(part).into_iter().any(|value| value.as_str() == Some(run.name.raw()))
    {
        return true;
    }
    let model = version.logged_model();
    let ids = [subject.run.map(|run| run.id.raw()), Some(version.run_id.raw()), model.as_ref().map(crate::domain::LoggedModelId::raw)];
    let ids: Vec<&str> = ids.into_iter().flatten().chain(aliases.iter().map(String::as_str)).filter(|id| !id.is_empty()).collect();
    let uri = format!("models:/{}/{}", version.name.raw(), version.version);
    find.joins.iter().flat_map(|path| path.all(part)).any(|value| {
        let told = text(value);
        told == uri || (!version.source.raw().is_empty() && told == version.source.raw()) || ids.iter().any(|id| has_word(&told, id))
    })
}

/// Whether a text has an id in it that is not a part of a longer one.
fn has_word(text: &str, id: &str) -> bool {
    text.match_indices(id).any(|(at, _)| {
        let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !is_part(text[..at].chars().next_back()) && !is_part(text[at + id.len()..].chars().next())
    })
}

fn deployment(rule: &DeploymentRule, part: &Value, whole: &Value, from: &str) -> Deployment {
    let find = |rule: &Option<Rule>| match rule.as_ref()?.find(part, whole) {
        Found::Known(value) => Some(value),
        _ => None,
    };
    let text =
        |value: Option<Value>| value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default();
    let traffic = rule.traffic.as_ref().and_then(|(of, by)| {
        let by = by.all(part).into_iter().find_map(Value::as_str)?;
        of.all(whole).into_iter().find_map(|table| share(table, by))
    });
    Deployment {
        name: text(find(&rule.name)),
        place: text(find(&rule.place)),
        percent: traffic.or_else(|| find(&rule.percent)?.as_f64()),
        ready: find(&rule.ready).and_then(|value| value.as_bool()),
        from: from.to_owned(),
    }
}

/// The percent of a name: in a table by name, or in a row that has the name and one number.
fn share(table: &Value, name: &str) -> Option<f64> {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
    match table {
        Value::Object(row) => row
            .get(name)
            .and_then(number)
            .or_else(|| row.values().any(|value| value.as_str() == Some(name)).then(|| row.values().find_map(Value::as_f64))?),
        _ => None,
    }
}
