//! The review packet: candidate against champion as one page, with what the gates say, in Markdown and as JSON.

mod artifacts;
mod evidence;

use serde_json::{Value, json};

use super::Sheet;
use super::comparison::{escaped, markdown, sheet};
use super::records::CompareRecord;
use crate::analysis::compare;
use crate::analysis::value_diff::{Sign, requirements};
use crate::lineage::{self, Recorded};
use crate::promotion::policy::{Candidate, Judged};
use crate::promotion::{Approval, Verdict};
use crate::text::fit;
use crate::text::untrusted::clean;

/// By how many cells a line that goes on is set in.
const INDENT: u16 = 2;

/// A review packet.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// What the policy says.
    pub judged: &'a Judged,
    /// The candidate.
    pub candidate: &'a Candidate,
    /// The version to beat.
    pub champion: Option<&'a Candidate>,
    /// The commits between the champion's code and the candidate's, or why they are not known.
    pub commits: Result<&'a [String], &'a str>,
}

impl Packet<'_> {
    /// The page, in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let asked = &self.judged.asked;
        let label = |facts: &Candidate| {
            format!(
                "{}/{}",
                escaped(facts.version.name.raw()),
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
            escaped(&asked.target.to_string())
        );
        text.push_str(&format!(
            "{}\n\n",
            escaped(lineage::build(self.candidate).summary.raw())
        ));
        self.gates(&mut text);
        self.approvals(&mut text);
        self.evidence(&mut text);
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
        self.commits(&mut text);
        self.environment(&mut text);
        let files = self.files();
        if !files.is_empty() {
            text.push_str(&format!(
                "### Artifacts\n\n```diff\n{}\n```\n\n",
                files.join("\n").replace("```", "---")
            ));
        }
        self.recorded(&mut text);
        text.push_str(&format!(
            "<sub>Facts {}. An approval is bound to them and lapses when they change.</sub>\n",
            self.judged.seen.get(..12).unwrap_or_default()
        ));
        text
    }

    /// The page for a terminal, cleaned: a line each; with a width in cells, broken and cut so that it fits.
    #[must_use]
    pub fn lines(&self, width: Option<u16>) -> Vec<String> {
        let whole = self.told(width);
        let broken = |line: String| match width {
            Some(width) if fit::width(&line) > width => {
                let mut parts = fit::wrap(&line, width.saturating_sub(INDENT)).into_iter();
                let first = parts.next().unwrap_or_default();
                std::iter::once(first)
                    .chain(parts.map(|part| format!("{:1$}{part}", "", usize::from(INDENT))))
                    .collect()
            }
            _ => vec![line],
        };
        whole.into_iter().flat_map(broken).collect()
    }

    fn told(&self, width: Option<u16>) -> Vec<String> {
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
                self.judged.asked.target
            ),
            lineage::build(self.candidate).summary.clean().into_owned(),
            String::new(),
        ];
        if self.judged.gates.is_empty() {
            lines.push("no gate guards this place".to_owned());
        }
        lines.extend(
            self.judged
                .gates
                .iter()
                .map(|gate| format!("gate {}", gate.line())),
        );
        for approval in Approval::of(&self.candidate.version) {
            let lapsed = if approval.seen == self.judged.seen {
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
                approval.by,
                approval.decision.as_str(),
                approval.to
            );
            lines.push(clean(&line).into_owned());
        }
        lines.extend(
            self.judged
                .requests
                .iter()
                .map(|request| format!("request: {}", request.line())),
        );
        let laid =
            |sheet: &Sheet| width.map_or_else(|| sheet.aligned(None).0, |width| sheet.whole(width));
        let found = self.found();
        if !found.rows.is_empty() {
            lines.push(String::new());
            lines.extend(laid(&found));
        }
        if let (Some(candidate), Some(champion)) = (
            &self.candidate.run,
            self.champion.and_then(|champion| champion.run.as_ref()),
        ) && candidate.id != champion.id
        {
            lines.push(String::new());
            lines.extend(laid(&sheet(
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
        let packages = self.packages();
        if !packages.is_empty() {
            lines.extend([String::new(), "environment".to_owned()]);
            lines.extend(packages.into_iter().map(|line| format!("  {line}")));
        }
        let files = self.files();
        if !files.is_empty() {
            lines.extend([String::new(), "artifacts".to_owned()]);
            lines.extend(files.into_iter().map(|line| format!("  {line}")));
        }
        lines.extend([String::new(), self.open()]);
        lines
    }

    /// The same facts as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let side = |facts: &Candidate| {
            let graph = lineage::build(facts);
            json!({
                "model": facts.version.name.raw(),
                "version": facts.version.version.0,
                "stage": facts.version.stage.as_str(),
                "summary": graph.summary.raw(),
                "recorded": graph.reproducibility,
                "evidence": facts.evidence.evidence,
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
            "target": self.judged.asked.target.to_string(),
            "passes": self.judged.passes(),
            "gates": self.judged.gates,
            "approvals": Approval::of(&self.candidate.version),
            "requests": self.judged.requests,
            "seen": self.judged.seen,
            "candidate": side(self.candidate),
            "champion": self.champion.map(side),
            "comparison": compared,
            "commits": self.commits.ok(),
            "artifacts": self.champion.map(|champion| artifacts::json(&self.candidate.evidence.artifacts, &champion.evidence.artifacts)),
        })
    }

    /// What differs among the files of both.
    fn files(&self) -> Vec<String> {
        self.champion
            .map(|champion| {
                artifacts::lines(
                    &self.candidate.evidence.artifacts,
                    &champion.evidence.artifacts,
                )
            })
            .unwrap_or_default()
    }

    /// What other tools left with both.
    fn found(&self) -> Sheet {
        evidence::sheet(
            &self.candidate.evidence,
            self.champion.map(|champion| &champion.evidence),
        )
    }

    fn evidence(&self, text: &mut String) {
        let found = self.found();
        if !found.rows.is_empty() {
            text.push_str(&format!("{}\n", found.markdown()));
        }
    }

    fn gates(&self, text: &mut String) {
        if self.judged.gates.is_empty() {
            text.push_str("No gate guards this place.\n\n");
            return;
        }
        text.push_str("| gate | | saw |\n|---|---|---|\n");
        for gate in &self.judged.gates {
            let sign = match gate.verdict {
                Verdict::Pass => "✅ pass",
                Verdict::Fail => "❌ fail",
                Verdict::Absent => "❔ absent",
                Verdict::Overridden => "⚠️ overridden",
            };
            let why = if gate.reason.is_empty() {
                String::new()
            } else {
                format!(": {}", escaped(&gate.reason))
            };
            let saw: Vec<String> = gate
                .values
                .iter()
                .map(|(name, value)| format!("{} {}", escaped(name), escaped(value)))
                .collect();
            text.push_str(&format!(
                "| {} | {sign}{why} | {} |\n",
                escaped(&gate.name),
                saw.join("<br>")
            ));
        }
        text.push('\n');
    }

    fn approvals(&self, text: &mut String) {
        for approval in Approval::of(&self.candidate.version) {
            let lapsed = if approval.seen == self.judged.seen {
                ""
            } else {
                ", lapsed: the facts changed since"
            };
            let comment = if approval.comment.is_empty() {
                String::new()
            } else {
                format!(": {}", escaped(&approval.comment))
            };
            let by = approval
                .recorded_by
                .map(|by| format!(", recorded by {}", escaped(&by)))
                .unwrap_or_default();
            text.push_str(&format!(
                "- **{}** {} for {}{comment}{by}{lapsed}\n",
                escaped(&approval.by),
                approval.decision.as_str(),
                escaped(&approval.to)
            ));
        }
        for request in &self.judged.requests {
            text.push_str(&format!("- request: {}\n", escaped(&request.line())));
        }
        if text.ends_with('\n') && !text.ends_with("\n\n") {
            text.push('\n');
        }
    }

    fn commits(&self, text: &mut String) {
        match self.commits {
            Ok([]) => {}
            Ok(commits) => {
                text.push_str(&format!("### {} commits between\n\n", commits.len()));
                for commit in commits {
                    text.push_str(&format!("- {}\n", escaped(commit)));
                }
                text.push('\n');
            }
            Err(why) => text.push_str(&format!("Commits between: {}\n\n", escaped(why))),
        }
    }

    /// What differs between the two environments, `+` and `-` before each package, cleaned.
    fn packages(&self) -> Vec<String> {
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
        let changed = requirements(&then, &now)
            .into_iter()
            .filter(|line| matches!(line.sign, Sign::Added | Sign::Removed));
        let told = changed.map(|line| {
            let text: String = line
                .pieces
                .iter()
                .map(|(_, piece)| piece.as_str())
                .collect();
            format!(
                "{} {}",
                if line.sign == Sign::Added { "+" } else { "-" },
                clean(&text)
            )
        });
        told.collect()
    }

    fn environment(&self, text: &mut String) {
        let packages = self.packages();
        if !packages.is_empty() {
            text.push_str(&format!(
                "### Environment\n\n```diff\n{}\n```\n\n",
                packages.join("\n").replace("```", "---")
            ));
        }
    }

    fn recorded(&self, text: &mut String) {
        text.push_str(&format!("{}.\n\n", self.open()));
    }

    /// What is recorded only in part, or not.
    fn open(&self) -> String {
        let graph = lineage::build(self.candidate);
        let open = graph
            .reproducibility
            .iter()
            .filter(|check| check.state != Recorded::Recorded);
        let open: Vec<String> = open
            .map(|check| format!("{} {}", check.what, check.state.as_str()))
            .collect();
        if open.is_empty() {
            "Recorded: all that is needed to make it again".to_owned()
        } else {
            format!("Recorded: {}", open.join(", "))
        }
    }
}
