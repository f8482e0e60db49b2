//! The layout of charts and legend, for drawing, requests and the mouse.

use ratatui::layout::Rect;

use crate::tui::app::layout::{split_bottom, split_right, split_top};

/// The smallest width and height of a chart in a grid of several.
const MIN_PANEL_SIZE: (u16, u16) = (36, 9);
/// The most charts in a row of the grid.
const MAX_COLUMNS: u16 = 4;
/// From this width on, the legend is beside the charts.
const SIDE_BY_SIDE_WIDTH: u16 = 100;
const LEGEND_WIDTH: u16 = 38;
/// Columns between two charts.
const GAP: u16 = 2;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartAreas {
    /// Tabs and curve style.
    pub status: Rect,
    /// The visible charts.
    pub panels: Vec<Rect>,
    /// The index of the first visible chart.
    pub first_panel: usize,
    /// The number of charts in a row.
    pub columns: usize,
    pub legend: Rect,
}

/// Lays out `count` charts with the cursor on chart `at`, and a legend of `lines` rows.
#[must_use]
pub fn chart_areas(
    body: Rect,
    count: usize,
    at: usize,
    is_maximized: bool,
    lines: usize,
) -> ChartAreas {
    let (status, rest) = split_top(body, 1);
    let (charts, legend) = if rest.width >= SIDE_BY_SIDE_WIDTH {
        split_right(rest, LEGEND_WIDTH)
    } else {
        // Below a maximized chart each run has a row with its value; below a grid, names flow in one row.
        let most = if is_maximized {
            rest.height / 3
        } else {
            rest.height.min(1)
        };
        split_bottom(rest, u16::try_from(lines).unwrap_or(u16::MAX).min(most))
    };
    let (panels, first_panel, columns) = match (count, is_maximized) {
        (0, _) => (Vec::new(), at, 1),
        (_, true) => (vec![charts], at, 1),
        (_, false) => grid(charts, count, at),
    };
    ChartAreas {
        status,
        panels,
        first_panel,
        columns,
        legend,
    }
}

/// The charts of the page with chart `at`, the index of the first one, and the number of columns.
fn grid(area: Rect, count: usize, at: usize) -> (Vec<Rect>, usize, usize) {
    let columns = (area.width / MIN_PANEL_SIZE.0)
        .clamp(1, MAX_COLUMNS)
        .min(u16::try_from(count).unwrap_or(MAX_COLUMNS));
    let all_rows = u16::try_from(count.div_ceil(usize::from(columns))).unwrap_or(u16::MAX);
    let rows = (area.height / MIN_PANEL_SIZE.1).clamp(1, all_rows);
    let page = usize::from(columns * rows);
    let first = at / page * page;
    let edge =
        |nth: u16, of: u16, room: u16| (u32::from(nth) * u32::from(room) / u32::from(of)) as u16;
    let panel = |nth: usize| {
        let row = (nth / usize::from(columns)) as u16;
        let column = (nth % usize::from(columns)) as u16;
        let (left, right) = (
            edge(column, columns, area.width),
            edge(column + 1, columns, area.width),
        );
        let (top, bottom) = (
            edge(row, rows, area.height),
            edge(row + 1, rows, area.height),
        );
        let is_last = column + 1 == columns;
        let width = (right - left).saturating_sub(if is_last { 0 } else { GAP });
        Rect::new(area.x + left, area.y + top, width, bottom - top)
    };
    let panels = (0..page.min(count - first)).map(panel).collect();
    (panels, first, usize::from(columns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn areas_do_not_overlap(width in 0u16..300, height in 0u16..100, count in 0_usize..200, at in 0_usize..200, alone: bool) {
            let body = Rect::new(0, 1, width, height);
            let at = at.min(count.saturating_sub(1));
            let layout = chart_areas(body, count, at, alone, 5);
            let parts: Vec<Rect> = layout.panels.iter().copied().chain([layout.status, layout.legend]).collect();
            for (n, part) in parts.iter().enumerate() {
                prop_assert_eq!(part.intersection(body).area(), part.area());
                prop_assert!(parts[n + 1..].iter().all(|other| part.intersection(*other).is_empty()));
            }
            for pair in layout.panels.windows(2).filter(|pair| pair[0].y == pair[1].y) {
                prop_assert!(pair[0].right() < pair[1].x, "charts do not touch");
            }
            prop_assert!(count == 0 || (layout.first_panel..layout.first_panel + layout.panels.len()).contains(&at), "the chart under the cursor is visible");
        }
    }
}
