//! The position of boxes: which layers are visible, their widths, the rows of their boxes.

use std::ops::Range;

use super::{CellArea, MIN_BOX_WIDTH, NodeBox, preferred_width};

/// Columns between two layers, at least: out, along, in.
pub(super) const MIN_GAP: u16 = 3;
/// Columns of the count of hidden nodes at an edge.
pub(super) const STUB_WIDTH: u16 = 4;

/// The layers that fit into the area.
#[derive(Clone, Debug)]
pub(super) struct VisibleLayers {
    pub layers: Range<usize>,
    pub layer_count: usize,
    /// Whether there is space for the counts of hidden nodes.
    pub has_stubs: bool,
}

impl VisibleLayers {
    pub(super) fn has_hidden_left(&self) -> bool {
        self.layers.start > 0
    }

    pub(super) fn has_hidden_right(&self) -> bool {
        self.layers.end < self.layer_count
    }

    fn stub_count(&self) -> u16 {
        if self.has_stubs {
            u16::from(self.has_hidden_left()) + u16::from(self.has_hidden_right())
        } else {
            0
        }
    }

    /// Columns of the narrowest layout.
    fn min_width(&self) -> u16 {
        let layers = u16::try_from(self.layers.len()).unwrap_or(u16::MAX);
        let between = layers.saturating_sub(1).saturating_mul(MIN_GAP);
        layers
            .saturating_mul(MIN_BOX_WIDTH)
            .saturating_add(between)
            .saturating_add(self.stub_count() * (STUB_WIDTH + MIN_GAP))
    }
}

/// As many layers as fit, with that of the focus and its neighbors.
pub(super) fn visible_layers(
    boxes: &[NodeBox],
    area: CellArea,
    focus: usize,
    center: usize,
) -> VisibleLayers {
    let count = boxes
        .iter()
        .map(|member| member.layer + 1)
        .max()
        .unwrap_or(1);
    for visible in (1..=count).rev() {
        let last = count - visible;
        // The center is at two thirds: it has more causes than effects.
        let default = center.saturating_sub(visible * 2 / 3).min(last);
        let shows = |layer: usize| (default..default + visible).contains(&layer);
        let shows_focus =
            shows(focus) && shows(focus.saturating_sub(1)) && shows((focus + 1).min(count - 1));
        let start = if shows_focus {
            default
        } else {
            focus.saturating_sub(visible / 2).min(last)
        };
        let window = VisibleLayers {
            layers: start..start + visible,
            layer_count: count,
            has_stubs: true,
        };
        if window.min_width() <= area.width {
            return window;
        }
    }
    VisibleLayers {
        layers: focus..focus + 1,
        layer_count: count,
        has_stubs: false,
    }
}

/// The rows of a layer's boxes, and of the connectors that pass below them.
pub(super) struct LayerColumn {
    pub rows: Vec<u16>,
    pub passing_rows: Vec<u16>,
}

/// Stacks the boxes of a layer in the middle of the area, with as many of `passing` lines below them as fit.
pub(super) fn place_column(
    boxes: usize,
    passing: usize,
    area: CellArea,
    box_height: u16,
) -> LayerColumn {
    let count = u16::try_from(boxes).unwrap_or(u16::MAX);
    let used = count.saturating_mul(box_height).min(area.height);
    let passing = u16::try_from(passing)
        .unwrap_or(u16::MAX)
        .min(area.height - used);
    let spare = area.height - used - passing;
    // A row between boxes, if there is space for it between all of them.
    let between = u16::from(box_height > 1 && count > 1 && spare >= count - 1);
    let top = area.y + (spare - between * count.saturating_sub(1)) / 2;
    let rows: Vec<u16> = (0..count)
        .map(|nth| top + nth * (box_height + between))
        .collect();
    let below = rows.last().map_or(top, |last| last + box_height);
    LayerColumn {
        rows,
        passing_rows: (0..passing).map(|nth| below + nth).collect(),
    }
}

