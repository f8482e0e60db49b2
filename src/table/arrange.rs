//! Arrangement: which rows are visible, in which order, and how they are grouped.

use std::str::FromStr;

use super::column::ParseColumnError;
use super::column_kind::RemoteSupport;
use super::filter::Filter;
use super::group::{Group, group_rows, group_sort_keys, sort_groups};
use super::sort::sort_rows;
use super::tree::{Children, add_ancestors, tree_rows};
use super::{ColumnKey, RowId, RunTable, Statistic};
use crate::domain::{Direction, Goal, Millis, RunOrder};

/// A column to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The column.
    pub column: ColumnKey,
    /// Greatest first. NaN and missing values come last in both directions.
    pub descending: bool,
}

impl SortKey {
    /// MLflow's spelling, raw: `metrics.acc DESC`.
    #[must_use]
    pub fn to_raw_string(&self) -> String {
        format!("{} {}", self.column.to_raw_string(), self.order())
    }

    /// The `ORDER BY` term, where MLflow sorts as this table does; it sorts params as text, which may be numbers here.
    #[must_use]
    pub fn to_order_by(&self) -> Option<String> {
        let is_sortable = self.column.kind().remote == RemoteSupport::Number;
        let column = self.column.to_remote_string().filter(|_| is_sortable)?;
        Some(format!("{column} {}", self.order()))
    }

    /// The key of a database, which sorts exactly as this table does; `None` for a column that only the table has.
    #[must_use]
    pub fn to_run_order(&self) -> Option<RunOrder> {
        Some(RunOrder {
            field: self.column.run_field()?,
            descending: self.descending,
        })
    }

    fn order(&self) -> &'static str {
        if self.descending { "DESC" } else { "ASC" }
    }
}

impl FromStr for SortKey {
    type Err = ParseColumnError;

    /// Parses `metrics.acc DESC`, `start_time`, `lr`.
    fn from_str(text: &str) -> Result<Self, ParseColumnError> {
        let text = text.trim();
        let (column, descending) = match text.rsplit_once(char::is_whitespace) {
            Some((column, word)) if word.eq_ignore_ascii_case("desc") => (column, true),
            Some((column, word)) if word.eq_ignore_ascii_case("asc") => (column, false),
            _ => (text, false),
        };
        Ok(Self {
            column: column.trim().parse()?,
            descending,
        })
    }
}

/// How rows are grouped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// No groups.
    #[default]
    Flat,
    /// Nested runs under their parent, to any depth.
    Tree,
    /// By the value of a column; groups sort by value, missing last, or by a statistic of the sort columns.
    By(ColumnKey),
}

/// A view of a table.
#[derive(Clone, Debug, Default)]
pub struct Arrangement {
    /// Which rows; `None` for all.
    pub filter: Option<Filter>,
    /// The sort keys, the first one first. Rows that are equal in all keys stay newest first.
    pub sort: Vec<SortKey>,
    /// How rows are grouped.
    pub grouping: Grouping,
    /// Collapsed parents, by run id, and groups, by value.
    pub collapsed: std::collections::HashSet<String>,
    /// The statistic that group rows show and sort by.
    pub statistic: Statistic,
    /// The goal that decides which run is best.
    pub goal: Option<Goal>,
}

impl Arrangement {
    /// The direction in which a metric improves: by the goal, else by its name.
    #[must_use]
    pub fn direction_of(&self, column: &ColumnKey) -> Option<Direction> {
        let ColumnKey::Metric(key) = column else {
            return None;
        };
        let goal = self.goal.as_ref().filter(|goal| goal.metric == *key);
        goal.map(|goal| goal.direction)
            .or_else(|| Direction::from_metric_name(key.raw()))
    }
}

/// A row of an arranged table.
#[derive(Clone, Debug, PartialEq)]
pub enum DisplayRow {
    /// A run.
    Run {
        /// The run.
        row: RowId,
        /// The depth of nesting, 0 outside of trees.
        depth: u16,
        /// The number of its visible direct children.
        children: u32,
        /// Whether it passes the filter. A tree also lists parents that don't, for their matching children.
        is_match: bool,
    },
    /// The header of a group.
    Group {
        /// The shared value, safe to draw; `—` if it is missing.
        value: String,
        /// Its runs, in order, collapsed or not.
        rows: Vec<RowId>,
    },
}

