//! Logins: where a credential comes from, and how requests carry it, renew it and explain that it was rejected.
//!
//! A [`Login`] is bound to one origin: requests to another one carry no credential. A credential that is fetched is kept in
//! memory, renewed before it expires, and once after a 401.

mod aws;
mod azure;
mod azure_identity;
mod command;
mod databricks;
mod databricks_azure;
mod databricks_config;
mod databricks_oauth;
mod environment;
mod fixed;
mod kubernetes;
mod kubernetes_exec;
mod shared;
mod token_endpoint;

use std::sync::{Arc, Mutex as StdMutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use reqwest::{Client, Request, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use url::{Origin, Url};

pub(super) use aws::AwsLogin;
pub(super) use azure::EntraLogin;
pub use command::TokenCommand;
pub(super) use databricks::{DatabricksConnection, connect as connect_databricks};
pub use environment::Environment;
pub(super) use fixed::FixedLogin;
pub(super) use kubernetes::KubernetesLogin;
pub(super) use shared::share;

use super::transport::{direct_client, http_client};
use crate::domain::{StoreError, StoreErrorKind};
use crate::store::{ConnectOptions, Result};

/// A credential is renewed this long before it expires, or after three quarters of a short life.
const RENEWAL_MARGIN: Duration = Duration::from_mins(2);

/// Secrets that are remembered for redaction: those of several renewals.
const REMEMBERED_SECRETS: usize = 32;

/// What servers say about a credential that they do not take, though they know the user's permissions only afterwards.
const REJECTIONS: [&str; 8] = [
    "invalid access token",
    "access token expired",
    "expired token",
    "token has expired",
    "token is expired",
    "invalid token",
    "request signature we calculated",
    "security token included in the request",
];

/// Databricks and AWS reject credentials with a 403, too.
fn names_rejection(why: &str) -> bool {
    let words = why.to_ascii_lowercase();
    REJECTIONS.iter().any(|rejection| words.contains(rejection))
}

/// One step of a login, for users. Contains no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginStep {
    /// `configuration`, `credential`, `token`.
    pub name: &'static str,
    /// Where something came from, or why the step failed.
    pub detail: String,
    /// What to do about a step that failed; `None` for one that succeeded.
    pub hint: Option<&'static str>,
}

impl LoginStep {
    pub(super) fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self {
            name,
            detail: detail.into(),
            hint: None,
        }
    }

    pub(super) fn failed(name: &'static str, error: &StoreError) -> Self {
        Self {
            name,
            detail: error.to_string(),
            hint: Some(error.hint()),
        }
    }
}

/// What a request carries.
#[derive(Clone, Debug)]
pub(super) enum Credential {
    /// Nothing.
    Anonymous,
    /// Header lines.
    Headers(Vec<(HeaderName, SecretString)>),
    /// A signature of AWS.
    Aws(Box<aws::SigningIdentity>),
}

impl Credential {
    pub fn bearer(token: &SecretString) -> Self {
        let value = format!("Bearer {}", token.expose_secret());
        Self::Headers(vec![(AUTHORIZATION, value.into())])
    }

    /// Whether it says the same to a server.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anonymous, Self::Anonymous) => true,
            (Self::Headers(own), Self::Headers(other)) => {
                own.len() == other.len()
                    && own.iter().zip(other).all(|((name, own), (known, other))| {
                        name == known && own.expose_secret() == other.expose_secret()
                    })
            }
            (Self::Aws(own), Self::Aws(other)) => own.has_keys_of(other),
            _ => false,
        }
    }

    fn secrets(&self) -> Vec<SecretString> {
        let Self::Headers(lines) = self else {
            return Vec::new();
        };
        let value = |secret: &SecretString| {
            let text = secret.expose_secret();
            let value = text.split_once(' ').map_or(text, |(_, value)| value);
            SecretString::from(value)
        };
        lines.iter().map(|(_, secret)| value(secret)).collect()
    }
}

/// A credential and how long it is valid.
#[derive(Debug)]
pub(super) struct Issued {
    pub credential: Credential,
    pub since: SystemTime,
    pub expires_at: Option<SystemTime>,
    /// Where it came from, if that depends on the attempt.
    pub from: Option<String>,
}

impl Issued {
    pub fn new(credential: Credential, expires_at: Option<SystemTime>) -> Self {
        Self {
            credential,
            since: SystemTime::now(),
            expires_at,
            from: None,
        }
    }

    fn is_due(&self, now: SystemTime) -> bool {
        let Some(expires_at) = self.expires_at else {
            return false;
        };
        let life = expires_at.duration_since(self.since).unwrap_or_default();
        let margin = RENEWAL_MARGIN.min(life / 4);
        now + margin >= expires_at
    }

