//! One HTTP client with its credentials, timeouts and limits. The reader and the writer decide what
//! is sent.

use std::time::{Duration, Instant};

use reqwest::{
    Certificate, Client, ClientBuilder, Method, RequestBuilder, Response, StatusCode, redirect,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::response;
use crate::domain::{StoreError, StoreErrorKind};
use crate::files::read_bytes;
use crate::store::{ByteSender, ConnectOptions, Result, limits};

/// How long a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Until the connection is established.
    pub connect: Duration,
    /// Between two chunks of a response.
    pub idle: Duration,
    /// For a whole read.
    pub read: Duration,
    /// For a whole write.
    pub write: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(limits::CONNECT_SECONDS),
            idle: Duration::from_secs(limits::IDLE_SECONDS),
            read: Duration::from_secs(limits::READ_SECONDS),
            write: Duration::from_secs(limits::WRITE_SECONDS),
        }
    }
}

/// A response with a bounded body.
#[derive(Debug)]
pub(super) struct RawResponse {
    pub status: StatusCode,
    pub location: Option<String>,
    pub retry_after: Option<u64>,
    pub body: Vec<u8>,
    /// Whether the body was longer than the limit.
    pub is_truncated: bool,
}

#[derive(Clone)]
pub(super) struct Transport {
    client: Client,
    base: Url,
    auth: Auth,
    workspace: Option<String>,
    timeout: Duration,
    /// Redacted from errors: a server may echo them.
    secrets: Vec<SecretString>,
}

impl Transport {
    /// A client that reuses connections.
    pub fn for_reading(url: &Url, options: &ConnectOptions, timeouts: Timeouts) -> Result<Self> {
        Self::new(url, options, timeouts, timeouts.read, |client| client)
    }

    /// A client that opens a connection for every request: a write on a reused connection that died
    /// could look unsent though it was sent. It repeats no request: HTTP/2 allows that after a refused
    /// stream, but a gateway may have passed the write on.
    pub fn for_writing(url: &Url, options: &ConnectOptions, timeouts: Timeouts) -> Result<Self> {
        Self::new(url, options, timeouts, timeouts.write, |client| {
            client
                .pool_max_idle_per_host(0)
                .retry(reqwest::retry::never())
        })
    }

    fn new(
        url: &Url,
        options: &ConnectOptions,
        timeouts: Timeouts,
        total_timeout: Duration,
        configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self> {
        let options = &options.for_server(url);
        // Fails if a provider is installed already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let invalid = |why: String| {
            StoreError::new(
                StoreErrorKind::InvalidRequest,
                "preparing the HTTP client",
                why,
            )
        };
        let mut builder = configure(Client::builder())
            .user_agent(concat!("frontrunner/", env!("CARGO_PKG_VERSION")))
            // A redirect would turn a POST into a GET with a successful response.
            .redirect(redirect::Policy::none())
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.idle)
            .timeout(total_timeout)
            .tls_danger_accept_invalid_certs(options.insecure_tls);
        if is_loopback(url) {
            builder = builder.no_proxy();
        }
        if let Some(path) = &options.server_cert_path {
            let pem = read_bytes(path, limits::CERTIFICATE_BYTES)
                .map_err(|e| invalid(format!("can't read {}: {e}", path.display())))?;
            for certificate in Certificate::from_pem_bundle(&pem)
                .map_err(|e| invalid(format!("{}: {e}", path.display())))?
            {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder
            .build()
            .map_err(|e| invalid(e.without_url().to_string()))?;
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        let auth = Auth::from_options(options);
        let secrets = auth.secret_spellings(&client, &base);
        Ok(Self {
            client,
            base,
            auth,
            workspace: options.workspace.clone(),
            // A response that does not begin is given up after the shorter one.
            timeout: total_timeout.min(timeouts.idle),
            secrets,
        })
    }

    /// The server's address without a trailing slash.
    pub fn address(&self) -> String {
        self.base.as_str().trim_end_matches('/').to_owned()
    }

    /// A request to a path below the server's address; each part is escaped.
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
        // An empty query would append a `?`.
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.auth.authenticate(self.client.request(method, url));
        match &self.workspace {
            Some(workspace) => request.header("x-mlflow-workspace", workspace),
            None => request,
        }
    }

    /// Sends a request and reads at most `limit` bytes of the response, fewer of an error.
    pub async fn send(
        &self,
        request: RequestBuilder,
        what: &str,
        limit: usize,
    ) -> Result<RawResponse> {
        let started = Instant::now();
        let response = self.execute(request, what).await?;
        read_body(response, what, limit, started).await
    }

    /// Sends a request for a file. A whole file may take hours; each part of it may not.
    pub async fn open_stream(&self, request: RequestBuilder, what: &str) -> Result<Response> {
        let timeout = Duration::from_secs(limits::DOWNLOAD_SECONDS);
        let response = self.execute(request.timeout(timeout), what).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let limit = limits::ERROR_RESPONSE_BYTES;
        let raw = read_body(response, what, limit, Instant::now()).await?;
        Err(self.response_error(raw, what))
    }

