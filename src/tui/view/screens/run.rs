//! Drawing one run: its tabs.

use ratatui::layout::Rect;

use super::draw_empty;
use super::preview::stall_lines;
use super::runs::status_role;
use crate::config::theme::Role;
use crate::domain::{Lifecycle, Run};
use crate::text::Untrusted;
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::{local_time, status_symbol};
use crate::tui::screens::run::files::FileTree;
use crate::tui::screens::run::{RunScreen, RunTab, TabItem, list_area};
use crate::tui::view::painter::{Painter, TextSpan, row_at};
use crate::tui::view::widgets::sparkline;

/// The widest that keys are drawn.
const MAX_KEY_WIDTH: u16 = 32;
/// How wide a metric's value is drawn.
const VALUE_WIDTH: u16 = 14;

/// Draws the run.
pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &RunScreen) {
    draw_tabs(painter, row_at(body, 0), screen);
    let area = list_area(body, screen.tab);
    if screen.data.get().is_none() {
        return draw_empty(
            painter,
            area,
            &screen.freshness(&app.shared),
            "this run can't be shown",
        );
    }
    if screen.tab == RunTab::Overview
        && let Some(run) = screen.run()
    {
        let above = Rect {
            y: body.y + 2,
            height: area.y.saturating_sub(body.y + 2),
            ..body
        };
        draw_facts(painter, above, app, screen, run);
    }
    if screen.tab == RunTab::Artifacts {
        return draw_artifacts(painter, area, &screen.files);
    }
    draw_list(painter, area, app, screen);
}

