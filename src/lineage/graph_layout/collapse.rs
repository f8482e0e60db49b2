//! Which nodes of a layer share a box: those of the most frequent kind, until all boxes fit.

/// The nodes of one kind in a layer. The first `shown` have boxes of their own.
struct KindGroup {
    kind: &'static str,
    nodes: Vec<usize>,
    shown: usize,
}

impl KindGroup {
    fn box_count(&self) -> usize {
        self.shown + usize::from(self.shown < self.nodes.len())
    }
}

/// The nodes of each box of a layer, at most `max_boxes`. Pinned nodes stay alone unless there is only space for them.
pub(super) fn collapse_layer(
    kinds: &[&'static str],
    nodes: Vec<usize>,
    max_boxes: usize,
    pinned: &[usize],
) -> Vec<Vec<usize>> {
    if nodes.len() <= max_boxes {
        return nodes.into_iter().map(|node| vec![node]).collect();
    }
    let (own, others): (Vec<usize>, Vec<usize>) =
        nodes.iter().partition(|node| pinned.contains(node));
    if max_boxes <= own.len() {
        return vec![own.into_iter().chain(others).collect()];
    }
    let collapsed = collapse_by_kind(kinds, others, max_boxes - own.len());
    let own = own.into_iter().map(|node| vec![node]);
    let mut boxes: Vec<Vec<usize>> = own.chain(collapsed).collect();
    // A box takes the position of its first node.
    boxes.sort_by_key(|members| nodes.iter().position(|node| members.first() == Some(node)));
    boxes
}

/// The nodes of each box, at most `max_boxes` and at least one.
fn collapse_by_kind(
    kinds: &[&'static str],
    nodes: Vec<usize>,
    max_boxes: usize,
) -> Vec<Vec<usize>> {
    let mut groups: Vec<KindGroup> = Vec::new();
    for node in nodes {
        let Some(kind) = kinds.get(node).copied() else {
            continue;
        };
        match groups.iter_mut().find(|group| group.kind == kind) {
            Some(group) => group.nodes.push(node),
            None => groups.push(KindGroup {
                kind,
                nodes: vec![node],
                shown: 0,
            }),
        }
    }
    for group in &mut groups {
        group.shown = group.nodes.len();
    }
    while groups.iter().map(KindGroup::box_count).sum::<usize>() > max_boxes {
        let candidates = groups.iter_mut().filter(|group| group.box_count() > 1);
        let Some(largest) = candidates.max_by_key(|group| group.shown) else {
            break;
        };
        // The first step collapses two: a collapsed box of one saves nothing.
        let step = if largest.shown == largest.nodes.len() {
            2
        } else {
            1
        };
        largest.shown = largest.shown.saturating_sub(step);
    }
    let mut boxes: Vec<Vec<usize>> = Vec::new();
    for group in groups {
        let (shown, collapsed) = group.nodes.split_at(group.shown);
        boxes.extend(shown.iter().map(|node| vec![*node]));
        boxes.extend((!collapsed.is_empty()).then(|| collapsed.to_vec()));
    }
    if boxes.len() > max_boxes {
        let rest = boxes.split_off(max_boxes.saturating_sub(1));
        boxes.push(rest.into_iter().flatten().collect());
    }
    boxes
}
