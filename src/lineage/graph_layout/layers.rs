//! The layer of each node: every cause left of its effects. Causes of the center are as close before it as possible, all
//! other nodes as close behind their causes.

use std::collections::{BTreeSet, HashMap};

use super::Diagram;

pub(super) struct Layering {
    /// By node, from the left, from 0.
    pub layer_of: Vec<usize>,
    /// The edges without duplicates, left end first.
    pub links: Vec<LayeredEdge>,
}

/// An edge from left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LayeredEdge {
    pub from: usize,
    pub to: usize,
    /// Whether its cause is at the right: it was reversed to break a cycle.
    pub is_reversed: bool,
}

/// Assigns a layer to each node. Dangling edges and self-loops are ignored.
pub(super) fn assign_layers(diagram: &Diagram<'_>) -> Layering {
    let count = diagram.kinds.len();
    let edges = diagram.edges.iter().copied();
    let edges: BTreeSet<(usize, usize)> = edges
        .filter(|(from, to)| from != to && *from < count && *to < count)
        .collect();
    let mut effects = vec![Vec::new(); count];
    for (from, to) in &edges {
        effects[*from].push(*to);
    }
    let (order, reversed) = break_cycles(&effects);
    let mut links: Vec<LayeredEdge> = Vec::with_capacity(edges.len());
    for (from, to) in edges {
        let is_reversed = reversed.contains(&(from, to));
        let (from, to) = if is_reversed { (to, from) } else { (from, to) };
        links.push(LayeredEdge {
            from,
            to,
            is_reversed,
        });
    }
    links.sort_unstable();
    links.dedup_by_key(|link| (link.from, link.to));
    Layering {
        layer_of: layer_positions(count, diagram.center, &order, &links),
        links,
    }
}

/// The nodes in topological order, and the edges that close a cycle.
fn break_cycles(effects: &[Vec<usize>]) -> (Vec<usize>, BTreeSet<(usize, usize)>) {
    #[derive(Clone, Copy, PartialEq)]
    enum VisitState {
        Unvisited,
        OnPath,
        Done,
    }
    let mut visited = vec![VisitState::Unvisited; effects.len()];
    let (mut order, mut reversed) = (Vec::with_capacity(effects.len()), BTreeSet::new());
    for root in 0..effects.len() {
        if visited[root] != VisitState::Unvisited {
            continue;
        }
        visited[root] = VisitState::OnPath;
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let (node, step) = (*node, *next);
            *next += 1;
            match effects[node].get(step).copied() {
                Some(effect) if visited[effect] == VisitState::Unvisited => {
                    visited[effect] = VisitState::OnPath;
                    path.push((effect, 0));
                }
                Some(effect) if visited[effect] == VisitState::OnPath => {
                    reversed.insert((node, effect));
                }
                Some(_) => {}
                None => {
                    visited[node] = VisitState::Done;
                    order.push(node);
                    path.pop();
                }
            }
        }
    }
    order.reverse();
    (order, reversed)
}

/// The layer of each node, from 0 without a gap.
fn layer_positions(
    count: usize,
    center: usize,
    order: &[usize],
    links: &[LayeredEdge],
) -> Vec<usize> {
    let (mut causes, mut effects) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for link in links {
        causes[link.to].push(link.from);
        effects[link.from].push(link.to);
    }
    let mut position: Vec<Option<i64>> = vec![None; count];
    let before = |position: &[Option<i64>], node: usize| {
        let effects = effects[node].iter().filter_map(|effect| position[*effect]);
        effects.min().map(|first| first - 1)
    };
    let behind = |position: &[Option<i64>], node: usize| {
        let causes = causes[node].iter().filter_map(|cause| position[*cause]);
        causes.max().map(|last| last + 1)
    };
    position[center] = Some(0);
    // Causes of the center: as many layers before it as their longest path to it.
    for node in order.iter().rev().copied().filter(|node| *node != center) {
        position[node] = before(&position, node);
    }
    // Then the effects of these, then the causes of those, then unconnected nodes.
    for node in order.iter().copied() {
        position[node] = position[node].or_else(|| behind(&position, node));
    }
    for node in order.iter().rev().copied() {
        position[node] = position[node].or_else(|| before(&position, node));
    }
    for node in order.iter().copied() {
        position[node] = position[node].or_else(|| behind(&position, node).or(Some(0)));
    }
    let used: BTreeSet<i64> = position.iter().flatten().copied().collect();
    let layers: HashMap<i64, usize> = used.into_iter().zip(0..).collect();
    let layer = |position: &Option<i64>| layers.get(&(*position)?).copied();
    position.iter().map(|at| layer(at).unwrap_or(0)).collect()
}

/// The nodes of each layer from the top: next to their effects in the next layer, else in the graph's order.
pub(super) fn order_within_layers(layering: &Layering) -> Vec<Vec<usize>> {
    let layers = layering.layer_of.iter().max().map_or(0, |last| last + 1);
    let mut rows = vec![Vec::new(); layers];
    for (node, layer) in layering.layer_of.iter().enumerate() {
        rows[*layer].push(node);
    }
    let mut height = vec![0.0_f64; layering.layer_of.len()];
    let set_heights = |rows: &mut [Vec<usize>], height: &mut [f64], layer: usize| {
        let count = rows[layer].len();
        for (order, node) in rows[layer].iter().enumerate() {
            height[*node] = 2.0 * order as f64 - count as f64;
        }
    };
    for layer in (0..layers).rev() {
        let mut sums: HashMap<usize, (f64, f64)> = HashMap::new();
        for link in layering.links.iter().filter(|link| {
            layering.layer_of[link.from] == layer && layering.layer_of[link.to] == layer + 1
        }) {
            let sum = sums.entry(link.from).or_default();
            *sum = (sum.0 + height[link.to], sum.1 + 1.0);
        }
        let mean = |node: &usize| {
            sums.get(node)
                .map_or(f64::INFINITY, |(sum, count)| sum / count)
        };
        rows[layer].sort_by(|a, b| mean(a).total_cmp(&mean(b)).then(a.cmp(b)));
        set_heights(&mut rows, &mut height, layer);
    }
    rows
}
