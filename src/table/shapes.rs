//! Shapes: which keyed columns a row has values in. Runs of one script share a shape, so each is kept once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::Run;

/// The columns of a row, in the order in which its run told them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    pub(super) metrics: Vec<u32>,
    pub(super) params: Vec<u32>,
    pub(super) tags: Vec<u32>,
}

impl Shape {
    /// An empty shape that can take a run's keys without growing.
    pub(super) fn with_room_for(run: &Run) -> Self {
        Self {
            metrics: Vec::with_capacity(run.metrics.len()),
            params: Vec::with_capacity(run.params.len()),
            tags: Vec::with_capacity(run.tags.len()),
        }
    }

    /// Whether the row has no keyed values at all.
    pub(super) fn is_empty(&self) -> bool {
        self.metrics.is_empty() && self.params.is_empty() && self.tags.is_empty()
    }
}

/// The shapes of all rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes {
    known: HashMap<Arc<Shape>, u32>,
    all: Vec<Arc<Shape>>,
    rows: Vec<u32>,
}

impl Shapes {
    /// The shape of a row; an empty one if it has none yet.
    pub(super) fn of(&self, row: u32) -> Arc<Shape> {
        self.borrow(row).cloned().unwrap_or_default()
    }

    /// The metric columns of a row.
    pub(super) fn metrics(&self, row: u32) -> &[u32] {
        self.borrow(row).map_or(&[], |shape| &shape.metrics)
    }

    /// Gives a row its shape. The first rows come in order.
    pub(super) fn set(&mut self, row: u32, shape: Shape) -> Arc<Shape> {
        let last = self.rows.last().and_then(|id| self.all.get(*id as usize).map(|last| (*id, last)));
        let id = match last.filter(|(_, last)| ***last == shape).map(|(id, _)| id).or_else(|| self.known.get(&shape).copied()) {
            Some(id) => id,
            None => self.add(shape),
        };
        let at = row as usize;
        if at >= self.rows.len() {
            self.rows.resize(at + 1, id);
        }
        self.rows[at] = id;
        Arc::clone(&self.all[id as usize])
    }

    fn add(&mut self, shape: Shape) -> u32 {
        let id = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        let shape = Arc::new(shape);
        self.all.push(Arc::clone(&shape));
        self.known.insert(shape, id);
        id
    }

    fn borrow(&self, row: u32) -> Option<&Arc<Shape>> {
        self.rows.get(row as usize).and_then(|id| self.all.get(*id as usize))
    }

    /// The bytes of memory that this holds.
    pub(super) fn bytes(&self) -> usize {
        let shape = |shape: &Arc<Shape>| 88 + 16 + 4 * (shape.metrics.capacity() + shape.params.capacity() + shape.tags.capacity());
        self.rows.capacity() * 4 + self.known.capacity() * 17 + self.all.iter().map(shape).sum::<usize>()
    }
}

/// The columns of `before` that are not in `after`.
pub(super) fn vanished<'a>(before: &'a [u32], after: &[u32]) -> impl Iterator<Item = u32> + 'a {
    let mut after = after.to_vec();
    after.sort_unstable();
    before.iter().copied().filter(move |column| after.binary_search(column).is_err())
}
