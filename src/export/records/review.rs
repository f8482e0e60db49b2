//! Reviews.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::CompareRecord;
use crate::analysis::Comparison;
use crate::export::document::{Answer, Tone};
use crate::export::review::{FileContent, ReviewDocument};
use crate::lineage;
use crate::promotion::policy::Candidate;
use crate::promotion::{Approval, describe_verdict};
use crate::text::untrusted::clean;

/// Paths of artifacts that only one version has, or whose sizes differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArtifactDiff<'a> {
    /// Only the candidate has them.
    pub added: Vec<&'a str>,
    /// Only the champion has them.
    pub removed: Vec<&'a str>,
    /// Their sizes differ.
    pub changed: Vec<&'a str>,
}

impl<'a> ArtifactDiff<'a> {
    /// The difference between two versions' artifacts: sizes in bytes by path.
    #[must_use]
    pub fn new(
        candidate: &'a BTreeMap<String, Option<u64>>,
        champion: &'a BTreeMap<String, Option<u64>>,
    ) -> Self {
        let paths = |of: &'a BTreeMap<String, Option<u64>>| of.keys().map(String::as_str);
        let is_resized = |path: &&str| {
            champion
                .get(*path)
                .is_some_and(|size| Some(size) != candidate.get(*path))
        };
        Self {
            added: paths(candidate)
                .filter(|path| !champion.contains_key(*path))
                .collect(),
            removed: paths(champion)
                .filter(|path| !candidate.contains_key(*path))
                .collect(),
            changed: paths(candidate).filter(is_resized).collect(),
        }
    }
}

/// The record of a review packet.
pub(in crate::export) fn review(
    review: &ReviewDocument<'_>,
    comparison: Option<&Comparison>,
    answers: &[Answer],
) -> Value {
    let side = |facts: &Candidate| {
        let graph = lineage::build(facts);
        json!({
            "model": facts.version.name.raw(),
            "version": facts.version.version.0,
            "stage": facts.version.stage.as_str(),
            "summary": graph.summary.raw(),
            "recorded": graph.reproducibility,
            "evidence": facts.evidence.tools,
            "warnings": graph.warnings,
            "missing": facts.missing,
        })
    };
    let (evaluation, candidate) = (review.evaluation, review.candidate);
    let artifacts = review.champion.map(|champion| {
        json!(ArtifactDiff::new(
            &candidate.evidence.artifacts,
            &champion.evidence.artifacts
        ))
    });
    let context = review.context;
    let contents = |wanted: FileContent| -> Vec<&String> {
        let all = context.contents.iter();
        all.filter(|(_, content)| **content == wanted)
            .map(|(path, _)| path)
            .collect()
    };
    let answers: Vec<Value> = answers.iter().map(answer_record).collect();
    json!({
        "target": evaluation.target.slot.to_string(),
        "passes": evaluation.is_passing(),
        "gates": evaluation.gates,
        "approvals": Approval::from_version_tags(&candidate.version),
        "requests": evaluation.requests,
        "seen": evaluation.facts_digest,
        "candidate": side(candidate),
        "champion": review.champion.map(side),
        "comparison": comparison.map(|comparison| CompareRecord::new(comparison, true)),
        "commits": review.commits.ok(),
        "artifacts": artifacts,
        "verdict": describe_verdict(&evaluation.gates, context.warnings.len()),
        "warnings": context.warnings,
        "answers": answers,
        "no_champion": context.dangling_champion,
        "same_size_other_content": contents(FileContent::Different),
        "same_size_not_compared": contents(FileContent::NotCompared),
    })
}

/// An answer: `state` is `good`, `warning`, `bad`, `unknown` or `plain`.
fn answer_record(answer: &Answer) -> Value {
    let state = match answer.tone {
        Tone::Good | Tone::Best => "good",
        Tone::Warning => "warning",
        Tone::Bad | Tone::Worse => "bad",
        Tone::Unknown => "unknown",
        Tone::Plain | Tone::Title | Tone::Muted => "plain",
    };
    let lines: Vec<_> = answer.lines.iter().map(|line| clean(line)).collect();
    json!({"key": answer.key, "question": answer.question, "state": state, "lines": lines})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn added_removed_and_resized_artifacts_are_listed() {
        let files = |all: &[(&str, u64)]| -> BTreeMap<String, Option<u64>> {
            let files = all
                .iter()
                .map(|(path, size)| ((*path).to_owned(), Some(*size)));
            files.collect()
        };
        let new = files(&[("a", 1), ("b\u{1b}", 5), ("same", 7)]);
        let old = files(&[("a", 2), ("gone", 3), ("same", 7)]);
        assert_eq!(
            json!(ArtifactDiff::new(&new, &old)),
            json!({"added": ["b\u{1b}"], "removed": ["gone"], "changed": ["a"]})
        );
    }
}
