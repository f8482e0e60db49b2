//! Dialogs over a screen: lists, fields, plans, help.

mod choices;
mod column_picker;
mod diff;
mod edit;
mod help;
mod image;
mod pager;
mod picker;
mod plan;
mod plan_layout;
mod plan_lines;
mod prompt;
mod register;
mod review;
mod submission;
mod text;

pub(crate) use choices::{
    AliasChange, PromoteChoice, ViewChoice, curve_columns, goals, groupings, marks, promotions,
    views,
};
pub(crate) use column_picker::{ColumnChoice, ColumnPicker};
pub(crate) use diff::{DIFF_FRAME_CELLS, DiffDialog};
pub(crate) use edit::{edit_model, edit_run, edit_version};
pub(crate) use help::{ALL_KEYS_WIDTH, HelpDialog, HelpLine};
pub(crate) use image::{ImageDialog, ImageState, image_area};
pub(crate) use pager::{Pager, TextSearch};
pub(crate) use picker::{LABEL_GAP, Picker, PickerItem};
pub use plan::{PlanDialog, PlanField, PlanPhase};
pub(crate) use prompt::{Prompt, PromptFeedback};
pub(crate) use register::RegisterDialog;
pub(crate) use review::{PrepareForm, ReviewDialog};
pub(crate) use submission::{Handler, Submission};
pub(crate) use text::TextDialog;

use ratatui::layout::Rect;
use tui_input::{Input, InputRequest};

use crate::config::keymap::{Action, Key, KeyCode, NamedKey, Scope};
use crate::tui::app::context::UpdateContext;
use crate::tui::app::layout::{Size, dialog_area};
use crate::tui::app::message::{Reply, Ticket};
use crate::tui::app::navigation::Navigate;

/// The most characters that one paste types.
const MAX_PASTE_CHARS: usize = 4_000;

/// A dialog over the screen.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the other variants are named after their types"
)]
pub enum Dialog {
    Picker(Picker<Navigate>),
    Prompt(Prompt),
    Columns(ColumnPicker),
    Register(Box<RegisterDialog>),
    Plan(Box<PlanDialog>),
    Diff(Box<DiffDialog>),
    Text(Box<TextDialog>),
    Review(Box<ReviewDialog>),
    Image(Box<ImageDialog>),
    Help(Box<HelpDialog>),
    Messages(Pager),
}

