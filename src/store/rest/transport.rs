//! One HTTP client with its credentials, timeouts and limits. The reader and the writer decide what
//! is sent.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::HeaderMap;
use reqwest::{
    Certificate, Client, ClientBuilder, Identity, Method, RequestBuilder, Response, StatusCode,
    redirect,
};
use serde_json::Value;
use url::Url;

use super::login::{Login, is_rejection};
use super::pace::Pace;
use super::response;
use super::retry::parse_retry_after;
use super::service::Service;
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

impl RawResponse {
    /// Whether it is a success that says nothing, or `200 OK`.
    pub fn is_empty_success(&self) -> bool {
        let body = self.body.trim_ascii();
        self.status.is_success() && (body.is_empty() || body == b"200 OK")
    }
}

/// A response whose body is unread, or what an error says.
enum Exchange {
    Success(Response),
    Failure(RawResponse),
}

#[derive(Clone)]
pub(super) struct Transport {
    client: Client,
    base: Url,
    login: Arc<Login>,
    headers: HeaderMap,
    pace: Arc<Pace>,
    timeout: Duration,
}

/// The client of requests for tokens.
pub(super) fn http_client(url: &Url, options: &ConnectOptions) -> Result<Client> {
    let timeouts = Timeouts::default();
    build_client(url, options, timeouts, timeouts.idle, |client| client)
}

/// The client of requests for tokens to services of this machine.
pub(super) fn direct_client(url: &Url, options: &ConnectOptions) -> Result<Client> {
    let timeouts = Timeouts::default();
    build_client(
        url,
        options,
        timeouts,
        timeouts.idle,
        ClientBuilder::no_proxy,
    )
}

fn build_client(
    url: &Url,
    options: &ConnectOptions,
    timeouts: Timeouts,
    total_timeout: Duration,
    configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<Client> {
    // Fails if a provider is installed already; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let invalid = |why: String| {
        StoreError::new(
            StoreErrorKind::InvalidRequest,
            "preparing the HTTP client",
            why,
        )
    };
    let read_pem = |path: &Path| {
        read_bytes(path, limits::CERTIFICATE_BYTES)
            .map_err(|e| invalid(format!("can't read {}: {e}", path.display())))
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
        let pem = read_pem(path)?;
        for certificate in Certificate::from_pem_bundle(&pem)
            .map_err(|e| invalid(format!("{}: {e}", path.display())))?
        {
            builder = builder.add_root_certificate(certificate);
        }
    }
    if let Some(path) = &options.client_cert_path {
        let identity = Identity::from_pem(&read_pem(path)?).map_err(|_| {
            invalid(format!(
                "{} is not a certificate with its private key, both as PEM",
                path.display()
            ))
        })?;
        builder = builder.identity(identity);
    }
    builder
        .build()
        .map_err(|e| invalid(e.without_url().to_string()))
}

impl Transport {
    /// A client that reuses connections.
    pub fn for_reading(
        service: &Service,
        options: &ConnectOptions,
        timeouts: Timeouts,
    ) -> Result<Self> {
        Self::new(service, options, timeouts, timeouts.read, |client| client)
    }

    /// A client that opens a connection for every request: a write on a reused connection that died
    /// could look unsent though it was sent. It repeats no request: HTTP/2 allows that after a refused
    /// stream, but a gateway may have passed the write on.
    pub fn for_writing(
        service: &Service,
        options: &ConnectOptions,
        timeouts: Timeouts,
    ) -> Result<Self> {
        Self::new(service, options, timeouts, timeouts.write, |client| {
            client
                .pool_max_idle_per_host(0)
                .retry(reqwest::retry::never())
        })
    }

