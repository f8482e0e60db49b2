//! What stands around every screen: where you are, what was said, which keys work.

use ratatui::layout::Rect;

use super::paint::{Paint, Piece};
use crate::config::theme::Role;
use crate::domain::{Fault, Millis};
use crate::text::fit::{cut, width};
use crate::text::quantity;
use crate::text::untrusted::clean;
use crate::tui::app::App;
use crate::tui::app::notices::Level;
use crate::tui::app::overlays::Overlay;
use crate::tui::screens::Freshness;

/// Until this age, in ms, what is shown counts as live; where it is refreshed by itself, this long after the next answer was due.
const LIVE_MS: Millis = 10_000;

/// A failure's reason is not told in more than this, in cells; `:messages` has the whole.
const WHY_WIDTH: u16 = 36;
/// In terminals narrower than this, in cells, a word for the reason has to do.
const WHY_FROM: u16 = 80;

/// A name in the path is not cut to less than this, in cells.
const NAME_WIDTH: u16 = 14;

/// The top line: the store, where in it, the session's rights, freshness.
pub fn top(paint: &mut Paint<'_>, area: Rect, app: &App) {
    paint.over(area, Role::Header);
    let session = &app.shared.session;
    let mut right: Vec<Piece> = Vec::new();
    if !session.can_write {
        right.push((" READ ONLY ".into(), Role::Warn));
    }
    if session.unfinished > 0 {
        right.push((
            format!(" {} unfinished, see the journal (6) ", session.unfinished),
            Role::Bad,
        ));
    }
    if !app.shared.marks.is_empty() {
        right.push((
            format!(" {} {} ", paint.look.sign("●", "*"), app.shared.marks.len()),
            Role::Mark,
        ));
    }
    let freshness = app.screen().freshness(&app.shared);
    right.push(fresh(&freshness, app.now, area.width));
    let wide: u16 = right.iter().map(|(text, _)| width(text)).sum();
    let room = area.width.saturating_sub(wide.min(area.width) + 1);
    let mut left: Vec<Piece> = vec![(format!(" {}", clean(&session.target)), Role::Accent)];
    for crumb in app.screen().crumbs(&app.shared) {
        left.push((paint.look.sign(" › ", " > ").into(), Role::Muted));
        left.push((crumb, Role::Title));
    }
    shorten(&mut left, room);
    paint.pieces(
        Rect {
            width: room,
            ..area
        },
        &left,
    );
    let x = area.right().saturating_sub(wide);
    paint.pieces(
        Rect {
            x,
            width: area.right() - x,
            ..area
        },
        &right,
    );
}

/// Makes a path fit: the longest names are cut first; then its beginning goes, as its end matters more.
fn shorten(path: &mut Vec<Piece>, room: u16) {
    loop {
        let total: u16 = path.iter().map(|(text, _)| width(text)).sum();
        let Some(excess) = total.checked_sub(room).filter(|excess| *excess > 0) else {
            return;
        };
        let longest = path
            .iter_mut()
            .map(|(text, _)| text)
            .max_by_key(|text| width(text))
            .filter(|text| width(text) > NAME_WIDTH);
        if let Some(longest) = longest {
            *longest = cut(
                longest,
                width(longest).saturating_sub(excess).max(NAME_WIDTH),
            );
        } else if path.len() > 2 {
            path.drain(..2);
        } else {
            return;
        }
    }
}

/// How fresh what is shown is, in words.
fn fresh(freshness: &Freshness, now: Millis, wide: u16) -> Piece {
    let age = freshness.at.map(|at| now.saturating_sub(at).max(0));
    if let Some(since) = freshness.loading {
        let text = match freshness.progress {
            Some((loaded, Some(total))) if total > 0 => {
                format!(
                    " loading {} of {}{} ",
                    thousands(loaded),
                    thousands(total),
                    estimate(loaded, total, now - since)
                )
            }
            Some((loaded, _)) if loaded > 0 => format!(" loading, {} so far ", thousands(loaded)),
            _ if now - since > 3_000 => " still asking, the server may be waking up ".into(),
            _ => " asking ".into(),
        };
        return (text, Role::Running);
    }
    match (&freshness.fault, age) {
        (Some(fault), Some(age)) => (
            format!(
                " stale{}: {}{} ",
                steps(age),
                why(fault, wide),
                again(freshness)
            ),
            Role::Bad,
        ),
        (Some(fault), None) => (
            format!(" {}{} ", why(fault, wide), again(freshness)),
            Role::Bad,
        ),
        (None, Some(age)) if age < LIVE_MS + freshness.wait.unwrap_or(0) => {
            let slow = if freshness.slow {
                format!(", slow{}", again(freshness))
            } else {
                String::new()
            };
            (
                format!(" live{slow} "),
                if freshness.slow {
                    Role::Warn
                } else {
                    Role::Good
                },
            )
        }
        (None, Some(age)) => (format!("{} ago ", steps(age)), Role::Muted),
        (None, None) => (String::new(), Role::Muted),
    }
}

