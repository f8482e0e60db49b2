//! The top line: store, path, access and freshness, with their places for the mouse.

use std::time::Duration;

use super::App;
use super::screen::Freshness;
use crate::config::keymap::Action;
use crate::config::theme::Role;
use crate::domain::{Millis, StoreError};
use crate::text::quantity;
use crate::text::width::{truncate, width};

/// Data counts as live up to this age in ms; data that is polled, up to this long after the next reply was due.
const LIVE_MAX_AGE_MS: Millis = 10_000;

/// The longest reason of a failure in cells; the messages dialog has the whole.
const REASON_MAX_WIDTH: u16 = 36;
/// Terminals narrower than this, in cells, show one word for the reason.
const REASON_MIN_TERMINAL_WIDTH: u16 = 80;

/// The shortest that a name in the path is cut to, in cells.
const MIN_NAME_WIDTH: u16 = 14;

/// A text with its look.
pub type TextSpan = (String, Role);

/// Stands between two names; drawn as `>` in ASCII.
pub const SEPARATOR: &str = " › ";

/// The texts of the top line.
#[derive(Clone, Debug, PartialEq)]
pub struct TopLine {
    /// The store and the path, with separators.
    pub path: Vec<TextSpan>,
    /// Access, marks and freshness, at the right end.
    pub state: Vec<TextSpan>,
    /// The cells of the path.
    pub room: u16,
}

/// The texts of the top line in a terminal of this width. `mark` is the symbol of a mark.
#[must_use]
pub fn top_line(app: &App, terminal_width: u16, mark: &str) -> TopLine {
    let session = &app.shared.session;
    let mut state: Vec<TextSpan> = Vec::new();
    if !session.can_write {
        state.push((" READ ONLY ".into(), Role::Warn));
    }
    if session.unfinished_entries > 0 {
        let text = format!(
            " {} unfinished, see the journal (6) ",
            session.unfinished_entries
        );
        state.push((text, Role::Bad));
    }
    if session.journal_damage.is_some() {
        state.push((" journal damaged, see doctor ".into(), Role::Bad));
    }
    if !app.shared.marks.is_empty() {
        state.push((format!(" {mark} {} ", app.shared.marks.len()), Role::Mark));
    }
    state.push(if let Some(wait) = app.shared.rate_limit_wait {
        (rate_limit_label(wait), Role::Warn)
    } else {
        let freshness = app.screen().freshness(&app.shared);
        freshness_label(&freshness, app.now, terminal_width)
    });
    let wide: u16 = state.iter().map(|(text, _)| width(text)).sum();
    let room = terminal_width.saturating_sub(wide.min(terminal_width) + 1);
    let mut path: Vec<TextSpan> = vec![(format!(" {}", session.place()), Role::Accent)];
    for crumb in app.screen().breadcrumbs(&app.shared) {
        path.push((SEPARATOR.into(), Role::Muted));
        path.push((crumb, Role::Title));
    }
    shorten_path(&mut path, room);
    TopLine { path, state, room }
}

/// What a click on the path does: the store leads to the experiments, a list to itself, a name before the last one back.
#[must_use]
pub(super) fn action_at(app: &App, terminal_width: u16, x: u16) -> Option<Action> {
    let line = top_line(app, terminal_width, " ");
    let mut start = 0;
    for (at, (text, role)) in line.path.iter().enumerate() {
        let end = start + width(text);
        if (start..end).contains(&x) {
            return match (*role, text.as_str()) {
                (Role::Accent, _) | (Role::Title, "experiments") => Some(Action::Experiments),
                (Role::Title, "models") => Some(Action::Models),
                (Role::Title, "journal") => Some(Action::Journal),
                (Role::Title, _) if at + 1 < line.path.len() => Some(Action::Back),
                _ => None,
            };
        }
        start = end;
    }
    None
}

/// Shortens a path: cuts the longest names first, then drops segments from its start.
fn shorten_path(path: &mut Vec<TextSpan>, room: u16) {
    loop {
        let total: u16 = path.iter().map(|(text, _)| width(text)).sum();
        let Some(excess) = total.checked_sub(room).filter(|excess| *excess > 0) else {
            return;
        };
        let longest = path
            .iter_mut()
            .map(|(text, _)| text)
            .max_by_key(|text| width(text))
            .filter(|text| width(text) > MIN_NAME_WIDTH);
        if let Some(longest) = longest {
            *longest = truncate(
                longest,
                width(longest).saturating_sub(excess).max(MIN_NAME_WIDTH),
            );
        } else if path.len() > 2 {
            path.drain(..2);
        } else {
            return;
        }
    }
}

