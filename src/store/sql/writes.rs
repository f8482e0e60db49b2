//! The changes to the registry and to runs, each as MLflow's own store makes it, inside one
//! transaction.

use super::create_version::create_version;
use super::metadata::apply_metadata;
use super::tables::{Param, QueryError, Tables, params};
use super::values::integer;
use super::versions::DELETED_STAGE;
use crate::domain::{
    Alias, Millis, ModelName, RunId, Stage, StoreErrorKind, StoreWrite, VersionNumber,
};
use crate::store::WriteResponse;
use crate::store::local::now_ms;
use crate::store::mlflow_names::{check_alias, check_model_name};

/// Where MLflow 3 stores in a trace's assessment which run made it.
const SOURCE_RUN_KEY: &str = "mlflow.assessment.sourceRunId";

pub(super) fn apply_write(
    tables: Tables<'_>,
    write: &StoreWrite,
) -> Result<WriteResponse, QueryError> {
    match write {
        StoreWrite::CreateModel { name } => create_model(tables, name)?,
        StoreWrite::CreateVersion {
            name,
            source,
            run_id,
            tags,
        } => {
            return create_version(tables, name, (source, run_id, tags))
                .map(WriteResponse::CreatedVersion);
        }
        StoreWrite::DeleteVersion { name, version } => delete_version(tables, name, *version)?,
        StoreWrite::Metadata(write) => apply_metadata(tables, write)?,
        StoreWrite::TransitionStage {
            name,
            version,
            stage,
            archive_existing,
        } => transition_stage(tables, (name, *version), *stage, *archive_existing)?,
        StoreWrite::SetAlias {
            name,
            alias,
            version,
        } => set_alias(tables, name, alias, *version)?,
        StoreWrite::DeleteAlias { name, alias } => {
            check_alias(alias, false)?;
            require_model(tables, name)?;
            let params = &params![name.raw(), alias.raw()];
            delete(tables, ALIASES, "name = ?1 AND alias = ?2", params)?;
        }
        StoreWrite::RequestTransition { .. }
        | StoreWrite::ApproveTransition { .. }
        | StoreWrite::RejectTransition { .. }
        | StoreWrite::WithdrawTransition { .. } => {
            return QueryError::unsupported("transition requests exist on Databricks only");
        }
        StoreWrite::DeleteRun { run } => delete_run(tables, run)?,
        StoreWrite::RestoreRun { run } => set_lifecycle(tables, run, "active", None)?,
    }
    Ok(WriteResponse::Done)
}

pub(super) const MODELS: &str = "registered_models";
pub(super) const VERSIONS: &str = "model_versions";
const ALIASES: &str = "registered_model_aliases";

/// An INSERT with one parameter for each column; columns that the table lacks are skipped.
pub(super) fn insert_sql(tables: Tables<'_>, table: &str, columns: &[&str]) -> String {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for (column, parameter) in columns.iter().zip(1..) {
        if tables.schema.has_column(table, column) {
            names.push(format!("\"{column}\""));
            values.push(format!("?{parameter}"));
        }
    }
    if let Some(workspace) = tables.schema.workspace()
        && tables.schema.has_column(table, "workspace")
    {
        names.push("workspace".to_owned());
        values.push(format!("'{workspace}'"));
    }
    let (names, values) = (names.join(", "), values.join(", "));
    format!("INSERT INTO {table} ({names}) VALUES ({values})")
}

/// The clause that turns an INSERT into an update of `change`, for a primary key of `columns` and
/// the workspace.
pub(super) fn upsert_clause(
    tables: Tables<'_>,
    table: &str,
    columns: &str,
    change: &str,
) -> String {
    let has_workspace = tables.schema.has_column(table, "workspace");
    let workspace = if has_workspace { "workspace, " } else { "" };
    let key = format!("{workspace}{columns}");
    tables.dialect().upsert(&key, change)
}

