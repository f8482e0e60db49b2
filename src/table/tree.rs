//! Trees of nested runs.

use std::collections::HashSet;

use super::arrange::DisplayRow;
use super::rows::{RowId, RunTable};

/// The number of direct children of each run.
pub(super) struct Children(Vec<u32>);

impl Children {
    /// Counts the children among `rows`.
    pub(super) fn count(table: &RunTable, rows: &[RowId]) -> Self {
        let mut count = vec![0_u32; table.len()];
        for parent in rows.iter().filter_map(|row| table.parent(*row)) {
            count[parent.0 as usize] += 1;
        }
        Self(count)
    }

    pub(super) fn get(&self, row: RowId) -> u32 {
        self.0.get(row.0 as usize).copied().unwrap_or(0)
    }
}

/// Adds the ancestors of rows. The rows stay newest first. Returns for each row of the table whether it was there before.
pub(super) fn add_ancestors(table: &RunTable, rows: &mut Vec<RowId>) -> Vec<bool> {
    let mut is_match = vec![false; table.len()];
    for row in rows.iter() {
        is_match[row.0 as usize] = true;
    }
    let mut included = is_match.clone();
    for row in rows.iter() {
        let mut above = table.parent(*row);
        while let Some(parent) =
            above.filter(|parent| !std::mem::replace(&mut included[parent.0 as usize], true))
        {
            above = table.parent(parent);
        }
    }
    *rows = table
        .newest_first()
        .iter()
        .copied()
        .filter(|row| included[row.0 as usize])
        .collect();
    is_match
}

/// The rows as a tree, siblings in the given order. Collapsed runs hide their descendants; `is_match` has an entry for each row of the
/// table.
pub(super) fn tree_rows(
    table: &RunTable,
    rows: &[RowId],
    is_match: &[bool],
    collapsed: &HashSet<String>,
) -> Vec<DisplayRow> {
    let mut walk = TreeWalk::new(table, rows, is_match, collapsed);
    for row in rows {
        if walk.parent(*row).is_none() {
            walk.emit(*row);
        }
    }
    // What is left descends from a cycle, which has no root: its first run becomes one.
    let in_cycle = walk.in_cycle(rows);
    for row in rows.iter().filter(|row| in_cycle[row.0 as usize]) {
        walk.emit(*row);
    }
    walk.output
}

/// A walk over a forest of linked lists; a vector for each parent would be 100,000 vectors.
struct TreeWalk<'t> {
    table: &'t RunTable,
    collapsed: &'t HashSet<String>,
    included: Vec<bool>,
    is_match: &'t [bool],
    first_child: Vec<Option<RowId>>,
    next_sibling: Vec<Option<RowId>>,
    visited: Vec<bool>,
    output: Vec<DisplayRow>,
}

impl<'t> TreeWalk<'t> {
    fn new(
        table: &'t RunTable,
        rows: &[RowId],
        is_match: &'t [bool],
        collapsed: &'t HashSet<String>,
    ) -> Self {
        let size = table.len();
        let mut walk = Self {
            table,
            collapsed,
            included: vec![false; size],
            is_match,
            first_child: vec![None; size],
            next_sibling: vec![None; size],
            visited: vec![false; size],
            output: Vec::with_capacity(rows.len()),
        };
        for row in rows {
            walk.included[row.0 as usize] = true;
        }
        // Each child is prepended, so going backwards leaves them in order.
        for row in rows.iter().rev() {
            if let Some(parent) = walk.parent(*row) {
                walk.next_sibling[row.0 as usize] =
                    walk.first_child[parent.0 as usize].replace(*row);
            }
        }
        walk
    }

    /// The parent of a row, if it is included.
    fn parent(&self, row: RowId) -> Option<RowId> {
        self.table
            .parent(row)
            .filter(|parent| self.included[parent.0 as usize])
    }

    /// For each row of the table that was not visited, whether it is its own ancestor.
    fn in_cycle(&self, rows: &[RowId]) -> Vec<bool> {
        let mut in_cycle = vec![false; self.visited.len()];
        // The number of the walk that met each row first, counted from 1.
        let mut first_walk = vec![0_usize; self.visited.len()];
        for (walk_number, row) in (1..).zip(rows.iter().filter(|row| !self.visited[row.0 as usize]))
        {
            let mut at = *row;
            while first_walk[at.0 as usize] == 0 {
                first_walk[at.0 as usize] = walk_number;
                let Some(parent) = self.parent(at) else { break };
                at = parent;
            }
            while first_walk[at.0 as usize] == walk_number
                && !std::mem::replace(&mut in_cycle[at.0 as usize], true)
            {
                let Some(parent) = self.parent(at) else { break };
                at = parent;
            }
        }
        in_cycle
    }

    /// Emits a row and its descendants, unless they were visited.
    fn emit(&mut self, root: RowId) {
        // Rows to visit, with their depth and whether a collapsed ancestor hides them.
        let mut stack = vec![(root, 0_u16, false)];
        while let Some((row, depth, hidden)) = stack.pop() {
            if std::mem::replace(&mut self.visited[row.0 as usize], true) {
                continue;
            }
            let children = self.children(row);
            if !hidden {
                let passes = self.is_match[row.0 as usize];
                self.output.push(DisplayRow::Run {
                    row,
                    depth,
                    children: u32::try_from(children.len()).unwrap_or(u32::MAX),
                    is_match: passes,
                });
            }
            let hides = hidden
                || (!children.is_empty() && self.collapsed.contains(self.table.run_id(row).raw()));
            stack.extend(
                children
                    .into_iter()
                    .rev()
                    .map(|child| (child, depth.saturating_add(1), hides)),
            );
        }
    }

    /// The children of a row that were not visited.
    fn children(&self, row: RowId) -> Vec<RowId> {
        let first = self.first_child[row.0 as usize];
        std::iter::successors(first, |child| self.next_sibling[child.0 as usize])
            .filter(|child| !self.visited[child.0 as usize])
            .collect()
    }
}
