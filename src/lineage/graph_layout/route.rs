//! Connectors: along the gaps between layers, each star of edges in a lane of its own, and through a layer below its boxes.

use std::collections::BTreeMap;

use super::layers::Ranks;
use super::place::{Column, GAP, STUB, Window, column, widths};
use super::{Area, Beyond, Cell, Connector, DOWN, End, LEFT, Layout, Placed, RIGHT, UP};

/// A piece of a connector in one gap: from a row at its left to a row at its right.
struct Piece {
    connector: usize,
    gap: usize,
    rows: (u16, u16),
    lane: u16,
}

/// Where each thing stands, from the left.
struct Across {
    /// The first column and the width of each gap: before the first layer that is seen, between them, after the last.
    gaps: Vec<(u16, u16)>,
    /// The same of each layer.
    layers: Vec<(u16, u16)>,
    stubs: [Option<Area>; 2],
}

/// Puts the boxes into the area and joins them.
pub(super) fn draw(
    boxes: Vec<Placed>,
    ranks: &Ranks,
    area: Area,
    high: u16,
    window: &Window,
) -> Layout {
    let mut layout = Layout {
        boxes,
        ..Layout::default()
    };
    let joined = joined(&layout, ranks);
    layout.links = joined.keys().copied().collect();
    let mut columns = Vec::new();
    let (courses, passing) = courses(&mut layout, &joined, area, high, window);
    for (nth, layer) in window.layers.clone().enumerate() {
        let count = layout
            .boxes
            .iter()
            .filter(|placed| placed.layer == layer)
            .count();
        columns.push(column(
            count,
            passing.get(nth).copied().unwrap_or(0),
            area,
            high,
        ));
    }
    let stub_row = area.y + area.height / 2;
    let mut pieces = pieces(&layout, &courses, &columns, window, (stub_row, high));
    let lanes = lanes(&mut pieces, window.layers.len() + 1);
    let inner = lanes.get(1..window.layers.len()).unwrap_or_default();
    let (wide, gaps) = widths(&layout, window, area, high, inner);
    let across = across(area, stub_row, window, &wide, &gaps);
    for placed in layout
        .boxes
        .iter_mut()
        .filter(|placed| window.layers.contains(&placed.layer))
    {
        let nth = placed.layer - window.layers.start;
        let row = columns
            .get(nth)
            .and_then(|column| column.rows.get(placed.order));
        placed.area = row.zip(across.layers.get(nth)).map(|(y, (x, width))| Area {
            x: *x,
            y: *y,
            width: *width,
            height: high,
        });
    }
    connect(&mut layout, &courses, &pieces, &columns, &across);
    let nodes = |is_there: &dyn Fn(usize) -> bool| {
        layout
            .boxes
            .iter()
            .filter(|one| is_there(one.layer))
            .map(|one| one.nodes.len())
            .sum()
    };
    layout.before = window.before().then(|| Beyond {
        area: across.stubs[0],
        nodes: nodes(&|layer| layer < window.layers.start),
    });
    layout.after = window.after().then(|| Beyond {
        area: across.stubs[1],
        nodes: nodes(&|layer| layer >= window.layers.end),
    });
    layout
}

/// The boxes that are joined, and whether all of their edges are turned.
fn joined(layout: &Layout, ranks: &Ranks) -> BTreeMap<(usize, usize), bool> {
    let mut of = vec![0; ranks.layer.len()];
    for (at, placed) in layout.boxes.iter().enumerate() {
        for node in &placed.nodes {
            of[*node] = at;
        }
    }
    let mut joined = BTreeMap::new();
    for link in &ranks.links {
        let turned = joined.entry((of[link.from], of[link.to])).or_insert(true);
        *turned &= link.turned;
    }
    joined
}

/// The course of a connector: its ends, which line of each layer between it passes, and whether its head is at the left.
struct Course {
    passes: Vec<usize>,
    turned: bool,
    drawn: bool,
}