    fn new(
        service: &Service,
        options: &ConnectOptions,
        timeouts: Timeouts,
        total_timeout: Duration,
        configure: impl FnOnce(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self> {
        let options = &options.for_server(&service.url);
        let client = build_client(&service.url, options, timeouts, total_timeout, configure)?;
        let mut base = service.url.clone();
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self {
            client,
            base,
            login: Arc::clone(&service.login),
            headers: service.headers.clone(),
            pace: Arc::clone(&service.pace),
            // A response that does not begin is given up after the shorter one.
            timeout: total_timeout.min(timeouts.idle),
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
        self.client
            .request(method, url)
            .headers(self.headers.clone())
    }

    /// The same client without the credential of the server.
    pub fn without_login(&self) -> Self {
        Self {
            login: Arc::new(Login::anonymous(&self.base)),
            ..self.clone()
        }
    }

    /// A request for a file at a signed address.
    pub fn signed_request(&self, address: &str, headers: &[(String, String)]) -> RequestBuilder {
        let request = self.client.get(address);
        headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        })
    }

    /// Makes every request wait for as long as the server asked.
    pub fn pause(&self, wait: Duration) {
        self.pace.pause(wait);
    }

    /// Sends a request and reads at most `limit` bytes of the response, fewer of an error.
    pub async fn send(
        &self,
        request: RequestBuilder,
        what: &str,
        limit: usize,
    ) -> Result<RawResponse> {
        let started = Instant::now();
        match self.exchange(request, what).await? {
            Exchange::Success(response) => read_body(response, what, limit, started).await,
            Exchange::Failure(raw) => Ok(raw),
        }
    }

    /// Sends a request for a file. A whole file may take hours; each part of it may not.
    pub async fn open_stream(&self, request: RequestBuilder, what: &str) -> Result<Response> {
        let timeout = Duration::from_secs(limits::DOWNLOAD_SECONDS);
        match self.exchange(request.timeout(timeout), what).await? {
            Exchange::Success(response) => Ok(response),
            Exchange::Failure(raw) => Err(self.response_error(raw, what)),
        }
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

    /// Sends a request with the credential of the login, and once more if the server rejects it and there is another one:
    /// a rejection says that nothing was done.
    async fn exchange(&self, request: RequestBuilder, what: &str) -> Result<Exchange> {
        let (client, request) = request.build_split();
        let mut request =
            request.map_err(|error| response::send_error(&error, what, self.timeout))?;
        // Getting a credential takes a while, which would shorten the waits of the pace.
        self.login.prepare(request.url()).await?;
        self.pace.wait(request.url().path()).await;
        let again = request.try_clone().filter(|_| self.login.can_renew());
        let issued = self.login.authorize(&mut request).await?;
        let first = self.exchange_once(&client, request, what).await?;
        match (&first, again, issued) {
            (Exchange::Failure(raw), Some(mut again), Some(issued))
                if is_rejection(raw.status, &raw.body) && self.login.replace(&issued).await =>
            {
                self.login.authorize(&mut again).await?;
                self.exchange_once(&client, again, what).await
            }
            _ => Ok(first),
        }
    }

    async fn exchange_once(
        &self,
        client: &Client,
        request: reqwest::Request,
        what: &str,
    ) -> Result<Exchange> {
        let response = self.execute(client, request, what).await?;
        if response.status().is_success() {
            return Ok(Exchange::Success(response));
        }
        let limit = limits::ERROR_RESPONSE_BYTES;
        let raw = read_body(response, what, limit, Instant::now()).await?;
        Ok(Exchange::Failure(raw))
    }

    /// Sends a request as it is, and logs its method, path, status and time.
    async fn execute(
        &self,
        client: &Client,
        request: reqwest::Request,
        what: &str,
    ) -> Result<reqwest::Response> {
        let method = request.method().clone();
        let path = self.login.redact(request.url().path());
        let started = Instant::now();
        let result = client
            .execute(request)
            .await
            .map_err(|error| response::send_error(&error, what, self.timeout));
        let ms = started.elapsed().as_millis();
        match &result {
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::info!(%method, path, status, ms, "request");
            }
            Err(error) => {
                let error = self.login.redact(&error.to_string());
                tracing::warn!(%method, path, error, ms, "request failed");
            }
        }
        result
    }

    /// The JSON of a response, or the error that it contains.
    pub fn json_body(&self, raw: RawResponse, what: &str) -> Result<Vec<u8>> {
        response::parse_body(raw, what).map_err(|error| self.login.explain(self.redact(error)))
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
        let why = self.login.redact(error.why.raw());
        error.why = response::truncate_message(&why).into();
        error
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
        header("retry-after").and_then(|text| parse_retry_after(&text, SystemTime::now())),
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

/// Whether an address is this machine's.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
