//! Connectors: along the gaps between layers, each star of edges in a lane of its own, and through a layer below its boxes.

use std::collections::BTreeMap;

use super::layers::Layering;
use super::placement::{
    LayerColumn, MIN_GAP, STUB_WIDTH, VisibleLayers, layer_widths, place_column,
};
use super::{
    CellArea, Connector, ConnectorCell, ConnectorEnd, DOWN, GraphLayout, HiddenLayers, LEFT,
    NodeBox, RIGHT, UP,
};

/// A piece of a connector in one gap: from a row at its left to a row at its right.
struct Segment {
    connector: usize,
    gap: usize,
    rows: (u16, u16),
    lane: u16,
}

/// Where each thing stands, from the left.
struct HorizontalPlacement {
    /// The first column and the width of each gap: before the first layer that is seen, between them, after the last.
    gaps: Vec<(u16, u16)>,
    /// The same of each layer.
    layers: Vec<(u16, u16)>,
    stubs: [Option<CellArea>; 2],
}

/// Puts the boxes into the area and joins them.
pub(super) fn place_and_connect(
    boxes: Vec<NodeBox>,
    layering: &Layering,
    area: CellArea,
    box_height: u16,
    window: &VisibleLayers,
) -> GraphLayout {
    let mut layout = GraphLayout {
        boxes,
        ..GraphLayout::default()
    };
    let linked = link_boxes(&layout, layering);
    layout.links = linked.keys().copied().collect();
    let mut columns = Vec::new();
    let (routes, passing) = find_routes(&mut layout, &linked, area, box_height, window);
    for (nth, layer) in window.layers.clone().enumerate() {
        let count = layout
            .boxes
            .iter()
            .filter(|placed| placed.layer == layer)
            .count();
        columns.push(place_column(
            count,
            passing.get(nth).copied().unwrap_or(0),
            area,
            box_height,
        ));
    }
    let stub_row = area.y + area.height / 2;
    let mut segments = segments(&layout, &routes, &columns, window, (stub_row, box_height));
    let lanes = assign_lanes(&mut segments, window.layers.len() + 1);
    let inner = lanes.get(1..window.layers.len()).unwrap_or_default();
    let (widths, gaps) = layer_widths(&layout, window, area, box_height, inner);
    let horizontal = place_horizontally(area, stub_row, window, &widths, &gaps);
    for placed in layout
        .boxes
        .iter_mut()
        .filter(|placed| window.layers.contains(&placed.layer))
    {
        let nth = placed.layer - window.layers.start;
        let row = columns
            .get(nth)
            .and_then(|column| column.rows.get(placed.order));
        placed.area = row
            .zip(horizontal.layers.get(nth))
            .map(|(y, (x, width))| CellArea {
                x: *x,
                y: *y,
                width: *width,
                height: box_height,
            });
    }
    draw_connectors(&mut layout, &routes, &segments, &columns, &horizontal);
    let nodes = |is_there: &dyn Fn(usize) -> bool| {
        layout
            .boxes
            .iter()
            .filter(|one| is_there(one.layer))
            .map(|one| one.nodes.len())
            .sum()
    };
    layout.hidden_left = window.has_hidden_left().then(|| HiddenLayers {
        area: horizontal.stubs[0],
        node_count: nodes(&|layer| layer < window.layers.start),
    });
    layout.hidden_right = window.has_hidden_right().then(|| HiddenLayers {
        area: horizontal.stubs[1],
        node_count: nodes(&|layer| layer >= window.layers.end),
    });
    layout
}

/// The boxes that are joined, and whether all of their edges are turned.
fn link_boxes(layout: &GraphLayout, layering: &Layering) -> BTreeMap<(usize, usize), bool> {
    let mut of = vec![0; layering.layer_of.len()];
    for (at, placed) in layout.boxes.iter().enumerate() {
        for node in &placed.nodes {
            of[*node] = at;
        }
    }
    let mut joined = BTreeMap::new();
    for link in &layering.links {
        let turned = joined.entry((of[link.from], of[link.to])).or_insert(true);
        *turned &= link.is_reversed;
    }
    joined
}

