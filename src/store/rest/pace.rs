//! How many requests a second a server allows, and when it takes requests again.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;
use url::{Origin, Url};

/// Spreads requests over time. A second's worth may come at once. All that is sent to a server shares one.
#[derive(Debug)]
pub(super) struct Pace {
    /// The most searches and other requests a second; `None` for no limit.
    limits: Option<(u32, u32)>,
    times: Mutex<Times>,
}

#[derive(Debug, Default)]
struct Times {
    /// When the next search would be due if all were spread evenly.
    search: Option<Instant>,
    /// Likewise for other requests.
    other: Option<Instant>,
    /// Before this, the server takes no request.
    paused_until: Option<Instant>,
    /// The end of the longest wait that a request is in.
    waiting_until: Option<Instant>,
}

/// The limits of a server are for all of its parts: runs, registry and writes.
static SERVERS: LazyLock<Mutex<HashMap<Origin, Weak<Pace>>>> = LazyLock::new(Mutex::default);

impl Pace {
    /// A pace of its own.
    fn new(limits: Option<(u32, u32)>) -> Self {
        Self {
            limits,
            times: Mutex::default(),
        }
    }

    /// The pace of a server, shared by all that send requests to it while one of them lasts.
    pub fn of_server(url: &Url, limits: Option<(u32, u32)>) -> Arc<Self> {
        let mut servers = SERVERS.lock().unwrap_or_else(PoisonError::into_inner);
        let known = servers.get(&url.origin()).and_then(Weak::upgrade);
        if let Some(known) = known.filter(|known| known.limits == limits) {
            return known;
        }
        let pace = Arc::new(Self::new(limits));
        servers.retain(|_, pace| pace.strong_count() > 0);
        servers.insert(url.origin(), Arc::downgrade(&pace));
        pace
    }

    /// Waits until a request to a path may be sent.
    pub async fn wait(&self, path: &str) {
        let due = self.reserve(path.ends_with("/search"), Instant::now());
        let wait = due.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            let ms = wait.as_millis();
            tracing::info!(ms, "waiting for the server's limit of requests");
            tokio::time::sleep(wait).await;
        }
    }

    /// Makes every request wait for as long as the server asked.
    pub fn pause(&self, wait: Duration) {
        let until = Some(Instant::now() + wait);
        let mut times = self.times();
        times.paused_until = times.paused_until.max(until);
        times.waiting_until = times.waiting_until.max(until);
    }

    /// How long requests still wait; `None` if none does.
    pub fn remaining(&self) -> Option<Duration> {
        let until = self.times().waiting_until?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the next request is due. It counts for those after it.
    fn reserve(&self, is_search: bool, now: Instant) -> Instant {
        let mut times = self.times();
        let from = times.paused_until.map_or(now, |paused| paused.max(now));
        let Some((searches, others)) = self.limits else {
            return from;
        };
        let rate = if is_search { searches } else { others };
        let interval = Duration::from_secs(1) / rate.max(1);
        let next = if is_search {
            &mut times.search
        } else {
            &mut times.other
        };
        let end = next.map_or(from, |next| next.max(from)) + interval;
        *next = Some(end);
        let due = end.checked_sub(Duration::from_secs(1)).unwrap_or(now);
        let due = due.max(from);
        times.waiting_until = times.waiting_until.max(Some(due));
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_second_of_requests_comes_at_once_and_the_rest_is_spread() {
        let pace = Pace::new(Some((7, 60)));
        let start = Instant::now();
        for _ in 0..7 {
            pace.wait("/api/2.0/mlflow/runs/search").await;
        }
        assert!(start.elapsed() < Duration::from_millis(10));
        for _ in 0..14 {
            pace.wait("/api/2.0/mlflow/runs/search").await;
        }
        let elapsed = start.elapsed();
        assert!(elapsed >= Duration::from_millis(1_990), "{elapsed:?}");
        pace.wait("/api/2.0/mlflow/runs/get").await;
        assert_eq!(start.elapsed(), elapsed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_asks_for_a_wait_gets_no_request_before() {
        let pace = Pace::new(None);
        assert_eq!(pace.remaining(), None);
        pace.pause(Duration::from_secs(3));
        assert_eq!(pace.remaining(), Some(Duration::from_secs(3)));
        let start = Instant::now();
        pace.wait("/api/2.0/mlflow/runs/get").await;
        assert!(start.elapsed() >= Duration::from_secs(3));
        assert_eq!(pace.remaining(), None);
    }

    #[test]
    fn the_parts_of_a_server_share_its_limits() {
        let of = |url: &str, limits| Pace::of_server(&Url::parse(url).unwrap(), limits);
        let limits = Some((7, 60));
        let runs = of("https://w.example.org", limits);
        let models = of("https://w.example.org/x", limits);
        assert!(Arc::ptr_eq(&runs, &models));
        assert!(!Arc::ptr_eq(&runs, &of("https://v.example.org", limits)));
        assert!(!Arc::ptr_eq(&runs, &of("https://w.example.org", None)));
    }
}
