//! Histories: of many runs at once where the server can, run by run where it can't.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::wire::MetricPage;
use super::{Endpoint, RestStore, collect_pages};
use crate::domain::{MetricHistory, Point, RunId, StoreErrorKind};
use crate::store::{Resolution, Result, limits};
use crate::text::Untrusted;

/// How many points a page of a whole history has: what MLflow's own client asks for.
const PAGE_POINTS: usize = 25_000;

impl RestStore {
    pub(super) async fn read_histories(
        &self,
        runs: &[RunId],
        metric: &str,
        resolution: Resolution,
    ) -> Result<Vec<MetricHistory>> {
        let (points, step_range) = match resolution {
            Resolution::Full => return self.fetch_each(runs, metric).await,
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
                match self.fetch_bulk(chunk, metric, points, step_range).await {
                    Ok(more) => histories.extend(more),
                    // 2.9 has no such endpoint: its answer is remembered.
                    Err(fault) if fault.kind == StoreErrorKind::Unsupported => {
                        self.lacks_bulk_histories.store(true, Ordering::Relaxed);
                        histories.clear();
                        break;
                    }
                    Err(fault) => return Err(fault),
                }
            }
        }
        if self.lacks_bulk_histories() {
            histories = self.fetch_each(runs, metric).await?;
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

    /// One request for up to 100 runs. The server thins out by rows, so that a run with as many points as were asked for
    /// may have had more. Older servers (2.22 is one, 3.17 is not) leave out steps below 0, as on their own pages: asking for
    /// those as well would make them read every history twice.
    async fn fetch_bulk(
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
            let sampled = points_of_run.len() >= points as usize;
            Some(MetricHistory {
                run: id.clone(),
                key: key.clone(),
                points: points_of_run,
                is_sampled: sampled,
            })
        };
        Ok(runs.iter().filter_map(history).collect())
    }

    async fn fetch_each(&self, runs: &[RunId], metric: &str) -> Result<Vec<MetricHistory>> {
        let mut histories = Vec::new();
        for id in runs {
            let points = self.fetch_full(id, metric).await?;
            if !points.is_empty() {
                histories.push(MetricHistory {
                    run: id.clone(),
                    key: metric.into(),
                    points,
                    is_sampled: false,
                });
            }
        }
        Ok(histories)
    }

    /// Every point of one run. 2.x ignores the page size and sends all at once.
    async fn fetch_full(&self, id: &RunId, metric: &str) -> Result<Vec<Point>> {
        let what = format!(
            "reading the history of {} in run {}",
            crate::text::untrusted::clean(metric),
            id.short()
        );
        let (id, metric, what) = (id.raw(), metric, what.as_str());
        let points = collect_pages(what, |token| async move {
            let mut query = vec![
                ("run_id", id.to_owned()),
                ("metric_key", metric.to_owned()),
                ("max_results", PAGE_POINTS.to_string()),
            ];
            if !token.is_empty() {
                query.push(("page_token", token));
            }
            let page: MetricPage = self.get(Endpoint::History, "", &query, what).await?;
            Ok((page.metrics, page.next_page_token))
        });
        Ok(sort_points(
            points
                .await?
                .iter()
                .filter_map(super::wire::WireMetric::to_point)
                .collect(),
        ))
    }
}

/// In the order of step, then time: as they are drawn.
fn sort_points(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by_key(|point| (point.step, point.timestamp));
    points
}
