//! What is said of a plan in the end: what was answered and what was read back, taken together.

use crate::domain::Fault;
use crate::promotion::Outcome;

/// How far the sending got.
#[derive(Debug)]
pub(crate) enum Sent {
    /// Every step arrived.
    All,
    /// The first step was refused: nothing arrived.
    Nothing(Fault),
    /// A later step was refused.
    Refused(Fault),
    /// A step was sent, its answer was lost, and it did not show up while it still could.
    Lost(Fault),
    /// The journal could not be written any more, so the rest was not sent.
    Stopped,
}

/// What the last read-back said.
pub(crate) enum Seen {
    /// It was read and compared with the plan.
    Judged(Outcome),
    /// It could not be read.
    Not(Option<Fault>),
}

/// The outcome. An answer alone never makes it verified, and a read-back alone never makes light of an answer.
pub(crate) fn tell(sent: &Sent, placed: bool, seen: Seen) -> Outcome {
    let judged = match (seen, sent) {
        (Seen::Judged(outcome), _) => outcome,
        (Seen::Not(_), Sent::Nothing(fault)) => {
            return Outcome::NotApplied {
                why: fault.to_string(),
            };
        }
        (Seen::Not(fault), _) => {
            let why = fault.map_or_else(
                || "it could not be read back".to_owned(),
                |fault| format!("it could not be read back: {fault}"),
            );
            return Outcome::Unknown { why };
        }
    };
    match (judged, sent) {
        (Outcome::NotApplied { .. }, _) if placed => reverted(),
        (Outcome::NotApplied { .. }, Sent::Nothing(fault) | Sent::Refused(fault)) => {
            Outcome::NotApplied {
                why: fault.to_string(),
            }
        }
        (Outcome::NotApplied { .. }, Sent::Lost(fault)) => Outcome::NotApplied {
            why: format!("it did not arrive, and it is safe to try again ({fault})"),
        },
        (Outcome::NotApplied { .. }, Sent::Stopped) => Outcome::NotApplied {
            why: "the journal could not be written any more, so the rest was not sent".to_owned(),
        },
        (
            Outcome::Conflict { mut found },
            Sent::Nothing(fault) | Sent::Refused(fault) | Sent::Lost(fault),
        ) => {
            found.push(format!("a step failed: {fault}"));
            Outcome::Conflict { found }
        }
        (judged, _) => judged,
    }
}

/// A write was answered well, and the registry is as it was.
pub(crate) fn reverted() -> Outcome {
    Outcome::Conflict {
        found: vec!["the store said that it was done, and all is as before: somebody put it back, or it was not kept".to_owned()],
    }
}
