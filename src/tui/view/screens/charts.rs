//! Draws the charts of runs, as a grid or one at a time, and a legend.

use ratatui::layout::Rect;

use super::{draw_empty, filter_label};
use crate::chart::CurveSeries;
use crate::config::theme::Role;
use crate::domain::Run;
use crate::text::number;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::screens::charts::{ChartTab, ChartsScreen};
use crate::tui::view::painter::{Painter, row_at};
use crate::tui::view::widgets::chart;
use crate::tui::view::widgets::chart::ChartOverlay;

/// The width of a value at the crosshair.
const VALUE_WIDTH: u16 = 12;

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &ChartsScreen) {
    let places = screen.areas(app.size);
    draw_status(painter, places.status, screen);
    if screen.panels.is_empty() {
        let empty_message = match (screen.tab, screen.filter.is_empty()) {
            (_, false) => "no metric passes the filter: esc clears it",
            (ChartTab::Metrics, true) => "no metrics were logged: . shows system metrics",
            (ChartTab::System, true) => {
                "no system metrics were logged: mlflow.enable_system_metrics_logging() records them"
            }
        };
        let below = Rect {
            y: body.y + 1,
            height: body.height.saturating_sub(1),
            ..body
        };
        return draw_empty(
            painter,
            below,
            &screen.freshness(&app.shared),
            empty_message,
        );
    }
    for (nth, area) in places.panels.iter().enumerate() {
        let panel = places.first_panel + nth;
        let has_focus = panel == screen.selected;
        let Some(figure) = screen.cached_figure(panel) else {
            continue;
        };
        let overlay = ChartOverlay {
            crosshair: screen.crosshair.filter(|_| has_focus),
            has_focus: has_focus && !screen.is_legend_focused && !screen.is_maximized,
        };
        chart::draw(painter, *area, figure, overlay);
        if figure.is_empty() {
            let middle = row_at(*area, area.height / 2);
            painter.draw_text(
                Rect {
                    x: middle.x + 12,
                    width: middle.width.saturating_sub(12),
                    ..middle
                },
                "loading…",
                Role::Running,
            );
        }
    }
    draw_legend(painter, places.legend, app, screen);
}

fn draw_status(painter: &mut Painter<'_>, area: Rect, screen: &ChartsScreen) {
    let tab = |tab: ChartTab, title: &str| {
        if screen.tab == tab {
            (format!("[{title}] "), Role::Accent)
        } else {
            (format!(" {title}  "), Role::Muted)
        }
    };
    let used = painter.draw_spans(
        area,
        &[
            tab(ChartTab::Metrics, "Metrics"),
            tab(ChartTab::System, "System"),
        ],
    );
    let count = if screen.panels.len() > 1 {
        format!("{} of {} · ", screen.selected + 1, screen.panels.len())
    } else {
        String::new()
    };
    let rest = Rect {
        x: area.x + used,
        width: area.width.saturating_sub(used),
        ..area
    };
    painter.draw_right_aligned(
        rest,
        &format!(
            "{count}{}{}{} ",
            screen.style.summary(),
            if screen.shows_divergence {
                " · divergence"
            } else {
                ""
            },
            filter_label(&screen.filter)
        ),
        Role::Muted,
    );
}

/// The legend: beside the charts, or below a single one with the values at the crosshair, else in one line.
fn draw_legend(painter: &mut Painter<'_>, area: Rect, app: &App, screen: &ChartsScreen) {
    if area.height <= 1 {
        return draw_inline_legend(painter, area, screen);
    }
    draw_legend_header(painter, row_at(area, 0), screen);
    let curves = screen.curves(&app.shared);
    let is_metric_group = screen
        .panels
        .get(screen.selected)
        .is_some_and(|panel| panel.metrics.len() > 1)
        && !screen.is_legend_focused;
    let rows = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    if is_metric_group {
        draw_curve_entries(painter, rows, screen, &curves);
    } else {
        draw_run_entries(painter, rows, screen, &curves);
    }
}

fn draw_legend_header(painter: &mut Painter<'_>, head: Rect, screen: &ChartsScreen) {
    let at = screen
        .crosshair
        .zip(screen.cached_figure(screen.selected))
        .map(|(x, figure)| format!("at {}", figure.x.format_value(x)));
    painter.draw_text(
        Rect {
            x: head.x + 1,
            width: head.width.saturating_sub(1),
            ..head
        },
        "runs",
        Role::Header,
    );
    painter.draw_right_aligned(
        Rect {
            width: head.width.saturating_sub(1),
            ..head
        },
        &at.unwrap_or_else(|| "last".into()),
        Role::Header,
    );
}

