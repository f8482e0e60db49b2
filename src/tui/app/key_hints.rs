//! The bottom line: which keys it shows, and where, for drawing and the mouse.

use super::App;
use super::dialogs::{Dialog, ReviewDialog};
use crate::config::keymap::{Action, Binding, Scope};
use crate::text::width::width;

/// A key with what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHint {
    pub key: String,
    pub text: String,
    pub action: Action,
    /// The first column, where the space before the key is.
    pub x: u16,
}

impl KeyHint {
    fn new(key: String, text: &str, action: Action) -> Self {
        Self {
            key,
            text: text.to_owned(),
            action,
            x: 0,
        }
    }

    /// The key between two spaces, the text and a space.
    #[must_use]
    pub fn width(&self) -> u16 {
        width(&self.key) + 2 + width(&self.text) + u16::from(!self.text.is_empty())
    }
}

/// The screens of the number keys.
const SCREENS: [(Action, &str); 6] = [
    (Action::Experiments, "experiments"),
    (Action::Runs, "runs"),
    (Action::Compare, "compare"),
    (Action::Models, "models"),
    (Action::Lineage, "lineage"),
    (Action::Journal, "journal"),
];

/// The screens that can be opened from everywhere; they are named where six names have no room.
const HOME_SCREENS: [Action; 3] = [Action::Experiments, Action::Models, Action::Journal];

/// The hints of the bottom line, from left to right. Help is always the last one; those with the highest rank are dropped
/// first. What remains of the line names the screens.
#[must_use]
pub fn key_hints(app: &App, room: u16) -> Vec<KeyHint> {
    let scope = app.scope();
    let help = help_hint(app, scope);
    let mut room = room.saturating_sub(help.as_ref().map_or(0, KeyHint::width));
    let mut shown: Vec<KeyHint> = Vec::new();
    let mut hints = ranked_hints(app, scope);
    hints.retain(|(_, hint)| help.as_ref().is_none_or(|help| help.action != hint.action));
    let mut has_all = true;
    for (_, hint) in hints {
        // A shorter hint of a higher rank does not take the place of a dropped one.
        has_all &= hint.width() <= room;
        if has_all {
            room -= hint.width();
            shown.push(hint);
        }
    }
    let screens = if app.dialog.is_none() && has_all {
        screen_hints(app, scope, room)
    } else {
        Vec::new()
    };
    let gap = room - screens.iter().map(KeyHint::width).sum::<u16>();
    let mut x = 0;
    for hint in &mut shown {
        hint.x = x;
        x += hint.width();
    }
    x += gap;
    for mut hint in screens.into_iter().chain(help) {
        hint.x = x;
        x += hint.width();
        shown.push(hint);
    }
    shown
}

fn help_hint(app: &App, scope: Scope) -> Option<KeyHint> {
    if matches!(app.dialog, Some(Dialog::Help(_))) {
        return None;
    }
    let is_typed = app.dialog.as_ref().is_some_and(Dialog::has_typed_text);
    let mut keys = app.keymap.keys_of(scope, Action::Help);
    let key = keys.find(|key| !is_typed || key.text_char().is_none())?;
    Some(KeyHint::new(key.to_string(), "help", Action::Help))
}

/// The hints of a scope, those with the lowest rank first.
fn ranked_hints(app: &App, scope: Scope) -> Vec<(u8, KeyHint)> {
    let can_write = app.shared.session.can_write;
    let hint = |binding: &Binding| {
        let key = app.keymap.first_key(scope, binding.action)?;
        let own = app
            .dialog
            .as_ref()
            .and_then(|dialog| dialog.hint(binding.action, can_write));
        let text = match own {
            // The last page of a plan has no more lines.
            _ if binding.action == Action::PageDown && !has_more_lines(app) => "",
            Some(own) => own,
            None => binding.hint.as_deref()?,
        };
        // Without write access, the versions offer the review: it prepares a file.
        let is_decision = binding.action == Action::Approve && app.dialog.is_none();
        let is_used = app
            .dialog
            .as_ref()
            .is_none_or(|dialog| dialog.uses(binding.action));
        let is_shown = !text.is_empty() && is_used && (can_write || !is_decision);
        (is_shown && app.is_available(binding.action)).then(|| {
            let hint = KeyHint::new(key.to_string(), text, binding.action);
            (binding.rank, hint)
        })
    };
    let mut hints: Vec<_> = app.keymap.bindings(scope).filter_map(hint).collect();
    hints.sort_by_key(|(rank, _)| *rank);
    let mut seen = Vec::new();
    hints.retain(|(_, hint)| {
        let is_new = !seen.contains(&hint.action);
        seen.push(hint.action);
        is_new
    });
    hints
}

