//! Drawing a plan: what is there, what will be written, and how it went.

use ratatui::layout::Rect;

use super::{field, row, window};
use crate::analysis::compare_with;
use crate::config::theme::Role;
use crate::ops::apply::{Progress, Report};
use crate::promotion::{Outcome, Plan, Verdict};
use crate::text::fit::wrap;
use crate::text::number;
use crate::text::untrusted::clean;
use crate::tui::app::layout::{Size, dialog};
use crate::tui::app::message::Planned;
use crate::tui::app::overlays::{Field, PlanDialog, PlanStage};
use crate::tui::app::{App, Shared};
use crate::tui::view::paint::{Paint, Piece};

/// The most metrics that stand beside the plan.
const METRICS: usize = 8;

/// A request is shown in at most so many lines: a record's value is long, and what it says stands above.
const REQUEST_LINES: usize = 2;

/// Draws the dialog.
pub fn draw(paint: &mut Paint<'_>, size: Size, app: &App, plan: &PlanDialog) {
    let inside = window(
        paint,
        dialog(size, 110, size.height),
        &plan.intent.to_string(),
    );
    let foot = plan.fields().len() as u16 + 1;
    let above = Rect {
        height: inside.height.saturating_sub(foot),
        ..inside
    };
    let lines = body(paint, app, plan, above.width);
    let first = plan
        .scroll
        .min(lines.len().saturating_sub(usize::from(above.height)));
    paint.lines(above, &lines[first..]);
    if lines.len() - first > usize::from(above.height) {
        paint.right(
            row(above, above.height.saturating_sub(1)),
            " more: pagedown ",
            Role::Accent,
        );
    }
    let below = Rect {
        y: above.bottom(),
        height: inside.height - above.height,
        ..inside
    };
    if let PlanStage::Ready | PlanStage::Planning(_) = plan.stage {
        fields(paint, below, plan);
    } else {
        let hint = match plan.stage {
            PlanStage::Done(_) => "enter closes",
            PlanStage::Refused(_) => "enter plans again on what is there now, esc closes",
            _ => "",
        };
        paint.text(
            row(below, below.height.saturating_sub(1)),
            hint,
            Role::Accent,
        );
    }
}

fn body(paint: &Paint<'_>, app: &App, dialog: &PlanDialog, width: u16) -> Vec<Vec<Piece>> {
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    stage(paint, &mut lines, dialog, width);
    let Some(planned) = &dialog.planned else {
        return lines;
    };
    let plan = &planned.plan;
    for warning in &plan.warnings {
        for line in wrap(&format!("{} {warning}", paint.look.sign("▲", "!")), width) {
            lines.push(vec![(line, Role::Warn)]);
        }
    }
    lines.push(vec![("what will be done".into(), Role::Title)]);
    lines.extend(steps(paint, plan));
    if let Some(archive) = dialog.archive() {
        let sign = if archive {
            paint.look.sign("[✓]", "[x]")
        } else {
            "[ ]"
        };
        lines.push(vec![
            (
                format!("  {sign} archive the versions that are there now "),
                Role::Text,
            ),
            ("ctrl-a".into(), Role::Accent),
        ]);
    }
    lines.push(Vec::new());
    lines.extend(beside(paint, planned, &app.shared));
    lines.extend(gates(paint, planned, width));
    lines.push(Vec::new());
    let fingerprint: String = plan.fingerprint.0.chars().take(8).collect();
    lines.push(vec![
        ("by  ".into(), Role::Title),
        (
            format!(
                "{} on {}",
                clean(&plan.user),
                clean(&app.shared.session.target)
            ),
            Role::Text,
        ),
        (format!("  plan {fingerprint}"), Role::Muted),
    ]);
    lines.push(Vec::new());
    lines.push(vec![("requests, in this order".into(), Role::Title)]);
    for request in &planned.requests {
        let mut wrapped = wrap(&clean(request), width.saturating_sub(4));
        if wrapped.len() > REQUEST_LINES {
            wrapped.truncate(REQUEST_LINES);
            wrapped[REQUEST_LINES - 1].push_str(paint.look.sign(" …", ".."));
        }
        lines.extend(
            wrapped
                .into_iter()
                .map(|line| vec![(format!("  {line}"), Role::Muted)]),
        );
    }
    lines
}