/// The course of a connector: its ends, which line of each layer between it passes, and whether its head is at the left.
struct Route {
    passing_lines: Vec<usize>,
    is_reversed: bool,
    is_drawn: bool,
}

/// Finds the connectors and the course of each, and how many lines pass each layer that is seen. Those that find no way are counted
/// by their boxes.
fn find_routes(
    layout: &mut GraphLayout,
    linked: &BTreeMap<(usize, usize), bool>,
    area: CellArea,
    box_height: u16,
    window: &VisibleLayers,
) -> (Vec<Route>, Vec<usize>) {
    let seen = window.layers.clone();
    let count = |layer: usize| {
        layout
            .boxes
            .iter()
            .filter(|placed| placed.layer == layer)
            .count()
    };
    let taken = |layer: usize| {
        u16::try_from(count(layer))
            .unwrap_or(u16::MAX)
            .saturating_mul(box_height)
    };
    let room: Vec<usize> = seen
        .clone()
        .map(|layer| usize::from(area.height.saturating_sub(taken(layer))))
        .collect();
    let mut passing = vec![0; seen.len()];
    let mut ends: BTreeMap<(ConnectorEnd, ConnectorEnd), (usize, usize, bool)> = BTreeMap::new();
    let end = |at: usize, layer: usize| match layer {
        layer if layer < seen.start => ConnectorEnd::LeftEdge,
        layer if layer >= seen.end => ConnectorEnd::RightEdge,
        _ => ConnectorEnd::Box(at),
    };
    for ((from, to), turned) in linked {
        let (left, right) = (layout.boxes[*from].layer, layout.boxes[*to].layer);
        let known = ends
            .entry((end(*from, left), end(*to, right)))
            .or_insert((left, right, true));
        *known = (known.0.max(left), known.1.min(right), known.2 && *turned);
    }
    ends.retain(|(from, to), _| from != to);
    let mut routes = Vec::new();
    for ((from, to), (left, right, turned)) in ends {
        // What comes from beyond an edge comes in at it.
        let left = if from == ConnectorEnd::LeftEdge {
            seen.start.wrapping_sub(1)
        } else {
            left
        };
        let right = if to == ConnectorEnd::RightEdge {
            seen.end
        } else {
            right
        };
        let between: Vec<usize> = (left.wrapping_add(1)..right)
            .map(|layer| layer - seen.start)
            .collect();
        let has_stub =
            window.has_stubs || !(from == ConnectorEnd::LeftEdge || to == ConnectorEnd::RightEdge);
        let drawn = has_stub && between.iter().all(|nth| passing[*nth] < room[*nth]);
        let mut passes = Vec::new();
        if drawn {
            for nth in between {
                passes.push(passing[nth]);
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
            passing_lines: passes,
            is_reversed: turned,
            is_drawn: drawn,
        });
    }
    (routes, passing)
}

/// The pieces of all connectors that are drawn.
fn segments(
    layout: &GraphLayout,
    routes: &[Route],
    columns: &[LayerColumn],
    window: &VisibleLayers,
    (stub, high): (u16, u16),
) -> Vec<Segment> {
    let row = |end: ConnectorEnd| match end {
        ConnectorEnd::Box(at) => {
            let placed = &layout.boxes[at];
            let column = columns.get(placed.layer - window.layers.start);
            let top = column
                .and_then(|column| column.rows.get(placed.order))
                .copied()
                .unwrap_or(stub);
            top + u16::from(high > 1)
        }
        ConnectorEnd::LeftEdge | ConnectorEnd::RightEdge => stub,
    };
    // Gap n is before the nth layer that is seen.
    let first = |end: ConnectorEnd| match end {
        ConnectorEnd::Box(at) => layout.boxes[at].layer - window.layers.start + 1,
        ConnectorEnd::LeftEdge | ConnectorEnd::RightEdge => 0,
    };
    let mut segments = Vec::new();
    for (connector, route) in routes.iter().enumerate().filter(|(_, way)| way.is_drawn) {
        let Connector { from, to, .. } = layout.connectors[connector];
        let (mut gap, mut y) = (first(from), row(from));
        for pass in &route.passing_lines {
            let next = columns
                .get(gap)
                .and_then(|column| column.passing_rows.get(*pass))
                .copied()
                .unwrap_or(y);
            segments.push(Segment {
                connector,
                gap,
                rows: (y, next),
                lane: 0,
            });
            (gap, y) = (gap + 1, next);
        }
        segments.push(Segment {
            connector,
            gap,
            rows: (y, row(to)),
            lane: 0,
        });
    }
    segments
}

