//! The changes to the registry and to runs, each as MLflow's own store makes it. They are called inside one transaction.

use rusqlite::{Connection, OptionalExtension, params};

use super::connection::QueryError;
use super::create_version::{VersionSource, create_version, now_ms};
use super::run_lifecycle;
use super::schema::{Schema, WORKSPACE};
use super::validate::{check_alias, check_model_name, check_tag, check_tag_key};
use super::versions::DELETED_STAGE;
use crate::domain::KeyValue;
use crate::domain::{Alias, Millis, ModelName, Stage, StoreErrorKind, StoreWrite, VersionNumber};
use crate::store::WriteResponse;
use crate::text::Untrusted;

/// The longest description that MLflow's schema takes, in characters.
const MAX_DESCRIPTION_CHARS: usize = 5_000;

/// Makes one change.
pub(super) fn apply_write(
    connection: &Connection,
    schema: &Schema,
    write: &StoreWrite,
) -> Result<WriteResponse, QueryError> {
    match write {
        StoreWrite::CreateModel { name } => create_model(connection, schema, name)?,
        StoreWrite::CreateVersion {
            name,
            source,
            run_id,
            tags,
        } => {
            let origin = VersionSource {
                source,
                run_id,
                tags,
            };
            return create_version(connection, schema, name, &origin)
                .map(WriteResponse::CreatedVersion);
        }
        StoreWrite::DeleteVersion { name, version } => {
            delete_version(connection, schema, name, *version)?;
        }
        StoreWrite::SetVersionTag { name, version, tag } => {
            check_tag(tag, schema.max_version_tag_chars())?;
            require_version(connection, schema, name, *version)?;
            set_version_tag(connection, schema, name, *version, tag)?;
        }
        StoreWrite::DeleteVersionTag { name, version, key } => {
            check_tag_key(key.raw())?;
            require_version(connection, schema, name, *version)?;
            let here = schema.workspace_condition("model_version_tags", "t");
            let sql = format!(
                "DELETE FROM model_version_tags AS t WHERE t.name = ?1 AND t.version = ?2 AND t.\"key\" = ?3 AND {here}"
            );
            connection.execute(&sql, params![name.raw(), version.0, key.raw()])?;
        }
        StoreWrite::SetDescription {
            name,
            version,
            text,
        } => set_description(connection, schema, name, *version, text)?,
        StoreWrite::TransitionStage {
            name,
            version,
            stage,
            archive_existing,
        } => {
            transition_stage(
                connection,
                schema,
                (name, *version),
                *stage,
                *archive_existing,
            )?;
        }
        StoreWrite::SetAlias {
            name,
            alias,
            version,
        } => set_alias(connection, schema, name, alias, *version)?,
        StoreWrite::DeleteAlias { name, alias } => {
            check_alias(alias, false)?;
            require_model(connection, schema, name)?;
            let here = schema.workspace_condition("registered_model_aliases", "a");
            let sql = format!(
                "DELETE FROM registered_model_aliases AS a WHERE a.name = ?1 AND a.alias = ?2 AND {here}"
            );
            connection.execute(&sql, [name.raw(), alias.raw()])?;
        }
        StoreWrite::RequestTransition { .. }
        | StoreWrite::ApproveTransition { .. }
        | StoreWrite::RejectTransition { .. }
        | StoreWrite::WithdrawTransition { .. } => {
            return Err(QueryError::Store(
                StoreErrorKind::Unsupported,
                "a file has no transition requests: they are Databricks' own".to_owned(),
            ));
        }
        StoreWrite::DeleteRun { run } => run_lifecycle::delete_run(connection, schema, run)?,
        StoreWrite::RestoreRun { run } => run_lifecycle::restore_run(connection, schema, run)?,
    }
    Ok(WriteResponse::Done)
}

