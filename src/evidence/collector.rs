//! What one recogniser gathers from the documents that it looks at, and how what several say becomes one fact.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::deployment::extract_deployment;
use super::ownership::names_version;
use super::paths::scan_limit_error;
use super::report::{Deployment, Fact, FactValue, ToolEvidence};
use super::rule::{Aggregation, Extracted, FactRule, aggregate};
use super::{EvidenceSubject, Integration, SearchRule};
use crate::domain::Millis;

/// The most parts of a document that are looked at one by one.
const MAX_PARTS: usize = 1_000;

/// How long before a training a fact may have been made and still belong to it, in ms: data is validated before it is learned from.
const MAX_FACT_AGE: Millis = 24 * 3_600_000;

/// Why a document is not this tool's, in words.
pub(super) const NOT_THIS_TOOL: &str = "it is another's: what must be in it is not";

/// Why nothing was taken from a document.
pub(super) enum Rejection {
    /// It is about something else.
    NotMatching(String),
    /// It could not be looked at.
    Unreadable(String),
}

impl Rejection {
    pub(super) fn into_reason(self) -> String {
        match self {
            Self::NotMatching(why) | Self::Unreadable(why) => why,
        }
    }
}

/// What one recogniser has found so far.
#[derive(Default)]
pub(super) struct EvidenceCollector<'r> {
    samples: BTreeMap<&'r str, Vec<FactSample<'r>>>,
    deployments: Vec<Deployment>,
    /// Other names of the version, as documents before told.
    aliases: Vec<String>,
}

struct FactSample<'r> {
    rule: &'r FactRule,
    extracted: Extracted,
    source: String,
    is_in_store: bool,
    created_at: Option<Millis>,
}

impl<'r> EvidenceCollector<'r> {
    /// Takes the facts of a document, or of the several that are in it.
    pub(super) fn collect_document(
        &mut self,
        find: &'r SearchRule,
        subject: EvidenceSubject<'_>,
        from: &str,
        document: &Value,
    ) -> Result<(), Rejection> {
        if let Some(why) = scan_limit_error(find.full_scans, document) {
            return Err(Rejection::Unreadable(why));
        }
        let mut seen = HashSet::new();
        let is_new = |part: &&Value| seen.insert(std::ptr::from_ref(*part));
        let parts: Vec<&Value> = find
            .split
            .iter()
            .flat_map(|path| path.select(document))
            .filter(is_new)
            .collect();
        if parts.is_empty() {
            return self.collect_part(find, subject, from, document);
        }
        if parts.len() > MAX_PARTS {
            self.mark_unreadable(
                find,
                from,
                &format!(
                    "it has {} parts, and only {MAX_PARTS} were looked at",
                    parts.len()
                ),
            );
        }
        let taken: Vec<Result<(), Rejection>> = parts
            .into_iter()
            .take(MAX_PARTS)
            .map(|part| self.collect_part(find, subject, from, part))
            .collect();
        if taken.iter().any(Result::is_ok) {
            Ok(())
        } else {
            taken
                .into_iter()
                .next()
                .unwrap_or_else(|| Err(Rejection::NotMatching("it is empty".into())))
        }
    }

    /// What a document says of the facts that should be something is not known, though it is there: then nobody may think that they
    /// are as they should be.
    pub(super) fn mark_unreadable(&mut self, find: &'r SearchRule, from: &str, why: &str) {
        for (name, rule) in find
            .facts
            .iter()
            .filter(|(_, rule)| rule.expected.is_some())
        {
            let found = Extracted::Unreadable(format!("{from}: {why}"));
            self.samples
                .entry(name.as_str())
                .or_default()
                .push(FactSample {
                    rule,
                    extracted: found,
                    source: from.to_owned(),
                    is_in_store: find.location.is_in_store(),
                    created_at: None,
                });
        }
    }

    /// Takes the facts of a document.
    fn collect_part(
        &mut self,
        find: &'r SearchRule,
        subject: EvidenceSubject<'_>,
        from: &str,
        document: &Value,
    ) -> Result<(), Rejection> {
        let not_matching = |why: &str| Err(Rejection::NotMatching(why.to_owned()));
        if !find.when.iter().all(|path| path.is_present(document)) {
            return not_matching(NOT_THIS_TOOL);
        }
        if find.unless.iter().any(|path| path.is_present(document)) {
            return not_matching("it is of another kind");
        }
        let parts: Vec<&Value> = match &find.each {
            Some(each) => each.select(document),
            None => vec![document],
        };
        if parts.len() > MAX_PARTS {
            return Err(Rejection::Unreadable(format!(
                "it has more than {MAX_PARTS} parts"
            )));
        }
        let is_joined = find.must_name_version();
        let own: Vec<&Value> = parts
            .into_iter()
            .filter(|part| !is_joined || names_version(find, subject, &self.aliases, part))
            .collect();
        if own.is_empty() {
            return not_matching(if is_joined {
                "it names neither this version nor what it was made from"
            } else {
                "it is empty"
            });
        }
        let before = (
            self.samples.values().map(Vec::len).sum::<usize>(),
            self.deployments.len(),
        );
        for part in own {
            self.aliases.extend(
                find.known_as
                    .iter()
                    .flat_map(|rule| rule.extract_texts(part, document)),
            );
            let at = find
                .at
                .as_ref()
                .and_then(|rule| match rule.extract(part, document) {
                    Extracted::Present(value) => value.as_i64(),
                    _ => None,
                });
            for (name, rule) in &find.facts {
                let found = rule.extract(part, document);
                if found != Extracted::Absent {
                    self.samples
                        .entry(name.as_str())
                        .or_default()
                        .push(FactSample {
                            rule,
                            extracted: found,
                            source: from.to_owned(),
                            is_in_store: find.location.is_in_store(),
                            created_at: at,
                        });
                }
            }
            if let Some(rule) = &find.deployment {
                self.deployments
                    .push(extract_deployment(rule, part, document, from));
            }
        }
        if before
            == (
                self.samples.values().map(Vec::len).sum(),
                self.deployments.len(),
            )
        {
            return not_matching("none of its facts is there");
        }
        Ok(())
    }

