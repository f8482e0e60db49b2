//! Draws a comparison: runs as columns, only rows that differ, with the best of each metric marked.

mod transposed;

use ratatui::layout::Rect;

use super::{draw_empty, filter_label};
use crate::analysis::{Comparison, ComparisonRow, RowKind};
use crate::config::theme::Role;
use crate::text::Untrusted;
use crate::text::excerpt::distinct_excerpts;
use crate::text::number;
use crate::text::width::width;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::MISSING;
use crate::tui::app::layout::table_areas;
use crate::tui::screens::compare::{CompareLine, CompareScreen};
use crate::tui::view::painter::{Painter, after, row_at};

/// The widest column of keys.
const MAX_KEY_WIDTH: u16 = 28;
/// The narrowest and the widest column of a run.
const RUN_WIDTH_RANGE: (u16, u16) = (16, 34);

/// With more runs, long values are cut at their ends: comparing all of them costs too much for every drawing.
const MAX_EXCERPT_RUNS: usize = 20;

/// The visible columns.
struct RunWindow {
    key_width: u16,
    run_width: u16,
    visible_runs: std::ops::Range<usize>,
}

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &CompareScreen) {
    let area = table_areas(body);
    let Some(data) = screen.data.get() else {
        return draw_empty(
            painter,
            area.rows,
            &screen.freshness(&app.shared),
            "nothing to compare",
        );
    };
    let lines = screen.visible_lines();
    draw_status(painter, area.status, screen, data, &lines);
    if screen.is_transposed {
        return transposed::draw(painter, (area.header, area.rows), app, screen, data);
    }
    let columns = run_window(area.header.width, screen, data);
    let titles = screen.run_titles(&app.shared);
    let selected = (data.baseline, screen.selected_column);
    draw_header(painter, area.header, &titles, &columns, selected);
    if lines.is_empty() {
        return draw_empty(
            painter,
            area.rows,
            &screen.freshness(&app.shared),
            "no row passes the filter: esc clears it",
        );
    }
    let visible_range = screen
        .cursor
        .visible_range(lines.len(), area.rows.height.into());
    for (offset, line) in lines[visible_range.clone()].iter().enumerate() {
        let strip = row_at(area.rows, offset as u16);
        match line {
            CompareLine::Header(kind) => {
                painter.draw_text(
                    Rect {
                        x: strip.x + 1,
                        ..strip
                    },
                    section_title(*kind),
                    Role::Title,
                );
            }
            CompareLine::SystemMetrics {
                count,
                differing,
                is_folded,
            } => draw_system_metrics(painter, strip, (*count, *differing), *is_folded),
            CompareLine::Row(line) => draw_property(painter, strip, line, data, &columns),
        }
        if visible_range.start + offset == screen.cursor.index {
            painter.apply_role(strip, Role::Selection);
            let x = run_x(strip, &columns, screen.selected_column);
            painter.emphasize(Rect {
                x,
                width: columns.run_width.min(strip.right().saturating_sub(x)),
                ..strip
            });
        }
    }
}

/// Draws the line that stands for the system metrics, or that is above them.
fn draw_system_metrics(
    painter: &mut Painter<'_>,
    strip: Rect,
    (count, differing): (usize, usize),
    is_folded: bool,
) {
    let (sign, verb) = if is_folded {
        (painter.theme.symbol("▸", "+"), "shows")
    } else {
        (painter.theme.symbol("▾", "-"), "hides")
    };
    let text = format!("{sign} {count} system metrics, {differing} differ (enter {verb} them)");
    painter.draw_text(after(strip, 1), &text, Role::Muted);
}

fn section_title(kind: RowKind) -> &'static str {
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

