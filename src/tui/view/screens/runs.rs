//! Drawing the run table.

use std::collections::HashMap;

use ratatui::layout::Rect;

use super::{empty, groups, preview};
use crate::config::keymap::{Action, Scope};
use crate::config::theme::Role;
use crate::domain::{Goal, RunStatus};
use crate::table::{Attribute, Cell, ColumnKey, Fact, Grouping, Line, Row};
use crate::text::Untrusted;
use crate::text::number;
use crate::text::untrusted::clean;
use crate::tui::app::App;
use crate::tui::app::cell::{STALLED_SIGN, status_sign, text_at};
use crate::tui::app::layout::{table, with_preview};
use crate::tui::screens::View;
use crate::tui::screens::runs::Runs;
use crate::tui::screens::runs::columns::{MARK_WIDTH, Placed, Shown};
use crate::tui::view::chrome::thousands;
use crate::tui::view::paint::{Paint, row};
use crate::tui::view::widgets::sparkline;

/// What one draw of the table needs everywhere.
pub(super) struct Scene<'a> {
    pub(super) app: &'a App,
    pub(super) screen: &'a Runs,
    goal: Option<Goal>,
    seen: Vec<&'a Shown>,
    pub(super) placed: Vec<Placed>,
}

/// Draws the table, and the preview beside it.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &Runs) {
    let (area, beside) = with_preview(body, screen.preview);
    let parts = table(area);
    let goal = screen.goal(&app.shared);
    let placed = screen.columns.place(parts.header.width, goal.is_some());
    let scene = Scene {
        app,
        screen,
        goal,
        seen: screen.columns.seen(),
        placed,
    };
    let used = paint.text(parts.status, &format!(" {}", count(&scene)), Role::Muted);
    let news = paint.text(
        right_of(parts.status, used),
        &news(&scene, parts.rows.height),
        Role::Info,
    );
    paint.text(
        right_of(parts.status, used + news),
        &status(&scene),
        Role::Muted,
    );
    header(paint, parts.header, &scene);
    if screen.lines.is_empty() {
        let nothing = if screen.table.is_empty() {
            "no runs here yet"
        } else {
            "no run passes the filter: esc clears it"
        };
        empty(paint, parts.rows, &screen.freshness(&app.shared), nothing);
    }
    rows(paint, parts.rows, &scene);
    if let Some(area) = beside {
        preview::draw(paint, area, app, screen);
    }
}

/// What is left of a line after the first cells.
fn right_of(area: Rect, used: u16) -> Rect {
    Rect {
        x: area.x + used.min(area.width),
        width: area.width.saturating_sub(used),
        ..area
    }
}

/// New runs that are not on the screen, and where they are.
fn news(scene: &Scene<'_>, height: u16) -> String {
    let unseen = scene.screen.unseen(height.into());
    let key = scene
        .app
        .keymap
        .key_of(Scope::Runs, Action::NextNew)
        .map(|key| format!(" ({key})"))
        .unwrap_or_default();
    match (unseen.above, unseen.below) {
        (0, 0) => String::new(),
        (above, 0) => format!("  {above} new above{key}"),
        (0, below) => format!("  {below} new below{key}"),
        (above, below) => format!("  {} new{key}", above + below),
    }
}

/// How many runs are seen, of how many.
fn count(scene: &Scene<'_>) -> String {
    let screen = scene.screen;
    // Runs in groups are counted with their group, folded or not; a parent that the filter leaves out is not counted.
    let grouped = screen.grouped_by().is_some();
    let runs = screen.lines.iter().map(|line| match line {
        Line::Run { passes, .. } => usize::from(*passes && !grouped),
        Line::Group { rows, .. } => rows.len(),
    });
    let shown = runs.sum::<usize>();
    format!(
        "{} of {} runs",
        thousands(shown as u64),
        thousands(screen.total() as u64)
    )
}

