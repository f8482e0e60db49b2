//! Draws the journal: every write from this machine to this store.

use ratatui::layout::Rect;

use super::{draw_empty, filter_label};
use crate::config::theme::Role;
use crate::promotion::Outcome;
use crate::promotion::journal::{EntryState, JournalEntry};
use crate::text::quantity;
use crate::text::width::wrap;
use crate::tui::app::App;
use crate::tui::app::Screen;
use crate::tui::app::cell_text::local_time;
use crate::tui::app::layout::{Size, list_above_detail, table_areas};
use crate::tui::screens::journal::JournalScreen;
use crate::tui::view::painter::{Painter, TextSpan};
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::GridColumn;

const COLUMNS: [GridColumn; 5] = [
    GridColumn::right_aligned("when", 14, 0),
    GridColumn::left_aligned("who", 16, 2),
    GridColumn::left_aligned("what", 60, 0),
    GridColumn::left_aligned("outcome", 14, 0),
    GridColumn::left_aligned("reason", 60, 3),
];

/// Draws the entries, and details of the one under the cursor below them.
pub fn draw(painter: &mut Painter<'_>, body: Rect, app: &App, screen: &JournalScreen) {
    let list = list_above_detail(Size {
        width: body.width,
        height: body.height + 3,
    });
    let area = table_areas(Rect { y: body.y, ..list });
    let lines = screen.visible_entries();
    let total = screen.data.get().map_or(0, Vec::len);
    painter.draw_text(
        area.status,
        &format!(
            " {} of {total} writes to this store, newest first{}",
            lines.len(),
            filter_label(&screen.filter)
        ),
        Role::Muted,
    );
    if lines.is_empty() {
        return draw_empty(
            painter,
            area.rows,
            &screen.freshness(&app.shared),
            "no writes to this store from this machine yet",
        );
    }
    let visible_range = screen
        .cursor
        .visible_range(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<TextSpan>> = lines[visible_range.clone()]
        .iter()
        .map(|entry| row_cells(entry, app))
        .collect();
    grid::draw(
        painter,
        &area,
        &COLUMNS,
        &rows,
        screen.cursor.index.checked_sub(visible_range.start),
    );
    if list.height < body.height
        && let Some(entry) = screen.current()
    {
        let area = Rect {
            y: body.y + list.height,
            height: body.height - list.height,
            ..body
        };
        draw_detail(painter, area, app, entry);
    }
}

fn row_cells(entry: &JournalEntry, app: &App) -> Vec<TextSpan> {
    vec![
        (quantity::format_age(app.now - entry.at), Role::Muted),
        (
            crate::text::untrusted::clean(&entry.plan.user).into_owned(),
            Role::Text,
        ),
        (entry.plan.intent.to_string(), Role::Text),
        outcome_cell(entry),
        (
            crate::text::untrusted::clean(&entry.plan.reason).into_owned(),
            Role::Muted,
        ),
    ]
}

fn outcome_cell(entry: &JournalEntry) -> TextSpan {
    let (text, role) = match &entry.state {
        EntryState::Unfinished => ("unfinished", Role::Bad),
        EntryState::Ended(Outcome::Verified) if entry.undone_by.is_some() => {
            ("undone", Role::Muted)
        }
        EntryState::Ended(Outcome::Verified) => ("verified", Role::Good),
        EntryState::Ended(Outcome::NotApplied { .. }) => ("not applied", Role::Muted),
        EntryState::Ended(Outcome::Conflict { .. }) => ("conflict", Role::Bad),
        EntryState::Ended(Outcome::Unknown { .. }) => ("unknown", Role::Warn),
    };
    (text.to_owned(), role)
}

fn draw_detail(painter: &mut Painter<'_>, area: Rect, app: &App, entry: &JournalEntry) {
    let inside = painter.draw_frame(area, &entry.plan.intent.to_string(), false);
    let width = inside.width;
    let mut lines: Vec<Vec<TextSpan>> = vec![vec![
        (
            format!("{}  ", local_time(entry.at, &app.shared.session.time_zone)),
            Role::Text,
        ),
        (
            format!(
                "entry {}  plan {}",
                entry.id,
                entry.plan.fingerprint.0.chars().take(8).collect::<String>()
            ),
            Role::Muted,
        ),
    ]];
    let (word, role) = outcome_cell(entry);
    let why = match &entry.state {
        EntryState::Ended(
            Outcome::NotApplied { reason: why } | Outcome::Unknown { reason: why },
        ) => why.clone(),
        EntryState::Ended(Outcome::Conflict { differences: found }) => found.join("; "),
        EntryState::Unfinished => {
            "frontrunner ended before the outcome was known: t checks the registry".into()
        }
        EntryState::Ended(Outcome::Verified) => String::new(),
    };
    for line in wrap(&format!("{word}  {why}"), width) {
        lines.push(vec![(line, role)]);
    }
    for line in entry
        .plan
        .steps
        .iter()
        .filter(|step| step.write.is_some() || !step.before.is_empty())
    {
        let text = format!(
            "{}  {}  {} {} {}",
            line.action,
            line.target,
            line.before,
            painter.theme.symbol("→", "->"),
            line.after
        );
        lines.push(vec![(text, Role::Text)]);
    }
    if !entry.plan.reason.is_empty() {
        lines.push(vec![(
            format!(
                "reason: {}",
                crate::text::untrusted::clean(&entry.plan.reason)
            ),
            Role::Text,
        )]);
    }
    painter.draw_lines(inside, &lines);
}
