//! The registry: models without prompts, and versions without those that were deleted, which MLflow keeps as rows.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::SqliteStore;
use super::connection::QueryError;
use super::schema::Schema;
use super::values::{column_value, integer, text};
use super::versions::{VersionSelector, load as load_versions, version_number};
use crate::domain::run::KeyValue;
use crate::domain::{
    Alias, ModelName, ModelVersion, RegisteredModel, RunId, StoreErrorKind, VersionNumber,
};
use crate::store::Result;
use crate::text::Untrusted;

/// All models, by name.
pub(super) async fn models(store: &SqliteStore) -> Result<Vec<RegisteredModel>> {
    query_registry(
        store,
        "reading registered models".to_owned(),
        |connection, schema| load_models(connection, schema, None),
    )
    .await
}

/// One model; a prompt too, when it is asked for by its name.
pub(super) async fn model(store: &SqliteStore, name: &ModelName) -> Result<RegisteredModel> {
    let model_name = name.clone();
    query_registry(
        store,
        format!("reading model {}", name.clean()),
        move |connection, schema| {
            load_models(connection, schema, Some(&model_name))?
                .pop()
                .ok_or_else(model_not_found)
        },
    )
    .await
}

/// The versions of a model, newest first.
pub(super) async fn versions(store: &SqliteStore, name: &ModelName) -> Result<Vec<ModelVersion>> {
    let name = name.clone();
    query_registry(
        store,
        format!("reading versions of {}", name.clean()),
        move |connection, schema| {
            let versions = load_versions(connection, schema, VersionSelector::OfModel(&name))?;
            if versions.is_empty() && load_models(connection, schema, Some(&name))?.is_empty() {
                return Err(model_not_found());
            }
            Ok(versions)
        },
    )
    .await
}

/// The versions that were made from a run.
pub(super) async fn versions_of_run(store: &SqliteStore, run: &RunId) -> Result<Vec<ModelVersion>> {
    let run = run.clone();
    let what = format!("reading versions of run {}", run.clean());
    query_registry(store, what, move |connection, schema| {
        load_versions(connection, schema, VersionSelector::OfRun(&run))
    })
    .await
}

fn model_not_found() -> QueryError {
    QueryError::Store(
        StoreErrorKind::NotFound,
        "there is no such model".to_owned(),
    )
}

/// Asks the registry, where the file has one.
async fn query_registry<T: Send + 'static>(
    store: &SqliteStore,
    what: String,
    query: impl FnOnce(&Connection, &Schema) -> Result<T, QueryError> + Send + 'static,
) -> Result<T> {
    let schema = Arc::clone(&store.schema);
    let read = move |connection: &Connection| {
        if schema.has_registry() {
            query(connection, &schema)
        } else {
            Err(QueryError::Store(
                StoreErrorKind::Unsupported,
                "the file has no model registry".to_owned(),
            ))
        }
    };
    store.database.read(what, read).await
}

fn load_models(
    connection: &Connection,
    schema: &Schema,
    name_filter: Option<&ModelName>,
) -> Result<Vec<RegisteredModel>, QueryError> {
    let name = name_filter.map(ModelName::raw);
    let mut tags = load_tags(connection, schema, name)?;
    let mut aliases = load_aliases(connection, schema, name)?;
    let mut latest: HashMap<Untrusted, Vec<ModelVersion>> = HashMap::new();
    for version in load_versions(connection, schema, VersionSelector::Latest(name_filter))? {
        latest
            .entry(version.name.text().clone())
            .or_default()
            .push(version);
    }
    let columns = schema.select_columns(
        "registered_models",
        "m",
        &["name", "creation_time", "last_updated_time", "description"],
    );
    let here = schema.workspace_condition("registered_models", "m");
    let sql = format!(
        "SELECT {columns} FROM registered_models AS m WHERE (?1 IS NULL OR m.name = ?1) AND {here} ORDER BY m.name"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([name])?;
    let mut models = Vec::new();
    while let Some(row) = rows.next()? {
        let name = text(column_value(row, 0));
        let model = RegisteredModel {
            creation_time: integer(column_value(row, 1)),
            last_updated_time: integer(column_value(row, 2)),
            description: text(column_value(row, 3)),
            tags: tags.remove(&name).unwrap_or_default(),
            aliases: aliases.remove(&name).unwrap_or_default(),
            latest_versions: latest.remove(&name).unwrap_or_default(),
            name: ModelName::new(name),
        };
        if name_filter.is_some() || !model.is_prompt() {
            models.push(model);
        }
    }
    Ok(models)
}

fn load_tags(
    connection: &Connection,
    schema: &Schema,
    name: Option<&str>,
) -> Result<HashMap<Untrusted, Vec<KeyValue>>, QueryError> {
    let mut tags: HashMap<Untrusted, Vec<KeyValue>> = HashMap::new();
    if schema.has_table("registered_model_tags") {
        let here = schema.workspace_condition("registered_model_tags", "t");
        let sql = format!(
            "SELECT t.name, t.\"key\", t.value FROM registered_model_tags AS t WHERE (?1 IS NULL OR t.name = ?1) AND {here}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([name])?;
        while let Some(row) = rows.next()? {
            tags.entry(text(column_value(row, 0)))
                .or_default()
                .push(KeyValue::new(
                    text(column_value(row, 1)),
                    text(column_value(row, 2)),
                ));
        }
    }
    Ok(tags)
}

/// Aliases with the versions they lead to, by model.
pub(super) type AliasesByModel = HashMap<Untrusted, Vec<(Alias, VersionNumber)>>;

/// The aliases of one model or of all, by name.
pub(super) fn load_aliases(
    connection: &Connection,
    schema: &Schema,
    name: Option<&str>,
) -> Result<AliasesByModel, QueryError> {
    let mut aliases = AliasesByModel::new();
    if schema.has_table("registered_model_aliases") {
        let here = schema.workspace_condition("registered_model_aliases", "a");
        let sql = format!(
            "SELECT a.name, a.alias, a.version FROM registered_model_aliases AS a \
             WHERE (?1 IS NULL OR a.name = ?1) AND {here} ORDER BY a.alias"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([name])?;
        while let Some(row) = rows.next()? {
            aliases
                .entry(text(column_value(row, 0)))
                .or_default()
                .push((
                    Alias::new(text(column_value(row, 1))),
                    version_number(column_value(row, 2)),
                ));
        }
    }
    Ok(aliases)
}