/// Finds the connectors and the course of each, and how many lines pass each layer that is seen. Those that find no way are counted
/// by their boxes.
fn courses(
    layout: &mut Layout,
    joined: &BTreeMap<(usize, usize), bool>,
    area: Area,
    high: u16,
    window: &Window,
) -> (Vec<Course>, Vec<usize>) {
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
            .saturating_mul(high)
    };
    let room: Vec<usize> = seen
        .clone()
        .map(|layer| usize::from(area.height.saturating_sub(taken(layer))))
        .collect();
    let mut passing = vec![0; seen.len()];
    let mut ends: BTreeMap<(End, End), (usize, usize, bool)> = BTreeMap::new();
    let end = |at: usize, layer: usize| match layer {
        layer if layer < seen.start => End::Before,
        layer if layer >= seen.end => End::After,
        _ => End::Box(at),
    };
    for ((from, to), turned) in joined {
        let (left, right) = (layout.boxes[*from].layer, layout.boxes[*to].layer);
        let known = ends
            .entry((end(*from, left), end(*to, right)))
            .or_insert((left, right, true));
        *known = (known.0.max(left), known.1.min(right), known.2 && *turned);
    }
    ends.retain(|(from, to), _| from != to);
    let mut courses = Vec::new();
    for ((from, to), (left, right, turned)) in ends {
        // What comes from beyond an edge comes in at it.
        let left = if from == End::Before {
            seen.start.wrapping_sub(1)
        } else {
            left
        };
        let right = if to == End::After { seen.end } else { right };
        let between: Vec<usize> = (left.wrapping_add(1)..right)
            .map(|layer| layer - seen.start)
            .collect();
        let has_stub = window.stubs || !(from == End::Before || to == End::After);
        let drawn = has_stub && between.iter().all(|nth| passing[*nth] < room[*nth]);
        let mut passes = Vec::new();
        if drawn {
            for nth in between {
                passes.push(passing[nth]);
                passing[nth] += 1;
            }
        } else {
            for end in [from, to] {
                if let End::Box(at) = end {
                    layout.boxes[at].far += 1;
                }
            }
        }
        layout.connectors.push(Connector {
            from,
            to,
            cells: Vec::new(),
            head: None,
        });
        courses.push(Course {
            passes,
            turned,
            drawn,
        });
    }
    (courses, passing)
}

/// The pieces of all connectors that are drawn.
fn pieces(
    layout: &Layout,
    courses: &[Course],
    columns: &[Column],
    window: &Window,
    (stub, high): (u16, u16),
) -> Vec<Piece> {
    let row = |end: End| match end {
        End::Box(at) => {
            let placed = &layout.boxes[at];
            let column = columns.get(placed.layer - window.layers.start);
            let top = column
                .and_then(|column| column.rows.get(placed.order))
                .copied()
                .unwrap_or(stub);
            top + u16::from(high > 1)
        }
        End::Before | End::After => stub,
    };
    // Gap n is before the nth layer that is seen.
    let first = |end: End| match end {
        End::Box(at) => layout.boxes[at].layer - window.layers.start + 1,
        End::Before | End::After => 0,
    };
    let mut pieces = Vec::new();
    for (connector, way) in courses.iter().enumerate().filter(|(_, way)| way.drawn) {
        let Connector { from, to, .. } = layout.connectors[connector];
        let (mut gap, mut y) = (first(from), row(from));
        for pass in &way.passes {
            let next = columns
                .get(gap)
                .and_then(|column| column.passing.get(*pass))
                .copied()
                .unwrap_or(y);
            pieces.push(Piece {
                connector,
                gap,
                rows: (y, next),
                lane: 0,
            });
            (gap, y) = (gap + 1, next);
        }
        pieces.push(Piece {
            connector,
            gap,
            rows: (y, row(to)),
            lane: 0,
        });
    }
    pieces
}

/// Gives each star of pieces in a gap a lane of its own where they would touch; returns how many lanes each gap has.
fn lanes(pieces: &mut [Piece], gaps: usize) -> Vec<u16> {
    let mut lanes = vec![0; gaps];
    for (gap, lanes) in lanes.iter_mut().enumerate() {
        let mine: Vec<usize> = (0..pieces.len())
            .filter(|at| pieces[*at].gap == gap)
            .collect();
        let mut stars: Vec<Vec<usize>> = Vec::new();
        for at in mine {
            let rows = pieces[at].rows;
            let touches = |star: &Vec<usize>| {
                star.iter()
                    .any(|other| pieces[*other].rows.0 == rows.0 || pieces[*other].rows.1 == rows.1)
            };
            let (mut same, others): (Vec<_>, Vec<_>) = stars.into_iter().partition(touches);
            same.push(vec![at]);
            stars = others;
            stars.push(same.concat());
        }
        let span = |star: &Vec<usize>| {
            let rows = || {
                star.iter()
                    .flat_map(|at| [pieces[*at].rows.0, pieces[*at].rows.1])
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
                pieces[at].lane = u16::try_from(lane).unwrap_or(u16::MAX);
            }
        }
        *lanes = u16::try_from(ends.len()).unwrap_or(u16::MAX);
    }
    lanes
}