/// Filters, sorts and groups the rows of a table. `now` (ms since the epoch) is for ages and for durations of running runs.
///
/// In a tree, a run whose parent is missing is a root, and so is the first run of a cycle of parents.
#[must_use]
pub fn arrange(table: &RunTable, arrangement: &Arrangement, now: Millis) -> Vec<DisplayRow> {
    let mut rows = filter_rows(table, arrangement, now);
    let children = Children::count(table, &rows);
    match &arrangement.grouping {
        Grouping::Flat => {
            sort_rows(table, &mut rows, &arrangement.sort, now);
            rows.into_iter()
                .map(|row| DisplayRow::Run {
                    row,
                    depth: 0,
                    children: children.get(row),
                    is_match: true,
                })
                .collect()
        }
        Grouping::Tree => {
            let is_match = add_ancestors(table, &mut rows);
            sort_rows(table, &mut rows, &arrangement.sort, now);
            tree_rows(table, &rows, &is_match, &arrangement.collapsed)
        }
        Grouping::By(column) => {
            let by = group_sort_keys(column, &arrangement.sort);
            sort_rows(table, &mut rows, &by, now);
            let mut groups = group_rows(table, column, &rows, now);
            sort_groups(table, &mut groups, column, arrangement, now);
            groups
                .into_iter()
                .flat_map(|Group { value, rows }| {
                    let visible = if arrangement.collapsed.contains(&value) {
                        Vec::new()
                    } else {
                        rows.clone()
                    };
                    let runs = visible.into_iter().map(|row| DisplayRow::Run {
                        row,
                        depth: 0,
                        children: children.get(row),
                        is_match: true,
                    });
                    std::iter::once(DisplayRow::Group { value, rows })
                        .chain(runs)
                        .collect::<Vec<_>>()
                })
                .collect()
        }
    }
}

