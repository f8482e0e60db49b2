//! Routes of connectors: along the gaps between layers, each star of edges in its own lane, and below the boxes of the
//! layers that they cross.

use std::collections::BTreeMap;

use super::connectors::draw_connectors;
use super::layers::Layering;
use super::placement::{
    HorizontalPlacement, LayerColumn, VisibleLayers, layer_widths, place_column, place_horizontally,
};
use super::{CellArea, Connector, ConnectorEnd, GraphLayout, HiddenLayers, NodeBox};

/// The part of a connector in one gap.
pub(super) struct Segment {
    pub connector: usize,
    /// Gap n is before the nth visible layer.
    pub gap: usize,
    /// At the left and at the right end.
    pub rows: (u16, u16),
    pub lane: u16,
}

/// The course of a connector.
pub(super) struct Route {
    /// For each layer that it crosses, the line below the boxes that it takes.
    pub passing_lines: Vec<usize>,
    /// Whether its effect is at the left.
    pub is_reversed: bool,
    pub is_drawn: bool,
}

/// Pairs of boxes, left to right, and whether all edges between them are reversed.
type Links = BTreeMap<(usize, usize), bool>;

/// Places the boxes in the area and connects them.
pub(super) fn place_and_connect(
    boxes: Vec<NodeBox>,
    layering: &Layering,
    area: CellArea,
    box_height: u16,
    window: &VisibleLayers,
) -> GraphLayout {
    let links = link_boxes(&boxes, layering);
    let mut layout = GraphLayout {
        boxes,
        links: links.keys().copied().collect(),
        ..GraphLayout::default()
    };
    let (routes, passing) = find_routes(&mut layout, &links, area, box_height, window);
    let columns: Vec<LayerColumn> = window
        .layers
        .clone()
        .zip(passing)
        .map(|(layer, passing)| {
            place_column(
                count_in_layer(&layout.boxes, layer),
                passing,
                area,
                box_height,
            )
        })
        .collect();
    let stub_row = area.y + area.height / 2;
    let mut segments = segments(&layout, &routes, &columns, window, (stub_row, box_height));
    let lanes = assign_lanes(&mut segments, window.layers.len() + 1);
    let inner = lanes.get(1..window.layers.len()).unwrap_or_default();
    let (widths, gaps) = layer_widths(&layout.boxes, window, area, box_height, inner);
    let horizontal = place_horizontally(area, stub_row, window, &widths, &gaps);
    place_boxes(&mut layout, &columns, &horizontal, box_height, window);
    draw_connectors(&mut layout, &routes, &segments, &columns, &horizontal);
    layout
}

/// Sets the areas of the visible boxes and the counts of hidden nodes.
fn place_boxes(
    layout: &mut GraphLayout,
    columns: &[LayerColumn],
    horizontal: &HorizontalPlacement,
    box_height: u16,
    window: &VisibleLayers,
) {
    let (mut left, mut right) = (0, 0);
    for member in &mut layout.boxes {
        if member.layer < window.layers.start {
            left += member.nodes.len();
            continue;
        }
        if member.layer >= window.layers.end {
            right += member.nodes.len();
            continue;
        }
        let nth = member.layer - window.layers.start;
        let row = columns
            .get(nth)
            .and_then(|column| column.rows.get(member.order));
        let area = row.zip(horizontal.layers.get(nth));
        member.area = area.map(|(y, (x, width))| CellArea {
            x: *x,
            y: *y,
            width: *width,
            height: box_height,
        });
    }
    let hidden = |is_hidden: bool, stub: usize, node_count: usize| {
        is_hidden.then(|| HiddenLayers {
            area: horizontal.stubs[stub],
            node_count,
        })
    };
    layout.hidden_left = hidden(window.has_hidden_left(), 0, left);
    layout.hidden_right = hidden(window.has_hidden_right(), 1, right);
}

fn count_in_layer(boxes: &[NodeBox], layer: usize) -> usize {
    boxes.iter().filter(|member| member.layer == layer).count()
}

fn link_boxes(boxes: &[NodeBox], layering: &Layering) -> Links {
    let mut box_of = vec![0; layering.layer_of.len()];
    for (at, member) in boxes.iter().enumerate() {
        for node in &member.nodes {
            box_of[*node] = at;
        }
    }
    let mut links = Links::new();
    for edge in &layering.links {
        let is_reversed = links
            .entry((box_of[edge.from], box_of[edge.to]))
            .or_insert(true);
        *is_reversed &= edge.is_reversed;
    }
    links
}

/// A connector before it has a route: the layers of its ends, hidden ones as the nearest beyond the edge.
struct Span {
    left: usize,
    right: usize,
    is_reversed: bool,
}

/// The connectors by their ends. Boxes of hidden layers share the end at the edge.
fn connector_spans(
    boxes: &[NodeBox],
    links: &Links,
    window: &VisibleLayers,
) -> BTreeMap<(ConnectorEnd, ConnectorEnd), Span> {
    let end = |at: usize, layer: usize| match layer {
        layer if layer < window.layers.start => ConnectorEnd::LeftEdge,
        layer if layer >= window.layers.end => ConnectorEnd::RightEdge,
        _ => ConnectorEnd::Box(at),
    };
    let mut spans = BTreeMap::new();
    for ((from, to), is_reversed) in links {
        let (left, right) = (boxes[*from].layer, boxes[*to].layer);
        let span = spans
            .entry((end(*from, left), end(*to, right)))
            .or_insert(Span {
                left,
                right,
                is_reversed: true,
            });
        span.left = span.left.max(left);
        span.right = span.right.min(right);
        span.is_reversed &= *is_reversed;
    }
    spans.retain(|(from, to), _| from != to);
    spans
}

