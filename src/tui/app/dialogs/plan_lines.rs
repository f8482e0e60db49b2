//! The text of a plan: outcome, gates, warnings, steps, requests.

use super::plan::{PlanDialog, PlanPhase};
use super::plan_layout::has_room_for;
use crate::analysis::compare_with_directions;
use crate::config::theme::Role;
use crate::ops::apply::{ApplyProgress, ApplyReport};
use crate::ops::plan_write::{PlannedWrite, describe_policies};
use crate::promotion::{GateOutcome, GateResult, Outcome, Plan, PlanStep, describe_plan_verdict};
use crate::text::number;
use crate::text::untrusted::clean;
use crate::text::width::{width as text_width, wrap, wrap_spans};
use crate::tui::app::SharedState;
use crate::tui::app::cell_text::within_model;

/// A part of a line and its role.
type TextSpan = (String, Role);

/// The most metrics that are compared.
const MAX_METRICS: usize = 8;

/// The cells of a metric's name beside its values; a longer one is in the line above.
const NAME_CELLS: u16 = 20;

/// The most lines of one request: a record's value is long, and the steps above show its content.
const MAX_REQUEST_LINES: usize = 2;

impl PlanDialog {
    /// The text above the fields, in lines of at most `width` cells.
    #[must_use]
    pub fn lines(&self, shared: &SharedState, width: u16) -> Vec<Vec<TextSpan>> {
        let lines = body_lines(shared, self, width).into_iter();
        lines.flat_map(|line| wrap_spans(&line, width)).collect()
    }
}

fn body_lines(shared: &SharedState, dialog: &PlanDialog, width: u16) -> Vec<Vec<TextSpan>> {
    let mut lines: Vec<Vec<TextSpan>> = Vec::new();
    push_stage_lines(&mut lines, dialog, width);
    let Some(planned) = &dialog.detail else {
        return lines;
    };
    let plan = &planned.plan;
    let (changes, records) = plan.changes_and_records();
    let (blocking, passing): (Vec<&GateResult>, Vec<&GateResult>) = planned
        .gates
        .iter()
        .partition(|gate| gate.outcome != GateOutcome::Pass);
    lines.extend(verdict_lines(planned, width));
    lines.extend(gate_lines(&blocking, width));
    lines.extend(override_hint(planned));
    lines.extend(warning_lines(dialog, plan, width));
    lines.extend(title_lines(dialog, width));
    lines.push(vec![("planned writes".into(), Role::Title)]);
    lines.extend(step_lines(dialog, &changes));
    if let Some(archive) = dialog.archive_existing() {
        lines.push(archive_line(archive));
    }
    lines.extend(confirmation_lines(dialog, width));
    lines.push(Vec::new());
    lines.extend(metric_comparison_lines(planned, shared));
    lines.extend(gate_lines(&passing, width));
    lines.extend(policy_lines(planned, width));
    lines.push(author_line(plan, shared));
    if !records.is_empty() {
        lines.push(Vec::new());
        lines.push(vec![(
            "records of this write, for other users".into(),
            Role::Muted,
        )]);
        let muted = |line: Vec<TextSpan>| {
            let spans = line.into_iter();
            spans.map(|(text, _)| (text, Role::Muted)).collect()
        };
        lines.extend(step_lines(dialog, &records).into_iter().map(muted));
    }
    lines.push(Vec::new());
    lines.push(vec![("requests, in order".into(), Role::Muted)]);
    lines.extend(request_lines(planned, width));
    lines
}

/// Gates and warnings in one line: green only if nothing speaks against the plan.
fn verdict_lines(planned: &PlannedWrite, width: u16) -> Vec<Vec<TextSpan>> {
    let warnings = planned.plan.warnings.len();
    let role = if planned.gates.iter().any(GateResult::is_blocking) {
        Role::Bad
    } else if warnings > 0 {
        Role::Warn
    } else {
        Role::Good
    };
    let verdict = describe_plan_verdict(&planned.plan.intent, &planned.gates, warnings);
    let lines = verdict
        .into_iter()
        .flat_map(|verdict| wrap(&verdict, width));
    lines.map(|line| vec![(line, role)]).collect()
}

/// The title, where the frame has no room for all of it.
fn title_lines(dialog: &PlanDialog, width: u16) -> Vec<Vec<TextSpan>> {
    let title = dialog.intent.to_string();
    // The frame ends its title two cells before the text ends.
    if text_width(&title) + 2 <= width {
        return Vec::new();
    }
    let lines = wrap(&title, width).into_iter();
    lines.map(|line| vec![(line, Role::Title)]).collect()
}

/// The files that the gates are from.
fn policy_lines(planned: &PlannedWrite, width: u16) -> Vec<Vec<TextSpan>> {
    if planned.gates.is_empty() || planned.policies.is_empty() {
        return Vec::new();
    }
    let text = describe_policies(&planned.policies);
    let lines = wrap(&clean(&text), width).into_iter();
    lines.map(|line| vec![(line, Role::Muted)]).collect()
}

