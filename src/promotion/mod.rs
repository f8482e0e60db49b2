//! Promotion: how a registry is changed safely. Pure: readings in, plans and judgements out.
//!
//! ```text
//! intent ─▶ plan ─▶ clear ─▶ (journal::road: preflight ─▶ apply ─▶ verify ─▶ record)
//! ```

mod alias;
mod approval;
mod champion;
mod change;
mod clear;
mod context;
mod digest;
mod draft;
mod ground;
mod intent;
pub mod journal;
mod lookalike;
mod note;
mod plan;
pub mod policy;
mod put_back;
mod reading;
mod record;
mod register;
mod relocate;
mod request;
mod said;
mod state;
mod subject;
mod trash;
mod undo;
mod verify;
mod warnings;

pub use approval::{APPROVAL_PREFIX, Approval, Decision, Prepared};
pub use champion::{champion, target};
pub use change::Change;
pub use clear::{Cleared, GateVerdict, Refusal, Verdict, clear, stopped};
pub use context::{Confirm, Context};
pub use ground::{Dependents, Ground, ModelFacts, RunFacts, VersionFacts};
pub use intent::{Intent, Place};
pub use lookalike::look_alike;
pub use plan::{INTENT_TAG, Plan, PlanError, Step, TAG_PREFIX, plan};
pub use reading::{Fingerprint, Reading, RunReading};
pub use record::{LOG_PREFIX, Record, Registration, summary};
pub use said::{Said, Topic};
pub use state::State;
pub use subject::Subject;
pub use undo::undo;
pub use verify::{Outcome, differences, has, judge, marked};

#[cfg(test)]
mod sample;
