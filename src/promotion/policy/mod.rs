//! Policies: conditions that a version must meet to hold a slot. Pure: a file's text and facts in, gate results out.
//!
//! ```text
//! text ─▶ Policy ─▶ evaluate_intent(facts of candidate and champion) ─▶ GateResults ─▶ clearance
//! ```
//!
//! Conditions are written in CEL, <https://github.com/google/cel-spec>. A value that is missing, empty, NaN or infinite is
//! *absent*: a condition that needs it does not pass and names it.

mod approval_gate;
mod condition;
mod cost;
mod declarations;
mod evaluate;
mod facts;
mod field_paths;
mod file;
mod gate_results;
mod merge;

pub use condition::Condition;
pub use evaluate::{ChampionFacts, GateTarget, PolicyEvaluation, Promoter, gate_targets};
pub use facts::{Candidate, PolicyFacts};
pub use file::{ApprovalRule, Gate, ModelPolicy, Policy};
pub use gate_results::GateResults;
pub use merge::PolicySource;

#[cfg(test)]
mod tests;
