//! The statements of a listing: conditions and orders in SQL, with the meaning that the run table gives them.

use super::WindowSql;
use crate::domain::{
    ComparisonOp, ExperimentId, NumberTest, RUN_NAME_TAG, RunCondition, RunField, RunOrder,
    RunStatus, TextTest, USER_TAG,
};
use crate::store::WindowQuery;
use crate::store::sql::dialect::json_array;
use crate::store::sql::schema::Schema;
use crate::store::sql::tables::Param;

/// A statement and the values of its parameters.
pub(super) struct Statement {
    pub(super) sql: String,
    params: Vec<String>,
}

impl Statement {
    pub(super) fn params(&self) -> Vec<Param<'_>> {
        self.params.iter().map(Param::from).collect()
    }

    /// The ids of the runs in order; only the first ones with a limit, for which SQLite keeps no more while it sorts. Runs that
    /// started before `since` are left out.
    pub(super) fn list(
        schema: &Schema,
        window: &'static WindowSql,
        query: &WindowQuery,
        limit: Option<u32>,
        since: Option<i64>,
    ) -> Self {
        let mut builder = Builder::new(schema, window, query);
        let mut condition = builder.selection();
        if let Some(since) = since {
            // First, because it excludes most runs at the least cost.
            condition = format!("r.start_time >= {since} AND {condition}");
        }
        let mut order: Vec<String> = Vec::new();
        for key in &query.order {
            order.extend(builder.order_terms(key));
        }
        let start = builder.column_integer("start_time");
        let collation = window.collation;
        order.push(format!(
            "CASE WHEN {start} IS NULL THEN 1 ELSE 0 END, {start} DESC, r.run_uuid{collation}"
        ));
        let limit = limit
            .map(|limit| format!(" LIMIT {limit}"))
            .unwrap_or_default();
        let (with, joins, order) = (builder.with(), &builder.joins, order.join(", "));
        Self {
            sql: format!(
                "{with}SELECT r.run_uuid FROM runs AS r{joins} WHERE {condition} ORDER BY {order}{limit}"
            ),
            params: builder.params,
        }
    }

    /// The least start of the runs that were added last, and how many of these have one: at least as many started since.
    pub(super) fn start_of_last_runs(
        schema: &Schema,
        window: &'static WindowSql,
        query: &WindowQuery,
        limit: u32,
    ) -> Self {
        let mut builder = Builder::new(schema, window, query);
        let condition = builder.selection();
        let start = builder.column_integer("start_time");
        Self {
            sql: format!(
                "SELECT min(start), count(start) FROM (SELECT {start} AS start FROM runs AS r WHERE {condition} \
                 ORDER BY r.rowid DESC LIMIT {limit})"
            ),
            params: builder.params,
        }
    }

    /// The number of runs.
    pub(super) fn count(schema: &Schema, window: &'static WindowSql, query: &WindowQuery) -> Self {
        let mut builder = Builder::new(schema, window, query);
        let condition = builder.selection();
        Self {
            sql: format!(
                "{}SELECT count(*) FROM runs AS r{} WHERE {condition}",
                builder.with(),
                builder.joins
            ),
            params: builder.params,
        }
    }
}

/// A value of a run in SQL. Each expression is NULL where the value is not of its kind.
#[derive(Clone)]
struct FieldSql {
    /// Whether the value is missing; never NULL.
    is_missing: String,
    text: String,
    /// Not for NaN.
    number: String,
    /// Whether the value is NaN; never NULL.
    is_nan: String,
    /// Where it does not hold, all values sort as texts.
    sorts_numbers: Option<String>,
}

