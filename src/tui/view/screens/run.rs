//! Drawing one run: its tabs.

use ratatui::layout::Rect;

use super::empty;
use super::preview::quiet;
use super::runs::status_role;
use crate::config::theme::Role;
use crate::domain::{Lifecycle, Run};
use crate::text::Untrusted;
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::cell::{local_time, status_sign};
use crate::tui::screens::View;
use crate::tui::screens::run::files::Files;
use crate::tui::screens::run::{Item, RunScreen, Tab, list_area};
use crate::tui::view::paint::{Paint, Piece, row};
use crate::tui::view::widgets::sparkline;

/// The widest that keys are drawn.
const KEY_WIDTH: u16 = 32;
/// How wide a metric's value is drawn.
const VALUE_WIDTH: u16 = 14;

/// Draws the run.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &RunScreen) {
    tabs(paint, row(body, 0), screen);
    let area = list_area(body, screen.tab);
    if screen.data.get().is_none() {
        return empty(
            paint,
            area,
            &screen.freshness(&app.shared),
            "this run can't be shown",
        );
    }
    if screen.tab == Tab::Overview
        && let Some(run) = screen.run()
    {
        let above = Rect {
            y: body.y + 2,
            height: area.y.saturating_sub(body.y + 2),
            ..body
        };
        facts(paint, above, app, screen, run);
    }
    if screen.tab == Tab::Artifacts {
        return artifacts(paint, area, &screen.files);
    }
    list(paint, area, app, screen);
}

fn tabs(paint: &mut Paint<'_>, area: Rect, screen: &RunScreen) {
    let mut pieces: Vec<Piece> = Vec::new();
    for tab in Tab::ALL {
        let on = tab == screen.tab;
        let (open, close) = if on { ("[", "]") } else { (" ", " ") };
        pieces.push((
            format!("{open}{}{close} ", tab.title()),
            if on { Role::Accent } else { Role::Muted },
        ));
    }
    // Where all tabs don't fit, the one that is seen is brought in.
    let seen = pieces
        .iter()
        .position(|(text, _)| text.starts_with('['))
        .unwrap_or(0);
    let mut skip = 0;
    while skip < seen
        && pieces[skip..=seen]
            .iter()
            .map(|(text, _)| crate::text::fit::width(text))
            .sum::<u16>()
            > area.width
    {
        skip += 1;
    }
    paint.pieces(area, &pieces[skip..]);
    if !screen.filter.is_empty() {
        paint.right(
            area,
            &format!("filter: {} ", crate::text::untrusted::clean(&screen.filter)),
            Role::Accent,
        );
    }
}

fn facts(paint: &mut Paint<'_>, area: Rect, app: &App, screen: &RunScreen, run: &Run) {
    let line = |key: &str, value: String, role: Role| {
        vec![(format!(" {key:<10} "), Role::Muted), (value, role)]
    };
    let tag = |key: &str| run.tag(key).map(|value| value.clean().into_owned());
    let status = format!(
        "{} {}",
        status_sign(run.status, paint.look.ascii),
        run.status.as_str()
    );
    let mut lines = vec![line("status", status, status_role(run.status))];
    if let Some(rhythm) = screen.rhythm(&app.shared) {
        lines.extend(
            quiet(&rhythm, app.now, area.width)
                .into_iter()
                .map(|line| [vec![(" ".to_owned(), Role::Muted)], line].concat()),
        );
    }
    if run.lifecycle == Lifecycle::Deleted {
        lines.push(line(
            "deleted",
            "it is in MLflow's trash: B restores it".into(),
            Role::Warn,
        ));
    }
    lines.push(line("run id", run.id.clean().into_owned(), Role::Text));
    let time = |at| local_time(at, &app.shared.session.zone);
    let times = match (run.start_time, run.end_time) {
        (Some(start), Some(end)) => format!("{} to {}", time(start), time(end)),
        (Some(start), None) => time(start),
        _ => "not recorded".into(),
    };
    let took = run
        .duration(app.now)
        .map(|ms| format!("  ({})", quantity::duration(ms)))
        .unwrap_or_default();
    lines.push(line("time", format!("{times}{took}"), Role::Text));
    let source = tag("mlflow.source.name").unwrap_or_else(|| "source not recorded".into());
    lines.push(line(
        "by",
        format!("{}, {source}", run.user.clean()),
        Role::Text,
    ));
    let dirty = run.tag("mlflow.source.git.diff").is_some()
        || run
            .tag("mlflow.source.git.dirty")
            .is_some_and(|v| v.raw() == "true");
    let commit = tag("mlflow.source.git.commit").map(|commit| {
        format!(
            "{commit}{}",
            if dirty {
                "  with uncommitted changes"
            } else {
                ""
            }
        )
    });
    lines.push(line(
        "code",
        commit.unwrap_or_else(|| "commit not recorded".into()),
        if dirty { Role::Warn } else { Role::Text },
    ));
    let data: Vec<String> = run
        .datasets
        .iter()
        .map(|d| format!("{}@{}", d.name.clean(), d.digest.clean()))
        .collect();
    lines.push(line(
        "data",
        if data.is_empty() {
            "not recorded".into()
        } else {
            data.join("  ")
        },
        Role::Text,
    ));
    if let Some(parent) = run.parent() {
        lines.push(line("nested in", parent.clean().into_owned(), Role::Text));
    }
    if let Some(note) = tag("mlflow.note.content") {
        lines.push(line("note", note, Role::Text));
    }
    lines.push(line(
        "artifacts",
        run.artifact_uri.clean().into_owned(),
        Role::Muted,
    ));
    paint.lines(area, &lines);
}

