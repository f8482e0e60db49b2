//! Metric histories: of many runs at once where the server supports it, else run by run.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::wire::{MetricPage, WireMetric};
use super::{Endpoint, RestStore};
use crate::domain::{MetricHistory, Point, RunId, StoreErrorKind};
use crate::store::{Resolution, Result, limits};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// As many as MLflow's own client requests.
const POINTS_PER_PAGE: usize = 25_000;

impl RestStore {
    pub(super) async fn read_histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>> {
        let (points, step_range) = match resolution {
            Resolution::Full => return self.read_each_history(runs, metric).await,
            Resolution::Points(points) => (points.clamp(1, limits::BULK_POINTS), None),
            Resolution::StepRange {
                points,
                first,
                last,
            } => (points.clamp(1, limits::BULK_POINTS), Some((first, last))),
        };
        let mut histories = Vec::new();
        if !self.lacks_bulk_histories() {
            for chunk in runs.chunks(limits::BULK_RUNS) {
                match self
                    .read_bulk_histories(chunk, metric, points, step_range)
                    .await
                {
                    Ok(more) => histories.extend(more),
                    // MLflow 2.9 has no such endpoint.
                    Err(error) if error.kind == StoreErrorKind::Unsupported => {
                        self.lacks_bulk_histories.store(true, Ordering::Relaxed);
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        if self.lacks_bulk_histories() {
            histories = self.read_each_history(runs, metric).await?;
            if let Some((first, last)) = step_range {
                for history in &mut histories {
                    history
                        .points
                        .retain(|point| (first..=last).contains(&point.step));
                }
            }
        }
        Ok(histories)
    }

    /// One request for up to 100 runs. The server samples rows, so that a run with as many points
    /// as requested may have more. Older servers (2.22 does, 3.17 does not) leave out negative
    /// steps, as on their own pages; requesting those as well would make them read every history
    /// twice.
    async fn read_bulk_histories(
        &self,
        runs: &[RunId],
        metric: &str,
        points: u32,
        step_range: Option<(i64, i64)>,
    ) -> Result<Vec<MetricHistory>> {
        let mut query: Vec<(&str, String)> = runs
            .iter()
            .map(|id| ("run_ids", id.raw().to_owned()))
            .collect();
        query.extend([
            ("metric_key", metric.to_owned()),
            ("max_results", points.to_string()),
        ]);
        if let Some((first, last)) = step_range {
            query.extend([
                ("start_step", first.to_string()),
                ("end_step", last.to_string()),
            ]);
        }
        let page: MetricPage = self
            .get(Endpoint::HistoryBulk, "", &query, "reading histories")
            .await?;
        let mut by_run: HashMap<String, Vec<Point>> = HashMap::new();
        for metric in page.metrics {
            if let Some(point) = metric.to_point() {
                by_run.entry(metric.run_id).or_default().push(point);
            }
        }
        let key = Untrusted::from(metric);
        let history = |id: &RunId| {
            let points_of_run = sort_points(by_run.remove(id.raw())?);
            Some(MetricHistory {
                run: id.clone(),
                key: key.clone(),
                is_sampled: points_of_run.len() >= points as usize,
                points: points_of_run,
            })
        };
        Ok(runs.iter().filter_map(history).collect())
    }

    async fn read_each_history(&self, runs: &[RunId], metric: &str) -> Result<Vec<MetricHistory>> {
        let mut histories = Vec::new();
        for id in runs {
            let what = format!("reading metric {} of run {}", clean(metric), id.short());
            // MLflow 2 ignores the page size and sends all points at once.
            let query = [
                ("run_id", id.raw().to_owned()),
                ("metric_key", metric.to_owned()),
                ("max_results", POINTS_PER_PAGE.to_string()),
            ];
            let metrics = self
                .get_all::<MetricPage>(Endpoint::History, "", &query, &what)
                .await?;
            let points = sort_points(metrics.iter().filter_map(WireMetric::to_point).collect());
            if !points.is_empty() {
                histories.push(Resolution::Full.sample(id.clone(), metric.into(), points));
            }
        }
        Ok(histories)
    }
}

fn sort_points(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by_key(|point| (point.step, point.timestamp));
    points
}
