//! Draws the fields and the button of a plan.

use ratatui::layout::Rect;
use tui_input::Input;

use super::super::{row_at, text_field};
use super::has_room_for;
use crate::config::theme::Role;
use crate::text::untrusted::clean;
use crate::tui::app::dialogs::{PlanDialog, PlanField, PlanPhase};
use crate::tui::view::painter::Painter;

pub(super) fn draw_fields(painter: &mut Painter<'_>, area: Rect, dialog: &PlanDialog) {
    for (i, which) in dialog.fields().into_iter().enumerate() {
        let line = row_at(area, i as u16 + 1);
        let has_focus = dialog.focus == which;
        match which {
            PlanField::Apply => draw_apply_button(painter, line, dialog, has_focus),
            PlanField::Reason => {
                draw_input(painter, line, "reason: ", &dialog.reason, has_focus);
            }
            PlanField::Name => {
                let name = dialog.required_name().unwrap_or_default();
                let title = if has_room_for(&name, line.width) {
                    format!("type {} to confirm: ", clean(&name))
                } else {
                    "name: ".to_owned()
                };
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
    painter.draw_text(
        Rect {
            x: line.x + used + 2,
            width: line.width.saturating_sub(used + 2),
            ..line
        },
        "enter applies, esc cancels",
        Role::Muted,
    );
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
