//! Drawing the charts of runs: a grid or one of them, and who is who.

use ratatui::layout::Rect;

use super::{empty, filtered};
use crate::config::theme::Role;
use crate::domain::Run;
use crate::text::number;
use crate::tui::app::App;
use crate::tui::screens::View;
use crate::tui::screens::charts::{Charts, Tab};
use crate::tui::view::paint::{Paint, row};
use crate::tui::view::widgets::chart;
use crate::tui::view::widgets::chart::Over;

/// How wide a value at the crosshair is drawn.
const VALUE_WIDTH: u16 = 12;

/// Draws the charts.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &Charts) {
    let places = screen.places(app.size);
    status(paint, places.status, screen);
    if screen.panels.is_empty() {
        let nothing = match (screen.tab, screen.filter.is_empty()) {
            (_, false) => "no metric passes the filter: esc clears it",
            (Tab::Metrics, true) => "no metric was logged: T shows what the machine did",
            (Tab::System, true) => {
                "no system metric was logged: mlflow.enable_system_metrics_logging() records them"
            }
        };
        let below = Rect {
            y: body.y + 1,
            height: body.height.saturating_sub(1),
            ..body
        };
        return empty(paint, below, &screen.freshness(&app.shared), nothing);
    }
    for (nth, area) in places.panels.iter().enumerate() {
        let panel = places.first + nth;
        let on = panel == screen.at;
        let Some(figure) = screen.built(panel) else {
            continue;
        };
        let over = Over {
            cross: screen.cross.filter(|_| on),
            focus: on && !screen.in_legend && !screen.alone,
        };
        chart::draw(paint, *area, figure, over);
        if figure.is_empty() {
            let middle = row(*area, area.height / 2);
            paint.text(
                Rect {
                    x: middle.x + 12,
                    width: middle.width.saturating_sub(12),
                    ..middle
                },
                "reading…",
                Role::Running,
            );
        }
    }
    legend(paint, places.legend, app, screen);
}

fn status(paint: &mut Paint<'_>, area: Rect, screen: &Charts) {
    let tab = |tab: Tab, title: &str| {
        if screen.tab == tab {
            (format!("[{title}] "), Role::Accent)
        } else {
            (format!(" {title}  "), Role::Muted)
        }
    };
    let used = paint.pieces(
        area,
        &[tab(Tab::Metrics, "Metrics"), tab(Tab::System, "System")],
    );
    let count = if screen.panels.len() > 1 {
        format!("{} of {} · ", screen.at + 1, screen.panels.len())
    } else {
        String::new()
    };
    let rest = Rect {
        x: area.x + used,
        width: area.width.saturating_sub(used),
        ..area
    };
    paint.right(
        rest,
        &format!(
            "{count}{}{} ",
            screen.style.in_words(),
            filtered(&screen.filter)
        ),
        Role::Muted,
    );
}

/// Who is who: beside the charts, or under one that stands alone, with the values at the crosshair; else flowing in a line.
fn legend(paint: &mut Paint<'_>, area: Rect, app: &App, screen: &Charts) {
    if area.height <= 1 {
        return flow(paint, area, screen);
    }
    let figure = screen.built(screen.at);
    let at = screen
        .cross
        .zip(figure)
        .map(|(x, figure)| format!("at {}", figure.x.told(x)));
    let head = row(area, 0);
    paint.text(
        Rect {
            x: head.x + 1,
            width: head.width.saturating_sub(1),
            ..head
        },
        "runs",
        Role::Header,
    );
    paint.right(
        Rect {
            width: head.width.saturating_sub(1),
            ..head
        },
        &at.unwrap_or_else(|| "last".into()),
        Role::Header,
    );
    let curves = screen.curves(&app.shared);
    let grouped = screen
        .panels
        .get(screen.at)
        .is_some_and(|panel| panel.metrics.len() > 1)
        && !screen.in_legend;
    let rows = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    if grouped {
        for (nth, curve) in curves.iter().take(rows.height.into()).enumerate() {
            let value = screen
                .read(curve)
                .or_else(|| curve.points.last())
                .map(|point| point.value.get());
            line(
                paint,
                row(rows, nth as u16),
                curve.series,
                &curve.label,
                value,
                false,
            );
        }
        return;
    }
    let seen = screen
        .legend
        .window(screen.runs().len(), rows.height.into());
    for (nth, run) in screen
        .runs()
        .iter()
        .enumerate()
        .skip(seen.start)
        .take(seen.len())
    {
        let strip = row(rows, (nth - seen.start) as u16);
        let curve = curves.iter().find(|curve| curve.series == nth);
        let value = curve
            .and_then(|curve| screen.read(curve).or_else(|| curve.points.last()))
            .map(|point| point.value.get());
        line(
            paint,
            strip,
            nth,
            &name(run),
            value,
            screen.hidden.contains(&run.id),
        );
        if screen.in_legend && nth == screen.legend.at {
            paint.over(strip, Role::Selection);
        }
    }
}

fn name(run: &Run) -> String {
    run.label().clean().into_owned()
}

fn line(
    paint: &mut Paint<'_>,
    strip: Rect,
    series: usize,
    name: &str,
    value: Option<f64>,
    hidden: bool,
) {
    let sign = if hidden {
        paint.look.sign("∅", "-").to_owned()
    } else {
        paint.look.mark(series)
    };
    let style = paint.look.ink(crate::chart::Ink::Series(series));
    paint.styled(
        Rect {
            x: strip.x + 1,
            width: strip.width.min(1),
            ..strip
        },
        &sign,
        style,
    );
    let room = strip.width.saturating_sub(VALUE_WIDTH + 4);
    paint.text(
        Rect {
            x: strip.x + 3,
            width: room,
            ..strip
        },
        name,
        if hidden { Role::Muted } else { Role::Text },
    );
    let text = value.filter(|_| !hidden).map_or_else(
        || crate::tui::app::cell::MISSING.to_owned(),
        |value| number::significant(value, 6),
    );
    let role = if value.is_some_and(|value| !value.is_finite()) {
        Role::Bad
    } else {
        Role::Text
    };
    paint.right(
        Rect {
            width: strip.width.saturating_sub(1),
            ..strip
        },
        &text,
        role,
    );
}

fn flow(paint: &mut Paint<'_>, area: Rect, screen: &Charts) {
    let mut x = area.x + 1;
    for (nth, run) in screen.runs().iter().enumerate() {
        let label = crate::text::fit::cut(&name(run), 24);
        let wide = crate::text::fit::width(&label) + 4;
        if x + wide + 9 > area.right() && nth + 1 < screen.runs().len() {
            paint.text(
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
        let style = paint.look.ink(crate::chart::Ink::Series(nth));
        let sign = paint.look.mark(nth);
        paint.styled(
            Rect {
                x,
                width: 1,
                ..area
            },
            &sign,
            style,
        );
        let role = if screen.hidden.contains(&run.id) {
            Role::Muted
        } else {
            Role::Text
        };
        paint.text(
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
