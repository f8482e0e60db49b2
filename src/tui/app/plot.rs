//! The layout of a chart, for drawing and the mouse.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::chart::{Axis, Figure, Quantity, Tick};

/// Rows between two ticks of the y axis.
const ROWS_PER_TICK: u16 = 3;
/// The least number of ticks of a low y axis: with fewer, rounding can leave only one.
const MIN_Y_TICKS: u16 = 4;
/// Columns between two ticks of the x axis.
const COLUMNS_PER_TICK: u16 = 13;
/// The largest width of numeric tick labels.
const MAX_Y_LABEL_WIDTH: u16 = 11;
/// From this height on, a chart has a line of notes below it.
const MIN_HEIGHT_WITH_NOTES: u16 = 7;

/// The parts of a chart. Parts without room are empty.
#[derive(Clone, Debug, PartialEq)]
pub struct PlotAreas {
    pub title: Rect,
    /// The tick labels of the y axis, right-aligned.
    pub y_labels: Rect,
    pub y_axis: Rect,
    /// The curves.
    pub data: Rect,
    pub x_axis: Rect,
    /// The tick labels of the x axis.
    pub x_labels: Rect,
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
    let title_rows = u16::from(area.height >= 3);
    let note_rows = u16::from(area.height >= MIN_HEIGHT_WITH_NOTES && !figure.notes.is_empty());
    let below = if has_axes { 2 + note_rows } else { 0 };
    let rows = area.height.saturating_sub(title_rows + below);
    let is_categorical = matches!(figure.y.quantity, Quantity::Categories(_));
    let widest = y_ticks(&figure.y, rows)
        .iter()
        .map(|tick| tick.label.width() as u16)
        .max()
        .unwrap_or(0);
    let gutter = if has_axes {
        widest.min(if is_categorical {
            area.width / 3
        } else {
            MAX_Y_LABEL_WIDTH
        })
    } else {
        0
    };
    let rule = u16::from(has_axes);
    let data_row = |y: u16, rows: u16| Rect {
        x: area.x + gutter + rule,
        width: area.width.saturating_sub(gutter + rule),
        ..row(y, rows)
    };
    PlotAreas {
        title: row(0, title_rows),
        y_labels: Rect {
            width: gutter,
            ..row(title_rows, rows)
        },
        y_axis: Rect {
            x: area.x + gutter,
            width: rule,
            ..row(title_rows, rows)
        },
        data: data_row(title_rows, rows),
        x_axis: data_row(title_rows + rows, u16::from(has_axes)),
        x_labels: data_row(title_rows + rows + 1, u16::from(has_axes)),
        notes: row(title_rows + rows + 2, note_rows),
    }
}

/// The ticks of a y axis of this many rows.
#[must_use]
pub fn y_ticks(axis: &Axis, rows: u16) -> Vec<Tick> {
    let is_categorical = matches!(axis.quantity, Quantity::Categories(_));
    axis.ticks(usize::from(if is_categorical {
        rows
    } else {
        (rows / ROWS_PER_TICK).max(MIN_Y_TICKS)
    }))
}

/// The ticks of an x axis of this many columns.
#[must_use]
pub fn x_ticks(axis: &Axis, columns: u16) -> Vec<Tick> {
    axis.ticks(usize::from((columns / COLUMNS_PER_TICK).max(2)))
}

/// The x value at a column of the screen; `None` outside of the data area.
#[must_use]
pub fn x_value_at(plot: &PlotAreas, axis: &Axis, column: u16) -> Option<f64> {
    let data = plot.data;
    let is_inside = data.width > 1 && (data.left()..data.right()).contains(&column);
    is_inside.then(|| axis.value_at(f64::from(column - data.x) / f64::from(data.width - 1)))
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
