//! How many requests a second a server allows, and when it takes requests again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;
use url::{Origin, Url};

/// A server counts requests when they arrive, which can be a little closer to each other than they were sent.
const WINDOW: Duration = Duration::from_millis(1_100);

/// Spreads requests over time: in no second are there more than the server allows. All that is sent to a server shares one.
#[derive(Debug)]
pub(super) struct Pace {
    /// The most searches and other requests a second; `None` for no limit.
    limits: Option<(u32, u32)>,
    times: Mutex<Times>,
}

#[derive(Debug, Default)]
struct Times {
    /// When the last searches were due, as many as may come in a second.
    searches: VecDeque<Instant>,
    /// Likewise for other requests.
    others: VecDeque<Instant>,
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
        let (rate, last) = if is_search {
            (searches, &mut times.searches)
        } else {
            (others, &mut times.others)
        };
        let rate = usize::try_from(rate.max(1)).unwrap_or(usize::MAX);
        let first_of_second = last.len().checked_sub(rate).and_then(|at| last.get(at));
        let due = first_of_second.map_or(from, |first| from.max(*first + WINDOW));
        last.push_back(due);
        while last.len() > rate {
            last.pop_front();
        }
        times.waiting_until = times.waiting_until.max(Some(due));
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_requests_than_the_server_allows() {
        let pace = Pace::new(Some((7, 60)));
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..21 {
            pace.wait("/api/2.0/mlflow/runs/search").await;
            times.push(start.elapsed());
        }
        assert!(times[6] < Duration::from_millis(10));
        for eight in times.windows(8) {
            assert!(eight[7] > eight[0] + Duration::from_secs(1), "{times:?}");
        }
        let elapsed = start.elapsed();
        assert!(elapsed < Duration::from_millis(2_300), "{elapsed:?}");
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
