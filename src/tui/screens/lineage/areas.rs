//! The layout of the lineage screen.

use ratatui::layout::Rect;

use crate::lineage::Graph;
use crate::lineage::graph_layout::CellArea;
use crate::tui::app::layout::{Size, screen_areas};

/// From this width on, facts and checklist are beside the graph; below it, the facts are under it.
const SIDE_BY_SIDE_WIDTH: u16 = 160;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineageAreas {
    /// One line about the version.
    pub summary: Rect,
    /// One line about reproducibility; empty where the checklist is visible.
    pub reproducibility: Rect,
    /// One line per warning; empty in a low terminal, where the line above counts them.
    pub warnings: Rect,
    pub graph: Rect,
    /// The facts of the node under the cursor.
    pub facts: Rect,
    /// The checklist with details, where there is room.
    pub checklist: Option<Rect>,
}

#[must_use]
pub fn lineage_areas(size: Size, graph: &Graph) -> LineageAreas {
    let body = screen_areas(size).body;
    let is_wide = body.width >= SIDE_BY_SIDE_WIDTH && body.height >= 24;
    let warning_rows = graph.warnings.len() + usize::from(!graph.missing.is_empty());
    let max_rows = match body.height {
        0..12 => 0,
        12..24 => 2,
        _ => 6,
    };
    let warning_height = u16::try_from(warning_rows.min(max_rows)).unwrap_or(0);
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
    let reproducibility = rows(u16::from(!is_wide));
    let warnings = rows(warning_height);
    let rest = rows(body.height);
    if is_wide {
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
        let lines = u16::try_from(checklist_rows(rest.height)).unwrap_or(0);
        let below = Rect {
            y: right.bottom() - lines,
            height: lines,
            ..right
        };
        let facts = Rect {
            height: right.height - lines,
            ..right
        };
        return LineageAreas {
            summary,
            reproducibility,
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
    LineageAreas {
        summary,
        reproducibility,
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

/// The rows of the checklist: seven lines in a frame, and wrapped ones.
fn checklist_rows(height: u16) -> usize {
    usize::from(height / 3).clamp(9, 16)
}

/// An area in the type of the graph layout.
#[must_use]
pub fn graph_area(part: Rect) -> CellArea {
    CellArea {
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
        fn areas_do_not_overlap(width in 0u16..300, height in 0u16..120, warnings in 0usize..9) {
            let size = Size { width, height };
            let graph = Graph {
                nodes: Vec::new(),
                edges: Vec::new(),
                reproducibility: Vec::new(),
                commits_since: None,
                summary: Untrusted::default(),
                warnings: vec!["x".into(); warnings],
                missing: Vec::new(),
            };
            let parts = lineage_areas(size, &graph);
            let all = [Some(parts.summary), Some(parts.reproducibility), Some(parts.warnings), Some(parts.graph), Some(parts.facts), parts.checklist];
            let all: Vec<Rect> = all.into_iter().flatten().collect();
            let body = screen_areas(size).body;
            for (nth, part) in all.iter().enumerate() {
                prop_assert_eq!(part.intersection(body).area(), part.area(), "{:?}", part);
                for other in &all[..nth] {
                    prop_assert_eq!(part.intersection(*other).area(), 0, "{:?} and {:?}", part, other);
                }
            }
        }
    }
}