/// Gives each star of pieces in a gap a lane of its own where they would touch; returns how many lanes each gap has.
fn assign_lanes(segments: &mut [Segment], gaps: usize) -> Vec<u16> {
    let mut lanes = vec![0; gaps];
    for (gap, lanes) in lanes.iter_mut().enumerate() {
        let mine: Vec<usize> = (0..segments.len())
            .filter(|at| segments[*at].gap == gap)
            .collect();
        let mut stars: Vec<Vec<usize>> = Vec::new();
        for at in mine {
            let rows = segments[at].rows;
            let touches = |star: &Vec<usize>| {
                star.iter().any(|other| {
                    segments[*other].rows.0 == rows.0 || segments[*other].rows.1 == rows.1
                })
            };
            let (mut same, others): (Vec<_>, Vec<_>) = stars.into_iter().partition(touches);
            same.push(vec![at]);
            stars = others;
            stars.push(same.concat());
        }
        let span = |star: &Vec<usize>| {
            let rows = || {
                star.iter()
                    .flat_map(|at| [segments[*at].rows.0, segments[*at].rows.1])
            };
            (rows().min().unwrap_or(0), rows().max().unwrap_or(0))
        };
        let mut spans: Vec<((u16, u16), Vec<usize>)> =
            stars.into_iter().map(|star| (span(&star), star)).collect();
        spans.sort();
        let mut ends: Vec<u16> = Vec::new();
        for ((begin, end), star) in spans {
            let lane = ends
                .iter()
                .position(|last| *last < begin)
                .unwrap_or(ends.len());
            match ends.get_mut(lane) {
                Some(last) => *last = end,
                None => ends.push(end),
            }
            for at in star {
                segments[at].lane = u16::try_from(lane).unwrap_or(u16::MAX);
            }
        }
        *lanes = u16::try_from(ends.len()).unwrap_or(u16::MAX);
    }
    lanes
}

/// Places everything from the left to the right, in the middle of the area.
fn place_horizontally(
    area: CellArea,
    stub_row: u16,
    window: &VisibleLayers,
    widths: &[u16],
    gaps: &[u16],
) -> HorizontalPlacement {
    let stub = |is_there: bool| {
        if is_there && window.has_stubs {
            STUB_WIDTH + MIN_GAP
        } else {
            0
        }
    };
    let taken = widths.iter().chain(gaps).sum::<u16>()
        + stub(window.has_hidden_left())
        + stub(window.has_hidden_right());
    let mut x = area.x + area.width.saturating_sub(taken) / 2;
    let stub_area = |x: u16| CellArea {
        x,
        y: stub_row,
        width: STUB_WIDTH,
        height: 1,
    };
    let mut horizontal = HorizontalPlacement {
        gaps: Vec::new(),
        layers: Vec::new(),
        stubs: [None; 2],
    };
    if stub(window.has_hidden_left()) > 0 {
        horizontal.stubs[0] = Some(stub_area(x));
        x += STUB_WIDTH;
        horizontal.gaps.push((x, MIN_GAP));
        x += MIN_GAP;
    } else {
        horizontal.gaps.push((x, 0));
    }
    for (nth, width) in widths.iter().enumerate() {
        horizontal.layers.push((x, *width));
        x += width;
        let last = if stub(window.has_hidden_right()) > 0 {
            MIN_GAP
        } else {
            0
        };
        let gap = gaps.get(nth).copied().unwrap_or(last);
        horizontal.gaps.push((x, gap));
        x += gap;
    }
    if stub(window.has_hidden_right()) > 0 {
        horizontal.stubs[1] = Some(stub_area(x));
    }
    horizontal
}

