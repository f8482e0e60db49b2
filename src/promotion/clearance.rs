//! Clearance: what may be carried out. [`Cleared`] can only be built here, so a write that was not cleared does not compile.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Confirmation, Plan};

/// What a gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateOutcome {
    /// The condition is met.
    Pass,
    /// It is not.
    Fail,
    /// A value that it needs is missing: never a pass.
    Absent,
    /// It was not met, and somebody who may do so went on; the record says who and why.
    Overridden,
}

impl GateOutcome {
    /// In a word: `pass`, `fail`, `absent`, `overridden`.
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

impl GateResult {
    /// In one line, cleaned: `beats the champion: fail, needs +0.2 points (candidate.metrics.acc 0.9)`.
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

/// A gate's verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateResult {
    /// The gate's name, cleaned.
    pub name: String,
    /// What it says.
    #[serde(rename = "verdict")]
    pub outcome: GateOutcome,
    /// Why, cleaned.
    pub reason: String,
    /// The values that it saw, cleaned.
    pub values: Vec<(String, String)>,
}

/// A plan that may be carried out.
#[derive(Debug)]
pub struct Cleared {
    plan: Plan,
    gates: Vec<GateResult>,
}

impl Cleared {
    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The verdicts it was cleared with.
    #[must_use]
    pub fn gates(&self) -> &[GateResult] {
        &self.gates
    }
}

/// Why a plan may not be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClearanceError {
    /// A gate did not pass.
    #[error("gate {0} did not pass: {1}")]
    GateFailed(String, String),
    /// A gate was overridden, and nothing says why.
    #[error("gate {0} is overridden: say why, it goes on the record")]
    ReasonRequired(String),
    /// The confirmation was not given as asked.
    #[error("type {1} to confirm: {0} is protected")]
    NotConfirmed(String, String),
}

/// The first gate that stands in the way.
#[must_use]
pub fn first_blocking_gate(gates: &[GateResult]) -> Option<ClearanceError> {
    let gate = gates
        .iter()
        .find(|gate| matches!(gate.outcome, GateOutcome::Fail | GateOutcome::Absent))?;
    Some(ClearanceError::GateFailed(
        gate.name.clone(),
        gate.reason.clone(),
    ))
}

/// Clears a plan: every gate passes or was overridden, and a protected plan was confirmed with the name that it asks for.
/// `typed` is what the person typed, or for subcommands that name when `--yes` was given.
///
/// # Errors
/// The first gate that did not pass, or the confirmation that is missing.
pub fn grant_clearance(
    plan: Plan,
    gates: Vec<GateResult>,
    typed: Option<&str>,
) -> Result<Cleared, ClearanceError> {
    if let Some(blocking) = first_blocking_gate(&gates) {
        return Err(blocking);
    }
    if let Some(gate) = gates
        .iter()
        .find(|gate| gate.outcome == GateOutcome::Overridden)
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