/// An insertion into a table, with a parameter a column; columns that this file does not have are taken, and dropped.
pub(super) fn insert_sql(schema: &Schema, table: &str, columns: &[&str]) -> String {
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for (column, parameter) in columns.iter().zip(1..) {
        if schema.has_column(table, column) {
            names.push(format!("\"{column}\""));
            values.push(format!("?{parameter}"));
        }
    }
    if schema.has_column(table, "workspace") {
        names.push("workspace".to_owned());
        values.push(format!("'{WORKSPACE}'"));
    }
    format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        names.join(", "),
        values.join(", ")
    )
}

/// What makes a row of a table the same row: MLflow's primary keys, with the workspace where there are any.
fn upsert_clause(schema: &Schema, table: &str, columns: &str, change: &str) -> String {
    let workspace = if schema.has_column(table, "workspace") {
        "workspace, "
    } else {
        ""
    };
    format!(" ON CONFLICT ({workspace}{columns}) DO UPDATE SET {change} = excluded.{change}")
}

fn create_model(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
) -> Result<(), QueryError> {
    check_model_name(name)?;
    if model_exists(connection, schema, name)? {
        return Err(QueryError::Store(
            StoreErrorKind::Conflict,
            "a model of this name is there already".to_owned(),
        ));
    }
    let sql = insert_sql(
        schema,
        "registered_models",
        &["name", "creation_time", "last_updated_time"],
    );
    let now = now_ms();
    connection.execute(&sql, params![name.raw(), now, now])?;
    Ok(())
}

fn model_exists(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
) -> Result<bool, QueryError> {
    let here = schema.workspace_condition("registered_models", "m");
    let sql = format!("SELECT 1 FROM registered_models AS m WHERE m.name = ?1 AND {here}");
    Ok(connection
        .query_row(&sql, [name.raw()], |_| Ok(()))
        .optional()?
        .is_some())
}

fn require_model(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
) -> Result<(), QueryError> {
    check_model_name(name)?;
    let missing = || {
        QueryError::Store(
            StoreErrorKind::NotFound,
            "there is no such model".to_owned(),
        )
    };
    model_exists(connection, schema, name)?
        .then_some(())
        .ok_or_else(missing)
}

fn require_version(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
    version: VersionNumber,
) -> Result<(), QueryError> {
    check_model_name(name)?;
    let here = schema.workspace_condition("model_versions", "v");
    let sql = format!(
        "SELECT 1 FROM model_versions AS v WHERE v.name = ?1 AND v.version = ?2 AND coalesce(v.current_stage, '') <> '{DELETED_STAGE}' AND {here}"
    );
    let found = connection
        .query_row(&sql, params![name.raw(), version.0], |_| Ok(()))
        .optional()?;
    found.ok_or_else(|| {
        QueryError::Store(
            StoreErrorKind::NotFound,
            "there is no such version".to_owned(),
        )
    })
}

/// Sets the time of a model's last change; the model must be there.
pub(super) fn touch_model(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
    now: Millis,
) -> Result<(), QueryError> {
    let here = schema.workspace_condition("registered_models", "m");
    let sql = format!(
        "UPDATE registered_models AS m SET last_updated_time = ?2 WHERE m.name = ?1 AND {here}"
    );
    if connection.execute(&sql, params![name.raw(), now])? == 0 {
        return Err(QueryError::Store(
            StoreErrorKind::NotFound,
            "there is no such model".to_owned(),
        ));
    }
    Ok(())
}

/// Sets the description of a version or of a model; MLflow leaves the column empty where there is none.
fn set_description(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
    version: Option<VersionNumber>,
    text: &Untrusted,
) -> Result<(), QueryError> {
    if text.raw().chars().count() > MAX_DESCRIPTION_CHARS {
        return Err(QueryError::Store(
            StoreErrorKind::InvalidRequest,
            format!("a description has at most {MAX_DESCRIPTION_CHARS} characters"),
        ));
    }
    let now = now_ms();
    let Some(version) = version else {
        require_model(connection, schema, name)?;
        let here = schema.workspace_condition("registered_models", "m");
        let sql = format!(
            "UPDATE registered_models AS m SET description = ?2, last_updated_time = ?3 WHERE m.name = ?1 AND {here}"
        );
        connection.execute(&sql, params![name.raw(), text.raw(), now])?;
        return Ok(());
    };
    require_version(connection, schema, name, version)?;
    let here = schema.workspace_condition("model_versions", "v");
    let sql = format!(
        "UPDATE model_versions AS v SET description = ?3, last_updated_time = ?4 WHERE v.name = ?1 AND v.version = ?2 AND {here}"
    );
    connection.execute(&sql, params![name.raw(), version.0, text.raw(), now])?;
    Ok(())
}

