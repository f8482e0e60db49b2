//! Where boxes stand: which layers are seen, how wide they are, at which height their boxes are.

use std::ops::Range;

use super::{Area, Layout, NARROWEST, Placed, wanted};

/// The fewest cells between two layers: out, along, in.
pub(super) const GAP: u16 = 3;
/// The cells in which what is beyond an edge is told.
pub(super) const STUB: u16 = 4;

/// Which layers are seen.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub layers: Range<usize>,
    pub count: usize,
    /// Whether there is room to tell what is beyond the edges.
    pub stubs: bool,
}

impl Window {
    pub(super) fn before(&self) -> bool {
        self.layers.start > 0
    }

    pub(super) fn after(&self) -> bool {
        self.layers.end < self.count
    }

    /// The cells that stubs take.
    fn edges(&self) -> u16 {
        if self.stubs {
            u16::from(self.before()) + u16::from(self.after())
        } else {
            0
        }
    }

    /// The cells for layers that are as narrow as can be.
    fn least(&self) -> u16 {
        let layers = u16::try_from(self.layers.len()).unwrap_or(u16::MAX);
        let between = layers.saturating_sub(1).saturating_mul(GAP);
        layers
            .saturating_mul(NARROWEST)
            .saturating_add(between)
            .saturating_add(self.edges() * (STUB + GAP))
    }
}

/// The layers that are seen: as many as fit, with the one under the eye and its neighbours among them.
pub(super) fn window(boxes: &[Placed], area: Area, eye: usize, middle: usize) -> Window {
    let count = boxes
        .iter()
        .map(|placed| placed.layer + 1)
        .max()
        .unwrap_or(1);
    for seen in (1..=count).rev() {
        let last = count - seen;
        // The version stands at two thirds: there is more to be seen before it than after.
        let usual = middle.saturating_sub(seen * 2 / 3).min(last);
        let sees = |layer: usize| (usual..usual + seen).contains(&layer);
        let around = sees(eye) && sees(eye.saturating_sub(1)) && sees((eye + 1).min(count - 1));
        let start = if around {
            usual
        } else {
            eye.saturating_sub(seen / 2).min(last)
        };
        let window = Window {
            layers: start..start + seen,
            count,
            stubs: true,
        };
        if window.least() <= area.width {
            return window;
        }
    }
    Window {
        layers: eye..eye + 1,
        count,
        stubs: false,
    }
}

/// The row of each box of a layer, and that of lines that pass through it below them.
pub(super) struct Column {
    pub rows: Vec<u16>,
    pub passing: Vec<u16>,
}

/// Puts the boxes of a layer below each other, in the middle of the area; `passing` lines below them, as many as fit.
pub(super) fn column(boxes: usize, passing: usize, area: Area, high: u16) -> Column {
    let count = u16::try_from(boxes).unwrap_or(u16::MAX);
    let taken = count.saturating_mul(high).min(area.height);
    let passing = u16::try_from(passing)
        .unwrap_or(u16::MAX)
        .min(area.height - taken);
    let spare = area.height - taken - passing;
    // A row between boxes where there is room for it between all of them.
    let between = u16::from(high > 1 && count > 1 && spare >= count - 1);
    let top = area.y + (spare - between * count.saturating_sub(1)) / 2;
    let rows: Vec<u16> = (0..count).map(|nth| top + nth * (high + between)).collect();
    let below = rows.last().map_or(top, |last| last + high);
    Column {
        rows,
        passing: (0..passing).map(|nth| below + nth).collect(),
    }
}

/// The widths of the layers that are seen, and the gaps after each: as wide as they would like where there is room, else shared.
pub(super) fn widths(
    layout: &Layout,
    window: &Window,
    area: Area,
    high: u16,
    lanes: &[u16],
) -> (Vec<u16>, Vec<u16>) {
    let like = |layer: usize| {
        layout
            .boxes
            .iter()
            .filter(|placed| placed.layer == layer)
            .map(|placed| wanted(placed, high))
            .max()
    };
    let likes: Vec<u16> = window
        .layers
        .clone()
        .map(|layer| like(layer).unwrap_or(NARROWEST))
        .collect();
    let least = window.least();
    let mut spare = area.width.saturating_sub(least);
    // More lanes than one between two layers take from what is left over.
    let gaps: Vec<u16> = lanes
        .iter()
        .map(|lanes| {
            let more = lanes.saturating_sub(1).min(2).min(spare);
            spare -= more;
            GAP + more
        })
        .collect();
    let stubs = window.edges() * (STUB + GAP);
    let inner: u16 = gaps.iter().sum();
    let room = area.width.saturating_sub(stubs).saturating_sub(inner);
    (shared(&likes, room), gaps)
}

/// Shares room: whoever wants less than an equal part gets that, and leaves the rest to the others.
fn shared(likes: &[u16], room: u16) -> Vec<u16> {
    let mut widths = vec![0_u16; likes.len()];
    let (mut room, mut open) = (room, (0..likes.len()).collect::<Vec<usize>>());
    while !open.is_empty() {
        let part = room / u16::try_from(open.len()).unwrap_or(u16::MAX);
        let (content, greedy): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|at| likes[**at] <= part);
        if content.is_empty() {
            let mut over = room % u16::try_from(open.len()).unwrap_or(u16::MAX);
            for at in greedy {
                widths[at] = part + u16::from(over > 0);
                over = over.saturating_sub(1);
            }
            break;
        }
        for at in content {
            widths[at] = likes[at];
            room -= likes[at];
        }
        open = greedy;
    }
    widths
}
