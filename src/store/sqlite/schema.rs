//! The schema of a file, found by its columns. Alembic's head names a migration, but forks and
//! interrupted upgrades carry the same names.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;

use super::values::{integer, text};
use crate::store::{LifecycleFilter, ReadOnlyReason};
use crate::text::untrusted::clean;

/// The only workspace that is read and written in a file with workspaces (MLflow 3.10 and later).
pub(super) const WORKSPACE: &str = "default";

/// The tables that are read or written. MLflow makes no view and no trigger for any of them.
const MLFLOW_TABLES: [&str; 24] = [
    "alembic_version",
    "experiments",
    "experiment_tags",
    "runs",
    "params",
    "metrics",
    "latest_metrics",
    "tags",
    "inputs",
    "input_tags",
    "datasets",
    "registered_models",
    "registered_model_tags",
    "registered_model_aliases",
    "model_versions",
    "model_version_tags",
    "logged_models",
    "logged_model_tags",
    "logged_model_params",
    "logged_model_metrics",
    "workspaces",
    "trace_info",
    "trace_tags",
    "webhooks",
];

/// The tables that are written, with the columns that a write fills or changes.
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

/// Written where it exists: the tag that links a logged model to its versions.
const LOGGED_MODEL_TAGS: (&str, &[&str]) = (
    "logged_model_tags",
    &["model_id", "experiment_id", "tag_key", "tag_value"],
);

#[derive(Debug)]
struct SchemaColumn {
    name: String,
    declared_type: String,
    /// `NOT NULL` without a default.
    is_required: bool,
}

#[derive(Debug, Default)]
pub(super) struct Schema {
    tables: HashMap<String, Vec<SchemaColumn>>,
    alembic_head: Option<String>,
    /// Names of views.
    views: HashSet<String>,
    /// Tables with a trigger, which runs with every write.
    triggered: HashSet<String>,
}

impl Schema {
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut schema = Self {
            views: names(
                connection,
                "SELECT name FROM sqlite_master WHERE type = 'view'",
            )?,
            triggered: names(
                connection,
                "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'",
            )?,
            ..Self::default()
        };
        let mut statement = connection.prepare(
            "SELECT m.name, c.name, c.type, c.\"notnull\", c.dflt_value IS NULL FROM sqlite_master AS m \
             JOIN pragma_table_info(m.name) AS c WHERE m.type IN ('table', 'view')",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let column = SchemaColumn {
                name: text(row, 1).raw().to_owned(),
                declared_type: text(row, 2).raw().to_owned(),
                is_required: integer(row, 3) == Some(1) && integer(row, 4) == Some(1),
            };
            schema
                .tables
                .entry(text(row, 0).raw().to_owned())
                .or_default()
                .push(column);
        }
        if schema.has_column("alembic_version", "version_num") {
            let head = connection.query_row(
                "SELECT max(version_num) FROM alembic_version",
                [],
                |row| Ok(text(row, 0)),
            )?;
            schema.alembic_head = Some(head.raw().to_owned());
        }
        Ok(schema)
    }

    pub(super) fn has_column(&self, table: &str, column: &str) -> bool {
        self.column(table, column).is_some()
    }

    pub(super) fn has_table(&self, table: &str) -> bool {
        self.tables.contains_key(table)
    }

    fn column(&self, table: &str, column: &str) -> Option<&SchemaColumn> {
        self.tables
            .get(table)?
            .iter()
            .find(|found| found.name == column)
    }

    /// A select list such as `r.name, NULL, r.status`, with NULL for columns that the table lacks.
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

    /// The condition that selects [`WORKSPACE`]; TRUE in a file without workspaces.
    pub(super) fn workspace_condition(&self, table: &str, alias: &str) -> String {
        if self.has_column(table, "workspace") {
            format!("{alias}.workspace = '{WORKSPACE}'")
        } else {
            "TRUE".to_owned()
        }
    }

    /// The condition on `r` that selects the runs of [`WORKSPACE`] by their lifecycle.
    pub(super) fn run_condition(&self, lifecycle: LifecycleFilter) -> String {
        let lifecycle = lifecycle_condition(lifecycle, "r.lifecycle_stage");
        if !self.has_column("experiments", "workspace") {
            return lifecycle;
        }
        let workspace = self.workspace_condition("experiments", "e");
        format!(
            "{lifecycle} AND r.experiment_id IN (SELECT e.experiment_id FROM experiments AS e WHERE {workspace})"
        )
    }

    /// Whether this is an MLflow tracking store at all.
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

    /// A view in place of a table of MLflow, whose query can be anything.
    pub(super) fn view_in_place_of_table(&self) -> Option<&str> {
        let known = MLFLOW_TABLES
            .iter()
            .find(|table| self.views.contains(**table));
        known.copied()
    }

    pub(super) fn has_registry(&self) -> bool {
        self.has_column("registered_models", "name") && self.has_column("model_versions", "version")
    }

    /// For users: `SQLite store, schema dc11669786a5`.
    pub(super) fn product(&self) -> String {
        match &self.alembic_head {
            Some(head) if !head.is_empty() => format!("SQLite store, schema {}", clean(head)),
            _ => "SQLite store, unnamed schema".to_owned(),
        }
    }

    /// Why the registry can't be written: a column that a write needs is missing, or one is
    /// required that only a newer MLflow fills.
    pub(super) fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        if !self.has_registry() {
            return Some(ReadOnlyReason::NoRegistry);
        }
        let linked = self
            .has_table(LOGGED_MODEL_TAGS.0)
            .then_some(LOGGED_MODEL_TAGS);
        let is_triggered = |table: &&&str| self.triggered.contains(**table);
        if let Some(table) = MLFLOW_TABLES.iter().find(is_triggered) {
            return Some(ReadOnlyReason::Trigger((*table).to_owned()));
        }
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

    /// The most characters of a version tag's value: MLflow 2 declares 5,000; MLflow 3 declares
    /// none and takes 100,000.
    pub(super) fn max_version_tag_chars(&self) -> usize {
        let declared = self
            .column("model_version_tags", "value")
            .map_or("", |column| column.declared_type.as_str());
        let digits: String = declared.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(100_000)
    }
}

fn names(connection: &Connection, sql: &str) -> rusqlite::Result<HashSet<String>> {
    let mut statement = connection.prepare(sql)?;
    let found = statement.query_map([], |row| Ok(text(row, 0).raw().to_lowercase()))?;
    found.collect()
}

/// The condition on a lifecycle column; any value but `deleted` is active.
pub(super) fn lifecycle_condition(lifecycle: LifecycleFilter, column: &str) -> String {
    match lifecycle {
        LifecycleFilter::Active => format!("coalesce({column}, 'active') <> 'deleted'"),
        LifecycleFilter::Deleted => format!("{column} = 'deleted'"),
        LifecycleFilter::All => "TRUE".to_owned(),
    }
}

/// The condition on `r` that selects the runs of the experiments in `?1`, a [`json_array`]; all
/// runs if it is empty.
pub(super) const IN_EXPERIMENTS: &str =
    "(?1 = '[]' OR CAST(r.experiment_id AS TEXT) IN (SELECT e.value FROM json_each(?1) AS e))";

/// One parameter for any number of texts, for SQLite's `json_each`.
pub(super) fn json_array<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<serde_json::Value>().to_string()
}
