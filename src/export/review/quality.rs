//! How good the version is: metrics, validation, drift.

use super::{Answer, Sides, Tone, answer, missing_run};
use crate::analysis::{ComparisonRow, RowKind};
use crate::domain::Direction;
use crate::evidence::{EvidenceReport, Fact, ToolEvidence};
use crate::text::number::{format_short, format_signed};

/// Metrics that are listed before the rest is counted.
const MAX_METRICS: usize = 20;
/// Facts that are listed of one question.
const MAX_FACTS: usize = 8;
/// Kinds of integrations that validate data or models.
const VALIDATION_KINDS: [&str; 2] = ["data validation", "evaluation"];
/// The kind of integrations that watch for drift.
const DRIFT_KIND: &str = "monitoring";

impl Sides<'_> {
    pub(super) fn metrics(&self) -> Answer {
        let (key, question) = ("metrics", "Better or worse?");
        let unknown = |why: String| {
            answer(
                key,
                question,
                Tone::Unknown,
                vec![format!("not known: {why}")],
            )
        };
        let Some(champion) = self.champion() else {
            return self.metrics_alone(key, question);
        };
        if self.is_same_run() {
            let line = "equal: both versions are from the same run".to_owned();
            return answer(key, question, Tone::Plain, vec![line]);
        }
        let Some(compared) = &self.comparison else {
            let why = [self.review.candidate, champion]
                .into_iter()
                .find_map(missing_run);
            return unknown(why.unwrap_or_else(|| "no metrics are recorded".to_owned()));
        };
        let mut rows: Vec<&ComparisonRow> = compared
            .rows
            .iter()
            .filter(|row| row.kind == RowKind::Metric && !row.key.raw().starts_with("system/"))
            .collect();
        if rows.is_empty() {
            return unknown("no metrics are recorded".to_owned());
        }
        let is_goal = |row: &&ComparisonRow| {
            let goal = self.review.context.goal.as_ref();
            goal.is_some_and(|goal| goal.metric == row.key)
        };
        rows.sort_by_key(|row| (!is_goal(row), !row.differs));
        let count = |better: bool| {
            let rows = rows.iter();
            rows.filter(|row| row.is_better(1) == Some(better)).count()
        };
        let (better, worse) = (count(true), count(false));
        let equal = rows.iter().filter(|row| !row.differs).count();
        let open = rows.len() - better - worse - equal;
        let mut parts = vec![format!("{better} better, {worse} worse")];
        parts.extend((equal > 0).then(|| format!("{equal} equal")));
        parts.extend((open > 0).then(|| format!("{open} cannot be judged")));
        let tone = metrics_tone(better, worse, open);
        let mut lines = vec![parts.join(", ")];
        let shown = rows.iter().filter(|row| row.differs || is_goal(row));
        lines.extend(
            shown
                .take(MAX_METRICS)
                .map(|row| metric_line(row, is_goal(row))),
        );
        let more = (rows.len() - equal).saturating_sub(MAX_METRICS);
        lines.extend((more > 0).then(|| format!("and {more} more")));
        answer(key, question, tone, lines)
    }

    /// The metrics without a champion.
    fn metrics_alone(&self, key: &'static str, question: &'static str) -> Answer {
        let metrics = super::training_run(self.review.candidate).map(|run| run.metrics);
        let metrics = metrics.unwrap_or_default();
        let mut lines = vec![match &self.review.context.dangling_champion {
            Some(why) => format!("not known: the champion is unknown, {why}"),
            None if metrics.is_empty() => match missing_run(self.review.candidate) {
                Some(why) => format!("not known: {why}"),
                None => "not known: no metrics are recorded".to_owned(),
            },
            None => "no champion to compare with".to_owned(),
        }];
        let own = metrics
            .iter()
            .filter(|metric| !metric.key.raw().starts_with("system/"));
        lines
            .extend(own.take(MAX_METRICS).map(|metric| {
                format!("{} {}", metric.key.raw(), format_short(metric.value.get()))
            }));
        answer(key, question, Tone::Unknown, lines)
    }

    pub(super) fn validation(&self) -> Answer {
        let of_report = |report| facts(report, is_validation);
        let found = of_report(&self.review.candidate.evidence);
        let judged: Vec<_> = found
            .iter()
            .filter(|(_, fact)| fact.has_expectation)
            .copied()
            .collect();
        let (failed, pending, unread) = (
            judged.iter().any(|(_, fact)| is_failed(fact)),
            judged
                .iter()
                .any(|(_, fact)| fact.value.pending_word().is_some()),
            judged.iter().any(|(_, fact)| is_unread(fact)),
        );
        let (tone, first) = match (judged.is_empty(), failed, pending, unread) {
            (true, ..) => (Tone::Unknown, "not known: no validation result was found"),
            (_, true, ..) => (Tone::Bad, "no: a validation failed"),
            (_, _, true, _) => (Tone::Warning, "not yet: validation is pending"),
            (_, _, _, true) => (Tone::Unknown, "not known: a result could not be read"),
            _ => (Tone::Good, "yes"),
        };
        let mut lines = vec![first.to_owned()];
        let champion = self
            .champion()
            .map(|champion| of_report(&champion.evidence));
        lines.extend(fact_lines(&judged, champion.as_deref()));
        answer("validation", "Validated?", tone, lines)
    }

    pub(super) fn drift(&self) -> Answer {
        let of_report = |report| facts(report, is_drift);
        let found = of_report(&self.review.candidate.evidence);
        let judged = |(_, fact): &&(&str, &Fact)| fact.has_expectation;
        let (bad, unread) = (
            found.iter().any(|(_, fact)| is_failed(fact)),
            found.iter().any(|(_, fact)| is_unread(fact)),
        );
        let (tone, first) = if found.is_empty() {
            (Tone::Unknown, "not known: no drift report was found")
        } else if bad {
            (Tone::Bad, "yes: a drift check failed")
        } else if unread {
            (Tone::Unknown, "not known: the report could not be read")
        } else if found.iter().any(|fact| judged(&fact)) {
            (Tone::Good, "no: the drift checks pass")
        } else {
            (
                Tone::Unknown,
                "not known: the report has numbers, but no verdict",
            )
        };
        let mut lines = vec![first.to_owned()];
        let mut sorted = found.clone();
        sorted.sort_by_key(|(_, fact)| (!fact.is_unexpected, !fact.has_expectation));
        let champion = self
            .champion()
            .map(|champion| of_report(&champion.evidence));
        lines.extend(fact_lines(&sorted, champion.as_deref()));
        answer("drift", "Drift?", tone, lines)
    }

    /// The facts that differ from the champion's, or that an integration has an expectation for, in sentences.
    pub(super) fn evidence_lines(&self) -> Vec<String> {
        let own = facts(&self.review.candidate.evidence, |_, _| true);
        let champion = self
            .champion()
            .map(|facts_of| facts(&facts_of.evidence, |_, _| true));
        let is_shown = |(tool, fact): &(&str, &Fact)| {
            let mut others = champion.iter().flatten();
            let other = others.find(|(name, other)| name == tool && other.name == fact.name);
            fact.has_expectation
                || fact.is_stale
                || champion.is_none()
                || other.is_none_or(|(_, other)| other.value != fact.value)
        };
        let mut shown: Vec<(&str, &Fact)> = own.iter().copied().filter(is_shown).collect();
        shown.sort_by_key(|(tool, fact)| (!fact.is_unexpected, *tool, fact.name.clone()));
        let mut lines: Vec<String> = shown
            .iter()
            .map(|fact| fact_line(fact, champion.as_deref()))
            .collect();
        let is_gone = |(tool, fact): &&(&str, &Fact)| {
            own.iter()
                .all(|(name, other)| name != tool || other.name != fact.name)
        };
        lines.extend(
            champion
                .iter()
                .flatten()
                .filter(is_gone)
                .map(|(tool, fact)| {
                    format!(
                        "{tool}: {} is not recorded, champion {}",
                        fact.name, fact.value
                    )
                }),
        );
        lines
    }
}

