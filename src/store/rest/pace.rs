//! How many requests a second a server allows.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// Spreads requests over time. A second's worth may come at once.
#[derive(Debug)]
pub(super) struct Pace {
    searches: Option<Bucket>,
    others: Option<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    interval: Duration,
    /// When the next request would be due if all were spread evenly.
    due: Mutex<Option<Instant>>,
}

impl Pace {
    /// The most searches and other requests a second; `None` for no limit.
    pub fn new(per_second: Option<(u32, u32)>) -> Self {
        let bucket = |rate: u32| Bucket {
            interval: Duration::from_secs(1) / rate.max(1),
            due: Mutex::new(None),
        };
        Self {
            searches: per_second.map(|(searches, _)| bucket(searches)),
            others: per_second.map(|(_, others)| bucket(others)),
        }
    }

    /// Waits until a request to a path may be sent.
    pub async fn wait(&self, path: &str) {
        let bucket = if path.ends_with("/search") {
            &self.searches
        } else {
            &self.others
        };
        let Some(bucket) = bucket else { return };
        let wait = {
            let mut due = bucket.due.lock().await;
            let now = Instant::now();
            let at = due.map_or(now, |due| due.max(now));
            *due = Some(at + bucket.interval);
            (at + bucket.interval).saturating_duration_since(now + Duration::from_secs(1))
        };
        if !wait.is_zero() {
            tracing::info!(
                ms = wait.as_millis(),
                "waiting for the server's limit of requests"
            );
            tokio::time::sleep(wait).await;
        }
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
}
