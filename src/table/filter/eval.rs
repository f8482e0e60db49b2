//! Evaluation of a filter over a table.

use std::cmp::Ordering;

use super::super::cells::ColumnRef;
use super::super::{Attribute, ColumnKey, RowId, RunTable};
use super::ast::{ComparisonOp, Condition, DatasetField, Expr, Field, IsQualifier};
use crate::domain::{Direction, Goal, Millis, RunStatus};
use crate::text::pattern::Pattern;

/// A filter with its columns looked up and its patterns compiled.
#[derive(Debug)]
pub struct BoundFilter<'a> {
    table: &'a RunTable,
    now: Millis,
    expr: CompiledExpr<'a>,
}

#[derive(Debug)]
enum CompiledExpr<'a> {
    And(Vec<CompiledExpr<'a>>),
    Or(Vec<CompiledExpr<'a>>),
    Not(Box<CompiledExpr<'a>>),
    Column(ColumnRef<'a>, CompiledCondition<'a>),
    Dataset(DatasetField, CompiledCondition<'a>),
    Age(ColumnRef<'a>, CompiledCondition<'a>),
    Search(TextSearch<'a>),
    Is(IsQualifier),
    /// A finished run with this value; `None` if no run has one.
    Best(Option<(ColumnRef<'a>, f64)>),
}

/// A test, and whether it is negated. A missing value matches only [`CompiledCondition::IsNull`].
#[derive(Debug)]
enum CompiledCondition<'a> {
    Text(TextCondition<'a>, bool),
    Number(NumberCondition<'a>, bool),
    IsNull { negated: bool },
}

#[derive(Debug)]
enum TextCondition<'a> {
    Equals(&'a str),
    Like(Pattern),
    In(&'a [String]),
}

#[derive(Debug)]
enum NumberCondition<'a> {
    Compare(ComparisonOp, f64),
    Between(f64, f64),
    In(&'a [f64]),
}

impl<'a> BoundFilter<'a> {
    pub(super) fn new(
        root: &'a Expr,
        table: &'a RunTable,
        goal: Option<&Goal>,
        now: Millis,
    ) -> Self {
        Self {
            table,
            now,
            expr: CompiledExpr::new(root, table, goal),
        }
    }

    /// Whether a row matches.
    #[must_use]
    pub fn matches(&self, row: RowId) -> bool {
        self.eval(&self.expr, row)
    }

    fn eval(&self, check: &CompiledExpr<'a>, row: RowId) -> bool {
        match check {
            CompiledExpr::And(checks) => checks.iter().all(|check| self.eval(check, row)),
            CompiledExpr::Or(checks) => checks.iter().any(|check| self.eval(check, row)),
            CompiledExpr::Not(check) => !self.eval(check, row),
            CompiledExpr::Column(column, check) => match check {
                CompiledCondition::Text(text, negated) => column
                    .text(row)
                    .is_some_and(|value| text.matches(value) != *negated),
                CompiledCondition::Number(number, negated) => column
                    .number(row, self.now)
                    .is_some_and(|value| number.matches(value) != *negated),
                CompiledCondition::IsNull { negated } => {
                    column.is_present(row, self.now) == *negated
                }
            },
            CompiledExpr::Dataset(field, check) => self.eval_dataset(*field, check, row),
            CompiledExpr::Age(start, check) => {
                let age = start
                    .number(row, self.now)
                    .map(|start| self.now as f64 - start);
                match check {
                    CompiledCondition::Number(number, negated) => {
                        age.is_some_and(|age| number.matches(age) != *negated)
                    }
                    CompiledCondition::IsNull { negated } => age.is_some() == *negated,
                    CompiledCondition::Text(..) => false,
                }
            }
            CompiledExpr::Search(search) => search.matches(self.table, row),
            CompiledExpr::Is(is) => self.has_qualifier(*is, row),
            CompiledExpr::Best(best) => best.is_some_and(|(column, best)| {
                is_best_candidate(self.table, row)
                    && column
                        .number(row, self.now)
                        .is_some_and(|value| value.partial_cmp(&best) == Some(Ordering::Equal))
            }),
        }
    }

    /// One dataset that matches is enough, also for `!=` and `NOT IN`.
    fn eval_dataset(&self, field: DatasetField, check: &CompiledCondition<'_>, row: RowId) -> bool {
        let mut values = self
            .table
            .datasets
            .get(row.0)
            .iter()
            .filter_map(|dataset| match field {
                DatasetField::Name => Some(dataset.name),
                DatasetField::Digest => Some(dataset.digest),
                DatasetField::Context => dataset.context,
            });
        match check {
            CompiledCondition::Text(text, negated) => {
                values.any(|id| text.matches(self.table.interner.get(id)) != *negated)
            }
            CompiledCondition::IsNull { negated } => values.next().is_some() == *negated,
            CompiledCondition::Number(..) => false,
        }
    }

    fn has_qualifier(&self, is: IsQualifier, row: RowId) -> bool {
        let status = self.table.status(row);
        match is {
            IsQualifier::Running => status == RunStatus::Running,
            IsQualifier::Stalled => self.table.is_stalled(row, self.now),
            IsQualifier::Scheduled => status == RunStatus::Scheduled,
            IsQualifier::Finished => status == RunStatus::Finished,
            IsQualifier::Failed => status == RunStatus::Failed,
            IsQualifier::Killed => status == RunStatus::Killed,
            IsQualifier::Nan => self.table.has_metric(row, f64::is_nan),
            IsQualifier::Inf => self.table.has_metric(row, f64::is_infinite),
            IsQualifier::Nested => self
                .table
                .column(&ColumnKey::Attribute(Attribute::Parent))
                .text(row)
                .is_some(),
            IsQualifier::Parent => self.table.has_children(row),
            IsQualifier::Deleted => self.table.is_deleted(row),
            IsQualifier::Best => false,
        }
    }
}

impl<'a> CompiledExpr<'a> {
    fn new(node: &'a Expr, table: &'a RunTable, goal: Option<&Goal>) -> Self {
        let attribute = |attribute| table.column(&ColumnKey::Attribute(attribute));
        match node {
            Expr::And(nodes) => Self::And(
                nodes
                    .iter()
                    .map(|node| Self::new(node, table, goal))
                    .collect(),
            ),
            Expr::Or(nodes) => Self::Or(
                nodes
                    .iter()
                    .map(|node| Self::new(node, table, goal))
                    .collect(),
            ),
            Expr::Not(node) => Self::Not(Box::new(Self::new(node, table, goal))),
            Expr::Condition(Field::Column(key), test) => {
                Self::Column(table.column(key), CompiledCondition::new(test))
            }
            Expr::Condition(Field::Dataset(field), test) => {
                Self::Dataset(*field, CompiledCondition::new(test))
            }
            Expr::Condition(Field::Age, test) => {
                Self::Age(attribute(Attribute::Start), CompiledCondition::new(test))
            }
            Expr::Search(word) => Self::Search(TextSearch::new(word, table)),
            Expr::Is(IsQualifier::Best) => {
                Self::Best(goal.and_then(|goal| best_value(table, goal)))
            }
            Expr::Is(is) => Self::Is(*is),
        }
    }
}

/// A text in the name, the id, a param or a tag of a run.
#[derive(Debug)]
struct TextSearch<'a> {
    columns: Vec<ColumnRef<'a>>,
    pattern: Pattern,
    /// Whether the interned text with an index matches; empty if none does.
    matching: Vec<bool>,
}

impl<'a> TextSearch<'a> {
    fn new(word: &str, table: &'a RunTable) -> Self {
        let attribute = |attribute| table.column(&ColumnKey::Attribute(attribute));
        let id = table
            .ids_may_contain(word)
            .then(|| attribute(Attribute::RunId));
        let pattern = Pattern::containing(word);
        Self {
            columns: std::iter::once(attribute(Attribute::Name))
                .chain(id)
                .collect(),
            matching: table
                .interner
                .find_texts(word, |text| pattern.matches(text)),
            pattern,
        }
    }

    fn matches(&self, table: &RunTable, row: RowId) -> bool {
        let is_match = |column: &ColumnRef<'_>| {
            column
                .text(row)
                .is_some_and(|text| self.pattern.matches(text))
        };
        self.columns.iter().any(is_match)
            || (!self.matching.is_empty() && table.has_text(row, &self.matching))
    }
}

/// The column of a goal's metric, and the best value among candidates.
fn best_value<'a>(table: &'a RunTable, goal: &Goal) -> Option<(ColumnRef<'a>, f64)> {
    let column = table.column(&ColumnKey::Metric(goal.metric.clone()));
    let values = table
        .rows()
        .filter(|row| is_best_candidate(table, *row))
        .filter_map(|row| column.number(row, 0))
        .filter(|value| value.is_finite());
    let best = match goal.direction {
        Direction::Max => values.max_by(f64::total_cmp),
        Direction::Min => values.min_by(f64::total_cmp),
    };
    Some((column, best?))
}

/// The rule of `analysis::find_best`: active and finished.
fn is_best_candidate(table: &RunTable, row: RowId) -> bool {
    table.status(row) == RunStatus::Finished && !table.is_deleted(row)
}

impl<'a> CompiledCondition<'a> {
    fn new(test: &'a Condition) -> Self {
        match test {
            Condition::Equals { text, negated } => {
                Self::Text(TextCondition::Equals(text), *negated)
            }
            Condition::Like {
                pattern,
                ignore_case: any_case,
                negated,
            } => Self::Text(
                TextCondition::Like(Pattern::new(pattern, *any_case)),
                *negated,
            ),
            Condition::InTexts { texts, negated } => Self::Text(TextCondition::In(texts), *negated),
            Condition::Compare(comparison, number) => Self::Number(
                NumberCondition::Compare(*comparison, max_f64_to_infinity(*number)),
                false,
            ),
            Condition::Between { low, high, negated } => Self::Number(
                NumberCondition::Between(max_f64_to_infinity(*low), max_f64_to_infinity(*high)),
                *negated,
            ),
            Condition::InNumbers { numbers, negated } => {
                Self::Number(NumberCondition::In(numbers), *negated)
            }
            Condition::IsNull { negated } => Self::IsNull { negated: *negated },
        }
    }
}

/// MLflow's SQL stores write infinity as the largest f64, and filters do the same.
pub(super) fn max_f64_to_infinity(number: f64) -> f64 {
    crate::domain::MetricValue::new(number).get()
}

impl TextCondition<'_> {
    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Equals(text) => value == *text,
            Self::Like(pattern) => pattern.matches(value),
            Self::In(texts) => texts.iter().any(|text| text == value),
        }
    }
}

impl NumberCondition<'_> {
    fn matches(&self, value: f64) -> bool {
        match self {
            Self::Compare(comparison, number) => comparison.compare(value, *number),
            Self::Between(low, high) => (*low..=*high).contains(&value),
            Self::In(numbers) => numbers.contains(&value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::test_data::run;
    use super::super::Filter;
    use super::*;
    use crate::domain::{DatasetInput, KeyValue, Lifecycle, Metric, MetricValue};
    use crate::text::Untrusted;

    const HOUR: Millis = 3_600_000;

    fn table() -> RunTable {
        let metric = |key: &str, value| Metric {
            key: key.into(),
            value: MetricValue::new(value),
            timestamp: 0,
            step: 0,
        };
        let mut a = run("a");
        a.name = "ResNet-50".into();
        a.status = RunStatus::Finished;
        (a.start_time, a.end_time) = (Some(0), Some(2 * HOUR));
        a.metrics = vec![metric("acc", 0.5), metric("top", f64::INFINITY)];
        a.params = vec![KeyValue::new("lr", "1e-2"), KeyValue::new("opt", "adam")];
        let mut b = run("b");
        b.status = RunStatus::Running;
        b.start_time = Some(9 * HOUR);
        b.metrics = vec![metric("acc", f64::NAN)];
        b.params = vec![KeyValue::new("lr", "auto")];
        b.tags = vec![
            KeyValue::new("mlflow.parentRunId", "a"),
            KeyValue::new("empty", ""),
        ];
        let mut c = run("c");
        c.tags = vec![
            KeyValue::new("owner", "Growth Team"),
            KeyValue::new("mlflow.log-model.history", "adam auto"),
        ];
        c.lifecycle = Lifecycle::Deleted;
        c.datasets = ["iris", "moons"]
            .map(|name| DatasetInput {
                name: name.into(),
                digest: "d1".into(),
                source_type: Untrusted::default(),
                source: Untrusted::default(),
                schema: None,
                profile: None,
                context: (name == "iris").then(|| "training".into()),
            })
            .to_vec();
        let mut table = RunTable::default();
        table.upsert(&[a, b, c]);
        let row = table.row_of(&"b".into()).unwrap();
        table.set_stall_timeout(row, Some(9 * HOUR), HOUR);
        table
    }

    /// Filters, and the ids that they match.
    const CASES: &[(&str, &str)] = &[
        ("", "abc"),
        ("resnet", "a"),
        ("A", "abc"),
        ("b", "b"),
        ("\u{212a}", ""),
        ("metrics.acc >= 0.5", "a"),
        ("metrics.acc != 0.5", "b"),
        ("metrics.acc = 0.5 OR metrics.acc != 0.5", "ab"),
        ("NOT metrics.acc < 0.4", "abc"),
        ("metrics.acc NOT IN (1, 2)", "ab"),
        ("metrics.acc BETWEEN 0.5 AND 1", "a"),
        ("metrics.top = 1.7976931348623157e308", "a"),
        ("metrics.acc IS NULL", "c"),
        ("metrics.acc IS NOT NULL", "ab"),
        ("metrics.none IS NULL", "abc"),
        ("params.lr = 0.01", "a"),
        ("params.lr = '0.01'", ""),
        ("params.lr != 5", "a"),
        ("params.lr != '5'", "ab"),
        ("params.lr IN ('auto', '1e-2')", "ab"),
        ("params.opt NOT LIKE 'ad%'", ""),
        ("params.opt NOT LIKE 'sg%'", "a"),
        ("tags.empty = ''", "b"),
        ("tags.empty IS NULL", "ac"),
        ("status = 'RUNNING'", "b"),
        ("status ILIKE 'fin%'", "a"),
        ("status != 'RUNNING'", "ac"),
        ("duration > 1h30m", "a"),
        ("duration <= 1h", "b"),
        ("duration IS NULL", "c"),
        ("age < 2h", "b"),
        ("age IS NULL", "c"),
        ("start_time < 1", "a"),
        ("dataset.name = 'moons' AND dataset.name != 'moons'", "c"),
        ("dataset.context = 'training'", "c"),
        ("dataset.name NOT IN ('iris', 'moons')", ""),
        ("dataset.digest IS NULL", "ab"),
        ("datasets LIKE '%moons@d1%'", "c"),
        ("is:nan", "b"),
        ("is:inf", "a"),
        ("adam", "a"),
        ("aut", "b"),
        ("1e-", "a"),
        ("'growth team'", "c"),
        ("is:stalled", "b"),
        ("is:stalled age < 1h", ""),
        ("is:nested OR is:parent", "ab"),
        ("is:parent", "a"),
        ("is:deleted", "c"),
        ("is:running resnet", ""),
        ("run_name IS NULL", "bc"),
        ("run_id IN ('a', 'c')", "ac"),
    ];

    #[test]
    fn filters_match_expected_runs() {
        let table = table();
        for (filter, expected) in CASES {
            let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
            let passing = table
                .rows()
                .filter(|row| filter.matches(&table, *row, 10 * HOUR));
            assert_eq!(
                passing
                    .map(|row| table.run_id(row).raw())
                    .collect::<String>(),
                *expected,
                "{filter}"
            );
        }
    }

    #[test]
    fn is_best_uses_goal_and_finished_runs() {
        let mut runs: Vec<_> = ["a", "b", "c", "d", "e"].map(run).into();
        for (run, value) in runs.iter_mut().zip([0.5, 0.9, 0.9, 2.0, f64::NAN]) {
            run.status = RunStatus::Finished;
            run.metrics = vec![Metric {
                key: "acc".into(),
                value: MetricValue::new(value),
                timestamp: 0,
                step: 0,
            }];
        }
        runs[3].status = RunStatus::Failed;
        let mut table = RunTable::default();
        table.upsert(&runs);
        let found = |filter: &str, goal: Option<&Goal>| {
            let filter = Filter::parse(filter).unwrap();
            let bound = filter.bind(&table, goal, 0);
            table
                .rows()
                .filter(|row| bound.matches(*row))
                .map(|row| table.run_id(row).raw().to_owned())
                .collect::<String>()
        };
        let goal = |direction| Goal {
            metric: "acc".into(),
            direction,
        };
        assert_eq!(found("is:best", Some(&goal(Direction::Max))), "bc");
        assert_eq!(found("is:best", Some(&goal(Direction::Min))), "a");
        assert_eq!(
            found("NOT is:best AND is:finished", Some(&goal(Direction::Max))),
            "ae"
        );
        assert_eq!(found("is:best", None), "");
        assert!(
            Filter::parse("metrics.acc > 1 OR NOT is:best")
                .unwrap()
                .needs_all_runs()
        );
    }
}