/// The status line: the number of differences, or the value under the cursor if its cell truncates it.
fn draw_status(
    painter: &mut Painter<'_>,
    area: Rect,
    screen: &CompareScreen,
    data: &Comparison,
    lines: &[CompareLine<'_>],
) {
    let what = if screen.shows_differences_only {
        "only differences"
    } else {
        "everything"
    };
    let text = format!(
        " {} differ, {} equal; showing {what}{}",
        data.different_count(),
        data.equal_count(),
        filter_label(&screen.filter)
    );
    let used = painter.draw_text(area, &text, Role::Muted);
    let rest = Rect {
        x: area.x + used + 2,
        width: area.width.saturating_sub(used + 3),
        ..area
    };
    if screen.is_transposed {
        return;
    }
    if let Some(CompareLine::Row(line)) = lines.get(screen.cursor.index)
        && let Some(Some(value)) = line.values.get(screen.selected_column)
    {
        let spelled = if line.differs_in_spelling {
            "  (equal, written differently)"
        } else {
            ""
        };
        let text = format!("{} = {}{spelled}", line.key.clean(), value.clean());
        if width(&text) <= rest.width {
            painter.draw_right_aligned(rest, &text, Role::Text);
        } else {
            // A long value is worth more than the counts; `D` shows it in full.
            painter.draw_text(
                area,
                &format!(" {text:<0$}", usize::from(area.width)),
                Role::Text,
            );
        }
    }
}

fn run_window(room: u16, screen: &CompareScreen, data: &Comparison) -> RunWindow {
    let keys = data
        .rows
        .iter()
        .map(|row| width(&row.key.clean()))
        .max()
        .unwrap_or(8);
    let count = u16::try_from(data.runs.len().max(1)).unwrap_or(u16::MAX);
    // Keys take what the runs leave.
    let spare = room.saturating_sub(count.saturating_mul(RUN_WIDTH_RANGE.1));
    let max_key_width = MAX_KEY_WIDTH.min(room / 3).max(spare);
    let key_width = keys.clamp(8, max_key_width.max(8)) + 2;
    let share = room.saturating_sub(key_width) / count;
    let run_width = if share > RUN_WIDTH_RANGE.1 {
        share.min(widest_value(data).max(RUN_WIDTH_RANGE.1))
    } else {
        share.max(RUN_WIDTH_RANGE.0)
    };
    let fitting_runs = usize::from(room.saturating_sub(key_width) / run_width).max(1);
    // The baseline is always visible; the others scroll with the cursor.
    let start = screen
        .selected_column
        .saturating_sub(fitting_runs - 1)
        .min(data.runs.len().max(1).saturating_sub(fitting_runs));
    RunWindow {
        key_width,
        run_width,
        visible_runs: start..(start + fitting_runs).min(data.runs.len().max(1)),
    }
}

/// The width of the widest text, in cells.
fn widest_value(data: &Comparison) -> u16 {
    let values = data.rows.iter().flat_map(|row| row.values.iter().flatten());
    let names = data.runs.iter().map(|run| width(&run.label().clean()) + 2);
    let values = values.map(|value| width(&value.clean()));
    values.chain(names).max().unwrap_or(0).saturating_add(1)
}

fn run_x(strip: Rect, columns: &RunWindow, run: usize) -> u16 {
    strip.x
        + columns.key_width
        + run.saturating_sub(columns.visible_runs.start) as u16 * columns.run_width
}

fn draw_header(
    painter: &mut Painter<'_>,
    area: Rect,
    titles: &[String],
    columns: &RunWindow,
    (baseline, at): (usize, usize),
) {
    for run in columns.visible_runs.clone() {
        let x = run_x(area, columns, run);
        let cell = Rect {
            x,
            width: columns
                .run_width
                .saturating_sub(1)
                .min(area.right().saturating_sub(x)),
            ..area
        };
        let is_baseline = run == baseline;
        let symbol = if is_baseline {
            painter.theme.symbol("◆ ", "# ")
        } else {
            ""
        };
        let title = titles.get(run).map(String::as_str).unwrap_or_default();
        let text = format!("{symbol}{title}");
        painter.draw_text(
            cell,
            &text,
            if is_baseline {
                Role::Baseline
            } else {
                Role::Header
            },
        );
        if run == at {
            painter.emphasize(cell);
        }
    }
    let hidden = titles.len() - columns.visible_runs.len();
    if hidden > 0 {
        painter.draw_text(
            Rect {
                width: columns.key_width,
                ..area
            },
            &format!(" {hidden} more, h l"),
            Role::Muted,
        );
    }
}

fn draw_property(
    painter: &mut Painter<'_>,
    strip: Rect,
    line: &ComparisonRow,
    data: &Comparison,
    columns: &RunWindow,
) {
    let arrow = line
        .direction
        .map(|direction| format!(" {}", direction.arrow()))
        .unwrap_or_default();
    let key = Rect {
        x: strip.x + 1,
        width: columns.key_width.saturating_sub(2),
        ..strip
    };
    painter.draw_text(key, &format!("{}{arrow}", line.key.clean()), Role::Muted);
    for run in columns.visible_runs.clone() {
        let x = run_x(strip, columns, run);
        let cell = Rect {
            x,
            width: columns
                .run_width
                .saturating_sub(1)
                .min(strip.right().saturating_sub(x)),
            ..strip
        };
        draw_value(painter, cell, line, run, data.baseline);
    }
}

/// A value with the marker of the best, the spread of a group and the difference to the baseline.
fn draw_value(
    painter: &mut Painter<'_>,
    cell: Rect,
    line: &ComparisonRow,
    run: usize,
    baseline: usize,
) {
    let is_best = line.best_runs.contains(&run);
    let text = match (&line.values[run], line.numbers[run]) {
        (_, Some(number)) if line.kind == RowKind::Metric => number::format_short(number),
        (Some(value), _) if value.is_empty() => "(empty)".to_owned(),
        (Some(value), _) if width(&value.clean()) > cell.width => {
            let number = fitting_number(line, run, cell.width);
            number.unwrap_or_else(|| excerpt(line, run, cell.width))
        }
        (Some(value), _) => value.clean().into_owned(),
        (None, _) => MISSING.to_owned(),
    };
    let spread = line
        .group_stats
        .get(run)
        .copied()
        .flatten()
        .map(|spread| match spread.std_dev {
            Some(deviation) => format!(
                " ± {} (n {})",
                number::format_significant(deviation, 2),
                spread.count
            ),
            None => format!(" (n {})", spread.count),
        });
    let symbol = if is_best {
        painter.theme.symbol("★", "^")
    } else {
        ""
    };
    let role = if is_best {
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
    let used = painter.draw_text(
        cell,
        &format!("{text}{}{symbol}", spread.unwrap_or_default()),
        role,
    );
    let rest = Rect {
        x: cell.x + used,
        width: cell.width.saturating_sub(used),
        ..cell
    };
    draw_delta(painter, rest, line, run);
}

/// A decimal fraction with the digits that have room, unless another value of the row would look the same.
fn fitting_number(line: &ComparisonRow, run: usize, room: u16) -> Option<String> {
    let fit = |value: &Option<Untrusted>| {
        let value = value.as_ref()?;
        number::fit_fraction(value.raw(), room.into())
    };
    let own = fit(&line.values[run])?;
    let mut others = line.values.iter().take(MAX_EXCERPT_RUNS);
    let is_same = |other: &Option<Untrusted>| fit(other).as_ref() == Some(&own);
    let is_ambiguous = others.any(|other| *other != line.values[run] && is_same(other));
    (!is_ambiguous).then_some(own)
}

/// The part of a long value that sets it apart from the other runs' values.
fn excerpt(line: &ComparisonRow, run: usize, room: u16) -> String {
    let text = |value: &Option<Untrusted>| {
        let text = value.as_ref().map(Untrusted::clean);
        text.unwrap_or_default().into_owned()
    };
    if line.values.len() > MAX_EXCERPT_RUNS {
        return text(&line.values[run]);
    }
    let texts: Vec<String> = line.values.iter().map(text).collect();
    let present: Vec<&str> = texts
        .iter()
        .map(String::as_str)
        .filter(|text| !text.is_empty())
        .collect();
    let at = texts[..run].iter().filter(|text| !text.is_empty()).count();
    let excerpts = distinct_excerpts(&present, room);
    excerpts.into_iter().nth(at).unwrap_or_default()
}

/// The difference to the baseline, with percent if there is room.
fn draw_delta(painter: &mut Painter<'_>, room: Rect, line: &ComparisonRow, run: usize) {
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
        .map(|percent| format!(" {}%", number::format_signed(percent, 2)))
        .unwrap_or_default();
    let long_text = format!(" {}{percent}", number::format_signed(delta, 3));
    let role = match line.is_better(run) {
        Some(true) => Role::Good,
        Some(false) => Role::Bad,
        None => Role::Muted,
    };
    let short_text = format!(" {}", number::format_signed(delta, 3));
    let text = [long_text, short_text]
        .into_iter()
        .find(|text| width(text) <= room.width)
        .unwrap_or_default();
    painter.draw_text(room, &text, role);
}
