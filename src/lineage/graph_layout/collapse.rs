//! What of a layer stands by itself, and what is folded: of the kind that has most, one after another, until all fit.

use super::NodeBox;
use crate::lineage::{Graph, NodeKind};

/// The nodes of a kind in a layer: how many of them stand by themselves.
struct KindGroup {
    kind: NodeKind,
    nodes: Vec<usize>,
    shown: usize,
}

impl KindGroup {
    /// How many boxes it takes.
    fn box_count(&self) -> usize {
        self.shown + usize::from(self.shown < self.nodes.len())
    }
}

/// Makes the boxes of a layer, at most `most`; what is to be kept is never folded, unless there is room for one box only.
pub(super) fn collapse_layer(
    graph: &Graph,
    nodes: &[usize],
    max_boxes: usize,
    pinned_nodes: &[usize],
    layer: usize,
    boxes: &mut Vec<NodeBox>,
) {
    let (pinned, others): (Vec<usize>, Vec<usize>) = nodes
        .iter()
        .copied()
        .partition(|node| pinned_nodes.contains(node));
    let mut groups: Vec<Vec<usize>> = if nodes.len() <= max_boxes {
        nodes.iter().map(|node| vec![*node]).collect()
    } else if max_boxes <= pinned.len() {
        // No room for anything but what is kept, or not even for that: all in one box, the kept first.
        vec![pinned.into_iter().chain(others).collect()]
    } else {
        let room = max_boxes - pinned.len();
        let folded = collapse_by_kind(graph, others, room);
        let mut all: Vec<Vec<usize>> = pinned
            .into_iter()
            .map(|node| vec![node])
            .chain(folded)
            .collect();
        // A box stands where the first of its nodes stood in the layer.
        all.sort_by_key(|one| nodes.iter().position(|node| one.first() == Some(node)));
        all
    };
    for (order, nodes) in groups.drain(..).enumerate() {
        let folded = nodes.len() > 1;
        boxes.push(NodeBox {
            nodes,
            is_collapsed: folded,
            layer,
            order,
            area: None,
            title: String::new(),
            label: String::new(),
            label_suffix: String::new(),
            detail: String::new(),
            hidden_edges: 0,
        });
    }
}

/// The boxes of nodes, at most `room` and at least one.
fn collapse_by_kind(graph: &Graph, nodes: Vec<usize>, room: usize) -> Vec<Vec<usize>> {
    let mut kinds: Vec<KindGroup> = Vec::new();
    for at in nodes {
        let Some(node) = graph.nodes.get(at) else {
            continue;
        };
        match kinds.iter_mut().find(|known| known.kind == node.kind) {
            Some(known) => known.nodes.push(at),
            None => kinds.push(KindGroup {
                kind: node.kind,
                nodes: vec![at],
                shown: 0,
            }),
        }
    }
    for kind in &mut kinds {
        kind.shown = kind.nodes.len();
    }
    while kinds.iter().map(KindGroup::box_count).sum::<usize>() > room {
        let Some(largest) = kinds
            .iter_mut()
            .filter(|kind| kind.box_count() > 1)
            .max_by_key(|kind| kind.shown)
        else {
            break;
        };
        // Two go into the fold at first: one in a box that says so takes as much room.
        largest.shown -= if largest.shown == largest.nodes.len() {
            2.min(largest.shown)
        } else {
            1
        };
    }
    let mut boxes: Vec<Vec<usize>> = Vec::new();
    for kind in kinds {
        let (shown, folded) = kind.nodes.split_at(kind.shown);
        boxes.extend(shown.iter().map(|node| vec![*node]));
        boxes.extend((!folded.is_empty()).then(|| folded.to_vec()));
    }
    if boxes.len() > room {
        let rest = boxes.split_off(room.saturating_sub(1));
        boxes.push(rest.into_iter().flatten().collect());
    }
    boxes
}
