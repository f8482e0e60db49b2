//! Which rows are seen, and in which order.

use std::str::FromStr;

use super::column::NoColumn;
use super::filter::Filter;
use super::group::{group_order, groups};
use super::order::sort;
use super::tree::{Children, tree};
use super::{ColumnKey, Row, RunTable};
use crate::domain::Millis;

/// A key to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The column.
    pub column: ColumnKey,
    /// Greatest first; NaN and missing are last either way.
    pub descending: bool,
}

impl SortKey {
    /// As MLflow's grammar writes it, raw: `metrics.acc DESC`.
    #[must_use]
    pub fn spelled(&self) -> String {
        format!("{} {}", self.column.spelled(), if self.descending { "DESC" } else { "ASC" })
    }
}

impl FromStr for SortKey {
    type Err = NoColumn;

    /// Reads an order: `metrics.acc DESC`, `start_time`, `lr`.
    fn from_str(text: &str) -> Result<Self, NoColumn> {
        let text = text.trim();
        let (column, descending) = match text.rsplit_once(char::is_whitespace) {
            Some((column, word)) if word.eq_ignore_ascii_case("desc") => (column, true),
            Some((column, word)) if word.eq_ignore_ascii_case("asc") => (column, false),
            _ => (text, false),
        };
        Ok(Self { column: column.trim().parse()?, descending })
    }
}

/// How rows are put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Grouping {
    /// Not at all.
    #[default]
    Flat,
    /// Nested runs under their parent run, to any depth.
    Tree,
    /// By the value of a column: groups in the order of their values, those that miss it last.
    By(ColumnKey),
}

/// What is seen of a table.
#[derive(Clone, Debug, Default)]
pub struct Arrangement {
    /// Which rows; nothing means all.
    pub filter: Option<Filter>,
    /// In which order: first key first; rows that are equal in all keys stay newest first.
    pub sort: Vec<SortKey>,
    /// How they are put together.
    pub grouping: Grouping,
    /// Parents and groups that are folded: a parent's run id, or a group's value as shown.
    pub folded: std::collections::HashSet<String>,
}

/// One line of an arranged table.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A run.
    Run {
        /// Its row.
        row: Row,
        /// How deep it is nested.
        depth: u16,
        /// How many of the runs that pass the filter are nested directly in it.
        children: u32,
    },
    /// The head of a group.
    Group {
        /// The value that its runs share, cleaned; `—` where it is missing.
        value: String,
        /// Its runs, in order, folded or not.
        rows: Vec<Row>,
    },
}

/// The lines of a table under an arrangement. `now` (ms since the epoch) is for ages and for what still goes on.
///
/// Flat and in groups, every run has depth 0. In a tree, a run whose parent doesn't pass the filter stands at the top;
/// runs that are nested in a circle are told too, from the first one on.
#[must_use]
pub fn arrange(table: &RunTable, arrangement: &Arrangement, now: Millis) -> Vec<Line> {
    let mut rows = passing(table, arrangement.filter.as_ref(), now);
    let children = Children::count(table, &rows);
    match &arrangement.grouping {
        Grouping::Flat => {
            sort(table, &mut rows, &arrangement.sort, now);
            rows.into_iter().map(|row| Line::Run { row, depth: 0, children: children.of(row) }).collect()
        }
        Grouping::Tree => {
            sort(table, &mut rows, &arrangement.sort, now);
            tree(table, &rows, &arrangement.folded)
        }
        Grouping::By(column) => {
            let by = group_order(column, &arrangement.sort);
            sort(table, &mut rows, &by, now);
            groups(table, column, &rows, now)
                .into_iter()
                .flat_map(|(value, rows)| {
                    let shown = if arrangement.folded.contains(&value) { Vec::new() } else { rows.clone() };
                    let runs = shown.into_iter().map(|row| Line::Run { row, depth: 0, children: children.of(row) });
                    std::iter::once(Line::Group { value, rows }).chain(runs).collect::<Vec<_>>()
                })
                .collect()
        }
    }
}

