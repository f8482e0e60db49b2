//! The review packet: candidate against champion as one page, with what the gates say, in Markdown and as JSON.

mod artifacts;
mod evidence;

use serde_json::{Value, json};

use super::Sheet;
use super::comparison::{comparison_sheet, escape_markdown, markdown};
use super::records::CompareRecord;
use crate::analysis::compare;
use crate::analysis::value_diff::{LineKind, diff_requirements};
use crate::lineage::{self, Completeness};
use crate::promotion::policy::{Candidate, PolicyEvaluation};
use crate::promotion::{Approval, GateOutcome};
use crate::text::untrusted::clean;
use crate::text::width;

/// By how many cells a line that goes on is set in.
const CONTINUATION_INDENT: u16 = 2;

/// A review packet.
#[derive(Clone, Copy, Debug)]
pub struct ReviewDocument<'a> {
    /// What the policy says.
    pub evaluation: &'a PolicyEvaluation,
    /// The candidate.
    pub candidate: &'a Candidate,
    /// The version to beat.
    pub champion: Option<&'a Candidate>,
    /// The commits between the champion's code and the candidate's, or why they are not known.
    pub commits: Result<&'a [String], &'a str>,
}

impl ReviewDocument<'_> {
    /// The page, in Markdown.
    #[must_use]
    pub fn render_markdown(&self) -> String {
        let request = &self.evaluation.target;
        let label = |facts: &Candidate| {
            format!(
                "{}/{}",
                escape_markdown(facts.version.name.raw()),
                facts.version.version
            )
        };
        let against = self.champion.map_or_else(
            || "there is no champion yet".to_owned(),
            |champion| format!("against **{}**", label(champion)),
        );
        let mut text = format!(
            "## Review: {} for {}\n\n{against}\n\n",
            label(self.candidate),
            escape_markdown(&request.slot.to_string())
        );
        text.push_str(&format!(
            "{}\n\n",
            escape_markdown(lineage::build(self.candidate).summary.raw())
        ));
        self.write_gates(&mut text);
        self.write_approvals(&mut text);
        self.write_evidence(&mut text);
        if let (Some(candidate), Some(champion)) = (
            &self.candidate.run,
            self.champion.and_then(|champion| champion.run.as_ref()),
        ) && candidate.id != champion.id
        {
            text.push_str(&markdown(
                &compare(
                    vec![champion.clone(), candidate.clone()],
                    Some(&champion.id),
                ),
                true,
            ));
            text.push('\n');
        }
        self.write_commits(&mut text);
        self.write_environment(&mut text);
        let files = self.artifact_diff();
        if !files.is_empty() {
            text.push_str(&format!(
                "### Artifacts\n\n```diff\n{}\n```\n\n",
                files.join("\n").replace("```", "---")
            ));
        }
        self.write_reproducibility(&mut text);
        text.push_str(&format!(
            "<sub>Facts {}. An approval is bound to them and lapses when they change.</sub>\n",
            self.evaluation.facts_digest.get(..12).unwrap_or_default()
        ));
        text
    }

    /// The page for a terminal, cleaned: a line each; with a width in cells, broken and cut so that it fits.
    #[must_use]
    pub fn render_lines(&self, width: Option<u16>) -> Vec<String> {
        let whole = self.unwrapped_lines(width);
        let broken =
            |line: String| match width {
                Some(width) if width::width(&line) > width => {
                    let mut parts =
                        width::wrap(&line, width.saturating_sub(CONTINUATION_INDENT)).into_iter();
                    let first = parts.next().unwrap_or_default();
                    std::iter::once(first)
                        .chain(parts.map(|part| {
                            format!("{:1$}{part}", "", usize::from(CONTINUATION_INDENT))
                        }))
                        .collect()
                }
                _ => vec![line],
            };
        whole.into_iter().flat_map(broken).collect()
    }

    fn unwrapped_lines(&self, width: Option<u16>) -> Vec<String> {
        let label =
            |facts: &Candidate| format!("{}/{}", facts.version.name.clean(), facts.version.version);
        let against = self.champion.map_or_else(
            || "there is no champion yet".to_owned(),
            |champion| format!("against {}", label(champion)),
        );
        let mut lines = vec![
            format!(
                "{} for {}, {against}",
                label(self.candidate),
                self.evaluation.target.slot
            ),
            lineage::build(self.candidate).summary.clean().into_owned(),
            String::new(),
        ];
        if self.evaluation.gates.is_empty() {
            lines.push("no gate guards this place".to_owned());
        }
        lines.extend(
            self.evaluation
                .gates
                .iter()
                .map(|gate| format!("gate {}", gate.describe())),
        );
        for approval in Approval::from_version_tags(&self.candidate.version) {
            let lapsed = if approval.facts_digest == self.evaluation.facts_digest {
                ""
            } else {
                " (lapsed: the facts changed since)"
            };
            let comment = if approval.comment.is_empty() {
                String::new()
            } else {
                format!(": {}", approval.comment)
            };
            let line = format!(
                "{}: {} for {}{comment}{lapsed}",
                approval.reviewer,
                approval.decision.as_str(),
                approval.slot
            );
            lines.push(clean(&line).into_owned());
        }
        lines.extend(
            self.evaluation
                .requests
                .iter()
                .map(|request| format!("request: {}", request.summary())),
        );
        let align = |sheet: &Sheet| {
            width.map_or_else(
                || sheet.to_aligned_lines(None).0,
                |width| sheet.fit_to_width(width),
            )
        };
        let evidence = self.evidence_sheet();
        if !evidence.rows.is_empty() {
            lines.push(String::new());
            lines.extend(align(&evidence));
        }
        if let (Some(candidate), Some(champion)) = (
            &self.candidate.run,
            self.champion.and_then(|champion| champion.run.as_ref()),
        ) && candidate.id != champion.id
        {
            lines.push(String::new());
            lines.extend(align(&comparison_sheet(
                &compare(
                    vec![champion.clone(), candidate.clone()],
                    Some(&champion.id),
                ),
                true,
                false,
            )));
        }
        match self.commits {
            Ok([]) => {}
            Ok(commits) => {
                lines.extend([String::new(), format!("{} commits between", commits.len())]);
                lines.extend(commits.iter().map(|commit| format!("  {commit}")));
            }
            Err(why) => lines.extend([String::new(), format!("commits between: {}", clean(why))]),
        }
        let packages = self.package_diff();
        if !packages.is_empty() {
            lines.extend([String::new(), "environment".to_owned()]);
            lines.extend(packages.into_iter().map(|line| format!("  {line}")));
        }
        let files = self.artifact_diff();
        if !files.is_empty() {
            lines.extend([String::new(), "artifacts".to_owned()]);
            lines.extend(files.into_iter().map(|line| format!("  {line}")));
        }
        lines.extend([String::new(), self.reproducibility_summary()]);
        lines
    }

    /// The same facts as JSON.
    #[must_use]
    pub fn render_json(&self) -> Value {
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
        let runs = self
            .candidate
            .run
            .as_ref()
            .zip(self.champion.and_then(|champion| champion.run.as_ref()));
        let compared = runs
            .filter(|(candidate, champion)| candidate.id != champion.id)
            .map(|(candidate, champion)| {
                json!(CompareRecord::new(
                    &compare(
                        vec![champion.clone(), candidate.clone()],
                        Some(&champion.id)
                    ),
                    true
                ))
            });
        json!({
            "target": self.evaluation.target.slot.to_string(),
            "passes": self.evaluation.is_passing(),
            "gates": self.evaluation.gates,
            "approvals": Approval::from_version_tags(&self.candidate.version),
            "requests": self.evaluation.requests,
            "seen": self.evaluation.facts_digest,
            "candidate": side(self.candidate),
            "champion": self.champion.map(side),
            "comparison": compared,
            "commits": self.commits.ok(),
            "artifacts": self.champion.map(|champion| artifacts::diff_json(&self.candidate.evidence.artifacts, &champion.evidence.artifacts)),
        })
    }

    /// What differs among the files of both.
    fn artifact_diff(&self) -> Vec<String> {
        self.champion
            .map(|champion| {
                artifacts::diff_lines(
                    &self.candidate.evidence.artifacts,
                    &champion.evidence.artifacts,
                )
            })
            .unwrap_or_default()
    }

    /// What other tools left with both.
    fn evidence_sheet(&self) -> Sheet {
        evidence::evidence_sheet(
            &self.candidate.evidence,
            self.champion.map(|champion| &champion.evidence),
        )
    }

    fn write_evidence(&self, text: &mut String) {
        let found = self.evidence_sheet();
        if !found.rows.is_empty() {
            text.push_str(&format!("{}\n", found.to_markdown()));
        }
    }

    fn write_gates(&self, text: &mut String) {
        if self.evaluation.gates.is_empty() {
            text.push_str("No gate guards this place.\n\n");
            return;
        }
        text.push_str("| gate | | saw |\n|---|---|---|\n");
        for gate in &self.evaluation.gates {
            let sign = match gate.outcome {
                GateOutcome::Pass => "✅ pass",
                GateOutcome::Fail => "❌ fail",
                GateOutcome::Absent => "❔ absent",
                GateOutcome::Overridden => "⚠️ overridden",
            };
            let why = if gate.reason.is_empty() {
                String::new()
            } else {
                format!(": {}", escape_markdown(&gate.reason))
            };
            let values: Vec<String> = gate
                .values
                .iter()
                .map(|(name, value)| {
                    format!("{} {}", escape_markdown(name), escape_markdown(value))
                })
                .collect();
            text.push_str(&format!(
                "| {} | {sign}{why} | {} |\n",
                escape_markdown(&gate.name),
                values.join("<br>")
            ));
        }
        text.push('\n');
    }

    fn write_approvals(&self, text: &mut String) {
        for approval in Approval::from_version_tags(&self.candidate.version) {
            let lapsed = if approval.facts_digest == self.evaluation.facts_digest {
                ""
            } else {
                ", lapsed: the facts changed since"
            };
            let comment = if approval.comment.is_empty() {
                String::new()
            } else {
                format!(": {}", escape_markdown(&approval.comment))
            };
            let by = approval
                .recorded_by
                .map(|by| format!(", recorded by {}", escape_markdown(&by)))
                .unwrap_or_default();
            text.push_str(&format!(
                "- **{}** {} for {}{comment}{by}{lapsed}\n",
                escape_markdown(&approval.reviewer),
                approval.decision.as_str(),
                escape_markdown(&approval.slot)
            ));
        }
        for request in &self.evaluation.requests {
            text.push_str(&format!(
                "- request: {}\n",
                escape_markdown(&request.summary())
            ));
        }
        if text.ends_with('\n') && !text.ends_with("\n\n") {
            text.push('\n');
        }
    }

    fn write_commits(&self, text: &mut String) {
        match self.commits {
            Ok([]) => {}
            Ok(commits) => {
                text.push_str(&format!("### {} commits between\n\n", commits.len()));
                for commit in commits {
                    text.push_str(&format!("- {}\n", escape_markdown(commit)));
                }
                text.push('\n');
            }
            Err(why) => text.push_str(&format!("Commits between: {}\n\n", escape_markdown(why))),
        }
    }

    /// What differs between the two environments, `+` and `-` before each package, cleaned.
    fn package_diff(&self) -> Vec<String> {
        let file = |facts: &Candidate| {
            facts
                .files
                .iter()
                .find(|(name, _)| name == "requirements.txt")
                .map(|(_, text)| text.raw().to_owned())
        };
        let (Some(now), Some(then)) = (file(self.candidate), self.champion.and_then(file)) else {
            return Vec::new();
        };
        let changed = diff_requirements(&then, &now)
            .into_iter()
            .filter(|line| matches!(line.kind, LineKind::Added | LineKind::Removed));
        let lines = changed.map(|line| {
            format!(
                "{} {}",
                if line.kind == LineKind::Added {
                    "+"
                } else {
                    "-"
                },
                clean(&line.text())
            )
        });
        lines.collect()
    }

    fn write_environment(&self, text: &mut String) {
        let packages = self.package_diff();
        if !packages.is_empty() {
            text.push_str(&format!(
                "### Environment\n\n```diff\n{}\n```\n\n",
                packages.join("\n").replace("```", "---")
            ));
        }
    }

    fn write_reproducibility(&self, text: &mut String) {
        text.push_str(&format!("{}.\n\n", self.reproducibility_summary()));
    }

    /// What is recorded only in part, or not.
    fn reproducibility_summary(&self) -> String {
        let graph = lineage::build(self.candidate);
        let open = graph
            .reproducibility
            .iter()
            .filter(|check| check.state != Completeness::Recorded);
        let open: Vec<String> = open
            .map(|check| format!("{} {}", check.aspect, check.state.as_str()))
            .collect();
        if open.is_empty() {
            "Recorded: all that is needed to make it again".to_owned()
        } else {
            format!("Recorded: {}", open.join(", "))
        }
    }
}