    /// Sends the parts of a response on as they arrive.
    pub async fn stream(mut response: Response, what: &str, to: &ByteSender) -> Result<()> {
        let started = Instant::now();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    if to.send(chunk.to_vec()).await.is_err() {
                        let kind = StoreErrorKind::ServerError;
                        return Err(StoreError::new(kind, what, "cancelled"));
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => return Err(response::body_error(&error, what, started.elapsed())),
            }
        }
    }

    /// Sends a request and logs its method, path, status and time.
    async fn execute(&self, request: RequestBuilder, what: &str) -> Result<reqwest::Response> {
        let send_error = |error| response::send_error(&error, what, self.timeout);
        let (client, request) = request.build_split();
        let request = request.map_err(send_error)?;
        let method = request.method().clone();
        let path = self.redact_text(request.url().path());
        let started = Instant::now();
        let result = client.execute(request).await.map_err(send_error);
        let ms = started.elapsed().as_millis();
        match &result {
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::info!(%method, path, status, ms, "request");
            }
            Err(error) => {
                let error = self.redact_text(&error.to_string());
                tracing::warn!(%method, path, error, ms, "request failed");
            }
        }
        result
    }

    /// The JSON of a response, or the error that it contains.
    pub fn json_body(&self, raw: RawResponse, what: &str) -> Result<Vec<u8>> {
        response::parse_body(raw, what).map_err(|error| self.auth.explain(self.redact(error)))
    }

    /// The error of a response that is known to be one.
    pub fn response_error(&self, raw: RawResponse, what: &str) -> StoreError {
        match self.json_body(raw, what) {
            Err(error) => error,
            Ok(_) => response::invalid_response(what, "invalid response from the server"),
        }
    }

    pub fn with_json(request: RequestBuilder, body: &Value) -> RequestBuilder {
        request
            .header("content-type", "application/json")
            .body(body.to_string())
    }

    fn redact(&self, mut error: StoreError) -> StoreError {
        let why = self.redact_text(error.why.raw());
        error.why = response::truncate_message(&why).into();
        error
    }

    fn redact_text(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| {
            text.replace(secret.expose_secret(), "…")
        })
    }
}

/// Reads at most `limit` bytes of a response, fewer of an error.
async fn read_body(
    mut response: Response,
    what: &str,
    limit: usize,
    started: Instant,
) -> Result<RawResponse> {
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
        limits::ERROR_RESPONSE_BYTES
    };
    let mut raw = RawResponse {
        status,
        location,
        retry_after,
        body: Vec::new(),
        is_truncated: false,
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = limit - raw.body.len();
                raw.body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    raw.is_truncated = true;
                    return Ok(raw);
                }
            }
            Ok(None) => return Ok(raw),
            Err(error) => {
                return Err(response::body_error(&error, what, started.elapsed()));
            }
        }
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

#[derive(Clone)]
enum Auth {
    Anonymous,
    /// The credentials belong to another server.
    Withheld,
    Basic(String, SecretString),
    Bearer(SecretString),
}

impl Auth {
    /// A username and password take precedence over a token, as in MLflow's client.
    fn from_options(options: &ConnectOptions) -> Self {
        match (&options.username, &options.password, &options.token) {
            (Some(user), Some(password), _) => Self::Basic(user.clone(), password.clone()),
            (_, _, Some(token)) => Self::Bearer(token.clone()),
            _ if options.are_withheld => Self::Withheld,
            _ => Self::Anonymous,
        }
    }

    /// A wrong password needs other advice than a missing one.
    fn explain(&self, error: StoreError) -> StoreError {
        let hint = match self {
            _ if error.kind != StoreErrorKind::Unauthenticated => return error,
            Self::Anonymous => return error,
            Self::Withheld => {
                "MLflow's credentials are sent to the first store only: add a profile with username and password_variable, or token_variable"
            }
            Self::Basic(..) => {
                "the server rejected the username or password: correct MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or ~/.mlflow/credentials"
            }
            Self::Bearer(_) => "the server rejected the token: renew MLFLOW_TRACKING_TOKEN",
        };
        error.with_hint(Some(hint))
    }

    /// Adds the header, which reqwest marks as sensitive.
    fn authenticate(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Anonymous | Self::Withheld => request,
            Self::Basic(user, password) => request.basic_auth(user, Some(password.expose_secret())),
            Self::Bearer(token) => request.bearer_auth(token.expose_secret()),
        }
    }

    /// The secret in every encoding that a server may echo: plain, in an address, and in the
    /// header. A very short one would redact ordinary words.
    fn secret_spellings(&self, client: &Client, url: &Url) -> Vec<SecretString> {
        let secret = match self {
            Self::Anonymous | Self::Withheld => return Vec::new(),
            Self::Basic(_, secret) | Self::Bearer(secret) => secret.expose_secret(),
        };
        let sample = self.authenticate(client.get(url.clone())).build().ok();
        let header = sample.as_ref().and_then(|request| {
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