/// Names what to type, where the field below has no room for it.
fn confirmation_lines(dialog: &PlanDialog, width: u16) -> Vec<Vec<TextSpan>> {
    let Some(name) = dialog
        .required_name()
        .filter(|name| !has_room_for(name, width))
    else {
        return Vec::new();
    };
    let text = format!("protected: type {} to confirm", clean(&name));
    let lines = wrap(&text, width).into_iter();
    lines.map(|line| vec![(line, Role::Warn)]).collect()
}

/// A text in the words of the dialog, whose title names the model.
fn own_words(dialog: &PlanDialog, text: &str) -> String {
    match dialog.intent.model() {
        Some(model) => within_model(text, model),
        None => text.to_owned(),
    }
}

fn warning_lines(dialog: &PlanDialog, plan: &Plan, width: u16) -> Vec<Vec<TextSpan>> {
    let symbol = "▲";
    let hanging = |(nth, line): (usize, String)| {
        let head = if nth == 0 { symbol } else { " " };
        vec![(format!("{head} {line}"), Role::Warn)]
    };
    let warnings = plan.warnings.iter();
    warnings
        .flat_map(|warning| {
            wrap(&own_words(dialog, warning.text()), width.saturating_sub(2))
                .into_iter()
                .enumerate()
        })
        .map(hanging)
        .collect()
}

/// The checkbox for archiving the versions that hold the stage now.
fn archive_line(is_checked: bool) -> Vec<TextSpan> {
    let checkbox = if is_checked { "[✓]" } else { "[ ]" };
    vec![
        (
            format!("  {checkbox} archive the versions that hold it now "),
            Role::Text,
        ),
        ("ctrl-a".into(), Role::Accent),
    ]
}

/// The user, the store and the fingerprint of the plan.
fn author_line(plan: &Plan, shared: &SharedState) -> Vec<TextSpan> {
    let fingerprint: String = plan.fingerprint.0.chars().take(8).collect();
    vec![
        ("by  ".into(), Role::Title),
        (
            format!("{} on {}", clean(&plan.user), shared.session.place()),
            Role::Text,
        ),
        (format!("  plan {fingerprint}"), Role::Muted),
    ]
}

fn request_lines(planned: &PlannedWrite, width: u16) -> Vec<Vec<TextSpan>> {
    let mut lines = Vec::new();
    for request in &planned.requests {
        let mut wrapped = wrap(&clean(request), width.saturating_sub(4));
        if wrapped.len() > MAX_REQUEST_LINES {
            wrapped.truncate(MAX_REQUEST_LINES);
            wrapped[MAX_REQUEST_LINES - 1].push_str(" …");
        }
        lines.extend(
            wrapped
                .into_iter()
                .map(|line| vec![(format!("  {line}"), Role::Muted)]),
        );
    }
    lines
}

/// Gate results with the values that they saw.
fn gate_lines(gates: &[&GateResult], width: u16) -> Vec<Vec<TextSpan>> {
    let mut lines = Vec::new();
    for gate in gates {
        let (symbol, role) = match gate.outcome {
            GateOutcome::Pass => ("✓", Role::Good),
            GateOutcome::Fail => ("✗", Role::Bad),
            GateOutcome::Absent => ("?", Role::Bad),
            GateOutcome::Overridden => ("!", Role::Warn),
        };
        let wrapped = wrap(&gate.describe(), width.saturating_sub(2))
            .into_iter()
            .enumerate();
        lines.extend(wrapped.map(|(nth, line)| {
            vec![
                (format!("{} ", if nth == 0 { symbol } else { " " }), role),
                (line, Role::Text),
            ]
        }));
    }
    lines
}

fn override_hint(planned: &PlannedWrite) -> Option<Vec<TextSpan>> {
    let mut gates = planned.gates.iter();
    let applies = planned.can_override && gates.any(|gate| gate.outcome != GateOutcome::Pass);
    applies.then(|| {
        vec![
            (
                "  you can override them with a reason: ".into(),
                Role::Muted,
            ),
            ("ctrl-o".into(), Role::Accent),
        ]
    })
}

/// Progress and outcome, above everything else.
fn push_stage_lines(lines: &mut Vec<Vec<TextSpan>>, dialog: &PlanDialog, width: u16) {
    let mut push_text = |text: &str, role: Role| {
        lines.extend(wrap(text, width).into_iter().map(|line| vec![(line, role)]));
    };
    match &dialog.phase {
        PlanPhase::Planning(_) => push_text("reading the registry…", Role::Running),
        PlanPhase::Ready => return,
        PlanPhase::Failed(refused) => {
            push_text(&refused.message, Role::Bad);
            push_text(&refused.hint, Role::Muted);
        }
        PlanPhase::Applying(_, progress) => {
            let text = match progress {
                ApplyProgress::Preflight => "checking the registry…".to_owned(),
                ApplyProgress::Step(step) => {
                    format!("step {} of {}…", step + 1, write_count(dialog))
                }
                ApplyProgress::Waiting(why) => why.clone(),
                ApplyProgress::Verifying => "verifying…".to_owned(),
            };
            push_text(&text, Role::Running);
        }
        PlanPhase::Done(report) => push_outcome_lines(&mut push_text, report),
    }
    lines.push(Vec::new());
}

