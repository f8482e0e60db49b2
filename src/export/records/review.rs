//! Reviews.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::CompareRecord;
use crate::analysis::Comparison;
use crate::export::review::ReviewDocument;
use crate::lineage;
use crate::promotion::Approval;
use crate::promotion::policy::Candidate;

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
    })
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
