//! Drawing a difference: what went, what came, and the words in a line that changed.

use ratatui::layout::Rect;

use crate::analysis::value_diff::{DiffLine, Sign};
use crate::config::theme::Role;
use crate::text::fit;
use crate::text::untrusted::clean;
use crate::tui::app::layout::{Size, frame};
use crate::tui::app::overlays::DiffView;
use crate::tui::view::paint::{Paint, row};

/// Draws the difference over the body.
pub fn draw(paint: &mut Paint<'_>, size: Size, view: &DiffView) {
    let body = frame(size).body;
    paint.ground(body);
    let (added, removed) = view.counts();
    let title = if added + removed > 0 {
        format!("{}  +{added} -{removed}", view.title)
    } else {
        view.title.clone()
    };
    let inside = paint.frame(body, &title, true);
    let room = Rect {
        x: inside.x + 1,
        width: inside.width.saturating_sub(2),
        ..inside
    };
    match &view.lines {
        None => said(paint, room, "reading…", Role::Running),
        Some(Err(refused)) => said(
            paint,
            room,
            &format!("{}: {}", refused.why, refused.next),
            Role::Bad,
        ),
        Some(Ok(lines)) if lines.is_empty() => said(paint, room, "nothing differs", Role::Good),
        Some(Ok(lines)) => {
            let seen = view.cursor.window(lines.len(), inside.height.into());
            for (nth, diff) in lines[seen.clone()].iter().enumerate() {
                let strip = row(inside, nth as u16);
                line(paint, strip, diff);
                if seen.start + nth == view.cursor.at {
                    paint.over(strip, Role::Selection);
                }
            }
        }
    }
}

/// Draws a text in place of what is not there.
pub fn said(paint: &mut Paint<'_>, room: Rect, text: &str, role: Role) {
    let lines: Vec<_> = fit::wrap(text, room.width)
        .into_iter()
        .map(|line| vec![(line, role)])
        .collect();
    paint.lines(room, &lines);
}

fn line(paint: &mut Paint<'_>, strip: Rect, diff: &DiffLine) {
    let (sign, role) = match diff.sign {
        Sign::Same => (" ", Role::Text),
        Sign::Added => ("+", Role::DiffAdd),
        Sign::Removed => ("-", Role::DiffRemove),
        Sign::Head => ("", Role::Muted),
    };
    let mut used = paint.text(
        Rect {
            x: strip.x + 1,
            ..strip
        },
        sign,
        role,
    ) + 1;
    for (changed, text) in &diff.pieces {
        let place = Rect {
            x: strip.x + used,
            width: strip.width.saturating_sub(used),
            ..strip
        };
        let taken = paint.text(place, &clean(text), role);
        if *changed {
            paint.point_at(Rect {
                width: taken,
                ..place
            });
        }
        used += taken;
    }
}
