//! Final outcome: the store's responses and the read-back combined.

use crate::domain::{StoreError, StoreErrorKind};
use crate::promotion::Outcome;

/// Result of sending the steps.
#[derive(Debug)]
pub(crate) enum SendResult {
    /// Every step arrived.
    AllArrived,
    /// The first step was refused: nothing arrived.
    NothingArrived(StoreError),
    /// A later step was refused.
    LaterStepRefused(StoreError),
    /// A step was sent, its answer was lost, and it did not show up while it still could.
    ResponseLost(StoreError),
    /// The journal could not be written any more, so the rest was not sent.
    JournalFailed,
}

impl SendResult {
    /// Why the store refused a step, if it did.
    pub(crate) fn into_refusal(self) -> Option<StoreError> {
        match self {
            Self::NothingArrived(error) | Self::LaterStepRefused(error) => Some(error),
            Self::AllArrived | Self::ResponseLost(_) | Self::JournalFailed => None,
        }
    }
}

pub(crate) enum ReadBack {
    Compared(Outcome),
    Unreadable(Option<StoreError>),
}

/// A response alone never verifies a write, and an unchanged registry never outweighs a confirmed response.
pub(crate) fn final_outcome(
    send_result: &SendResult,
    has_applied_step: bool,
    has_unsent_step: bool,
    read_back: ReadBack,
) -> Outcome {
    let outcome = match (read_back, send_result) {
        (ReadBack::Compared(outcome), _) => outcome,
        (ReadBack::Unreadable(_), SendResult::NothingArrived(error))
            if !may_answer_a_repeat(error) =>
        {
            return Outcome::NotApplied {
                reason: error.to_string(),
            };
        }
        (ReadBack::Unreadable(error), _) => {
            let reason = error.map_or_else(
                || "the registry could not be read back".to_owned(),
                |error| format!("the registry could not be read back: {error}"),
            );
            return Outcome::Unknown { reason };
        }
    };
    match (outcome, send_result) {
        (Outcome::NotApplied { .. }, _) if has_applied_step => reverted_outcome(),
        (Outcome::Verified, send_result) if has_unsent_step => {
            let reason = match send_result {
                SendResult::NothingArrived(error)
                | SendResult::LaterStepRefused(error)
                | SendResult::ResponseLost(error) => error.to_string(),
                SendResult::JournalFailed | SendResult::AllArrived => {
                    "the journal could not be written".to_owned()
                }
            };
            let what = "another user made the same change; this one was not sent";
            Outcome::Conflict {
                differences: vec![format!("{what}: {reason}")],
            }
        }
        (
            Outcome::NotApplied { .. },
            SendResult::NothingArrived(error) | SendResult::LaterStepRefused(error),
        ) => Outcome::NotApplied {
            reason: error.to_string(),
        },
        (Outcome::NotApplied { .. }, SendResult::ResponseLost(error)) => Outcome::NotApplied {
            reason: format!("the request did not arrive and can be repeated safely ({error})"),
        },
        (Outcome::NotApplied { .. }, SendResult::JournalFailed) => Outcome::NotApplied {
            reason: "the journal could not be written, so the remaining steps were not sent"
                .to_owned(),
        },
        (
            Outcome::Conflict {
                differences: mut found,
            },
            SendResult::NothingArrived(error)
            | SendResult::LaterStepRefused(error)
            | SendResult::ResponseLost(error),
        ) => {
            found.push(format!("a step failed: {error}"));
            Outcome::Conflict { differences: found }
        }
        (outcome, _) => outcome,
    }
}

/// Whether a refusal can be the answer to a second copy of the request, which a proxy made, while the first one was applied: what
/// it removes is gone, or what it creates exists.
fn may_answer_a_repeat(error: &StoreError) -> bool {
    matches!(
        error.kind,
        StoreErrorKind::NotFound | StoreErrorKind::Conflict
    )
}

/// A confirmed write that the registry does not show.
pub(crate) fn reverted_outcome() -> Outcome {
    Outcome::Conflict {
        differences: vec!["the store confirmed the write, but the registry is unchanged: the write was reverted or lost".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_without_a_read_back_proves_nothing_if_a_repeat_gets_the_same() {
        let unreadable = |kind| {
            let refused = SendResult::NothingArrived(StoreError::new(kind, "writing", "no"));
            final_outcome(&refused, false, false, ReadBack::Unreadable(None))
        };
        for kind in [StoreErrorKind::NotFound, StoreErrorKind::Conflict] {
            assert!(matches!(unreadable(kind), Outcome::Unknown { .. }));
        }
        let denied = unreadable(StoreErrorKind::PermissionDenied);
        assert!(matches!(denied, Outcome::NotApplied { .. }));
    }
}