/// The number keys with the names of as many screens as have room.
fn screen_hints(app: &App, scope: Scope, room: u16) -> Vec<KeyHint> {
    let named = |keeps: &dyn Fn(Action) -> bool| -> Vec<KeyHint> {
        SCREENS
            .iter()
            .filter(|(action, _)| keeps(*action))
            .filter_map(|(action, name)| {
                let key = app.keymap.first_key(scope, *action)?;
                Some(KeyHint::new(key.to_string(), name, *action))
            })
            .collect()
    };
    let is_here = |action: Action| match action {
        Action::Experiments => scope == Scope::Experiments,
        Action::Models => scope == Scope::Models,
        Action::Journal => scope == Scope::Journal,
        _ => false,
    };
    let variants = [
        named(&|_| true),
        named(&|action| HOME_SCREENS.contains(&action) && !is_here(action)),
        vec![KeyHint::new("1-6".to_owned(), "screens", Action::Help)],
    ];
    variants
        .into_iter()
        .find(|hints| hints.iter().map(KeyHint::width).sum::<u16>() <= room)
        .unwrap_or_default()
}

/// The action of the hint at a column.
#[must_use]
pub(super) fn action_at(app: &App, room: u16, x: u16) -> Option<Action> {
    key_hints(app, room)
        .iter()
        .find(|hint| (hint.x..hint.x + hint.width()).contains(&x))
        .map(|hint| hint.action)
}

impl Dialog {
    /// What an action does now, where that depends on the state of the dialog. Empty for nothing.
    fn hint(&self, action: Action, can_write: bool) -> Option<&str> {
        match (self, action) {
            (Self::Picker(picker), Action::Accept) => Some(picker.accept_hint),
            (Self::Register(dialog), Action::Accept) => Some(dialog.accept_hint()),
            (Self::Prompt(prompt), Action::Accept) => Some(prompt.accept_hint),
            (Self::Prompt(prompt), Action::Complete) if !prompt.has_completions() => Some(""),
            (Self::Prompt(prompt), Action::Previous) if !prompt.has_history() => Some(""),
            (Self::Prompt(prompt), Action::Back) => Some(prompt.cancel_hint),
            (Self::Columns(_), Action::Back) => Some("restore"),
            (Self::Plan(dialog), action) => dialog.hint(action),
            (Self::Help(help), Action::Accept) => Some(help.accept_hint()),
            (Self::Help(_), Action::Help) => Some(""),
            (Self::Help(help), Action::Back) if help.over().is_some() => Some("back"),
            (Self::Help(_), Action::Back) => Some("close"),
            (Self::Review(dialog), action) if dialog.form.is_some() => form_hint(dialog, action),
            (Self::Review(dialog), Action::Approve) => Some(dialog.approve_hint(can_write)),
            _ if self.search_field().is_some() => search_hint(action),
            _ => None,
        }
    }
}

/// Whether the open plan has lines below the visible ones.
fn has_more_lines(app: &App) -> bool {
    match &app.dialog {
        Some(Dialog::Plan(plan)) => plan.has_more_lines(app.size, app.now, &app.shared),
        _ => false,
    }
}

/// The keys of the field for what to search.
fn search_hint(action: Action) -> Option<&'static str> {
    match action {
        Action::Accept => Some("find"),
        Action::Complete | Action::Previous => Some(""),
        _ => None,
    }
}

/// The keys of the fields of a prepared review.
fn form_hint(dialog: &ReviewDialog, action: Action) -> Option<&'static str> {
    let is_at_file = dialog.form.as_ref().is_some_and(|form| form.is_at_file);
    match action {
        Action::Accept if is_at_file => Some("write the file"),
        Action::Accept => Some("next field"),
        Action::Complete if is_at_file => Some("reason"),
        Action::Complete => Some("file"),
        Action::Previous => Some("approve or reject"),
        _ => None,
    }
}
