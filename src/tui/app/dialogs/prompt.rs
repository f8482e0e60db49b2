//! A field to type in, on the line of the screen that it belongs to.

use tui_input::{Input, InputRequest};

use crate::config::keymap::Action;
use crate::table::filter::{Completion, FilterError};
use crate::tui::app::shared::{Choice, Navigate, UpdateContext};

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptPurpose {
    /// Words that lines must have; the list follows while they are typed.
    TextFilter,
    /// A filter of runs; the table follows while it is typed.
    RunFilter,
    /// A text to find; the cursor follows while it is typed.
    Find,
    /// A name to save a view under.
    ViewName,
    /// A name of a file to write.
    FileName,
}

impl PromptPurpose {
    /// Whether the screen follows while the text is typed; a name is one when it is accepted.
    fn is_incremental(self) -> bool {
        !matches!(self, Self::ViewName | Self::FileName)
    }
}

/// What a screen says of a text while it is typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PromptFeedback {
    /// What may stand at the cursor, the likeliest first.
    pub completions: Vec<Completion>,
    /// What is wrong with the text, and where.
    pub error: Option<FilterError>,
}

/// A field to type in.
#[derive(Debug)]
pub struct Prompt {
    /// What is typed, in a word.
    pub title: String,
    /// The text.
    pub input: Input,
    /// What it is for.
    pub purpose: PromptPurpose,
    /// What the screen says of the text.
    pub feedback: PromptFeedback,
    /// Which of the completions tab takes.
    pub selected_completion: usize,
    /// What was there before: what leaving puts back.
    initial_text: String,
}

impl Prompt {
    /// A field with a text in it.
    #[must_use]
    pub fn new(title: &str, text: &str, purpose: PromptPurpose) -> Self {
        let input = Input::new(text.to_owned());
        Self {
            title: title.to_owned(),
            input,
            purpose,
            feedback: PromptFeedback::default(),
            selected_completion: 0,
            initial_text: text.to_owned(),
        }
    }

    /// Where the cursor is, in bytes of the text.
    #[must_use]
    pub fn cursor_byte(&self) -> usize {
        self.input
            .value()
            .char_indices()
            .nth(self.input.cursor())
            .map_or(self.input.value().len(), |(at, _)| at)
    }

    /// Takes what the screen says of the text.
    pub fn set_feedback(&mut self, advice: PromptFeedback) {
        self.feedback = advice;
        self.selected_completion = 0;
    }

    fn choice(&self, text: String) -> Choice {
        match self.purpose {
            PromptPurpose::TextFilter | PromptPurpose::RunFilter => Choice::Filter(text),
            PromptPurpose::Find => Choice::Find(text),
            PromptPurpose::ViewName => Choice::SaveView(text),
            PromptPurpose::FileName => Choice::Export(text),
        }
    }

    pub(super) fn edit(&mut self, request: InputRequest, context: &mut UpdateContext<'_>) {
        self.input.handle(request);
        self.on_edited(context);
    }

    fn on_edited(&self, context: &mut UpdateContext<'_>) {
        if !self.purpose.is_incremental() {
            return;
        }
        context
            .navigation
            .push(Navigate::Submit(self.choice(self.input.value().to_owned())));
        context.navigation.push(Navigate::CheckInput);
    }

    /// Puts the picked completion in the place of what it completes.
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
            // A text that says nothing is not accepted: it stays, with what is wrong with it.
            Action::Accept if self.feedback.error.is_some() => {}
            Action::Accept => {
                context.navigation.push(Navigate::CloseDialog);
                context
                    .navigation
                    .push(Navigate::Submit(self.choice(self.input.value().to_owned())));
            }
            Action::Back => {
                context.navigation.push(Navigate::CloseDialog);
                if self.purpose.is_incremental() {
                    context
                        .navigation
                        .push(Navigate::Submit(self.choice(self.initial_text.clone())));
                }
            }
            _ => {}
        }
    }
}
