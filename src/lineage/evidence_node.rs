//! Nodes of what other tools recorded.

use serde_json::Value;

use super::{Node, NodeKind};
use crate::evidence::{Fact, FactValue, LineageRole, ToolEvidence};

/// Unexpected facts that a finding names.
const MAX_FINDINGS: usize = 3;
/// Characters of a digest.
const DIGEST_CHARS: usize = 8;
/// What stands before a fact's own word: the same fact from a tag, or of the version.
const PREFIXES: [&str; 2] = ["tagged_", "version_"];
/// Last words of facts that name a thing rather than a state: `no drift`, but `not ready`.
const NOUNS: [&str; 3] = ["drift", "alert", "alerts"];

pub(super) fn node(evidence: &ToolEvidence) -> Node {
    let mut node = Node::new(
        format!("evidence:{}", evidence.id),
        NodeKind::Evidence,
        evidence.name.as_str(),
    );
    node.finding = finding(evidence);
    let node = node.with_attribute("kind", Some(evidence.kind.as_str()));
    evidence.facts.iter().fold(node, |node, fact| {
        let mark = if fact.is_unexpected { " (!)" } else { "" };
        let old = if fact.is_stale {
            ", older than the version"
        } else {
            ""
        };
        node.with_attribute(
            &fact.name,
            Some(format!("{}{mark}  [{}{old}]", fact.value, fact.source)),
        )
    })
}

/// What a tool found: the unexpected facts, else a pending check, else the headline.
fn finding(evidence: &ToolEvidence) -> Option<String> {
    let mut unexpected: Vec<String> = Vec::new();
    for fact in evidence.facts.iter().filter(|fact| fact.is_unexpected) {
        let text = short_text(fact);
        if !unexpected.contains(&text) {
            unexpected.push(text);
        }
    }
    unexpected.truncate(MAX_FINDINGS);
    if !unexpected.is_empty() {
        return Some(unexpected.join(", "));
    }
    let mut pending = evidence
        .facts
        .iter()
        .filter_map(|fact| fact.value.pending_word());
    if let Some(word) = pending.next() {
        return Some(word.to_owned());
    }
    evidence.headline().map(short_text)
}

/// A fact in a few words: `drift`, `1 failed`, `not ready`, `v2.3`.
fn short_text(fact: &Fact) -> String {
    let name = fact.name.as_str();
    let name = PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name);
    let last_word = name.rsplit('_').next().unwrap_or(name);
    match &fact.value {
        FactValue::Value(Value::Bool(holds)) => match (name, holds) {
            ("success", true) => "passed".to_owned(),
            ("success", false) => "failed".to_owned(),
            (_, true) if NOUNS.contains(&last_word) => last_word.to_owned(),
            (_, false) if NOUNS.contains(&last_word) => format!("no {last_word}"),
            (_, true) => name.replace('_', " "),
            (_, false) => format!("not {}", name.replace('_', " ")),
        },
        FactValue::Value(Value::Number(number)) => format!("{number} {last_word}"),
        FactValue::Unreadable(_) if fact.value.pending_word().is_none() => {
            format!("{last_word} unreadable")
        }
        value if fact.lineage_role == Some(LineageRole::DataDigest) => {
            value.to_string().chars().take(DIGEST_CHARS).collect()
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fact(name: &str, value: Value, (is_unexpected, has_expectation): (bool, bool)) -> Fact {
        Fact {
            name: name.into(),
            value: FactValue::Value(value),
            source: String::new(),
            created_at: None,
            is_stale: false,
            is_unexpected,
            has_expectation,
            is_in_store: true,
            lineage_role: None,
        }
    }

    fn found(facts: Vec<Fact>) -> Option<String> {
        finding(&ToolEvidence {
            id: "x".into(),
            name: "X".into(),
            kind: String::new(),
            facts,
            deployments: Vec::new(),
            fetch_command: None,
        })
    }

    #[test]
    fn finding_names_what_is_unexpected() {
        const BAD: (bool, bool) = (true, true);
        let evidently = vec![
            fact("column_drift", json!(true), BAD),
            fact("dataset_drift", json!(true), BAD),
            fact("drift_share", json!(0.375), (false, false)),
            fact("tests_failed", json!(1), BAD),
        ];
        assert_eq!(found(evidently).as_deref(), Some("drift, 1 failed"));
        for (name, value, expected) in [
            ("success", json!(false), "failed"),
            ("tagged_valid", json!(false), "not valid"),
            ("in_service", json!(false), "not in service"),
            ("tagged_alerts", json!(3), "3 alerts"),
        ] {
            assert_eq!(
                found(vec![fact(name, value, BAD)]).as_deref(),
                Some(expected)
            );
        }
    }

    #[test]
    fn finding_without_trouble_is_the_headline() {
        const GOOD: (bool, bool) = (false, true);
        let passed = vec![
            fact("evaluated", json!(12), (false, false)),
            fact("success", json!(true), GOOD),
        ];
        assert_eq!(found(passed).as_deref(), Some("passed"));
        let drift = fact("dataset_drift", json!(false), GOOD);
        assert_eq!(found(vec![drift]).as_deref(), Some("no drift"));
        assert_eq!(found(Vec::new()), None);
    }
}
