//! A lineage drawn in cells: boxes in layers from left to right, causes before effects, and the connectors between them.
//!
//! Pure: a graph, a size and what the eye is on come to the same drawing every time. What does not fit is folded: many of a kind
//! in one layer into one box, layers that are far from the eye into a count at the edge.

mod collapse;
mod layers;
mod neighbor;
mod placement;
mod route;
#[cfg(test)]
mod tests;

pub use neighbor::MoveDirection;

use super::{Graph, NodeKind};
use crate::text::untrusted::clean;
use crate::text::width::width;

/// The fewest cells of a box's width.
const MIN_BOX_WIDTH: u16 = 11;
/// The most cells of a box's width.
const MAX_BOX_WIDTH: u16 = 40;
/// The rows below which boxes are one row high.
const MIN_ROWS_FOR_TALL_BOXES: u16 = 9;

/// A part of the screen, in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellArea {
    /// The first column.
    pub x: u16,
    /// The first row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl CellArea {
    /// The first column after it.
    #[must_use]
    pub fn right(self) -> u16 {
        self.x.saturating_add(self.width)
    }

    /// The first row after it.
    #[must_use]
    pub fn bottom(self) -> u16 {
        self.y.saturating_add(self.height)
    }

    /// The row at which connectors meet it: that of its label.
    #[must_use]
    pub fn connector_row(self) -> u16 {
        self.y + u16::from(self.height > 1)
    }
}

/// A box: a node, or several that are folded into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeBox {
    /// The nodes, by their place in the graph.
    pub nodes: Vec<usize>,
    /// Whether it stands for several.
    pub is_collapsed: bool,
    /// Its layer, from the left.
    pub layer: usize,
    /// Its place in the layer, from the top.
    pub order: usize,
    /// Where it is drawn; nothing when its layer is beyond an edge.
    pub area: Option<CellArea>,
    /// What it is, in a word or two.
    pub title: String,
    /// What stands in it, cleaned.
    pub label: String,
    /// The end of the label that must be seen where the rest is cut: the number of a version.
    pub label_suffix: String,
    /// A line more, cleaned; for boxes that are high enough.
    pub detail: String,
    /// How many of its edges lead too far to be drawn.
    pub hidden_edges: usize,
}

/// Layers beyond an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HiddenLayers {
    /// Where that is told; nothing where there is no room.
    pub area: Option<CellArea>,
    /// How many nodes are there.
    pub node_count: usize,
}

/// An end of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConnectorEnd {
    /// A box, by its place in [`Layout::boxes`].
    Box(usize),
    /// The layers beyond the left edge.
    LeftEdge,
    /// The layers beyond the right edge.
    RightEdge,
}

/// Lines that leave a cell upwards, downwards, to the left and to the right: bits of [`Cell::lines`].
pub const UP: u8 = 1;
/// See [`UP`].
pub const DOWN: u8 = 2;
/// See [`UP`].
pub const LEFT: u8 = 4;
/// See [`UP`].
pub const RIGHT: u8 = 8;

/// A cell of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectorCell {
    /// Column.
    pub x: u16,
    /// Row.
    pub y: u16,
    /// Which lines leave it.
    pub directions: u8,
}

/// A connector between two boxes, or a box and what is beyond an edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// Its left end.
    pub from: ConnectorEnd,
    /// Its right end.
    pub to: ConnectorEnd,
    /// The cells; none where it leads too far to be drawn, which the boxes count.
    pub cells: Vec<ConnectorCell>,
    /// Where its head is, and whether it points to the left: an effect that stands before its cause.
    pub arrowhead: Option<(u16, u16, bool)>,
}

/// A drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphLayout {
    /// The boxes, by layer and from the top.
    pub boxes: Vec<NodeBox>,
    /// What is beyond the left edge.
    pub hidden_left: Option<HiddenLayers>,
    /// What is beyond the right edge.
    pub hidden_right: Option<HiddenLayers>,
    /// The connectors.
    pub connectors: Vec<Connector>,
    /// Which boxes are joined, drawn or not: left to right.
    pub links: Vec<(usize, usize)>,
}

impl GraphLayout {
    /// The box that a node is in.
    #[must_use]
    pub fn box_of(&self, node: usize) -> Option<usize> {
        self.boxes
            .iter()
            .position(|placed| placed.nodes.contains(&node))
    }

