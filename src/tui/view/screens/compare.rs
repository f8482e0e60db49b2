//! Drawing a comparison: runs as columns, only what differs, the best of each metric marked.

mod runs;

use ratatui::layout::Rect;

use super::{empty, filtered};
use crate::analysis::{CompareRow, Comparison, RowKind};
use crate::config::theme::Role;
use crate::text::fit::width;
use crate::text::number;
use crate::tui::app::App;
use crate::tui::app::cell::MISSING;
use crate::tui::app::layout::table;
use crate::tui::screens::View;
use crate::tui::screens::compare::{Compare, Line};
use crate::tui::view::paint::{Paint, row};

/// The widest that keys are drawn.
const KEY_WIDTH: u16 = 28;
/// The narrowest and the widest that a run's column is drawn.
const RUN_WIDTH: (u16, u16) = (16, 34);

/// The columns that are seen.
struct Columns {
    key: u16,
    width: u16,
    seen: std::ops::Range<usize>,
}

/// Draws the comparison.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &Compare) {
    let area = table(body);
    let Some(data) = screen.data.get() else {
        return empty(
            paint,
            area.rows,
            &screen.freshness(&app.shared),
            "nothing to compare",
        );
    };
    let lines = screen.lines();
    status(paint, area.status, screen, data, &lines);
    if screen.transposed {
        return runs::draw(paint, area.header, area.rows, screen, data);
    }
    let columns = columns(area.header.width, screen, data);
    header(paint, area.header, data, &columns, screen.column);
    if lines.is_empty() {
        return empty(
            paint,
            area.rows,
            &screen.freshness(&app.shared),
            "no row passes the filter: esc clears it",
        );
    }
    let seen = screen.cursor.window(lines.len(), area.rows.height.into());
    for (offset, line) in lines[seen.clone()].iter().enumerate() {
        let strip = row(area.rows, offset as u16);
        match line {
            Line::Head(kind) => {
                paint.text(
                    Rect {
                        x: strip.x + 1,
                        ..strip
                    },
                    head(*kind),
                    Role::Title,
                );
            }
            Line::Row(line) => property(paint, strip, line, data, &columns),
        }
        if seen.start + offset == screen.cursor.at {
            paint.over(strip, Role::Selection);
            let x = x_of(strip, &columns, screen.column);
            paint.point_at(Rect {
                x,
                width: columns.width.min(strip.right().saturating_sub(x)),
                ..strip
            });
        }
    }
}

fn head(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Attribute => "run",
        RowKind::Param => "params",
        RowKind::Metric => "metrics",
        RowKind::Tag => "tags",
        RowKind::Dataset => "datasets",
        RowKind::Code => "code",
        RowKind::Environment => "environment",
    }
}

