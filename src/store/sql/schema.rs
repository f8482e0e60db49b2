//! The schema of a file, found by its columns. Alembic's head names a migration, but forks and
//! interrupted upgrades carry the same names.

use std::collections::{HashMap, HashSet};

use super::dialect::Dialect;
use super::tables::{Connection, QueryError, Tables};
use super::values::{integer, text};
use crate::domain::StoreErrorKind;
use crate::store::{DEFAULT_WORKSPACE, LifecycleFilter, ReadOnlyReason};
use crate::text::untrusted::clean;

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
const WRITTEN_COLUMNS: [(&str, &[&str]); 6] = [
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
    ("registered_model_tags", &["name", "key", "value"]),
    ("tags", &["run_uuid", "key", "value"]),
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

#[derive(Debug)]
pub(super) struct Schema {
    dialect: &'static Dialect,
    tables: HashMap<String, Vec<SchemaColumn>>,
    /// The workspace that is read and written, if the tables have workspaces.
    workspace: String,
    /// How the ids of runs are compared, where the database tells.
    collation: String,
    alembic_head: Option<String>,
    /// Names of views.
    views: HashSet<String>,
    /// Tables with a trigger, which runs with every write.
    triggered: HashSet<String>,
}

impl Schema {
    /// Reads the schema; `workspace` is the one that was chosen, if any.
    pub(super) fn read(
        dialect: &'static Dialect,
        connection: &dyn Connection,
        workspace: Option<&str>,
    ) -> Result<Self, QueryError> {
        let workspace = workspace.unwrap_or(DEFAULT_WORKSPACE);
        if !is_workspace_name(workspace) {
            return QueryError::invalid(format!("invalid workspace {}", clean(workspace)));
        }
        let mut schema = Self {
            dialect,
            tables: HashMap::new(),
            workspace: workspace.to_owned(),
            collation: String::new(),
            alembic_head: None,
            views: HashSet::new(),
            triggered: HashSet::new(),
        };
        schema.read_columns(connection)?;
        schema.views = schema.read_names(connection, dialect.views_sql)?;
        schema.triggered = schema.read_names(connection, dialect.triggers_sql)?;
        if schema.has_column("alembic_version", "version_num") {
            schema.alembic_head = schema.read_alembic_head(connection)?;
        }
        Ok(schema)
    }

    /// Reads the migration that MLflow applied last, from a table that exists.
    pub(super) fn read_alembic_head(
        &self,
        connection: &dyn Connection,
    ) -> Result<Option<String>, QueryError> {
        let sql = "SELECT max(version_num) FROM alembic_version";
        let tables = self.tables_of(connection);
        tables.first(sql, &[], |row| text(row, 0).raw().to_owned())
    }

    /// The migration that MLflow had applied last when the schema was read.
    pub(super) fn alembic_head(&self) -> Option<&str> {
        self.alembic_head.as_deref()
    }

    fn tables_of<'a>(&'a self, connection: &'a dyn Connection) -> Tables<'a> {
        Tables {
            connection,
            schema: self,
        }
    }

    fn read_columns(&mut self, connection: &dyn Connection) -> Result<(), QueryError> {
        let mut tables: HashMap<String, Vec<SchemaColumn>> = HashMap::new();
        let mut collation = String::new();
        let sql = self.dialect.columns_sql;
        self.tables_of(connection).for_each(sql, &[], |row| {
            let (table, name) = (text(row, 0), text(row, 1));
            if (table.raw(), name.raw()) == ("runs", "run_uuid") {
                text(row, 4).raw().clone_into(&mut collation);
            }
            let column = SchemaColumn {
                name: name.raw().to_owned(),
                declared_type: text(row, 2).raw().to_owned(),
                is_required: integer(row, 3) == Some(1),
            };
            tables
                .entry(table.raw().to_owned())
                .or_default()
                .push(column);
        })?;
        let is_collation = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !collation.chars().all(is_collation) {
            let why = format!("invalid collation {}", clean(&collation));
            return Err(QueryError::new(StoreErrorKind::InvalidResponse, why));
        }
        (self.tables, self.collation) = (tables, collation);
        Ok(())
    }

    fn read_names(
        &self,
        connection: &dyn Connection,
        sql: &str,
    ) -> Result<HashSet<String>, QueryError> {
        let tables = self.tables_of(connection);
        let names = tables.collect(sql, &[], |row| text(row, 0).raw().to_lowercase())?;
        Ok(names.into_iter().collect())
    }

    pub(super) fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    /// A table `ids` with the columns `key`, from 0, and `value`, made of a parameter that is a
    /// [`json_array`](super::dialect::json_array).
    pub(super) fn ids(&self, parameter: &str) -> String {
        let charset = self.collation.split('_').next().unwrap_or_default();
        self.dialect
            .ids_table
            .replace("{parameter}", parameter)
            .replace("{charset}", charset)
            .replace("{collation}", &self.collation)
    }

    /// The condition on `r` that selects the runs of the experiments in a parameter, a
    /// [`json_array`](super::dialect::json_array); all runs if it is empty.
    pub(super) fn in_experiments(&self, parameter: &str) -> String {
        // The ids are compared as numbers with each run, and as texts only once.
        format!(
            "({parameter} = '[]' OR r.experiment_id IN (SELECT x.experiment_id FROM experiments AS x \
             WHERE {} IN (SELECT ids.value FROM {})))",
            self.dialect.as_text("x.experiment_id"),
            self.ids(parameter)
        )
    }

    /// The workspace that is read and written; `None` if the tables have no workspaces.
    pub(super) fn workspace(&self) -> Option<&str> {
        self.has_column("experiments", "workspace")
            .then_some(self.workspace.as_str())
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

    /// The condition that selects the rows of the workspace; TRUE in tables without workspaces.
    pub(super) fn workspace_condition(&self, table: &str, alias: &str) -> String {
        if self.has_column(table, "workspace") {
            format!("{alias}.workspace = '{}'", self.workspace)
        } else {
            "TRUE".to_owned()
        }
    }

    /// The condition on `r` that selects the runs of the workspace by their lifecycle.
    pub(super) fn run_condition(&self, lifecycle: LifecycleFilter) -> String {
        let lifecycle = lifecycle_condition(lifecycle, "r.lifecycle_stage");
        format!("{lifecycle} AND {}", self.in_workspace("r"))
    }

    /// The condition on a table of things in experiments that selects those of the workspace.
    pub(super) fn in_workspace(&self, alias: &str) -> String {
        if !self.has_column("experiments", "workspace") {
            return "TRUE".to_owned();
        }
        let workspace = self.workspace_condition("experiments", "e");
        format!(
            "{alias}.experiment_id IN (SELECT e.experiment_id FROM experiments AS e WHERE {workspace})"
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
            Some(head) if !head.is_empty() => {
                format!("{}, schema {}", self.dialect.product, clean(head))
            }
            _ => format!("{}, unnamed schema", self.dialect.product),
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

    /// The most characters of a tag's value: MLflow declares 5,000 or 8,000, or none and then takes 100,000 in the registry.
    pub(super) fn max_tag_chars(&self, table: &str) -> usize {
        let declared = self
            .column(table, "value")
            .map_or("", |column| column.declared_type.as_str());
        let digits: String = declared.chars().filter(char::is_ascii_digit).collect();
        digits.parse().unwrap_or(100_000)
    }
}

/// MLflow's rule for names of workspaces, which makes them safe in a statement.
fn is_workspace_name(name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&name.len())
        && name.chars().all(is_inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// The condition on a lifecycle column; any value but `deleted` is active.
pub(super) fn lifecycle_condition(lifecycle: LifecycleFilter, column: &str) -> String {
    match lifecycle {
        LifecycleFilter::Active => format!("coalesce({column}, 'active') <> 'deleted'"),
        LifecycleFilter::Deleted => format!("{column} = 'deleted'"),
        LifecycleFilter::All => "TRUE".to_owned(),
    }
}