fn write_count(dialog: &PlanDialog) -> usize {
    dialog.detail.as_ref().map_or(0, |planned| {
        planned
            .plan
            .steps
            .iter()
            .filter(|step| step.write.is_some())
            .count()
    })
}

fn push_outcome_lines(push_text: &mut impl FnMut(&str, Role), report: &ApplyReport) {
    match &report.outcome {
        Outcome::Verified => {
            let created_version = report
                .created_version
                .map(|version| format!(": version {version}"))
                .unwrap_or_default();
            push_text(
                &format!(
                    "{} verified{created_version}: the registry is as planned",
                    "✓"
                ),
                Role::Good,
            );
        }
        Outcome::NotApplied { reason: why } => {
            push_text(&format!("nothing was changed: {why}"), Role::Bad);
        }
        Outcome::Conflict { differences: found } => {
            push_text(
                "the registry is not as planned; conflicts are not resolved automatically:",
                Role::Bad,
            );
            for line in found {
                push_text(&format!("  {line}"), Role::Bad);
            }
        }
        Outcome::Unknown { reason: why } => {
            push_text(
                &format!("the outcome of the write is unknown: {why}"),
                Role::Warn,
            );
            push_text("the journal (6) has it: t there checks again", Role::Muted);
        }
    }
}

fn step_lines(dialog: &PlanDialog, steps: &[&PlanStep]) -> Vec<Vec<TextSpan>> {
    let targets: Vec<String> = steps
        .iter()
        .map(|step| own_words(dialog, &step.target))
        .collect();
    let widest = |widths: &mut dyn Iterator<Item = u16>| widths.max().unwrap_or(0);
    let action_width = widest(&mut steps.iter().map(|step| text_width(&step.action)));
    let target_width = widest(&mut targets.iter().map(|target| text_width(target)));
    let mut lines = Vec::new();
    for (step, target) in steps.iter().zip(&targets) {
        let has_write = step.write.is_some();
        lines.push(vec![
            (
                format!("  {} ", pad(&step.action, action_width)),
                if has_write { Role::Accent } else { Role::Warn },
            ),
            (format!("{}  ", pad(target, target_width)), Role::Text),
            (own_words(dialog, &step.before), Role::DiffRemove),
            (" → ".into(), Role::Muted),
            (own_words(dialog, &step.after), Role::DiffAdd),
        ]);
    }
    lines
}

/// A text with spaces up to a width in cells.
fn pad(text: &str, to: u16) -> String {
    let spaces = to.saturating_sub(text_width(text));
    format!("{text}{}", " ".repeat(spaces.into()))
}

/// Compares candidate and champion by the metrics of both.
fn metric_comparison_lines(planned: &PlannedWrite, shared: &SharedState) -> Vec<Vec<TextSpan>> {
    let (Some(candidate), Some(champion)) = (&planned.candidate, &planned.champion) else {
        return Vec::new();
    };
    if candidate.id == champion.id {
        return Vec::new();
    }
    let comparison =
        compare_with_directions(vec![champion.clone(), candidate.clone()], None, &|metric| {
            shared.direction(metric)
        });
    let metrics = comparison.rows.iter().filter(|row| {
        row.kind == crate::analysis::RowKind::Metric && !row.key.raw().starts_with("system/")
    });
    let version = planned.champion_label.as_ref();
    let version = version.map_or_else(String::new, |label| format!("{label}: "));
    let mut lines = vec![vec![
        ("champion ".into(), Role::Baseline),
        (version, Role::Text),
        (champion.label().clean().into_owned(), Role::Text),
        ("  ⟷  candidate ".into(), Role::Muted),
        (candidate.label().clean().into_owned(), Role::Text),
    ]];
    for row in metrics.take(MAX_METRICS) {
        let text = |i: usize| {
            row.numbers[i].map_or_else(
                || crate::tui::app::cell_text::MISSING.to_owned(),
                number::format_short,
            )
        };
        let delta = row.delta.get(1).copied().flatten().unwrap_or(0.0);
        let (word, role) = match row.is_better(1) {
            None if delta == 0.0 => (String::new(), Role::Muted),
            None => (number::format_signed(delta, 3), Role::Muted),
            Some(true) => (
                format!("{} better", number::format_signed(delta, 3)),
                Role::Good,
            ),
            Some(false) => (
                format!("{} worse", number::format_signed(delta, 3)),
                Role::Bad,
            ),
        };
        let mut name = row.key.clean().into_owned();
        if text_width(&name) > NAME_CELLS {
            lines.push(vec![(format!("  {name}"), Role::Muted)]);
            name.clear();
        }
        lines.push(vec![
            (format!("  {} ", pad(&name, NAME_CELLS)), Role::Muted),
            (format!("{:>10}  {:>10}  ", text(0), text(1)), Role::Text),
            (word, role),
        ]);
    }
    lines.push(Vec::new());
    lines
}