/// In whole seconds, rounded up: a wait is not over before its last one.
fn rate_limit_label(wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    format!(" waiting {seconds} s: rate limit ")
}

fn freshness_label(freshness: &Freshness, now: Millis, terminal_width: u16) -> TextSpan {
    let age = freshness.fetched_at.map(|at| now.saturating_sub(at).max(0));
    if let Some(since) = freshness.loading_since {
        let text = match freshness.progress {
            Some((loaded, Some(total))) if total > 0 => {
                format!(
                    " loading {} of {}{} ",
                    format_count(loaded),
                    format_count(total),
                    time_remaining(loaded, total, now - since)
                )
            }
            Some((loaded, _)) if loaded > 0 => {
                format!(" loading, {} so far ", format_count(loaded))
            }
            _ if now - since > 3_000 => " still loading, the server may be starting up ".into(),
            _ => " loading ".into(),
        };
        return (text, Role::Running);
    }
    match (&freshness.error, age) {
        (Some(error), Some(age)) => (
            format!(
                " stale{}: {}{} ",
                coarse_age(age),
                error_reason(error, terminal_width),
                retry_interval(freshness)
            ),
            Role::Bad,
        ),
        (Some(error), None) => (
            format!(
                " {}{} ",
                error_reason(error, terminal_width),
                retry_interval(freshness)
            ),
            Role::Bad,
        ),
        (None, Some(age)) if age < LIVE_MAX_AGE_MS + freshness.poll_interval.unwrap_or(0) => {
            let slow = if freshness.is_backing_off {
                format!(", slow{}", retry_interval(freshness))
            } else {
                String::new()
            };
            (
                format!(" live{slow} "),
                if freshness.is_backing_off {
                    Role::Warn
                } else {
                    Role::Good
                },
            )
        }
        (None, Some(age)) => (format!("{} ago ", coarse_age(age)), Role::Muted),
        (None, None) => (String::new(), Role::Muted),
    }
}

/// An age in one unit after a space, in steps of ten seconds below a minute, so that an idle screen changes no more often.
/// Empty below the first step.
fn coarse_age(age: Millis) -> String {
    let text = quantity::format_age(if age < 60_000 {
        age / LIVE_MAX_AGE_MS * LIVE_MAX_AGE_MS
    } else {
        age
    });
    text.strip_suffix(" ago")
        .map_or_else(String::new, |age| format!(" {age}"))
}

/// A short reason for a failed request.
fn error_reason(error: &StoreError, terminal_width: u16) -> String {
    if terminal_width < REASON_MIN_TERMINAL_WIDTH {
        return error.kind.code().to_owned();
    }
    let why = error.why.clean().into_owned();
    truncate(
        why.split(" (os error").next().unwrap_or_default(),
        REASON_MAX_WIDTH,
    )
}

/// The interval of automatic retries, if it is longer than the refresh setting.
fn retry_interval(freshness: &Freshness) -> String {
    freshness.poll_interval.map_or_else(String::new, |wait| {
        format!(", again every{}", coarse_age(wait.max(LIVE_MAX_AGE_MS)))
    })
}

/// The estimated time for the rest of a listing.
fn time_remaining(loaded: u64, total: u64, spent: Millis) -> String {
    if spent < 2_000 || loaded == 0 {
        return String::new();
    }
    let left = spent as f64 * (total.saturating_sub(loaded)) as f64 / loaded as f64;
    format!(", {} to go", quantity::format_duration(left as Millis))
}

/// A count with thousands separators: `10,000`.
#[must_use]
pub fn format_count(count: u64) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shortened_path(names: &[&str], room: u16) -> String {
        let mut pieces: Vec<TextSpan> = names
            .iter()
            .map(|name| ((*name).to_owned(), Role::Title))
            .collect();
        shorten_path(&mut pieces, room);
        pieces.into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn long_names_are_cut_before_path_segments_are_dropped() {
        let long = "x".repeat(80);
        assert_eq!(
            shortened_path(&["demo.db", " › ", &long, " › ", "runs"], 40),
            format!("demo.db › {}… › runs", "x".repeat(22))
        );
        assert_eq!(
            shortened_path(&["demo.db", " › ", &long, " › ", "runs"], 22),
            format!("{}… › runs", "x".repeat(13))
        );
        assert_eq!(
            shortened_path(&["demo.db", " › ", "sweep", " › ", "runs"], 12),
            "sweep › runs"
        );
        assert_eq!(shortened_path(&["demo.db"], 3), "demo.db");
    }
}
