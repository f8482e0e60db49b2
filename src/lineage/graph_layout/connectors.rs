//! Connectors in cells.

use super::placement::{HorizontalPlacement, LayerColumn, MIN_GAP};
use super::route::{Route, Segment};
use super::{
    Arrowhead, CellArea, Connector, ConnectorCell, ConnectorEnd, DOWN, GraphLayout, LEFT, RIGHT, UP,
};

/// Draws every connector that has a route.
pub(super) fn draw_connectors(
    layout: &mut GraphLayout,
    routes: &[Route],
    segments: &[Segment],
    columns: &[LayerColumn],
    horizontal: &HorizontalPlacement,
) {
    for segment in segments {
        let is_reversed = routes[segment.connector].is_reversed;
        let gap = horizontal.gaps.get(segment.gap).copied();
        if let Some(connector) = layout.connectors.get_mut(segment.connector)
            && let Some(gap) = gap.filter(|(_, width)| *width >= MIN_GAP)
        {
            draw_segment(connector, segment, gap, is_reversed);
        }
    }
    let boxes = &layout.boxes;
    let connectors = layout.connectors.iter_mut().zip(routes);
    for (connector, route) in connectors.filter(|(_, route)| route.is_drawn) {
        let start = match connector.from {
            ConnectorEnd::Box(at) => boxes[at].area.map(CellArea::right),
            ConnectorEnd::LeftEdge | ConnectorEnd::RightEdge => {
                horizontal.stubs[0].map(CellArea::right)
            }
        };
        if let Some(start) = start {
            draw_passages(connector, route, start, columns, horizontal);
        }
    }
}

/// Draws a segment in its lane of a gap: the first column and the width.
fn draw_segment(
    connector: &mut Connector,
    segment: &Segment,
    (start, width): (u16, u16),
    is_reversed: bool,
) {
    let end = start + width - 1;
    let lane = start + 1 + segment.lane.min(width - MIN_GAP);
    draw_bend(&mut connector.cells, (start, lane, end), segment.rows);
    if !is_reversed {
        connector.arrowhead = Some(Arrowhead {
            x: end,
            y: segment.rows.1,
            points_left: false,
        });
    } else if connector.arrowhead.is_none() {
        connector.arrowhead = Some(Arrowhead {
            x: start,
            y: segment.rows.0,
            points_left: true,
        });
    }
}

/// Draws the lines with which a connector passes below the boxes of layers at the right of `start`.
fn draw_passages(
    connector: &mut Connector,
    route: &Route,
    start: u16,
    columns: &[LayerColumn],
    horizontal: &HorizontalPlacement,
) {
    for line in &route.passing_lines {
        let has_crossed = |x: u16| connector.cells.iter().any(|cell| cell.x == x);
        let mut layers = horizontal.layers.iter();
        let Some(nth) = layers.position(|(x, _)| *x >= start + MIN_GAP && !has_crossed(*x)) else {
            return;
        };
        let row = columns
            .get(nth)
            .and_then(|column| column.passing_rows.get(*line));
        let Some((y, (x, width))) = row.copied().zip(horizontal.layers.get(nth).copied()) else {
            return;
        };
        let cells = (x..x + width).map(|x| cell(x, y, LEFT | RIGHT));
        connector.cells.extend(cells);
    }
}

/// A line from one row to another within a gap: out, along its lane, in.
fn draw_bend(
    cells: &mut Vec<ConnectorCell>,
    (start, lane, end): (u16, u16, u16),
    (from, to): (u16, u16),
) {
    cells.extend((start..lane).map(|x| cell(x, from, LEFT | RIGHT)));
    cells.extend((lane + 1..=end).map(|x| cell(x, to, LEFT | RIGHT)));
    let (out, into) = match from.cmp(&to) {
        std::cmp::Ordering::Equal => {
            cells.push(cell(lane, from, LEFT | RIGHT));
            return;
        }
        std::cmp::Ordering::Less => (LEFT | DOWN, RIGHT | UP),
        std::cmp::Ordering::Greater => (LEFT | UP, RIGHT | DOWN),
    };
    cells.extend([cell(lane, from, out), cell(lane, to, into)]);
    let between = from.min(to) + 1..from.max(to);
    cells.extend(between.map(|y| cell(lane, y, UP | DOWN)));
}

fn cell(x: u16, y: u16, directions: u8) -> ConnectorCell {
    ConnectorCell { x, y, directions }
}
