//! Lineage backwards: all versions that were made from a dataset, a commit, a run or a model.

use super::{Freshness, List, Screen, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::domain::{ModelVersion, Run};
use crate::store::{Made, MadeFrom};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, frame, table};
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::overlays::Overlay;
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Context, Go, Shared};

/// The screen's state.
#[derive(Debug)]
pub struct MadeFromScreen {
    /// From what.
    pub of: MadeFrom,
    /// What was made.
    pub data: Remote<Box<Made>>,
    /// The cursor over the versions that pass the filter.
    pub cursor: Cursor,
    /// The words that a version must have, in its name, stage, aliases or run.
    pub filter: String,
    needle: String,
}

impl MadeFromScreen {
    /// The versions that were made from something.
    #[must_use]
    pub fn new(of: MadeFrom) -> Self {
        Self {
            of,
            data: Remote::default(),
            cursor: Cursor::default(),
            filter: String::new(),
            needle: String::new(),
        }
    }

    /// The versions that pass the filter, by model, newest first.
    #[must_use]
    pub fn lines(&self) -> Vec<&ModelVersion> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let fits = |version: &&ModelVersion| {
            let text = self.described(version).to_lowercase();
            words.iter().all(|word| text.contains(word))
        };
        self.data
            .get()
            .map(|made| made.versions.as_slice())
            .unwrap_or_default()
            .iter()
            .filter(fits)
            .collect()
    }

    /// The version under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<&ModelVersion> {
        self.lines().get(self.cursor.at).copied()
    }

    /// The run that a version came from, if it could be read.
    #[must_use]
    pub fn run_of(&self, version: &ModelVersion) -> Option<&Run> {
        self.data
            .get()?
            .runs
            .iter()
            .find(|run| run.id == version.run_id)
    }

    /// What the filter looks at.
    fn described(&self, version: &ModelVersion) -> String {
        let aliases = version
            .aliases
            .iter()
            .map(|alias| format!("@{}", alias.raw()));
        let run = self.run_of(version).map(|run| run.label().raw().to_owned());
        let own = [
            format!("{} v{}", version.name.raw(), version.version),
            version.stage_text.raw().to_owned(),
        ];
        own.into_iter()
            .chain(aliases)
            .chain(run)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl View for MadeFromScreen {
    fn scope(&self) -> Scope {
        Scope::MadeFrom
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        vec!["models".into(), format!("made from {}", self.of)]
    }

    fn freshness(&self, _: &Shared) -> Freshness {
        Freshness::of(&self.data)
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.fetch(&mut self.data, Request::MadeFrom(self.of.clone()));
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        let current = self
            .current()
            .map(|version| (version.name.clone(), version.version));
        match action {
            Action::Open | Action::Lineage => {
                if let Some((name, version)) = current {
                    context.go.push(Go::To(Screen::lineage(name, version)));
                }
            }
            Action::Filter => context.go.push(Go::Over(Box::new(Overlay::words(
                "filter versions",
                &self.filter,
            )))),
            Action::CopyValue => {
                if let Some((name, version)) = current {
                    context.copy(format!("{}/{version}", name.raw()));
                }
            }
            Action::CopyId => context.copy(format!("frontrunner versions --made-from {}", self.of)),
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            _ => return false,
        }
        true
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        take_reply!(ticket, reply, context, MadeFrom => self.data)
    }

    fn chosen(&mut self, choice: Choice, _: &mut Context<'_>) {
        if let Choice::Filter(text) = choice {
            self.filter = text;
        }
    }

    fn list(&mut self, size: Size, _: &Shared) -> Option<List<'_>> {
        let rows = table(frame(size).body).rows;
        let len = self.lines().len();
        Some(List {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        self.lines()
            .get(line)
            .map(|version| crate::text::untrusted::clean(&self.described(version)).into_owned())
            .unwrap_or_default()
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}
