//! From what came back over HTTP to faults: what failed, why, and whether a write may have been carried out.

use std::error::Error;
use std::time::Duration;

use serde::Deserialize;

use super::transport::RawResponse;
use crate::domain::{StoreError, StoreErrorKind};
use crate::store::{Result, limits};
use crate::text::untrusted::clean;

/// The body of MLflow's own errors.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    error_code: Option<String>,
    message: Option<String>,
}

/// A request that got no answer. What failed while connecting never left.
pub(super) fn send_error(error: &reqwest::Error, what: &str, timeout: Duration) -> StoreError {
    let cause = root_cause(error);
    if error.is_connect() {
        let (kind, why) = if error.is_timeout() {
            (
                StoreErrorKind::Timeout,
                "the connection did not open in time".to_owned(),
            )
        } else {
            (StoreErrorKind::Unreachable, connect_error_message(&cause))
        };
        return StoreError {
            not_sent: true,
            ..StoreError::new(kind, what, why)
        };
    }
    if error.is_builder() {
        return StoreError {
            not_sent: true,
            ..StoreError::new(StoreErrorKind::InvalidRequest, what, cause)
        };
    }
    if error.is_timeout() {
        return StoreError::new(
            StoreErrorKind::Timeout,
            what,
            format!("no answer within {} s", timeout.as_secs_f32()),
        )
        .with_outcome_unknown();
    }
    StoreError::new(
        StoreErrorKind::Unreachable,
        what,
        format!("the connection broke: {cause}"),
    )
    .with_outcome_unknown()
}

/// An answer that broke off.
pub(super) fn body_error(error: &reqwest::Error, what: &str, timeout: Duration) -> StoreError {
    if error.is_timeout() {
        return StoreError::new(
            StoreErrorKind::Timeout,
            what,
            format!(
                "the answer was not complete within {} s",
                timeout.as_secs_f32()
            ),
        )
        .with_outcome_unknown();
    }
    StoreError::new(
        StoreErrorKind::InvalidResponse,
        what,
        format!("the answer broke off: {}", root_cause(error)),
    )
    .with_outcome_unknown()
}

/// The innermost cause: what the system or the TLS library said.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    truncate_message(&first_line(&cause.to_string()))
}

fn connect_error_message(cause: &str) -> String {
    let lower = cause.to_lowercase();
    if lower.contains("certificate") || lower.contains("unknownissuer") {
        return format!(
            "the server's certificate is not trusted: {cause}; MLFLOW_TRACKING_SERVER_CERT_PATH names your authority"
        );
    }
    if lower.contains("lookup") || lower.contains("resolve") || lower.contains("name or service") {
        return format!("the name can't be resolved: {cause}");
    }
    cause.to_owned()
}

/// The body of a good answer, known to begin as JSON does; or the fault that the answer tells.
pub(super) fn parse_body(raw: RawResponse, what: &str) -> Result<Vec<u8>> {
    if raw.status.is_redirection() {
        let location = raw.location.as_deref().map_or_else(
            || "somewhere else".to_owned(),
            |place| clean(place).into_owned(),
        );
        let why = format!(
            "the server sends to {location}, where credentials are not carried; open that address itself if it is right"
        );
        return Err(
            StoreError::new(StoreErrorKind::InvalidResponse, what, why).with_outcome_unknown()
        );
    }
    if !raw.status.is_success() {
        return Err(error_response(&raw, what));
    }
    if raw.is_truncated {
        let why = format!(
            "the answer is larger than {} MiB",
            limits::RESPONSE_BYTES >> 20
        );
        return Err(
            StoreError::new(StoreErrorKind::ResponseTooLarge, what, why).with_outcome_unknown()
        );
    }
    match raw.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => {}
        Some(b'<') => {
            return Err(malformed_response(
                what,
                "a web page answered, not MLflow's JSON",
            ));
        }
        Some(_) => return Err(malformed_response(what, "the answer is not MLflow's JSON")),
        None => return Err(malformed_response(what, "the answer is empty")),
    }
    // A gateway may answer 200 with an error in it.
    match parse_error_body(&raw.body) {
        Some(ErrorBody {
            error_code: Some(code),
            message,
        }) => Err(error_from_code(
            &code,
            message.as_deref().unwrap_or_default(),
            200,
            what,
        )),
        _ => Ok(raw.body),
    }
}

/// An answer that can't be understood.
pub(super) fn malformed_response(what: &str, why: impl Into<String>) -> StoreError {
    StoreError::new(StoreErrorKind::InvalidResponse, what, why.into()).with_outcome_unknown()
}

/// MLflow's own error in a body. Only short bodies are looked at: a listing never begins with one.
fn parse_error_body(body: &[u8]) -> Option<ErrorBody> {
    const MAX_ERROR_BODY: usize = limits::ERROR_RESPONSE_BYTES;
    let looks_like_error = body.len() <= MAX_ERROR_BODY
        && body
            .windows(12)
            .take(64)
            .any(|window| window == b"\"error_code\"");
    looks_like_error
        .then(|| serde_json::from_slice(body).ok())
        .flatten()
}

