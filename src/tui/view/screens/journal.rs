//! Drawing the journal: every write made from here on this store.

use ratatui::layout::Rect;

use super::{empty, filtered};
use crate::config::theme::Role;
use crate::promotion::Outcome;
use crate::promotion::journal::{Entry, EntryState};
use crate::text::fit::wrap;
use crate::text::quantity;
use crate::tui::app::App;
use crate::tui::app::cell::local_time;
use crate::tui::app::layout::{Size, table};
use crate::tui::screens::View;
use crate::tui::screens::journal::{JournalScreen, list_area};
use crate::tui::view::paint::{Paint, Piece};
use crate::tui::view::widgets::grid;
use crate::tui::view::widgets::grid::{Column, Text};

const COLUMNS: [Column; 5] = [
    Column::right("when", 14, 0),
    Column::left("who", 16, 2),
    Column::left("what", 60, 0),
    Column::left("outcome", 14, 0),
    Column::left("reason", 60, 3),
];

/// Draws the entries, and below them the one under the cursor.
pub fn draw(paint: &mut Paint<'_>, body: Rect, app: &App, screen: &JournalScreen) {
    let list = list_area(Size {
        width: body.width,
        height: body.height + 3,
    });
    let area = table(Rect { y: body.y, ..list });
    let lines = screen.lines();
    let total = screen.data.get().map_or(0, Vec::len);
    paint.text(
        area.status,
        &format!(
            " {} of {total} writes to this store, newest first{}",
            lines.len(),
            filtered(&screen.filter)
        ),
        Role::Muted,
    );
    if lines.is_empty() {
        return empty(
            paint,
            area.rows,
            &screen.freshness(&app.shared),
            "nothing was written to this store from here yet",
        );
    }
    let seen = screen.cursor.window(lines.len(), area.rows.height.into());
    let rows: Vec<Vec<Text>> = lines[seen.clone()]
        .iter()
        .map(|entry| texts(entry, app))
        .collect();
    grid::draw(
        paint,
        &area,
        &COLUMNS,
        &rows,
        screen.cursor.at.checked_sub(seen.start),
    );
    if list.height < body.height
        && let Some(entry) = screen.current()
    {
        let area = Rect {
            y: body.y + list.height,
            height: body.height - list.height,
            ..body
        };
        detail(paint, area, app, entry);
    }
}

fn texts(entry: &Entry, app: &App) -> Vec<Text> {
    vec![
        (quantity::age(app.now - entry.at), Role::Muted),
        (
            crate::text::untrusted::clean(&entry.plan.user).into_owned(),
            Role::Text,
        ),
        (entry.plan.intent.to_string(), Role::Text),
        outcome(entry),
        (
            crate::text::untrusted::clean(&entry.plan.reason).into_owned(),
            Role::Muted,
        ),
    ]
}

fn outcome(entry: &Entry) -> Text {
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

fn detail(paint: &mut Paint<'_>, area: Rect, app: &App, entry: &Entry) {
    let inside = paint.frame(area, &entry.plan.intent.to_string(), false);
    let width = inside.width;
    let mut lines: Vec<Vec<Piece>> = vec![vec![
        (
            format!("{}  ", local_time(entry.at, &app.shared.session.zone)),
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
    let (word, role) = outcome(entry);
    let why = match &entry.state {
        EntryState::Ended(Outcome::NotApplied { why } | Outcome::Unknown { why }) => why.clone(),
        EntryState::Ended(Outcome::Conflict { found }) => found.join("; "),
        EntryState::Unfinished => {
            "the program ended before it was told how this ended: ctrl-l asks the registry".into()
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
            paint.look.sign("→", "->"),
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
    paint.lines(inside, &lines);
}