fn draw_curve_entries(
    painter: &mut Painter<'_>,
    rows: Rect,
    screen: &ChartsScreen,
    curves: &[CurveSeries<'_>],
) {
    for (nth, curve) in curves.iter().take(rows.height.into()).enumerate() {
        draw_legend_entry(
            painter,
            row_at(rows, nth as u16),
            curve.series,
            &curve.label,
            legend_value(screen, curve),
            false,
        );
    }
}

fn draw_run_entries(
    painter: &mut Painter<'_>,
    rows: Rect,
    screen: &ChartsScreen,
    curves: &[CurveSeries<'_>],
) {
    let visible_range = screen
        .legend_cursor
        .visible_range(screen.runs().len(), rows.height.into());
    for (nth, run) in screen
        .runs()
        .iter()
        .enumerate()
        .skip(visible_range.start)
        .take(visible_range.len())
    {
        let strip = row_at(rows, (nth - visible_range.start) as u16);
        let curve = curves.iter().find(|curve| curve.series == nth);
        draw_legend_entry(
            painter,
            strip,
            nth,
            &run_name(run),
            curve.and_then(|curve| legend_value(screen, curve)),
            screen.hidden_runs.contains(&run.id),
        );
        if screen.is_legend_focused && nth == screen.legend_cursor.index {
            painter.apply_role(strip, Role::Selection);
        }
    }
}

/// The value of a curve at the crosshair, or else its last one.
fn legend_value(screen: &ChartsScreen, curve: &CurveSeries<'_>) -> Option<f64> {
    screen
        .point_at_crosshair(curve)
        .or_else(|| curve.latest())
        .map(|point| point.value.get())
}

fn run_name(run: &Run) -> String {
    run.label().clean().into_owned()
}

fn draw_legend_entry(
    painter: &mut Painter<'_>,
    strip: Rect,
    series: usize,
    name: &str,
    value: Option<f64>,
    is_hidden: bool,
) {
    let symbol = if is_hidden {
        painter.theme.symbol("∅", "-").to_owned()
    } else {
        painter.theme.series_marker(series)
    };
    let style = painter
        .theme
        .paint_style(crate::chart::PaintStyle::Series(series));
    painter.draw_styled(
        Rect {
            x: strip.x + 1,
            width: strip.width.min(1),
            ..strip
        },
        &symbol,
        style,
    );
    let room = strip.width.saturating_sub(VALUE_WIDTH + 4);
    painter.draw_text(
        Rect {
            x: strip.x + 3,
            width: room,
            ..strip
        },
        name,
        if is_hidden { Role::Muted } else { Role::Text },
    );
    let text = value.filter(|_| !is_hidden).map_or_else(
        || crate::tui::app::cell_text::MISSING.to_owned(),
        |value| number::format_significant(value, 6),
    );
    let role = if value.is_some_and(|value| !value.is_finite()) {
        Role::Bad
    } else {
        Role::Text
    };
    painter.draw_right_aligned(
        Rect {
            width: strip.width.saturating_sub(1),
            ..strip
        },
        &text,
        role,
    );
}

fn draw_inline_legend(painter: &mut Painter<'_>, area: Rect, screen: &ChartsScreen) {
    let mut x = area.x + 1;
    for (nth, run) in screen.runs().iter().enumerate() {
        let label = crate::text::width::truncate(&run_name(run), 24);
        let wide = crate::text::width::width(&label) + 4;
        if x + wide + 9 > area.right() && nth + 1 < screen.runs().len() {
            painter.draw_text(
                Rect {
                    x,
                    width: area.right().saturating_sub(x),
                    ..area
                },
                &format!("+{} more", screen.runs().len() - nth),
                Role::Muted,
            );
            return;
        }
        let style = painter
            .theme
            .paint_style(crate::chart::PaintStyle::Series(nth));
        let sign = painter.theme.series_marker(nth);
        painter.draw_styled(
            Rect {
                x,
                width: 1,
                ..area
            },
            &sign,
            style,
        );
        let role = if screen.hidden_runs.contains(&run.id) {
            Role::Muted
        } else {
            Role::Text
        };
        painter.draw_text(
            Rect {
                x: x + 2,
                width: area.right().saturating_sub(x + 2),
                ..area
            },
            &label,
            role,
        );
        x += wide;
    }
}
