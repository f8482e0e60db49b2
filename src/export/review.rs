//! The review packet: a candidate against the champion on one page, with the gates' results.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Block, Check, Document, Table, Tone};
use super::records::ArtifactDiff;
use super::{Sheet, comparison, records};
use crate::analysis::value_diff::{LineKind, diff_requirements};
use crate::analysis::{Comparison, compare};
use crate::evidence::{EvidenceReport, Fact};
use crate::lineage::{self, Completeness};
use crate::promotion::policy::{Candidate, PolicyEvaluation};
use crate::promotion::{Approval, GateOutcome, GateResult};
use crate::text::quantity::format_bytes;

/// Changed artifacts that a packet lists before it counts the rest.
const MAX_ARTIFACT_LINES: usize = 40;
/// Characters of the facts' digest: enough to compare by eye.
const DIGEST_CHARS: usize = 12;
/// Shown for a side without a fact.
const ABSENT: &str = "—";

/// What a review packet is composed from.
#[derive(Clone, Copy, Debug)]
pub struct ReviewDocument<'a> {
    /// The policy's results for the candidate.
    pub evaluation: &'a PolicyEvaluation,
    /// The version under review.
    pub candidate: &'a Candidate,
    /// The version to beat; absent before the first promotion.
    pub champion: Option<&'a Candidate>,
    /// The commits between the champion's code and the candidate's, or why they are unknown.
    pub commits: Result<&'a [String], &'a str>,
}

impl ReviewDocument<'_> {
    /// The packet for people.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let slot = &self.evaluation.target.slot;
        let mut document = Document::new(format!("Review: {} for {slot}", label(self.candidate)));
        let graph = lineage::build(self.candidate);
        document.blocks.extend([
            Block::Paragraph(self.champion.map_or_else(
                || "No champion yet.".to_owned(),
                |champion| format!("Against {}.", label(champion)),
            )),
            Block::Paragraph(graph.summary.raw().to_owned()),
        ]);
        if self.evaluation.gates.is_empty() {
            let text = format!("No gate protects {slot}.");
            document.blocks.push(Block::Paragraph(text));
        }
        let gates = self.evaluation.gates.iter().map(gate_check).collect();
        document.push_section("Gates", Block::Checks(gates));
        document.push_section("Reviews", Block::List(self.review_lines()));
        let evidence = evidence_sheet(
            &self.candidate.evidence,
            self.champion.map(|champion| &champion.evidence),
        );
        document.push_section("Evidence", Block::Table(Table::from(evidence)));
        if let Some(comparison) = self.comparison() {
            let compared =
                comparison::document(&comparison, comparison::RowSelection::differences(), &[]);
            document.blocks.push(Block::Heading(compared.title));
            document.blocks.extend(compared.blocks);
        }
        match self.commits {
            Ok(commits) => document.push_section(
                format!("{} commits between", commits.len()),
                Block::List(commits.to_vec()),
            ),
            Err(why) => {
                let text = format!("Commits between: unknown, {why}.");
                document.blocks.push(Block::Paragraph(text));
            }
        }
        document.push_section("Environment", Block::Diff(self.package_diff()));
        document.push_section("Artifacts", Block::Diff(self.artifact_lines()));
        let checks = graph.reproducibility.iter();
        let open = checks.filter(|check| check.state != Completeness::Recorded);
        let open: Vec<Check> = open.map(super::lineage::check).collect();
        if open.is_empty() {
            let text = "Everything needed to reproduce it is recorded.".to_owned();
            document.blocks.push(Block::Paragraph(text));
        }
        document.push_section("Reproducibility", Block::Checks(open));
        let digest = &self.evaluation.facts_digest;
        document.blocks.push(Block::Note(format!(
            "Facts {}. An approval is bound to them and lapses when they change.",
            digest.get(..DIGEST_CHARS).unwrap_or_default()
        )));
        document
    }

    /// The packet as `review --json` prints it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        records::review(self, self.comparison().as_ref())
    }

    /// The runs of both versions, if they are different runs.
    fn comparison(&self) -> Option<Comparison> {
        let candidate = self.candidate.run.as_ref()?;
        let champion = self.champion?.run.as_ref()?;
        let runs = || vec![champion.clone(), candidate.clone()];
        (candidate.id != champion.id).then(|| compare(runs(), Some(&champion.id)))
    }

    /// The recorded approvals, then the open transition requests.
    fn review_lines(&self) -> Vec<String> {
        let approvals = Approval::from_version_tags(&self.candidate.version);
        let approval = |approval: Approval| {
            let mut line = format!(
                "{}: {} for {}",
                approval.reviewer,
                approval.decision.as_str(),
                approval.slot
            );
            if !approval.comment.is_empty() {
                line.push_str(&format!(": {}", approval.comment));
            }
            if let Some(by) = approval.recorded_by {
                line.push_str(&format!(", recorded by {by}"));
            }
            if approval.facts_digest != self.evaluation.facts_digest {
                line.push_str(" (lapsed: the facts changed since)");
            }
            line
        };
        let requests = self.evaluation.requests.iter();
        let requests = requests.map(|request| format!("request: {}", request.summary()));
        approvals
            .into_iter()
            .map(approval)
            .chain(requests)
            .collect()
    }

    /// The packages that were added or removed.
    fn package_diff(&self) -> Vec<String> {
        let requirements = |facts: &Candidate| {
            let mut files = facts.files.iter();
            let found = files.find(|file| file.name == "requirements.txt");
            found.map(|file| file.text.raw().to_owned())
        };
        let champion = self.champion.and_then(requirements);
        let Some((new, old)) = requirements(self.candidate).zip(champion) else {
            return Vec::new();
        };
        let lines = diff_requirements(&old, &new).into_iter();
        let lines = lines.filter_map(|line| {
            let sign = match line.kind {
                LineKind::Added => '+',
                LineKind::Removed => '-',
                _ => return None,
            };
            let text: String = line
                .segments
                .into_iter()
                .map(|segment| segment.text)
                .collect();
            Some(format!("{sign} {text}"))
        });
        lines.collect()
    }

    /// The artifacts that were added, removed or resized.
    fn artifact_lines(&self) -> Vec<String> {
        let Some(champion) = self.champion else {
            return Vec::new();
        };
        let (new, old) = (
            &self.candidate.evidence.artifacts,
            &champion.evidence.artifacts,
        );
        let diff = ArtifactDiff::new(new, old);
        let size = |files: &BTreeMap<String, Option<u64>>, path: &str| {
            let size = files.get(path).copied().flatten();
            size.map(|size| format!("  {}", format_bytes(size)))
                .unwrap_or_default()
        };
        let added = diff
            .added
            .iter()
            .map(|path| format!("+ {path}{}", size(new, path)));
        let changed = diff.changed.iter();
        let changed =
            changed.map(|path| format!("~ {path}{} →{}", size(old, path), size(new, path)));
        let removed = diff
            .removed
            .iter()
            .map(|path| format!("- {path}{}", size(old, path)));
        let mut lines: Vec<String> = added.chain(changed).chain(removed).collect();
        let omitted = lines.len().saturating_sub(MAX_ARTIFACT_LINES);
        lines.truncate(MAX_ARTIFACT_LINES);
        lines.extend((omitted > 0).then(|| format!("and {omitted} more")));
        lines
    }
}