/// Places everything from the left to the right, in the middle of the area.
fn across(area: Area, stub_row: u16, window: &Window, wide: &[u16], gaps: &[u16]) -> Across {
    let stub = |is_there: bool| {
        if is_there && window.stubs {
            STUB + GAP
        } else {
            0
        }
    };
    let taken = wide.iter().chain(gaps).sum::<u16>() + stub(window.before()) + stub(window.after());
    let mut x = area.x + area.width.saturating_sub(taken) / 2;
    let place = |x: u16| Area {
        x,
        y: stub_row,
        width: STUB,
        height: 1,
    };
    let mut across = Across {
        gaps: Vec::new(),
        layers: Vec::new(),
        stubs: [None; 2],
    };
    if stub(window.before()) > 0 {
        across.stubs[0] = Some(place(x));
        x += STUB;
        across.gaps.push((x, GAP));
        x += GAP;
    } else {
        across.gaps.push((x, 0));
    }
    for (nth, width) in wide.iter().enumerate() {
        across.layers.push((x, *width));
        x += width;
        let last = if stub(window.after()) > 0 { GAP } else { 0 };
        let gap = gaps.get(nth).copied().unwrap_or(last);
        across.gaps.push((x, gap));
        x += gap;
    }
    if stub(window.after()) > 0 {
        across.stubs[1] = Some(place(x));
    }
    across
}

/// Draws every connector into its cells.
fn connect(
    layout: &mut Layout,
    courses: &[Course],
    pieces: &[Piece],
    columns: &[Column],
    across: &Across,
) {
    for piece in pieces {
        let Some((start, width)) = across
            .gaps
            .get(piece.gap)
            .copied()
            .filter(|(_, width)| *width >= GAP)
        else {
            continue;
        };
        let Some(connector) = layout.connectors.get_mut(piece.connector) else {
            continue;
        };
        let end = start + width - 1;
        let lane = start + 1 + piece.lane.min(width - GAP);
        bend(&mut connector.cells, (start, lane, end), piece.rows);
        let is_first = connector.head.is_none();
        if courses[piece.connector].turned {
            if is_first {
                connector.head = Some((start, piece.rows.0, true));
            }
        } else {
            connector.head = Some((end, piece.rows.1, false));
        }
    }
    for (connector, way) in layout
        .connectors
        .iter_mut()
        .zip(courses)
        .filter(|(_, way)| way.drawn)
    {
        let from = match connector.from {
            End::Box(at) => layout.boxes[at].area.map(Area::right),
            End::Before | End::After => across.stubs[0].map(Area::right),
        };
        for pass in &way.passes {
            // The next layer that begins at or after where the line is.
            let nth = across.layers.iter().position(|(x, _)| {
                from.is_some_and(|from| *x >= from + GAP) && !crossed(connector, *x)
            });
            let Some(nth) = nth else { break };
            let row = columns
                .get(nth)
                .and_then(|column| column.passing.get(*pass))
                .copied();
            let Some((y, (x, width))) = row.zip(across.layers.get(nth).copied()) else {
                break;
            };
            connector.cells.extend((x..x + width).map(|x| Cell {
                x,
                y,
                lines: LEFT | RIGHT,
            }));
        }
    }
}

/// Whether a connector passes the layer that begins at a column already.
fn crossed(connector: &Connector, x: u16) -> bool {
    connector.cells.iter().any(|cell| cell.x == x)
}

/// A line from one row to another within a gap: out, along its lane, in.
fn bend(cells: &mut Vec<Cell>, (start, lane, end): (u16, u16, u16), (from, to): (u16, u16)) {
    let flat = LEFT | RIGHT;
    cells.extend((start..lane).map(|x| Cell {
        x,
        y: from,
        lines: flat,
    }));
    cells.extend((lane + 1..=end).map(|x| Cell {
        x,
        y: to,
        lines: flat,
    }));
    if from == to {
        cells.push(Cell {
            x: lane,
            y: from,
            lines: flat,
        });
        return;
    }
    let (out, into) = if from < to {
        (LEFT | DOWN, RIGHT | UP)
    } else {
        (LEFT | UP, RIGHT | DOWN)
    };
    cells.push(Cell {
        x: lane,
        y: from,
        lines: out,
    });
    cells.push(Cell {
        x: lane,
        y: to,
        lines: into,
    });
    let between = from.min(to) + 1..from.max(to);
    cells.extend(between.map(|y| Cell {
        x: lane,
        y,
        lines: UP | DOWN,
    }));
}
