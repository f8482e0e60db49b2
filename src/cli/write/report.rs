//! Reports of plans and their outcomes, as text and JSON.

use serde_json::{Value, json};

use crate::cli::output::CommandOutput;
use crate::export::Sheet;
use crate::ops::apply::{ApplyProgress, ApplyReport};
use crate::ops::plan_write::{PlannedWrite, describe_policies};
use crate::promotion::{
    Confirmation, Fingerprint, GateOutcome, GateResult, Intent, Outcome, Plan, PlanStep,
    compared_slot, describe_plan_verdict,
};

/// The output of `--plan`.
#[must_use]
pub fn planned(planned: &PlannedWrite, store: &str, can_write: bool) -> CommandOutput {
    let plan = &planned.plan;
    let requests = can_write.then_some(&planned.requests);
    let mut lines = plan_lines(planned, store);
    match requests {
        Some(requests) => {
            lines.push("requests, in order:".to_owned());
            let request_lines = requests.iter().flat_map(|request| request.lines());
            lines.extend(request_lines.map(|line| format!("  {line}")));
        }
        None => lines.push("no requests: this session is read-only".to_owned()),
    }
    lines.push("nothing was written".to_owned());
    let mut value = plan_json(&plan.intent, &plan.steps, &plan.fingerprint, &planned.gates);
    set_field(&mut value, "applied", json!(false));
    set_field(&mut value, "policies", json!(planned.policies));
    if let Some(Value::Object(fields)) = value.get_mut("plan") {
        fields.insert("warnings".into(), json!(plan.warnings));
        fields.insert("requests".into(), json!(requests));
    }
    CommandOutput::text(value, steps_sheet(&plan.steps), lines)
}

/// The output of an applied plan.
#[must_use]
pub fn applied(planned: &PlannedWrite, report: &ApplyReport) -> CommandOutput {
    let plan = &planned.plan;
    let mut value = plan_json(&plan.intent, &plan.steps, &plan.fingerprint, &planned.gates);
    let verified = report.outcome == Outcome::Verified;
    set_field(&mut value, "applied", applied_value(&report.outcome));
    set_field(&mut value, "verified", json!(verified));
    set_field(&mut value, "journal_id", json!(report.entry_id));
    set_field(&mut value, "outcome", json!(report.outcome));
    set_field(&mut value, "version", json!(report.created_version));
    set_field(&mut value, "journal_error", json!(report.journal_error));
    CommandOutput::text(value, steps_sheet(&plan.steps), outcome_lines(plan, report))
}

/// The output where the registry is as the intent wants it.
#[must_use]
pub fn nothing_to_do(intent: &Intent, fingerprint: &Fingerprint, reason: &str) -> CommandOutput {
    let mut value = plan_json(intent, &[], fingerprint, &[]);
    set_field(&mut value, "verified", json!(true));
    CommandOutput::text(
        value,
        steps_sheet(&[]),
        vec![format!("nothing to do: {reason}")],
    )
}

/// `null` if the outcome is unknown.
fn applied_value(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Verified | Outcome::Conflict { .. } => json!(true),
        Outcome::NotApplied { .. } => json!(false),
        Outcome::Unknown { .. } => Value::Null,
    }
}

fn plan_json(
    intent: &Intent,
    steps: &[PlanStep],
    fingerprint: &Fingerprint,
    gates: &[GateResult],
) -> Value {
    let steps: Vec<Value> = steps
        .iter()
        .map(|step| json!({"action": step.action, "target": step.target, "before": step.before, "after": step.after}))
        .collect();
    json!({
        "intent": intent,
        "plan": { "steps": steps, "fingerprint": fingerprint },
        "gates": gates,
        "applied": false,
        "verified": false,
        "journal_id": null,
    })
}

fn set_field(value: &mut Value, key: &str, to: Value) {
    if let Value::Object(fields) = value {
        fields.insert(key.to_owned(), to);
    }
}

fn steps_sheet(steps: &[PlanStep]) -> Sheet {
    let mut sheet = Sheet::new(["action", "target", "before", "after", "by"]);
    for step in steps {
        let by = if step.write.is_some() {
            "frontrunner"
        } else {
            "the store"
        };
        sheet.push_row([
            step.action.clone(),
            step.target.clone(),
            step.before.clone(),
            step.after.clone(),
            by.to_owned(),
        ]);
    }
    sheet
}

