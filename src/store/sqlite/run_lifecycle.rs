//! Putting a run into the trash and taking it out, as MLflow's own store does.

use rusqlite::{Connection, OptionalExtension, params};

use super::connection::QueryError;
use super::create_version::now_ms;
use super::schema::Schema;
use crate::domain::{Millis, RunId, StoreErrorKind};

/// How MLflow 3 notes in an assessment of a trace which run made it.
const SOURCE_RUN_KEY: &str = "mlflow.assessment.sourceRunId";

/// Deletes a run. MLflow 3 takes the assessments along that the run made of traces, for good, and has sums over them to keep: that is
/// left to it.
pub(super) fn delete_run(
    connection: &Connection,
    schema: &Schema,
    run: &RunId,
) -> Result<(), QueryError> {
    if schema.has_column("assessments", "assessment_metadata") {
        let sql =
            "SELECT count(*) FROM assessments AS a WHERE instr(a.assessment_metadata, ?1) > 0";
        let assessment_count: i64 = connection.query_row(
            sql,
            [format!("\"{SOURCE_RUN_KEY}\": \"{}\"", run.raw())],
            |row| row.get(0),
        )?;
        if assessment_count > 0 {
            let why = format!(
                "MLflow deletes {assessment_count} assessments of traces with this run, for good: delete it with MLflow itself"
            );
            return Err(QueryError::Store(StoreErrorKind::Unsupported, why));
        }
    }
    set_lifecycle(connection, schema, run, "deleted", Some(now_ms()))
}

/// Restores a run.
pub(super) fn restore_run(
    connection: &Connection,
    schema: &Schema,
    run: &RunId,
) -> Result<(), QueryError> {
    set_lifecycle(connection, schema, run, "active", None)
}

fn set_lifecycle(
    connection: &Connection,
    schema: &Schema,
    run: &RunId,
    lifecycle: &str,
    deleted: Option<Millis>,
) -> Result<(), QueryError> {
    if !schema.has_column("runs", "lifecycle_stage") || !schema.has_column("runs", "deleted_time") {
        let why =
            "the file's schema has no runs.deleted_time: it is older than this program can write"
                .to_owned();
        return Err(QueryError::Store(StoreErrorKind::Unsupported, why));
    }
    let here = schema.workspace_condition("experiments", "e");
    let sql = format!(
        "SELECT 1 FROM runs AS r JOIN experiments AS e ON e.experiment_id = r.experiment_id WHERE r.run_uuid = ?1 AND {here}"
    );
    let found = connection
        .query_row(&sql, [run.raw()], |_| Ok(()))
        .optional()?;
    found.ok_or_else(|| {
        QueryError::Store(StoreErrorKind::NotFound, "there is no such run".to_owned())
    })?;
    let sql = "UPDATE runs SET lifecycle_stage = ?2, deleted_time = ?3 WHERE run_uuid = ?1";
    connection.execute(sql, params![run.raw(), lifecycle, deleted])?;
    Ok(())
}
