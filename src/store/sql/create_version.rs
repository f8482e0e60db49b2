//! Creating a version of a model, as MLflow's own store does.

use super::metadata::set_version_tag;
use super::tables::{QueryError, Tables, params};
use super::values::{optional_text, text};
use super::versions::{DELETED_STAGE, version_number};
use super::writes::{insert_sql, touch_model};
use crate::domain::KeyValue;
use crate::domain::{LoggedModelId, ModelName, RunId, StoreErrorKind, VersionNumber};
use crate::store::local::now_ms;
use crate::store::mlflow_names::{check_model_name, check_tag};
use crate::store::version_source::{
    ResolvedSource, VERSIONS_TAG, VersionSource, run_of_model, with_version,
};
use crate::text::Untrusted;

/// Creates the next version of a model from a source (`runs:/…`, `models:/…` or a location), a run,
/// whose id may be empty, and tags.
pub(super) fn create_version(
    tables: Tables<'_>,
    name: &ModelName,
    (source, run_id, tags): (&Untrusted, &RunId, &[KeyValue]),
) -> Result<VersionNumber, QueryError> {
    check_model_name(name)?;
    for tag in tags {
        check_tag(tag, tables.schema.max_tag_chars("model_version_tags"))?;
    }
    let now = now_ms();
    touch_model(tables, name, now)?;
    let resolved = resolve_source(tables, source.raw(), run_id)?;
    // Deleted versions count: MLflow never reuses a number.
    let workspace = tables.schema.workspace_condition("model_versions", "v");
    let sql = format!(
        "SELECT coalesce(max(v.version), 0) + 1 FROM model_versions AS v WHERE v.name = ?1 AND {workspace}"
    );
    let version = tables
        .first(&sql, &params![name.raw()], |row| version_number(row, 0))?
        .unwrap_or(VersionNumber(1));
    let columns = [
        "name",
        "version",
        "creation_time",
        "last_updated_time",
        "current_stage",
        "source",
        "run_id",
        "status",
        "storage_location",
    ];
    let run = Some(resolved.run_id.raw()).filter(|id| !id.is_empty());
    tables.execute(
        &insert_sql(tables, "model_versions", &columns),
        &params![
            name.raw(),
            version.0,
            now,
            now,
            "None",
            source.raw(),
            run,
            "READY",
            &resolved.location
        ],
    )?;
    for tag in tags {
        set_version_tag(tables, name, version, tag)?;
    }
    if let Some(model) = resolved.model {
        link_logged_model(tables, &model, name, version)?;
    }
    Ok(version)
}

fn resolve_source(
    tables: Tables<'_>,
    source: &str,
    run_id: &RunId,
) -> Result<ResolvedSource<LoggedModelId>, QueryError> {
    let location = match VersionSource::parse(source) {
        Ok(VersionSource::Location(location)) => location.to_owned(),
        Ok(VersionSource::Version(name, version)) => version_location(tables, name, version)?,
        Ok(VersionSource::LoggedModel(id)) => return resolve_logged_model(tables, id, run_id),
        Err(why) => return QueryError::invalid(why),
    };
    Ok(ResolvedSource::of_location(location, run_id))
}

fn resolve_logged_model(
    tables: Tables<'_>,
    id: &str,
    run: &RunId,
) -> Result<ResolvedSource<LoggedModelId>, QueryError> {
    let table = "logged_models";
    let found = if tables.schema.has_column(table, "artifact_location") {
        let columns = ["artifact_location", "source_run_id"];
        let columns = tables.schema.select_columns(table, "l", &columns);
        let sql = format!(
            "SELECT {columns} FROM {table} AS l WHERE l.model_id = ?1 AND coalesce(l.lifecycle_stage, '') <> 'deleted'"
        );
        tables.first(&sql, &params![id], |row| (text(row, 0), text(row, 1)))?
    } else {
        None
    };
    let Some((location, source_run)) = found else {
        return QueryError::not_found("no such logged model");
    };
    Ok(ResolvedSource {
        location: location.raw().to_owned(),
        run_id: run_of_model(run, RunId::new(source_run)),
        model: Some(id.into()),
    })
}

fn version_location(tables: Tables<'_>, name: &str, version: &str) -> Result<String, QueryError> {
    let columns = ["storage_location", "source"];
    let columns = tables
        .schema
        .select_columns("model_versions", "v", &columns);
    let workspace = tables.schema.workspace_condition("model_versions", "v");
    let as_text = tables.dialect().as_text("v.version");
    let sql = format!(
        "SELECT {columns} FROM model_versions AS v \
         WHERE v.name = ?1 AND {as_text} = ?2 AND coalesce(v.current_stage, '') <> '{DELETED_STAGE}' AND {workspace}"
    );
    let found = tables.first(&sql, &params![name, version], |row| {
        optional_text(row, 0)
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| text(row, 1))
    })?;
    let why = "the version that the source names does not exist";
    found
        .map(|location| location.raw().to_owned())
        .ok_or_else(|| QueryError::new(StoreErrorKind::NotFound, why.to_owned()))
}

/// Adds the version to the list in the tag of its logged model.
fn link_logged_model(
    tables: Tables<'_>,
    model: &LoggedModelId,
    name: &ModelName,
    version: VersionNumber,
) -> Result<(), QueryError> {
    if !tables.schema.has_table("logged_model_tags") {
        return Ok(());
    }
    let sql =
        "SELECT t.tag_value FROM logged_model_tags AS t WHERE t.model_id = ?1 AND t.tag_key = ?2";
    let tag = tables.first(sql, &params![model.raw(), VERSIONS_TAG], |row| text(row, 0))?;
    let known = tag.unwrap_or_default();
    let Some(versions) = with_version(known.raw(), name, version) else {
        return Ok(());
    };
    let insert = "INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) \
         SELECT l.model_id, l.experiment_id, ?2, ?3 FROM logged_models AS l WHERE l.model_id = ?1";
    let upsert = tables.dialect().upsert("model_id, tag_key", "tag_value");
    tables.execute(
        &format!("{insert}{upsert}"),
        &params![model.raw(), VERSIONS_TAG, &versions],
    )?;
    Ok(())
}
