//! MLflow servers over HTTP: 3.x and 2.x tracking and registry.
//!
//! A [`RestStore`] can send nothing but the reads of [`endpoints::ALLOWED`]; a [`RestWriter`] is another type, with a
//! client of its own, that only [`RestStore::writer`] makes.

mod artifacts;
mod changed_runs;
mod credentials;
pub mod endpoints;
mod histories;
mod registry;
mod response;
mod tracking;
mod transition_requests;
mod transport;
mod wire;
mod writer;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use backon::{ExponentialBuilder, Retryable};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;
use url::Url;

use super::{Features, Result, limits};
use crate::domain::{StoreError, StoreErrorKind};
pub use credentials::ConnectOptions;
use endpoints::Endpoint;
pub use transport::Timeouts;
use transport::{RawResponse, Transport};
pub use writer::RestWriter;

/// The longest that a `Retry-After` is honoured for a read, in seconds: past that the person decides.
const MAX_RETRY_AFTER_SECONDS: u64 = 5;

/// A server, for reading.
pub struct RestStore {
    transport: Transport,
    url: Url,
    options: ConnectOptions,
    timeouts: Timeouts,
    name: String,
    features: OnceCell<Features>,
    /// Whether the server turned out to have no bulk histories.
    lacks_bulk_histories: AtomicBool,
    /// Whether the server turned out to have no transition requests.
    lacks_transition_requests: AtomicBool,
}

impl RestStore {
    /// Prepares to ask a server; sends nothing yet.
    ///
    /// # Errors
    /// When a certificate can't be read.
    pub fn connect(url: &Url, options: &ConnectOptions) -> Result<Self> {
        Self::with_timeouts(url, options, Timeouts::default())
    }

    /// The same with other limits of time.
    ///
    /// # Errors
    /// When a certificate can't be read.
    pub fn with_timeouts(url: &Url, options: &ConnectOptions, timeouts: Timeouts) -> Result<Self> {
        let transport = Transport::for_reading(url, options, timeouts)?;
        let name = transport.address();
        Ok(Self {
            transport,
            url: url.clone(),
            options: options.clone(),
            timeouts,
            name,
            features: OnceCell::new(),
            lacks_bulk_histories: AtomicBool::new(false),
            lacks_transition_requests: AtomicBool::new(false),
        })
    }

    /// The writer of the same server.
    ///
    /// # Errors
    /// When its client can't be made.
    pub fn writer(&self) -> Result<RestWriter> {
        Ok(RestWriter::new(
            Transport::for_writing(&self.url, &self.options, self.timeouts)?,
            self.timeouts,
        ))
    }

    /// Asks an endpoint of the list, again where a fault may pass by itself.
    async fn get_raw(
        &self,
        endpoint: Endpoint,
        id: &str,
        query: &[(&str, String)],
        what: &str,
    ) -> Result<RawResponse> {
        self.send(endpoint, id, query, None, what, limits::RESPONSE_BYTES)
            .await
    }

    /// Asks with a query and reads the JSON of the answer.
    async fn get<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        id: &str,
        query: &[(&str, String)],
        what: &str,
    ) -> Result<T> {
        let attempt = || async {
            let raw = self.get_raw(endpoint, id, query, what).await?;
            self.parse_json(raw, what)
        };
        retry(attempt).await
    }

    /// Asks with a JSON body and reads the JSON of the answer.
    async fn post<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        body: &Value,
        what: &str,
    ) -> Result<T> {
        let attempt = || async {
            let raw = self
                .send(endpoint, "", &[], Some(body), what, limits::RESPONSE_BYTES)
                .await?;
            self.parse_json(raw, what)
        };
        retry(attempt).await
    }

    async fn send(
        &self,
        endpoint: Endpoint,
        id: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
        what: &str,
        limit: usize,
    ) -> Result<RawResponse> {
        let (method, parts) = endpoint.route(id);
        let mut request = self.transport.request(method, &parts, query);
        if let Some(body) = body {
            request = Transport::with_json(request, body);
        }
        self.transport.send(request, what, limit).await
    }

    fn parse_json<T: DeserializeOwned>(&self, raw: RawResponse, what: &str) -> Result<T> {
        let body = self.transport.json_body(raw, what)?;
        serde_json::from_slice(&body).map_err(|error| {
            // The parser's own words can hold pieces of the answer: the place is enough.
            response::malformed_response(
                what,
                format!(
                    "the answer is not the JSON that MLflow sends, at line {}",
                    error.line()
                ),
            )
        })
    }

    fn lacks_bulk_histories(&self) -> bool {
        self.lacks_bulk_histories.load(Ordering::Relaxed)
    }
}

/// Asks again, a little later each time, while the fault is one that may pass.
async fn retry<T, F: Future<Output = Result<T>>>(operation: impl FnMut() -> F) -> Result<T> {
    let is_transient = |fault: &StoreError| {
        // A time-out was long enough already.
        fault.kind != StoreErrorKind::Timeout
            && fault.kind.is_transient()
            && fault
                .retry_after
                .is_none_or(|s| s <= MAX_RETRY_AFTER_SECONDS)
    };
    let backoff = ExponentialBuilder::default()
        .with_jitter()
        .with_max_times(limits::READ_RETRIES);
    operation
        .retry(backoff)
        .when(is_transient)
        .adjust(|fault: &StoreError, wait| {
            wait.map(|wait| {
                fault
                    .retry_after
                    .map_or(wait, std::time::Duration::from_secs)
            })
        })
        .await
}

/// Follows a listing to its end. A server that hands out the same token again, or tokens without end, is told so.
async fn collect_pages<P, F: Future<Output = Result<(Vec<P>, String)>>>(
    what: &str,
    mut page: impl FnMut(String) -> F,
) -> Result<Vec<P>> {
    let mut items = Vec::new();
    let mut token = String::new();
    let mut seen = HashSet::new();
    for _ in 0..limits::MAX_PAGES {
        let (more, next) = page(token.clone()).await?;
        items.extend(more);
        if next.is_empty() {
            return Ok(items);
        }
        if !seen.insert(next.clone()) {
            return Err(response::malformed_response(
                what,
                "the server sends the same page again and again",
            ));
        }
        token = next;
    }
    Err(StoreError::new(
        StoreErrorKind::ResponseTooLarge,
        what,
        "the server's listing has no end",
    ))
}