/// Adds the connectors to the layout. Returns their routes, and the number of lines that pass each visible layer. Boxes
/// count the connectors without a route.
fn find_routes(
    layout: &mut GraphLayout,
    links: &Links,
    area: CellArea,
    box_height: u16,
    window: &VisibleLayers,
) -> (Vec<Route>, Vec<usize>) {
    let visible = window.layers.clone();
    let free_rows = |layer: usize| {
        let boxes = u16::try_from(count_in_layer(&layout.boxes, layer)).unwrap_or(u16::MAX);
        usize::from(area.height.saturating_sub(boxes.saturating_mul(box_height)))
    };
    let free_rows: Vec<usize> = visible.clone().map(free_rows).collect();
    let mut passing = vec![0; visible.len()];
    let mut routes = Vec::new();
    for ((from, to), span) in connector_spans(&layout.boxes, links, window) {
        let first = match from {
            ConnectorEnd::LeftEdge => visible.start,
            _ => span.left + 1,
        };
        let end = match to {
            ConnectorEnd::RightEdge => visible.end,
            _ => span.right,
        };
        let crossed = first - visible.start..end.max(first) - visible.start;
        let has_stub =
            window.has_stubs || !(from == ConnectorEnd::LeftEdge || to == ConnectorEnd::RightEdge);
        let is_drawn = has_stub && crossed.clone().all(|nth| passing[nth] < free_rows[nth]);
        let mut passing_lines = Vec::new();
        if is_drawn {
            for nth in crossed {
                passing_lines.push(passing[nth]);
                passing[nth] += 1;
            }
        } else {
            for end in [from, to] {
                if let ConnectorEnd::Box(at) = end {
                    layout.boxes[at].hidden_edges += 1;
                }
            }
        }
        layout.connectors.push(Connector {
            from,
            to,
            cells: Vec::new(),
            arrowhead: None,
        });
        routes.push(Route {
            passing_lines,
            is_reversed: span.is_reversed,
            is_drawn,
        });
    }
    (routes, passing)
}

/// The segments of all connectors that are drawn.
fn segments(
    layout: &GraphLayout,
    routes: &[Route],
    columns: &[LayerColumn],
    window: &VisibleLayers,
    (stub_row, box_height): (u16, u16),
) -> Vec<Segment> {
    let row = |end: ConnectorEnd| match end {
        ConnectorEnd::Box(at) => {
            let member = &layout.boxes[at];
            let column = columns.get(member.layer - window.layers.start);
            let top = column.and_then(|column| column.rows.get(member.order));
            top.copied().unwrap_or(stub_row) + u16::from(box_height > 1)
        }
        ConnectorEnd::LeftEdge | ConnectorEnd::RightEdge => stub_row,
    };
    let first_gap = |end: ConnectorEnd| match end {
        ConnectorEnd::Box(at) => layout.boxes[at].layer - window.layers.start + 1,
        ConnectorEnd::LeftEdge | ConnectorEnd::RightEdge => 0,
    };
    let mut segments = Vec::new();
    let drawn = routes
        .iter()
        .enumerate()
        .filter(|(_, route)| route.is_drawn);
    for (connector, route) in drawn {
        let Connector { from, to, .. } = layout.connectors[connector];
        let (mut gap, mut y) = (first_gap(from), row(from));
        let mut add = |gap: usize, rows: (u16, u16)| {
            segments.push(Segment {
                connector,
                gap,
                rows,
                lane: 0,
            });
        };
        for line in &route.passing_lines {
            let column = columns.get(gap);
            let next = column.and_then(|column| column.passing_rows.get(*line));
            let next = next.copied().unwrap_or(y);
            add(gap, (y, next));
            (gap, y) = (gap + 1, next);
        }
        add(gap, (y, row(to)));
    }
    segments
}

/// Gives each star of segments in a gap its own lane where they would touch. Returns the number of lanes of each gap.
fn assign_lanes(segments: &mut [Segment], gaps: usize) -> Vec<u16> {
    (0..gaps)
        .map(|gap| {
            let mut spans: Vec<((u16, u16), Vec<usize>)> = stars(segments, gap)
                .into_iter()
                .map(|star| {
                    let rows = star.iter().map(|at| segments[*at].rows);
                    let rows = rows.flat_map(|(left, right)| [left, right]);
                    let (top, bottom) = (rows.clone().min(), rows.max());
                    ((top.unwrap_or(0), bottom.unwrap_or(0)), star)
                })
                .collect();
            spans.sort();
            // The last row of each lane.
            let mut lanes: Vec<u16> = Vec::new();
            for ((top, bottom), star) in spans {
                let free = lanes.iter().position(|last| *last < top);
                let lane = free.unwrap_or(lanes.len());
                match lanes.get_mut(lane) {
                    Some(last) => *last = bottom,
                    None => lanes.push(bottom),
                }
                for at in star {
                    segments[at].lane = u16::try_from(lane).unwrap_or(u16::MAX);
                }
            }
            u16::try_from(lanes.len()).unwrap_or(u16::MAX)
        })
        .collect()
}

/// The segments of a gap, grouped by common ends.
fn stars(segments: &[Segment], gap: usize) -> Vec<Vec<usize>> {
    let mut stars: Vec<Vec<usize>> = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        if segment.gap != gap {
            continue;
        }
        let shares_end = |star: &Vec<usize>| {
            star.iter().any(|other| {
                let rows = segments[*other].rows;
                rows.0 == segment.rows.0 || rows.1 == segment.rows.1
            })
        };
        let (mut same, others): (Vec<_>, Vec<_>) = stars.into_iter().partition(shares_end);
        same.push(vec![at]);
        stars = others;
        stars.push(same.concat());
    }
    stars
}