/// The rest of the line above the table: the goal, the order, the filter.
fn status(scene: &Scene<'_>) -> String {
    let screen = scene.screen;
    let mut parts = Vec::new();
    parts.extend(part(scene));
    if let Some(goal) = &scene.goal {
        parts.push(format!("goal {goal}"));
    }
    parts.extend(groups::status(screen));
    if !screen.arrangement.sort.is_empty() {
        let keys: Vec<String> = screen
            .arrangement
            .sort
            .iter()
            .map(|k| format!("{} {}", k.column.title(), arrow(k.descending)))
            .collect();
        parts.push(format!("sorted by {}", keys.join(", ")));
    }
    let key = |action| {
        scene
            .app
            .keymap
            .key_of(Scope::Runs, action)
            .map(|key| key.to_string())
            .unwrap_or_default()
    };
    if let Some((done, total)) = screen.rest.progress() {
        let (done, total) = (thousands(done as u64), thousands(total as u64));
        parts.push(format!(
            "reading curves, {done} of {total} ({} stops)",
            key(Action::Back)
        ));
    } else if let Some((told, all)) = screen.sorted_by_part() {
        let (told, all) = (thousands(told as u64), thousands(all as u64));
        parts.push(format!(
            "among {told} of {all} curves ({} reads the rest)",
            key(Action::ReadCurves)
        ));
    }
    if !screen.filter_text.is_empty() {
        parts.push(filter_words(screen));
    }
    if screen.columns.folded() > 0 {
        parts.push(format!(
            "{} constant columns folded",
            screen.columns.folded()
        ));
    }
    format!("  {}", parts.join("  "))
}

/// Which part of the runs is here, where it is a part.
fn part(scene: &Scene<'_>) -> Option<String> {
    let screen = scene.screen;
    if screen.table.is_empty() {
        return None;
    }
    let what = match screen.load.capped() {
        Some(Some(all)) => format!("the newest of {}, and what the store found", thousands(all)),
        Some(None) => "the newest of more, and what the store found".to_owned(),
        None if screen.load.is_partial() => {
            let key = scene
                .app
                .keymap
                .key_of(Scope::Runs, Action::Refresh)
                .map(|key| key.to_string())
                .unwrap_or_default();
            format!("only a part is loaded ({key} reads all)")
        }
        None if !screen.load.is_done() && !screen.arrangement.sort.is_empty() => {
            "sorted as far as loaded".to_owned()
        }
        None => return None,
    };
    let found = screen
        .pushed
        .question()
        .filter(|question| !question.order.is_empty())
        .map(|_| screen.pushed.found());
    Some(match found {
        None if screen.arrangement.sort.is_empty() => what,
        None => format!("{what}; sorted among these"),
        Some((found, true)) => format!(
            "{what}; all {} of the store's order are here",
            thousands(found as u64)
        ),
        Some((found, false)) => format!(
            "{what}; sorted by the store: its first {} are here",
            thousands(found as u64)
        ),
    })
}

/// The filter, and which part of it was done where.
fn filter_words(screen: &Runs) -> String {
    let at_store = screen
        .pushed
        .question()
        .filter(|question| !question.filters.is_empty());
    let Some(question) = at_store else {
        return format!("filter, done here: {}", clean(&screen.filter_text));
    };
    let (found, over) = screen.pushed.found();
    let found = if over {
        format!("all {}", thousands(found as u64))
    } else {
        format!("the first {}", thousands(found as u64))
    };
    format!(
        "filter, at the store ({found}): {}; here: {}",
        clean(&question.filters.join("  or  ")),
        clean(&screen.filter_text)
    )
}

fn arrow(descending: bool) -> &'static str {
    if descending { "↓" } else { "↑" }
}

fn header(paint: &mut Paint<'_>, area: Rect, scene: &Scene<'_>) {
    for place in &scene.placed {
        let cell = Rect {
            x: area.x + place.x,
            width: place.width,
            ..area
        };
        let Some(index) = place.index else {
            if let Some(goal) = &scene.goal {
                paint.text(cell, &goal.metric.clean(), Role::Header);
            }
            continue;
        };
        let column = scene.seen[index];
        let sorted = scene
            .screen
            .arrangement
            .sort
            .iter()
            .find(|key| key.column == column.key);
        let folded = match scene.screen.columns.folded_with(&column.key) {
            0 => String::new(),
            others => format!(" +{others}"),
        };
        let title = match (&column.key, sorted) {
            (ColumnKey::Attribute(Attribute::Status), _) => String::new(),
            (key, Some(sort)) => format!("{} {}{folded}", key.title(), arrow(sort.descending)),
            (key, None) => format!("{}{folded}", key.title()),
        };
        if column.numeric {
            paint.right(cell, &title, Role::Header)
        } else {
            paint.text(cell, &title, Role::Header)
        };
        if index == scene.screen.columns.at {
            paint.over(cell, Role::Selection);
        }
    }
}

