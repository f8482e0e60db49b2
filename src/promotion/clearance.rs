//! Clearance: sealed gate results and a confirmation turn a plan into a [`Cleared`] one, the only kind that can be applied.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::policy::{GateResults, gate_targets};
use super::{Confirmation, Intent, Plan};

/// Outcome of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    /// Its condition is true.
    Pass,
    /// Its condition is false.
    Fail,
    /// A value that its condition needs is missing: never a pass.
    Absent,
    /// It did not pass, and a user whom the policy allows to overrode it; the record has user and reason.
    Overridden,
}

impl GateOutcome {
    /// `pass`, `fail`, `absent` or `overridden`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Absent => "absent",
            Self::Overridden => "overridden",
        }
    }
}

/// Outcome of one gate, as journals and `--json` hold it. It clears nothing: clearance takes [`GateResults`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateResult {
    /// From the policy, cleaned.
    pub name: String,
    /// On the wire: `verdict`.
    #[serde(rename = "verdict")]
    pub outcome: GateOutcome,
    /// Why it did not pass, cleaned; empty for a pass.
    pub reason: String,
    /// The values that its condition read, by path, cleaned.
    pub values: Vec<(String, String)>,
}

impl GateResult {
    /// Whether it keeps a plan from being cleared.
    #[must_use]
    pub fn is_blocking(&self) -> bool {
        matches!(self.outcome, GateOutcome::Fail | GateOutcome::Absent)
    }

    /// One cleaned line: `beats the champion: fail, needs +0.2 points (candidate.metrics.acc 0.9)`.
    #[must_use]
    pub fn describe(&self) -> String {
        let values: Vec<String> = self
            .values
            .iter()
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let why = if self.reason.is_empty() {
            String::new()
        } else {
            format!(", {}", self.reason)
        };
        let inputs = if values.is_empty() {
            String::new()
        } else {
            format!(" ({})", values.join(", "))
        };
        format!("{}: {}{why}{inputs}", self.name, self.outcome.as_str())
    }
}

/// The gates and the number of warnings in one cleaned line: `1 of 3 gates does not pass: signed off; 2 warnings`.
#[must_use]
pub fn describe_verdict(gates: &[GateResult], warnings: usize) -> String {
    let names = |chosen: &dyn Fn(&GateResult) -> bool| -> Vec<&str> {
        let chosen = gates.iter().filter(|gate| chosen(gate));
        chosen.map(|gate| gate.name.as_str()).collect()
    };
    let blocking = names(&GateResult::is_blocking);
    let overridden = names(&|gate| gate.outcome == GateOutcome::Overridden);
    let gates = match (gates.len(), blocking.as_slice(), overridden.as_slice()) {
        (0, ..) => "no gate applies".to_owned(),
        (1, [name], _) => format!("the gate does not pass: {name}"),
        (all, [name], _) => format!("1 of {all} gates does not pass: {name}"),
        (all, several @ [_, _, ..], _) => format!(
            "{} of {all} gates do not pass: {}",
            several.len(),
            several.join(", ")
        ),
        (1, [], []) => "the gate passes".to_owned(),
        (all, [], []) => format!("all {all} gates pass"),
        (_, [], overridden) => format!("overridden: {}", overridden.join(", ")),
    };
    format!("{gates}; {}", describe_warnings(warnings))
}

/// [`describe_verdict`] of a plan. `None` for a plan that no gate and no lineage is evaluated for, such as that of a
/// review, unless it has warnings of its own.
#[must_use]
pub fn describe_plan_verdict(
    intent: &Intent,
    gates: &[GateResult],
    warnings: usize,
) -> Option<String> {
    let is_judged = !gates.is_empty() || !gate_targets(intent).is_empty();
    match (is_judged, warnings) {
        (true, _) => Some(describe_verdict(gates, warnings)),
        (false, 0) => None,
        (false, _) => Some(describe_warnings(warnings)),
    }
}

fn describe_warnings(warnings: usize) -> String {
    match warnings {
        0 => "no warnings".to_owned(),
        1 => "1 warning".to_owned(),
        many => format!("{many} warnings"),
    }
}

/// A plan ready to apply. Only [`grant_clearance`] builds it, so an uncleared write does not compile.
#[derive(Debug)]
pub struct Cleared {
    plan: Plan,
    gates: GateResults,
}

impl Cleared {
    /// The plan to apply.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The gate results that go into the journal; the preflight check evaluates the gates again and compares.
    #[must_use]
    pub fn gates(&self) -> &GateResults {
        &self.gates
    }
}

/// Why a plan was not cleared.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClearanceError {
    /// The gates were evaluated for another intent, or on another state of the registry.
    #[error("the gate results are not for this plan: {0}")]
    ForeignGates(String),
    /// Name and reason of the first gate that did not pass.
    #[error("gate {0} did not pass: {1}")]
    GateFailed(String, String),
    /// Name of a gate that is overridden without a reason.
    #[error("gate {0} is overridden without a reason: the record needs one")]
    ReasonRequired(String),
    /// What is protected, and the name to type.
    #[error("{0} is protected: type {1} to confirm")]
    NotConfirmed(String, String),
}

/// The first gate that blocks a plan, as the error that clearance would return.
#[must_use]
pub fn first_blocking_gate(gates: &[GateResult]) -> Option<ClearanceError> {
    let gate = gates.iter().find(|gate| gate.is_blocking())?;
    Some(ClearanceError::GateFailed(
        gate.name.clone(),
        gate.reason.clone(),
    ))
}

/// Clears a plan: every gate passed or was overridden with a reason, and a protected plan was confirmed. `typed` is what
/// the user typed; with `--yes`, the required name itself.
///
/// # Errors
/// Gates of another plan, a blocking gate, an override without a reason, or a missing confirmation.
pub fn grant_clearance(
    plan: Plan,
    gates: GateResults,
    typed: Option<&str>,
) -> Result<Cleared, ClearanceError> {
    if !gates.is_for(&plan) {
        return Err(ClearanceError::ForeignGates(plan.intent.to_string()));
    }
    if let Some(blocking) = first_blocking_gate(&gates) {
        return Err(blocking);
    }
    let overridden = gates
        .iter()
        .find(|gate| gate.outcome == GateOutcome::Overridden);
    if let Some(gate) = overridden
        && plan.reason.trim().is_empty()
    {
        return Err(ClearanceError::ReasonRequired(gate.name.clone()));
    }
    match &plan.confirmation {
        Confirmation::TypeName(name) if typed != Some(name.raw()) => Err(
            ClearanceError::NotConfirmed(plan.intent.to_string(), name.clean().into_owned()),
        ),
        Confirmation::TypeName(_) | Confirmation::Yes => Ok(Cleared { plan, gates }),
    }
}