    pub(super) fn into_evidence(
        self,
        integration: &Integration,
        created_at: Option<Millis>,
    ) -> ToolEvidence {
        let facts = self.samples.into_iter().map(|(name, all)| {
            let at = all.iter().filter_map(|one| one.created_at).min();
            let mut from: Vec<&str> = all.iter().map(|one| one.source.as_str()).collect();
            from.dedup();
            let from = if from.len() > 3 {
                format!("{}, {} and {} more", from[0], from[1], from.len() - 2)
            } else {
                from.join(", ")
            };
            let is_stale = at
                .zip(created_at)
                .is_some_and(|(at, made)| at < made.saturating_sub(MAX_FACT_AGE));
            let value = merge(&all);
            let expected = all.iter().find_map(|one| one.rule.expected.as_ref());
            let is_unexpected = expected.is_some_and(|wanted| !is_expected(&value, wanted));
            Fact {
                name: name.to_owned(),
                value,
                source: from,
                created_at: at,
                is_stale,
                is_unexpected,
                has_expectation: expected.is_some(),
                is_in_store: all.iter().all(|one| one.is_in_store),
                lineage_role: all.iter().find_map(|one| one.rule.lineage_role),
            }
        });
        let facts: Vec<Fact> = facts.collect();
        ToolEvidence {
            fetch_command: integration
                .fetch_commands
                .iter()
                .find_map(|template| template.render(&facts)),
            id: integration.id.clone(),
            name: integration.name.clone(),
            kind: integration.kind.clone(),
            facts,
            deployments: self.deployments,
        }
    }
}

/// Whether a fact is what it should be; what can't be read is not.
fn is_expected(value: &FactValue, expected: &Value) -> bool {
    match value {
        FactValue::Value(value) => {
            value == expected
                || value
                    .as_f64()
                    .zip(expected.as_f64())
                    .is_some_and(|(a, b)| a.total_cmp(&b).is_eq())
        }
        FactValue::Unreadable(_) => false,
    }
}

/// A fact of several documents: as the rule says; else they must agree. What is unreadable in one is unreadable, unless another
/// settles it: of truths that must all hold, one that does not.
fn merge(all: &[FactSample<'_>]) -> FactValue {
    let (mut values, mut unreadable) = (Vec::new(), None);
    for one in all {
        match &one.extracted {
            Extracted::Present(value) => values.push(value.clone()),
            Extracted::Unreadable(why) => unreadable = unreadable.or(Some(why)),
            Extracted::Absent => {}
        }
    }
    let aggregation = all.iter().find_map(|one| one.rule.merge);
    let settled = match aggregation {
        Some(Aggregation::All) => Some(false),
        Some(Aggregation::Any) => Some(true),
        _ => None,
    };
    if let Some(why) = unreadable {
        let is_settled = settled.is_some_and(|settled| values.contains(&Value::Bool(settled)));
        return if is_settled {
            FactValue::Value(settled.into())
        } else {
            FactValue::Unreadable(why.clone())
        };
    }
    let Some(first) = values.first().cloned() else {
        return FactValue::Unreadable("nothing is there".into());
    };
    if aggregation == Some(Aggregation::List) {
        let mut flat: Vec<Value> = Vec::new();
        let each = |value: Value| {
            if let Value::Array(all) = value {
                all
            } else {
                vec![value]
            }
        };
        for value in values.into_iter().flat_map(each) {
            if !flat.contains(&value) {
                flat.push(value);
            }
        }
        return FactValue::Value(if flat.len() == 1 {
            flat.remove(0)
        } else {
            Value::Array(flat)
        });
    }
    match aggregation {
        _ if values.iter().all(|value| *value == first)
            && aggregation != Some(Aggregation::Sum) =>
        {
            FactValue::Value(first)
        }
        Some(take) => match aggregate(take, values) {
            Extracted::Present(value) => FactValue::Value(value),
            _ => FactValue::Unreadable("what several documents say can't be put together".into()),
        },
        None => FactValue::Unreadable(format!("{} documents say different things", values.len())),
    }
}