/// Draws every connector into its cells.
fn draw_connectors(
    layout: &mut GraphLayout,
    routes: &[Route],
    segments: &[Segment],
    columns: &[LayerColumn],
    horizontal: &HorizontalPlacement,
) {
    for segment in segments {
        let Some((start, width)) = horizontal
            .gaps
            .get(segment.gap)
            .copied()
            .filter(|(_, width)| *width >= MIN_GAP)
        else {
            continue;
        };
        let Some(connector) = layout.connectors.get_mut(segment.connector) else {
            continue;
        };
        let end = start + width - 1;
        let lane = start + 1 + segment.lane.min(width - MIN_GAP);
        draw_bend(&mut connector.cells, (start, lane, end), segment.rows);
        let is_first = connector.arrowhead.is_none();
        if routes[segment.connector].is_reversed {
            if is_first {
                connector.arrowhead = Some((start, segment.rows.0, true));
            }
        } else {
            connector.arrowhead = Some((end, segment.rows.1, false));
        }
    }
    for (connector, route) in layout
        .connectors
        .iter_mut()
        .zip(routes)
        .filter(|(_, way)| way.is_drawn)
    {
        let from = match connector.from {
            ConnectorEnd::Box(at) => layout.boxes[at].area.map(CellArea::right),
            ConnectorEnd::LeftEdge | ConnectorEnd::RightEdge => {
                horizontal.stubs[0].map(CellArea::right)
            }
        };
        for pass in &route.passing_lines {
            // The next layer that begins at or after where the line is.
            let nth = horizontal.layers.iter().position(|(x, _)| {
                from.is_some_and(|from| *x >= from + MIN_GAP) && !has_crossed(connector, *x)
            });
            let Some(nth) = nth else { break };
            let row = columns
                .get(nth)
                .and_then(|column| column.passing_rows.get(*pass))
                .copied();
            let Some((y, (x, width))) = row.zip(horizontal.layers.get(nth).copied()) else {
                break;
            };
            connector
                .cells
                .extend((x..x + width).map(|x| ConnectorCell {
                    x,
                    y,
                    directions: LEFT | RIGHT,
                }));
        }
    }
}

/// Whether a connector passes the layer that begins at a column already.
fn has_crossed(connector: &Connector, x: u16) -> bool {
    connector.cells.iter().any(|cell| cell.x == x)
}

/// A line from one row to another within a gap: out, along its lane, in.
fn draw_bend(
    cells: &mut Vec<ConnectorCell>,
    (start, lane, end): (u16, u16, u16),
    (from, to): (u16, u16),
) {
    let flat = LEFT | RIGHT;
    cells.extend((start..lane).map(|x| ConnectorCell {
        x,
        y: from,
        directions: flat,
    }));
    cells.extend((lane + 1..=end).map(|x| ConnectorCell {
        x,
        y: to,
        directions: flat,
    }));
    if from == to {
        cells.push(ConnectorCell {
            x: lane,
            y: from,
            directions: flat,
        });
        return;
    }
    let (out, into) = if from < to {
        (LEFT | DOWN, RIGHT | UP)
    } else {
        (LEFT | UP, RIGHT | DOWN)
    };
    cells.push(ConnectorCell {
        x: lane,
        y: from,
        directions: out,
    });
    cells.push(ConnectorCell {
        x: lane,
        y: to,
        directions: into,
    });
    let between = from.min(to) + 1..from.max(to);
    cells.extend(between.map(|y| ConnectorCell {
        x: lane,
        y,
        directions: UP | DOWN,
    }));
}