fn list(paint: &mut Paint<'_>, area: Rect, app: &App, screen: &RunScreen) {
    let items = screen.items();
    if items.is_empty() {
        let what = if screen.filter.is_empty() {
            "nothing was recorded here"
        } else {
            "nothing passes the filter: esc clears it"
        };
        paint.text(
            Rect {
                x: area.x + 2,
                ..row(area, 0)
            },
            what,
            Role::Muted,
        );
        return;
    }
    let cursor = screen.cursor();
    let height = detail_height(&items, cursor.at, area);
    let rows = Rect {
        height: area.height - height,
        ..area
    };
    let keys = items
        .iter()
        .map(|item| crate::text::fit::width(&item.key.clean()))
        .max()
        .unwrap_or(0)
        .min(KEY_WIDTH)
        .min(area.width / 2);
    let seen = cursor.window(items.len(), area.height.into());
    for (offset, item) in items[seen.clone()].iter().enumerate() {
        let strip = row(rows, offset as u16);
        draw_item(paint, strip, app, screen, item, keys);
        if seen.start + offset == cursor.at {
            paint.over(strip, Role::Selection);
        }
    }
    if height > 0
        && let Some(item) = items.get(cursor.at)
    {
        detail(
            paint,
            Rect {
                y: rows.bottom(),
                height,
                ..area
            },
            item,
        );
    }
}

fn draw_item(
    paint: &mut Paint<'_>,
    strip: Rect,
    app: &App,
    screen: &RunScreen,
    item: &Item,
    keys: u16,
) {
    let key = Rect {
        x: strip.x + 1,
        width: keys,
        ..strip
    };
    paint.text(key, &item.key.clean(), Role::Muted);
    let x = key.right() + 2;
    let rest = Rect {
        x,
        width: strip.right().saturating_sub(x),
        ..strip
    };
    let Some(number) = item.number else {
        let used = paint.text(rest, &item.value.clean(), Role::Text);
        let note = Rect {
            x: rest.x + used + 2,
            width: rest.width.saturating_sub(used + 2),
            ..rest
        };
        paint.text(note, &item.note, Role::Muted);
        return;
    };
    let value = Rect {
        width: VALUE_WIDTH.min(rest.width),
        ..rest
    };
    paint.right(
        value,
        &crate::text::number::short(number),
        if number.is_finite() {
            Role::Text
        } else {
            Role::Bad
        },
    );
    let note = Rect {
        x: value.right() + 1,
        width: 12.min(rest.width.saturating_sub(VALUE_WIDTH + 1)),
        ..rest
    };
    paint.text(note, &item.note, Role::Muted);
    let curve = Rect {
        x: note.right() + 1,
        width: rest.right().saturating_sub(note.right() + 2),
        ..rest
    };
    if let Some(points) = app.shared.histories.get(&screen.id, item.key.raw())
        && curve.width > 4
    {
        let text = sparkline::text(points, curve.width.min(60), paint.look);
        paint.text(curve, &text, Role::Curve);
    }
}