struct Builder<'a> {
    schema: &'a Schema,
    window: &'static WindowSql,
    query: &'a WindowQuery,
    /// The joined rows of metrics, params and tags, each in SQL, by the table and key.
    joined: Vec<((&'static str, String), String)>,
    joins: String,
    /// Conditions on all runs, each evaluated once.
    facts: Vec<String>,
    params: Vec<String>,
}

impl<'a> Builder<'a> {
    fn new(schema: &'a Schema, window: &'static WindowSql, query: &'a WindowQuery) -> Self {
        let experiments = json_array(query.experiments.iter().map(ExperimentId::raw));
        Self {
            schema,
            window,
            query,
            joined: Vec::new(),
            joins: String::new(),
            facts: Vec::new(),
            params: vec![experiments],
        }
    }

    fn parameter(&mut self, text: &str) -> String {
        self.params.push(text.to_owned());
        format!("?{}", self.params.len())
    }

    fn selection(&mut self) -> String {
        let base = self.base_selection();
        match &self.query.condition {
            None => base,
            Some(condition) => format!("{base} AND {}", self.condition(condition)),
        }
    }

    /// A condition that is true or false, never NULL.
    fn condition(&mut self, condition: &RunCondition) -> String {
        match condition {
            RunCondition::All(parts) => self.join_conditions(parts, " AND ", "TRUE"),
            RunCondition::Any(parts) => self.join_conditions(parts, " OR ", "FALSE"),
            RunCondition::Not(part) => format!("(NOT {})", self.condition(part)),
            RunCondition::IsPresent(field) => format!("(NOT {})", self.field(field).is_missing),
            RunCondition::Text {
                field,
                test,
                negated,
            } => {
                let text = self.field(field).text;
                let test = self.text_test(&text, test);
                is_true(&test, *negated)
            }
            RunCondition::Number {
                field,
                test,
                negated,
            } => {
                let is_clamped = matches!(field, RunField::Metric(_));
                let field = self.field(field);
                let nan_passes = match test {
                    NumberTest::Compare(ComparisonOp::NotEqual, _) => "TRUE",
                    _ => "FALSE",
                };
                let test = self.number_test(&field.number, test, is_clamped);
                let is_nan = field.is_nan;
                let test = format!("CASE WHEN {is_nan} THEN {nan_passes} ELSE {test} END");
                is_true(&test, *negated)
            }
        }
    }

    fn join_conditions(&mut self, parts: &[RunCondition], word: &str, empty: &str) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.condition(part)).collect();
        if parts.is_empty() {
            empty.to_owned()
        } else {
            format!("({})", parts.join(word))
        }
    }

    fn text_test(&mut self, text: &str, test: &TextTest) -> String {
        match test {
            TextTest::Equals(to) => format!("{text} = {}", self.parameter(to)),
            TextTest::Like {
                pattern,
                ignore_case,
            } => {
                let pattern = self.parameter(pattern);
                (self.window.like)(text, &pattern, *ignore_case)
            }
            TextTest::In(texts) if texts.is_empty() => format!("({text} IS NULL AND FALSE)"),
            TextTest::In(texts) => {
                let list: Vec<String> = texts.iter().map(|text| self.parameter(text)).collect();
                format!("{text} IN ({})", list.join(", "))
            }
        }
    }

    fn number_test(&self, number: &str, test: &NumberTest, is_clamped: bool) -> String {
        let constant = |value: f64| match value {
            value if value.is_infinite() && !is_clamped => {
                let sign = if value < 0.0 { "-" } else { "" };
                format!("({sign}{})", self.window.infinity)
            }
            value => format!("({:e})", value.clamp(f64::MIN, f64::MAX)),
        };
        match test {
            NumberTest::Compare(comparison, to) => {
                format!("{number} {} {}", comparison.as_str(), constant(*to))
            }
            NumberTest::Between(low, high) => {
                format!(
                    "{number} BETWEEN {} AND {}",
                    constant(*low),
                    constant(*high)
                )
            }
            NumberTest::In(numbers) if numbers.is_empty() => {
                format!("({number} IS NULL AND FALSE)")
            }
            NumberTest::In(numbers) => {
                let list: Vec<String> = numbers.iter().map(|number| constant(*number)).collect();
                format!("{number} IN ({})", list.join(", "))
            }
        }
    }

    /// Numbers first, then texts, then NaN, then missing values.
    fn order_terms(&mut self, key: &RunOrder) -> Vec<String> {
        let field = self.field(&key.field);
        let direction = if key.descending { "DESC" } else { "ASC" };
        let (number, is_nan) = match &field.sorts_numbers {
            None => (field.number, field.is_nan),
            Some(fact) => (
                format!("(CASE WHEN {fact} THEN {} END)", field.number),
                format!("({fact} AND {})", field.is_nan),
            ),
        };
        let (missing, text) = (&field.is_missing, &field.text);
        let class = format!(
            "CASE WHEN {missing} THEN 3 WHEN {is_nan} THEN 2 WHEN {number} IS NULL THEN 1 ELSE 0 END"
        );
        let text = format!("CASE WHEN {is_nan} OR {number} IS NOT NULL THEN NULL ELSE {text} END");
        let mut terms = vec![class];
        if number != "NULL" {
            terms.push(format!("{number} {direction}"));
        }
        if field.text != "NULL" {
            terms.push(format!("({text}){} {direction}", self.window.collation));
        }
        terms
    }

    fn field(&mut self, field: &RunField) -> FieldSql {
        match field {
            RunField::Metric(key) => self.metric(key.raw()),
            RunField::Param(key) => {
                let text = self.joined_text("params", key.raw());
                self.parsed_text(text, None)
            }
            RunField::Tag(key) => {
                let text = self.joined_text("tags", key.raw());
                let all_numbers = self.all_tags_are_numbers(key.raw());
                self.parsed_text(text, all_numbers)
            }
            RunField::Experiment => {
                let text = self.schema.dialect().as_text("r.experiment_id");
                let number = (self.window.number)(&text);
                let base = self.base_selection();
                let all_numbers = self.fact(&format!(
                    "SELECT 1 FROM runs AS r WHERE {base} AND {number} IS NULL"
                ));
                self.parsed_text(text, Some(all_numbers))
            }
            RunField::TextTag(key) => {
                let text = self.joined_text("tags", key.raw());
                plain_text(&format!("nullif({text}, '')"))
            }
            RunField::RunId => plain_text("r.run_uuid"),
            RunField::Name => self.text_or_tag("name", RUN_NAME_TAG),
            RunField::User => self.text_or_tag("user_id", USER_TAG),
            RunField::ArtifactUri => plain_text(&self.column_text("artifact_uri")),
            RunField::Status => {
                let status = format!(
                    "upper({})",
                    self.schema.select_columns("runs", "r", &["status"])
                );
                let known = RunStatus::ALL.map(|status| format!("'{}'", status.as_str()));
                plain_text(&format!(
                    "CASE WHEN {status} IN ({}) THEN {status} ELSE '{}' END",
                    known.join(", "),
                    RunStatus::Unknown.as_str()
                ))
            }
            RunField::StartTime => integer(&self.column_integer("start_time")),
            RunField::EndTime => integer(&self.column_integer("end_time")),
            RunField::Duration => integer(&self.duration()),
        }
    }

    fn metric(&mut self, key: &str) -> FieldSql {
        let Some(row) = self.join("latest_metrics", key) else {
            return integer("NULL");
        };
        let flag = if self.schema.has_column("latest_metrics", "is_nan") {
            let flag = (self.window.is_set)(&format!("{row}.is_nan"));
            format!("{flag} OR ")
        } else {
            String::new()
        };
        let is_number = (self.window.is_number)(&format!("{row}.value"));
        let is_nan = format!(
            "({row}.run_uuid IS NOT NULL AND ({flag}{row}.value IS NULL OR NOT ({is_number})))"
        );
        // MLflow stores infinity as the largest number.
        let max = f64::MAX;
        let (least, greatest) = (self.window.least, self.window.greatest);
        FieldSql {
            is_missing: format!("({row}.run_uuid IS NULL)"),
            text: "NULL".to_owned(),
            number: format!(
                "(CASE WHEN {is_nan} OR {row}.value IS NULL THEN NULL \
                 ELSE {greatest}({least}({row}.value, {max:e}), -{max:e}) END)"
            ),
            is_nan,
            sorts_numbers: None,
        }
    }

    fn joined_text(&mut self, table: &'static str, key: &str) -> String {
        match self.join(table, key) {
            Some(row) => format!(
                "(CASE WHEN {row}.run_uuid IS NOT NULL THEN coalesce({}, '') END)",
                self.schema.dialect().as_text(&format!("{row}.value"))
            ),
            None => self.schema.dialect().as_text("NULL"),
        }
    }

    fn text_or_tag(&mut self, column: &str, tag: &str) -> FieldSql {
        let (text, tag) = (self.column_text(column), self.joined_text("tags", tag));
        plain_text(&format!("coalesce({text}, nullif({tag}, ''))"))
    }

    /// NULL for an empty text.
    fn column_text(&self, column: &str) -> String {
        let column = self.schema.select_columns("runs", "r", &[column]);
        format!("nullif({}, '')", self.schema.dialect().as_text(&column))
    }

    fn column_integer(&self, column: &str) -> String {
        let column = self.schema.select_columns("runs", "r", &[column]);
        (self.window.integer)(&column)
    }

    fn duration(&self) -> String {
        let start = self.column_integer("start_time");
        let end = self.column_integer("end_time");
        let status = self.schema.select_columns("runs", "r", &["status"]);
        let now = self.window.now;
        let end = format!(
            "(CASE WHEN {end} IS NOT NULL THEN {end} WHEN upper({status}) = 'RUNNING' THEN {now} END)"
        );
        format!("(CASE WHEN {end} >= {start} THEN {end} - {start} END)")
    }

    fn base_selection(&self) -> String {
        let lifecycle = self.schema.run_condition(self.query.lifecycle);
        format!("{lifecycle} AND {}", self.schema.in_experiments("?1"))
    }

    /// Whether all values of a tag are numbers, over all runs of the listing before it is filtered.
    fn all_tags_are_numbers(&mut self, key: &str) -> Option<String> {
        if !self.schema.has_table("tags") {
            return None;
        }
        let (key, base) = (self.parameter(key), self.base_selection());
        let text = format!("coalesce({}, '')", self.schema.dialect().as_text("t.value"));
        let (number, is_nan) = ((self.window.number)(&text), (self.window.is_nan)(&text));
        Some(self.fact(&format!(
            "SELECT 1 FROM tags AS t JOIN runs AS r ON r.run_uuid = t.run_uuid WHERE t.\"key\" = {key} \
             AND {number} IS NULL AND NOT {is_nan} AND {base}"
        )))
    }

    /// Whether a query finds nothing.
    fn fact(&mut self, query: &str) -> String {
        let name = format!("f{}", self.facts.len());
        self.facts.push(format!(
            "{name}(holds) AS MATERIALIZED (SELECT NOT EXISTS ({query}))"
        ));
        format!("(SELECT holds FROM {name})")
    }

    fn with(&self) -> String {
        if self.facts.is_empty() {
            String::new()
        } else {
            format!("WITH {} ", self.facts.join(", "))
        }
    }

    /// A text that is a number where it parses as one.
    fn parsed_text(&self, text: String, sorts_numbers: Option<String>) -> FieldSql {
        FieldSql {
            is_missing: format!("({text} IS NULL)"),
            number: (self.window.number)(&text),
            is_nan: format!("({text} IS NOT NULL AND {})", (self.window.is_nan)(&text)),
            text,
            sorts_numbers,
        }
    }

    /// The alias of the row with a key; `None` if the file has no such table.
    fn join(&mut self, table: &'static str, key: &str) -> Option<String> {
        if !self.schema.has_table(table) {
            return None;
        }
        let id = (table, key.to_owned());
        if let Some((_, row)) = self.joined.iter().find(|(known, _)| *known == id) {
            return Some(row.clone());
        }
        let row = format!("j{}", self.joined.len());
        let key = self.parameter(key);
        self.joins += &format!(
            " LEFT JOIN {table} AS {row} ON {row}.\"key\" = {key} AND {row}.run_uuid = r.run_uuid"
        );
        self.joined.push((id, row.clone()));
        Some(row)
    }
}

/// A text that is never a number.
fn plain_text(text: &str) -> FieldSql {
    FieldSql {
        is_missing: format!("({text} IS NULL)"),
        text: text.to_owned(),
        number: "NULL".to_owned(),
        is_nan: "FALSE".to_owned(),
        sorts_numbers: None,
    }
}

fn integer(expression: &str) -> FieldSql {
    FieldSql {
        is_missing: format!("({expression} IS NULL)"),
        text: "NULL".to_owned(),
        number: expression.to_owned(),
        is_nan: "FALSE".to_owned(),
        sorts_numbers: None,
    }
}

/// A test that is false instead of NULL, also if it is negated.
fn is_true(test: &str, negated: bool) -> String {
    let not = if negated { "NOT " } else { "" };
    format!("coalesce({not}({test}), FALSE)")
}