/// The matching rows, newest first.
fn filter_rows(table: &RunTable, arrangement: &Arrangement, now: Millis) -> Vec<RowId> {
    let all = table.newest_first();
    match &arrangement.filter {
        None => all.to_vec(),
        Some(filter) => {
            let bound = filter.bind(table, arrangement.goal.as_ref(), now);
            // In the order of insertion, rows lie side by side in memory: five times as fast as newest first.
            let passes: Vec<bool> = table.rows().map(|row| bound.matches(row)).collect();
            all.iter()
                .copied()
                .filter(|row| passes[row.0 as usize])
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::super::test_data::{any_runs, run};
    use super::*;
    use crate::domain::{KeyValue, Metric, MetricValue, Run};

    fn table(runs: &[Run]) -> RunTable {
        let mut table = RunTable::default();
        table.upsert(runs);
        table
    }

    fn nested(id: &str, parent: &str) -> Run {
        let mut run = run(id);
        run.tags = vec![KeyValue::new("mlflow.parentRunId", parent)];
        run
    }

    /// Rows as text: `id+children`, indented by depth; groups as `[value]`.
    fn render(table: &RunTable, arrangement: &Arrangement) -> Vec<String> {
        arrange(table, arrangement, 10)
            .into_iter()
            .map(|line| match line {
                DisplayRow::Group { value, rows } => format!("[{value}]{}", rows.len()),
                DisplayRow::Run {
                    row,
                    depth,
                    children,
                    is_match: passes,
                } => {
                    let id = if passes {
                        table.run_id(row).raw().to_owned()
                    } else {
                        format!("({})", table.run_id(row).raw())
                    };
                    format!(
                        "{}{id}{}",
                        "  ".repeat(depth.into()),
                        "+".repeat(children as usize)
                    )
                }
            })
            .collect()
    }

    fn collapsed(keys: &[&str]) -> HashSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn tree_nests_runs_under_parents_at_any_depth() {
        let table = table(&[
            run("a"),
            nested("b", "a"),
            nested("c", "b"),
            nested("d", "a"),
            nested("e", "elsewhere"),
        ]);
        let mut tree = Arrangement {
            grouping: Grouping::Tree,
            ..Arrangement::default()
        };
        assert_eq!(render(&table, &tree), ["a++", "  b+", "    c", "  d", "e"]);
        tree.collapsed = collapsed(&["b"]);
        assert_eq!(render(&table, &tree), ["a++", "  b+", "  d", "e"]);
        tree.collapsed = collapsed(&["a"]);
        assert_eq!(render(&table, &tree), ["a++", "e"]);
        tree.filter = Some(Filter::parse("is:nested").unwrap());
        assert_eq!(
            render(&table, &tree),
            ["(a)++", "e"],
            "collapsed parents stay collapsed"
        );
        tree.collapsed.clear();
        assert_eq!(
            render(&table, &tree),
            ["(a)++", "  b+", "    c", "  d", "e"],
            "a parent that does not match is listed for its children"
        );
        tree.filter = Some(Filter::parse("id = 'c'").unwrap());
        assert_eq!(
            render(&table, &tree),
            ["(a)+", "  (b)+", "    c"],
            "and so is its parent"
        );
        tree.grouping = Grouping::Flat;
        assert_eq!(render(&table, &tree), ["c"]);
    }

    #[test]
    fn tree_lists_runs_in_a_parent_cycle_once() {
        let table = table(&[
            nested("a", "b"),
            nested("b", "a"),
            nested("c", "c"),
            run("d"),
        ]);
        let tree = Arrangement {
            grouping: Grouping::Tree,
            ..Arrangement::default()
        };
        assert_eq!(render(&table, &tree), ["c", "d", "a+", "  b"]);
        let table = self::table(&[nested("0", "a"), nested("a", "b"), nested("b", "a")]);
        assert_eq!(
            render(&table, &tree),
            ["a++", "  0", "  b"],
            "a child of a cycle is not a root"
        );
    }

    #[test]
    fn tree_handles_a_chain_of_100_000_runs() {
        let runs: Vec<Run> = (0..100_000)
            .map(|n| nested(&n.to_string(), &(n - 1).to_string()))
            .collect();
        let tree = Arrangement {
            grouping: Grouping::Tree,
            ..Arrangement::default()
        };
        let lines = arrange(&table(&runs), &tree, 0);
        assert_eq!(lines.len(), 100_000);
        assert!(matches!(
            lines.last(),
            Some(DisplayRow::Run {
                depth: u16::MAX,
                ..
            })
        ));
    }

    #[test]
    fn groups_sort_by_value() {
        let with = |id: &str, lr: &str| {
            let mut run = run(id);
            run.params = vec![KeyValue::new("lr", lr)];
            run
        };
        let table = table(&[
            with("a", "10"),
            with("b", "9"),
            run("c"),
            with("d", "9.0"),
            with("e", "auto"),
            with("f", "nan"),
        ]);
        let key = ColumnKey::Param("lr".into());
        let mut by = Arrangement {
            grouping: Grouping::By(key.clone()),
            collapsed: collapsed(&["10"]),
            ..Arrangement::default()
        };
        assert_eq!(
            render(&table, &by),
            [
                "[9]2", "b", "d", "[10]1", "[auto]1", "e", "[nan]1", "f", "[—]1", "c"
            ]
        );
        by.sort = vec![SortKey {
            column: key,
            descending: true,
        }];
        assert_eq!(
            render(&table, &by),
            [
                "[10]1", "[9]2", "b", "d", "[auto]1", "e", "[nan]1", "f", "[—]1", "c"
            ]
        );
    }

    proptest! {
        #[test]
        fn arrange_lists_every_matching_run_once(runs in any_runs(), word in proptest::sample::select(vec!["", "is:nested", "params.p = '9'"]), descending in any::<bool>()) {
            let table = table(&runs);
            let filter = Filter::parse(word).unwrap();
            let mut expected: Vec<RowId> = table.rows().filter(|row| filter.matches(&table, *row, 10)).collect();
            for grouping in [Grouping::Flat, Grouping::Tree, Grouping::By(ColumnKey::Tag("t".into()))] {
                let sort = vec![SortKey { column: ColumnKey::Metric("x".into()), descending }];
                let arrangement = Arrangement { filter: Some(filter.clone()), sort, grouping, ..Arrangement::default() };
                let lines = arrange(&table, &arrangement, 10);
                let passing = lines.iter().filter_map(|line| if let DisplayRow::Run { row, is_match: true, .. } = line { Some(*row) } else { None });
                let mut rows: Vec<RowId> = passing.collect();
                rows.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(&rows, &expected);
            }
        }

        /// Every run is under its parent, siblings are sorted, and a run that does not match has a matching descendant.
        #[test]
        fn trees_stay_valid_when_sorted_and_filtered(runs in any_runs(), word in proptest::sample::select(vec!["", "is:nested", "params.p = '9'", "metrics.x > 0"]), descending in any::<bool>()) {
            let table = table(&runs);
            let key = SortKey { column: ColumnKey::Metric("x".into()), descending };
            let arrangement = Arrangement { filter: Some(Filter::parse(word).unwrap()), sort: vec![key.clone()], grouping: Grouping::Tree, ..Arrangement::default() };
            let lines: Vec<(RowId, u16, bool)> = arrange(&table, &arrangement, 10).into_iter().filter_map(|line| match line {
                DisplayRow::Run { row, depth, is_match, .. } => Some((row, depth, is_match)),
                DisplayRow::Group { .. } => None,
            }).collect();
            let mut sorted: Vec<RowId> = table.newest_first().to_vec();
            sort_rows(&table, &mut sorted, &[key], 10);
            let position = |row: RowId| sorted.iter().position(|other| *other == row).unwrap();
            let in_circle = |row: RowId| {
                let up = std::iter::successors(table.parent(row), |row| table.parent(*row));
                up.take(runs.len()).any(|above| above == row)
            };
            for (at, (row, depth, passes)) in lines.iter().enumerate() {
                let above = lines[..at].iter().rev().find(|(_, other, _)| other < depth).map(|(parent, ..)| *parent);
                if *depth > 0 {
                    prop_assert_eq!(above, table.parent(*row));
                } else if let Some(parent) = table.parent(*row) {
                    // Only the first run of a cycle is above its parent.
                    prop_assert!(lines[at..].iter().any(|(other, ..)| *other == parent));
                    prop_assert!(in_circle(*row));
                }
                let before = lines[..at].iter().rev().take_while(|(_, other, _)| other >= depth).find(|(_, other, _)| other == depth);
                if let Some((sibling, ..)) = before.filter(|_| *depth > 0) {
                    prop_assert!(position(*sibling) < position(*row));
                }
                let below = lines[at + 1..].iter().take_while(|(_, other, _)| other > depth);
                // In a cycle, a parent can be below the descendant that matches.
                prop_assert!(*passes || in_circle(*row) || below.into_iter().any(|(_, _, passes)| *passes));
            }
        }
    }

    fn group_runs() -> RunTable {
        let with = |id: &str, lr: &str, loss: Option<f64>| {
            let mut run = run(id);
            run.params = vec![KeyValue::new("lr", lr)];
            let metric = |value| Metric {
                key: "loss".into(),
                value: MetricValue::new(value),
                timestamp: 0,
                step: 0,
            };
            run.metrics = loss.into_iter().map(metric).collect();
            run
        };
        table(&[
            with("a", "1", Some(5.0)),
            with("b", "1", Some(1.0)),
            with("c", "2", Some(2.0)),
            with("d", "2", Some(f64::NAN)),
            with("e", "3", None),
            with("f", "4", Some(3.0)),
        ])
    }

    #[test]
    fn groups_sort_by_statistic_of_sort_column() {
        let table = group_runs();
        let mut by = Arrangement {
            grouping: Grouping::By(ColumnKey::Param("lr".into())),
            sort: vec!["metrics.loss".parse().unwrap()],
            ..Arrangement::default()
        };
        assert_eq!(
            render(&table, &by),
            ["[2]2", "c", "d", "[1]2", "b", "a", "[4]1", "f", "[3]1", "e"],
            "means 2, 3, 3, none"
        );
        by.sort[0].descending = true;
        by.statistic = Statistic::Count;
        assert_eq!(
            render(&table, &by),
            ["[1]2", "a", "b", "[2]2", "c", "d", "[4]1", "f", "[3]1", "e"],
            "2, 1, 1 and 0 values"
        );
        by.sort[0].descending = false;
        by.statistic = Statistic::Best;
        assert_eq!(
            render(&table, &by)[..2],
            ["[1]2", "b"],
            "a lower loss is better"
        );
        by.goal = Some("loss max".parse().unwrap());
        assert_eq!(
            render(&table, &by)[..2],
            ["[2]2", "c"],
            "the goal decides the direction"
        );
        by.sort.insert(0, "run_name DESC".parse().unwrap());
        assert_eq!(
            render(&table, &by)[0],
            "[2]2",
            "text has no statistic, so the next key decides"
        );
    }
}
