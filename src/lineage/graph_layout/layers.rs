//! Which layer each node stands in: every cause left of its effects. What leads to the version stands as close before it
//! can, everything else as close behind its causes.

use std::collections::{BTreeSet, HashMap};

use crate::lineage::Graph;

/// Where every node stands.
pub(super) struct Layering {
    /// The layer of each node, from the left.
    pub layer_of: Vec<usize>,
    /// The edges between nodes, the left end first; an edge that had to be turned to break a circle says so.
    pub links: Vec<LayeredEdge>,
}

/// An edge from the left to the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LayeredEdge {
    pub from: usize,
    pub to: usize,
    /// Whether its cause stands at its right end.
    pub is_reversed: bool,
}

/// Finds the layers. Edges to nodes that are not there, and from a node to itself, are no part of a drawing.
pub(super) fn assign_layers(graph: &Graph, middle: usize) -> Layering {
    let index_of: HashMap<_, _> = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(at, node)| (&node.id, at))
        .collect();
    let edges = graph
        .edges
        .iter()
        .filter_map(|edge| Some((*index_of.get(&edge.from)?, *index_of.get(&edge.to)?)));
    let edges: BTreeSet<(usize, usize)> = edges.filter(|(from, to)| from != to).collect();
    let count = graph.nodes.len();
    let mut effects = vec![Vec::new(); count];
    for (from, to) in &edges {
        effects[*from].push(*to);
    }
    let (order, reversed) = break_cycles(&effects);
    let mut links: Vec<LayeredEdge> = Vec::with_capacity(edges.len());
    for (from, to) in edges {
        let is_turned = reversed.contains(&(from, to));
        links.push(if is_turned {
            LayeredEdge {
                from: to,
                to: from,
                is_reversed: true,
            }
        } else {
            LayeredEdge {
                from,
                to,
                is_reversed: false,
            }
        });
    }
    links.sort_unstable();
    links.dedup_by_key(|link| (link.from, link.to));
    let layer = layer_positions(count, middle, &order, &links);
    Layering {
        layer_of: layer,
        links,
    }
}

/// The nodes in an order in which causes come first, and the edges that close a circle.
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

/// The layers, from 0 without a gap.
fn layer_positions(
    count: usize,
    middle: usize,
    order: &[usize],
    links: &[LayeredEdge],
) -> Vec<usize> {
    let (mut causes, mut effects) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for link in links {
        causes[link.to].push(link.from);
        effects[link.from].push(link.to);
    }
    let mut position: Vec<Option<i64>> = vec![None; count];
    position[middle] = Some(0);
    // What leads to the middle: as many layers before it as its longest way there.
    for node in order.iter().rev().copied().filter(|node| *node != middle) {
        position[node] = effects[node]
            .iter()
            .filter_map(|effect| position[*effect])
            .min()
            .map(|first| first - 1);
    }
    // What comes of these; then what leads to that; then what stands by itself.
    for node in order.iter().copied() {
        position[node] = position[node].or_else(|| {
            causes[node]
                .iter()
                .filter_map(|cause| position[*cause])
                .max()
                .map(|last| last + 1)
        });
    }
    for node in order.iter().rev().copied() {
        position[node] = position[node].or_else(|| {
            effects[node]
                .iter()
                .filter_map(|effect| position[*effect])
                .min()
                .map(|first| first - 1)
        });
    }
    for node in order.iter().copied() {
        let last = || {
            causes[node]
                .iter()
                .filter_map(|cause| position[*cause])
                .max()
        };
        position[node] = position[node].or_else(|| Some(last().map_or(0, |last| last + 1)));
    }
    let used: BTreeSet<i64> = position.iter().flatten().copied().collect();
    let nth: HashMap<i64, usize> = used
        .into_iter()
        .enumerate()
        .map(|(nth, place)| (place, nth))
        .collect();
    position
        .iter()
        .map(|place| {
            place
                .and_then(|place| nth.get(&place))
                .copied()
                .unwrap_or(0)
        })
        .collect()
}

/// The nodes of each layer, from the top: in the graph's order, but where their neighbours nearer to the middle stand apart,
/// beside them.
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