impl Dialog {
    /// Where its keys are bound.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Picker(_) | Self::Register(_) | Self::Help(_) => Scope::Picker,
            Self::Prompt(_) => Scope::Prompt,
            Self::Columns(_) => Scope::Columns,
            Self::Plan(_) => Scope::Plan,
            Self::Review(dialog) if dialog.form.is_some() => Scope::Prompt,
            _ if self.search_field().is_some() => Scope::Prompt,
            Self::Review(_) => Scope::Review,
            Self::Messages(_) | Self::Image(_) | Self::Diff(_) | Self::Text(_) => Scope::Pager,
        }
    }

    /// Whether an action that is bound in its scope has an effect: pictures don't scroll, and only diffs do sideways.
    pub(super) fn uses(&self, action: Action) -> bool {
        match (self, action) {
            (_, Action::Complete | Action::Next | Action::Previous)
                if self.search_field().is_some() =>
            {
                false
            }
            (Self::Text(_) | Self::Review(_) | Self::Messages(_), Action::Left | Action::Right) => {
                false
            }
            (Self::Image(_), action) => {
                !action.is_motion()
                    && !matches!(
                        action,
                        Action::Find | Action::FindNext | Action::FindPrevious
                    )
            }
            _ => true,
        }
    }

    /// The search in a long text.
    fn search(&self) -> Option<&TextSearch> {
        match self {
            Self::Review(dialog) => Some(&dialog.pager.search),
            Self::Text(dialog) => Some(&dialog.pager.search),
            Self::Messages(pager) => Some(&pager.search),
            Self::Diff(dialog) => Some(&dialog.search),
            _ => None,
        }
    }

    /// The field for what to search, while it is open.
    #[must_use]
    pub fn search_field(&self) -> Option<&Input> {
        self.search()?.field()
    }

    /// Whether a character is typed into a field that has text already. In an empty field, `?` opens help.
    #[must_use]
    pub(super) fn has_typed_text(&self) -> bool {
        let field = match self {
            Self::Picker(picker) => Some(&picker.input),
            Self::Register(dialog) => dialog.picker.as_ref().map(|picker| &picker.input),
            Self::Columns(picker) => Some(&picker.input),
            Self::Help(help) => Some(&help.input),
            Self::Plan(dialog) => dialog.focused_field(),
            _ => None,
        };
        field.is_some_and(|field| !field.value().is_empty())
    }

    /// Requests what depends on the size of the terminal.
    pub(super) fn resize(&mut self, context: &mut UpdateContext<'_>) {
        match self {
            Self::Image(image) => image.resize(context),
            Self::Review(review) => review.resize(context),
            Self::Help(help) => help.resize(context),
            _ => {}
        }
    }

    /// Types a key without a binding into the focused field.
    pub(super) fn type_key(&mut self, key: Key, context: &mut UpdateContext<'_>) {
        let Some(request) = input_request(key) else {
            return;
        };
        match self {
            Self::Picker(picker) => picker.edit(request),
            Self::Prompt(prompt) => prompt.edit(request, context),
            Self::Columns(picker) => picker.edit(request),
            Self::Register(dialog) => dialog.edit(request),
            Self::Plan(dialog) => dialog.edit(request),
            Self::Help(help) => help.edit(request),
            Self::Image(_) => {}
            Self::Messages(pager) => pager.search.edit(request),
            Self::Diff(dialog) => dialog.search.edit(request),
            Self::Text(dialog) => dialog.pager.search.edit(request),
            Self::Review(dialog) => dialog.edit(request),
        }
    }

    /// Types pasted text into the focused field, line breaks as spaces: a paste never confirms.
    pub(super) fn paste(&mut self, text: &str, context: &mut UpdateContext<'_>) {
        if let Self::Plan(dialog) = self
            && !dialog.accepts_paste()
        {
            return context.notify("type the name to confirm: it can't be pasted");
        }
        for c in text
            .chars()
            .take(MAX_PASTE_CHARS)
            .map(|c| if c.is_control() { ' ' } else { c })
        {
            self.type_key(Key::without_modifiers(KeyCode::Char(c)), context);
        }
    }

    /// Returns a reply that belongs to a screen.
    pub(super) fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match self {
            Self::Prompt(prompt) => prompt.handle_reply(ticket, reply),
            Self::Register(dialog) => dialog.handle_reply(ticket, reply, context),
            Self::Plan(dialog) => dialog.handle_reply(ticket, reply, context),
            Self::Image(dialog) => dialog.handle_reply(ticket, reply),
            Self::Diff(dialog) => dialog.handle_reply(ticket, reply),
            Self::Review(dialog) => dialog.handle_reply(ticket, reply, context),
            Self::Help(help) => help.handle_reply(ticket, reply, context),
            _ => Some(reply),
        }
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        let is_searching = self.search_field().is_some();
        match self {
            Self::Prompt(prompt) => prompt.handle_action(action, context),
            Self::Register(dialog) => dialog.handle_action(action, context),
            Self::Plan(dialog) => dialog.handle_action(action, context),
            Self::Review(dialog) if dialog.form.is_some() => {
                dialog.handle_form_action(action, context);
            }
            Self::Picker(picker) if action == Action::Back => {
                context.close_dialog();
                context.navigation.extend(picker.take_cancel());
            }
            Self::Columns(picker) => picker.handle_action(action, context),
            _ if action == Action::Back && !is_searching => context.close_dialog(),
            Self::Picker(picker) if action == Action::Accept => {
                if let Some(step) = picker.take_selected() {
                    context.close_dialog();
                    context.navigation.push(step);
                }
            }
            Self::Picker(picker) => picker.move_cursor(action, context.size),
            Self::Help(help) => help.handle_action(action, context),
            Self::Diff(dialog) => dialog.handle_action(action, context),
            Self::Review(dialog) => dialog.handle_action(action, context),
            Self::Text(dialog) => dialog.handle_action(action, context),
            Self::Image(_) => {}
            Self::Messages(pager) => {
                let area = messages_area(context.size);
                let lines = context.shared.notifications.lines(area.width);
                let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
                pager.handle_action(action, &lines, area.height.into(), context);
            }
        }
    }
}

/// The lines of the messages, inside the frame.
#[must_use]
pub fn messages_area(size: Size) -> Rect {
    let area = dialog_area(size, 120, size.height);
    Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    }
}

/// What a key does in a field.
fn input_request(key: Key) -> Option<InputRequest> {
    use InputRequest as R;
    if let Some(c) = key.text_char() {
        return Some(R::InsertChar(c));
    }
    Some(match (key.code, key.ctrl, key.alt) {
        (KeyCode::Named(NamedKey::Backspace), false, false) => R::DeletePrevChar,
        (KeyCode::Named(NamedKey::Delete), false, false) => R::DeleteNextChar,
        (KeyCode::Named(NamedKey::Left), false, false) => R::GoToPrevChar,
        (KeyCode::Named(NamedKey::Right), false, false) => R::GoToNextChar,
        (KeyCode::Named(NamedKey::Left), true, false) | (KeyCode::Char('b'), false, true) => {
            R::GoToPrevWord
        }
        (KeyCode::Named(NamedKey::Right), true, false) | (KeyCode::Char('f'), false, true) => {
            R::GoToNextWord
        }
        (KeyCode::Named(NamedKey::Home), false, false) => R::GoToStart,
        (KeyCode::Named(NamedKey::End), false, false) | (KeyCode::Char('e'), true, false) => {
            R::GoToEnd
        }
        (KeyCode::Char('w'), true, false) => R::DeletePrevWord,
        (KeyCode::Char('u'), true, false) => R::DeleteLine,
        _ => return None,
    })
}