/// By the numbers of metrics that are better, worse, and cannot be judged.
fn metrics_tone(better: usize, worse: usize, open: usize) -> Tone {
    match (better, worse) {
        (0, 0) if open > 0 => Tone::Unknown,
        (_, 0) => Tone::Good,
        (0, _) => Tone::Bad,
        _ => Tone::Warning,
    }
}

/// `auc, the goal: 0.8952, better by 0.0078 (champion 0.8874, higher is better)`.
fn metric_line(row: &ComparisonRow, is_goal: bool) -> String {
    let number = |at: usize| row.numbers.get(at).copied().flatten();
    let key = row.key.raw();
    let goal = if is_goal { ", the goal" } else { "" };
    let (Some(new), Some(old)) = (number(1), number(0)) else {
        let (who, value) = match (number(1), number(0)) {
            (Some(new), _) => ("only this version has it", new),
            (_, Some(old)) => ("only the champion has it", old),
            (None, None) => return format!("{key}{goal}: not recorded"),
        };
        return format!("{key}{goal}: {}, {who}", format_short(value));
    };
    let delta = row.delta.get(1).copied().flatten();
    let by = |delta: f64| {
        format_signed(delta.abs(), 3)
            .trim_start_matches('+')
            .to_owned()
    };
    let verdict = match (row.is_better(1), delta) {
        (Some(true), Some(delta)) => format!("better by {}", by(delta)),
        (Some(false), Some(delta)) => format!("worse by {}", by(delta)),
        (_, Some(0.0)) => "equal".to_owned(),
        (_, Some(delta)) => {
            let word = if delta > 0.0 { "higher" } else { "lower" };
            format!(
                "{word} by {}, whether that is better is not known",
                by(delta)
            )
        }
        (_, None) => "cannot be compared".to_owned(),
    };
    let direction = match row.direction {
        Some(Direction::Max) => ", higher is better",
        Some(Direction::Min) => ", lower is better",
        None => "",
    };
    format!(
        "{key}{goal}: {}, {verdict} (champion {}{direction})",
        format_short(new),
        format_short(old)
    )
}

