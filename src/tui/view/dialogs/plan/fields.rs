//! Draws the fields and the button of a plan.

use ratatui::layout::Rect;
use tui_input::Input;

use super::super::{row_at, text_field};
use crate::config::theme::Role;
use crate::text::width::width as text_width;
use crate::tui::app::dialogs::{PlanDialog, PlanField, PlanPhase};
use crate::tui::view::painter::{Painter, after};

/// Beside the button with the focus.
const APPLY_HINT: &str = "enter applies, esc cancels";
/// The same where that has no room: the key hints have the rest.
const SHORT_APPLY_HINT: &str = "enter applies";

pub(super) fn draw_fields(
    painter: &mut Painter<'_>,
    area: Rect,
    dialog: &PlanDialog,
    label: &[String],
) {
    let mut row = 0;
    for which in dialog.fields() {
        let has_focus = dialog.focus == which;
        if which == PlanField::Name {
            for (nth, text) in label.iter().enumerate() {
                let marker = focus_marker(painter, has_focus && nth == 0);
                painter.draw_text(row_at(area, row), &format!("{marker}{text}"), Role::Accent);
                row += 1;
            }
        }
        let line = row_at(area, row);
        row += 1;
        match which {
            PlanField::Apply => draw_apply_button(painter, line, dialog, has_focus),
            PlanField::Reason => {
                draw_input(painter, line, "reason: ", &dialog.reason, has_focus);
            }
            PlanField::Name => {
                let title = dialog.name_title(line.width, label);
                draw_input(painter, line, &title, &dialog.confirmation, has_focus);
            }
        }
    }
}

fn focus_marker(painter: &Painter<'_>, has_focus: bool) -> &'static str {
    if has_focus {
        painter.theme.symbol("▸ ", "> ")
    } else {
        "  "
    }
}

fn draw_apply_button(painter: &mut Painter<'_>, line: Rect, dialog: &PlanDialog, has_focus: bool) {
    let can_apply = dialog.is_confirmed() && matches!(dialog.phase, PlanPhase::Ready);
    let used = painter.draw_text(
        line,
        &format!("{}[ apply ]", focus_marker(painter, has_focus)),
        if can_apply { Role::Accent } else { Role::Muted },
    );
    if !has_focus {
        return;
    }
    painter.apply_role(
        Rect {
            x: line.x + 2,
            width: used.saturating_sub(2),
            ..line
        },
        Role::Selection,
    );
    let rest = after(line, used + 2);
    let hint = if text_width(APPLY_HINT) <= rest.width {
        APPLY_HINT
    } else {
        SHORT_APPLY_HINT
    };
    painter.draw_text(rest, hint, Role::Muted);
}

fn draw_input(painter: &mut Painter<'_>, line: Rect, title: &str, input: &Input, has_focus: bool) {
    let used = painter.draw_text(
        line,
        &format!("{}{title}", focus_marker(painter, has_focus)),
        if has_focus { Role::Accent } else { Role::Muted },
    );
    let rest = Rect {
        x: line.x + used,
        width: line.width.saturating_sub(used),
        ..line
    };
    text_field::draw(painter, rest, input, has_focus);
}
