//! The lines of the book.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::StepResult;
use crate::domain::{Millis, VersionNumber};
use crate::promotion::{GateResult, Outcome, Plan};

/// One line: one thing that happened to an entry.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "one line is held at a time")]
#[serde(tag = "line", rename_all = "snake_case")]
pub(crate) enum JournalRecord<'a> {
    /// Everything is decided and nothing is sent.
    Begin {
        /// The entry.
        id: Cow<'a, str>,
        /// When.
        at: Millis,
        /// How long a request that was given up could still land, in ms.
        #[serde(default)]
        #[serde(rename = "quiet")]
        settle_window_ms: u64,
        /// The plan.
        plan: Cow<'a, Plan>,
        /// The gates' verdicts.
        gates: Cow<'a, [GateResult]>,
    },
    /// A step was answered, or failed.
    Step {
        /// The entry.
        id: Cow<'a, str>,
        /// What came of it.
        #[serde(flatten)]
        result: StepResult,
    },
    /// The store picked a number.
    Created {
        /// The entry.
        id: Cow<'a, str>,
        /// When.
        at: Millis,
        /// The version.
        version: VersionNumber,
    },
    /// The registry was read back.
    End {
        /// The entry.
        id: Cow<'a, str>,
        /// When.
        at: Millis,
        /// What it said.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// Another entry put everything back.
    Undone {
        /// The entry.
        id: Cow<'a, str>,
        /// When.
        at: Millis,
        /// The entry that did it.
        by: Cow<'a, str>,
    },
}