/// The facts that `is_wanted` selects, with their tools' names.
fn facts(
    report: &EvidenceReport,
    is_wanted: impl Fn(&ToolEvidence, &Fact) -> bool,
) -> Vec<(&str, &Fact)> {
    let tools = report.tools.iter();
    tools
        .flat_map(|tool| tool.facts.iter().map(move |fact| (tool, fact)))
        .filter(|(tool, fact)| is_wanted(tool, fact))
        .map(|(tool, fact)| (tool.name.as_str(), fact))
        .collect()
}

fn is_validation(tool: &ToolEvidence, fact: &Fact) -> bool {
    VALIDATION_KINDS.contains(&tool.kind.as_str()) || fact.name.contains("validat")
}

fn is_drift(tool: &ToolEvidence, fact: &Fact) -> bool {
    (tool.kind == DRIFT_KIND && !fact.name.contains("validat")) || fact.name.contains("drift")
}

fn is_unread(fact: &Fact) -> bool {
    matches!(fact.value, crate::evidence::FactValue::Unreadable(_))
}

/// Whether a value was read and is not the expected one.
fn is_failed(fact: &Fact) -> bool {
    fact.is_unexpected && !is_unread(fact)
}

fn fact_lines(found: &[(&str, &Fact)], champion: Option<&[(&str, &Fact)]>) -> Vec<String> {
    let lines = found.iter().take(MAX_FACTS);
    let mut lines: Vec<String> = lines.map(|fact| fact_line(fact, champion)).collect();
    let more = found.len().saturating_sub(MAX_FACTS);
    lines.extend((more > 0).then(|| format!("and {more} more, listed below")));
    lines
}

/// `Evidently: drift_share is 0.375, champion 0.125`.
fn fact_line((tool, fact): &(&str, &Fact), champion: Option<&[(&str, &Fact)]>) -> String {
    let old = champion.map(|facts| {
        let other = facts
            .iter()
            .find(|(name, other)| name == tool && other.name == fact.name);
        match other {
            Some((_, other)) if other.value == fact.value => ", as the champion's".to_owned(),
            Some((_, other)) => format!(", champion {}", other.value),
            None => ", not recorded for the champion".to_owned(),
        }
    });
    let notes = [
        (fact.is_unexpected && !is_unread(fact), "not as expected"),
        (fact.is_stale, "older than the version"),
    ];
    let main = format!(
        "{tool}: {} is {}{}",
        fact.name,
        fact.value,
        old.unwrap_or_default()
    );
    let notes = notes.iter().filter(|(holds, _)| *holds);
    let parts: Vec<&str> = [main.as_str()]
        .into_iter()
        .chain(notes.map(|(_, note)| *note))
        .collect();
    parts.join("; ")
}
