//! Where the parts of a chart are: one pure answer that serves drawing and the mouse.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::chart::{Axis, Figure, Quantity, Tick};

/// Rows between two ticks of the y axis.
const ROWS_A_TICK: u16 = 3;
/// Ticks of an axis that is low: with fewer, round values may leave one.
const FEWEST_TICKS: u16 = 4;
/// Columns between two ticks of the x axis.
const COLUMNS_A_TICK: u16 = 13;
/// The widest that ticks of numbers are drawn.
const GUTTER: u16 = 11;
/// From this height on, a chart has a line of notes under it.
const NOTED: u16 = 7;

/// The parts of a chart. What has no room is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// What it is of.
    pub title: Rect,
    /// The ticks of the y axis, their labels ending at its right.
    pub gutter: Rect,
    /// The lines between the gutter, the inside and the bottom: the y axis.
    pub rule: Rect,
    /// Where the data is.
    pub inside: Rect,
    /// The line of the x axis.
    pub floor: Rect,
    /// The labels of the x axis.
    pub bottom: Rect,
    /// What has to be said.
    pub notes: Rect,
}

/// The parts of a chart in an area.
#[must_use]
pub fn plot(area: Rect, figure: &Figure) -> Plot {
    let row = |y: u16, rows: u16| Rect {
        y: area.y + y.min(area.height),
        height: rows.min(area.height.saturating_sub(y)),
        ..area
    };
    let has_axes = area.height >= 5 && area.width >= 16;
    let above = u16::from(area.height >= 3);
    let noted = u16::from(area.height >= NOTED && !figure.notes.is_empty());
    let below = if has_axes { 2 + noted } else { 0 };
    let rows = area.height.saturating_sub(above + below);
    let named = matches!(figure.y.quantity, Quantity::Names(_));
    let widest = y_ticks(&figure.y, rows)
        .iter()
        .map(|tick| tick.label.width() as u16)
        .max()
        .unwrap_or(0);
    let gutter = if has_axes {
        widest.min(if named { area.width / 3 } else { GUTTER })
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
    Plot {
        title: row(0, above),
        gutter: Rect {
            width: gutter,
            ..row(above, rows)
        },
        rule: Rect {
            x: area.x + gutter,
            width: rule,
            ..row(above, rows)
        },
        inside,
        floor: beside(above + rows, u16::from(has_axes)),
        bottom: beside(above + rows + 1, u16::from(has_axes)),
        notes: row(above + rows + 2, noted),
    }
}

/// The ticks of a y axis that is so many rows high.
#[must_use]
pub fn y_ticks(axis: &Axis, rows: u16) -> Vec<Tick> {
    let named = matches!(axis.quantity, Quantity::Names(_));
    axis.ticks(usize::from(if named {
        rows
    } else {
        (rows / ROWS_A_TICK).max(FEWEST_TICKS)
    }))
}

/// The ticks of an x axis that is so many columns wide.
#[must_use]
pub fn x_ticks(axis: &Axis, columns: u16) -> Vec<Tick> {
    axis.ticks(usize::from((columns / COLUMNS_A_TICK).max(2)))
}

/// The value of the x axis at a column of the screen; nothing for one that is not inside.
#[must_use]
pub fn value_at(plot: &Plot, axis: &Axis, column: u16) -> Option<f64> {
    let inside = plot.inside;
    let is_inside = inside.width > 1 && (inside.left()..inside.right()).contains(&column);
    is_inside.then(|| axis.value(f64::from(column - inside.x) / f64::from(inside.width - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::ScaleKind;
    use proptest::prelude::*;

    fn figure() -> Figure {
        let axis = |title: &str| {
            Axis::over(
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
        fn the_parts_are_inside_and_beside_each_other(width in 0u16..300, height in 0u16..120) {
            let area = Rect::new(3, 2, width, height);
            let plot = plot(area, &figure());
            let parts = [plot.title, plot.gutter, plot.rule, plot.inside, plot.floor, plot.bottom, plot.notes];
            for (n, part) in parts.iter().enumerate() {
                prop_assert_eq!(part.intersection(area).area(), part.area());
                for other in &parts[n + 1..] {
                    prop_assert!(part.intersection(*other).is_empty(), "{:?} {:?}", part, other);
                }
            }
        }
    }

    #[test]
    fn a_column_of_the_screen_is_a_value() {
        let figure = figure();
        let plot = plot(Rect::new(0, 0, 60, 12), &figure);
        assert_eq!(value_at(&plot, &figure.x, plot.inside.x), Some(0.0));
        assert_eq!(
            value_at(&plot, &figure.x, plot.inside.right() - 1),
            Some(1000.0)
        );
        assert_eq!(value_at(&plot, &figure.x, 0), None);
    }
}
