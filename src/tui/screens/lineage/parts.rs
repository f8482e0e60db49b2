//! Where the parts of the lineage screen are.

use ratatui::layout::Rect;

use crate::lineage::Graph;
use crate::lineage::graph_layout::Area;
use crate::tui::app::layout::{Size, frame};

/// From this width on, facts and checklist stand beside the graph; below it, under it.
const BESIDE_WIDTH: u16 = 160;

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The version in one line.
    pub summary: Rect,
    /// What could be made again, in one line; empty where the checklist is seen.
    pub verdict: Rect,
    /// The warnings, a line each; empty where they stand in the line above.
    pub warnings: Rect,
    /// The graph.
    pub graph: Rect,
    /// The facts of the node under the cursor.
    pub facts: Rect,
    /// The checklist with its details, where there is room for it.
    pub checklist: Option<Rect>,
}

/// The parts of the screen at a size, for a graph.
#[must_use]
pub fn parts(size: Size, graph: &Graph) -> Parts {
    let body = frame(size).body;
    let beside = body.width >= BESIDE_WIDTH && body.height >= 24;
    let told = graph.warnings.len() + usize::from(!graph.missing.is_empty());
    let most = match body.height {
        0..12 => 0,
        12..24 => 2,
        _ => 6,
    };
    let warned = u16::try_from(told.min(most)).unwrap_or(0);
    let mut y = body.y;
    let mut rows = |height: u16| {
        let height = height.min(body.bottom().saturating_sub(y));
        let part = Rect {
            x: body.x,
            y,
            width: body.width,
            height,
        };
        y += height;
        part
    };
    let summary = rows(1);
    let verdict = rows(u16::from(!beside));
    let warnings = rows(warned);
    let rest = rows(body.height);
    if beside {
        let width = (rest.width * 2 / 5).clamp(48, 84);
        let graph = Rect {
            width: rest.width - width,
            ..rest
        };
        let right = Rect {
            x: graph.right(),
            width,
            ..rest
        };
        let lines = u16::try_from(graph_lines(rest.height)).unwrap_or(0);
        let below = Rect {
            y: right.bottom() - lines,
            height: lines,
            ..right
        };
        let facts = Rect {
            height: right.height - lines,
            ..right
        };
        return Parts {
            summary,
            verdict,
            warnings,
            graph,
            facts,
            checklist: Some(below),
        };
    }
    let under = match rest.height {
        0..9 => rest.height.min(1),
        height => (height / 3).clamp(3, 12),
    };
    let graph = Rect {
        height: rest.height - under,
        ..rest
    };
    Parts {
        summary,
        verdict,
        warnings,
        graph,
        facts: Rect {
            y: graph.bottom(),
            height: under,
            ..rest
        },
        checklist: None,
    }
}

/// How many rows the checklist has: seven lines in a frame, and what wraps.
fn graph_lines(height: u16) -> usize {
    usize::from(height / 3).clamp(9, 16)
}

/// A part of the screen as the graph's drawing takes it.
#[must_use]
pub fn area(part: Rect) -> Area {
    Area {
        x: part.x,
        y: part.y,
        width: part.width,
        height: part.height,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Untrusted;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_part_is_in_the_body_and_none_lies_over_another(width in 0u16..300, height in 0u16..120, warnings in 0usize..9) {
            let size = Size { width, height };
            let graph = Graph {
                nodes: Vec::new(),
                edges: Vec::new(),
                reproducibility: Vec::new(),
                since: None,
                summary: Untrusted::default(),
                warnings: vec!["x".into(); warnings],
                missing: Vec::new(),
            };
            let parts = parts(size, &graph);
            let all = [Some(parts.summary), Some(parts.verdict), Some(parts.warnings), Some(parts.graph), Some(parts.facts), parts.checklist];
            let all: Vec<Rect> = all.into_iter().flatten().collect();
            let body = frame(size).body;
            for (nth, part) in all.iter().enumerate() {
                prop_assert_eq!(part.intersection(body).area(), part.area(), "{:?}", part);
                for other in &all[..nth] {
                    prop_assert_eq!(part.intersection(*other).area(), 0, "{:?} and {:?}", part, other);
                }
            }
        }
    }
}
