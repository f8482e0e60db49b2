//! Histories of metrics, a run at a time: one run can have a million points.

use std::sync::Arc;

use rusqlite::Connection;

use super::SqliteStore;
use super::connection::Failure;
use super::schema::Schema;
use super::values::{at, integer, metric};
use crate::domain::{History, MetricValue, Point, RunId};
use crate::store::thinning::thin;
use crate::store::{Answer, Resolution};
use crate::text::Untrusted;
use crate::text::untrusted::clean;

/// The histories of a metric; runs without it are left out.
pub(super) async fn of(
    store: &SqliteStore,
    runs: &[RunId],
    key: &str,
    resolution: Resolution,
) -> Answer<Vec<History>> {
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
                points(connection, &schema, &id, metric.raw())
            })
            .await?;
        if points.is_empty() {
            continue;
        }
        let (points, sampled) = match resolution {
            Resolution::Exact => (points, false),
            Resolution::Points(wanted) => thin(points, wanted as usize),
            Resolution::Between {
                points: wanted,
                first,
                last,
            } => {
                let within = points
                    .into_iter()
                    .filter(|point| (first..=last).contains(&point.step))
                    .collect();
                thin(within, wanted as usize)
            }
        };
        histories.push(History {
            run: run.clone(),
            key: key.clone(),
            points,
            sampled,
        });
    }
    Ok(histories)
}

fn points(
    connection: &Connection,
    schema: &Schema,
    run: &RunId,
    key: &str,
) -> Result<Vec<Point>, Failure> {
    if !schema.has_table("metrics") {
        return Ok(Vec::new());
    }
    let columns = schema.select("metrics", "m", &["step", "timestamp", "value", "is_nan"]);
    // The plus keeps MLflow 2's files off the primary key, which begins with the metric's key and would read
    // every run that has it; MLflow 3 has an index over run, key and step.
    let plus = if has_index(connection)? { "" } else { "+" };
    let sql = format!(
        "SELECT {columns} FROM metrics AS m WHERE m.run_uuid = ?1 AND {plus}m.\"key\" = ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([run.raw(), key])?;
    let mut points = Vec::new();
    while let Some(row) = rows.next()? {
        points.push(Point {
            step: integer(at(row, 0)).unwrap_or_default(),
            timestamp: integer(at(row, 1)).unwrap_or_default(),
            value: metric(at(row, 2), at(row, 3)),
        });
    }
    points.sort_by(|a, b| {
        (a.step, a.timestamp)
            .cmp(&(b.step, b.timestamp))
            .then_with(|| MetricValue::order(a.value, b.value))
    });
    Ok(points)
}

/// Whether the file has MLflow 3's index over a run's metrics.
fn has_index(connection: &Connection) -> Result<bool, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM pragma_index_list('metrics') AS i JOIN pragma_index_info(i.name) AS c \
         WHERE c.seqno = 1 AND c.name = 'key' AND EXISTS \
         (SELECT 1 FROM pragma_index_info(i.name) AS f WHERE f.seqno = 0 AND f.name = 'run_uuid')",
    )?;
    Ok(statement.exists([])?)
}