    fn describe(&self) -> String {
        let from = self.from.as_deref().map(|from| format!(" from {from}"));
        let left = self
            .expires_at
            .and_then(|at| at.duration_since(SystemTime::now()).ok());
        let valid = match left {
            Some(left) if left.as_secs() >= 120 => {
                format!(", valid for {} min", left.as_secs() / 60)
            }
            Some(left) => format!(", valid for {} s", left.as_secs()),
            None => String::new(),
        };
        format!("ready{}{valid}", from.unwrap_or_default())
    }
}

/// The client of requests for tokens, built when the first one is sent.
pub(super) struct TokenClient {
    url: Url,
    options: ConnectOptions,
    client: OnceLock<Client>,
    direct: OnceLock<Client>,
}

impl TokenClient {
    /// With the certificates and proxies of a server's own client.
    pub fn new(url: &Url, options: &ConnectOptions) -> Self {
        Self {
            url: url.clone(),
            options: options.clone(),
            client: OnceLock::new(),
            direct: OnceLock::new(),
        }
    }

    fn get(&self) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = http_client(&self.url, &self.options)?;
        Ok(self.client.get_or_init(|| client))
    }

    /// A client that uses no proxy, for services of this machine.
    fn direct(&self) -> Result<&Client> {
        if let Some(client) = self.direct.get() {
            return Ok(client);
        }
        let client = direct_client(&self.url, &self.options)?;
        Ok(self.direct.get_or_init(|| client))
    }
}

/// A way to get a credential.
#[async_trait]
pub(super) trait CredentialSource: Send + Sync {
    /// Where the credential comes from, such as `token of MLFLOW_TRACKING_TOKEN`; no secret.
    fn describe(&self) -> String;

    /// Gets a credential, another one after the server rejected the last one.
    async fn issue(&self, http: &TokenClient, is_rejected: bool) -> Result<Issued>;

    /// Whether another attempt can get another credential.
    fn is_renewable(&self) -> bool {
        true
    }

    /// Secrets that a server may echo, besides those of issued credentials.
    fn secrets(&self) -> Vec<SecretString> {
        Vec::new()
    }

    /// What to do after a 401.
    fn rejection_hint(&self) -> &'static str;
}

/// A credential source bound to one origin.
pub(super) struct Login {
    source: Box<dyn CredentialSource>,
    origin: Origin,
    http: TokenClient,
    issued: Mutex<Option<Arc<Issued>>>,
    secrets: StdMutex<Vec<SecretString>>,
}

impl Login {
    /// A login for the server at an address.
    pub fn new(source: Box<dyn CredentialSource>, url: &Url, http: TokenClient) -> Self {
        let secrets = source.secrets();
        Self {
            source,
            origin: url.origin(),
            http,
            issued: Mutex::new(None),
            secrets: StdMutex::new(secrets),
        }
    }

    /// A login that sends nothing.
    pub fn anonymous(url: &Url) -> Self {
        let source = FixedLogin::anonymous("none", "the signature of the address was rejected");
        let http = TokenClient::new(url, &ConnectOptions::default());
        Self::new(Box::new(source), url, http)
    }

    /// Gets the credential for an address, if there is none that is valid.
    ///
    /// # Errors
    /// When no credential can be had. Nothing was sent to the server itself.
    pub async fn prepare(&self, url: &Url) -> Result<()> {
        if url.origin() == self.origin {
            self.current(false).await.map_err(not_sent)?;
        }
        Ok(())
    }

    /// Adds the credential to a request, and returns it. A request to another origin carries none.
    ///
    /// # Errors
    /// When no credential can be had. The request was not sent.
    pub async fn authorize(&self, request: &mut Request) -> Result<Option<Arc<Issued>>> {
        if request.url().origin() != self.origin {
            return Ok(None);
        }
        let issued = self.current(false).await.map_err(not_sent)?;
        match &issued.credential {
            Credential::Anonymous => {}
            Credential::Headers(lines) => {
                for (name, secret) in lines {
                    let value = HeaderValue::from_str(secret.expose_secret());
                    let mut value = value.map_err(|_| not_sent(self.invalid_header(name)))?;
                    value.set_sensitive(true);
                    request.headers_mut().insert(name, value);
                }
            }
            Credential::Aws(identity) => {
                identity
                    .sign(request, SystemTime::now())
                    .map_err(not_sent)?;
            }
        }
        Ok(Some(issued))
    }

    fn invalid_header(&self, name: &HeaderName) -> StoreError {
        StoreError::new(
            StoreErrorKind::Unauthenticated,
            "signing in",
            format!(
                "the {} has characters that no header {name} can contain",
                self.source.describe()
            ),
        )
        .with_hint(Some("set it again, without line breaks or blanks"))
    }

