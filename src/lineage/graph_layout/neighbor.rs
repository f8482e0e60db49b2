//! From box to box: to the nearest in a direction.

use super::GraphLayout;

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveDirection {
    /// Towards causes.
    Left,
    /// Towards effects.
    Right,
    /// Upwards in the same layer.
    Up,
    /// Downwards in the same layer.
    Down,
}

impl GraphLayout {
    /// The nearest box in a direction: up and down in the layer; left and right one that this is joined to, else the one at the same
    /// height. Layers beyond an edge count: whoever walks there sees them.
    #[must_use]
    pub fn neighbor(&self, from: usize, direction: MoveDirection) -> Option<usize> {
        let here = self.boxes.get(from)?;
        let in_layer = |layer: usize| {
            self.boxes
                .iter()
                .enumerate()
                .filter(move |(_, other)| other.layer == layer)
        };
        let at = |order: Option<usize>| {
            let order = order?;
            in_layer(here.layer)
                .find(|(_, other)| other.order == order)
                .map(|(at, _)| at)
        };
        let across = |layer: Option<usize>| {
            let layer = layer?;
            let count = |layer| in_layer(layer).count();
            let (own, others) = (2 * here.order + count(layer), count(here.layer));
            let joined =
                |at: usize| self.links.contains(&(at, from)) || self.links.contains(&(from, at));
            // Layers stand around one middle: the heights of their boxes, from there, doubled.
            let distance = |order: usize| (2 * order + others).abs_diff(own);
            in_layer(layer)
                .min_by_key(|(at, other)| (!joined(*at), distance(other.order), other.order))
                .map(|(at, _)| at)
        };
        match direction {
            MoveDirection::Up => at(here.order.checked_sub(1)),
            MoveDirection::Down => at(Some(here.order + 1)),
            MoveDirection::Left => across(here.layer.checked_sub(1)),
            MoveDirection::Right => across(Some(here.layer + 1)),
        }
    }
}
