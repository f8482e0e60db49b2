//! Telling a plan and what came of it, for people and as JSON.

use serde_json::{Value, json};

use crate::cli::output::Report as Printed;
use crate::export::Sheet;
use crate::ops::apply::{Progress, Report};
use crate::promotion::{Confirm, Fingerprint, GateVerdict, Intent, Outcome, Plan, Reading, Step};

/// What there is to tell.
pub enum Told<'a> {
    /// A plan, with the requests that it comes to where the session may write.
    Plan {
        /// The plan.
        plan: &'a Plan,
        /// What the gates say.
        gates: &'a [GateVerdict],
        /// The requests, with no secret in them.
        requests: Option<Vec<String>>,
    },
    /// What came of a plan.
    Done {
        /// The plan.
        plan: &'a Plan,
        /// What the gates said.
        gates: &'a [GateVerdict],
        /// What came of it.
        report: &'a Report,
    },
}

impl Told<'_> {
    /// In every form.
    #[must_use]
    pub fn report(&self, store: &str) -> Printed {
        match self {
            Self::Plan {
                plan,
                gates,
                requests,
            } => {
                let mut lines = plan_lines(plan, gates, store);
                match requests {
                    Some(requests) => lines.extend(
                        requests
                            .iter()
                            .flat_map(|request| request.lines())
                            .map(|line| format!("  {line}")),
                    ),
                    None => {
                        lines.push("the session is read-only, so there are no requests".to_owned())
                    }
                }
                lines.push("nothing was written".to_owned());
                let mut value = value(&plan.intent, &plan.steps, &plan.fingerprint, gates);
                set(&mut value, "applied", json!(false));
                if let Some(Value::Object(fields)) = value.get_mut("plan") {
                    fields.insert("warnings".into(), json!(plan.warnings));
                    fields.insert("requests".into(), json!(requests));
                }
                Printed::text(value, sheet(&plan.steps), lines)
            }
            Self::Done {
                plan,
                gates,
                report,
            } => {
                let mut value = value(&plan.intent, &plan.steps, &plan.fingerprint, gates);
                let verified = report.outcome == Outcome::Verified;
                set(&mut value, "applied", applied(&report.outcome));
                set(&mut value, "verified", json!(verified));
                set(&mut value, "journal_id", json!(report.entry));
                set(&mut value, "outcome", json!(report.outcome));
                set(&mut value, "version", json!(report.created));
                Printed::text(value, sheet(&plan.steps), done_lines(plan, report))
            }
        }
    }
}

/// What is to be told when it is so already.
#[must_use]
pub fn nothing_to_do(intent: &Intent, reading: &Reading, why: &str) -> Printed {
    let mut value = value(intent, &[], &reading.fingerprint(), &[]);
    set(&mut value, "verified", json!(true));
    Printed::text(value, sheet(&[]), vec![format!("nothing to do: {why}")])
}

/// Whether something was changed; nothing where that is not known.
fn applied(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Verified | Outcome::Conflict { .. } => json!(true),
        Outcome::NotApplied { .. } => json!(false),
        Outcome::Unknown { .. } => Value::Null,
    }
}

fn value(
    intent: &Intent,
    steps: &[Step],
    fingerprint: &Fingerprint,
    gates: &[GateVerdict],
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

fn set(value: &mut Value, key: &str, to: Value) {
    if let Value::Object(fields) = value {
        fields.insert(key.to_owned(), to);
    }
}

fn sheet(steps: &[Step]) -> Sheet {
    let mut sheet = Sheet::new(["action", "target", "before", "after", "by"]);
    for step in steps {
        let by = if step.write.is_some() {
            "us"
        } else {
            "the store"
        };
        sheet.row([
            step.action.clone(),
            step.target.clone(),
            step.before.clone(),
            step.after.clone(),
            by.to_owned(),
        ]);
    }
    sheet
}

/// The plan in lines: where, what, each step from before to after, what to mind.
#[must_use]
pub fn plan_lines(plan: &Plan, gates: &[GateVerdict], store: &str) -> Vec<String> {
    let mut lines = vec![
        format!("plan: {}", plan.intent),
        format!("on {store} as {}", plan.user),
    ];
    lines.extend(
        sheet(&plan.steps)
            .aligned(None)
            .0
            .into_iter()
            .map(|line| format!("  {line}")),
    );
    lines.extend(gates.iter().map(|gate| format!("gate {}", gate.line())));
    lines.extend(
        plan.warnings
            .iter()
            .map(|warning| format!("mind: {warning}")),
    );
    if let Confirm::TypeName(_) = plan.confirm {
        lines.push("this is protected: it asks for a name typed".to_owned());
    }
    lines
}

fn done_lines(plan: &Plan, report: &Report) -> Vec<String> {
    let made = report
        .created
        .map(|version| format!("made {}", plan.subject().label(version)));
    let outcome = match &report.outcome {
        Outcome::Verified => vec![format!("done and read back: {}", plan.intent)],
        Outcome::NotApplied { why } => vec![format!("not applied: {why}")],
        Outcome::Conflict { found } => found
            .iter()
            .map(|line| format!("conflict: {line}"))
            .collect(),
        Outcome::Unknown { why } => vec![format!("not known: {why}")],
    };
    let command = format!("frontrunner rollback --entry {}", report.entry);
    let undo = if plan.can_be_undone(report.created) {
        format!("; undo it: {command}")
    } else if plan.deleted().next().is_some() {
        format!("; it can't be undone; its run is registered again, as a new version, by {command}")
    } else {
        String::new()
    };
    let entry = format!("journal entry {}{undo}", report.entry);
    made.into_iter().chain(outcome).chain([entry]).collect()
}

/// Says on stderr how far a plan got. The road calls this from wherever it runs, so nothing is borrowed here.
pub fn progress(progress: &Progress, steps: usize) {
    use std::io::{IsTerminal, Write};
    let line = match progress {
        Progress::Preflight => "reading the registry again".to_owned(),
        Progress::Step(step) => format!("step {} of {steps}", step + 1),
        Progress::Waiting(what) => what.clone(),
        Progress::Verifying => "reading back".to_owned(),
    };
    let mut errors = std::io::stderr();
    if errors.is_terminal() {
        let _ = writeln!(errors, "{}", crate::text::untrusted::clean(&line));
    }
}