    /// The box at a cell.
    #[must_use]
    pub fn box_at(&self, x: u16, y: u16) -> Option<usize> {
        let inside = |area: &CellArea| {
            (area.x..area.right()).contains(&x) && (area.y..area.bottom()).contains(&y)
        };
        self.boxes
            .iter()
            .position(|placed| placed.area.as_ref().is_some_and(inside))
    }
}

/// Draws a graph into an area. `at` is the node under the eye, whose layer is always seen; `kept` one that stays unfolded.
#[must_use]
pub fn layout(graph: &Graph, area: CellArea, focus: usize, pinned: Option<usize>) -> GraphLayout {
    if graph.nodes.is_empty() || area.width < 3 || area.height == 0 {
        return GraphLayout::default();
    }
    let middle = graph
        .nodes
        .iter()
        .position(|node| node.kind == NodeKind::Version)
        .unwrap_or(0);
    let layering = layers::assign_layers(graph, middle);
    let rows = layers::order_within_layers(&layering);
    let box_height = box_height(area.height, rows.iter().map(Vec::len).max().unwrap_or(0));
    let max_boxes = usize::from((area.height / box_height).max(1));
    let pinned_nodes: Vec<usize> = [Some(middle), pinned].into_iter().flatten().collect();
    let mut boxes = Vec::new();
    for (layer, nodes) in rows.into_iter().enumerate() {
        collapse::collapse_layer(graph, &nodes, max_boxes, &pinned_nodes, layer, &mut boxes);
    }
    for placed in &mut boxes {
        set_box_text(graph, placed);
    }
    let layer_of = |node: usize| {
        boxes
            .iter()
            .find(|placed| placed.nodes.contains(&node))
            .map_or(0, |placed| placed.layer)
    };
    let window = placement::visible_layers(&boxes, area, layer_of(focus), layer_of(middle));
    route::place_and_connect(boxes, &layering, area, box_height, &window)
}

/// How high boxes are: with a line of detail where there is room for it, one row where there is little.
fn box_height(rows: u16, max_boxes: usize) -> u16 {
    let most = u16::try_from(max_boxes).unwrap_or(u16::MAX);
    match rows {
        rows if most.saturating_mul(4) <= rows => 4,
        rows if rows >= MIN_ROWS_FOR_TALL_BOXES => 3,
        _ => 1,
    }
}

/// Says what stands in a box.
fn set_box_text(graph: &Graph, placed: &mut NodeBox) {
    let nodes = || placed.nodes.iter().filter_map(|at| graph.nodes.get(*at));
    let Some(first) = nodes().next() else { return };
    if !placed.is_collapsed {
        let label = first.label.clean();
        // `run 12ab34cd: not found` says by itself what it is.
        let rest = label
            .strip_prefix(first.kind.as_str())
            .map(str::trim_start)
            .filter(|rest| !rest.is_empty());
        placed.title = first.kind.as_str().into();
        placed.label = rest.unwrap_or(&label).to_owned();
        if matches!(first.kind, NodeKind::Version | NodeKind::OtherVersion) {
            placed.label_suffix = placed
                .label
                .rfind(' ')
                .and_then(|at| placed.label.get(at..))
                .unwrap_or_default()
                .to_owned();
        }
        placed.detail = super::text_tree::inline_attributes(first).unwrap_or_default();
        return;
    }
    let count = placed.nodes.len();
    let word = if nodes().all(|node| node.kind == first.kind) {
        first.kind.plural()
    } else {
        "more"
    };
    placed.title = "folded".into();
    placed.label = format!("+ {count} {word}");
    let names: Vec<String> = nodes()
        .take(3)
        .map(|node| clean(node.label.raw()).into_owned())
        .collect();
    placed.detail = names.join(", ");
}

/// How wide a box would like to be.
fn preferred_width(placed: &NodeBox, box_height: u16) -> u16 {
    let words = if box_height == 1 {
        width(&placed.title)
            .saturating_add(width(&placed.label))
            .saturating_add(1)
    } else {
        width(&placed.label).max(width(&placed.title).saturating_add(4))
    };
    words.saturating_add(2).clamp(MIN_BOX_WIDTH, MAX_BOX_WIDTH)
}