/// Updates the rows of the workspace that match a condition, and returns how many.
pub(super) fn update(
    tables: Tables<'_>,
    table: &str,
    changes: &str,
    condition: &str,
    params: &[Param<'_>],
) -> Result<usize, QueryError> {
    let workspace = tables.schema.workspace_condition(table, "t");
    let sql = format!("UPDATE {table} AS t SET {changes} WHERE {condition} AND {workspace}");
    tables.execute(&sql, params)
}

pub(super) fn delete(
    tables: Tables<'_>,
    table: &str,
    condition: &str,
    params: &[Param<'_>],
) -> Result<usize, QueryError> {
    // MariaDB takes no alias here.
    let workspace = tables.schema.workspace_condition(table, table);
    let sql = format!("DELETE FROM {table} WHERE {condition} AND {workspace}");
    tables.execute(&sql, params)
}

fn exists(
    tables: Tables<'_>,
    table: &str,
    condition: &str,
    params: &[Param<'_>],
) -> Result<bool, QueryError> {
    let workspace = tables.schema.workspace_condition(table, "t");
    let sql = format!("SELECT 1 FROM {table} AS t WHERE {condition} AND {workspace}");
    Ok(tables.first(&sql, params, |_| ())?.is_some())
}

fn model_exists(tables: Tables<'_>, name: &ModelName) -> Result<bool, QueryError> {
    exists(tables, MODELS, "name = ?1", &params![name.raw()])
}

pub(super) fn require_model(tables: Tables<'_>, name: &ModelName) -> Result<(), QueryError> {
    check_model_name(name)?;
    if model_exists(tables, name)? {
        Ok(())
    } else {
        QueryError::not_found("no such model")
    }
}

pub(super) fn require_version(
    tables: Tables<'_>,
    name: &ModelName,
    version: VersionNumber,
) -> Result<(), QueryError> {
    check_model_name(name)?;
    let condition =
        format!("name = ?1 AND version = ?2 AND coalesce(current_stage, '') <> '{DELETED_STAGE}'");
    if exists(
        tables,
        VERSIONS,
        &condition,
        &params![name.raw(), version.0],
    )? {
        Ok(())
    } else {
        QueryError::not_found("no such version")
    }
}

fn create_model(tables: Tables<'_>, name: &ModelName) -> Result<(), QueryError> {
    check_model_name(name)?;
    if model_exists(tables, name)? {
        return Err(QueryError::new(
            StoreErrorKind::Conflict,
            "a model with this name already exists",
        ));
    }
    let columns = ["name", "creation_time", "last_updated_time"];
    let now = now_ms();
    tables.execute(
        &insert_sql(tables, MODELS, &columns),
        &params![name.raw(), now, now],
    )?;
    Ok(())
}

/// Sets when a model was last changed; fails if there is no such model.
pub(super) fn touch_model(
    tables: Tables<'_>,
    name: &ModelName,
    now: Millis,
) -> Result<(), QueryError> {
    let changes = "last_updated_time = ?2";
    if update(
        tables,
        MODELS,
        changes,
        "name = ?1",
        &params![name.raw(), now],
    )? == 0
    {
        return QueryError::not_found("no such model");
    }
    Ok(())
}

/// MLflow keeps the row and the tags of a deleted version, and clears the other columns.
fn delete_version(
    tables: Tables<'_>,
    name: &ModelName,
    version: VersionNumber,
) -> Result<(), QueryError> {
    require_version(tables, name, version)?;
    let now = now_ms();
    touch_model(tables, name, now)?;
    let condition = "name = ?1 AND version = ?2";
    delete(tables, ALIASES, condition, &params![name.raw(), version.0])?;
    let changes = format!(
        "current_stage = '{DELETED_STAGE}', last_updated_time = ?3, description = NULL, user_id = NULL, \
         source = 'REDACTED-SOURCE-PATH', run_id = 'REDACTED-RUN-ID', run_link = 'REDACTED-RUN-LINK', status_message = NULL"
    );
    let params = &params![name.raw(), version.0, now];
    update(tables, VERSIONS, &changes, condition, params)?;
    Ok(())
}

fn transition_stage(
    tables: Tables<'_>,
    (name, version): (&ModelName, VersionNumber),
    stage: Stage,
    archive_existing: bool,
) -> Result<(), QueryError> {
    if archive_existing && !matches!(stage, Stage::Staging | Stage::Production) {
        return QueryError::invalid(format!(
            "existing versions can be archived in Staging and Production, not in {stage}"
        ));
    }
    require_version(tables, name, version)?;
    let now = now_ms();
    let params = &params![name.raw(), version.0, stage.as_str(), now];
    if archive_existing {
        update(
            tables,
            VERSIONS,
            "current_stage = 'Archived', last_updated_time = ?4",
            "name = ?1 AND version <> ?2 AND current_stage = ?3",
            params,
        )?;
    }
    update(
        tables,
        VERSIONS,
        "current_stage = ?3, last_updated_time = ?4",
        "name = ?1 AND version = ?2",
        params,
    )?;
    touch_model(tables, name, now)
}

fn set_alias(
    tables: Tables<'_>,
    name: &ModelName,
    alias: &Alias,
    version: VersionNumber,
) -> Result<(), QueryError> {
    check_alias(alias, true)?;
    require_version(tables, name, version)?;
    let sql = insert_sql(tables, ALIASES, &["name", "alias", "version"])
        + &upsert_clause(tables, ALIASES, "name, alias", "version");
    tables.execute(&sql, &params![name.raw(), alias.raw(), version.0])?;
    Ok(())
}

/// Moves a run to the trash. MLflow 3 also deletes the assessments of traces that the run made, for
/// good, and updates sums over them: such runs are left to MLflow.
fn delete_run(tables: Tables<'_>, run: &RunId) -> Result<(), QueryError> {
    if tables
        .schema
        .has_column("assessments", "assessment_metadata")
    {
        let sql = format!(
            "SELECT count(*) FROM assessments AS a WHERE {}(a.assessment_metadata, ?1) > 0",
            tables.dialect().find_text
        );
        let source_run = format!("\"{SOURCE_RUN_KEY}\": \"{}\"", run.raw());
        let count = tables.first(&sql, &params![&source_run], |row| integer(row, 0))?;
        let count = count.flatten().unwrap_or_default();
        if count > 0 {
            return QueryError::unsupported(format!(
                "deleting this run permanently deletes {count} assessments of traces; use MLflow for it"
            ));
        }
    }
    set_lifecycle(tables, run, "deleted", Some(now_ms()))
}

fn set_lifecycle(
    tables: Tables<'_>,
    run: &RunId,
    lifecycle: &str,
    deleted_at: Option<Millis>,
) -> Result<(), QueryError> {
    for column in ["lifecycle_stage", "deleted_time"] {
        if !tables.schema.has_column("runs", column) {
            return QueryError::unsupported(format!(
                "the schema is too old: runs.{column} is missing"
            ));
        }
    }
    let workspace = tables.schema.workspace_condition("experiments", "e");
    let sql = format!(
        "SELECT 1 FROM runs AS r JOIN experiments AS e ON e.experiment_id = r.experiment_id WHERE r.run_uuid = ?1 AND {workspace}"
    );
    if tables.first(&sql, &params![run.raw()], |_| ())?.is_none() {
        return QueryError::not_found("no such run");
    }
    let sql = "UPDATE runs SET lifecycle_stage = ?2, deleted_time = ?3 WHERE run_uuid = ?1";
    tables.execute(sql, &params![run.raw(), lifecycle, deleted_at])?;
    Ok(())
}
