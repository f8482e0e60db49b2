//! Metric histories, one run at a time: a run can have a million points.

use super::SqlStore;
use super::tables::{QueryError, Tables, params};
use super::values::{integer, metric_value};
use crate::domain::{MetricHistory, MetricValue, Point, RunId};
use crate::store::{Resolution, Result};
use crate::text::Untrusted;

pub(super) async fn read_histories(
    store: &SqlStore,
    runs: &[RunId],
    key: &str,
    resolution: Resolution,
) -> Result<Vec<MetricHistory>> {
    let key = Untrusted::from(key);
    let mut histories = Vec::new();
    for run in runs {
        let what = format!("reading metric {} of run {}", key.clean(), run.clean());
        let (id, metric) = (run.clone(), key.clone());
        let read = move |tables: Tables<'_>| load_points(tables, &id, metric.raw());
        let points = store.database.read(&what, read).await?;
        if !points.is_empty() {
            histories.push(resolution.sample(run.clone(), key.clone(), points));
        }
    }
    Ok(histories)
}

fn load_points(tables: Tables<'_>, run: &RunId, key: &str) -> Result<Vec<Point>, QueryError> {
    if !tables.schema.has_table("metrics") {
        return Ok(Vec::new());
    }
    let columns = ["step", "timestamp", "value", "is_nan"];
    let columns = tables.schema.select_columns("metrics", "m", &columns);
    // The plus keeps SQLite off the primary key of MLflow 2, which begins with the metric's key and
    // would read every run that has it; MLflow 3 has an index over run, key and step.
    let has_index = match tables.dialect().run_key_index_sql {
        Some(sql) => tables.first(sql, &[], |_| ())?.is_some(),
        None => true,
    };
    let plus = if has_index { "" } else { "+" };
    let sql = format!(
        "SELECT {columns} FROM metrics AS m WHERE m.run_uuid = ?1 AND {plus}m.\"key\" = ?2"
    );
    let mut points = tables.collect(&sql, &params![run.raw(), key], |row| Point {
        step: integer(row, 0).unwrap_or_default(),
        timestamp: integer(row, 1).unwrap_or_default(),
        value: metric_value(row, 2, 3),
    })?;
    points.sort_by(|a, b| {
        (a.step, a.timestamp)
            .cmp(&(b.step, b.timestamp))
            .then_with(|| MetricValue::cmp_nan_last(a.value, b.value))
    });
    Ok(points)
}