/// The line above: how much differs; or the whole value under the cursor, where it does not fit in its cell.
fn status(
    paint: &mut Paint<'_>,
    area: Rect,
    screen: &Compare,
    data: &Comparison,
    lines: &[Line<'_>],
) {
    let what = if screen.differences_only {
        "only what differs"
    } else {
        "everything"
    };
    let text = format!(
        " {} differ, {} equal; showing {what}{}",
        data.differing(),
        data.equal(),
        filtered(&screen.filter)
    );
    let used = paint.text(area, &text, Role::Muted);
    let rest = Rect {
        x: area.x + used + 2,
        width: area.width.saturating_sub(used + 3),
        ..area
    };
    if screen.transposed {
        return;
    }
    if let Some(Line::Row(line)) = lines.get(screen.cursor.at)
        && let Some(Some(value)) = line.values.get(screen.column)
    {
        let spelled = if line.spelled {
            "  (equal, written differently)"
        } else {
            ""
        };
        paint.right(
            rest,
            &format!("{} = {}{spelled}", line.key.clean(), value.clean()),
            Role::Text,
        );
    }
}

fn columns(room: u16, screen: &Compare, data: &Comparison) -> Columns {
    let keys = data
        .rows
        .iter()
        .map(|row| width(&row.key.clean()))
        .max()
        .unwrap_or(8);
    let key = keys.clamp(8, KEY_WIDTH).min(room / 3) + 2;
    let count = data.runs.len().max(1);
    let wide = ((room.saturating_sub(key)) / count as u16).clamp(RUN_WIDTH.0, RUN_WIDTH.1);
    let fit = usize::from(room.saturating_sub(key) / wide).max(1);
    // The baseline stays in sight; the others are a window around the run under the cursor.
    let start = screen
        .column
        .saturating_sub(fit - 1)
        .min(count.saturating_sub(fit));
    Columns {
        key,
        width: wide,
        seen: start..(start + fit).min(count),
    }
}

fn x_of(strip: Rect, columns: &Columns, run: usize) -> u16 {
    strip.x + columns.key + run.saturating_sub(columns.seen.start) as u16 * columns.width
}

fn header(paint: &mut Paint<'_>, area: Rect, data: &Comparison, columns: &Columns, at: usize) {
    for run in columns.seen.clone() {
        let x = x_of(area, columns, run);
        let cell = Rect {
            x,
            width: columns
                .width
                .saturating_sub(1)
                .min(area.right().saturating_sub(x)),
            ..area
        };
        let baseline = run == data.baseline;
        let sign = if baseline {
            paint.look.sign("◆ ", "# ")
        } else {
            ""
        };
        let text = format!("{sign}{}", data.runs[run].label().clean());
        paint.text(
            cell,
            &text,
            if baseline {
                Role::Baseline
            } else {
                Role::Header
            },
        );
        if run == at {
            paint.point_at(cell);
        }
    }
    let hidden = data.runs.len() - columns.seen.len();
    if hidden > 0 {
        paint.text(
            Rect {
                width: columns.key,
                ..area
            },
            &format!(" {hidden} more, h l"),
            Role::Muted,
        );
    }
}

fn property(
    paint: &mut Paint<'_>,
    strip: Rect,
    line: &CompareRow,
    data: &Comparison,
    columns: &Columns,
) {
    let arrow = line
        .direction
        .map(|direction| format!(" {}", direction.arrow()))
        .unwrap_or_default();
    let key = Rect {
        x: strip.x + 1,
        width: columns.key.saturating_sub(2),
        ..strip
    };
    paint.text(key, &format!("{}{arrow}", line.key.clean()), Role::Muted);
    for run in columns.seen.clone() {
        let x = x_of(strip, columns, run);
        let cell = Rect {
            x,
            width: columns
                .width
                .saturating_sub(1)
                .min(strip.right().saturating_sub(x)),
            ..strip
        };
        value(paint, cell, line, run, data.baseline);
    }
}

/// A value, with the sign of the best, the spread of a group, and the distance to the baseline.
fn value(paint: &mut Paint<'_>, cell: Rect, line: &CompareRow, run: usize, baseline: usize) {
    let best = line.best.contains(&run);
    let text = match (&line.values[run], line.numbers[run]) {
        (_, Some(number)) if line.kind == RowKind::Metric => number::short(number),
        (Some(value), _) if value.is_empty() => "(empty)".to_owned(),
        (Some(value), _) => value.clean().into_owned(),
        (None, _) => MISSING.to_owned(),
    };
    let spread = line
        .spread
        .get(run)
        .copied()
        .flatten()
        .map(|spread| match spread.deviation {
            Some(deviation) => format!(
                " ± {} (n {})",
                number::significant(deviation, 2),
                spread.count
            ),
            None => format!(" (n {})", spread.count),
        });
    let sign = if best {
        paint.look.sign("★", "^")
    } else {
        ""
    };
    let role = if best {
        Role::Good
    } else if line.values[run].is_some()
        && line.differs
        && run != baseline
        && line.values[run] != line.values[baseline]
    {
        Role::Text
    } else {
        Role::Muted
    };
    let used = paint.text(
        cell,
        &format!("{text}{}{sign}", spread.unwrap_or_default()),
        role,
    );
    let rest = Rect {
        x: cell.x + used,
        width: cell.width.saturating_sub(used),
        ..cell
    };
    delta(paint, rest, line, run);
}

/// Value minus the baseline's, and how many percent that is, where there is room.
fn delta(paint: &mut Paint<'_>, room: Rect, line: &CompareRow, run: usize) {
    let Some(delta) = line
        .delta
        .get(run)
        .copied()
        .flatten()
        .filter(|delta| *delta != 0.0)
    else {
        return;
    };
    let percent = line
        .delta_percent(run)
        .map(|percent| format!(" {}%", number::signed(percent, 2)))
        .unwrap_or_default();
    let whole = format!(" {}{percent}", number::signed(delta, 3));
    let role = match line.better(run) {
        Some(true) => Role::Good,
        Some(false) => Role::Bad,
        None => Role::Muted,
    };
    let short = format!(" {}", number::signed(delta, 3));
    let text = [whole, short]
        .into_iter()
        .find(|text| width(text) <= room.width)
        .unwrap_or_default();
    paint.text(room, &text, role);
}
