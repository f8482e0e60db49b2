//! Where the parts of a chart are: one pure answer that serves drawing and the mouse.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::chart::{Axis, Figure, Quantity, Tick};

/// Rows between two ticks of the y axis.
const ROWS_PER_TICK: u16 = 3;
/// Ticks of an axis that is low: with fewer, round values may leave one.
const MIN_Y_TICKS: u16 = 4;
/// Columns between two ticks of the x axis.
const COLUMNS_PER_TICK: u16 = 13;
/// The widest that ticks of numbers are drawn.
const MAX_Y_LABEL_WIDTH: u16 = 11;
/// From this height on, a chart has a line of notes under it.
const MIN_HEIGHT_WITH_NOTES: u16 = 7;

/// The parts of a chart. What has no room is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotAreas {
    /// What it is of.
    pub title: Rect,
    /// The ticks of the y axis, their labels ending at its right.
    pub y_labels: Rect,
    /// The lines between the gutter, the inside and the bottom: the y axis.
    pub y_axis: Rect,
    /// Where the data is.
    pub data: Rect,
    /// The line of the x axis.
    pub x_axis: Rect,
    /// The labels of the x axis.
    pub x_labels: Rect,
    /// What has to be said.
    pub notes: Rect,
}

/// The parts of a chart in an area.
#[must_use]
pub fn plot_areas(area: Rect, figure: &Figure) -> PlotAreas {
    let row = |y: u16, rows: u16| Rect {
        y: area.y + y.min(area.height),
        height: rows.min(area.height.saturating_sub(y)),
        ..area
    };
    let has_axes = area.height >= 5 && area.width >= 16;
    let above = u16::from(area.height >= 3);
    let noted = u16::from(area.height >= MIN_HEIGHT_WITH_NOTES && !figure.notes.is_empty());
    let below = if has_axes { 2 + noted } else { 0 };
    let rows = area.height.saturating_sub(above + below);
    let named = matches!(figure.y.quantity, Quantity::Categories(_));
    let widest = y_ticks(&figure.y, rows)
        .iter()
        .map(|tick| tick.label.width() as u16)
        .max()
        .unwrap_or(0);
    let gutter = if has_axes {
        widest.min(if named {
            area.width / 3
        } else {
            MAX_Y_LABEL_WIDTH
        })
    } else {
        0
    };
    let rule = u16::from(has_axes);
    let inside = row(above, rows);
    let x = area.x + gutter + rule;
    let inside = Rect {
        x,
        width: area.width.saturating_sub(gutter + rule),
        ..inside
    };
    let beside = |y: u16, rows: u16| Rect {
        x: inside.x,
        width: inside.width,
        ..row(y, rows)
    };
    PlotAreas {
        title: row(0, above),
        y_labels: Rect {
            width: gutter,
            ..row(above, rows)
        },
        y_axis: Rect {
            x: area.x + gutter,
            width: rule,
            ..row(above, rows)
        },
        data: inside,
        x_axis: beside(above + rows, u16::from(has_axes)),
        x_labels: beside(above + rows + 1, u16::from(has_axes)),
        notes: row(above + rows + 2, noted),
    }
}

/// The ticks of a y axis that is so many rows high.
#[must_use]
pub fn y_ticks(axis: &Axis, rows: u16) -> Vec<Tick> {
    let named = matches!(axis.quantity, Quantity::Categories(_));
    axis.ticks(usize::from(if named {
        rows
    } else {
        (rows / ROWS_PER_TICK).max(MIN_Y_TICKS)
    }))
}

/// The ticks of an x axis that is so many columns wide.
#[must_use]
pub fn x_ticks(axis: &Axis, columns: u16) -> Vec<Tick> {
    axis.ticks(usize::from((columns / COLUMNS_PER_TICK).max(2)))
}

/// The value of the x axis at a column of the screen; nothing for one that is not inside.
#[must_use]
pub fn x_value_at(plot: &PlotAreas, axis: &Axis, column: u16) -> Option<f64> {
    let inside = plot.data;
    let is_inside = inside.width > 1 && (inside.left()..inside.right()).contains(&column);
    is_inside.then(|| axis.value_at(f64::from(column - inside.x) / f64::from(inside.width - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::ScaleKind;
    use proptest::prelude::*;

    fn figure() -> Figure {
        let axis = |title: &str| {
            Axis::from_values(
                title,
                Quantity::Number,
                ScaleKind::Linear,
                [0.0, 1000.0].into_iter(),
            )
        };
        let mut figure = Figure::new("loss", axis("step"), axis(""));
        figure.notes.push("10 points".into());
        figure
    }

    proptest! {
        #[test]
        fn areas_do_not_overlap(width in 0u16..300, height in 0u16..120) {
            let area = Rect::new(3, 2, width, height);
            let plot = plot_areas(area, &figure());
            let parts = [plot.title, plot.y_labels, plot.y_axis, plot.data, plot.x_axis, plot.x_labels, plot.notes];
            for (n, part) in parts.iter().enumerate() {
                prop_assert_eq!(part.intersection(area).area(), part.area());
                for other in &parts[n + 1..] {
                    prop_assert!(part.intersection(*other).is_empty(), "{:?} {:?}", part, other);
                }
            }
        }
    }

    #[test]
    fn x_value_at_screen_column() {
        let figure = figure();
        let plot = plot_areas(Rect::new(0, 0, 60, 12), &figure);
        assert_eq!(x_value_at(&plot, &figure.x, plot.data.x), Some(0.0));
        assert_eq!(
            x_value_at(&plot, &figure.x, plot.data.right() - 1),
            Some(1000.0)
        );
        assert_eq!(x_value_at(&plot, &figure.x, 0), None);
    }
}
