//! The layout of the lineage screen.

use ratatui::layout::Rect;

use crate::lineage::Graph;
use crate::lineage::graph_layout::CellArea;
use crate::text::untrusted::clean;
use crate::text::width::wrap;
use crate::tui::app::layout::{Size, screen_areas, split_bottom, split_right, split_top};

/// The fewest rows of facts that have a frame.
pub const FRAMED_FACT_ROWS: u16 = 5;

/// From this width on, facts and checklist are beside the graph; below it, the facts are under it.
const SIDE_BY_SIDE_WIDTH: u16 = 160;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineageAreas {
    /// The version in one line; in two where it is long and there is room.
    pub summary: Rect,
    /// One line about reproducibility; empty where the checklist is visible.
    pub reproducibility: Rect,
    /// The lines of [`head_warnings`]; empty in a low terminal, where the line above counts them.
    pub warnings: Rect,
    pub graph: Rect,
    /// The facts of the node under the cursor: in a frame from [`FRAMED_FACT_ROWS`] rows on, else under a rule.
    pub facts: Rect,
    /// The checklist with details, where there is room.
    pub checklist: Option<Rect>,
}

#[must_use]
pub fn lineage_areas(size: Size, graph: &Graph) -> LineageAreas {
    let body = screen_areas(size).body;
    let is_wide = body.width >= SIDE_BY_SIDE_WIDTH && body.height >= 24;
    let (summary_rows, max_rows) = match body.height {
        0..12 => (1, 0),
        12..24 => (2, 2),
        _ => (2, 6),
    };
    let (warnings, _) = head_warnings(graph, body.width.saturating_sub(1), max_rows, "!");
    let warning_height = u16::try_from(warnings.len()).unwrap_or(0);
    let summary_lines = wrap(&graph.summary.clean(), body.width.saturating_sub(1)).len();
    let summary_height = u16::try_from(summary_lines.clamp(1, summary_rows)).unwrap_or(1);
    let (summary, rest) = split_top(body, summary_height);
    let (reproducibility, rest) = split_top(rest, u16::from(!is_wide));
    let (warnings, rest) = split_top(rest, warning_height);
    let (graph, facts, checklist) = if is_wide {
        let (graph, right) = split_right(rest, (rest.width * 2 / 5).clamp(48, 84));
        let (facts, checklist) = split_bottom(right, checklist_rows(rest.height));
        (graph, facts, Some(checklist))
    } else {
        let fact_rows = match rest.height {
            0..9 => rest.height.min(1),
            9..18 => 4,
            height => (height / 3).clamp(FRAMED_FACT_ROWS, 12),
        };
        let (graph, facts) = split_bottom(rest, fact_rows);
        (graph, facts, None)
    };
    LineageAreas {
        summary,
        reproducibility,
        warnings,
        graph,
        facts,
        checklist,
    }
}

/// The rows of the checklist: eight lines in a frame, and wrapped ones.
fn checklist_rows(height: u16) -> u16 {
    (height / 3).clamp(10, 16)
}

/// The warnings that fit in `max_rows` lines of `width` cells, wrapped, and what could not be read after them. The others are
/// counted in the last line. Returns the lines and how many warnings they have in full.
#[must_use]
pub fn head_warnings(
    graph: &Graph,
    width: u16,
    max_rows: usize,
    symbol: &str,
) -> (Vec<String>, usize) {
    let all: Vec<Vec<String>> = warning_texts(graph, symbol)
        .iter()
        .map(|text| wrap(text, width))
        .collect();
    if max_rows == 0 {
        return (Vec::new(), 0);
    }
    if all.iter().map(Vec::len).sum::<usize>() <= max_rows {
        let shown = all.len();
        return (all.into_iter().flatten().collect(), shown);
    }
    let mut lines: Vec<String> = Vec::new();
    let mut shown = 0;
    for warning in &all {
        if lines.len() + warning.len() >= max_rows {
            break;
        }
        lines.extend(warning.iter().cloned());
        shown += 1;
    }
    let left = all.len() - shown;
    lines.push(if shown == 0 {
        let plural = if left == 1 { "warning" } else { "warnings" };
        format!("{symbol} {left} {plural}: on the version")
    } else {
        format!("{symbol} {left} more: on the version")
    });
    (lines, shown)
}

/// The warnings, and what could not be read, each with the symbol.
#[must_use]
pub fn warning_texts(graph: &Graph, symbol: &str) -> Vec<String> {
    let warnings = graph.warnings.iter();
    let warnings = warnings.map(|warning| format!("{symbol} {warning}"));
    let missing = graph.missing.iter();
    let missing = missing.map(|why| format!("{symbol} not read: {}", clean(why)));
    warnings.chain(missing).collect()
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
