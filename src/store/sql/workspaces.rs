//! The workspaces of MLflow 3.10 and later, which keep teams apart in one database.

use std::collections::BTreeSet;

use super::schema::Schema;
use super::tables::{Connection, QueryError, Tables};
use super::values::text;
use crate::domain::StoreErrorKind;
use crate::store::DEFAULT_WORKSPACE;
use crate::text::untrusted::clean;

/// The most workspaces that an error names.
const NAMED_WORKSPACES: usize = 10;

/// The names of all workspaces; empty if the schema has none.
pub(super) fn names(tables: Tables<'_>) -> Result<Vec<String>, QueryError> {
    if tables.schema.workspace().is_none() {
        return Ok(Vec::new());
    }
    let mut names = BTreeSet::from([DEFAULT_WORKSPACE.to_owned()]);
    let listings = [
        ("workspaces", "name"),
        ("experiments", "workspace"),
        ("registered_models", "workspace"),
    ];
    for (table, column) in listings {
        if tables.schema.has_column(table, column) {
            let sql = format!("SELECT DISTINCT w.{column} FROM {table} AS w");
            names.extend(tables.collect(&sql, &[], |row| text(row, 0).raw().to_owned())?);
        }
    }
    Ok(names.into_iter().collect())
}

/// Fails if a workspace that was chosen does not exist.
pub(super) fn check(
    connection: &dyn Connection,
    schema: &Schema,
    chosen: Option<&str>,
) -> Result<(), QueryError> {
    let Some(chosen) = chosen.filter(|name| *name != DEFAULT_WORKSPACE) else {
        return Ok(());
    };
    if !schema.is_mlflow() {
        return Ok(());
    }
    let names = names(Tables { connection, schema })?;
    if names.is_empty() {
        let why = "the store has no workspaces: omit --workspace, and unset MLFLOW_WORKSPACE";
        return QueryError::unsupported(why);
    }
    if names.iter().any(|name| name == chosen) {
        return Ok(());
    }
    let known: Vec<_> = names
        .iter()
        .take(NAMED_WORKSPACES)
        .map(|name| clean(name))
        .collect();
    Err(QueryError::new(
        StoreErrorKind::NotFound,
        format!(
            "no workspace {}; there are {}",
            clean(chosen),
            known.join(", ")
        ),
    ))
}
