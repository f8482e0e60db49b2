//! Draws one run.

use ratatui::layout::Rect;

use super::draw_empty;
use super::preview::stall_lines;
use super::runs::status_role;
use crate::config::theme::Role;
use crate::domain::{Lifecycle, RUN_DESCRIPTION_TAG, Run};
use crate::text::Untrusted;
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::{local_time, status_symbol};
use crate::tui::screens::run::files::{
    self, FilePreview, FileRow, FileTree, preview_text_area, split_file_preview,
};
use crate::tui::screens::run::{RunScreen, RunTab, TabItem, list_area};
use crate::tui::view::painter::{Painter, TextSpan, row_at};
use crate::tui::view::widgets::sparkline;

/// The widest column of keys.
const MAX_KEY_WIDTH: u16 = 32;
/// The width of a metric's value.
const VALUE_WIDTH: u16 = 14;

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &RunScreen) {
    draw_tabs(painter, row_at(body, 0), screen);
    let area = list_area(body, screen.tab);
    if screen.data.get().is_none() {
        return draw_empty(painter, area, &screen.freshness(&app.shared), "no run");
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
    let titles = RunTab::ALL.map(RunTab::title);
    let selected = RunTab::ALL.iter().position(|tab| *tab == screen.tab);
    let used = painter.draw_tabs(area, &titles, selected.unwrap_or(0));
    if screen.filter.is_empty() {
        super::draw_tab_keys(painter, area, used);
    }
    if !screen.filter.is_empty() {
        painter.draw_right_aligned(
            area,
            &format!("filter: {} ", crate::text::untrusted::clean(&screen.filter)),
            Role::Accent,
        );
    }
}

fn draw_facts(painter: &mut Painter<'_>, area: Rect, app: &App, screen: &RunScreen, run: &Run) {
    let mut lines = status_lines(painter, area.width, app, screen, run);
    lines.push(fact_line("run id", run.id.clean().into_owned(), Role::Text));
    lines.push(time_line(app, run));
    let source = clean_tag(run, "mlflow.source.name");
    let source = source.unwrap_or_else(|| "source not recorded".into());
    lines.push(fact_line(
        "by",
        format!("{}, {source}", run.user.clean()),
        Role::Text,
    ));
    lines.push(code_line(run));
    lines.push(data_line(run));
    if let Some(parent) = run.parent() {
        lines.push(fact_line(
            "nested in",
            parent.clean().into_owned(),
            Role::Text,
        ));
    }
    if let Some(note) = clean_tag(run, RUN_DESCRIPTION_TAG) {
        lines.push(fact_line("note", note, Role::Text));
    }
    lines.push(fact_line(
        "artifacts",
        run.artifact_uri.clean().into_owned(),
        Role::Muted,
    ));
    painter.draw_lines(area, &lines);
}

fn fact_line(key: &str, value: String, role: Role) -> Vec<TextSpan> {
    vec![(format!(" {key:<10} "), Role::Muted), (value, role)]
}

fn clean_tag(run: &Run, key: &str) -> Option<String> {
    run.tag(key).map(|value| value.clean().into_owned())
}

/// The status of a run, and whether it has stalled or was deleted.
fn status_lines(
    painter: &Painter<'_>,
    width: u16,
    app: &App,
    screen: &RunScreen,
    run: &Run,
) -> Vec<Vec<TextSpan>> {
    let status = format!(
        "{} {}",
        status_symbol(run.status, painter.theme.is_ascii),
        run.status.as_str()
    );
    let mut lines = vec![fact_line("status", status, status_role(run.status))];
    if let Some(rhythm) = screen.heartbeat(&app.shared) {
        lines.extend(
            stall_lines(&rhythm, app.now, width)
                .into_iter()
                .map(|line| [vec![(" ".to_owned(), Role::Muted)], line].concat()),
        );
    }
    if run.lifecycle == Lifecycle::Deleted {
        lines.push(fact_line(
            "deleted",
            "in MLflow's trash: X restores it".into(),
            Role::Warn,
        ));
    }
    lines
}

/// Start, end and duration.
fn time_line(app: &App, run: &Run) -> Vec<TextSpan> {
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
    fact_line("time", format!("{times}{duration}"), Role::Text)
}

/// The commit, and whether there were uncommitted changes.
fn code_line(run: &Run) -> Vec<TextSpan> {
    let is_dirty = run.tag("mlflow.source.git.diff").is_some()
        || run
            .tag("mlflow.source.git.dirty")
            .is_some_and(|v| v.raw() == "true");
    let (suffix, role) = if is_dirty {
        ("  with uncommitted changes", Role::Warn)
    } else {
        ("", Role::Text)
    };
    let commit = clean_tag(run, "mlflow.source.git.commit").map_or_else(
        || "commit not recorded".into(),
        |commit| format!("{commit}{suffix}"),
    );
    fact_line("code", commit, role)
}

/// The datasets with their digests.
fn data_line(run: &Run) -> Vec<TextSpan> {
    let data: Vec<String> = run
        .datasets
        .iter()
        .map(|d| format!("{}@{}", d.name.clean(), d.digest.clean()))
        .collect();
    let text = if data.is_empty() {
        "not recorded".into()
    } else {
        data.join("  ")
    };
    fact_line("data", text, Role::Text)
}

fn draw_list(painter: &mut Painter<'_>, area: Rect, app: &App, screen: &RunScreen) {
    let items = screen.items();
    if items.is_empty() {
        let empty_message = if screen.filter.is_empty() {
            "nothing was logged"
        } else {
            "no match for the filter: esc clears it"
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

/// Rows below the list for the whole value under the cursor if its line truncates it.
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

fn wrapped_lines(text: &Untrusted, width: u16, max_lines: usize) -> Vec<Vec<TextSpan>> {
    text.clean_lines()
        .flat_map(|line| crate::text::width::wrap(&line, width))
        .take(max_lines)
        .map(|line| vec![(line, Role::Text)])
        .collect()
}

fn draw_artifacts(painter: &mut Painter<'_>, area: Rect, files: &FileTree) {
    let Some(preview) = &files.preview else {
        return draw_file_tree(painter, area, area.height, files);
    };
    let (tree_area, preview_area) = split_file_preview(area);
    draw_file_tree(painter, tree_area, area.height, files);
    draw_file_preview(painter, preview_area, preview);
}

/// Draws the visible files. `page_rows` is the height that the cursor scrolls by.
fn draw_file_tree(painter: &mut Painter<'_>, area: Rect, page_rows: u16, files: &FileTree) {
    let lines = files.visible_rows();
    if lines.is_empty() {
        draw_empty_tree(painter, area, files);
    }
    let visible_range = files.cursor().visible_range(lines.len(), page_rows.into());
    for (offset, line) in lines[visible_range.clone()].iter().enumerate() {
        let strip = row_at(area, offset as u16);
        draw_file_row(painter, strip, line);
        if visible_range.start + offset == files.cursor().index {
            painter.apply_role(strip, Role::Selection);
        }
    }
}

/// Draws the reason why there are no files.
fn draw_empty_tree(painter: &mut Painter<'_>, area: Rect, files: &FileTree) {
    let (text, role) = match (files.error(), files.is_loading()) {
        (_, true) => ("loading…".to_owned(), Role::Running),
        (Some(error), _) => (format!("{error}: {}", error.hint()), Role::Bad),
        (None, _) => (
            "no artifacts; MLflow 3 stores models under Models".to_owned(),
            Role::Muted,
        ),
    };
    let room = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(2),
        ..area
    };
    let wrapped: Vec<Vec<TextSpan>> = crate::text::width::wrap(&text, room.width)
        .into_iter()
        .map(|line| vec![(line, role)])
        .collect();
    painter.draw_lines(room, &wrapped);
}

fn draw_file_row(painter: &mut Painter<'_>, strip: Rect, line: &FileRow) {
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
    let role = if line.file.is_dir {
        Role::Title
    } else {
        Role::Text
    };
    let used = painter.draw_text(strip, &text, role);
    if let Some(size) = line.file.size {
        let rest = Rect {
            x: strip.x + used + 1,
            width: strip.width.saturating_sub(used + 2),
            ..strip
        };
        painter.draw_right_aligned(rest, &quantity::format_bytes(size), Role::Muted);
    }
}

fn draw_file_preview(painter: &mut Painter<'_>, area: Rect, preview: &FilePreview) {
    painter.draw_frame(area, &preview.file.path.clean(), false);
    let room = preview_text_area(area);
    let lines: Vec<Vec<TextSpan>> = match &preview.content {
        None => vec![vec![("loading…".to_owned(), Role::Running)]],
        Some(Err(error)) => crate::text::width::wrap(&error.to_string(), room.width)
            .into_iter()
            .map(|l| vec![(l, Role::Bad)])
            .collect(),
        Some(Ok(content)) => match content.text() {
            Some(text) => files::wrapped_lines(&text, room.width)
                .map(|line| vec![(line, Role::Text)])
                .collect(),
            None => binary_file_lines(preview, content.bytes.len() as u64, room.width),
        },
    };
    let first = preview
        .scroll
        .min(lines.len().saturating_sub(room.height.into()));
    painter.draw_lines(room, &lines[first..]);
    draw_scroll_position(painter, area, first, lines.len());
}

/// Says what a file is that has no text, and how to see an image.
fn binary_file_lines(preview: &FilePreview, read: u64, width: u16) -> Vec<Vec<TextSpan>> {
    let read = quantity::format_bytes(read);
    let text = if files::is_image_name(preview.file.path.raw()) {
        format!("an image, {read}: I shows it")
    } else {
        format!("not a text file; {read} were read")
    };
    crate::text::width::wrap(&text, width)
        .into_iter()
        .map(|line| vec![(line, Role::Muted)])
        .collect()
}

/// Draws which lines are visible into the lower border of a pane, if not all are.
fn draw_scroll_position(painter: &mut Painter<'_>, area: Rect, first: usize, lines: usize) {
    let height = usize::from(area.height.saturating_sub(2));
    if lines > height && area.height > 1 {
        let text = format!(
            " {}-{} of {lines}  ctrl-d ctrl-u ",
            first + 1,
            (first + height).min(lines)
        );
        let border = Rect {
            y: area.bottom() - 1,
            height: 1,
            width: area.width.saturating_sub(2),
            ..area
        };
        painter.draw_right_aligned(border, &text, Role::Muted);
    }
}
