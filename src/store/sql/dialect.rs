//! Where the SQL of the databases differs. Everything else of a query is the same text.

use super::scan::TableWalk;
use super::window::WindowSql;
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
    /// How whole tables are read; `None` where they are not.
    pub(super) walk: Option<TableWalk>,
    /// About the number of rows in `{table}`, at once.
    pub(super) row_count_sql: &'static str,
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
    /// How runs are filtered and ordered as the run table does it; `None` where that is not known.
    pub(super) window: Option<&'static WindowSql>,
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

/// Rewrites the numbered parameters of a statement (`?1`) by `placeholder`, which gets their
/// numbers. A question mark without a number, or in a quoted text, is left alone.
pub(super) fn rewrite_parameters(
    sql: &str,
    mut placeholder: impl FnMut(usize, &mut String),
) -> String {
    let mut rewritten = String::with_capacity(sql.len() + 16);
    let mut is_quoted = false;
    let mut rest = sql;
    while let Some(at) = rest.find(['?', '\'']) {
        let (before, from) = rest.split_at(at);
        rewritten.push_str(before);
        let after = &from[1..];
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        match after[..digits].parse() {
            Ok(number) if !is_quoted && from.starts_with('?') => {
                placeholder(number, &mut rewritten);
                rest = &after[digits..];
            }
            _ => {
                is_quoted ^= from.starts_with('\'');
                rewritten.push_str(&from[..1]);
                rest = after;
            }
        }
    }
    rewritten.push_str(rest);
    rewritten
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rewrites_numbered_parameters_outside_of_quotes() {
        let mut numbers = Vec::new();
        let sql = "a = ?1 AND b = '?2 it''s ?' AND c = ?12 OR ?1 IS NULL ?";
        let rewritten = rewrite_parameters(sql, |number, sql| {
            numbers.push(number);
            sql.push('$');
        });
        assert_eq!(
            rewritten,
            "a = $ AND b = '?2 it''s ?' AND c = $ OR $ IS NULL ?"
        );
        assert_eq!(numbers, [1, 12, 1]);
    }
}
