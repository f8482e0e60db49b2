//! Errors of stores: what failed, on what, why, and what to do next.

use thiserror::Error;

use crate::text::untrusted::{Untrusted, clean};

/// The kinds of errors, each with a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreErrorKind {
    /// No such host or file, or no connection.
    Unreachable,
    /// No response in time.
    Timeout,
    /// Missing or invalid credentials (401).
    Unauthenticated,
    /// No permission for this (403), or a file that is not readable or writable.
    PermissionDenied,
    /// No such object.
    NotFound,
    /// The store lacks the feature: an older server, or a schema without the table.
    Unsupported,
    /// The store rejects the request as invalid.
    InvalidRequest,
    /// The object was changed meanwhile, or exists already.
    Conflict,
    /// Too many requests, a locked file, or a server that is starting.
    Busy,
    /// A failure in the store (5xx, a damaged file).
    ServerError,
    /// HTML, truncated JSON, or unexpected types.
    InvalidResponse,
    /// A response beyond the size limit.
    ResponseTooLarge,
}

impl StoreErrorKind {
    /// What to do next, in one clause.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Unreachable => {
                "check that the address is right and the server is running; `frontrunner doctor` shows the target"
            }
            Self::Timeout => "try again with ctrl-r; a server that just started takes some seconds",
            Self::Unauthenticated => {
                "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
            }
            Self::PermissionDenied => "ask the owner of the store for permission",
            Self::NotFound => "it may have been deleted or renamed; refresh with ctrl-r",
            Self::Unsupported => "upgrade the MLflow server to use this; everything else works",
            Self::InvalidRequest => "correct the request and try again",
            Self::Conflict => "review the current state and plan again",
            Self::Busy => "wait a moment, then refresh with ctrl-r",
            Self::ServerError => "see the server's log; try again with ctrl-r",
            Self::InvalidResponse => {
                "check that the address is an MLflow server's; a proxy or a login page may respond instead"
            }
            Self::ResponseTooLarge => "narrow the query with a filter",
        }
    }

    /// A stable code for JSON.
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

    /// Whether the same *read* may succeed when it is retried.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Unreachable | Self::Timeout | Self::Busy)
    }
}

/// An error of a store. Its `Display` is one line that is safe to draw.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {}", clean(what), clean(why.raw()))]
pub struct StoreError {
    /// Decides the hint, the exit code and whether a read is retried.
    pub kind: StoreErrorKind,
    /// The operation and its object: `reading the runs of experiment 3`.
    pub what: String,
    /// The first line of the store's message, or our own.
    pub why: Untrusted,
    /// Whether a write may have been applied anyway.
    pub outcome_unknown: bool,
    /// Whether a write was certainly never sent.
    pub not_sent: bool,
    /// The server's `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// Overrides the hint of the kind.
    pub hint: Option<&'static str>,
}

impl StoreError {
    /// An error of an operation, with its cause.
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

    /// Marks a write as perhaps applied.
    #[must_use]
    pub fn with_outcome_unknown(mut self) -> Self {
        self.outcome_unknown = true;
        self
    }

    /// What to do next, in one clause.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        self.hint.unwrap_or(self.kind.hint())
    }

    /// Overrides the hint of the kind.
    #[must_use]
    pub fn with_hint(self, next: Option<&'static str>) -> Self {
        Self { hint: next, ..self }
    }
}