/// Rows below the list for the whole of a value that does not fit in its line.
fn detail_height(items: &[Item], at: usize, area: Rect) -> u16 {
    let long = items.get(at).is_some_and(|item| {
        item.number.is_none()
            && item.value.raw().len() + usize::from(KEY_WIDTH) > usize::from(area.width)
    });
    if long && area.height >= 8 {
        area.height / 2
    } else {
        0
    }
}

fn detail(paint: &mut Paint<'_>, area: Rect, item: &Item) {
    let inside = paint.frame(area, &item.key.clean(), false);
    let lines = text_lines(&item.value, inside.width, usize::from(inside.height));
    paint.lines(inside, &lines);
}

/// The lines of a long text, wrapped.
fn text_lines(text: &Untrusted, width: u16, most: usize) -> Vec<Vec<Piece>> {
    text.clean_lines()
        .flat_map(|line| crate::text::fit::wrap(&line, width))
        .take(most)
        .map(|line| vec![(line, Role::Text)])
        .collect()
}

fn artifacts(paint: &mut Paint<'_>, area: Rect, files: &Files) {
    let (tree, content) = match &files.looked {
        Some(looked) if area.width >= 80 => {
            let width = (area.width / 3).max(28);
            (
                Rect { width, ..area },
                Some((
                    Rect {
                        x: area.x + width,
                        width: area.width - width,
                        ..area
                    },
                    looked,
                )),
            )
        }
        Some(looked) => (
            Rect {
                height: area.height / 2,
                ..area
            },
            Some((
                Rect {
                    y: area.y + area.height / 2,
                    height: area.height - area.height / 2,
                    ..area
                },
                looked,
            )),
        ),
        None => (area, None),
    };
    let lines = files.lines();
    if lines.is_empty() {
        let (text, role) = match (files.fault(), files.is_loading()) {
            (_, true) => ("asking the store…".to_owned(), Role::Running),
            (Some(fault), _) => (format!("{fault}: {}", fault.advice()), Role::Bad),
            (None, _) => (
                "this run left no artifacts; MLflow 3 keeps models at Models".to_owned(),
                Role::Muted,
            ),
        };
        let room = Rect {
            x: tree.x + 2,
            width: tree.width.saturating_sub(2),
            ..tree
        };
        let wrapped: Vec<Vec<Piece>> = crate::text::fit::wrap(&text, room.width)
            .into_iter()
            .map(|line| vec![(line, role)])
            .collect();
        paint.lines(room, &wrapped);
    }
    let seen = files.cursor().window(lines.len(), area.height.into());
    for (offset, line) in lines[seen.clone()].iter().enumerate() {
        let strip = row(tree, offset as u16);
        let sign = match (line.file.is_dir, line.open) {
            (true, true) => paint.look.sign("▾ ", "- "),
            (true, false) => paint.look.sign("▸ ", "+ "),
            (false, _) => "  ",
        };
        let text = format!(
            " {}{sign}{}",
            "  ".repeat(line.depth.into()),
            line.file.file_name().clean()
        );
        let used = paint.text(
            strip,
            &text,
            if line.file.is_dir {
                Role::Title
            } else {
                Role::Text
            },
        );
        if let Some(size) = line.file.size {
            let rest = Rect {
                x: strip.x + used + 1,
                width: strip.width.saturating_sub(used + 2),
                ..strip
            };
            paint.right(rest, &quantity::bytes(size), Role::Muted);
        }
        if seen.start + offset == files.cursor().at {
            paint.over(strip, Role::Selection);
        }
    }
    if let Some((area, looked)) = content {
        let inside = paint.frame(area, &looked.file.path.clean(), false);
        let room = Rect {
            x: inside.x + 1,
            width: inside.width.saturating_sub(1),
            ..inside
        };
        let lines = match &looked.content {
            None => vec![vec![("reading…".to_owned(), Role::Running)]],
            Some(Err(fault)) => crate::text::fit::wrap(&fault.to_string(), room.width)
                .into_iter()
                .map(|l| vec![(l, Role::Bad)])
                .collect(),
            Some(Ok(preview)) => match preview.text() {
                Some(text) => text_lines(&text, room.width, usize::from(room.height)),
                None => vec![vec![(
                    format!(
                        "not text; {} of it were read",
                        quantity::bytes(preview.bytes.len() as u64)
                    ),
                    Role::Muted,
                )]],
            },
        };
        paint.lines(room, &lines);
    }
}
