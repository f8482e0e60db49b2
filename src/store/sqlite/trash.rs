//! Putting a run into the trash and taking it out, as MLflow's own store does.

use rusqlite::{Connection, OptionalExtension, params};

use super::connection::Failure;
use super::new_version::now;
use super::schema::Schema;
use crate::domain::{FaultKind, Millis, RunId};

/// How MLflow 3 notes in an assessment of a trace which run made it.
const SOURCE_RUN: &str = "mlflow.assessment.sourceRunId";

/// Deletes a run. MLflow 3 takes the assessments along that the run made of traces, for good, and has sums over them to keep: that is
/// left to it.
pub(super) fn delete(connection: &Connection, schema: &Schema, run: &RunId) -> Result<(), Failure> {
    if schema.has("assessments", "assessment_metadata") {
        let sql =
            "SELECT count(*) FROM assessments AS a WHERE instr(a.assessment_metadata, ?1) > 0";
        let made: i64 = connection.query_row(
            sql,
            [format!("\"{SOURCE_RUN}\": \"{}\"", run.raw())],
            |row| row.get(0),
        )?;
        if made > 0 {
            let why = format!(
                "MLflow deletes {made} assessments of traces with this run, for good: delete it with MLflow itself"
            );
            return Err(Failure::Known(FaultKind::Unsupported, why));
        }
    }
    set(connection, schema, run, "deleted", Some(now()))
}

/// Restores a run.
pub(super) fn restore(
    connection: &Connection,
    schema: &Schema,
    run: &RunId,
) -> Result<(), Failure> {
    set(connection, schema, run, "active", None)
}

fn set(
    connection: &Connection,
    schema: &Schema,
    run: &RunId,
    lifecycle: &str,
    deleted: Option<Millis>,
) -> Result<(), Failure> {
    if !schema.has("runs", "lifecycle_stage") || !schema.has("runs", "deleted_time") {
        let why =
            "the file's schema has no runs.deleted_time: it is older than this program can write"
                .to_owned();
        return Err(Failure::Known(FaultKind::Unsupported, why));
    }
    let here = schema.in_workspace("experiments", "e");
    let sql = format!(
        "SELECT 1 FROM runs AS r JOIN experiments AS e ON e.experiment_id = r.experiment_id WHERE r.run_uuid = ?1 AND {here}"
    );
    let found = connection
        .query_row(&sql, [run.raw()], |_| Ok(()))
        .optional()?;
    found.ok_or_else(|| Failure::Known(FaultKind::Missing, "there is no such run".to_owned()))?;
    let sql = "UPDATE runs SET lifecycle_stage = ?2, deleted_time = ?3 WHERE run_uuid = ?1";
    connection.execute(sql, params![run.raw(), lifecycle, deleted])?;
    Ok(())
}
