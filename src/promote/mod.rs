//! Promotion: how a registry is changed safely. Pure: readings in, plans and judgements out.
//!
//! ```text
//! intent ─▶ plan ─▶ clear ─▶ (journal::road: preflight ─▶ apply ─▶ verify ─▶ record)
//! ```

mod clear;
mod draft;
mod intent;
mod lookalike;
mod moving;
mod plan;
mod reading;
mod registering;
mod undo;
mod verify;

pub use clear::{Cleared, GateVerdict, Refusal, Verdict, clear};
pub use intent::{Intent, Place};
pub use plan::{Confirm, Context, INTENT_TAG, Plan, PlanError, Step, TAG_PREFIX, plan};
pub use reading::{Fingerprint, Reading, State};
pub use undo::undo;
pub use verify::{Outcome, judge};
