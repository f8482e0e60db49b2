//! HTTP: one client, its credentials, its patience, its limits. What is sent is decided by the reader and the writer.

use std::time::Duration;

use reqwest::{Certificate, Client, Method, RequestBuilder, StatusCode, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::answers;
use crate::domain::{Fault, FaultKind};
use crate::store::{Answer, Connection, limits};

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until a connection is open.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub silence: Duration,
    /// For a whole read.
    pub read: Duration,
    /// For a whole write.
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(limits::CONNECT_SECONDS),
            silence: Duration::from_secs(limits::SILENCE_SECONDS),
            read: Duration::from_secs(limits::READ_SECONDS),
            write: Duration::from_secs(limits::WRITE_SECONDS),
        }
    }
}

/// What came back: a status, a few headers, and a bounded body.
#[derive(Debug)]
pub(super) struct Raw {
    pub status: StatusCode,
    pub location: Option<String>,
    pub retry_after: Option<u64>,
    pub body: Vec<u8>,
    /// Whether the body was longer than was taken.
    pub cut: bool,
}

/// A server, and how to talk to it.
#[derive(Clone)]
pub(super) struct Transport {
    client: Client,
    base: Url,
    identity: Identity,
    workspace: Option<String>,
    patience: Duration,
    /// What must never be shown, should a server repeat it.
    secrets: Vec<SecretString>,
}

impl Transport {
    /// A client for reading: connections are kept.
    pub fn reading(url: &Url, connection: &Connection, patience: Patience) -> Answer<Self> {
        Self::new(url, connection, patience, patience.read, usize::MAX)
    }

    /// A client for writing: every request on a connection of its own, so that a kept one that died can't make a sent
    /// write look unsent.
    pub fn writing(url: &Url, connection: &Connection, patience: Patience) -> Answer<Self> {
        Self::new(url, connection, patience, patience.write, 0)
    }

    fn new(
        url: &Url,
        connection: &Connection,
        patience: Patience,
        whole: Duration,
        kept: usize,
    ) -> Answer<Self> {
        // Another part of the process may have chosen already: either is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let failed = |why: String| Fault::new(FaultKind::Invalid, "preparing the connection", why);
        let mut builder = Client::builder()
            .user_agent(concat!("frontrunner/", env!("CARGO_PKG_VERSION")))
            // A redirect would carry the request, and turn a POST into a GET that is answered 200.
            .redirect(redirect::Policy::none())
            .connect_timeout(patience.connect)
            .read_timeout(patience.silence)
            .timeout(whole)
            .pool_max_idle_per_host(kept)
            .tls_danger_accept_invalid_certs(connection.insecure_tls);
        if is_loopback(url) {
            builder = builder.no_proxy();
        }
        if let Some(path) = &connection.server_cert_path {
            let pem = std::fs::read(path)
                .map_err(|e| failed(format!("{} can't be read: {e}", path.display())))?;
            for certificate in Certificate::from_pem_bundle(&pem)
                .map_err(|e| failed(format!("{}: {e}", path.display())))?
            {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder
            .build()
            .map_err(|e| failed(e.without_url().to_string()))?;
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        let identity = Identity::of(connection);
        let secrets = identity.spellings(&client, &base);
        Ok(Self {
            client,
            base,
            identity,
            workspace: connection.workspace.clone(),
            patience: whole,
            secrets,
        })
    }

    /// The server's address, as people name it.
    pub fn address(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    /// A request to a path below the server's own; each part is escaped.
    pub fn request(
        &self,
        method: Method,
        parts: &[String],
        query: &[(&str, String)],
    ) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(parts);
        }
        // MLflow's own client writes a space as %20; a query without pairs must leave no `?`.
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.identity.sign(self.client.request(method, url));
        match &self.workspace {
            Some(workspace) => request.header("x-mlflow-workspace", workspace),
            None => request,
        }
    }

    /// Sends a request and takes at most `limit` bytes of the answer, or as much of an error as can be of use.
    pub async fn send(&self, request: RequestBuilder, what: &str, limit: usize) -> Answer<Raw> {
        let mut response = request
            .send()
            .await
            .map_err(|error| answers::unsent(&error, what, self.patience))?;
        let header = |name: &str| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (location, retry_after) = (
            header("location"),
            header("retry-after").and_then(|text| text.trim().parse().ok()),
        );
        let status = response.status();
        let limit = if status.is_success() {
            limit
        } else {
            limits::ERROR_BYTES
        };
        let mut raw = Raw {
            status,
            location,
            retry_after,
            body: Vec::new(),
            cut: false,
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = limit - raw.body.len();
                    raw.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    if chunk.len() > room {
                        raw.cut = true;
                        return Ok(raw);
                    }
                }
                Ok(None) => return Ok(raw),
                Err(error) => return Err(answers::broken_off(&error, what, self.patience)),
            }
        }
    }

    /// The JSON of an answer, or the fault that it tells.
    pub fn json(&self, raw: Raw, what: &str) -> Answer<Vec<u8>> {
        answers::json(raw, what).map_err(|fault| self.without_secrets(fault))
    }

    /// A body for a request with JSON in it.
    pub fn with_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    fn without_secrets(&self, mut fault: Fault) -> Fault {
        let mut why = fault.why.raw().to_owned();
        for secret in &self.secrets {
            why = why.replace(secret.expose_secret(), "…");
        }
        fault.why = answers::bounded(&why).into();
        fault
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Who we are, to the server.
#[derive(Clone)]
enum Identity {
    Nobody,
    Basic(String, SecretString),
    Token(SecretString),
}

impl Identity {
    /// Basic goes before a token, as in MLflow's own client.
    fn of(connection: &Connection) -> Self {
        match (
            &connection.username,
            &connection.password,
            &connection.token,
        ) {
            (Some(user), Some(password), _) => Self::Basic(user.clone(), password.clone()),
            (_, _, Some(token)) => Self::Token(token.clone()),
            _ => Self::Nobody,
        }
    }

    /// The header that says it; reqwest marks it so that nothing prints it.
    fn sign(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Nobody => request,
            Self::Basic(user, password) => request.basic_auth(user, Some(password.expose_secret())),
            Self::Token(token) => request.bearer_auth(token.expose_secret()),
        }
    }

    /// The secret in every spelling in which a server may repeat it: as it is, as an address spells it, and as the header
    /// does. A very short one would hide ordinary words.
    fn spellings(&self, client: &Client, url: &Url) -> Vec<SecretString> {
        let secret = match self {
            Self::Nobody => return Vec::new(),
            Self::Basic(_, secret) | Self::Token(secret) => secret.expose_secret(),
        };
        let signed = self.sign(client.get(url.clone())).build().ok();
        let header = signed.as_ref().and_then(|request| {
            request
                .headers()
                .get("authorization")?
                .to_str()
                .ok()?
                .split_once(' ')
        });
        let in_address = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let spellings = [
            Some(secret.to_owned()),
            Some(in_address),
            header.map(|(_, value)| value.to_owned()),
        ];
        spellings
            .into_iter()
            .flatten()
            .filter(|spelling| spelling.len() > 3)
            .map(SecretString::from)
            .collect()
    }
}
