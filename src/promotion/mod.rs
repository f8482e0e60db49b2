//! Promotion: how a registry is changed safely. Pure: readings in, plans and judgements out.
//!
//! ```text
//! intent ─▶ plan ─▶ clear ─▶ (journal::road: preflight ─▶ apply ─▶ verify ─▶ record)
//! ```

mod alias;
mod approval;
mod builder;
mod champion;
mod change;
mod clearance;
mod confusable;
mod context;
mod field_hasher;
mod intent;
pub mod journal;
mod metadata;
mod metadata_change;
mod plan;
mod plan_undo;
pub mod policy;
mod preconditions;
mod register;
mod runs;
mod snapshot;
mod state;
mod subject;
mod tag_record;
mod transition;
mod transition_request;
mod undo;
mod verify;
mod warnings;

pub use approval::{APPROVAL_PREFIX, Approval, Decision, PreparedReview};
pub use champion::{find_champion, target_slot};
pub use change::RegistryChange;
pub use clearance::{
    ClearanceError, Cleared, GateOutcome, GateResult, first_blocking_gate, grant_clearance,
};
pub use confusable::is_confusable;
pub use context::{Confirmation, PlanContext};
pub use intent::Intent;
pub use metadata_change::{MetadataChange, MetadataKey};
pub use plan::{INTENT_TAG, Plan, PlanError, PlanStep, TAG_PREFIX, plan};
pub use preconditions::{
    ModelPrecondition, Preconditions, RunDependents, RunPrecondition, VersionPrecondition,
};
pub use snapshot::{Fingerprint, RegistrySnapshot, RunSnapshot};
pub use state::RegistryState;
pub use subject::Subject;
pub use tag_record::{LOG_PREFIX, RegistrationTags, TagRecord, summarize_gates};
pub use undo::undo_intent;
pub use verify::{Outcome, find_by_intent_tag, is_applied, state_differences, verify};

#[cfg(test)]
mod test_registry;