/// What the policy says, with the values that it saw.
fn gates(paint: &Paint<'_>, planned: &Planned, width: u16) -> Vec<Vec<Piece>> {
    if planned.gates.is_empty() {
        return vec![vec![
            ("gates  ".into(), Role::Title),
            ("no gate guards this".into(), Role::Muted),
        ]];
    }
    let mut lines = vec![vec![("gates".into(), Role::Title)]];
    for gate in &planned.gates {
        let (sign, role) = match gate.verdict {
            Verdict::Pass => (paint.look.sign("✓", "+"), Role::Good),
            Verdict::Fail => (paint.look.sign("✗", "x"), Role::Bad),
            Verdict::Absent => ("?", Role::Bad),
            Verdict::Overridden => ("!", Role::Warn),
        };
        let wrapped = wrap(&gate.line(), width.saturating_sub(4))
            .into_iter()
            .enumerate();
        lines.extend(wrapped.map(|(nth, line)| {
            vec![
                (format!("  {} ", if nth == 0 { sign } else { " " }), role),
                (line, Role::Text),
            ]
        }));
    }
    if planned.can_override
        && planned
            .gates
            .iter()
            .any(|gate| gate.verdict != Verdict::Pass)
    {
        lines.push(vec![
            (
                "  you may go past them, with a reason: ".into(),
                Role::Muted,
            ),
            ("ctrl-o".into(), Role::Accent),
        ]);
    }
    lines
}

/// How far it is, and how it ended: before everything else.
fn stage(paint: &Paint<'_>, lines: &mut Vec<Vec<Piece>>, dialog: &PlanDialog, width: u16) {
    let mut say = |text: &str, role: Role| {
        lines.extend(wrap(text, width).into_iter().map(|line| vec![(line, role)]));
    };
    match &dialog.stage {
        PlanStage::Planning(_) => say("reading the registry…", Role::Running),
        PlanStage::Ready => return,
        PlanStage::Refused(refused) => {
            say(&refused.why, Role::Bad);
            say(&refused.next, Role::Muted);
        }
        PlanStage::Applying(_, progress) => {
            let text = match progress {
                Progress::Preflight => "reading the registry once more…".to_owned(),
                Progress::Step(step) => format!("step {} of {}…", step + 1, writes(dialog)),
                Progress::Waiting(why) => why.clone(),
                Progress::Verifying => "reading back…".to_owned(),
            };
            say(&text, Role::Running);
        }
        PlanStage::Done(report) => done(paint, &mut say, report),
    }
    lines.push(Vec::new());
}

fn writes(dialog: &PlanDialog) -> usize {
    dialog.planned.as_ref().map_or(0, |planned| {
        planned
            .plan
            .steps
            .iter()
            .filter(|step| step.write.is_some())
            .count()
    })
}

fn done(paint: &Paint<'_>, say: &mut impl FnMut(&str, Role), report: &Report) {
    match &report.outcome {
        Outcome::Verified => {
            let made = report
                .created
                .map(|version| format!(": version {version}"))
                .unwrap_or_default();
            say(
                &format!(
                    "{} verified{made}: the registry was read back and is as planned",
                    paint.look.sign("✓", "+")
                ),
                Role::Good,
            );
        }
        Outcome::NotApplied { why } => say(&format!("nothing was changed: {why}"), Role::Bad),
        Outcome::Conflict { found } => {
            say(
                "something else is there than was planned; nothing is fixed by itself:",
                Role::Bad,
            );
            for line in found {
                say(&format!("  {line}"), Role::Bad);
            }
        }
        Outcome::Unknown { why } => {
            say(
                &format!("it is not known whether this was done: {why}"),
                Role::Warn,
            );
            say(
                "the journal (6) keeps it; ctrl-l there looks again",
                Role::Muted,
            );
        }
    }
}

fn steps(paint: &Paint<'_>, plan: &Plan) -> Vec<Vec<Piece>> {
    let action = plan
        .steps
        .iter()
        .map(|step| crate::text::fit::width(&step.action))
        .max()
        .unwrap_or(0);
    let target = plan
        .steps
        .iter()
        .map(|step| crate::text::fit::width(&step.target))
        .max()
        .unwrap_or(0);
    let pad = |text: &str, to: u16| {
        format!(
            "{text}{}",
            " ".repeat(to.saturating_sub(crate::text::fit::width(text)).into())
        )
    };
    let mut lines = Vec::new();
    for step in &plan.steps {
        let own = step.write.is_some();
        lines.push(vec![
            (
                format!("  {} ", pad(&step.action, action)),
                if own { Role::Accent } else { Role::Warn },
            ),
            (format!("{}  ", pad(&step.target, target)), Role::Text),
            (step.before.clone(), Role::DiffRemove),
            (paint.look.sign(" → ", " -> ").into(), Role::Muted),
            (step.after.clone(), Role::DiffAdd),
        ]);
    }
    lines
}

