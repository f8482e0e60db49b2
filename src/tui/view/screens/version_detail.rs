//! Draws what is known of the version under the cursor: description, reviews, the last move, tags,
//! and the text of a prompt.

use ratatui::layout::Rect;

use crate::config::theme::Role;
use crate::domain::{Millis, ModelVersion};
use crate::promotion::{Approval, Decision, TAG_PREFIX, TagRecord};
use crate::text::Untrusted;
use crate::text::quantity;
use crate::text::untrusted::clean;
use crate::text::width::{truncate, width, wrap};
use crate::tui::app::App;
use crate::tui::screens::versions::VersionsScreen;
use crate::tui::view::painter::{Painter, TextSpan};

/// The widest key that does not push its value to the next line.
const MAX_KEY_WIDTH: u16 = 24;

/// A line: key, value, and how to draw the value.
type DetailLine = (String, String, Role);

pub(super) fn draw(painter: &mut Painter<'_>, area: Rect, app: &App, screen: &VersionsScreen) {
    let Some(version) = screen.current() else {
        return;
    };
    let kind = if screen.is_prompt() { "prompt " } else { "" };
    let title = format!("{kind}{}/{}", version.name.clean(), version.version);
    let inside = painter.draw_frame(area, &title, false);
    let mut facts = vec![];
    if let Some(text) = version.prompt_text() {
        facts.push(("text".to_owned(), lines(&text), Role::Text));
    }
    facts.extend(facts_of(version, app.now));
    let keys = facts.iter().map(|(key, ..)| width(key)).max().unwrap_or(0);
    let keys = keys.min(MAX_KEY_WIDTH).min(inside.width / 3);
    let mut lines: Vec<Vec<TextSpan>> = Vec::new();
    for (key, value, role) in &facts {
        let room = inside.width.saturating_sub(keys + 2);
        let rows = value.lines().flat_map(|line| wrap(line, room));
        for (nth, row) in rows.enumerate() {
            let key = if nth == 0 {
                truncate(key, keys)
            } else {
                String::new()
            };
            lines.push(vec![
                (format!("{key:<0$}  ", usize::from(keys)), Role::Muted),
                (row, *role),
            ]);
        }
    }
    if lines.is_empty() {
        lines.push(vec![(
            "no description, tags or reviews".to_owned(),
            Role::Muted,
        )]);
    }
    painter.draw_lines(inside, &lines);
}

/// What people recorded on a version, without the tags that records are made of.
fn facts_of(version: &ModelVersion, now: Millis) -> Vec<DetailLine> {
    let mut facts = Vec::new();
    if !version.description.is_empty() {
        let text = lines(&version.description);
        facts.push(("description".to_owned(), text, Role::Text));
    }
    for review in Approval::from_version_tags(version) {
        let role = match review.decision {
            Decision::Approve => Role::Good,
            Decision::Reject => Role::Bad,
        };
        let age = quantity::format_age(now - review.at);
        facts.push((
            "review".to_owned(),
            format!("{}, {age}", clean(&review.describe_with_comment())),
            role,
        ));
    }
    let records = TagRecord::from_version_tags(version);
    let last = records.iter().max_by_key(|record| record.recorded_at_ms());
    if let Some(record) = last {
        let age = record.recorded_at_ms().map(|at| now - at);
        let age = age.map_or_else(String::new, |age| {
            format!(", {}", quantity::format_age(age))
        });
        let reason = if record.reason.is_empty() {
            String::new()
        } else {
            format!(": {}", clean(&record.reason))
        };
        let text = format!(
            "{} by {}{age}{reason}",
            clean(&record.action),
            clean(&record.user)
        );
        facts.push(("last record".to_owned(), text, Role::Text));
    }
    let own = version.tags.iter().filter(|tag| {
        let key = tag.key.raw();
        !key.starts_with(TAG_PREFIX) && !is_internal(key)
    });
    for tag in own {
        let key = tag.key.clean().into_owned();
        facts.push((key, lines(&tag.value), Role::Text));
    }
    facts
}

fn lines(text: &Untrusted) -> String {
    text.clean_lines().collect::<Vec<_>>().join("\n")
}

/// MLflow's own tags of a prompt: its text is shown.
pub(super) fn is_internal(key: &str) -> bool {
    key.starts_with("mlflow.prompt.") || key.starts_with("_mlflow_prompt")
}
