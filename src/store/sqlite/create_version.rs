//! Making a version of a model, as MLflow's own store does.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

use super::connection::QueryError;
use super::registry_writes::{insert_sql, set_version_tag, touch_model};
use super::schema::Schema;
use super::validate::{check_model_name, check_tag};
use super::values::{column_value, optional_text, text};
use super::versions::{DELETED_STAGE, version_number};
use crate::domain::KeyValue;
use crate::domain::{LoggedModelId, Millis, ModelName, RunId, StoreErrorKind, VersionNumber};
use crate::text::Untrusted;

/// The tag of a logged model that lists the versions that were made from it.
const VERSIONS_TAG: &str = "mlflow.modelVersions";

/// Milliseconds since the epoch, now.
pub(super) fn now_ms() -> Millis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|age| Millis::try_from(age.as_millis()).ok())
        .unwrap_or_default()
}

/// What a version is made from.
pub(super) struct VersionSource<'a> {
    /// Where the model is, as given.
    pub(super) source: &'a Untrusted,
    /// The run it came from; may be empty.
    pub(super) run_id: &'a RunId,
    /// Tags to set with it.
    pub(super) tags: &'a [KeyValue],
}

/// Makes the next version of a model.
pub(super) fn create_version(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
    version_source: &VersionSource<'_>,
) -> Result<VersionNumber, QueryError> {
    check_model_name(name)?;
    for tag in version_source.tags {
        check_tag(tag, schema.max_version_tag_chars())?;
    }
    let now = now_ms();
    touch_model(connection, schema, name, now)?;
    let resolved = resolve_source(connection, schema, version_source)?;
    // Numbers of deleted versions are not given again.
    let here = schema.workspace_condition("model_versions", "v");
    let sql = format!(
        "SELECT coalesce(max(v.version), 0) + 1 FROM model_versions AS v WHERE v.name = ?1 AND {here}"
    );
    let version = connection.query_row(&sql, [name.raw()], |row| {
        Ok(version_number(column_value(row, 0)))
    })?;
    let sql = insert_sql(
        schema,
        "model_versions",
        &[
            "name",
            "version",
            "creation_time",
            "last_updated_time",
            "current_stage",
            "source",
            "run_id",
            "status",
            "storage_location",
        ],
    );
    let run = Some(resolved.run_id.raw()).filter(|id| !id.is_empty());
    let row = params![
        name.raw(),
        version.0,
        now,
        now,
        "None",
        version_source.source.raw(),
        run,
        "READY",
        resolved.location
    ];
    connection.execute(&sql, row)?;
    for tag in version_source.tags {
        set_version_tag(connection, schema, name, version, tag)?;
    }
    if let Some(model) = resolved.model {
        link_logged_model(connection, schema, &model, name, version)?;
    }
    Ok(version)
}

/// Where a version's files are, and what it came from.
struct ResolvedSource {
    location: String,
    run_id: RunId,
    model: Option<LoggedModelId>,
}

fn resolve_source(
    connection: &Connection,
    schema: &Schema,
    version_source: &VersionSource<'_>,
) -> Result<ResolvedSource, QueryError> {
    let source = version_source.source.raw();
    let with_location = |location: String| {
        Ok(ResolvedSource {
            location,
            run_id: version_source.run_id.clone(),
            model: None,
        })
    };
    if let Some(model) = source.strip_prefix("models:/") {
        return match model.rsplit_once('/') {
            Some((name, version)) => {
                with_location(version_location(connection, schema, name, version)?)
            }
            None if model.starts_with("m-") => {
                resolve_logged_model(connection, schema, model, version_source.run_id)
            }
            None => Err(QueryError::Store(
                StoreErrorKind::InvalidRequest,
                "the source is neither models:/NAME/VERSION nor models:/m-ID".to_owned(),
            )),
        };
    }
    // Of `runs:/…`, too: MLflow looks for the run's files when the model is loaded, wherever they are by then.
    with_location(source.to_owned())
}

fn resolve_logged_model(
    connection: &Connection,
    schema: &Schema,
    id: &str,
    run: &RunId,
) -> Result<ResolvedSource, QueryError> {
    let missing = || {
        QueryError::Store(
            StoreErrorKind::NotFound,
            "there is no such logged model".to_owned(),
        )
    };
    if !schema.has_column("logged_models", "artifact_location") {
        return Err(missing());
    }
    let columns = schema.select_columns(
        "logged_models",
        "l",
        &["artifact_location", "source_run_id"],
    );
    let sql = format!(
        "SELECT {columns} FROM logged_models AS l WHERE l.model_id = ?1 AND coalesce(l.lifecycle_stage, '') <> 'deleted'"
    );
    let found = connection
        .query_row(&sql, [id], |row| {
            Ok((text(column_value(row, 0)), text(column_value(row, 1))))
        })
        .optional()?;
    let (location, source_run) = found.ok_or_else(missing)?;
    let run = if run.is_empty() {
        RunId::new(source_run)
    } else {
        run.clone()
    };
    Ok(ResolvedSource {
        location: location.raw().to_owned(),
        run_id: run,
        model: Some(id.into()),
    })
}

fn version_location(
    connection: &Connection,
    schema: &Schema,
    name: &str,
    version: &str,
) -> Result<String, QueryError> {
    let columns = schema.select_columns("model_versions", "v", &["storage_location", "source"]);
    let here = schema.workspace_condition("model_versions", "v");
    let sql = format!(
        "SELECT {columns} FROM model_versions AS v \
         WHERE v.name = ?1 AND CAST(v.version AS TEXT) = ?2 AND coalesce(v.current_stage, '') <> '{DELETED_STAGE}' AND {here}"
    );
    let read = |row: &rusqlite::Row<'_>| {
        Ok(optional_text(column_value(row, 0))
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| text(column_value(row, 1))))
    };
    let found = connection
        .query_row(&sql, [name, version], read)
        .optional()?;
    let missing = || {
        QueryError::Store(
            StoreErrorKind::NotFound,
            "the version that the source names is not there".to_owned(),
        )
    };
    found
        .map(|location| location.raw().to_owned())
        .ok_or_else(missing)
}

/// Adds the version to the list that the logged model carries.
fn link_logged_model(
    connection: &Connection,
    schema: &Schema,
    model: &LoggedModelId,
    name: &ModelName,
    version: VersionNumber,
) -> Result<(), QueryError> {
    if !schema.has_table("logged_model_tags") {
        return Ok(());
    }
    let sql =
        "SELECT t.tag_value FROM logged_model_tags AS t WHERE t.model_id = ?1 AND t.tag_key = ?2";
    let known = connection
        .query_row(sql, [model.raw(), VERSIONS_TAG], |row| {
            Ok(text(column_value(row, 0)))
        })
        .optional()?;
    let mut versions = match known.filter(|text| !text.is_empty()) {
        None => Vec::new(),
        Some(text) => match serde_json::from_str(text.raw()) {
            Ok(Value::Array(versions)) => versions,
            // Somebody else's words under MLflow's key are left as they are.
            _ => return Ok(()),
        },
    };
    versions.push(json!({"name": name.raw(), "version": version.0}));
    connection.execute(
        "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) \
         SELECT l.model_id, l.experiment_id, ?2, ?3 FROM logged_models AS l WHERE l.model_id = ?1 \
         ON CONFLICT (model_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value",
        params![
            model.raw(),
            VERSIONS_TAG,
            Value::Array(versions).to_string()
        ],
    )?;
    Ok(())
}