/// The candidate beside the champion: the metrics that both have.
fn beside(paint: &Paint<'_>, planned: &Planned, shared: &Shared) -> Vec<Vec<Piece>> {
    let (Some(candidate), Some(champion)) = (&planned.candidate, &planned.champion) else {
        return Vec::new();
    };
    if candidate.id == champion.id {
        return Vec::new();
    }
    let comparison = compare_with(vec![champion.clone(), candidate.clone()], None, &|metric| {
        shared.direction(metric)
    });
    let metrics = comparison.rows.iter().filter(|row| {
        row.kind == crate::analysis::RowKind::Metric && !row.key.raw().starts_with("system/")
    });
    let mut lines = vec![vec![
        ("champion ".into(), Role::Baseline),
        (champion.label().clean().into_owned(), Role::Text),
        (
            paint.look.sign("  ⟷  candidate ", "  |  candidate ").into(),
            Role::Muted,
        ),
        (candidate.label().clean().into_owned(), Role::Text),
    ]];
    for row in metrics.take(METRICS) {
        let text = |i: usize| {
            row.numbers[i].map_or_else(|| crate::tui::app::cell::MISSING.to_owned(), number::short)
        };
        let delta = row.delta.get(1).copied().flatten().unwrap_or(0.0);
        let (word, role) = match row.better(1) {
            None if delta == 0.0 => (String::new(), Role::Muted),
            None => (number::signed(delta, 3), Role::Muted),
            Some(true) => (format!("{} better", number::signed(delta, 3)), Role::Good),
            Some(false) => (format!("{} worse", number::signed(delta, 3)), Role::Bad),
        };
        lines.push(vec![
            (
                format!("  {:<20} ", crate::text::fit::cut(&row.key.clean(), 20)),
                Role::Muted,
            ),
            (format!("{:>10}  {:>10}  ", text(0), text(1)), Role::Text),
            (word, role),
        ]);
    }
    lines.push(Vec::new());
    lines
}

fn fields(paint: &mut Paint<'_>, area: Rect, dialog: &PlanDialog) {
    for (i, which) in dialog.fields().into_iter().enumerate() {
        let line = row(area, i as u16 + 1);
        let focus = dialog.focus == which;
        let sign = if focus {
            paint.look.sign("▸ ", "> ")
        } else {
            "  "
        };
        match which {
            Field::Apply => {
                let ready = dialog.is_confirmed() && matches!(dialog.stage, PlanStage::Ready);
                let used = paint.text(
                    line,
                    &format!("{sign}[ apply ]"),
                    if ready { Role::Accent } else { Role::Muted },
                );
                if focus {
                    paint.over(
                        Rect {
                            x: line.x + 2,
                            width: used.saturating_sub(2),
                            ..line
                        },
                        Role::Selection,
                    );
                }
                let hint = Rect {
                    x: line.x + used + 2,
                    width: line.width.saturating_sub(used + 2),
                    ..line
                };
                paint.text(
                    hint,
                    if focus {
                        "enter applies, esc cancels"
                    } else {
                        ""
                    },
                    Role::Muted,
                );
            }
            Field::Reason | Field::Name => {
                let (title, input) = match which {
                    Field::Reason => ("reason: ".to_owned(), &dialog.reason),
                    _ => (
                        format!(
                            "type {} to confirm: ",
                            clean(&dialog.asked_name().unwrap_or_default())
                        ),
                        &dialog.name,
                    ),
                };
                let used = paint.text(
                    line,
                    &format!("{sign}{title}"),
                    if focus { Role::Accent } else { Role::Muted },
                );
                let rest = Rect {
                    x: line.x + used,
                    width: line.width.saturating_sub(used),
                    ..line
                };
                field::draw(paint, rest, input, focus);
            }
        }
    }
}
