//! Nested runs under their parents.

use std::collections::HashSet;

use super::arrange::Line;
use super::rows::{Row, RunTable};

/// How many of some runs are nested directly in each run.
pub(super) struct Children(Vec<u32>);

impl Children {
    /// Counts the children among `rows`.
    pub(super) fn count(table: &RunTable, rows: &[Row]) -> Self {
        let mut count = vec![0_u32; table.len()];
        for parent in rows.iter().filter_map(|row| table.parent(*row)) {
            count[parent.0 as usize] += 1;
        }
        Self(count)
    }

    /// The count of a run.
    pub(super) fn of(&self, row: Row) -> u32 {
        self.0.get(row.0 as usize).copied().unwrap_or(0)
    }
}

/// Adds what the rows are nested in, to any depth, so that they keep their place under it. The rows stay newest first.
/// Returns for each row of the table whether it was there before.
pub(super) fn with_parents(table: &RunTable, rows: &mut Vec<Row>) -> Vec<bool> {
    let mut passing = vec![false; table.len()];
    for row in rows.iter() {
        passing[row.0 as usize] = true;
    }
    let mut told = passing.clone();
    for row in rows.iter() {
        let mut above = table.parent(*row);
        while let Some(parent) =
            above.filter(|parent| !std::mem::replace(&mut told[parent.0 as usize], true))
        {
            above = table.parent(parent);
        }
    }
    *rows = table
        .newest_first()
        .iter()
        .copied()
        .filter(|row| told[row.0 as usize])
        .collect();
    passing
}

/// The lines of rows, in their order among siblings. Folded runs hide what is nested in them; `passing` says of each row of
/// the table whether it passes the filter.
pub(super) fn tree(
    table: &RunTable,
    rows: &[Row],
    passing: &[bool],
    folded: &HashSet<String>,
) -> Vec<Line> {
    let mut walk = Walk::new(table, rows, passing, folded);
    for row in rows {
        if walk.parent(*row).is_none() {
            walk.tell(*row);
        }
    }
    // What is left is nested in a circle, or in a run of one: it has no top, so that the first of each circle is made one.
    let circles = walk.circles(rows);
    for row in rows.iter().filter(|row| circles[row.0 as usize]) {
        walk.tell(*row);
    }
    walk.lines
}

/// A walk over a forest that is kept as linked lists: a vector a parent would be 100,000 vectors.
struct Walk<'t> {
    table: &'t RunTable,
    folded: &'t HashSet<String>,
    among: Vec<bool>,
    passing: &'t [bool],
    first_child: Vec<Option<Row>>,
    next_sibling: Vec<Option<Row>>,
    told: Vec<bool>,
    lines: Vec<Line>,
}

impl<'t> Walk<'t> {
    fn new(
        table: &'t RunTable,
        rows: &[Row],
        passing: &'t [bool],
        folded: &'t HashSet<String>,
    ) -> Self {
        let size = table.len();
        let mut walk = Self {
            table,
            folded,
            among: vec![false; size],
            passing,
            first_child: vec![None; size],
            next_sibling: vec![None; size],
            told: vec![false; size],
            lines: Vec::with_capacity(rows.len()),
        };
        for row in rows {
            walk.among[row.0 as usize] = true;
        }
        // Each new child goes before the others, so that going backwards leaves them in order.
        for row in rows.iter().rev() {
            if let Some(parent) = walk.parent(*row) {
                walk.next_sibling[row.0 as usize] =
                    walk.first_child[parent.0 as usize].replace(*row);
            }
        }
        walk
    }

    /// The parent of a row, if it is among those that are told.
    fn parent(&self, row: Row) -> Option<Row> {
        self.table
            .parent(row)
            .filter(|parent| self.among[parent.0 as usize])
    }

    /// For each row of the table, whether it is nested in itself, by way of others or not; of those that have not been told.
    fn circles(&self, rows: &[Row]) -> Vec<bool> {
        let mut circles = vec![false; self.told.len()];
        // On which way up each row was met first, counted from 1.
        let mut met = vec![0_usize; self.told.len()];
        for (way, row) in (1..).zip(rows.iter().filter(|row| !self.told[row.0 as usize])) {
            let mut at = *row;
            while met[at.0 as usize] == 0 {
                met[at.0 as usize] = way;
                let Some(parent) = self.parent(at) else { break };
                at = parent;
            }
            while met[at.0 as usize] == way && !std::mem::replace(&mut circles[at.0 as usize], true)
            {
                let Some(parent) = self.parent(at) else { break };
                at = parent;
            }
        }
        circles
    }

    /// Tells a row and all that is nested in it, unless it has been told.
    fn tell(&mut self, top: Row) {
        // Rows to be told, with their depth and whether a folded run hides them.
        let mut open = vec![(top, 0_u16, false)];
        while let Some((row, depth, hidden)) = open.pop() {
            if std::mem::replace(&mut self.told[row.0 as usize], true) {
                continue;
            }
            let children = self.children(row);
            if !hidden {
                let passes = self.passing[row.0 as usize];
                self.lines.push(Line::Run {
                    row,
                    depth,
                    children: u32::try_from(children.len()).unwrap_or(u32::MAX),
                    passes,
                });
            }
            let hides =
                hidden || (!children.is_empty() && self.folded.contains(self.table.id(row).raw()));
            open.extend(
                children
                    .into_iter()
                    .rev()
                    .map(|child| (child, depth.saturating_add(1), hides)),
            );
        }
    }

    /// The children of a row that have not been told.
    fn children(&self, row: Row) -> Vec<Row> {
        let first = self.first_child[row.0 as usize];
        std::iter::successors(first, |child| self.next_sibling[child.0 as usize])
            .filter(|child| !self.told[child.0 as usize])
            .collect()
    }
}