fn label(facts: &Candidate) -> String {
    format!("{}/{}", facts.version.name.raw(), facts.version.version)
}

fn gate_check(gate: &GateResult) -> Check {
    Check {
        name: gate.name.clone(),
        tone: match gate.outcome {
            GateOutcome::Pass => Tone::Good,
            GateOutcome::Fail => Tone::Bad,
            GateOutcome::Absent => Tone::Unknown,
            GateOutcome::Overridden => Tone::Warning,
        },
        state: gate.outcome.as_str().to_owned(),
        detail: gate.reason.clone(),
        values: gate.values.clone(),
    }
}

/// The facts that differ, or that an integration has an expectation for; unexpected facts of the candidate first.
fn evidence_sheet(candidate: &EvidenceReport, champion: Option<&EvidenceReport>) -> Sheet {
    let mut sheet = Sheet::new(["evidence", "champion", "candidate", "note"]);
    let new = facts_by_name(candidate);
    let old = champion.map(facts_by_name).unwrap_or_default();
    let mut keys: Vec<&(&str, &str)> = new.keys().collect();
    keys.extend(old.keys().filter(|key| !new.contains_key(*key)));
    keys.sort_by_key(|key| (!new.get(key).is_some_and(|fact| fact.is_unexpected), **key));
    for key in keys {
        let (fact, before) = (new.get(key), old.get(key));
        let is_same = fact.map(|fact| &fact.value) == before.map(|fact| &fact.value);
        if is_same && fact.is_some_and(|fact| !fact.has_expectation && !fact.is_stale) {
            continue;
        }
        let value = |fact: Option<&&Fact>| {
            fact.map_or_else(|| ABSENT.to_owned(), |fact| fact.value.to_string())
        };
        let notes = [
            (
                fact.is_some_and(|fact| fact.is_unexpected),
                "not as expected",
            ),
            (
                fact.is_some_and(|fact| fact.is_stale),
                "older than the version",
            ),
        ];
        let notes = notes.into_iter().filter(|(holds, _)| *holds);
        let notes: Vec<&str> = notes.map(|(_, note)| note).collect();
        sheet.push_row([
            format!("{}: {}", key.0, key.1),
            value(before),
            value(fact),
            notes.join(", "),
        ]);
    }
    for (tool, deployment) in candidate.deployments() {
        let name = format!("{tool}: deployment");
        sheet.push_row([name, String::new(), deployment.to_string(), String::new()]);
    }
    sheet
}

/// The facts by tool and name.
fn facts_by_name(report: &EvidenceReport) -> BTreeMap<(&str, &str), &Fact> {
    let tools = report.tools.iter();
    let facts = tools.flat_map(|tool| tool.facts.iter().map(move |fact| (tool, fact)));
    facts
        .map(|(tool, fact)| ((tool.name.as_str(), fact.name.as_str()), fact))
        .collect()
}
