//! Requests to OAuth token endpoints: the client-credentials grant and the exchange of a signed assertion.

use std::time::{Duration, SystemTime};

use reqwest::{Client, RequestBuilder};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Credential, Issued, login_error};
use crate::domain::{StoreError, StoreErrorKind};
use crate::store::Result;
use crate::store::rest::is_loopback;
use crate::store::rest::retry::parse_retry_after;
use crate::text::untrusted::clean;

/// The largest response of a token endpoint, in bytes.
const MAX_RESPONSE: usize = 256 << 10;

/// A token, as OAuth 2.0 defines the response (RFC 6749, sections 5.1 and 5.2). Azure's managed identities spell numbers as
/// text.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenResponse {
    access_token: Option<String>,
    expires_in: Value,
    expires_on: Value,
    error: Value,
    error_description: Option<String>,
    message: Option<String>,
}

fn as_number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// A token and its expiry.
pub(super) struct Token {
    pub secret: SecretString,
    pub expires_at: Option<SystemTime>,
}

impl Token {
    pub fn into_issued(self) -> Issued {
        Issued::new(Credential::bearer(&self.secret), self.expires_at)
    }
}

/// A body of a form.
pub(super) fn encode_form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

/// Posts a form to a token endpoint.
pub(super) fn post_form(client: &Client, url: &Url, pairs: &[(&str, &str)]) -> RequestBuilder {
    client
        .post(url.clone())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encode_form(pairs))
}

/// Refuses to send a secret unencrypted to another machine.
pub(super) fn require_encryption(url: &Url, what: &str) -> Result<()> {
    if url.scheme() == "https" || is_loopback(url) {
        return Ok(());
    }
    Err(login_error(
        what,
        format!("{} is not https, so no secret is sent to it", host_of(url)),
    ))
}

/// Sends a request for a token.
pub(super) async fn request_token(
    request: RequestBuilder,
    what: &str,
    hint: &'static str,
) -> Result<Token> {
    // Only the credential's own errors are put right by another one.
    let failed = |kind, why: String| {
        let hint = (kind == StoreErrorKind::Unauthenticated).then_some(hint);
        StoreError::new(kind, what, why).with_hint(hint)
    };
    let response = request.send().await.map_err(|error| {
        let kind = if error.is_timeout() {
            StoreErrorKind::Timeout
        } else {
            StoreErrorKind::Unreachable
        };
        StoreError::new(kind, what, root_cause(&error))
    })?;
    let status = response.status();
    let retry_after = response
        .headers()
        .get("retry-after")
        .and_then(|value| parse_retry_after(value.to_str().ok()?, SystemTime::now()));
    let body = read_body(response, what).await?;
    let parsed: TokenResponse = serde_json::from_slice(&body).unwrap_or_default();
    if !status.is_success() || parsed.access_token.is_none() {
        let code = parsed.error.as_str().map(str::to_owned);
        let words: Vec<String> = code
            .into_iter()
            .chain(parsed.error_description)
            .chain(parsed.message)
            .map(|text| clean(text.lines().next().unwrap_or_default()).into_owned())
            .collect();
        let kind = match status.as_u16() {
            429 | 503 => StoreErrorKind::Busy,
            500.. => StoreErrorKind::ServerError,
            _ => StoreErrorKind::Unauthenticated,
        };
        let why = if words.is_empty() {
            format!("HTTP status {}", status.as_u16())
        } else {
            words.join(": ").chars().take(300).collect()
        };
        let error = failed(kind, why);
        return Err(StoreError {
            retry_after,
            ..error
        });
    }
    let life =
        as_number(&parsed.expires_in).map(|life| SystemTime::now() + Duration::from_secs(life));
    let until =
        as_number(&parsed.expires_on).map(|at| SystemTime::UNIX_EPOCH + Duration::from_secs(at));
    Ok(Token {
        secret: parsed.access_token.unwrap_or_default().into(),
        expires_at: life.or(until),
    })
}

async fn read_body(mut response: reqwest::Response, what: &str) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_RESPONSE => {
                body.extend_from_slice(&chunk);
            }
            Ok(Some(_)) => {
                return Err(StoreError::new(
                    StoreErrorKind::ResponseTooLarge,
                    what,
                    "the response is too large",
                ));
            }
            Ok(None) => return Ok(body),
            Err(error) => {
                return Err(StoreError::new(
                    StoreErrorKind::Unreachable,
                    what,
                    root_cause(&error),
                ));
            }
        }
    }
}

/// Gets a document of JSON without a credential; `None` for a server that has none.
pub(super) async fn get_document(client: &Client, url: Url, what: &str) -> Result<Option<Value>> {
    let unreachable = |error: &reqwest::Error| {
        StoreError::new(StoreErrorKind::Unreachable, what, root_cause(error))
    };
    let response = client
        .get(url)
        .send()
        .await
        .map_err(|error| unreachable(&error))?;
    if !response.status().is_success() {
        return Ok(None);
    }
    let body = read_body(response, what).await?;
    Ok(serde_json::from_slice(&body).ok())
}

/// The innermost cause: the message of the system or the TLS library.
pub(super) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// The host of an address, for messages.
pub(super) fn host_of(url: &Url) -> String {
    clean(url.host_str().unwrap_or_default()).into_owned()
}