fn draw_tabs(painter: &mut Painter<'_>, area: Rect, screen: &RunScreen) {
    let mut pieces: Vec<TextSpan> = Vec::new();
    for tab in RunTab::ALL {
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
            .map(|(text, _)| crate::text::width::width(text))
            .sum::<u16>()
            > area.width
    {
        skip += 1;
    }
    painter.draw_spans(area, &pieces[skip..]);
    if !screen.filter.is_empty() {
        painter.draw_right_aligned(
            area,
            &format!("filter: {} ", crate::text::untrusted::clean(&screen.filter)),
            Role::Accent,
        );
    }
}

fn draw_facts(painter: &mut Painter<'_>, area: Rect, app: &App, screen: &RunScreen, run: &Run) {
    let line = |key: &str, value: String, role: Role| {
        vec![(format!(" {key:<10} "), Role::Muted), (value, role)]
    };
    let tag = |key: &str| run.tag(key).map(|value| value.clean().into_owned());
    let status = format!(
        "{} {}",
        status_symbol(run.status, painter.theme.is_ascii),
        run.status.as_str()
    );
    let mut lines = vec![line("status", status, status_role(run.status))];
    if let Some(rhythm) = screen.heartbeat(&app.shared) {
        lines.extend(
            stall_lines(&rhythm, app.now, area.width)
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
    let time = |at| local_time(at, &app.shared.session.time_zone);
    let times = match (run.start_time, run.end_time) {
        (Some(start), Some(end)) => format!("{} to {}", time(start), time(end)),
        (Some(start), None) => time(start),
        _ => "not recorded".into(),
    };
    let duration = run
        .duration(app.now)
        .map(|ms| format!("  ({})", quantity::format_duration(ms)))
        .unwrap_or_default();
    lines.push(line("time", format!("{times}{duration}"), Role::Text));
    let source = tag("mlflow.source.name").unwrap_or_else(|| "source not recorded".into());
    lines.push(line(
        "by",
        format!("{}, {source}", run.user.clean()),
        Role::Text,
    ));
    let is_dirty = run.tag("mlflow.source.git.diff").is_some()
        || run
            .tag("mlflow.source.git.dirty")
            .is_some_and(|v| v.raw() == "true");
    let commit = tag("mlflow.source.git.commit").map(|commit| {
        format!(
            "{commit}{}",
            if is_dirty {
                "  with uncommitted changes"
            } else {
                ""
            }
        )
    });
    lines.push(line(
        "code",
        commit.unwrap_or_else(|| "commit not recorded".into()),
        if is_dirty { Role::Warn } else { Role::Text },
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
    painter.draw_lines(area, &lines);
}

fn draw_list(painter: &mut Painter<'_>, area: Rect, app: &App, screen: &RunScreen) {
    let items = screen.items();
    if items.is_empty() {
        let empty_message = if screen.filter.is_empty() {
            "nothing was recorded here"
        } else {
            "nothing passes the filter: esc clears it"
        };
        painter.draw_text(
            Rect {
                x: area.x + 2,
                ..row_at(area, 0)
            },
            empty_message,
            Role::Muted,
        );
        return;
    }
    let cursor = screen.cursor();
    let height = detail_height(&items, cursor.index, area);
    let rows = Rect {
        height: area.height - height,
        ..area
    };
    let keys = items
        .iter()
        .map(|item| crate::text::width::width(&item.key.clean()))
        .max()
        .unwrap_or(0)
        .min(MAX_KEY_WIDTH)
        .min(area.width / 2);
    let visible_range = cursor.visible_range(items.len(), area.height.into());
    for (offset, item) in items[visible_range.clone()].iter().enumerate() {
        let strip = row_at(rows, offset as u16);
        draw_item(painter, strip, app, screen, item, keys);
        if visible_range.start + offset == cursor.index {
            painter.apply_role(strip, Role::Selection);
        }
    }
    if height > 0
        && let Some(item) = items.get(cursor.index)
    {
        draw_detail(
            painter,
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
    painter: &mut Painter<'_>,
    strip: Rect,
    app: &App,
    screen: &RunScreen,
    item: &TabItem,
    keys: u16,
) {
    let key = Rect {
        x: strip.x + 1,
        width: keys,
        ..strip
    };
    painter.draw_text(key, &item.key.clean(), Role::Muted);
    let x = key.right() + 2;
    let rest = Rect {
        x,
        width: strip.right().saturating_sub(x),
        ..strip
    };
    let Some(number) = item.number else {
        let used = painter.draw_text(rest, &item.value.clean(), Role::Text);
        let note = Rect {
            x: rest.x + used + 2,
            width: rest.width.saturating_sub(used + 2),
            ..rest
        };
        painter.draw_text(note, &item.note, Role::Muted);
        return;
    };
    let value = Rect {
        width: VALUE_WIDTH.min(rest.width),
        ..rest
    };
    painter.draw_right_aligned(
        value,
        &crate::text::number::format_short(number),
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
    painter.draw_text(note, &item.note, Role::Muted);
    let curve = Rect {
        x: note.right() + 1,
        width: rest.right().saturating_sub(note.right() + 2),
        ..rest
    };
    if let Some(points) = app.shared.histories.get(&screen.id, item.key.raw())
        && curve.width > 4
    {
        let text = sparkline::render(points, curve.width.min(60), painter.theme);
        painter.draw_text(curve, &text, Role::Curve);
    }
}

/// Rows below the list for the whole of a value that does not fit in its line.
fn detail_height(items: &[TabItem], at: usize, area: Rect) -> u16 {
    let long = items.get(at).is_some_and(|item| {
        item.number.is_none()
            && item.value.raw().len() + usize::from(MAX_KEY_WIDTH) > usize::from(area.width)
    });
    if long && area.height >= 8 {
        area.height / 2
    } else {
        0
    }
}

fn draw_detail(painter: &mut Painter<'_>, area: Rect, item: &TabItem) {
    let inside = painter.draw_frame(area, &item.key.clean(), false);
    let lines = wrapped_lines(&item.value, inside.width, usize::from(inside.height));
    painter.draw_lines(inside, &lines);
}

/// The lines of a long text, wrapped.
fn wrapped_lines(text: &Untrusted, width: u16, max_lines: usize) -> Vec<Vec<TextSpan>> {
    text.clean_lines()
        .flat_map(|line| crate::text::width::wrap(&line, width))
        .take(max_lines)
        .map(|line| vec![(line, Role::Text)])
        .collect()
}

fn draw_artifacts(painter: &mut Painter<'_>, area: Rect, files: &FileTree) {
    let (tree_area, content_area) = match &files.preview {
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
    let lines = files.visible_rows();
    if lines.is_empty() {
        let (text, role) = match (files.error(), files.is_loading()) {
            (_, true) => ("asking the store…".to_owned(), Role::Running),
            (Some(error), _) => (format!("{error}: {}", error.hint()), Role::Bad),
            (None, _) => (
                "this run left no artifacts; MLflow 3 keeps models at Models".to_owned(),
                Role::Muted,
            ),
        };
        let room = Rect {
            x: tree_area.x + 2,
            width: tree_area.width.saturating_sub(2),
            ..tree_area
        };
        let wrapped: Vec<Vec<TextSpan>> = crate::text::width::wrap(&text, room.width)
            .into_iter()
            .map(|line| vec![(line, role)])
            .collect();
        painter.draw_lines(room, &wrapped);
    }
    let visible_range = files
        .cursor()
        .visible_range(lines.len(), area.height.into());
    for (offset, line) in lines[visible_range.clone()].iter().enumerate() {
        let strip = row_at(tree_area, offset as u16);
        let sign = match (line.file.is_dir, line.is_open) {
            (true, true) => painter.theme.symbol("▾ ", "- "),
            (true, false) => painter.theme.symbol("▸ ", "+ "),
            (false, _) => "  ",
        };
        let text = format!(
            " {}{sign}{}",
            "  ".repeat(line.depth.into()),
            line.file.file_name().clean()
        );
        let used = painter.draw_text(
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
            painter.draw_right_aligned(rest, &quantity::format_bytes(size), Role::Muted);
        }
        if visible_range.start + offset == files.cursor().index {
            painter.apply_role(strip, Role::Selection);
        }
    }
    if let Some((area, looked)) = content_area {
        let inside = painter.draw_frame(area, &looked.file.path.clean(), false);
        let room = Rect {
            x: inside.x + 1,
            width: inside.width.saturating_sub(1),
            ..inside
        };
        let lines = match &looked.content {
            None => vec![vec![("reading…".to_owned(), Role::Running)]],
            Some(Err(error)) => crate::text::width::wrap(&error.to_string(), room.width)
                .into_iter()
                .map(|l| vec![(l, Role::Bad)])
                .collect(),
            Some(Ok(preview)) => match preview.text() {
                Some(text) => wrapped_lines(&text, room.width, usize::from(room.height)),
                None => vec![vec![(
                    format!(
                        "not text; {} of it were read",
                        quantity::format_bytes(preview.bytes.len() as u64)
                    ),
                    Role::Muted,
                )]],
            },
        };
        painter.draw_lines(room, &lines);
    }
}
