//! The layout of the drivers: the chart, its list, and the notes below the list.

use ratatui::layout::Rect;

use super::DriversScreen;
use crate::chart::registry::SideList;
use crate::text::width::wrap;
use crate::tui::app::layout::{Size, screen_areas};

/// From this width on, the list is beside the chart.
const SIDE_BY_SIDE_WIDTH: u16 = 120;
const LIST_WIDTH: u16 = 64;
/// The most rows below the list of params and below the list of neighbors.
const FOOTER_ROWS: (u16, u16) = (5, 12);
/// Rows of a chart of bars besides its bars: the title, the axis, two of notes.
const ROWS_AROUND_BARS: u16 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DriversAreas {
    /// The tabs.
    pub status: Rect,
    /// Empty on a page without a chart.
    pub chart: Rect,
    /// Empty on a page without a list.
    pub list: Rect,
    /// Notes about the list or its item under the cursor.
    pub footer: Rect,
}

impl DriversScreen {
    pub(crate) fn areas(&self, size: Size) -> DriversAreas {
        let mut parts = self.areas_without_footer(size);
        let footer_rows = match self.figure_spec().list {
            SideList::Params => {
                let lines = self.cautions(parts.list.width.saturating_sub(2)).len();
                u16::try_from(lines).unwrap_or(u16::MAX).min(FOOTER_ROWS.0)
            }
            SideList::Neighbors => FOOTER_ROWS.1,
            SideList::ParetoFront | SideList::None => 0,
        };
        // The list keeps its header and two rows.
        let height = footer_rows
            .min(parts.list.height / 2)
            .min(parts.list.height.saturating_sub(3));
        parts.list.height -= height;
        parts.footer = Rect {
            y: parts.list.bottom(),
            height,
            ..parts.list
        };
        parts
    }

    fn areas_without_footer(&self, size: Size) -> DriversAreas {
        let body = screen_areas(size).body;
        let status = Rect {
            height: body.height.min(1),
            ..body
        };
        let rest = Rect {
            y: body.y + status.height,
            height: body.height - status.height,
            ..body
        };
        let none = Rect { width: 0, ..rest };
        let figure = self.figure_spec();
        let (chart, list) = if figure.list == SideList::None {
            (rest, none)
        } else if figure.build.is_none() {
            (none, rest)
        } else if rest.width >= SIDE_BY_SIDE_WIDTH {
            let width = rest.width - LIST_WIDTH;
            let list = Rect {
                x: rest.x + width,
                width: LIST_WIDTH,
                ..rest
            };
            (Rect { width, ..rest }, list)
        } else {
            let height = self.stacked_chart_height(rest.height);
            let list = Rect {
                y: rest.y + height,
                height: rest.height - height,
                ..rest
            };
            (Rect { height, ..rest }, list)
        };
        DriversAreas {
            status,
            chart,
            list,
            footer: none,
        }
    }

    /// The height of a chart above its list: half of the room, or up to two thirds for a bar per param.
    fn stacked_chart_height(&self, room: u16) -> u16 {
        if self.figure_spec().list != SideList::Params {
            return room / 2;
        }
        let bars = u16::try_from(self.list_len()).unwrap_or(u16::MAX);
        let wanted = bars.saturating_add(ROWS_AROUND_BARS);
        wanted.clamp(room / 2, (room * 2 / 3).max(room / 2))
    }

    /// The method of the importance and warnings about it, in lines of a width; true for a warning.
    pub(crate) fn cautions(&self, width: u16) -> Vec<(String, bool)> {
        let Some(found) = self.importance.get() else {
            return Vec::new();
        };
        let method = found.r_squared.map_or_else(
            || format!("{} runs, rank correlation only", found.runs),
            |explained| {
                format!(
                    "{} runs; on unseen runs the forest explains R² {explained:.2} of the variance",
                    found.runs
                )
            },
        );
        let warnings = found.warnings.iter().map(|text| (text.clone(), true));
        let all = std::iter::once((method, false)).chain(warnings);
        all.flat_map(|(text, is_warning)| {
            let lines = wrap(&text, width).into_iter();
            lines.map(move |line| (line, is_warning))
        })
        .collect()
    }
}
