//! Where the SQL of the databases differs. Everything else of a query is the same text.

use crate::domain::StoreErrorKind;

/// The SQL of a database.
#[derive(Debug)]
pub(super) struct Dialect {
    /// For users: `SQLite store`.
    pub(super) product: &'static str,
    /// Joins two tables in the order in which they are written, where that can be said.
    pub(super) ordered_join: &'static str,
    /// Compares two values of which both can be NULL.
    pub(super) null_safe_equal: &'static str,
    /// Converts a number to text.
    pub(super) text_type: &'static str,
    /// A table `ids` with the columns `key`, from 0, and `value`, made of `{parameter}`, which is
    /// a [`json_array`], in the `{charset}` and `{collation}` of the ids of runs.
    pub(super) ids_table: &'static str,
    /// Finds a text in another one: a function with both, the longer one first.
    pub(super) find_text: &'static str,
    /// Whether rows can be walked in the order in which they were added, by their `rowid`.
    pub(super) has_rowid: bool,
    /// Returns a row if the metrics have MLflow 3's index over run and key; `None` where the planner
    /// does not need to know.
    pub(super) run_key_index_sql: Option<&'static str>,
    /// The clause after an INSERT that updates a row that exists: `{key}` stands for the columns of
    /// the primary key, `{column}` for the changed one.
    pub(super) upsert: &'static str,
    /// Table, column, declared type, whether a value is required (1), and collation, for all columns.
    pub(super) columns_sql: &'static str,
    /// The names of the views.
    pub(super) views_sql: &'static str,
    /// The tables with a trigger.
    pub(super) triggers_sql: &'static str,
    /// The hint for an error, where it differs from the one for a server.
    pub(super) hint: fn(StoreErrorKind) -> Option<&'static str>,
}

impl Dialect {
    /// Converts an expression to text.
    pub(super) fn as_text(&self, expression: &str) -> String {
        format!("CAST({expression} AS {})", self.text_type)
    }

    /// The clause that turns an INSERT into an update of `column`.
    pub(super) fn upsert(&self, key: &str, column: &str) -> String {
        self.upsert
            .replace("{key}", key)
            .replace("{column}", column)
    }
}

/// One parameter for any number of texts.
pub(super) fn json_array<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.collect::<serde_json::Value>().to_string()
}
