//! A field to type in, on the line of the screen that it belongs to.

use tui_input::{Input, InputRequest};

use crate::config::keymap::Action;
use crate::table::filter::{Completion, FilterError};
use crate::tui::app::shared::{Choice, Context, Go};

/// What is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Words that lines must have; the list follows while they are typed.
    Words,
    /// A filter of runs; the table follows while it is typed.
    RunFilter,
    /// A text to find; the cursor follows while it is typed.
    Find,
    /// A name to save a view under.
    ViewName,
    /// A name of a file to write.
    FileName,
}

impl Purpose {
    /// Whether the screen follows while the text is typed; a name is one when it is accepted.
    fn is_followed(self) -> bool {
        !matches!(self, Self::ViewName | Self::FileName)
    }
}

/// What a screen says of a text while it is typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Advice {
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
    pub purpose: Purpose,
    /// What the screen says of the text.
    pub advice: Advice,
    /// Which of the completions tab takes.
    pub picked: usize,
    /// What was there before: what leaving puts back.
    before: String,
}

impl Prompt {
    /// A field with a text in it.
    #[must_use]
    pub fn new(title: &str, text: &str, purpose: Purpose) -> Self {
        let input = Input::new(text.to_owned());
        Self {
            title: title.to_owned(),
            input,
            purpose,
            advice: Advice::default(),
            picked: 0,
            before: text.to_owned(),
        }
    }

    /// Where the cursor is, in bytes of the text.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.input
            .value()
            .char_indices()
            .nth(self.input.cursor())
            .map_or(self.input.value().len(), |(at, _)| at)
    }

    /// Takes what the screen says of the text.
    pub fn advise(&mut self, advice: Advice) {
        self.advice = advice;
        self.picked = 0;
    }

    fn choice(&self, text: String) -> Choice {
        match self.purpose {
            Purpose::Words | Purpose::RunFilter => Choice::Filter(text),
            Purpose::Find => Choice::Find(text),
            Purpose::ViewName => Choice::SaveView(text),
            Purpose::FileName => Choice::Export(text),
        }
    }

    pub(super) fn edit(&mut self, request: InputRequest, context: &mut Context<'_>) {
        self.input.handle(request);
        self.typed(context);
    }

    fn typed(&self, context: &mut Context<'_>) {
        if !self.purpose.is_followed() {
            return;
        }
        context
            .go
            .push(Go::Chosen(self.choice(self.input.value().to_owned())));
        context.go.push(Go::Advise);
    }

    /// Puts the picked completion in the place of what it completes.
    fn complete(&mut self, context: &mut Context<'_>) {
        let Some(completion) = self.advice.completions.get(self.picked) else {
            return;
        };
        let (text, cursor) = (self.input.value(), self.cursor());
        let (Some(before), Some(after)) = (text.get(..completion.start), text.get(cursor..)) else {
            return;
        };
        let gap = if after.starts_with(' ') { "" } else { " " };
        let head = format!("{before}{}{gap}", completion.insert);
        let at = head.chars().count();
        self.input = Input::new(format!("{head}{after}")).with_cursor(at);
        self.typed(context);
    }

    pub(super) fn on(&mut self, action: Action, context: &mut Context<'_>) {
        match action {
            Action::Complete => self.complete(context),
            Action::Next => {
                self.picked = (self.picked + 1).min(self.advice.completions.len().saturating_sub(1))
            }
            Action::Previous => self.picked = self.picked.saturating_sub(1),
            // A text that says nothing is not accepted: it stays, with what is wrong with it.
            Action::Accept if self.advice.error.is_some() => {}
            Action::Accept => {
                context.go.push(Go::Close);
                context
                    .go
                    .push(Go::Chosen(self.choice(self.input.value().to_owned())));
            }
            Action::Back => {
                context.go.push(Go::Close);
                if self.purpose.is_followed() {
                    context
                        .go
                        .push(Go::Chosen(self.choice(self.before.clone())));
                }
            }
            _ => {}
        }
    }
}
