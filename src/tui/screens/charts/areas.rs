//! The layout of charts and legend, for drawing, requests and the mouse.

use ratatui::layout::Rect;

/// The smallest width and height of a chart in a grid of several.
const MIN_PANEL_SIZE: (u16, u16) = (36, 9);
/// The most charts in a row of the grid.
const MAX_COLUMNS: u16 = 4;
/// From this width on, the legend is beside the charts.
const SIDE_BY_SIDE_WIDTH: u16 = 100;
const LEGEND_WIDTH: u16 = 38;

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
    let status = Rect {
        height: body.height.min(1),
        ..body
    };
    let rest = Rect {
        y: body.y + status.height,
        height: body.height - status.height,
        ..body
    };
    let (charts, legend) = if rest.width >= SIDE_BY_SIDE_WIDTH {
        let width = rest.width - LEGEND_WIDTH;
        (
            Rect { width, ..rest },
            Rect {
                x: rest.x + width,
                width: LEGEND_WIDTH,
                ..rest
            },
        )
    } else {
        // Below a maximized chart each run has a row with its value; below a grid, names flow in one row.
        let most = if is_maximized {
            rest.height / 3
        } else {
            rest.height.min(1)
        };
        let height = u16::try_from(lines).unwrap_or(u16::MAX).min(most);
        let top = rest.height - height;
        (
            Rect {
                height: top,
                ..rest
            },
            Rect {
                y: rest.y + top,
                height,
                ..rest
            },
        )
    };
    if is_maximized || count == 0 {
        return ChartAreas {
            status,
            panels: if count == 0 { Vec::new() } else { vec![charts] },
            first_panel: at,
            columns: 1,
            legend,
        };
    }
    let across = (charts.width / MIN_PANEL_SIZE.0)
        .clamp(1, MAX_COLUMNS)
        .min(u16::try_from(count).unwrap_or(MAX_COLUMNS));
    let lines_of_panels = u16::try_from(count.div_ceil(usize::from(across))).unwrap_or(u16::MAX);
    let down = (charts.height / MIN_PANEL_SIZE.1).clamp(1, lines_of_panels);
    let page = usize::from(across * down);
    let first = at / page * page;
    let edge = |nth: u16, of: u16, room: u16| u32::from(nth) * u32::from(room) / u32::from(of);
    let panel = |nth: usize| {
        let (row, column) = (
            (nth / usize::from(across)) as u16,
            (nth % usize::from(across)) as u16,
        );
        let (left, right) = (
            edge(column, across, charts.width) as u16,
            edge(column + 1, across, charts.width) as u16,
        );
        let (top, bottom) = (
            edge(row, down, charts.height) as u16,
            edge(row + 1, down, charts.height) as u16,
        );
        Rect::new(charts.x + left, charts.y + top, right - left, bottom - top)
    };
    let panels = (0..page.min(count - first)).map(panel).collect();
    ChartAreas {
        status,
        panels,
        first_panel: first,
        columns: usize::from(across),
        legend,
    }
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
            prop_assert!(count == 0 || (layout.first_panel..layout.first_panel + layout.panels.len()).contains(&at), "the chart under the cursor is visible");
        }
    }
}