/// The plan as text, what decides first: verdict, gates that do not pass, warnings, the change and its effects, then the
/// rest.
#[must_use]
pub fn plan_lines(planned: &PlannedWrite, store: &str) -> Vec<String> {
    let plan = &planned.plan;
    let mut lines = vec![
        format!("plan: {}", plan.intent),
        format!("on {store} as {}", plan.user),
    ];
    let verdict = describe_plan_verdict(&plan.intent, &planned.gates, plan.warnings.len());
    lines.extend(verdict.map(|verdict| format!("verdict: {verdict}")));
    let champion = planned.champion_label.iter();
    let champion = champion.filter(|_| compared_slot(&plan.intent).is_some());
    lines.extend(champion.map(|champion| format!("champion: {champion}")));
    if !planned.gates.is_empty() {
        lines.push(describe_policies(&planned.policies));
    }
    let (blocking, passing): (Vec<&GateResult>, Vec<&GateResult>) = planned
        .gates
        .iter()
        .partition(|gate| gate.outcome != GateOutcome::Pass);
    let gate_line = |gate: &GateResult| format!("gate {}", gate.describe());
    lines.extend(blocking.into_iter().map(gate_line));
    let warnings = plan.warnings.iter();
    lines.extend(warnings.map(|warning| format!("warning: {warning}")));
    let (changes, records) = plan.changes_and_records();
    lines.extend(step_lines(&changes));
    lines.extend(passing.into_iter().map(gate_line));
    if let Confirmation::TypeName(_) = plan.confirmation {
        lines.push("protected: type the name to confirm".to_owned());
    }
    if !records.is_empty() {
        lines.push("records of this write, for other users:".to_owned());
        lines.extend(step_lines(&records));
    }
    lines
}

/// One indented line per step, in columns: `move  iris/3  Staging → Production`.
fn step_lines(steps: &[&PlanStep]) -> Vec<String> {
    let mut sheet = Sheet::new(["action", "target", "change"]);
    for step in steps {
        let change = format!("{} → {}", step.before, step.after);
        sheet.push_row([step.action.clone(), step.target.clone(), change]);
    }
    let lines = sheet.to_aligned_lines(None).0.into_iter().skip(1);
    lines.map(|line| format!("  {line}")).collect()
}

fn outcome_lines(plan: &Plan, report: &ApplyReport) -> Vec<String> {
    let created = report
        .created_version
        .map(|version| format!("created {}", plan.subject().label(version)));
    let outcome = match &report.outcome {
        Outcome::Verified => vec![format!("applied and verified: {}", plan.intent)],
        Outcome::NotApplied { reason } => vec![format!("not applied: {reason}")],
        Outcome::Conflict { differences } => differences
            .iter()
            .map(|line| format!("conflict: {line}"))
            .collect(),
        Outcome::Unknown { reason } => vec![format!("outcome unknown: {reason}")],
    };
    let command = format!("frontrunner rollback --entry {}", report.entry_id);
    let undo = if plan.can_be_undone(report.created_version) {
        format!("; undo with {command}")
    } else if plan.deleted_versions().next().is_some() {
        format!("; cannot be undone, but {command} registers its run again as a new version")
    } else {
        String::new()
    };
    let entry = format!("journal entry {}{undo}", report.entry_id);
    created.into_iter().chain(outcome).chain([entry]).collect()
}

/// Prints progress to stderr if it is a terminal. It borrows nothing: applying may call it from any task.
pub fn print_progress(progress: &ApplyProgress, steps: usize) {
    use std::io::{IsTerminal, Write};
    let line = match progress {
        ApplyProgress::Preflight => "checking the registry".to_owned(),
        ApplyProgress::Step(step) => format!("step {} of {steps}", step + 1),
        ApplyProgress::Waiting(what) => what.clone(),
        ApplyProgress::Verifying => "verifying".to_owned(),
    };
    let mut errors = std::io::stderr();
    if errors.is_terminal() {
        let _ = writeln!(errors, "{}", crate::text::untrusted::clean(&line));
    }
}
