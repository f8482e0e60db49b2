//! Evaluation: a filter over a table.

use std::cmp::Ordering;

use super::super::cells::ColumnRef;
use super::super::{Attribute, ColumnKey, Row, RunTable};
use super::pattern::Pattern;
use super::tree::{Comparison, DatasetField, Field, Is, Node, Test};
use crate::domain::{Direction, Goal, Millis, RunStatus};

/// A filter over a table, its columns looked up and its patterns compiled.
#[derive(Debug)]
pub struct Bound<'a> {
    table: &'a RunTable,
    now: Millis,
    check: Check<'a>,
}

#[derive(Debug)]
enum Check<'a> {
    All(Vec<Check<'a>>),
    Any(Vec<Check<'a>>),
    Not(Box<Check<'a>>),
    Column(ColumnRef<'a>, ValueCheck<'a>),
    Dataset(DatasetField, ValueCheck<'a>),
    Age(ColumnRef<'a>, ValueCheck<'a>),
    /// A word in one of these columns.
    Word(Vec<ColumnRef<'a>>, Pattern),
    Is(Is),
    /// A finished run with this value; nothing where no run can be the best.
    Best(Option<(ColumnRef<'a>, f64)>),
}

/// A test of one value that is there; but for [`ValueCheck::Null`], a missing value passes none.
#[derive(Debug)]
enum ValueCheck<'a> {
    Text(TextCheck<'a>, bool),
    Number(NumberCheck<'a>, bool),
    Null { negated: bool },
}

#[derive(Debug)]
enum TextCheck<'a> {
    Equals(&'a str),
    Like(Pattern),
    OneOf(&'a [String]),
}

#[derive(Debug)]
enum NumberCheck<'a> {
    Compares(Comparison, f64),
    Between(f64, f64),
    OneOf(&'a [f64]),
}

impl<'a> Bound<'a> {
    pub(super) fn new(
        root: &'a Node,
        table: &'a RunTable,
        goal: Option<&Goal>,
        now: Millis,
    ) -> Self {
        Self {
            table,
            now,
            check: Check::new(root, table, goal),
        }
    }

    /// Whether a row passes.
    #[must_use]
    pub fn matches(&self, row: Row) -> bool {
        self.passes(&self.check, row)
    }

    fn passes(&self, check: &Check<'a>, row: Row) -> bool {
        match check {
            Check::All(checks) => checks.iter().all(|check| self.passes(check, row)),
            Check::Any(checks) => checks.iter().any(|check| self.passes(check, row)),
            Check::Not(check) => !self.passes(check, row),
            Check::Column(column, check) => match check {
                ValueCheck::Text(text, negated) => column
                    .text(row)
                    .is_some_and(|value| text.holds(value) != *negated),
                ValueCheck::Number(number, negated) => column
                    .number(row, self.now)
                    .is_some_and(|value| number.holds(value) != *negated),
                ValueCheck::Null { negated } => column.is_present(row, self.now) == *negated,
            },
            Check::Dataset(field, check) => self.dataset_passes(*field, check, row),
            Check::Age(start, check) => {
                let age = start
                    .number(row, self.now)
                    .map(|start| self.now as f64 - start);
                match check {
                    ValueCheck::Number(number, negated) => {
                        age.is_some_and(|age| number.holds(age) != *negated)
                    }
                    ValueCheck::Null { negated } => age.is_some() == *negated,
                    ValueCheck::Text(..) => false,
                }
            }
            Check::Word(columns, pattern) => columns
                .iter()
                .any(|column| column.text(row).is_some_and(|text| pattern.matches(text))),
            Check::Is(is) => self.is(*is, row),
            Check::Best(best) => best.is_some_and(|(column, best)| {
                may_be_best(self.table, row)
                    && column
                        .number(row, self.now)
                        .is_some_and(|value| value.partial_cmp(&best) == Some(Ordering::Equal))
            }),
        }
    }

    /// One dataset that passes is enough, also for `!=` and `NOT IN`.
    fn dataset_passes(&self, field: DatasetField, check: &ValueCheck<'_>, row: Row) -> bool {
        let mut values = self
            .table
            .datasets
            .of(row.0)
            .iter()
            .filter_map(|dataset| match field {
                DatasetField::Name => Some(dataset.name),
                DatasetField::Digest => Some(dataset.digest),
                DatasetField::Context => dataset.context,
            });
        match check {
            ValueCheck::Text(text, negated) => {
                values.any(|id| text.holds(self.table.texts.get(id)) != *negated)
            }
            ValueCheck::Null { negated } => values.next().is_some() == *negated,
            ValueCheck::Number(..) => false,
        }
    }

    fn is(&self, is: Is, row: Row) -> bool {
        let status = self.table.status(row);
        match is {
            Is::Running => status == RunStatus::Running,
            Is::Stalled => self.table.is_stalled(row, self.now),
            Is::Scheduled => status == RunStatus::Scheduled,
            Is::Finished => status == RunStatus::Finished,
            Is::Failed => status == RunStatus::Failed,
            Is::Killed => status == RunStatus::Killed,
            Is::Nan => self.table.has_nan(row),
            Is::Nested => self
                .table
                .column(&ColumnKey::Attribute(Attribute::Parent))
                .text(row)
                .is_some(),
            Is::Parent => self.table.has_children(row),
            Is::Deleted => self.table.is_deleted(row),
            Is::Best => false,
        }
    }
}

impl<'a> Check<'a> {
    fn new(node: &'a Node, table: &'a RunTable, goal: Option<&Goal>) -> Self {
        let attribute = |attribute| table.column(&ColumnKey::Attribute(attribute));
        match node {
            Node::All(nodes) => Self::All(
                nodes
                    .iter()
                    .map(|node| Self::new(node, table, goal))
                    .collect(),
            ),
            Node::Any(nodes) => Self::Any(
                nodes
                    .iter()
                    .map(|node| Self::new(node, table, goal))
                    .collect(),
            ),
            Node::Not(node) => Self::Not(Box::new(Self::new(node, table, goal))),
            Node::Test(Field::Column(key), test) => {
                Self::Column(table.column(key), ValueCheck::new(test))
            }
            Node::Test(Field::Dataset(field), test) => Self::Dataset(*field, ValueCheck::new(test)),
            Node::Test(Field::Age, test) => {
                Self::Age(attribute(Attribute::Start), ValueCheck::new(test))
            }
            Node::Word(word) => {
                let id = table
                    .ids_may_contain(word)
                    .then(|| attribute(Attribute::RunId));
                Self::Word(
                    std::iter::once(attribute(Attribute::Name))
                        .chain(id)
                        .collect(),
                    Pattern::containing(word),
                )
            }
            Node::Is(Is::Best) => Self::Best(goal.and_then(|goal| best(table, goal))),
            Node::Is(is) => Self::Is(*is),
        }
    }
}

/// The column of a goal's metric, and the best value of the runs that can be the best.
fn best<'a>(table: &'a RunTable, goal: &Goal) -> Option<(ColumnRef<'a>, f64)> {
    let column = table.column(&ColumnKey::Metric(goal.metric.clone()));
    let values = table
        .rows()
        .filter(|row| may_be_best(table, *row))
        .filter_map(|row| column.number(row, 0))
        .filter(|value| value.is_finite());
    let best = match goal.direction {
        Direction::Max => values.max_by(f64::total_cmp),
        Direction::Min => values.min_by(f64::total_cmp),
    };
    Some((column, best?))
}

/// As for the best that is registered: active, and finished.
fn may_be_best(table: &RunTable, row: Row) -> bool {
    table.status(row) == RunStatus::Finished && !table.is_deleted(row)
}

impl<'a> ValueCheck<'a> {
    fn new(test: &'a Test) -> Self {
        match test {
            Test::Equals { text, negated } => Self::Text(TextCheck::Equals(text), *negated),
            Test::Like {
                pattern,
                any_case,
                negated,
            } => Self::Text(TextCheck::Like(Pattern::new(pattern, *any_case)), *negated),
            Test::OneOfTexts { texts, negated } => Self::Text(TextCheck::OneOf(texts), *negated),
            Test::Compares(comparison, number) => Self::Number(
                NumberCheck::Compares(*comparison, largest_is_infinite(*number)),
                false,
            ),
            Test::Between { low, high, negated } => Self::Number(
                NumberCheck::Between(largest_is_infinite(*low), largest_is_infinite(*high)),
                *negated,
            ),
            Test::OneOfNumbers { numbers, negated } => {
                Self::Number(NumberCheck::OneOf(numbers), *negated)
            }
            Test::Null { negated } => Self::Null { negated: *negated },
        }
    }
}

/// MLflow's SQL stores keep an infinity as the largest f64, and that is how their users ask for one.
fn largest_is_infinite(number: f64) -> f64 {
    crate::domain::MetricValue::new(number).get()
}

impl TextCheck<'_> {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::Equals(text) => value == *text,
            Self::Like(pattern) => pattern.matches(value),
            Self::OneOf(texts) => texts.iter().any(|text| text == value),
        }
    }
}

impl NumberCheck<'_> {
    fn holds(&self, value: f64) -> bool {
        match self {
            Self::Compares(comparison, number) => comparison.holds(value, *number),
            Self::Between(low, high) => (*low..=*high).contains(&value),
            Self::OneOf(numbers) => numbers.contains(&value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::sample::run;
    use super::super::Filter;
    use super::*;
    use crate::domain::{DatasetInput, Lifecycle, Metric, MetricValue, Pair};
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
        a.params = vec![Pair::new("lr", "1e-2"), Pair::new("opt", "adam")];
        let mut b = run("b");
        b.status = RunStatus::Running;
        b.start_time = Some(9 * HOUR);
        b.metrics = vec![metric("acc", f64::NAN)];
        b.params = vec![Pair::new("lr", "auto")];
        b.tags = vec![Pair::new("mlflow.parentRunId", "a"), Pair::new("empty", "")];
        let mut c = run("c");
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
        table.expect(row, Some(9 * HOUR), HOUR);
        table
    }

    #[test]
    fn filters_find_what_they_say() {
        let table = table();
        for (filter, found) in [
            ("", "abc"),
            ("resnet", "a"),
            ("A", "a"),
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
            ("is:stalled", "b"),
            ("is:stalled age < 1h", ""),
            ("is:nested OR is:parent", "ab"),
            ("is:parent", "a"),
            ("is:deleted", "c"),
            ("is:running resnet", ""),
            ("run_name IS NULL", "bc"),
            ("run_id IN ('a', 'c')", "ac"),
        ] {
            let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
            let passing = table
                .rows()
                .filter(|row| filter.matches(&table, *row, 10 * HOUR));
            assert_eq!(
                passing.map(|row| table.id(row).raw()).collect::<String>(),
                found,
                "{filter}"
            );
        }
    }

    #[test]
    fn the_best_is_best_by_the_goal_among_what_finished() {
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
                .map(|row| table.id(row).raw().to_owned())
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
                .asks_for_best()
        );
    }
}