/// The rows that pass a filter, newest first.
fn passing(table: &RunTable, filter: Option<&Filter>, now: Millis) -> Vec<Row> {
    let all = table.newest_first();
    match filter {
        None => all.to_vec(),
        Some(filter) => {
            let bound = filter.bind(table, now);
            // In the order in which they came rows lie side by side in memory: five times as fast as newest first.
            let passes: Vec<bool> = table.rows().map(|row| bound.matches(row)).collect();
            all.iter().copied().filter(|row| passes[row.0 as usize]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::super::sample::{any_runs, run};
    use super::*;
    use crate::domain::{Pair, Run};

    fn table(runs: &[Run]) -> RunTable {
        let mut table = RunTable::default();
        table.upsert(runs);
        table
    }

    fn nested(id: &str, parent: &str) -> Run {
        let mut run = run(id);
        run.tags = vec![Pair::new("mlflow.parentRunId", parent)];
        run
    }

    /// Lines as text: `id+children`, indented by depth; groups as `[value]`.
    fn drawn(table: &RunTable, arrangement: &Arrangement) -> Vec<String> {
        arrange(table, arrangement, 10)
            .into_iter()
            .map(|line| match line {
                Line::Group { value, rows } => format!("[{value}]{}", rows.len()),
                Line::Run { row, depth, children } => {
                    format!("{}{}{}", "  ".repeat(depth.into()), table.id(row).raw(), "+".repeat(children as usize))
                }
            })
            .collect()
    }

    fn folded(keys: &[&str]) -> HashSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn nested_runs_stand_under_their_parents_to_any_depth() {
        let table = table(&[run("a"), nested("b", "a"), nested("c", "b"), nested("d", "a"), nested("e", "elsewhere")]);
        let mut tree = Arrangement { grouping: Grouping::Tree, ..Arrangement::default() };
        assert_eq!(drawn(&table, &tree), ["a++", "  b+", "    c", "  d", "e"]);
        tree.folded = folded(&["b"]);
        assert_eq!(drawn(&table, &tree), ["a++", "  b+", "  d", "e"]);
        tree.folded = folded(&["a"]);
        assert_eq!(drawn(&table, &tree), ["a++", "e"]);
        tree.filter = Some(Filter::parse("is:nested").unwrap());
        assert_eq!(drawn(&table, &tree), ["b+", "  c", "d", "e"], "a child whose parent doesn't pass stands at the top");
    }

    #[test]
    fn runs_nested_in_a_circle_are_told_once() {
        let table = table(&[nested("a", "b"), nested("b", "a"), nested("c", "c"), run("d")]);
        let tree = Arrangement { grouping: Grouping::Tree, ..Arrangement::default() };
        assert_eq!(drawn(&table, &tree), ["c", "d", "a+", "  b"]);
    }

    #[test]
    fn a_chain_of_100_000_is_walked() {
        let runs: Vec<Run> = (0..100_000).map(|n| nested(&n.to_string(), &(n - 1).to_string())).collect();
        let tree = Arrangement { grouping: Grouping::Tree, ..Arrangement::default() };
        let lines = arrange(&table(&runs), &tree, 0);
        assert_eq!(lines.len(), 100_000);
        assert!(matches!(lines.last(), Some(Line::Run { depth: u16::MAX, .. })));
    }

    #[test]
    fn groups_are_in_the_order_of_their_values() {
        let with = |id: &str, lr: &str| {
            let mut run = run(id);
            run.params = vec![Pair::new("lr", lr)];
            run
        };
        let table = table(&[with("a", "10"), with("b", "9"), run("c"), with("d", "9.0"), with("e", "auto"), with("f", "nan")]);
        let key = ColumnKey::Param("lr".into());
        let mut by = Arrangement { grouping: Grouping::By(key.clone()), folded: folded(&["10"]), ..Arrangement::default() };
        assert_eq!(drawn(&table, &by), ["[9]2", "b", "d", "[10]1", "[auto]1", "e", "[nan]1", "f", "[—]1", "c"]);
        by.sort = vec![SortKey { column: key, descending: true }];
        assert_eq!(drawn(&table, &by), ["[10]1", "[9]2", "b", "d", "[auto]1", "e", "[nan]1", "f", "[—]1", "c"]);
    }

    proptest! {
        #[test]
        fn no_arrangement_loses_or_doubles_a_run(runs in any_runs(), word in proptest::sample::select(vec!["", "is:nested", "params.p = '9'"]), descending in any::<bool>()) {
            let table = table(&runs);
            let filter = Filter::parse(word).unwrap();
            let mut expected: Vec<Row> = table.rows().filter(|row| filter.matches(&table, *row, 10)).collect();
            for grouping in [Grouping::Flat, Grouping::Tree, Grouping::By(ColumnKey::Tag("t".into()))] {
                let sort = vec![SortKey { column: ColumnKey::Metric("x".into()), descending }];
                let arrangement = Arrangement { filter: Some(filter.clone()), sort, grouping, ..Arrangement::default() };
                let lines = arrange(&table, &arrangement, 10);
                let mut rows: Vec<Row> = lines.iter().filter_map(|line| if let Line::Run { row, .. } = line { Some(*row) } else { None }).collect();
                rows.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(&rows, &expected);
            }
        }
    }
}
