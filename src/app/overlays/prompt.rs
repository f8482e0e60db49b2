//! A field to type in, on the line of the screen that it belongs to.

use tui_input::{Input, InputRequest};

use crate::app::shared::{Choice, Context, Go};
use crate::config::keymap::Action;

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Words that lines must have; the list follows while they are typed.
    Words,
    /// A filter of runs; the table follows while it is typed.
    RunFilter,
    /// A text to find; the cursor follows while it is typed.
    Find,
}

/// A field to type in.
#[derive(Debug)]
pub struct Prompt {
    /// What is typed, in a word.
    pub title: String,
    /// The text.
    pub input: Input,
    /// What it is for.
    pub purpose: Purpose,
    /// What was there before: what leaving puts back.
    before: String,
}

impl Prompt {
    /// A field with a text in it.
    #[must_use]
    pub fn new(title: &str, text: &str, purpose: Purpose) -> Self {
        Self { title: title.to_owned(), input: Input::new(text.to_owned()), purpose, before: text.to_owned() }
    }

    fn choice(&self, text: String) -> Choice {
        match self.purpose {
            Purpose::Words | Purpose::RunFilter => Choice::Filter(text),
            Purpose::Find => Choice::Find(text),
        }
    }

    pub(super) fn edit(&mut self, request: InputRequest, context: &mut Context<'_>) {
        self.input.handle(request);
        context.go.push(Go::Chosen(self.choice(self.input.value().to_owned())));
    }

    pub(super) fn on(&mut self, action: Action, context: &mut Context<'_>) {
        match action {
            Action::Accept => {
                context.go.push(Go::Close);
                context.go.push(Go::Chosen(self.choice(self.input.value().to_owned())));
            }
            Action::Back => {
                context.go.push(Go::Close);
                context.go.push(Go::Chosen(self.choice(self.before.clone())));
            }
            _ => {}
        }
    }
}
