//! From HTTP responses to errors: what failed, why, and whether a write may have been applied.

use std::error::Error;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

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

/// The error of a request without a response. One that failed while connecting was not sent.
pub(super) fn send_error(error: &reqwest::Error, what: &str, timeout: Duration) -> StoreError {
    let cause = root_cause(error);
    if error.is_connect() {
        let (kind, why) = if error.is_timeout() {
            (StoreErrorKind::Timeout, "connection timed out".to_owned())
        } else if cause.contains("proxy auth") {
            return StoreError {
                not_sent: true,
                ..proxy_error(what)
            };
        } else {
            let message = connect_error_message(&cause);
            let why = if is_tunnel_error(error) {
                format!(
                    "can't reach the proxy, or the server through it: {message}; see HTTPS_PROXY and NO_PROXY"
                )
            } else {
                message
            };
            (StoreErrorKind::Unreachable, why)
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
            format!("no response within {} s", timeout.as_secs_f32()),
        )
        .with_outcome_unknown();
    }
    // With TLS 1.3, the server looks at the client's certificate after the handshake.
    if let Some(why) = client_certificate_message(&cause) {
        return StoreError {
            not_sent: true,
            ..StoreError::new(StoreErrorKind::Unauthenticated, what, why)
        };
    }
    StoreError::new(
        StoreErrorKind::Unreachable,
        what,
        format!("connection lost: {cause}"),
    )
    .with_outcome_unknown()
}

/// The error of a response that ended early.
pub(super) fn body_error(error: &reqwest::Error, what: &str, elapsed: Duration) -> StoreError {
    if error.is_timeout() {
        return StoreError::new(
            StoreErrorKind::Timeout,
            what,
            format!(
                "the response was incomplete after {} s",
                elapsed.as_secs().max(1)
            ),
        )
        .with_outcome_unknown();
    }
    StoreError::new(
        StoreErrorKind::InvalidResponse,
        what,
        format!("the response ended early: {}", root_cause(error)),
    )
    .with_outcome_unknown()
}

/// The innermost cause: the message of the system or the TLS library.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    truncate_message(&first_line(&cause.to_string()))
}

/// Whether a connection to, or through, a proxy failed.
fn is_tunnel_error(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("tunnel") {
            return true;
        }
        cause = error.source();
    }
    false
}

/// What an alert of the server's TLS says of the client's certificate.
fn client_certificate_message(cause: &str) -> Option<String> {
    // rustls names alerts as RFC 8446 does, in camel case.
    let (_, alert) = cause.split_once("received fatal alert: ")?;
    let why = match alert.split_whitespace().next()? {
        "CertificateRequired" => "the server asks for a client certificate",
        "BadCertificate" | "UnknownCA" | "CertificateUnknown" | "CertificateExpired"
        | "DecryptError" => "the server rejects the client certificate",
        _ => return None,
    };
    Some(format!(
        "{why} ({cause}): set MLFLOW_TRACKING_CLIENT_CERT_PATH to a PEM file with a certificate that it takes, and its key"
    ))
}

fn connect_error_message(cause: &str) -> String {
    if let Some(message) = client_certificate_message(cause) {
        return message;
    }
    let lower = cause.to_lowercase();
    if lower.contains("certificate") || lower.contains("unknownissuer") {
        return format!(
            "the server's certificate is not trusted: {cause}; set MLFLOW_TRACKING_SERVER_CERT_PATH to the file of its authority"
        );
    }
    if lower.contains("lookup") || lower.contains("resolve") || lower.contains("name or service") {
        return format!("can't resolve the host name: {cause}");
    }
    cause.to_owned()
}

/// The body of a successful response, which begins like JSON; else the error that the response
/// contains.
pub(super) fn parse_body(raw: RawResponse, what: &str) -> Result<Vec<u8>> {
    if raw.status.is_redirection() {
        let location = raw.location.as_deref().map_or_else(
            || "another address".to_owned(),
            |location| clean(location).into_owned(),
        );
        if is_login_address(&location) {
            let why = format!("the server redirects to a login page: {location}");
            return Err(login_page_error(what, why));
        }
        let why = format!(
            "the server redirects to {location}; credentials are not sent there, so open that address itself if you trust it"
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
            "the response is larger than {} MiB",
            limits::RESPONSE_BYTES >> 20
        );
        return Err(
            StoreError::new(StoreErrorKind::ResponseTooLarge, what, why).with_outcome_unknown()
        );
    }
    match raw.body.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => {}
        Some(b'<') if is_login_form(&raw.body) => {
            let why = "the server returned a web page instead of JSON: a login page";
            return Err(login_page_error(what, why));
        }
        Some(b'<') => {
            return Err(invalid_response(
                what,
                "the server returned a web page instead of JSON",
            ));
        }
        Some(_) => return Err(invalid_response(what, "the response is not JSON")),
        None => return Err(invalid_response(what, "the response is empty")),
    }
    // Some gateways return an error with status 200.
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

/// Words in the addresses of login pages.
const LOGIN_WORDS: [&str; 10] = [
    "login",
    "signin",
    "sign-in",
    "sign_in",
    "oauth",
    "authorize",
    "openid-connect",
    "client_id=",
    "saml",
    "/sso",
];

/// Words of pages that ask for a login, or lead to one that does.
const LOGIN_PAGE_WORDS: [&str; 10] = [
    "type=\"password\"",
    "type='password'",
    "type=password",
    "sign in",
    "log in",
    "single sign-on",
    "/authorize?",
    "openid-connect",
    "samlrequest",
    "login.microsoftonline.",
];

fn is_login_address(location: &str) -> bool {
    let location = location.to_ascii_lowercase();
    LOGIN_WORDS.iter().any(|word| location.contains(word))
}

