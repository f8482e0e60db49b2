//! Layered graphs drawn in cells: boxes in layers from left to right, causes before effects, connectors between them.
//!
//! Pure: the same graph, size and focus give the same layout. What does not fit is collapsed: nodes of one kind in a layer
//! into one box, layers far from the focus into a count at the edge.

mod collapse;
mod connectors;
mod layers;
mod placement;
mod route;
#[cfg(test)]
mod tests;

use crate::text::width::width;

/// Columns of the narrowest box.
const MIN_BOX_WIDTH: u16 = 11;
/// Columns of the widest box.
const MAX_BOX_WIDTH: u16 = 40;
/// Rows of an area with fewer of which boxes have one row.
const MIN_ROWS_FOR_TALL_BOXES: u16 = 9;
/// Labels that a collapsed box lists.
const MAX_COLLAPSED_LABELS: usize = 3;

/// A graph to lay out. Nodes are indices.
pub struct Diagram<'a> {
    /// The kind of each node, in the plural: nodes of one kind are collapsed together.
    pub kinds: Vec<&'static str>,
    /// From cause to effect. Cycles and self-loops are permitted, dangling ends are not drawn.
    pub edges: Vec<(usize, usize)>,
    /// The node that layers are counted from. It is never collapsed.
    pub center: usize,
    /// The text of a node's box.
    pub describe: &'a dyn Fn(usize) -> BoxText,
}

/// The text of a box, cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoxText {
    /// On the border.
    pub title: String,
    /// Inside.
    pub label: String,
    /// The end of the label that stays visible when the label is truncated: a version's number.
    pub label_suffix: String,
    /// A second line, for boxes that are high enough.
    pub detail: String,
    /// In the list of a collapsed box; the label if it is empty.
    pub name: String,
}

/// A part of the screen, in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CellArea {
    /// The first column.
    pub x: u16,
    /// The first row.
    pub y: u16,
    /// In columns.
    pub width: u16,
    /// In rows.
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

    /// The row at which connectors meet a box: that of its label.
    #[must_use]
    pub fn connector_row(self) -> u16 {
        self.y + u16::from(self.height > 1)
    }
}

/// A box: one node, or several that are collapsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeBox {
    /// Indices of the nodes.
    pub nodes: Vec<usize>,
    /// Whether it has several nodes.
    pub is_collapsed: bool,
    /// From the left, from 0.
    pub layer: usize,
    /// In the layer from the top, from 0.
    pub order: usize,
    /// Absent if the layer is hidden.
    pub area: Option<CellArea>,
    /// As in [`BoxText`].
    pub title: String,
    /// As in [`BoxText`].
    pub label: String,
    /// As in [`BoxText`].
    pub label_suffix: String,
    /// As in [`BoxText`].
    pub detail: String,
    /// The number of its edges that were not drawn for lack of space.
    pub hidden_edges: usize,
}

/// Layers beyond an edge of the area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HiddenLayers {
    /// Where the count is drawn; absent without space.
    pub area: Option<CellArea>,
    /// Nodes in these layers.
    pub node_count: usize,
}

/// An end of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConnectorEnd {
    /// An index into [`GraphLayout::boxes`].
    Box(usize),
    /// The layers beyond the left edge.
    LeftEdge,
    /// The layers beyond the right edge.
    RightEdge,
}

/// A line from the cell's center to its upper edge: a bit of [`ConnectorCell::directions`].
pub const UP: u8 = 1;
/// To the lower edge.
pub const DOWN: u8 = 2;
/// To the left edge.
pub const LEFT: u8 = 4;
/// To the right edge.
pub const RIGHT: u8 = 8;

/// A cell of a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectorCell {
    /// Column.
    pub x: u16,
    /// Row.
    pub y: u16,
    /// Bits of [`UP`], [`DOWN`], [`LEFT`] and [`RIGHT`].
    pub directions: u8,
}

/// The head of a connector, at its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrowhead {
    /// Column.
    pub x: u16,
    /// Row.
    pub y: u16,
    /// Whether the effect is left of its cause: an edge of a cycle.
    pub points_left: bool,
}

/// A connector between two boxes, or between a box and hidden layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// The left end.
    pub from: ConnectorEnd,
    /// The right end.
    pub to: ConnectorEnd,
    /// Empty if there was no space for it: the boxes count it in `hidden_edges`.
    pub cells: Vec<ConnectorCell>,
    /// Absent for a connector without cells.
    pub arrowhead: Option<Arrowhead>,
}

/// The layout of a graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphLayout {
    /// The boxes, by layer and from the top.
    pub boxes: Vec<NodeBox>,
    /// Layers beyond the left edge.
    pub hidden_left: Option<HiddenLayers>,
    /// Layers beyond the right edge.
    pub hidden_right: Option<HiddenLayers>,
    /// The connectors, drawn or not.
    pub connectors: Vec<Connector>,
    /// Pairs of connected boxes, the left one first.
    pub links: Vec<(usize, usize)>,
}

/// A direction to move the focus in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveDirection {
    /// Towards causes.
    Left,
    /// Towards effects.
    Right,
    /// In the same layer.
    Up,
    /// In the same layer.
    Down,
}

impl GraphLayout {
    /// The box of a node.
    #[must_use]
    pub fn box_of(&self, node: usize) -> Option<usize> {
        let mut boxes = self.boxes.iter();
        boxes.position(|candidate| candidate.nodes.contains(&node))
    }

