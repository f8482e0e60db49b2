//! A text field in the message line.

use tui_input::{Input, InputRequest};

use super::submission::{Callback, Handler};
use crate::config::keymap::Action;
use crate::table::filter::{Completion, FilterError};
use crate::tui::app::context::UpdateContext;
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::navigation::Navigate;
use crate::tui::app::screen::Screen;

/// A screen's comment on the typed text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptFeedback {
    /// What can be inserted at the cursor, the likeliest first.
    pub completions: Vec<Completion>,
    pub error: Option<FilterError>,
    /// What is probably a mistake but can be accepted.
    pub warning: Option<FilterError>,
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
    /// What enter does, for the footer.
    pub accept_hint: &'static str,
    /// What esc does, for the footer.
    pub cancel_hint: &'static str,
    /// Earlier texts, the newest last.
    history: Vec<String>,
    /// The earlier text in the field, as an index into `history`; its length for a new text.
    history_index: usize,
    /// Whether the text is remembered when the prompt is left.
    is_remembered: bool,
    free_name_ticket: Option<Ticket>,
    /// The new text while an earlier one is in the field.
    draft: String,
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
            accept_hint: "accept",
            cancel_hint: "cancel",
            history: Vec::new(),
            history_index: 0,
            is_remembered: false,
            free_name_ticket: None,
            draft: String::new(),
            initial_text: text.to_owned(),
            is_incremental: true,
            on_text: Callback(Box::new(on_text)),
            check: None,
        }
    }

    /// Narrows the screen's list while words are typed.
    pub(in crate::tui::app) fn text_filter(title: &str, text: &str) -> Self {
        Self {
            accept_hint: "keep",
            cancel_hint: "restore",
            ..Self::new(title, text, Navigate::SetFilter)
        }
    }

    /// Searches the screen's list while a text is typed.
    pub(in crate::tui::app) fn find(last: &str) -> Self {
        let history = Some(last.to_owned()).filter(|last| !last.is_empty());
        Self {
            accept_hint: "go there",
            ..Self::new("find", "", Navigate::Find).with_history(history.into_iter().collect())
        }
    }

    /// Offers earlier texts, the newest last.
    #[must_use]
    pub fn with_history(mut self, history: Vec<String>) -> Self {
        self.history_index = history.len();
        self.history = history;
        self
    }

    /// Offers the filters of this session, and adds this one when the prompt is left.
    #[must_use]
    pub fn with_filter_history(mut self, all: &[String]) -> Self {
        let current = self.input.value();
        let others = all
            .iter()
            .filter(|text| *text != current)
            .cloned()
            .collect();
        self.is_remembered = true;
        self.with_history(others)
    }

    /// Says in the footer what enter does.
    #[must_use]
    pub fn with_accept_hint(mut self, hint: &'static str) -> Self {
        self.accept_hint = hint;
        self
    }

    pub(in crate::tui::app) fn has_completions(&self) -> bool {
        !self.feedback.completions.is_empty()
    }

    pub(in crate::tui::app) fn has_history(&self) -> bool {
        !self.history.is_empty()
    }

    /// Puts an earlier or later text into the field. Returns false where there is none.
    fn recall(&mut self, earlier: bool, context: &mut UpdateContext<'_>) -> bool {
        let to = if earlier {
            self.history_index.checked_sub(1)
        } else {
            Some(self.history_index + 1).filter(|to| *to <= self.history.len())
        };
        let Some(to) = to else { return false };
        if self.history_index == self.history.len() {
            self.input.value().clone_into(&mut self.draft);
        }
        self.history_index = to;
        let text = self.history.get(to).unwrap_or(&self.draft).clone();
        self.input = Input::new(text);
        self.on_edited(context);
        true
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
            accept_hint: "keep",
            cancel_hint: "restore",
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

    /// Passes the accepted text to the screen, with what it is about.
    pub fn ask_about<S: Screen, T: Clone + 'static>(
        title: &str,
        text: &str,
        about: T,
        handler: Handler<S, (T, String)>,
    ) -> Self {
        Self {
            is_incremental: false,
            ..Self::new(title, text, move |text| {
                Navigate::submit(handler, (about.clone(), text))
            })
        }
    }

    /// Asks for the name of a new file. The name becomes one that is free, unless it is edited before that is known.
    pub fn export<S: Screen>(
        title: &str,
        name: &str,
        handler: Handler<S, String>,
        context: &mut UpdateContext<'_>,
    ) -> Self {
        Self {
            free_name_ticket: Some(context.request(Request::FreeName(name.to_owned()))),
            ..Self::ask(title, name, handler).with_accept_hint("write")
        }
    }

    pub(super) fn handle_reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        match reply {
            Reply::FreeName(name) if self.free_name_ticket == Some(ticket) => {
                self.free_name_ticket = None;
                if self.input.value() == self.initial_text {
                    self.input = Input::new(name);
                }
                None
            }
            other => Some(other),
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

    fn remember(&self, context: &mut UpdateContext<'_>) {
        if self.is_remembered {
            context.shared.remember_filter(self.input.value());
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
            Action::Previous if self.selected_completion == 0 => {
                self.recall(true, context);
            }
            Action::Next if self.history_index < self.history.len() => {
                self.recall(false, context);
            }
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
                self.remember(context);
                if let Some(warning) = &self.feedback.warning {
                    context.notify(warning.message.clone());
                }
                self.submit(self.input.value(), context);
            }
            Action::Back => {
                context.close_dialog();
                self.remember(context);
                if self.is_incremental {
                    self.submit(&self.initial_text, context);
                }
            }
            _ => {}
        }
    }
}