/// Whether a page asks for a password, or leads to one that does.
fn is_login_form(body: &[u8]) -> bool {
    let beginning = &body[..body.len().min(limits::ERROR_RESPONSE_BYTES)];
    let text = String::from_utf8_lossy(beginning).to_ascii_lowercase();
    LOGIN_PAGE_WORDS.iter().any(|words| text.contains(words))
}

/// A server behind single sign-on, which knows no password or token that was sent.
fn login_page_error(what: &str, why: impl Into<String>) -> StoreError {
    let error = StoreError::new(StoreErrorKind::InvalidResponse, what, why.into());
    error.with_outcome_unknown().with_hint(Some(
        "the server is behind single sign-on: get a token for its API and set MLFLOW_TRACKING_TOKEN, or a token_command in a profile",
    ))
}

/// The error of a response that can't be understood; a write may have been applied.
pub(super) fn invalid_response(what: &str, why: impl Into<String>) -> StoreError {
    StoreError::new(StoreErrorKind::InvalidResponse, what, why.into()).with_outcome_unknown()
}

/// MLflow's own error in a body. Only the beginning of short bodies is searched: a listing has no
/// error code there.
fn parse_error_body(body: &[u8]) -> Option<ErrorBody> {
    const MAX_ERROR_BODY: usize = limits::ERROR_RESPONSE_BYTES;
    let may_be_error = body.len() <= MAX_ERROR_BODY
        && body
            .windows(12)
            .take(64)
            .any(|window| window == b"\"error_code\"");
    may_be_error
        .then(|| serde_json::from_slice(body).ok())
        .flatten()
}

fn error_response(raw: &RawResponse, what: &str) -> StoreError {
    let status = raw.status.as_u16();
    let parsed: Option<ErrorBody> = serde_json::from_slice(&raw.body).ok();
    let mut error = match parsed {
        Some(ErrorBody {
            error_code: Some(code),
            message,
        }) => error_from_code(&code, message.as_deref().unwrap_or_default(), status, what),
        _ => error_from_status(status, &raw.body, what),
    };
    error.retry_after = raw.retry_after;
    if let (StoreErrorKind::Busy, Some(seconds)) = (error.kind, raw.retry_after) {
        error.why = format!("{}; it asks to wait for {seconds} s", error.why.raw()).into();
    }
    // The server may have applied the write before it, or a gateway in front of it, failed.
    error.outcome_unknown |= status >= 500 || status == 429 || status == 408;
    error
}

/// By MLflow's `error_codes`. MLflow 3.17 reports some conflicts and missing objects with other
/// codes.
fn error_from_code(code: &str, message: &str, status: u16, what: &str) -> StoreError {
    let kind = match code {
        "RESOURCE_ALREADY_EXISTS" | "ALREADY_EXISTS" | "RESOURCE_CONFLICT" | "ABORTED" => {
            StoreErrorKind::Conflict
        }
        _ if message.contains("IntegrityError") || message.contains("UNIQUE constraint") => {
            StoreErrorKind::Conflict
        }
        "RESOURCE_DOES_NOT_EXIST" | "NOT_FOUND" => StoreErrorKind::NotFound,
        // An unknown alias is a 400.
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
    let error = StoreError::new(kind, what, why);
    // A conflict in the store's own transaction does not say which writer won. A server that failed
    // or timed out may still apply the write, whatever the status.
    let is_outcome_unknown = message.contains("IntegrityError")
        || matches!(
            kind,
            StoreErrorKind::ServerError | StoreErrorKind::Busy | StoreErrorKind::Timeout
        );
    if is_outcome_unknown {
        error.with_outcome_unknown()
    } else {
        error
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

/// The error of a response without MLflow's JSON: from a gateway, a login page, or MLflow's web
/// framework.
fn error_from_status(status: u16, body: &[u8], what: &str) -> StoreError {
    let text = String::from_utf8_lossy(&body[..body.len().min(limits::ERROR_RESPONSE_BYTES)]);
    if status == 407 {
        return proxy_error(what);
    }
    let why = match status {
        403 if text.contains("Invalid Host") => {
            "the server rejects this host name; it accepts those in its --allowed-hosts".to_owned()
        }
        404 | 405 => "the server has no such endpoint".to_owned(),
        _ if let Some(message) = foreign_message(body) => first_line(&message),
        _ if text.trim_start().starts_with('<') || text.trim().is_empty() => {
            format!("HTTP status {status}")
        }
        _ => format!("HTTP status {status}: {}", first_line(text.trim())),
    };
    StoreError::new(status_kind(status), what, why)
}

/// The message of another service's JSON: AWS's `message`, Azure's `error.message`, FastAPI's `detail`, OAuth's
/// `error_description`.
fn foreign_message(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let keys = ["message", "Message", "detail", "error_description", "error"];
    let inner = Some(&body["error"]).filter(|error| error.is_object());
    let found = [inner, Some(&body)]
        .into_iter()
        .flatten()
        .flat_map(|object| keys.iter().filter_map(|key| object[*key].as_str()))
        .find(|text| !text.is_empty())?;
    Some(found.to_owned())
}

/// A proxy in front of the server wants a login of its own.
fn proxy_error(what: &str) -> StoreError {
    let kind = StoreErrorKind::Unauthenticated;
    StoreError::new(kind, what, "the proxy asks for a login").with_hint(Some(
        "add the user and the password of the proxy to the address in HTTPS_PROXY, or list the server in NO_PROXY",
    ))
}

/// Later lines can contain whole SQL statements.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Truncates a message. Secrets are redacted first: half a secret would not be recognized.
pub(super) fn truncate_message(text: &str) -> String {
    text.chars().take(limits::MESSAGE_CHARS).collect()
}
