//! The schema that a file has, found by looking at its columns. Alembic's head names a migration, but forks and
//! half-done upgrades carry the same names: what counts is which columns are there.

use std::collections::HashMap;

use rusqlite::Connection;

use super::values::{column_value, integer, text};
use crate::store::ReadOnlyReason;
use crate::text::untrusted::clean;

/// The workspace that is read and written where a file has workspaces (MLflow 3.10 and later).
pub(super) const WORKSPACE: &str = "default";

/// The tables that are written to, with the columns that a write fills or changes.
const WRITTEN_COLUMNS: [(&str, &[&str]); 4] = [
    (
        "registered_models",
        &["name", "creation_time", "last_updated_time"],
    ),
    (
        "model_versions",
        &[
            "name",
            "version",
            "creation_time",
            "last_updated_time",
            "description",
            "user_id",
            "current_stage",
            "source",
            "run_id",
            "status",
            "status_message",
            "run_link",
        ],
    ),
    ("model_version_tags", &["name", "version", "key", "value"]),
    ("registered_model_aliases", &["name", "alias", "version"]),
];

/// A table that is written to where it is there: the tag that links a logged model to its versions.
const LOGGED_MODEL_TAGS: (&str, &[&str]) = (
    "logged_model_tags",
    &["model_id", "experiment_id", "tag_key", "tag_value"],
);

#[derive(Debug)]
struct SchemaColumn {
    name: String,
    declared_type: String,
    /// `NOT NULL` without a default: a row can't be inserted without it.
    is_required: bool,
}

/// The tables of a file and their columns.
#[derive(Debug, Default)]
pub(super) struct Schema {
    tables: HashMap<String, Vec<SchemaColumn>>,
    alembic_head: Option<String>,
}

impl Schema {
    /// Reads the schema of an open file.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut schema = Self::default();
        let mut statement = connection.prepare(
            "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value IS NULL FROM sqlite_master AS m \
             JOIN pragma_table_info(m.name) AS c WHERE m.type IN ('table', 'view')",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let column = SchemaColumn {
                name: text(column_value(row, 1)).raw().to_owned(),
                declared_type: text(column_value(row, 2)).raw().to_owned(),
                is_required: integer(column_value(row, 3)) == Some(1)
                    && integer(column_value(row, 4)) == Some(1),
            };
            schema
                .tables
                .entry(text(column_value(row, 0)).raw().to_owned())
                .or_default()
                .push(column);
        }
        if schema.has_column("alembic_version", "version_num") {
            let head = connection.query_row(
                "SELECT max(version_num) FROM alembic_version",
                [],
                |row| Ok(text(column_value(row, 0))),
            )?;
            schema.alembic_head = Some(head.raw().to_owned());
        }
        Ok(schema)
    }

    /// Whether a table has a column.
    pub(super) fn has_column(&self, table: &str, column: &str) -> bool {
        self.column(table, column).is_some()
    }

    /// Whether there is a table.
    pub(super) fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    fn column(&self, table: &str, column: &str) -> Option<&SchemaColumn> {
        self.tables
            .get(table)?
            .iter()
            .find(|found| found.name == column)
    }

    /// What to select: `r.name, NULL, r.status`, with NULL for the columns that this file does not have.
    pub(super) fn select_columns(&self, table: &str, alias: &str, columns: &[&str]) -> String {
        let named = |column: &&str| {
            if self.has_column(table, column) {
                format!("{alias}.\"{column}\"")
            } else {
                "NULL".to_owned()
            }
        };
        columns.iter().map(named).collect::<Vec<_>>().join(", ")
    }

    /// The condition that keeps to one workspace; true where there are none.
    pub(super) fn workspace_condition(&self, table: &str, alias: &str) -> String {
        if self.has_column(table, "workspace") {
            format!("{alias}.workspace = '{WORKSPACE}'")
        } else {
            "TRUE".to_owned()
        }
    }

    /// Whether this is a tracking store of MLflow at all.
    pub(super) fn is_mlflow(&self) -> bool {
        [
            ("experiments", "experiment_id"),
            ("experiments", "name"),
            ("runs", "run_uuid"),
            ("runs", "experiment_id"),
        ]
        .iter()
        .all(|(table, column)| self.has_column(table, column))
    }

    /// Whether there is a model registry.
    pub(super) fn has_registry(&self) -> bool {
        self.has_column("registered_models", "name") && self.has_column("model_versions", "version")
    }

    /// What the store is, for people.
    pub(super) fn product(&self) -> String {
        match &self.alembic_head {
            Some(head) if !head.is_empty() => format!("SQLite store, schema {}", clean(head)),
            _ => "SQLite store, schema without a name".to_owned(),
        }
    }

    /// Why the registry can't be written: a column that a write needs is missing, or one is required that only a newer
    /// MLflow fills.
    pub(super) fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        if !self.has_registry() {
            return Some(ReadOnlyReason::NoRegistry);
        }
        let linked = self
            .has_table(LOGGED_MODEL_TAGS.0)
            .then_some(LOGGED_MODEL_TAGS);
        for (table, known) in WRITTEN_COLUMNS.into_iter().chain(linked) {
            if let Some(missing) = known.iter().find(|column| !self.has_column(table, column)) {
                return Some(ReadOnlyReason::SchemaTooOld(format!("{table}.{missing}")));
            }
            let is_unknown = |column: &&SchemaColumn| {
                column.is_required
                    && column.name != "workspace"
                    && !known.contains(&column.name.as_str())
            };
            if let Some(column) = self.tables.get(table)?.iter().find(is_unknown) {
                return Some(ReadOnlyReason::SchemaTooNew(format!(
                    "{table}.{}",
                    column.name
                )));
            }
        }
        None
    }

    /// The most characters of a version's tag: MLflow 2 declares 5,000, MLflow 3 any text and takes 100,000.
    pub(super) fn max_version_tag_chars(&self) -> usize {
        let declared = self
            .column("model_version_tags", "value")
            .map_or("", |column| column.declared_type.as_str());
        let digits: String = declared.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(100_000)
    }
}
