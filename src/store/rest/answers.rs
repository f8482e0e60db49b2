//! From what came back over HTTP to faults: what failed, why, and whether a write may have been carried out.

use std::error::Error;
use std::time::Duration;

use serde::Deserialize;

use super::transport::Raw;
use crate::domain::{Fault, FaultKind};
use crate::store::{Answer, limits};
use crate::text::untrusted::clean;

/// The body of MLflow's own errors.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told {
    error_code: Option<String>,
    message: Option<String>,
}

/// A request that got no answer. What failed while connecting never left.
pub(super) fn unsent(error: &reqwest::Error, what: &str, patience: Duration) -> Fault {
    let cause = root(error);
    if error.is_connect() {
        let (kind, why) = if error.is_timeout() {
            (
                FaultKind::TimedOut,
                "the connection did not open in time".to_owned(),
            )
        } else {
            (FaultKind::Unreachable, connecting(&cause))
        };
        return Fault {
            never_left: true,
            ..Fault::new(kind, what, why)
        };
    }
    if error.is_builder() {
        return Fault {
            never_left: true,
            ..Fault::new(FaultKind::Invalid, what, cause)
        };
    }
    if error.is_timeout() {
        return Fault::new(
            FaultKind::TimedOut,
            what,
            format!("no answer within {} s", patience.as_secs_f32()),
        )
        .maybe_done();
    }
    Fault::new(
        FaultKind::Unreachable,
        what,
        format!("the connection broke: {cause}"),
    )
    .maybe_done()
}

/// An answer that broke off.
pub(super) fn broken_off(error: &reqwest::Error, what: &str, patience: Duration) -> Fault {
    if error.is_timeout() {
        return Fault::new(
            FaultKind::TimedOut,
            what,
            format!(
                "the answer was not complete within {} s",
                patience.as_secs_f32()
            ),
        )
        .maybe_done();
    }
    Fault::new(
        FaultKind::Malformed,
        what,
        format!("the answer broke off: {}", root(error)),
    )
    .maybe_done()
}

/// The innermost cause: what the system or the TLS library said.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    bounded(&first_line(&cause.to_string()))
}

fn connecting(cause: &str) -> String {
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
pub(super) fn json(raw: Raw, what: &str) -> Answer<Vec<u8>> {
    if raw.status.is_redirection() {
        let place = raw.location.as_deref().map_or_else(
            || "somewhere else".to_owned(),
            |place| clean(place).into_owned(),
        );
        let why = format!(
            "the server sends to {place}, where credentials are not carried; open that address itself if it is right"
        );
        return Err(Fault::new(FaultKind::Malformed, what, why).maybe_done());
    }
    if !raw.status.is_success() {
        return Err(refused(&raw, what));
    }
    if raw.cut {
        let why = format!(
            "the answer is larger than {} MiB",
            limits::ANSWER_BYTES >> 20
        );
        return Err(Fault::new(FaultKind::TooLarge, what, why).maybe_done());
    }
    match raw.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => {}
        Some(b'<') => return Err(malformed(what, "a web page answered, not MLflow's JSON")),
        Some(_) => return Err(malformed(what, "the answer is not MLflow's JSON")),
        None => return Err(malformed(what, "the answer is empty")),
    }
    // A gateway may answer 200 with an error in it.
    match told(&raw.body) {
        Some(Told {
            error_code: Some(code),
            message,
        }) => Err(by_code(
            &code,
            message.as_deref().unwrap_or_default(),
            200,
            what,
        )),
        _ => Ok(raw.body),
    }
}

/// An answer that can't be understood.
pub(super) fn malformed(what: &str, why: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Malformed, what, why.into()).maybe_done()
}

/// MLflow's own error in a body. Only short bodies are looked at: a listing never begins with one.
fn told(body: &[u8]) -> Option<Told> {
    const LONGEST: usize = limits::ERROR_BYTES;
    let looks = body.len() <= LONGEST
        && body
            .windows(12)
            .take(64)
            .any(|window| window == b"\"error_code\"");
    looks.then(|| serde_json::from_slice(body).ok()).flatten()
}

