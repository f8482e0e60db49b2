//! Policy: what must be true before a version may hold a place. Pure: a file's text and facts in, verdicts out.
//!
//! ```text
//! text ─▶ Policy ─▶ judge(facts of candidate and champion) ─▶ GateVerdict, which clearance looks at
//! ```
//!
//! Conditions are written in CEL, <https://github.com/google/cel-spec>. What is not recorded, empty, NaN or infinite is
//! *absent*: a condition that needs it does not pass, and says which value it missed.

mod approval_gate;
mod condition;
mod declarations;
mod evaluate;
mod facts;
mod field_paths;
mod file;
mod gate_results;

pub use condition::Condition;
pub use evaluate::{GateTarget, PolicyEvaluation, Promoter, gate_targets};
pub use facts::{Candidate, PolicyFacts};
pub use file::{ApprovalRule, Gate, ModelPolicy, Policy};
pub use gate_results::GateResults;

#[cfg(test)]
mod tests;
