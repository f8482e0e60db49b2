//! The registry: models without prompts, and versions without those that were deleted, which MLflow keeps as rows.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;

use super::SqliteStore;
use super::connection::Failure;
use super::schema::Schema;
use super::values::{at, integer, text};
use super::versions::{Wanted, load as load_versions, number};
use crate::domain::run::Pair;
use crate::domain::{
    Alias, FaultKind, ModelName, ModelVersion, RegisteredModel, RunId, VersionNumber,
};
use crate::store::Answer;
use crate::text::Untrusted;

/// All models, by name.
pub(super) async fn models(store: &SqliteStore) -> Answer<Vec<RegisteredModel>> {
    ask(
        store,
        "reading registered models".to_owned(),
        |connection, schema| load(connection, schema, None),
    )
    .await
}

/// One model; a prompt too, when it is asked for by its name.
pub(super) async fn model(store: &SqliteStore, name: &ModelName) -> Answer<RegisteredModel> {
    let wanted = name.clone();
    ask(
        store,
        format!("reading model {}", name.clean()),
        move |connection, schema| {
            load(connection, schema, Some(&wanted))?
                .pop()
                .ok_or_else(no_model)
        },
    )
    .await
}

/// The versions of a model, newest first.
pub(super) async fn versions(store: &SqliteStore, name: &ModelName) -> Answer<Vec<ModelVersion>> {
    let name = name.clone();
    ask(
        store,
        format!("reading versions of {}", name.clean()),
        move |connection, schema| {
            let versions = load_versions(connection, schema, Wanted::Of(&name))?;
            if versions.is_empty() && load(connection, schema, Some(&name))?.is_empty() {
                return Err(no_model());
            }
            Ok(versions)
        },
    )
    .await
}

/// The versions that were made from a run.
pub(super) async fn versions_of_run(store: &SqliteStore, run: &RunId) -> Answer<Vec<ModelVersion>> {
    let run = run.clone();
    let what = format!("reading versions of run {}", run.clean());
    ask(store, what, move |connection, schema| {
        load_versions(connection, schema, Wanted::FromRun(&run))
    })
    .await
}

fn no_model() -> Failure {
    Failure::Known(FaultKind::Missing, "there is no such model".to_owned())
}

/// Asks the registry, where the file has one.
async fn ask<T: Send + 'static>(
    store: &SqliteStore,
    what: String,
    question: impl FnOnce(&Connection, &Schema) -> Result<T, Failure> + Send + 'static,
) -> Answer<T> {
    let schema = Arc::clone(&store.schema);
    let read = move |connection: &Connection| {
        if schema.has_registry() {
            question(connection, &schema)
        } else {
            Err(Failure::Known(
                FaultKind::Unsupported,
                "the file has no model registry".to_owned(),
            ))
        }
    };
    store.database.read(what, read).await
}

fn load(
    connection: &Connection,
    schema: &Schema,
    only: Option<&ModelName>,
) -> Result<Vec<RegisteredModel>, Failure> {
    let name = only.map(ModelName::raw);
    let mut tags = tags(connection, schema, name)?;
    let mut aliases = aliases(connection, schema, name)?;
    let mut latest: HashMap<Untrusted, Vec<ModelVersion>> = HashMap::new();
    for version in load_versions(connection, schema, Wanted::Latest(only))? {
        latest
            .entry(version.name.text().clone())
            .or_default()
            .push(version);
    }
    let columns = schema.select(
        "registered_models",
        "m",
        &["name", "creation_time", "last_updated_time", "description"],
    );
    let here = schema.in_workspace("registered_models", "m");
    let sql = format!(
        "SELECT {columns} FROM registered_models AS m WHERE (?1 IS NULL OR m.name = ?1) AND {here} ORDER BY m.name"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([name])?;
    let mut models = Vec::new();
    while let Some(row) = rows.next()? {
        let name = text(at(row, 0));
        let model = RegisteredModel {
            creation_time: integer(at(row, 1)),
            last_updated_time: integer(at(row, 2)),
            description: text(at(row, 3)),
            tags: tags.remove(&name).unwrap_or_default(),
            aliases: aliases.remove(&name).unwrap_or_default(),
            latest_versions: latest.remove(&name).unwrap_or_default(),
            name: ModelName::new(name),
        };
        if only.is_some() || !model.is_prompt() {
            models.push(model);
        }
    }
    Ok(models)
}

fn tags(
    connection: &Connection,
    schema: &Schema,
    name: Option<&str>,
) -> Result<HashMap<Untrusted, Vec<Pair>>, Failure> {
    let mut tags: HashMap<Untrusted, Vec<Pair>> = HashMap::new();
    if schema.has_table("registered_model_tags") {
        let here = schema.in_workspace("registered_model_tags", "t");
        let sql = format!(
            "SELECT t.name, t.\"key\", t.value FROM registered_model_tags AS t WHERE (?1 IS NULL OR t.name = ?1) AND {here}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([name])?;
        while let Some(row) = rows.next()? {
            tags.entry(text(at(row, 0)))
                .or_default()
                .push(Pair::new(text(at(row, 1)), text(at(row, 2))));
        }
    }
    Ok(tags)
}

/// Aliases with the versions they lead to, by model.
pub(super) type Aliases = HashMap<Untrusted, Vec<(Alias, VersionNumber)>>;

/// The aliases of one model or of all, by name.
pub(super) fn aliases(
    connection: &Connection,
    schema: &Schema,
    name: Option<&str>,
) -> Result<Aliases, Failure> {
    let mut aliases = Aliases::new();
    if schema.has_table("registered_model_aliases") {
        let here = schema.in_workspace("registered_model_aliases", "a");
        let sql = format!(
            "SELECT a.name, a.alias, a.version FROM registered_model_aliases AS a \
             WHERE (?1 IS NULL OR a.name = ?1) AND {here} ORDER BY a.alias"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([name])?;
        while let Some(row) = rows.next()? {
            aliases
                .entry(text(at(row, 0)))
                .or_default()
                .push((Alias::new(text(at(row, 1))), number(at(row, 2))));
        }
    }
    Ok(aliases)
}
