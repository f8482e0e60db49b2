//! Promotion: safe changes of a model registry. Pure: snapshots in, plans and outcomes out.
//!
//! ```text
//! intent ─▶ plan ─▶ clearance ─▶ (ops::apply: preflight ─▶ record ─▶ send ─▶ read back ─▶ verify ─▶ record)
//! ```

mod approval;
mod champion;
mod clearance;
mod confusable;
mod field_hasher;
mod identity;
mod intent;
pub mod journal;
mod plan;
pub mod policy;
mod preconditions;
mod snapshot;
mod state;
mod tag_record;
mod undo;
mod verify;

pub use approval::{APPROVAL_PREFIX, Approval, Decision, PreparedReview, ReviewFile};
pub use champion::{CHAMPION_ALIAS, compared_slot, dangling_champion, find_champion, target_slot};
pub use clearance::{
    ClearanceError, Cleared, GateOutcome, GateResult, describe_plan_verdict, describe_verdict,
    first_blocking_gate, grant_clearance,
};
pub use confusable::is_confusable;
pub use identity::is_same_person;
use intent::describe_registration;
pub use intent::{Intent, Subject};
pub use plan::{
    Confirmation, INTENT_TAG, MetadataChange, MetadataKey, Plan, PlanContext, PlanError, PlanStep,
    TAG_PREFIX, is_reserved_tag, plan,
};
pub use preconditions::{
    ModelPrecondition, Preconditions, RunDependents, RunPrecondition, VersionPrecondition,
};
pub use snapshot::{Fingerprint, RegistrySnapshot, RunSnapshot, SourceCheck};
pub use state::{RegistryChange, RegistryState};
pub use tag_record::{LAST_TAG, LOG_PREFIX, RegistrationTags, TagRecord, summarize_gates};
pub use undo::{Restore, Undo, undo_intent};
pub use verify::{Outcome, find_by_intent_tag, is_applied, state_differences, verify};

/// At most `max` characters; a text that is cut ends with `…`.
fn truncate(text: &str, max: usize) -> String {
    if text.chars().nth(max).is_none() {
        return text.to_owned();
    }
    text.chars().take(max - 1).chain(['…']).collect()
}

#[cfg(test)]
mod test_registry;