    /// The box at a cell.
    #[must_use]
    pub fn box_at(&self, x: u16, y: u16) -> Option<usize> {
        let contains = |area: &CellArea| {
            (area.x..area.right()).contains(&x) && (area.y..area.bottom()).contains(&y)
        };
        let mut boxes = self.boxes.iter();
        boxes.position(|candidate| candidate.area.as_ref().is_some_and(contains))
    }

    /// The nearest box in a direction. Across layers, connected boxes come first, then the one at the same height. Hidden
    /// layers count: moving there makes them visible.
    #[must_use]
    pub fn neighbor(&self, from: usize, direction: MoveDirection) -> Option<usize> {
        let here = self.boxes.get(from)?;
        let in_layer = |layer: usize| {
            let boxes = self.boxes.iter().enumerate();
            boxes.filter(move |(_, other)| other.layer == layer)
        };
        let at_order = |order: Option<usize>| {
            let order = order?;
            let found = in_layer(here.layer).find(|(_, other)| other.order == order);
            found.map(|(at, _)| at)
        };
        let in_next_layer = |layer: Option<usize>| {
            let layer = layer?;
            let count = |layer| in_layer(layer).count();
            // Layers are centered: heights are compared from the middle, in half boxes.
            let own = 2 * here.order + count(layer);
            let others = count(here.layer);
            let distance = |order: usize| (2 * order + others).abs_diff(own);
            let is_linked =
                |at: usize| self.links.contains(&(at, from)) || self.links.contains(&(from, at));
            let nearest = in_layer(layer)
                .min_by_key(|(at, other)| (!is_linked(*at), distance(other.order), other.order));
            nearest.map(|(at, _)| at)
        };
        match direction {
            MoveDirection::Up => at_order(here.order.checked_sub(1)),
            MoveDirection::Down => at_order(Some(here.order + 1)),
            MoveDirection::Left => in_next_layer(here.layer.checked_sub(1)),
            MoveDirection::Right => in_next_layer(Some(here.layer + 1)),
        }
    }
}

/// Lays a graph out in an area. The layer of `focus` is always visible; `pinned` is never collapsed.
#[must_use]
pub fn layout(
    diagram: &Diagram<'_>,
    area: CellArea,
    focus: usize,
    pinned: Option<usize>,
) -> GraphLayout {
    if diagram.kinds.is_empty() || area.width < 3 || area.height == 0 {
        return GraphLayout::default();
    }
    let layering = layers::assign_layers(diagram);
    let rows = layers::order_within_layers(&layering);
    let box_height = box_height(area.height, rows.iter().map(Vec::len).max().unwrap_or(0));
    let max_boxes = usize::from((area.height / box_height).max(1));
    let pinned: Vec<usize> = std::iter::once(diagram.center).chain(pinned).collect();
    let mut boxes = Vec::new();
    for (layer, nodes) in rows.into_iter().enumerate() {
        let groups = collapse::collapse_layer(&diagram.kinds, nodes, max_boxes, &pinned);
        let placed = groups.into_iter().enumerate().map(|(order, nodes)| {
            let text = box_text(diagram, &nodes);
            NodeBox {
                is_collapsed: nodes.len() > 1,
                nodes,
                layer,
                order,
                area: None,
                title: text.title,
                label: text.label,
                label_suffix: text.label_suffix,
                detail: text.detail,
                hidden_edges: 0,
            }
        });
        boxes.extend(placed);
    }
    let layer_of = |node: usize| layering.layer_of.get(node).copied().unwrap_or(0);
    let window = placement::visible_layers(&boxes, area, layer_of(focus), layer_of(diagram.center));
    route::place_and_connect(boxes, &layering, area, box_height, &window)
}

/// Rows of a box: with a line of detail where there is space for it, one row where there is little.
fn box_height(rows: u16, max_boxes: usize) -> u16 {
    let max_boxes = u16::try_from(max_boxes).unwrap_or(u16::MAX);
    match rows {
        rows if max_boxes.saturating_mul(4) <= rows => 4,
        rows if rows >= MIN_ROWS_FOR_TALL_BOXES => 3,
        _ => 1,
    }
}

fn box_text(diagram: &Diagram<'_>, nodes: &[usize]) -> BoxText {
    if let [node] = nodes {
        return (diagram.describe)(*node);
    }
    let kind_of = |node: &usize| diagram.kinds.get(*node).copied();
    let first = nodes.first().and_then(kind_of).unwrap_or_default();
    let is_uniform = nodes.iter().all(|node| kind_of(node) == Some(first));
    let labels = nodes.iter().take(MAX_COLLAPSED_LABELS);
    let name = |node: &usize| {
        let text = (diagram.describe)(*node);
        if text.name.is_empty() {
            text.label
        } else {
            text.name
        }
    };
    let labels: Vec<String> = labels.map(name).collect();
    BoxText {
        title: "folded".into(),
        label: format!(
            "+ {} {}",
            nodes.len(),
            if is_uniform { first } else { "more" }
        ),
        label_suffix: String::new(),
        detail: labels.join(", "),
        name: String::new(),
    }
}

/// The width at which a box shows all of its text, within limits.
fn preferred_width(member: &NodeBox, box_height: u16) -> u16 {
    let content = if box_height == 1 {
        width(&member.title)
            .saturating_add(width(&member.label))
            .saturating_add(1)
    } else {
        width(&member.label).max(width(&member.title).saturating_add(4))
    };
    content
        .saturating_add(2)
        .clamp(MIN_BOX_WIDTH, MAX_BOX_WIDTH)
}
