//! The registered models.

use super::{Freshness, List, Screen, View};
use crate::config::keymap::{Action, Scope};
use crate::domain::RegisteredModel;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, frame, table};
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::overlays::Overlay;
use crate::tui::app::shared::{Choice, Context, Go, Shared};

/// How many of the session's intervals pass between two looks.
const INTERVALS: i64 = 2;

/// The screen's state; the models themselves are shared.
#[derive(Debug, Default)]
pub struct Models {
    /// The cursor over the models that pass the filter.
    pub cursor: Cursor,
    /// The words that a name must have.
    pub filter: String,
    /// Sorted by name instead of by the last change.
    pub by_name: bool,
    needle: String,
}

impl Models {
    /// The models that pass the filter, in order.
    #[must_use]
    pub fn lines<'a>(&self, shared: &'a Shared) -> Vec<&'a RegisteredModel> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let all = shared.models.get().map(Vec::as_slice).unwrap_or_default();
        let mut lines: Vec<_> = all
            .iter()
            .filter(|model| {
                words
                    .iter()
                    .all(|word| model.name.raw().to_lowercase().contains(word))
            })
            .collect();
        if self.by_name {
            lines.sort_by_key(|model| model.name.raw().to_lowercase());
        } else {
            lines.sort_by(|a, b| {
                b.last_updated_time
                    .cmp(&a.last_updated_time)
                    .then_with(|| a.name.cmp(&b.name))
            });
        }
        lines
    }

    /// The model under the cursor.
    #[must_use]
    pub fn current<'a>(&self, shared: &'a Shared) -> Option<&'a RegisteredModel> {
        self.lines(shared).get(self.cursor.at).copied()
    }
}

impl View for Models {
    fn scope(&self) -> Scope {
        Scope::Models
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec!["models".into()]
    }

    fn freshness(&self, shared: &Shared) -> Freshness {
        shared.live(
            Freshness::of(&shared.models),
            INTERVALS,
            shared.models.tried,
        )
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        let ticket = context.ask(Request::Models);
        context.shared.models.asking(ticket, context.now);
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        let name = self.current(context.shared).map(|model| model.name.clone());
        match action {
            Action::Open => {
                if let Some(name) = name {
                    context.go.push(Go::To(Screen::versions(name)));
                }
            }
            Action::History => {
                if let Some(name) = name {
                    context.go.push(Go::To(Screen::history(name)));
                }
            }
            Action::Lineage => {
                let newest = self
                    .current(context.shared)
                    .and_then(|m| m.latest_versions.iter().map(|v| v.version).max());
                match (name, newest) {
                    (Some(name), Some(version)) => {
                        context.go.push(Go::To(Screen::lineage(name, version)))
                    }
                    _ => context.say("this model has no version yet"),
                }
            }
            Action::Sort => self.by_name = !self.by_name,
            Action::Filter => context.go.push(Go::Over(Box::new(Overlay::words(
                "filter models",
                &self.filter,
            )))),
            Action::CopyValue | Action::CopyId => {
                if let Some(name) = name {
                    context.copy(name.raw().to_owned());
                }
            }
            Action::WebPage => {
                if let (Some(web), Some(name)) = (context.shared.session.web.clone(), name) {
                    context.copy(format!("{web}/#/models/{}", name.raw()));
                }
            }
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            _ => return false,
        }
        true
    }

    fn reply(&mut self, _: Ticket, reply: Reply, _: &mut Context<'_>) -> Option<Reply> {
        Some(reply)
    }

    fn settle(&mut self, context: &mut Context<'_>) {
        // Shared by screens: taken out, so that the question can be asked of the rest.
        let mut models = std::mem::take(&mut context.shared.models);
        context.refetch(&mut models, INTERVALS, || Request::Models);
        context.shared.models = models;
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        match choice {
            Choice::Filter(text) => self.filter = text,
            Choice::Written => self.enter(context),
            _ => {}
        }
    }

    fn list(&mut self, size: Size, shared: &Shared) -> Option<List<'_>> {
        let rows = table(frame(size).body).rows;
        let len = self.lines(shared).len();
        Some(List {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn label(&self, line: usize, shared: &Shared) -> String {
        self.lines(shared)
            .get(line)
            .map(|model| model.name.clean().into_owned())
            .unwrap_or_default()
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}