fn error_response(raw: &RawResponse, what: &str) -> StoreError {
    let status = raw.status.as_u16();
    let parsed: Option<ErrorBody> = serde_json::from_slice(&raw.body).ok();
    let mut fault = match parsed {
        Some(ErrorBody {
            error_code: Some(code),
            message,
        }) => error_from_code(&code, message.as_deref().unwrap_or_default(), status, what),
        _ => error_from_status(status, &raw.body, what),
    };
    fault.retry_after = raw.retry_after;
    // A server that failed on its own side, or a gateway before it, may have carried the write out.
    fault.outcome_unknown |= status >= 500 || status == 429 || status == 408;
    fault
}

/// MLflow's codes; see its `error_codes`. Some of them disguise others, as seen on 3.17.
fn error_from_code(code: &str, message: &str, status: u16, what: &str) -> StoreError {
    let kind = match code {
        "RESOURCE_ALREADY_EXISTS" | "ALREADY_EXISTS" | "RESOURCE_CONFLICT" | "ABORTED" => {
            StoreErrorKind::Conflict
        }
        _ if message.contains("IntegrityError") || message.contains("UNIQUE constraint") => {
            StoreErrorKind::Conflict
        }
        "RESOURCE_DOES_NOT_EXIST" | "NOT_FOUND" => StoreErrorKind::NotFound,
        // An unknown alias is answered 400.
        "INVALID_PARAMETER_VALUE" if message.contains("alias") && message.contains("not found") => {
            StoreErrorKind::NotFound
        }
        "ENDPOINT_NOT_FOUND" | "NOT_IMPLEMENTED" | "FEATURE_DISABLED" => {
            StoreErrorKind::Unsupported
        }
        "PERMISSION_DENIED" => StoreErrorKind::PermissionDenied,
        "UNAUTHENTICATED" | "CUSTOMER_UNAUTHORIZED" => StoreErrorKind::Unauthenticated,
        "REQUEST_LIMIT_EXCEEDED" | "RESOURCE_EXHAUSTED" | "TEMPORARILY_UNAVAILABLE" => {
            StoreErrorKind::Busy
        }
        "DEADLINE_EXCEEDED" => StoreErrorKind::Timeout,
        "INVALID_PARAMETER_VALUE" | "BAD_REQUEST" => StoreErrorKind::InvalidRequest,
        _ => status_kind(status),
    };
    let why = if message.is_empty() {
        code.to_owned()
    } else {
        first_line(message)
    };
    let fault = StoreError::new(kind, what, why);
    // A conflict inside the store's own transaction says nothing of which side won; a server that failed, or gave up
    // waiting, may have gone on, whatever status a gateway put before it.
    let is_outcome_unknown = message.contains("IntegrityError")
        || matches!(
            kind,
            StoreErrorKind::ServerError | StoreErrorKind::Busy | StoreErrorKind::Timeout
        );
    if is_outcome_unknown {
        fault.with_outcome_unknown()
    } else {
        fault
    }
}

fn status_kind(status: u16) -> StoreErrorKind {
    match status {
        401 => StoreErrorKind::Unauthenticated,
        403 => StoreErrorKind::PermissionDenied,
        404 | 405 | 501 => StoreErrorKind::Unsupported,
        408 | 504 => StoreErrorKind::Timeout,
        409 => StoreErrorKind::Conflict,
        413 => StoreErrorKind::ResponseTooLarge,
        429 | 503 => StoreErrorKind::Busy,
        400..=499 => StoreErrorKind::InvalidRequest,
        _ => StoreErrorKind::ServerError,
    }
}

/// An answer without MLflow's JSON: from a gateway, a login page, or MLflow's own edge.
fn error_from_status(status: u16, body: &[u8], what: &str) -> StoreError {
    let text = String::from_utf8_lossy(&body[..body.len().min(limits::ERROR_RESPONSE_BYTES)]);
    let why = match status {
        403 if text.contains("Invalid Host") => {
            "the server refuses this host name; it takes names given to its --allowed-hosts"
                .to_owned()
        }
        404 | 405 => "the server has no such endpoint".to_owned(),
        _ if text.trim_start().starts_with('<') || text.trim().is_empty() => {
            format!("the server answered {status}")
        }
        _ => format!("the server answered {status}: {}", first_line(text.trim())),
    };
    StoreError::new(status_kind(status), what, why)
}

/// The first line of a message: messages can hold whole SQL statements.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// As much of a text as is kept. Cut last: half a secret would not be recognised.
pub(super) fn truncate_message(text: &str) -> String {
    text.chars().take(limits::MESSAGE_CHARS).collect()
}
