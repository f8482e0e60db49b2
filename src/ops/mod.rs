//! Use cases of the command line and the screens: async, over a store, on top of the pure modules.

pub mod apply;
pub mod assess;
pub mod clock;
pub mod copy;
pub mod diff;
pub mod download;
pub mod export;
pub mod gates;
pub mod history;
pub mod journal;
pub mod lineage;
pub mod list_runs;
pub mod models;
pub mod plan_write;
pub mod recover;
pub mod register;
pub mod registry;
pub mod review;
pub mod runs;
mod send;
mod send_transaction;

use crate::domain::StoreError;

/// Why a use case failed. Both texts are cleaned, so they can be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    /// One line.
    pub message: String,
    /// The next step.
    pub hint: String,
}

impl RequestError {
    /// An error with a next step.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl From<StoreError> for RequestError {
    fn from(error: StoreError) -> Self {
        Self::new(error.to_string(), error.hint())
    }
}

/// Blocking work panicked, or the program is ending.
impl From<tokio::task::JoinError> for RequestError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::new(error.to_string(), "try again")
    }
}
