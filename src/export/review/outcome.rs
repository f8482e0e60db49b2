//! What follows: whether it can be made again, what is not known, what a promotion does.

use super::{Answer, Sides, Tone, answer};
use crate::lineage::{Completeness, reproduction_steps};

/// Lines of what is not known.
const MAX_GAPS: usize = 20;

impl Sides<'_> {
    /// By the checklist and by the steps of `reproduce`, so that both say the same.
    pub(super) fn reproducible(&self) -> Answer {
        let gaps = self.reproduction_gaps();
        let is_lost = gaps.iter().any(|(aspect, state, _)| {
            let is_essential = ["code", "data", "environment", "model"].contains(aspect);
            is_essential && *state == Completeness::NotRecorded
        });
        let (tone, first) = match (gaps.is_empty(), is_lost) {
            (true, _) => (Tone::Good, "yes: everything needed is recorded"),
            (false, false) => (Tone::Warning, "partly"),
            (false, true) => (Tone::Bad, "no"),
        };
        let gaps = gaps.into_iter().map(|(aspect, state, detail)| {
            let line = format!("{aspect}: {}: {detail}", state.as_str());
            line.trim_end_matches(": ").to_owned()
        });
        let lines = std::iter::once(first.to_owned()).chain(gaps).collect();
        answer("reproducible", "Reproducible?", tone, lines)
    }

    /// Aspects that are not fully recorded, with how much is, and what is missing.
    fn reproduction_gaps(&self) -> Vec<(&'static str, Completeness, String)> {
        let checks = self.graph.reproducibility.iter();
        let open = checks.filter(|check| check.state != Completeness::Recorded);
        let mut gaps: Vec<_> = open
            .map(|check| (check.aspect, check.state, check.detail.clone()))
            .collect();
        if self.review.candidate.version.is_prompt() {
            return gaps;
        }
        for step in reproduction_steps(self.review.candidate) {
            let is_known = gaps.iter().any(|(aspect, ..)| *aspect == step.aspect);
            if step.state != Completeness::Recorded && !is_known {
                gaps.push((step.aspect, step.state, step.notes.join("; ")));
            }
        }
        gaps
    }

    /// The gaps of the other answers, then what could not be read.
    pub(super) fn not_known(&self, answers: &[Answer]) -> Answer {
        let of_answers = answers.iter().filter_map(|answer| {
            let first = answer.lines.first()?;
            let is_open = answer.tone == Tone::Unknown;
            let topic = answer.question.trim_end_matches('?').to_lowercase();
            let text = first.strip_prefix("not known: ").unwrap_or(first);
            let text = text.split(';').next().unwrap_or_default();
            is_open.then(|| format!("{topic}: {text}"))
        });
        let gaps = self.reproduction_gaps().into_iter();
        let gaps = gaps.map(|(aspect, state, _)| format!("{aspect}: {}", state.as_str()));
        let commits = self.review.commits.err();
        let commits = commits.map(|why| format!("the commits since the champion's: {why}"));
        let unread = self.graph.missing.iter();
        let unread = unread.map(|line| format!("not read: {line}"));
        let of_champion = self.champion_graph.iter().flat_map(|graph| &graph.missing);
        let of_champion = of_champion.map(|line| format!("not read of the champion: {line}"));
        let files = self.uncompared_files();
        let files = (files > 0).then(|| {
            format!("whether {files} files of equal size have the same content as the champion's")
        });
        let mut lines: Vec<String> = of_answers
            .chain(gaps)
            .chain(commits)
            .chain(files)
            .chain(unread)
            .chain(of_champion)
            .collect();
        let more = lines.len().saturating_sub(MAX_GAPS);
        lines.truncate(MAX_GAPS);
        lines.extend((more > 0).then(|| format!("and {more} more")));
        let (tone, first) = if lines.is_empty() {
            (
                Tone::Good,
                "nothing: every question above has an answer".to_owned(),
            )
        } else {
            let count = lines.len() + more - usize::from(more > 0);
            let what = if count == 1 { "thing" } else { "things" };
            (Tone::Warning, format!("{count} {what}"))
        };
        lines.insert(0, first);
        answer("not_known", "What is not known?", tone, lines)
    }

    pub(super) fn outlook(&self) -> Answer {
        let mut lines = self.review.context.outlook.clone();
        if lines.is_empty() {
            lines.push("not known: the promotion could not be planned".to_owned());
        }
        answer("outlook", "If promoted?", Tone::Plain, lines)
    }
}
