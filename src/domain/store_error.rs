//! What can go wrong at a store: what failed, on what, why, and what to do next.

use thiserror::Error;

use crate::text::untrusted::{Untrusted, clean};

/// The kinds of fault, each with its own way on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreErrorKind {
    /// The store can't be reached: no name, no connection, no file.
    Unreachable,
    /// The store took too long.
    Timeout,
    /// Who we are is not known there (401).
    Unauthenticated,
    /// We may not do this (403), or the store is open read-only.
    PermissionDenied,
    /// What was asked for is not there.
    NotFound,
    /// The store has no such feature: an older server, a schema without the table.
    Unsupported,
    /// The store says that the question is wrong.
    InvalidRequest,
    /// Somebody else changed it, or it is there already.
    Conflict,
    /// Busy: too many requests, a locked file, a server that is waking up.
    Busy,
    /// The store failed on its own side (5xx, a damaged file).
    ServerError,
    /// The answer can't be understood: HTML, cut JSON, wrong types.
    InvalidResponse,
    /// The answer is larger than this program takes.
    ResponseTooLarge,
}

impl StoreErrorKind {
    /// What a person can do about it, in a few words.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "check the address and that the server runs; `frontrunner doctor` says what was tried"
            }
            Self::Timeout => "try again with ctrl-r; a server that just started needs some seconds",
            Self::Unauthenticated => {
                "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
            }
            Self::PermissionDenied => "ask the owner of the store for the right to do this",
            Self::NotFound => "refresh with ctrl-r: it may have been deleted or renamed",
            Self::Unsupported => "everything else works; a newer MLflow server has it",
            Self::InvalidRequest => "change the request as the message says",
            Self::Conflict => "look at what is there now, and plan again",
            Self::Busy => "wait a moment, then ctrl-r",
            Self::ServerError => "the server's own log says more; try again with ctrl-r",
            Self::InvalidResponse => {
                "is this the address of an MLflow server? a proxy or a login page may answer instead"
            }
            Self::ResponseTooLarge => "narrow the question with a filter",
        }
    }

    /// A stable word for JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Timeout => "timed_out",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "denied",
            Self::NotFound => "missing",
            Self::Unsupported => "unsupported",
            Self::InvalidRequest => "invalid",
            Self::Conflict => "conflict",
            Self::Busy => "busy",
            Self::ServerError => "broken",
            Self::InvalidResponse => "malformed",
            Self::ResponseTooLarge => "too_large",
        }
    }

    /// Whether the same *read* may succeed if it is sent again.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Unreachable | Self::Timeout | Self::Busy)
    }
}

/// A store's failure. Its `Display` is one line that is safe to draw.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {}", clean(what), clean(why.raw()))]
pub struct StoreError {
    /// What kind it is.
    pub kind: StoreErrorKind,
    /// What was being done, on what: `reading runs of experiment 3`.
    pub what: String,
    /// Why it failed: the store's own first line, or ours.
    pub why: Untrusted,
    /// For a write: whether it may have been carried out all the same.
    pub outcome_unknown: bool,
    /// For a write: whether the request provably never left this machine.
    pub not_sent: bool,
    /// Seconds after which the server asks to come back (`Retry-After`).
    pub retry_after: Option<u64>,
    /// What to do next, where the store knows better than the kind of fault tells.
    pub hint: Option<&'static str>,
}

impl StoreError {
    /// A fault of a kind: what was being done, and why it failed.
    pub fn new(kind: StoreErrorKind, what: impl Into<String>, why: impl Into<Untrusted>) -> Self {
        Self {
            kind,
            what: what.into(),
            why: why.into(),
            outcome_unknown: false,
            not_sent: false,
            retry_after: None,
            hint: None,
        }
    }

    /// The same fault, said of a write whose outcome is not known.
    #[must_use]
    pub fn with_outcome_unknown(mut self) -> Self {
        self.outcome_unknown = true;
        self
    }

    /// What to do next, in a few words.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.hint.unwrap_or(self.kind.hint())
    }

    /// The same fault, with what to do next.
    #[must_use]
    pub fn with_hint(self, next: Option<&'static str>) -> Self {
        Self { hint: next, ..self }
    }
}
