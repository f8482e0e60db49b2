//! The layout of a chart, for drawing and the mouse.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::chart::{Axis, Figure, Quantity, Tick};
use crate::text::width::wrap;

/// Rows between two ticks of the y axis.
const ROWS_PER_TICK: u16 = 3;
/// The least number of ticks of a low y axis: with fewer, rounding can leave only one.
const MIN_Y_TICKS: u16 = 4;
/// Columns between two ticks of the x axis.
const COLUMNS_PER_TICK: u16 = 13;
/// Columns between two ticks of a time axis: the first label has date and time.
const COLUMNS_PER_TIME_TICK: u16 = 22;
/// Below this height, names below the x axis have one row only.
const MIN_HEIGHT_WITH_NAME_ROWS: u16 = 6;
/// Rows of a chart for each row of notes below it.
const ROWS_PER_NOTE: u16 = 4;
/// The largest width of numeric tick labels.
const MAX_Y_LABEL_WIDTH: u16 = 11;
/// From this height on, a chart has a line of notes below it.
const MIN_HEIGHT_WITH_NOTES: u16 = 7;
/// Columns before the notes.
pub const NOTE_INDENT: u16 = 2;
/// The least width of a name below the x axis.
const MIN_NAME_WIDTH: u16 = 4;

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
    /// The tick labels of the x axis; names that are too long for one row take turns in two.
    pub x_labels: Rect,
    /// As many rows as the notes need, up to a quarter of the chart.
    pub notes: Rect,
}

impl PlotAreas {
    /// The width of names below the x axis, `count` of which have room: all, unless they would be shorter than four columns.
    #[must_use]
    pub fn name_room(&self, names: usize) -> (u16, usize) {
        let rows = self.x_labels.height.max(1);
        let room = |count: usize| {
            let spacing = f64::from(self.data.width) / count.max(1) as f64;
            // A name at the end is moved inside, by less than a quarter of the space that is left here.
            let room = if rows > 1 {
                spacing * 1.5
            } else {
                spacing - 1.0
            };
            room.max(0.0) as u16
        };
        let count = (1..=names)
            .rev()
            .find(|count| room(*count) >= MIN_NAME_WIDTH);
        let count = count.unwrap_or(1);
        (room(count), count)
    }
}

/// The row, from the top, of a position from 0 (bottom) to 1 (top). Halves are rounded in one direction despite rounding noise,
/// so that neighbouring names are never in one row.
#[must_use]
pub fn row_of(position: f64, height: u16) -> u16 {
    let last = f64::from(height.saturating_sub(1));
    ((1.0 - position) * last - 1e-9).round().clamp(0.0, last) as u16
}

/// The notes of a figure in one text.
#[must_use]
pub fn note_text(figure: &Figure) -> String {
    figure.notes.join("; ")
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
    let note_rows = note_rows(area, figure);
    let name_rows = name_rows(area, &figure.x);
    let below = if has_axes {
        1 + name_rows + note_rows
    } else {
        0
    };
    let rows = area.height.saturating_sub(title_rows + below);
    let is_categorical = matches!(figure.y.quantity, Quantity::Categories(_));
    let widest = y_ticks(&figure.y, rows)
        .iter()
        .map(|tick| tick.label.width() as u16)
        .max()
        .unwrap_or(0);
    // Bars have their names also where there is no room for axes.
    let has_gutter = has_axes || (is_categorical && area.width >= 16);
    let gutter = if has_gutter {
        widest.min(if is_categorical {
            area.width / 3
        } else {
            MAX_Y_LABEL_WIDTH
        })
    } else {
        0
    };
    let rule = u16::from(has_gutter);
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
        x_labels: data_row(title_rows + rows + 1, if has_axes { name_rows } else { 0 }),
        notes: row(title_rows + rows + 1 + name_rows, note_rows),
    }
}

fn note_rows(area: Rect, figure: &Figure) -> u16 {
    if area.height < MIN_HEIGHT_WITH_NOTES {
        return 0;
    }
    let lines = wrap(&note_text(figure), area.width.saturating_sub(NOTE_INDENT));
    let most = (area.height / ROWS_PER_NOTE).max(1);
    u16::try_from(lines.len()).unwrap_or(most).min(most)
}

/// The rows of labels below the x axis.
fn name_rows(area: Rect, axis: &Axis) -> u16 {
    let Quantity::Categories(names) = &axis.quantity else {
        return 1;
    };
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let is_long = (widest + 1) * names.len() > usize::from(area.width);
    1 + u16::from(is_long && area.height >= MIN_HEIGHT_WITH_NAME_ROWS)
}

/// Builds a figure with as many bars as have a row each in an area. `build` takes the number of bars.
pub fn fit_bars(area: Rect, build: impl Fn(usize) -> Option<Figure>) -> Option<Figure> {
    let mut rows = area.height;
    loop {
        let figure = build(usize::from(rows))?;
        let Quantity::Categories(names) = &figure.y.quantity else {
            return Some(figure);
        };
        // A note about bars that are left out may take another row.
        let room = plot_areas(area, &figure).data.height.max(1);
        if names.len() <= usize::from(room) || rows <= 1 {
            return Some(figure);
        }
        rows = room.min(rows - 1);
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
    let target_count = match &axis.quantity {
        Quantity::Categories(names) => return axis.ticks(names.len()),
        Quantity::Time(_) => columns / COLUMNS_PER_TIME_TICK,
        _ => columns / COLUMNS_PER_TICK,
    };
    axis.ticks(usize::from(target_count.max(2)))
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

    /// Names on both axes, and long notes.
    fn named_figure(count: usize) -> Figure {
        let names = || (0..count).map(|nth| format!("param-{nth}")).collect();
        let axis = || Axis::categorical("", names());
        let mut figure = Figure::new("importance", axis(), axis());
        figure
            .notes
            .push("permutation importance of a random forest".repeat(4));
        figure
    }

    proptest! {
        #[test]
        fn areas_do_not_overlap(width in 0u16..300, height in 0u16..120) {
            let area = Rect::new(3, 2, width, height);
            for figure in [figure(), named_figure(9)] {
                let plot = plot_areas(area, &figure);
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
        fn bars_have_a_row_each(width in 16u16..300, height in 2u16..120, count in 1_usize..40) {
            let area = Rect::new(0, 0, width, height);
            let figure = fit_bars(area, |rows| Some(named_figure(count.min(rows.max(1))))).unwrap();
            let plot = plot_areas(area, &figure);
            let Quantity::Categories(names) = &figure.y.quantity else { panic!("{figure:?}") };
            prop_assert!(names.len() <= usize::from(plot.data.height.max(1)), "{:?} {}", plot, names.len());
            let mut labeled: Vec<u16> = y_ticks(&figure.y, plot.data.height)
                .iter()
                .map(|tick| row_of(tick.position, plot.data.height))
                .collect();
            labeled.dedup();
            prop_assert_eq!(labeled.len(), names.len());
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
