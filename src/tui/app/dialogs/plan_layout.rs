//! The layout of a plan: how much of its text is visible, for drawing and for scrolling by pages.

use ratatui::layout::Rect;

use super::plan::{PlanDialog, PlanField, PlanPhase};
use crate::text::untrusted::clean;
use crate::text::width::{width as text_width, wrap, wrap_to};
use crate::tui::app::layout::{Size, dialog_area, split_bottom};
use crate::tui::app::notifications::{Notification, Severity};

/// Below this height, the dialog covers the whole screen but the key hints.
const COMPACT_HEIGHT: u16 = 16;

/// The widest dialog.
const MAX_WIDTH: u16 = 110;

/// The cells of the marker of the focused field.
const MARKER_CELLS: u16 = 2;

/// The cells of `▸ type … to confirm: ` without the name.
const CONFIRM_TITLE_CELLS: u16 = 20;

/// The rows of a plan, from top to bottom inside its frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLayout {
    /// The whole dialog with its frame.
    pub frame: Rect,
    /// The page of the plan's text.
    pub body: Rect,
    /// The message, in lines.
    pub message: Vec<String>,
    /// Where the message is.
    pub message_area: Rect,
    /// What to type, in lines above the field for it, where the field has no room for it.
    pub label: Vec<String>,
    /// The fields and the button, or the hint of a plan that was applied.
    pub footer: Rect,
}

impl PlanDialog {
    /// The layout in a terminal of this size, with this message.
    #[must_use]
    pub fn layout(&self, size: Size, message: Option<&Notification>) -> PlanLayout {
        let is_compact = size.height < COMPACT_HEIGHT;
        let frame = if is_compact {
            Rect::new(0, 0, size.width, size.height.saturating_sub(1))
        } else {
            dialog_area(size, MAX_WIDTH, size.height)
        };
        let inside = Rect {
            x: frame.x + 2,
            y: frame.y + 1,
            width: frame.width.saturating_sub(4),
            height: frame.height.saturating_sub(2),
        };
        let is_editable = matches!(self.phase, PlanPhase::Planning(_) | PlanPhase::Ready);
        let fields = self.fields().len() as u16;
        // One line of the plan is always visible.
        let room = inside.height.saturating_sub(fields + 1);
        let label = if is_editable {
            self.label_lines(inside.width, room)
        } else {
            Vec::new()
        };
        let footer_height = if is_editable {
            fields + label.len() as u16
        } else {
            u16::from(!matches!(self.phase, PlanPhase::Applying(..)))
        };
        let gap = u16::from(!is_compact);
        let (above, footer) = split_bottom(inside, footer_height);
        let room = above.height.saturating_sub(gap + 1);
        let message = message
            .filter(|message| !self.shows_error(message))
            .map(|message| message_lines(message, inside.width, room.into()))
            .unwrap_or_default();
        let (body, message_area) = split_bottom(above, message.len() as u16 + gap);
        PlanLayout {
            frame,
            body,
            message,
            message_area: Rect {
                y: message_area.y + gap,
                height: message_area.height.saturating_sub(gap),
                ..message_area
            },
            label,
            footer,
        }
    }

    /// What to type, in lines above the focused field.
    fn label_lines(&self, width: u16, room: u16) -> Vec<String> {
        let name = self
            .required_name()
            .filter(|name| self.focus == PlanField::Name && !has_room_for(name, width));
        let Some(name) = name else { return Vec::new() };
        let text = format!("type {} to confirm:", clean(&name));
        let lines = wrap(&text, width.saturating_sub(MARKER_CELLS));
        // Where there is no room, the plan itself names what to type.
        if lines.len() > usize::from(room) {
            return Vec::new();
        }
        lines
    }

    /// The title of the field for the name, given the lines above it.
    #[must_use]
    pub fn name_title(&self, width: u16, label: &[String]) -> String {
        let name = self.required_name().unwrap_or_default();
        if !label.is_empty() {
            String::new()
        } else if has_room_for(&name, width) {
            format!("type {} to confirm: ", clean(&name))
        } else {
            "name to confirm: ".to_owned()
        }
    }

    /// Whether the text of the plan has this message already.
    pub(super) fn shows_error(&self, message: &Notification) -> bool {
        message.severity == Severity::Error
            && matches!(&self.phase, PlanPhase::Failed(error) if error.message == message.text)
    }
}

fn message_lines(message: &Notification, width: u16, most: usize) -> Vec<String> {
    let mut lines = wrap(&message.text, width);
    if !message.hint.is_empty() {
        lines.extend(wrap(&format!("→ {}", message.hint), width));
    }
    if lines.len() > most {
        return wrap_to(&lines.join(" "), width, most);
    }
    lines
}

/// Whether a field can have the title that names what to type, and room for as much.
pub(super) fn has_room_for(name: &str, width: u16) -> bool {
    let name = text_width(&clean(name));
    name.saturating_mul(2).saturating_add(CONFIRM_TITLE_CELLS) < width
}