    /// Whether a rejected credential can be replaced.
    pub fn can_renew(&self) -> bool {
        self.source.is_renewable()
    }

    /// Replaces a credential that the server rejected; false if there is no other one.
    pub async fn replace(&self, rejected: &Arc<Issued>) -> bool {
        let mut kept = self.issued.lock().await;
        if kept
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, rejected))
        {
            *kept = None;
        }
        drop(kept);
        match self.current(true).await {
            Ok(issued) => !issued.credential.is_same(&rejected.credential),
            Err(error) => {
                let error = error.to_string();
                tracing::warn!(error, "the rejected credential can't be replaced");
                false
            }
        }
    }

    async fn current(&self, is_rejected: bool) -> Result<Arc<Issued>> {
        let mut kept = self.issued.lock().await;
        if let Some(issued) = kept
            .as_ref()
            .filter(|issued| !issued.is_due(SystemTime::now()))
        {
            return Ok(Arc::clone(issued));
        }
        let is_renewal = is_rejected || kept.is_some();
        let result = self.source.issue(&self.http, is_rejected).await;
        let issued = Arc::new(result.map_err(|error| self.redact_error(error))?);
        self.remember(issued.credential.secrets());
        if is_renewal {
            tracing::info!(source = self.source.describe(), "credential renewed");
        }
        *kept = Some(Arc::clone(&issued));
        Ok(issued)
    }

    fn remember(&self, secrets: Vec<SecretString>) {
        let mut kept = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let first = self.source.secrets().len();
        kept.extend(secrets);
        if kept.len() > first + REMEMBERED_SECRETS {
            kept.remove(first);
        }
    }

    fn redact_error(&self, error: StoreError) -> StoreError {
        StoreError {
            why: self.redact(error.why.raw()).into(),
            ..error
        }
    }

    /// The text without the secrets of this login, in any encoding that a server may echo.
    pub fn redact(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = text.to_owned();
        for secret in secrets.iter().map(ExposeSecret::expose_secret) {
            // A very short one would redact ordinary words.
            if secret.len() <= 3 {
                continue;
            }
            let in_address: String =
                url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            text = text.replace(secret, "…").replace(&in_address, "…");
        }
        text
    }

    /// Another hint for a rejected credential than for a missing one.
    pub fn explain(&self, mut error: StoreError) -> StoreError {
        let is_rejection =
            error.kind == StoreErrorKind::PermissionDenied && names_rejection(error.why.raw());
        if is_rejection {
            error.kind = StoreErrorKind::Unauthenticated;
        }
        if error.kind == StoreErrorKind::Unauthenticated && error.hint.is_none() {
            error.with_hint(Some(self.source.rejection_hint()))
        } else {
            error
        }
    }

    /// The source of the credential, and whether it can be had.
    pub async fn check(&self) -> Vec<LoginStep> {
        let source = LoginStep::ok("credential", self.source.describe());
        let token = match self.current(false).await {
            Ok(issued) if matches!(issued.credential, Credential::Anonymous) => {
                return vec![source];
            }
            Ok(issued) => LoginStep::ok("token", issued.describe()),
            Err(error) => LoginStep::failed("token", &error),
        };
        vec![source, token]
    }
}

/// Whether a response says that the credential was rejected, and not that the user may not do this.
pub(super) fn is_rejection(status: StatusCode, body: &[u8]) -> bool {
    match status {
        StatusCode::UNAUTHORIZED => true,
        StatusCode::FORBIDDEN => names_rejection(&String::from_utf8_lossy(body)),
        _ => false,
    }
}

/// An error before the request was sent.
fn not_sent(error: StoreError) -> StoreError {
    StoreError {
        not_sent: true,
        outcome_unknown: false,
        ..error
    }
}

/// An error of a login: no credential could be had.
pub(super) fn login_error(what: impl Into<String>, why: impl Into<String>) -> StoreError {
    StoreError::new(StoreErrorKind::Unauthenticated, what, why.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issued(life: u64) -> Issued {
        let credential = Credential::bearer(&"t".to_owned().into());
        let expires = SystemTime::now() + Duration::from_secs(life);
        Issued::new(credential, Some(expires))
    }

    #[test]
    fn credentials_are_renewed_before_they_expire() {
        let after = |seconds| SystemTime::now() + Duration::from_secs(seconds);
        let hour = issued(3600);
        assert!(!hour.is_due(after(3400)) && hour.is_due(after(3500)));
        let short = issued(40);
        assert!(!short.is_due(after(20)) && short.is_due(after(35)));
        let fixed = Issued::new(Credential::Anonymous, None);
        assert!(!fixed.is_due(after(1 << 40)));
    }
}