/// Sets a tag of a version, over the one that is there.
pub(super) fn set_version_tag(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
    version: VersionNumber,
    tag: &KeyValue,
) -> Result<(), QueryError> {
    let table = "model_version_tags";
    let sql = insert_sql(schema, table, &["name", "version", "key", "value"])
        + &upsert_clause(schema, table, "\"key\", name, version", "value");
    connection.execute(
        &sql,
        params![name.raw(), version.0, tag.key.raw(), tag.value.raw()],
    )?;
    Ok(())
}

/// MLflow keeps the row and the tags of a deleted version, and takes everything else from it.
fn delete_version(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
    version: VersionNumber,
) -> Result<(), QueryError> {
    require_version(connection, schema, name, version)?;
    let now = now_ms();
    touch_model(connection, schema, name, now)?;
    let here = schema.workspace_condition("registered_model_aliases", "a");
    let sql = format!(
        "DELETE FROM registered_model_aliases AS a WHERE a.name = ?1 AND a.version = ?2 AND {here}"
    );
    connection.execute(&sql, params![name.raw(), version.0])?;
    let here = schema.workspace_condition("model_versions", "v");
    let sql = format!(
        "UPDATE model_versions AS v SET current_stage = '{DELETED_STAGE}', last_updated_time = ?3, description = NULL, user_id = NULL, \
         source = 'REDACTED-SOURCE-PATH', run_id = 'REDACTED-RUN-ID', run_link = 'REDACTED-RUN-LINK', status_message = NULL \
         WHERE v.name = ?1 AND v.version = ?2 AND {here}"
    );
    connection.execute(&sql, params![name.raw(), version.0, now])?;
    Ok(())
}

fn transition_stage(
    connection: &Connection,
    schema: &Schema,
    (name, version): (&ModelName, VersionNumber),
    stage: Stage,
    archive_existing: bool,
) -> Result<(), QueryError> {
    if archive_existing && !matches!(stage, Stage::Staging | Stage::Production) {
        let why = format!(
            "versions can be archived when one moves to Staging or Production, not to {stage}"
        );
        return Err(QueryError::Store(StoreErrorKind::InvalidRequest, why));
    }
    require_version(connection, schema, name, version)?;
    let now = now_ms();
    let here = schema.workspace_condition("model_versions", "v");
    if archive_existing {
        let sql = format!(
            "UPDATE model_versions AS v SET current_stage = 'Archived', last_updated_time = ?4 \
             WHERE v.name = ?1 AND v.version <> ?2 AND v.current_stage = ?3 AND {here}"
        );
        connection.execute(&sql, params![name.raw(), version.0, stage.as_str(), now])?;
    }
    let sql = format!(
        "UPDATE model_versions AS v SET current_stage = ?3, last_updated_time = ?4 WHERE v.name = ?1 AND v.version = ?2 AND {here}"
    );
    connection.execute(&sql, params![name.raw(), version.0, stage.as_str(), now])?;
    touch_model(connection, schema, name, now)
}

fn set_alias(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
    alias: &Alias,
    version: VersionNumber,
) -> Result<(), QueryError> {
    check_alias(alias, true)?;
    require_version(connection, schema, name, version)?;
    let table = "registered_model_aliases";
    let sql = insert_sql(schema, table, &["name", "alias", "version"])
        + &upsert_clause(schema, table, "name, alias", "version");
    connection.execute(&sql, params![name.raw(), alias.raw(), version.0])?;
    Ok(())
}
