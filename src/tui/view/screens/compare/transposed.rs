//! Draws a comparison of many runs: a row for each run, a column for each property.

use ratatui::layout::Rect;

use crate::analysis::{Comparison, ComparisonRow};
use crate::config::theme::Role;
use crate::text::width::width;
use crate::tui::screens::compare::CompareScreen;
use crate::tui::view::painter::{Painter, row_at};

/// The widest column of run names.
const MAX_NAME_WIDTH: u16 = 26;
/// The narrowest and the widest column of a property.
const PROPERTY_WIDTH_RANGE: (u16, u16) = (10, 24);
/// The number of runs whose values set the width of a property.
const MEASURED_RUNS: usize = 50;

pub(super) fn draw(
    painter: &mut Painter<'_>,
    header: Rect,
    rows: Rect,
    screen: &CompareScreen,
    data: &Comparison,
) {
    let properties = screen.properties();
    let names_width = data
        .runs
        .iter()
        .map(|run| width(&run.label().clean()))
        .max()
        .unwrap_or(0)
        .clamp(6, MAX_NAME_WIDTH)
        .min(header.width / 2)
        + 3;
    let placed = visible_properties(
        &properties,
        screen.selected_column,
        header.width.saturating_sub(names_width),
    );
    let cell_area = |x: u16, wide: u16, strip: Rect| {
        let x = strip.x + names_width + x;
        Rect {
            x,
            width: wide.min(strip.right().saturating_sub(x)),
            ..strip
        }
    };
    for (nth, x, wide) in &placed {
        let line = properties[*nth];
        let arrow = line
            .direction
            .map(|direction| format!(" {}", direction.arrow()))
            .unwrap_or_default();
        let cell = cell_area(*x, *wide, header);
        painter.draw_text(cell, &format!("{}{arrow}", line.key.clean()), Role::Header);
        if *nth == screen.selected_column {
            painter.emphasize(cell);
        }
    }
    let hidden = properties.len() - placed.len();
    if hidden > 0 {
        painter.draw_text(
            Rect {
                width: names_width,
                ..header
            },
            &format!(" {hidden} more"),
            Role::Muted,
        );
    }
    let visible_range = screen
        .cursor
        .visible_range(data.runs.len(), rows.height.into());
    for run in visible_range.clone() {
        let strip = row_at(rows, (run - visible_range.start) as u16);
        let is_baseline = run == data.baseline;
        let sign = if is_baseline {
            painter.theme.symbol("◆ ", "# ")
        } else {
            "  "
        };
        let name = Rect {
            width: names_width.saturating_sub(1),
            ..strip
        };
        painter.draw_text(
            name,
            &format!("{sign}{}", data.runs[run].label().clean()),
            if is_baseline {
                Role::Baseline
            } else {
                Role::Text
            },
        );
        for (nth, x, wide) in &placed {
            super::draw_value(
                painter,
                cell_area(*x, *wide, strip),
                properties[*nth],
                run,
                data.baseline,
            );
        }
        if run == screen.cursor.index {
            painter.apply_role(strip, Role::Selection);
            if let Some((_, x, wide)) = placed
                .iter()
                .find(|(nth, ..)| *nth == screen.selected_column)
            {
                painter.emphasize(cell_area(*x, *wide, strip));
            }
        }
    }
}

/// Visible properties with position and width, scrolled to the cursor.
fn visible_properties(
    properties: &[&ComparisonRow],
    selected: usize,
    room: u16,
) -> Vec<(usize, u16, u16)> {
    let width_of = |line: &ComparisonRow| {
        let values = line
            .values
            .iter()
            .take(MEASURED_RUNS)
            .flatten()
            .map(|value| width(&value.clean()))
            .max()
            .unwrap_or(0);
        values
            .max(width(&line.key.clean()) + 2)
            .clamp(PROPERTY_WIDTH_RANGE.0, PROPERTY_WIDTH_RANGE.1)
    };
    // The last visible property is the one under the cursor, or the last of the first page.
    let mut first = 0;
    let mut used: u16 = 0;
    let mut widths = Vec::new();
    for (nth, line) in properties.iter().enumerate() {
        let own = width_of(line) + 1;
        if used + own > room && nth > selected {
            break;
        }
        widths.push(own);
        used += own;
        while used > room && first < nth {
            used -= widths[first];
            first += 1;
        }
    }
    let mut x = 0;
    let mut placed = Vec::new();
    for (nth, own) in widths.iter().enumerate().skip(first) {
        placed.push((nth, x, own - 1));
        x += own;
    }
    placed
}
