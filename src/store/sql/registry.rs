//! The registry: models, prompts, and versions without deleted ones, which MLflow keeps as rows.

use std::collections::HashMap;

use super::SqlStore;
use super::tables::{QueryError, Tables, params};
use super::values::{integer, text};
use super::versions::{VersionSelector, load as load_versions, version_number};
use crate::domain::run::KeyValue;
use crate::domain::{Alias, ModelName, ModelVersion, RegisteredModel, RunId, VersionNumber};
use crate::store::Result;
use crate::store::add_staged_versions;
use crate::text::Untrusted;

/// All models without prompts, by name.
pub(super) async fn models(store: &SqlStore) -> Result<Vec<RegisteredModel>> {
    query(store, "reading registered models", |tables| {
        let mut models = load_models(tables, None)?;
        models.retain(|model| !model.is_prompt());
        let staged = load_versions(tables, VersionSelector::Staged)?;
        add_staged_versions(&mut models, &staged);
        Ok(models)
    })
    .await
}

/// All prompts, by name.
pub(super) async fn prompts(store: &SqlStore) -> Result<Vec<RegisteredModel>> {
    query(store, "reading prompts", |tables| {
        let mut models = load_models(tables, None)?;
        models.retain(RegisteredModel::is_prompt);
        Ok(models)
    })
    .await
}

/// One model; a prompt, too.
pub(super) async fn model(store: &SqlStore, name: &ModelName) -> Result<RegisteredModel> {
    let (what, name) = (format!("reading model {}", name.clean()), name.clone());
    query(store, &what, move |tables| {
        let model = load_models(tables, Some(&name))?.pop();
        model.map_or_else(|| QueryError::not_found("no such model"), Ok)
    })
    .await
}

/// The versions of a model, newest first.
pub(super) async fn versions(store: &SqlStore, name: &ModelName) -> Result<Vec<ModelVersion>> {
    let what = format!("reading versions of {}", name.clean());
    let name = name.clone();
    query(store, &what, move |tables| {
        let versions = load_versions(tables, VersionSelector::OfModel(&name))?;
        if versions.is_empty() && load_models(tables, Some(&name))?.is_empty() {
            return QueryError::not_found("no such model");
        }
        Ok(versions)
    })
    .await
}

pub(super) async fn versions_of_run(store: &SqlStore, run: &RunId) -> Result<Vec<ModelVersion>> {
    let what = format!("reading versions of run {}", run.clean());
    let run = run.clone();
    query(store, &what, move |tables| {
        load_versions(tables, VersionSelector::OfRun(&run))
    })
    .await
}

async fn query<T: Send + 'static>(
    store: &SqlStore,
    what: &str,
    query: impl FnOnce(Tables<'_>) -> Result<T, QueryError> + Send + 'static,
) -> Result<T> {
    let read = move |tables: Tables<'_>| {
        if tables.schema.has_registry() {
            query(tables)
        } else {
            QueryError::unsupported("the store has no model registry")
        }
    };
    store.database.read(what, read).await
}

fn load_models(
    tables: Tables<'_>,
    name_filter: Option<&ModelName>,
) -> Result<Vec<RegisteredModel>, QueryError> {
    let name = name_filter.map(ModelName::raw);
    let mut tags = load_tags(tables, name)?;
    let mut aliases = load_aliases(tables, name)?;
    let mut latest: HashMap<Untrusted, Vec<ModelVersion>> = HashMap::new();
    for version in load_versions(tables, VersionSelector::Latest(name_filter))? {
        let name = version.name.text().clone();
        latest.entry(name).or_default().push(version);
    }
    let columns = ["name", "creation_time", "last_updated_time", "description"];
    let columns = tables
        .schema
        .select_columns("registered_models", "m", &columns);
    let workspace = tables.schema.workspace_condition("registered_models", "m");
    let sql = format!(
        "SELECT {columns} FROM registered_models AS m WHERE (?1 IS NULL OR m.name = ?1) AND {workspace}"
    );
    let mut models = tables.collect(&sql, &params![name], |row| {
        let name = text(row, 0);
        RegisteredModel {
            creation_time: integer(row, 1),
            last_updated_time: integer(row, 2),
            description: text(row, 3),
            tags: tags.remove(&name).unwrap_or_default(),
            aliases: aliases.remove(&name).unwrap_or_default(),
            latest_versions: latest.remove(&name).unwrap_or_default(),
            staged_versions: Vec::new(),
            name: ModelName::new(name),
        }
    })?;
    models.sort_by(|a, b| a.name.raw().cmp(b.name.raw()));
    Ok(models)
}

fn load_tags(
    tables: Tables<'_>,
    name: Option<&str>,
) -> Result<HashMap<Untrusted, Vec<KeyValue>>, QueryError> {
    let mut tags: HashMap<Untrusted, Vec<KeyValue>> = HashMap::new();
    let table = "registered_model_tags";
    if tables.schema.has_table(table) {
        let workspace = tables.schema.workspace_condition(table, "t");
        let sql = format!(
            "SELECT t.name, t.\"key\", t.value FROM {table} AS t WHERE (?1 IS NULL OR t.name = ?1) AND {workspace}"
        );
        tables.for_each(&sql, &params![name], |row| {
            let tag = KeyValue::new(text(row, 1), text(row, 2));
            tags.entry(text(row, 0)).or_default().push(tag);
        })?;
    }
    Ok(tags)
}

pub(super) type AliasesByModel = HashMap<Untrusted, Vec<(Alias, VersionNumber)>>;

/// The aliases of one model or of all, in alphabetical order.
pub(super) fn load_aliases(
    tables: Tables<'_>,
    name: Option<&str>,
) -> Result<AliasesByModel, QueryError> {
    let mut aliases = AliasesByModel::new();
    let table = "registered_model_aliases";
    if tables.schema.has_table(table) {
        let workspace = tables.schema.workspace_condition(table, "a");
        let sql = format!(
            "SELECT a.name, a.alias, a.version FROM {table} AS a \
             WHERE (?1 IS NULL OR a.name = ?1) AND {workspace}"
        );
        tables.for_each(&sql, &params![name], |row| {
            let alias = (Alias::new(text(row, 1)), version_number(row, 2));
            aliases.entry(text(row, 0)).or_default().push(alias);
        })?;
        for aliases in aliases.values_mut() {
            aliases.sort_by(|(a, _), (b, _)| a.raw().cmp(b.raw()));
        }
    }
    Ok(aliases)
}
