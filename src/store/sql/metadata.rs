//! Descriptions, names and tags, each as MLflow's own store changes them.

use super::tables::{Param, QueryError, Tables, params};
use super::values::text;
use super::writes::{
    MODELS, VERSIONS, delete, insert_sql, require_model, require_version, update, upsert_clause,
};
use crate::domain::{
    KeyValue, MetadataField, MetadataOwner, MetadataWrite, ModelName, RunId, VersionNumber,
};
use crate::store::local::now_ms;
use crate::store::mlflow_names::{MAX_DESCRIPTION_CHARS, check_tag, check_tag_key};

pub(super) fn apply_metadata(tables: Tables<'_>, write: &MetadataWrite) -> Result<(), QueryError> {
    let Some(key) = write.tag_key() else {
        return set_description(tables, &write.owner, write.text());
    };
    let Some(value) = &write.value else {
        check_tag_key(key)?;
        require_owner(tables, &write.owner)?;
        return delete_tag(tables, &write.owner, key);
    };
    let tag = KeyValue::new(key, value.clone());
    check_tag(&tag, max_tag_chars(tables, &write.owner))?;
    require_owner(tables, &write.owner)?;
    if let (MetadataOwner::Run { run }, MetadataField::Name) = (&write.owner, &write.field) {
        let sql = "UPDATE runs SET name = ?2 WHERE run_uuid = ?1";
        tables.execute(sql, &params![run.raw(), value.raw()])?;
    }
    set_tag(tables, &write.owner, &tag)
}

pub(super) fn set_version_tag(
    tables: Tables<'_>,
    model: &ModelName,
    version: VersionNumber,
    tag: &KeyValue,
) -> Result<(), QueryError> {
    let model = model.clone();
    set_tag(tables, &MetadataOwner::Version { model, version }, tag)
}

/// The table with the tags of an owner, and the columns and values that select it.
fn tag_rows(owner: &MetadataOwner) -> (&'static str, &'static [&'static str], Vec<Param<'_>>) {
    match owner {
        MetadataOwner::Version { model, version } => (
            "model_version_tags",
            &["name", "version"],
            params![model.raw(), version.0].into(),
        ),
        MetadataOwner::Model { model } => (
            "registered_model_tags",
            &["name"],
            params![model.raw()].into(),
        ),
        MetadataOwner::Run { run } => ("tags", &["run_uuid"], params![run.raw()].into()),
    }
}

fn max_tag_chars(tables: Tables<'_>, owner: &MetadataOwner) -> usize {
    tables.schema.max_tag_chars(tag_rows(owner).0)
}

fn set_tag(tables: Tables<'_>, owner: &MetadataOwner, tag: &KeyValue) -> Result<(), QueryError> {
    let (table, columns, mut params) = tag_rows(owner);
    let all: Vec<&str> = columns.iter().copied().chain(["key", "value"]).collect();
    let primary_key = format!("\"key\", {}", columns.join(", "));
    let sql =
        insert_sql(tables, table, &all) + &upsert_clause(tables, table, &primary_key, "value");
    params.extend(params![tag.key.raw(), tag.value.raw()]);
    tables.execute(&sql, &params)?;
    Ok(())
}

fn delete_tag(tables: Tables<'_>, owner: &MetadataOwner, key: &str) -> Result<(), QueryError> {
    let (table, columns, mut params) = tag_rows(owner);
    let mut condition = String::new();
    for (column, parameter) in columns.iter().zip(1..) {
        condition += &format!("{column} = ?{parameter} AND ");
    }
    condition += &format!("\"key\" = ?{}", columns.len() + 1);
    params.extend(params![key]);
    delete(tables, table, &condition, &params)?;
    Ok(())
}

fn require_owner(tables: Tables<'_>, owner: &MetadataOwner) -> Result<(), QueryError> {
    match owner {
        MetadataOwner::Version { model, version } => require_version(tables, model, *version),
        MetadataOwner::Model { model } => require_model(tables, model),
        MetadataOwner::Run { run } => require_active_run(tables, run),
    }
}

/// MLflow changes no tags of deleted runs.
fn require_active_run(tables: Tables<'_>, run: &RunId) -> Result<(), QueryError> {
    let workspace = tables.schema.workspace_condition("experiments", "e");
    let sql = format!(
        "SELECT r.lifecycle_stage FROM runs AS r JOIN experiments AS e ON e.experiment_id = r.experiment_id \
         WHERE r.run_uuid = ?1 AND {workspace}"
    );
    let lifecycle = tables.first(&sql, &params![run.raw()], |row| text(row, 0))?;
    match lifecycle {
        None => QueryError::not_found("no such run"),
        Some(stage) if stage.raw() == "deleted" => {
            QueryError::invalid("the run is deleted: restore it first")
        }
        Some(_) => Ok(()),
    }
}

/// Sets the description of a version, or of a model.
fn set_description(
    tables: Tables<'_>,
    owner: &MetadataOwner,
    description: &str,
) -> Result<(), QueryError> {
    if description.chars().count() > MAX_DESCRIPTION_CHARS {
        return QueryError::invalid(format!(
            "the description is longer than {MAX_DESCRIPTION_CHARS} characters"
        ));
    }
    require_owner(tables, owner)?;
    let changes = "description = ?2, last_updated_time = ?3";
    let (table, condition) = match owner {
        MetadataOwner::Version { .. } => (VERSIONS, "name = ?1 AND version = ?4"),
        _ => (MODELS, "name = ?1"),
    };
    let name = owner.model().map_or("", ModelName::raw);
    let mut params = params![name, description, now_ms()].to_vec();
    params.extend(owner.version().map(|version| Param::from(version.0)));
    update(tables, table, changes, condition, &params)?;
    Ok(())
}
