//! Navigation: the screen stack, and dialogs over it.

use super::App;
use super::context::UpdateContext;
use super::dialogs::{Dialog, ReviewDialog, Submission};
use super::screen::{OpenScreen, Screen};
use crate::config::keymap::{Action, Scope};
use crate::domain::{ModelName, RunId, Slot, VersionNumber};
use crate::promotion::Intent;

/// A step that screens and dialogs request; the app takes it after they returned.
#[derive(Debug)]
#[expect(
    missing_docs,
    reason = "the other variants are named after what they do"
)]
pub enum Navigate {
    /// Opens a screen on top.
    Push(Box<dyn Screen>),
    /// Moves the open screen of the same kind to the top as it was left, else opens this one.
    Switch(Box<dyn Screen>),
    /// Moves an open screen to the top; without one, shows the hint.
    ShowOpen(Scope, &'static str),
    Back,
    OpenDialog(Box<Dialog>),
    CloseDialog,
    /// Delivers a dialog's result to the screen that opened it.
    Submit(Submission),
    /// Asks the screen that opened the prompt for completions and errors.
    UpdateFeedback,
    /// Performs an action on the screen.
    Perform(Action),
    /// Opens the dialog that plans a write.
    Plan(Box<Intent>),
    /// Opens the review of a version for a slot.
    Review(ModelName, VersionNumber, Slot),
    Unmark(RunId),
    /// Ends this session for one in another workspace.
    OpenWorkspace(String),
    /// Searches the screen's list while the text is typed.
    Find(String),
    /// Narrows the screen's list while the text is typed.
    SetFilter(String),
    /// A plan was applied: every screen may show old data.
    Written,
}

/// Opens screens for the app, which knows no concrete one.
#[derive(Clone, Copy, Debug)]
pub struct ScreenOpeners {
    /// Opens the screen of an action that works everywhere. Returns false for other actions.
    pub global: fn(Action, &mut UpdateContext<'_>) -> bool,
    /// Opens the versions of a model.
    pub versions: fn(ModelName, &mut UpdateContext<'_>),
}

/// The most open screens: the oldest is closed, so that leaving never takes more keys than this.
const MAX_OPEN_SCREENS: usize = 8;

impl App {
    pub(super) fn navigate(&mut self, step: Navigate) {
        match step {
            Navigate::Push(screen) => self.push(screen),
            Navigate::Switch(screen) => {
                if !self.raise(screen.scope()) {
                    self.push(screen);
                }
            }
            Navigate::ShowOpen(scope, hint) => {
                if !self.raise(scope) {
                    self.context().notify(hint);
                }
            }
            Navigate::Back => {
                if self.screens.len() > 1 {
                    self.screens.pop();
                    self.dialog = None;
                    self.is_screen_changed = true;
                }
            }
            Navigate::OpenDialog(dialog) => {
                self.dialog = Some(*dialog);
                self.is_dialog_changed = true;
            }
            Navigate::CloseDialog => self.close_dialog(),
            Navigate::Submit(submission) => {
                self.with_screen(|screen, context| submission.deliver(screen, context));
            }
            Navigate::UpdateFeedback => {
                if let (Some(Dialog::Prompt(prompt)), Some(open)) =
                    (&mut self.dialog, self.screens.last())
                {
                    prompt.update_feedback(&*open.screen);
                }
            }
            Navigate::Perform(action) => self.handle_action(action),
            Navigate::Plan(intent) => self.context().plan(*intent),
            Navigate::Review(model, version, slot) => {
                let mut context = self.context();
                let dialog = ReviewDialog::open(model, version, Some(slot), &mut context);
                context.open(Dialog::Review(Box::new(dialog)));
            }
            // The list stays open to unmark more runs.
            Navigate::Unmark(id) => {
                self.shared.marks.remove(&id);
                self.open_marks();
            }
            Navigate::OpenWorkspace(name) => self.open_workspace(name),
            Navigate::Find(text) => {
                let last = self.screens.len() - 1;
                self.screens[last].search_text = text;
                self.find_match(0);
            }
            Navigate::SetFilter(text) => self.set_filter(text),
            Navigate::Written => {
                self.for_each_screen(Screen::after_write);
            }
        }
    }

    /// Closes the dialog. Below help is the dialog that it was opened in.
    pub(super) fn close_dialog(&mut self) {
        self.dialog = match self.dialog.take() {
            Some(Dialog::Help(help)) => help.into_over(),
            _ => None,
        };
        self.is_dialog_changed = true;
    }

    fn push(&mut self, screen: Box<dyn Screen>) {
        self.dialog = None;
        self.is_screen_changed = true;
        if self.screens.len() == MAX_OPEN_SCREENS {
            // The first screen stays: it is the way out.
            self.screens.remove(1);
        }
        self.screens.push(OpenScreen::new(screen));
        self.with_screen(Screen::request_data);
    }

    /// Moves the open screen of a kind to the top. The screens below keep their order, so that back leads to them.
    fn raise(&mut self, scope: Scope) -> bool {
        let at = self
            .screens
            .iter()
            .rposition(|open| open.screen.scope() == scope);
        if let Some(at) = at {
            self.dialog = None;
            self.is_screen_changed |= at + 1 < self.screens.len();
            self.screens[at..].rotate_left(1);
        }
        at.is_some()
    }

    pub(super) fn set_filter(&mut self, text: String) {
        self.with_screen(|screen, context| {
            if let Some((_, filter)) = screen.text_filter() {
                filter.set(text);
                screen.after_filter(context.shared);
            }
        });
    }
}