/// An age in one unit with a space before it; in steps of ten seconds below a minute, so that an idle screen stays as it is for
/// as long. The first step is none.
fn steps(age: Millis) -> String {
    let text = quantity::age(if age < 60_000 {
        age / LIVE_MS * LIVE_MS
    } else {
        age
    });
    text.strip_suffix(" ago")
        .map_or_else(String::new, |age| format!(" {age}"))
}

/// Why the last question failed, in few words.
fn why(fault: &Fault, wide: u16) -> String {
    if wide < WHY_FROM {
        return fault.kind.code().to_owned();
    }
    let why = fault.why.clean().into_owned();
    cut(
        why.split(" (os error").next().unwrap_or_default(),
        WHY_WIDTH,
    )
}

/// How often it is tried again, where it is by itself and more seldom than was asked for.
fn again(freshness: &Freshness) -> String {
    freshness.wait.map_or_else(String::new, |wait| {
        format!(", again every{}", steps(wait.max(LIVE_MS)))
    })
}

/// How long the rest of a listing will take, once that can be told.
fn estimate(loaded: u64, total: u64, spent: Millis) -> String {
    if spent < 2_000 || loaded == 0 {
        return String::new();
    }
    let left = spent as f64 * (total.saturating_sub(loaded)) as f64 / loaded as f64;
    format!(", {} to go", quantity::duration(left as Millis))
}

/// A count with its thousands apart: `10,000`.
#[must_use]
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The message line: what is typed there, or what was said last.
pub fn message(paint: &mut Paint<'_>, area: Rect, app: &App) {
    if let Some(Overlay::Prompt(prompt)) = &app.overlay {
        let title = format!(" {}: ", prompt.title);
        let used = paint.text(area, &title, Role::Accent);
        let field = Rect {
            x: area.x + used,
            width: area.width.saturating_sub(used),
            ..area
        };
        super::widgets::field::draw(paint, field, &prompt.input, true);
        return super::overlays::advice::draw(paint, field, prompt);
    }
    let Some(notice) = app.shared.notices.current(app.now) else {
        return;
    };
    let role = if notice.level == Level::Error {
        Role::Bad
    } else {
        Role::Info
    };
    let sign = if notice.level == Level::Error {
        paint.look.sign(" ✗ ", " ! ")
    } else {
        " "
    };
    let mut pieces: Vec<Piece> = vec![(format!("{sign}{}", notice.text), role)];
    if !notice.next.is_empty() {
        pieces.push((
            format!("  {} {}", paint.look.sign("→", "->"), notice.next),
            Role::Muted,
        ));
    }
    paint.pieces(area, &pieces);
}

/// The bottom line: the keys that work here.
pub fn keys(paint: &mut Paint<'_>, area: Rect, app: &App) {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut used = 0;
    for binding in app.keymap.bindings(app.scope()) {
        let (Some(hint), Some(key)) = (&binding.hint, binding.keys.first()) else {
            continue;
        };
        if !app.may(binding.action) {
            continue;
        }
        let key = format!(" {key} ");
        let wide = width(&key) + width(hint) + 1;
        if used + wide > area.width {
            break;
        }
        used += wide;
        pieces.push((key, Role::Accent));
        pieces.push((format!("{hint} "), Role::Muted));
    }
    paint.pieces(area, &pieces);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(names: &[&str], room: u16) -> String {
        let mut pieces: Vec<Piece> = names
            .iter()
            .map(|name| ((*name).to_owned(), Role::Title))
            .collect();
        shorten(&mut pieces, room);
        pieces.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn a_long_name_is_cut_before_the_path_is() {
        let long = "x".repeat(80);
        assert_eq!(
            path(&["demo.db", " › ", &long, " › ", "runs"], 40),
            format!("demo.db › {}… › runs", "x".repeat(22))
        );
        assert_eq!(
            path(&["demo.db", " › ", &long, " › ", "runs"], 22),
            format!("{}… › runs", "x".repeat(13))
        );
        assert_eq!(
            path(&["demo.db", " › ", "sweep", " › ", "runs"], 12),
            "sweep › runs"
        );
        assert_eq!(path(&["demo.db"], 3), "demo.db");
    }
}