fn rows(paint: &mut Paint<'_>, area: Rect, scene: &Scene<'_>) {
    let screen = scene.screen;
    let seen = screen.cursor.window(screen.lines.len(), area.height.into());
    let aligned = aligned(scene, seen.clone());
    for (offset, line) in screen.lines[seen.clone()].iter().enumerate() {
        let strip = row(area, offset as u16);
        let at = seen.start + offset;
        let cursor = at == screen.cursor.at;
        let text = |index: usize| aligned.get(&(index, at)).cloned();
        match line {
            Line::Run {
                row,
                depth,
                children,
                passes,
            } => {
                let nested = Nested {
                    depth: *depth,
                    children: *children,
                    passes: *passes,
                };
                run(paint, strip, scene, *row, nested, text);
            }
            Line::Group { .. } => groups::line(paint, strip, scene, at, text),
        }
        if cursor {
            paint.over(strip, Role::Selection);
            if let Some(place) = scene
                .placed
                .iter()
                .find(|place| place.index == Some(screen.columns.at))
            {
                paint.point_at(Rect {
                    x: strip.x + place.x,
                    width: place.width,
                    ..strip
                });
            }
        }
    }
}

/// The texts of the metrics and of the groups' figures that are seen, by column and line, with the decimal points of a column in line.
fn aligned(scene: &Scene<'_>, lines: std::ops::Range<usize>) -> HashMap<(usize, usize), String> {
    let (screen, now) = (scene.screen, scene.app.now);
    let mut texts = HashMap::new();
    for index in scene.placed.iter().filter_map(|place| place.index) {
        let key = &scene.seen[index].key;
        let is_metric = matches!(
            key,
            ColumnKey::Metric(_) | ColumnKey::Curve(Fact::Max | Fact::Min, _)
        );
        let text = |line: usize| match &screen.lines[line] {
            Line::Run { row, .. } => {
                is_metric.then(|| text_at(screen.table.cell(*row, key, now), now))
            }
            Line::Group { .. } => screen.figure_text(line, key, screen.arrangement.statistic, now),
        };
        let (at, plain): (Vec<usize>, Vec<String>) = lines
            .clone()
            .filter_map(|line| Some((line, text(line)?)))
            .unzip();
        texts.extend(
            at.into_iter()
                .zip(number::align_decimal(&plain))
                .map(|(line, text)| ((index, line), text)),
        );
    }
    texts
}

/// Where a run stands in a tree.
#[derive(Clone, Copy)]
struct Nested {
    depth: u16,
    children: u32,
    /// It passes the filter, or else stands here only for what is nested in it.
    passes: bool,
}

