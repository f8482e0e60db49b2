//! MLflow servers over HTTP: 3.x and 2.x tracking and registry.
//!
//! A [`RestStore`] can send nothing but the reads of [`endpoints::ALLOWED`]; a [`RestWriter`] is another type, with a
//! client of its own, that only [`RestStore::writer`] makes.

mod answers;
mod artifacts;
mod changes;
mod credentials;
pub mod endpoints;
mod histories;
mod reads;
mod registry;
mod requests;
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

use super::{Answer, Connection, Features, limits};
use crate::domain::{Fault, FaultKind};
use endpoints::Endpoint;
pub use transport::Patience;
use transport::{Raw, Transport};
pub use writer::RestWriter;

/// The longest that a `Retry-After` is honoured for a read, in seconds: past that the person decides.
const RETRY_AFTER_SECONDS: u64 = 5;

/// A server, for reading.
pub struct RestStore {
    transport: Transport,
    url: Url,
    connection: Connection,
    patience: Patience,
    name: String,
    features: OnceCell<Features>,
    /// Whether the server turned out to have no bulk histories.
    one_by_one: AtomicBool,
    /// Whether the server turned out to have no transition requests.
    no_requests: AtomicBool,
}

impl RestStore {
    /// Prepares to ask a server; sends nothing yet.
    ///
    /// # Errors
    /// When a certificate can't be read.
    pub fn connect(url: &Url, connection: &Connection) -> Answer<Self> {
        Self::with_patience(url, connection, Patience::default())
    }

    /// The same with other limits of time.
    ///
    /// # Errors
    /// When a certificate can't be read.
    pub fn with_patience(url: &Url, connection: &Connection, patience: Patience) -> Answer<Self> {
        let transport = Transport::reading(url, connection, patience)?;
        let name = transport.address();
        Ok(Self {
            transport,
            url: url.clone(),
            connection: connection.clone(),
            patience,
            name,
            features: OnceCell::new(),
            one_by_one: AtomicBool::new(false),
            no_requests: AtomicBool::new(false),
        })
    }

    /// The writer of the same server.
    ///
    /// # Errors
    /// When its client can't be made.
    pub fn writer(&self) -> Answer<RestWriter> {
        Ok(RestWriter::new(
            Transport::writing(&self.url, &self.connection, self.patience)?,
            self.patience,
        ))
    }

    /// Asks an endpoint of the list, again where a fault may pass by itself.
    async fn raw(
        &self,
        endpoint: Endpoint,
        id: &str,
        query: &[(&str, String)],
        what: &str,
    ) -> Answer<Raw> {
        self.sent(endpoint, id, query, None, what, limits::ANSWER_BYTES)
            .await
    }

    /// Asks with a query and reads the JSON of the answer.
    async fn get<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        id: &str,
        query: &[(&str, String)],
        what: &str,
    ) -> Answer<T> {
        let asked = || async {
            let raw = self.raw(endpoint, id, query, what).await?;
            self.parsed(raw, what)
        };
        retried(asked).await
    }

    /// Asks with a JSON body and reads the JSON of the answer.
    async fn post<T: DeserializeOwned>(
        &self,
        endpoint: Endpoint,
        body: &Value,
        what: &str,
    ) -> Answer<T> {
        let asked = || async {
            let raw = self
                .sent(endpoint, "", &[], Some(body), what, limits::ANSWER_BYTES)
                .await?;
            self.parsed(raw, what)
        };
        retried(asked).await
    }

    async fn sent(
        &self,
        endpoint: Endpoint,
        id: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
        what: &str,
        limit: usize,
    ) -> Answer<Raw> {
        let (method, parts) = endpoint.place(id);
        let mut request = self.transport.request(method, &parts, query);
        if let Some(body) = body {
            request = Transport::with_json(request, body);
        }
        self.transport.send(request, what, limit).await
    }

    fn parsed<T: DeserializeOwned>(&self, raw: Raw, what: &str) -> Answer<T> {
        let body = self.transport.json(raw, what)?;
        serde_json::from_slice(&body).map_err(|error| {
            // The parser's own words can hold pieces of the answer: the place is enough.
            answers::malformed(
                what,
                format!(
                    "the answer is not the JSON that MLflow sends, at line {}",
                    error.line()
                ),
            )
        })
    }

    fn has_no_bulk_histories(&self) -> bool {
        self.one_by_one.load(Ordering::Relaxed)
    }
}

/// Asks again, a little later each time, while the fault is one that may pass.
async fn retried<T, F: Future<Output = Answer<T>>>(ask: impl FnMut() -> F) -> Answer<T> {
    let passing = |fault: &Fault| {
        // A time-out was long enough already.
        fault.kind != FaultKind::TimedOut
            && fault.kind.is_transient()
            && fault.retry_after.is_none_or(|s| s <= RETRY_AFTER_SECONDS)
    };
    let waits = ExponentialBuilder::default()
        .with_jitter()
        .with_max_times(limits::READ_RETRIES);
    ask.retry(waits)
        .when(passing)
        .adjust(|fault: &Fault, wait| {
            wait.map(|wait| {
                fault
                    .retry_after
                    .map_or(wait, std::time::Duration::from_secs)
            })
        })
        .await
}

/// Follows a listing to its end. A server that hands out the same token again, or tokens without end, is told so.
async fn all_pages<P, F: Future<Output = Answer<(Vec<P>, String)>>>(
    what: &str,
    mut page: impl FnMut(String) -> F,
) -> Answer<Vec<P>> {
    let mut items = Vec::new();
    let mut token = String::new();
    let mut seen = HashSet::new();
    for _ in 0..limits::PAGES {
        let (more, next) = page(token.clone()).await?;
        items.extend(more);
        if next.is_empty() {
            return Ok(items);
        }
        if !seen.insert(next.clone()) {
            return Err(answers::malformed(
                what,
                "the server sends the same page again and again",
            ));
        }
        token = next;
    }
    Err(Fault::new(
        FaultKind::TooLarge,
        what,
        "the server's listing has no end",
    ))
}