/// The widths of the visible layers and of the gaps between them: as preferred if there is space, else shared.
pub(super) fn layer_widths(
    boxes: &[NodeBox],
    window: &VisibleLayers,
    area: CellArea,
    box_height: u16,
    lanes: &[u16],
) -> (Vec<u16>, Vec<u16>) {
    let preferred = |layer: usize| {
        let members = boxes.iter().filter(|member| member.layer == layer);
        let widths = members.map(|member| preferred_width(member, box_height));
        widths.max().unwrap_or(MIN_BOX_WIDTH)
    };
    let preferred_widths: Vec<u16> = window.layers.clone().map(preferred).collect();
    let mut spare = area.width.saturating_sub(window.min_width());
    // Each gap has one lane; more lanes use spare columns.
    let gaps: Vec<u16> = lanes
        .iter()
        .map(|lanes| {
            let more = lanes.saturating_sub(1).min(2).min(spare);
            spare -= more;
            MIN_GAP + more
        })
        .collect();
    let stubs = window.stub_count() * (STUB_WIDTH + MIN_GAP);
    let available = area.width.saturating_sub(stubs + gaps.iter().sum::<u16>());
    (distribute(&preferred_widths, available), gaps)
}

/// Distributes columns: layers that prefer less than an equal share get that, the others share the rest.
fn distribute(preferred_widths: &[u16], available: u16) -> Vec<u16> {
    let mut widths = vec![0_u16; preferred_widths.len()];
    let mut available = available;
    let mut open: Vec<usize> = (0..preferred_widths.len()).collect();
    while !open.is_empty() {
        let count = u16::try_from(open.len()).unwrap_or(u16::MAX);
        let share = available / count;
        let (satisfied, greedy): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|at| preferred_widths[**at] <= share);
        if satisfied.is_empty() {
            let mut remainder = available % count;
            for at in greedy {
                widths[at] = share + u16::from(remainder > 0);
                remainder = remainder.saturating_sub(1);
            }
            break;
        }
        for at in satisfied {
            widths[at] = preferred_widths[at];
            available -= preferred_widths[at];
        }
        open = greedy;
    }
    widths
}

/// The horizontal position of everything, from the left.
pub(super) struct HorizontalPlacement {
    /// The first column and the width of each gap: before the first visible layer, between layers, after the last.
    pub gaps: Vec<(u16, u16)>,
    /// The first column and the width of each visible layer.
    pub layers: Vec<(u16, u16)>,
    /// The counts of hidden nodes, left and right.
    pub stubs: [Option<CellArea>; 2],
}

/// Places layers, gaps and stubs in the middle of the area.
pub(super) fn place_horizontally(
    area: CellArea,
    stub_row: u16,
    window: &VisibleLayers,
    widths: &[u16],
    gaps: &[u16],
) -> HorizontalPlacement {
    let [has_left, has_right] = [window.has_hidden_left(), window.has_hidden_right()]
        .map(|is_hidden| is_hidden && window.has_stubs);
    let stubs = window.stub_count() * (STUB_WIDTH + MIN_GAP);
    let used = widths.iter().chain(gaps).sum::<u16>() + stubs;
    let mut x = area.x + area.width.saturating_sub(used) / 2;
    let stub_at = |x: u16| CellArea {
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
    if has_left {
        horizontal.stubs[0] = Some(stub_at(x));
        x += STUB_WIDTH;
    }
    let outer_gap = |has_stub: bool| if has_stub { MIN_GAP } else { 0 };
    horizontal.gaps.push((x, outer_gap(has_left)));
    x += outer_gap(has_left);
    for (nth, width) in widths.iter().enumerate() {
        horizontal.layers.push((x, *width));
        x += width;
        let gap = gaps.get(nth).copied().unwrap_or(outer_gap(has_right));
        horizontal.gaps.push((x, gap));
        x += gap;
    }
    if has_right {
        horizontal.stubs[1] = Some(stub_at(x));
    }
    horizontal
}
