//! A text field in the message line.

use tui_input::{Input, InputRequest};

use super::submission::{Callback, Handler};
use crate::config::keymap::Action;
use crate::table::filter::{Completion, FilterError};
use crate::tui::app::context::UpdateContext;
use crate::tui::app::navigation::Navigate;
use crate::tui::app::screen::Screen;

/// A screen's comment on the typed text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptFeedback {
    /// What can be inserted at the cursor, the likeliest first.
    pub completions: Vec<Completion>,
    pub error: Option<FilterError>,
}

/// A screen's function that comments on a text, given the byte offset of the cursor.
pub type Check<S> = fn(&S, &str, usize) -> PromptFeedback;

type ErasedCheck = dyn Fn(&dyn Screen, &str, usize) -> PromptFeedback;

/// A text field.
#[derive(Debug)]
pub struct Prompt {
    pub title: String,
    pub input: Input,
    pub feedback: PromptFeedback,
    /// The index of the completion that tab inserts.
    pub selected_completion: usize,
    /// Restored when the prompt is cancelled.
    initial_text: String,
    /// Whether each edit is submitted.
    is_incremental: bool,
    on_text: Callback<dyn Fn(String) -> Navigate>,
    check: Option<Callback<ErasedCheck>>,
}

impl Prompt {
    fn new(title: &str, text: &str, on_text: impl Fn(String) -> Navigate + 'static) -> Self {
        Self {
            title: title.to_owned(),
            input: Input::new(text.to_owned()),
            feedback: PromptFeedback::default(),
            selected_completion: 0,
            initial_text: text.to_owned(),
            is_incremental: true,
            on_text: Callback(Box::new(on_text)),
            check: None,
        }
    }

    /// Narrows the screen's list while words are typed.
    pub(in crate::tui::app) fn text_filter(title: &str, text: &str) -> Self {
        Self::new(title, text, Navigate::SetFilter)
    }

    /// Searches the screen's list while a text is typed.
    pub(in crate::tui::app) fn find(text: &str) -> Self {
        Self::new("find", text, Navigate::Find)
    }

    /// Passes each edit to the screen, which also comments on it.
    pub fn incremental<S: Screen>(
        title: &str,
        text: &str,
        handler: Handler<S, String>,
        check: Check<S>,
    ) -> Self {
        Self {
            check: Some(Callback(Box::new(move |screen, text, cursor| {
                screen
                    .downcast_ref::<S>()
                    .map(|screen| check(screen, text, cursor))
                    .unwrap_or_default()
            }))),
            ..Self::new(title, text, move |text| Navigate::submit(handler, text))
        }
    }

    /// Passes the accepted text to the screen.
    pub fn ask<S: Screen>(title: &str, text: &str, handler: Handler<S, String>) -> Self {
        Self {
            is_incremental: false,
            ..Self::new(title, text, move |text| Navigate::submit(handler, text))
        }
    }

    /// The cursor as a byte offset into the text.
    #[must_use]
    pub fn cursor_byte(&self) -> usize {
        self.input
            .value()
            .char_indices()
            .nth(self.input.cursor())
            .map_or(self.input.value().len(), |(at, _)| at)
    }

    pub(in crate::tui::app) fn update_feedback(&mut self, screen: &dyn Screen) {
        if let Some(check) = &self.check {
            self.feedback = (check.0)(screen, self.input.value(), self.cursor_byte());
            self.selected_completion = 0;
        }
    }

    fn submit(&self, text: &str, context: &mut UpdateContext<'_>) {
        context.navigation.push((self.on_text.0)(text.to_owned()));
    }

    pub(super) fn edit(&mut self, request: InputRequest, context: &mut UpdateContext<'_>) {
        self.input.handle(request);
        self.on_edited(context);
    }

    fn on_edited(&self, context: &mut UpdateContext<'_>) {
        if self.is_incremental {
            self.submit(self.input.value(), context);
            context.navigation.push(Navigate::UpdateFeedback);
        }
    }

    fn accept_completion(&mut self, context: &mut UpdateContext<'_>) {
        let Some(completion) = self.feedback.completions.get(self.selected_completion) else {
            return;
        };
        let (text, cursor) = (self.input.value(), self.cursor_byte());
        let (Some(before), Some(after)) = (text.get(..completion.start), text.get(cursor..)) else {
            return;
        };
        let gap = if after.starts_with(' ') { "" } else { " " };
        let head = format!("{before}{}{gap}", completion.replacement);
        let at = head.chars().count();
        self.input = Input::new(format!("{head}{after}")).with_cursor(at);
        self.on_edited(context);
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        match action {
            Action::Complete => self.accept_completion(context),
            Action::Next => {
                self.selected_completion = (self.selected_completion + 1)
                    .min(self.feedback.completions.len().saturating_sub(1));
            }
            Action::Previous => {
                self.selected_completion = self.selected_completion.saturating_sub(1);
            }
            // An invalid text stays in the field with its error.
            Action::Accept if self.feedback.error.is_some() => {}
            Action::Accept => {
                context.close_dialog();
                self.submit(self.input.value(), context);
            }
            Action::Back => {
                context.close_dialog();
                if self.is_incremental {
                    self.submit(&self.initial_text, context);
                }
            }
            _ => {}
        }
    }
}