fn run(
    paint: &mut Paint<'_>,
    strip: Rect,
    scene: &Scene<'_>,
    row: Row,
    nested: Nested,
    aligned: impl Fn(usize) -> Option<String>,
) {
    let table = &scene.screen.table;
    let id = table.id(row);
    let marks = &scene.app.shared.marks;
    let dim = |role: Role| if nested.passes { role } else { Role::Muted };
    if marks.has(id) {
        let sign = if marks.baseline() == Some(id) {
            paint.look.sign("◆", "#")
        } else {
            paint.look.sign("●", "*")
        };
        paint.text(
            Rect {
                width: MARK_WIDTH,
                ..strip
            },
            sign,
            Role::Mark,
        );
    } else if scene.screen.live.news.has(id) {
        paint.text(
            Rect {
                width: MARK_WIDTH,
                ..strip
            },
            "+",
            Role::Info,
        );
    }
    for place in &scene.placed {
        let area = Rect {
            x: strip.x + place.x,
            width: place.width,
            ..strip
        };
        let Some(index) = place.index else {
            if let Some(points) = scene
                .goal
                .as_ref()
                .and_then(|goal| scene.app.shared.histories.get(id, goal.metric.raw()))
            {
                let curve = sparkline::text(points, place.width, paint.look);
                paint.text(area, &curve, Role::Curve);
            }
            continue;
        };
        let column = scene.seen[index];
        let cell = table.cell(row, &column.key, scene.app.now);
        match (&column.key, cell) {
            (ColumnKey::Attribute(Attribute::Status), _)
                if table.is_stalled(row, scene.app.now) =>
            {
                paint.text(area, STALLED_SIGN, Role::Warn);
            }
            (ColumnKey::Attribute(Attribute::Status), Cell::Status(status)) => {
                paint.text(
                    area,
                    status_sign(status, paint.look.ascii),
                    status_role(status),
                );
            }
            (ColumnKey::Attribute(Attribute::Name), _) => {
                let name = scene.screen.run_label(row);
                let name = if nested.passes {
                    name.clean().into_owned()
                } else {
                    format!("({})", name.clean())
                };
                paint.text(
                    area,
                    &format!("{}{name}", branch(paint, scene, row, nested)),
                    dim(Role::Text),
                );
            }
            (_, cell) => {
                let text = aligned(index).unwrap_or_else(|| text_at(cell, scene.app.now));
                let text = if let ColumnKey::Curve(_, metric) = &column.key {
                    told(paint, scene, row, metric, cell, text)
                } else {
                    text
                };
                let role = dim(role_of(cell, &column.key));
                if column.numeric {
                    paint.right(area, &text, role)
                } else {
                    paint.text(area, &text, role)
                };
            }
        }
    }
}

/// What stands in a column of curves: a sign where the curve was not read yet, and another where points of it were left out.
fn told(
    paint: &Paint<'_>,
    scene: &Scene<'_>,
    row: Row,
    metric: &Untrusted,
    cell: Cell<'_>,
    text: String,
) -> String {
    let table = &scene.screen.table;
    match table.curve_points(row, metric.raw()) {
        // A run without the metric has no curve to be read.
        None if table
            .column(&ColumnKey::Metric(metric.clone()))
            .is_present(row, 0) =>
        {
            paint.look.sign("…", "..").into()
        }
        Some((_, true)) if cell != Cell::Missing => {
            format!("{}{}", paint.look.sign("≈", "~"), text.trim_start())
        }
        _ => text,
    }
}

/// What stands before a nested run's name.
fn branch(paint: &Paint<'_>, scene: &Scene<'_>, row: Row, nested: Nested) -> String {
    let fold = match nested.children {
        _ if scene.screen.arrangement.grouping != Grouping::Tree => return String::new(),
        0 if nested.depth == 0 => return String::new(),
        0 => paint.look.sign("└ ", "` "),
        _ if scene
            .screen
            .arrangement
            .folded
            .contains(scene.screen.table.id(row).raw()) =>
        {
            paint.look.sign("▸ ", "+ ")
        }
        _ => paint.look.sign("▾ ", "- "),
    };
    format!("{}{fold}", "  ".repeat(nested.depth.into()))
}

fn role_of(cell: Cell<'_>, key: &ColumnKey) -> Role {
    match cell {
        Cell::Number(value) if !value.is_finite() => Role::Bad,
        Cell::Missing | Cell::Time(_) | Cell::Duration(_) => Role::Muted,
        _ if matches!(key, ColumnKey::Attribute(_)) => Role::Muted,
        _ => Role::Text,
    }
}

/// The role of a status; its sign and word say the same without colour.
pub fn status_role(status: RunStatus) -> Role {
    match status {
        RunStatus::Running => Role::Running,
        RunStatus::Finished => Role::Good,
        RunStatus::Failed => Role::Bad,
        RunStatus::Killed => Role::Warn,
        RunStatus::Scheduled | RunStatus::Unknown => Role::Muted,
    }
}
