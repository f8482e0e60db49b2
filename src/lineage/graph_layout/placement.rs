//! Where boxes stand: which layers are seen, how wide they are, at which height their boxes are.

use std::ops::Range;

use super::{CellArea, GraphLayout, MIN_BOX_WIDTH, NodeBox, preferred_width};

/// The fewest cells between two layers: out, along, in.
pub(super) const MIN_GAP: u16 = 3;
/// The cells in which what is beyond an edge is told.
pub(super) const STUB_WIDTH: u16 = 4;

/// Which layers are seen.
#[derive(Clone, Debug)]
pub(super) struct VisibleLayers {
    pub layers: Range<usize>,
    pub layer_count: usize,
    /// Whether there is room to tell what is beyond the edges.
    pub has_stubs: bool,
}

impl VisibleLayers {
    pub(super) fn has_hidden_left(&self) -> bool {
        self.layers.start > 0
    }

    pub(super) fn has_hidden_right(&self) -> bool {
        self.layers.end < self.layer_count
    }

    /// The cells that stubs take.
    fn stub_count(&self) -> u16 {
        if self.has_stubs {
            u16::from(self.has_hidden_left()) + u16::from(self.has_hidden_right())
        } else {
            0
        }
    }

    /// The cells for layers that are as narrow as can be.
    fn min_width(&self) -> u16 {
        let layers = u16::try_from(self.layers.len()).unwrap_or(u16::MAX);
        let between = layers.saturating_sub(1).saturating_mul(MIN_GAP);
        layers
            .saturating_mul(MIN_BOX_WIDTH)
            .saturating_add(between)
            .saturating_add(self.stub_count() * (STUB_WIDTH + MIN_GAP))
    }
}

/// The layers that are seen: as many as fit, with the one under the eye and its neighbours among them.
pub(super) fn visible_layers(
    boxes: &[NodeBox],
    area: CellArea,
    focus: usize,
    middle: usize,
) -> VisibleLayers {
    let count = boxes
        .iter()
        .map(|placed| placed.layer + 1)
        .max()
        .unwrap_or(1);
    for visible in (1..=count).rev() {
        let last = count - visible;
        // The version stands at two thirds: there is more to be seen before it than after.
        let usual = middle.saturating_sub(visible * 2 / 3).min(last);
        let sees = |layer: usize| (usual..usual + visible).contains(&layer);
        let around =
            sees(focus) && sees(focus.saturating_sub(1)) && sees((focus + 1).min(count - 1));
        let start = if around {
            usual
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

/// The row of each box of a layer, and that of lines that pass through it below them.
pub(super) struct LayerColumn {
    pub rows: Vec<u16>,
    pub passing_rows: Vec<u16>,
}

/// Puts the boxes of a layer below each other, in the middle of the area; `passing` lines below them, as many as fit.
pub(super) fn place_column(
    boxes: usize,
    passing: usize,
    area: CellArea,
    box_height: u16,
) -> LayerColumn {
    let count = u16::try_from(boxes).unwrap_or(u16::MAX);
    let taken = count.saturating_mul(box_height).min(area.height);
    let passing = u16::try_from(passing)
        .unwrap_or(u16::MAX)
        .min(area.height - taken);
    let spare = area.height - taken - passing;
    // A row between boxes where there is room for it between all of them.
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

/// The widths of the layers that are seen, and the gaps after each: as wide as they would like where there is room, else shared.
pub(super) fn layer_widths(
    layout: &GraphLayout,
    window: &VisibleLayers,
    area: CellArea,
    box_height: u16,
    lanes: &[u16],
) -> (Vec<u16>, Vec<u16>) {
    let preferred = |layer: usize| {
        layout
            .boxes
            .iter()
            .filter(|placed| placed.layer == layer)
            .map(|placed| preferred_width(placed, box_height))
            .max()
    };
    let preferred_widths: Vec<u16> = window
        .layers
        .clone()
        .map(|layer| preferred(layer).unwrap_or(MIN_BOX_WIDTH))
        .collect();
    let least = window.min_width();
    let mut spare = area.width.saturating_sub(least);
    // More lanes than one between two layers take from what is left over.
    let gaps: Vec<u16> = lanes
        .iter()
        .map(|lanes| {
            let more = lanes.saturating_sub(1).min(2).min(spare);
            spare -= more;
            MIN_GAP + more
        })
        .collect();
    let stubs = window.stub_count() * (STUB_WIDTH + MIN_GAP);
    let inner: u16 = gaps.iter().sum();
    let room = area.width.saturating_sub(stubs).saturating_sub(inner);
    (distribute(&preferred_widths, room), gaps)
}

/// Shares room: whoever wants less than an equal part gets that, and leaves the rest to the others.
fn distribute(preferred_widths: &[u16], room: u16) -> Vec<u16> {
    let mut widths = vec![0_u16; preferred_widths.len()];
    let (mut room, mut open) = (room, (0..preferred_widths.len()).collect::<Vec<usize>>());
    while !open.is_empty() {
        let part = room / u16::try_from(open.len()).unwrap_or(u16::MAX);
        let (content, greedy): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|at| preferred_widths[**at] <= part);
        if content.is_empty() {
            let mut over = room % u16::try_from(open.len()).unwrap_or(u16::MAX);
            for at in greedy {
                widths[at] = part + u16::from(over > 0);
                over = over.saturating_sub(1);
            }
            break;
        }
        for at in content {
            widths[at] = preferred_widths[at];
            room -= preferred_widths[at];
        }
        open = greedy;
    }
    widths
}
