//! Draws one run.

use ratatui::layout::Rect;

use super::draw_empty;
use super::runs::status_role;
use crate::config::theme::Role;
use crate::text::number::format_short;
use crate::text::quantity;
use crate::text::width::width;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::status_symbol;
use crate::tui::screens::run::files::{
    self, FilePreview, FileRow, FileTree, preview_text_area, split_file_preview,
};
use crate::tui::screens::run::{RunScreen, RunTab, TabItem, TabRow, list_area};
use crate::tui::view::painter::{Painter, TextSpan, after, row_at};
use crate::tui::view::widgets::sparkline;

/// The width of a metric's value.
const VALUE_WIDTH: u16 = 14;
/// The width of a metric's step, which lines up the curves.
const NOTE_WIDTH: u16 = 12;

pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &RunScreen) {
    draw_tabs(painter, row_at(body, 0), screen);
    let area = list_area(body);
    if screen.data.get().is_none() {
        return draw_empty(painter, area, &screen.freshness(&app.shared), "no run");
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

fn draw_list(painter: &mut Painter<'_>, area: Rect, app: &App, screen: &RunScreen) {
    if screen.rows.is_empty() {
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
    let visible_range = cursor.visible_range(screen.rows.len(), area.height.into());
    for (offset, row) in screen.rows[visible_range.clone()].iter().enumerate() {
        let strip = row_at(area, offset as u16);
        if let Some(item) = screen.items.get(row.item) {
            draw_row(painter, strip, app, screen, (row, item));
        }
        if visible_range.start + offset == cursor.index {
            painter.apply_role(strip, Role::Selection);
        }
    }
}

fn draw_row(
    painter: &mut Painter<'_>,
    strip: Rect,
    app: &App,
    screen: &RunScreen,
    (row, item): (&TabRow, &TabItem),
) {
    let start = after(strip, 1);
    if item.is_title {
        let used = painter.draw_text(start, &row.key, Role::Title);
        if row.is_first {
            painter.draw_text(after(start, used + 2), &item.note, Role::Muted);
        }
        return;
    }
    painter.draw_text(start, &row.key, Role::Muted);
    let rest = after(start, row.key_width + 2);
    match item.number {
        Some(number) if row.is_first => {
            draw_metric(painter, rest, app, screen, item, number);
        }
        Some(_) => {}
        None => draw_value(painter, rest, row, item),
    }
}

/// A row of a value; the first one has the status's symbol and the note.
fn draw_value(painter: &mut Painter<'_>, area: Rect, row: &TabRow, item: &TabItem) {
    let mut used = 0;
    let mut role = item.role;
    if let Some(status) = item.status {
        let symbol = status_symbol(status, painter.theme.is_ascii);
        role = status_role(status);
        used = painter.draw_text(area, &format!("{symbol} "), role);
    }
    used += painter.draw_text(after(area, used), &row.value, role);
    let note = after(area, used + 2);
    // A cut note says less than none: enter shows it.
    if row.is_first && width(&item.note) <= note.width {
        painter.draw_text(note, &item.note, Role::Muted);
    }
}

/// The value, the step and the curve, as far as there is room.
fn draw_metric(
    painter: &mut Painter<'_>,
    area: Rect,
    app: &App,
    screen: &RunScreen,
    item: &TabItem,
    number: f64,
) {
    let value = Rect {
        width: VALUE_WIDTH.min(area.width),
        ..area
    };
    let role = if number.is_finite() {
        Role::Text
    } else {
        Role::Bad
    };
    painter.draw_right_aligned(value, &format_short(number), role);
    let note = after(area, value.width + 1);
    if width(&item.note) > note.width {
        return;
    }
    let used = painter.draw_text(note, &item.note, Role::Muted);
    let curve = after(note, used.max(NOTE_WIDTH) + 1);
    if let Some(points) = app.shared.histories.get(&screen.id, item.key.raw())
        && curve.width > 5
    {
        let cells = (curve.width - 1).min(60);
        let text = sparkline::render(points, cells, painter.theme);
        painter.draw_text(curve, &text, Role::Curve);
    }
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
    let size = line.file.size.map(quantity::format_bytes);
    // A cut size would be another one.
    if let Some(size) = size.filter(|size| used + 2 + width(size) <= strip.width) {
        let rest = Rect {
            x: strip.x + used + 1,
            width: strip.width.saturating_sub(used + 2),
            ..strip
        };
        painter.draw_right_aligned(rest, &size, Role::Muted);
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
    if let Some(found) = preview.found.and_then(|line| line.checked_sub(first)) {
        painter.apply_role(row_at(room, found as u16), Role::Selection);
    }
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
