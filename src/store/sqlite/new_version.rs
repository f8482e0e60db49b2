//! Making a version of a model, as MLflow's own store does.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

use super::changes::{insert, set_tag, touch_model};
use super::connection::Failure;
use super::names::{check_model, check_tag};
use super::schema::Schema;
use super::values::{at, optional_text, text};
use super::versions::{DELETED, number};
use crate::domain::write::Tag;
use crate::domain::{FaultKind, LoggedModelId, Millis, ModelName, RunId, VersionNumber};
use crate::text::Untrusted;

/// The tag of a logged model that lists the versions that were made from it.
const VERSIONS_TAG: &str = "mlflow.modelVersions";

/// Milliseconds since the epoch, now.
pub(super) fn now() -> Millis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|age| Millis::try_from(age.as_millis()).ok())
        .unwrap_or_default()
}

/// What a version is made from.
pub(super) struct Origin<'a> {
    /// Where the model is, as given.
    pub(super) source: &'a Untrusted,
    /// The run it came from; may be empty.
    pub(super) run: &'a RunId,
    /// Tags to set with it.
    pub(super) tags: &'a [Tag],
}

/// Makes the next version of a model.
pub(super) fn create(
    connection: &Connection,
    schema: &Schema,
    name: &ModelName,
    origin: &Origin<'_>,
) -> Result<VersionNumber, Failure> {
    check_model(name)?;
    for tag in origin.tags {
        check_tag(tag, schema.version_tag_limit())?;
    }
    let now = now();
    touch_model(connection, schema, name, now)?;
    let place = place(connection, schema, origin)?;
    // Numbers of deleted versions are not given again.
    let here = schema.in_workspace("model_versions", "v");
    let sql = format!(
        "SELECT coalesce(max(v.version), 0) + 1 FROM model_versions AS v WHERE v.name = ?1 AND {here}"
    );
    let version = connection.query_row(&sql, [name.raw()], |row| Ok(number(at(row, 0))))?;
    let sql = insert(
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
    let run = Some(place.run.raw()).filter(|id| !id.is_empty());
    let row = params![
        name.raw(),
        version.0,
        now,
        now,
        "None",
        origin.source.raw(),
        run,
        "READY",
        place.location
    ];
    connection.execute(&sql, row)?;
    for tag in origin.tags {
        set_tag(connection, schema, name, version, tag)?;
    }
    if let Some(model) = place.model {
        link(connection, schema, &model, name, version)?;
    }
    Ok(version)
}

/// Where a version's files are, and what it came from.
struct Place {
    location: String,
    run: RunId,
    model: Option<LoggedModelId>,
}

fn place(connection: &Connection, schema: &Schema, origin: &Origin<'_>) -> Result<Place, Failure> {
    let source = origin.source.raw();
    let plain = |location: String| {
        Ok(Place {
            location,
            run: origin.run.clone(),
            model: None,
        })
    };
    if let Some(model) = source.strip_prefix("models:/") {
        return match model.rsplit_once('/') {
            Some((name, version)) => plain(location_of_version(connection, schema, name, version)?),
            None if model.starts_with("m-") => {
                from_logged_model(connection, schema, model, origin.run)
            }
            None => Err(Failure::Known(
                FaultKind::Invalid,
                "the source is neither models:/NAME/VERSION nor models:/m-ID".to_owned(),
            )),
        };
    }
    // Of `runs:/…`, too: MLflow looks for the run's files when the model is loaded, wherever they are by then.
    plain(source.to_owned())
}

fn from_logged_model(
    connection: &Connection,
    schema: &Schema,
    id: &str,
    run: &RunId,
) -> Result<Place, Failure> {
    let missing = || {
        Failure::Known(
            FaultKind::Missing,
            "there is no such logged model".to_owned(),
        )
    };
    if !schema.has("logged_models", "artifact_location") {
        return Err(missing());
    }
    let columns = schema.select(
        "logged_models",
        "l",
        &["artifact_location", "source_run_id"],
    );
    let sql = format!(
        "SELECT {columns} FROM logged_models AS l WHERE l.model_id = ?1 AND coalesce(l.lifecycle_stage, '') <> 'deleted'"
    );
    let found = connection
        .query_row(&sql, [id], |row| Ok((text(at(row, 0)), text(at(row, 1)))))
        .optional()?;
    let (location, source_run) = found.ok_or_else(missing)?;
    let run = if run.is_empty() {
        RunId::new(source_run)
    } else {
        run.clone()
    };
    Ok(Place {
        location: location.raw().to_owned(),
        run,
        model: Some(id.into()),
    })
}

fn location_of_version(
    connection: &Connection,
    schema: &Schema,
    name: &str,
    version: &str,
) -> Result<String, Failure> {
    let columns = schema.select("model_versions", "v", &["storage_location", "source"]);
    let here = schema.in_workspace("model_versions", "v");
    let sql = format!(
        "SELECT {columns} FROM model_versions AS v \
         WHERE v.name = ?1 AND CAST(v.version AS TEXT) = ?2 AND coalesce(v.current_stage, '') <> '{DELETED}' AND {here}"
    );
    let read = |row: &rusqlite::Row<'_>| {
        Ok(optional_text(at(row, 0))
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| text(at(row, 1))))
    };
    let found = connection
        .query_row(&sql, [name, version], read)
        .optional()?;
    let missing = || {
        Failure::Known(
            FaultKind::Missing,
            "the version that the source names is not there".to_owned(),
        )
    };
    found
        .map(|location| location.raw().to_owned())
        .ok_or_else(missing)
}

/// Adds the version to the list that the logged model carries.
fn link(
    connection: &Connection,
    schema: &Schema,
    model: &LoggedModelId,
    name: &ModelName,
    version: VersionNumber,
) -> Result<(), Failure> {
    if !schema.has_table("logged_model_tags") {
        return Ok(());
    }
    let sql =
        "SELECT t.tag_value FROM logged_model_tags AS t WHERE t.model_id = ?1 AND t.tag_key = ?2";
    let known = connection
        .query_row(sql, [model.raw(), VERSIONS_TAG], |row| Ok(text(at(row, 0))))
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
