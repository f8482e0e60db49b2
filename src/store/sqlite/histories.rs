//! Histories of metrics, a run at a time: one run can have a million points.

use std::sync::Arc;

use rusqlite::Connection;

use super::SqliteStore;
use super::connection::QueryError;
use super::schema::Schema;
use super::values::{column_value, integer, metric_value};
use crate::domain::{MetricHistory, MetricValue, Point, RunId};
use crate::store::{Resolution, Result};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// The histories of a metric; runs without it are left out.
pub(super) async fn read_histories(
    store: &SqliteStore,
    runs: &[RunId],
    key: &str,
    resolution: Resolution,
) -> Result<Vec<MetricHistory>> {
    let key = Untrusted::from(key);
    let mut histories = Vec::new();
    for run in runs {
        let what = format!(
            "reading the history of {} of run {}",
            clean(key.raw()),
            run.clean()
        );
        let (id, metric, schema) = (run.clone(), key.clone(), Arc::clone(&store.schema));
        let points = store
            .database
            .read(what, move |connection| {
                load_points(connection, &schema, &id, metric.raw())
            })
            .await?;
        if !points.is_empty() {
            histories.push(resolution.sample(run.clone(), key.clone(), points));
        }
    }
    Ok(histories)
}

fn load_points(
    connection: &Connection,
    schema: &Schema,
    run: &RunId,
    key: &str,
) -> Result<Vec<Point>, QueryError> {
    if !schema.has_table("metrics") {
        return Ok(Vec::new());
    }
    let columns = schema.select_columns("metrics", "m", &["step", "timestamp", "value", "is_nan"]);
    // The plus keeps MLflow 2's files off the primary key, which begins with the metric's key and would read
    // every run that has it; MLflow 3 has an index over run, key and step.
    let plus = if has_run_key_index(connection)? {
        ""
    } else {
        "+"
    };
    let sql = format!(
        "SELECT {columns} FROM metrics AS m WHERE m.run_uuid = ?1 AND {plus}m.\"key\" = ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([run.raw(), key])?;
    let mut points = Vec::new();
    while let Some(row) = rows.next()? {
        points.push(Point {
            step: integer(column_value(row, 0)).unwrap_or_default(),
            timestamp: integer(column_value(row, 1)).unwrap_or_default(),
            value: metric_value(column_value(row, 2), column_value(row, 3)),
        });
    }
    points.sort_by(|a, b| {
        (a.step, a.timestamp)
            .cmp(&(b.step, b.timestamp))
            .then_with(|| MetricValue::cmp_nan_last(a.value, b.value))
    });
    Ok(points)
}

/// Whether the file has MLflow 3's index over a run's metrics.
fn has_run_key_index(connection: &Connection) -> Result<bool, QueryError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM pragma_index_list('metrics') AS i JOIN pragma_index_info(i.name) AS c \
         WHERE c.seqno = 1 AND c.name = 'key' AND EXISTS \
         (SELECT 1 FROM pragma_index_info(i.name) AS f WHERE f.seqno = 0 AND f.name = 'run_uuid')",
    )?;
    Ok(statement.exists([])?)
}
