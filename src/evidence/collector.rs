//! Collecting the facts of one integration, and merging the facts of several documents.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use super::deployment::extract_deployment;
use super::ownership::names_version;
use super::paths::scan_limit_error;
use super::report::{Deployment, Fact, FactValue, ToolEvidence};
use super::rule::{Aggregation, Extracted, FactRule, aggregate};
use super::{EvidenceSubject, Integration, SearchRule};
use crate::domain::Millis;

/// Parts of a document.
const MAX_PARTS: usize = 1_000;

/// Ms by which a fact can be older than the training run: data is validated before the training.
const MAX_FACT_AGE: Millis = 24 * 3_600_000;

pub(super) const NOT_THIS_TOOL: &str = "not a document of this tool";

/// Why a document has no facts.
pub(super) enum Rejection {
    /// It belongs to another tool or version.
    NotMatching(String),
    /// It could not be read.
    Unreadable(String),
}

impl Rejection {
    pub(super) fn into_reason(self) -> String {
        match self {
            Self::NotMatching(why) | Self::Unreadable(why) => why,
        }
    }
}

/// The findings of one integration so far.
#[derive(Default)]
pub(super) struct EvidenceCollector<'r> {
    samples: BTreeMap<&'r str, Vec<FactSample<'r>>>,
    deployments: Vec<Deployment>,
    /// Names of the version from earlier documents.
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
    /// Extracts the facts of a document, or of each document in it.
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
                &format!("{} parts, read only {MAX_PARTS}", parts.len()),
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
                .unwrap_or_else(|| Err(Rejection::NotMatching("empty".into())))
        }
    }

    /// Marks the facts with an expected value as unreadable: an unreadable document must not count as a pass.
    pub(super) fn mark_unreadable(&mut self, find: &'r SearchRule, from: &str, why: &str) {
        for (name, rule) in find
            .facts
            .iter()
            .filter(|(_, rule)| rule.expected.is_some())
        {
            self.push_sample(
                find,
                from,
                name,
                rule,
                Extracted::Unreadable(format!("{from}: {why}")),
                None,
            );
        }
    }

    fn push_sample(
        &mut self,
        find: &'r SearchRule,
        from: &str,
        name: &'r str,
        rule: &'r FactRule,
        extracted: Extracted,
        created_at: Option<Millis>,
    ) {
        self.samples.entry(name).or_default().push(FactSample {
            rule,
            extracted,
            source: from.to_owned(),
            is_in_store: find.location.is_in_store(),
            created_at,
        });
    }

    /// Extracts the facts of one document.
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
            return not_matching("another kind of document");
        }
        let parts: Vec<&Value> = match &find.each {
            Some(each) => each.select(document),
            None => vec![document],
        };
        if parts.len() > MAX_PARTS {
            return Err(Rejection::Unreadable(format!(
                "more than {MAX_PARTS} parts"
            )));
        }
        let is_joined = find.must_name_version();
        let own: Vec<&Value> = parts
            .into_iter()
            .filter(|part| !is_joined || names_version(find, subject, &self.aliases, part))
            .collect();
        if own.is_empty() {
            return not_matching(if is_joined {
                "refers to neither this version nor its run"
            } else {
                "empty"
            });
        }
        let count = |collector: &Self| {
            collector.samples.values().map(Vec::len).sum::<usize>() + collector.deployments.len()
        };
        let before = count(self);
        for part in own {
            self.extract_facts(find, from, part, document);
        }
        if count(self) == before {
            return not_matching("none of the facts found");
        }
        Ok(())
    }

    fn extract_facts(&mut self, find: &'r SearchRule, from: &str, part: &Value, document: &Value) {
        let aliases = find.known_as.iter();
        let aliases = aliases.flat_map(|rule| rule.extract_texts(part, document));
        self.aliases.extend(aliases);
        let created_at = find
            .at
            .as_ref()
            .and_then(|rule| match rule.extract(part, document) {
                Extracted::Present(value) => value.as_i64(),
                _ => None,
            });
        for (name, rule) in &find.facts {
            let extracted = rule.extract(part, document);
            if extracted != Extracted::Absent {
                self.push_sample(find, from, name, rule, extracted, created_at);
            }
        }
        if let Some(rule) = &find.deployment {
            let deployment = extract_deployment(rule, part, document, from);
            self.deployments.push(deployment);
        }
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
            let is_unexpected = expected.is_some_and(|expected| !is_expected(&value, expected));
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

/// Whether a fact has its expected value. An unreadable one has not.
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

/// Merges the samples of a fact by its rule; without a rule they must agree. One unreadable sample makes the fact unreadable,
/// unless another decides it: `false` for `all`, `true` for `any`.
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
        return FactValue::Unreadable("no value".into());
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
            _ => FactValue::Unreadable("values of several documents cannot be merged".into()),
        },
        None => FactValue::Unreadable(format!("{} documents disagree", values.len())),
    }
}