fn refused(raw: &Raw, what: &str) -> Fault {
    let status = raw.status.as_u16();
    let parsed: Option<Told> = serde_json::from_slice(&raw.body).ok();
    let mut fault = match parsed {
        Some(Told {
            error_code: Some(code),
            message,
        }) => by_code(&code, message.as_deref().unwrap_or_default(), status, what),
        _ => by_status(status, &raw.body, what),
    };
    fault.retry_after = raw.retry_after;
    // A server that failed on its own side, or a gateway before it, may have carried the write out.
    fault.maybe_done |= status >= 500 || status == 429 || status == 408;
    fault
}

/// MLflow's codes; see its `error_codes`. Some of them disguise others, as seen on 3.17.
fn by_code(code: &str, message: &str, status: u16, what: &str) -> Fault {
    let kind = match code {
        "RESOURCE_ALREADY_EXISTS" | "ALREADY_EXISTS" | "RESOURCE_CONFLICT" | "ABORTED" => {
            FaultKind::Conflict
        }
        _ if message.contains("IntegrityError") || message.contains("UNIQUE constraint") => {
            FaultKind::Conflict
        }
        "RESOURCE_DOES_NOT_EXIST" | "NOT_FOUND" => FaultKind::Missing,
        // An unknown alias is answered 400.
        "INVALID_PARAMETER_VALUE" if message.contains("alias") && message.contains("not found") => {
            FaultKind::Missing
        }
        "ENDPOINT_NOT_FOUND" | "NOT_IMPLEMENTED" | "FEATURE_DISABLED" => FaultKind::Unsupported,
        "PERMISSION_DENIED" => FaultKind::Denied,
        "UNAUTHENTICATED" | "CUSTOMER_UNAUTHORIZED" => FaultKind::Unauthenticated,
        "REQUEST_LIMIT_EXCEEDED" | "RESOURCE_EXHAUSTED" | "TEMPORARILY_UNAVAILABLE" => {
            FaultKind::Busy
        }
        "DEADLINE_EXCEEDED" => FaultKind::TimedOut,
        "INVALID_PARAMETER_VALUE" | "BAD_REQUEST" => FaultKind::Invalid,
        _ => of_status(status),
    };
    let why = if message.is_empty() {
        code.to_owned()
    } else {
        first_line(message)
    };
    let fault = Fault::new(kind, what, why);
    // A conflict inside the store's own transaction says nothing of which side won; a server that failed, or gave up
    // waiting, may have gone on, whatever status a gateway put before it.
    let unsure = message.contains("IntegrityError")
        || matches!(
            kind,
            FaultKind::Broken | FaultKind::Busy | FaultKind::TimedOut
        );
    if unsure { fault.maybe_done() } else { fault }
}

fn of_status(status: u16) -> FaultKind {
    match status {
        401 => FaultKind::Unauthenticated,
        403 => FaultKind::Denied,
        404 | 405 | 501 => FaultKind::Unsupported,
        408 | 504 => FaultKind::TimedOut,
        409 => FaultKind::Conflict,
        413 => FaultKind::TooLarge,
        429 | 503 => FaultKind::Busy,
        400..=499 => FaultKind::Invalid,
        _ => FaultKind::Broken,
    }
}

/// An answer without MLflow's JSON: from a gateway, a login page, or MLflow's own edge.
fn by_status(status: u16, body: &[u8], what: &str) -> Fault {
    let text = String::from_utf8_lossy(&body[..body.len().min(limits::ERROR_BYTES)]);
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
    Fault::new(of_status(status), what, why)
}

/// The first line of a message: messages can hold whole SQL statements.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// As much of a text as is kept. Cut last: half a secret would not be recognised.
pub(super) fn bounded(text: &str) -> String {
    text.chars().take(limits::MESSAGE_CHARS).collect()
}
