//! What is said of a plan in the end: what was answered and what was read back, taken together.

use crate::domain::StoreError;
use crate::promotion::Outcome;

/// How far the sending got.
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

/// What the last read-back said.
pub(crate) enum ReadBack {
    /// It was read and compared with the plan.
    Compared(Outcome),
    /// It could not be read.
    Unreadable(Option<StoreError>),
}

/// The outcome. An answer alone never makes it verified, and a read-back alone never makes light of an answer.
pub(crate) fn final_outcome(
    send_result: &SendResult,
    has_applied_step: bool,
    read_back: ReadBack,
) -> Outcome {
    let outcome = match (read_back, send_result) {
        (ReadBack::Compared(outcome), _) => outcome,
        (ReadBack::Unreadable(_), SendResult::NothingArrived(fault)) => {
            return Outcome::NotApplied {
                reason: fault.to_string(),
            };
        }
        (ReadBack::Unreadable(fault), _) => {
            let why = fault.map_or_else(
                || "it could not be read back".to_owned(),
                |fault| format!("it could not be read back: {fault}"),
            );
            return Outcome::Unknown { reason: why };
        }
    };
    match (outcome, send_result) {
        (Outcome::NotApplied { .. }, _) if has_applied_step => reverted_outcome(),
        (
            Outcome::NotApplied { .. },
            SendResult::NothingArrived(fault) | SendResult::LaterStepRefused(fault),
        ) => Outcome::NotApplied {
            reason: fault.to_string(),
        },
        (Outcome::NotApplied { .. }, SendResult::ResponseLost(fault)) => Outcome::NotApplied {
            reason: format!("it did not arrive, and it is safe to try again ({fault})"),
        },
        (Outcome::NotApplied { .. }, SendResult::JournalFailed) => Outcome::NotApplied {
            reason: "the journal could not be written any more, so the rest was not sent"
                .to_owned(),
        },
        (
            Outcome::Conflict {
                differences: mut found,
            },
            SendResult::NothingArrived(fault)
            | SendResult::LaterStepRefused(fault)
            | SendResult::ResponseLost(fault),
        ) => {
            found.push(format!("a step failed: {fault}"));
            Outcome::Conflict { differences: found }
        }
        (outcome, _) => outcome,
    }
}

/// A write was answered well, and the registry is as it was.
pub(crate) fn reverted_outcome() -> Outcome {
    Outcome::Conflict {
        differences: vec!["the store said that it was done, and all is as before: somebody put it back, or it was not kept".to_owned()],
    }
}
