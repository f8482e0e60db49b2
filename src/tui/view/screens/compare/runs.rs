//! The comparison turned: a line a run, a column a property. For many runs.

use ratatui::layout::Rect;

use crate::analysis::{CompareRow, Comparison};
use crate::config::theme::Role;
use crate::text::fit::width;
use crate::tui::screens::compare::Compare;
use crate::tui::view::paint::{Paint, row};

/// The widest that names of runs are drawn.
const NAME_WIDTH: u16 = 26;
/// The narrowest and the widest that a property is drawn.
const WIDTH: (u16, u16) = (10, 24);
/// How many runs are measured to find out how wide a property is.
const MEASURED: usize = 50;

/// Draws runs as lines.
pub(super) fn draw(
    paint: &mut Paint<'_>,
    header: Rect,
    rows: Rect,
    screen: &Compare,
    data: &Comparison,
) {
    let properties = screen.properties();
    let names = data
        .runs
        .iter()
        .map(|run| width(&run.label().clean()))
        .max()
        .unwrap_or(0)
        .clamp(6, NAME_WIDTH)
        .min(header.width / 2)
        + 3;
    let placed = place(
        &properties,
        screen.column,
        header.width.saturating_sub(names),
    );
    let at = |x: u16, wide: u16, strip: Rect| {
        let x = strip.x + names + x;
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
        let cell = at(*x, *wide, header);
        paint.text(cell, &format!("{}{arrow}", line.key.clean()), Role::Header);
        if *nth == screen.column {
            paint.point_at(cell);
        }
    }
    let hidden = properties.len() - placed.len();
    if hidden > 0 {
        paint.text(
            Rect {
                width: names,
                ..header
            },
            &format!(" {hidden} more"),
            Role::Muted,
        );
    }
    let seen = screen.cursor.window(data.runs.len(), rows.height.into());
    for run in seen.clone() {
        let strip = row(rows, (run - seen.start) as u16);
        let baseline = run == data.baseline;
        let sign = if baseline {
            paint.look.sign("◆ ", "# ")
        } else {
            "  "
        };
        let name = Rect {
            width: names.saturating_sub(1),
            ..strip
        };
        paint.text(
            name,
            &format!("{sign}{}", data.runs[run].label().clean()),
            if baseline { Role::Baseline } else { Role::Text },
        );
        for (nth, x, wide) in &placed {
            super::value(
                paint,
                at(*x, *wide, strip),
                properties[*nth],
                run,
                data.baseline,
            );
        }
        if run == screen.cursor.at {
            paint.over(strip, Role::Selection);
            if let Some((_, x, wide)) = placed.iter().find(|(nth, ..)| *nth == screen.column) {
                paint.point_at(at(*x, *wide, strip));
            }
        }
    }
}

/// Which properties are seen, where, and how wide: a window around the one under the cursor.
fn place(properties: &[&CompareRow], at: usize, room: u16) -> Vec<(usize, u16, u16)> {
    let wide = |line: &CompareRow| {
        let values = line
            .values
            .iter()
            .take(MEASURED)
            .flatten()
            .map(|value| width(&value.clean()))
            .max()
            .unwrap_or(0);
        values
            .max(width(&line.key.clean()) + 2)
            .clamp(WIDTH.0, WIDTH.1)
    };
    // The last that is seen is the one under the cursor, or as far as the first window reaches.
    let mut first = 0;
    let mut used: u16 = 0;
    let mut widths = Vec::new();
    for (nth, line) in properties.iter().enumerate() {
        let own = wide(line) + 1;
        if used + own > room && nth > at {
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
