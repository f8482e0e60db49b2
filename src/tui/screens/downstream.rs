//! Lineage backwards: all versions that were made from a dataset, a commit, a run or a model.

use super::{FocusedList, Freshness, Screen, View, take_reply};
use crate::config::keymap::{Action, Scope};
use crate::domain::{ModelVersion, Run};
use crate::store::{Downstream, Upstream};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::remote::Remote;
use crate::tui::app::shared::{Choice, Navigate, SharedState, UpdateContext};

/// The screen's state.
#[derive(Debug)]
pub struct DownstreamScreen {
    /// From what.
    pub upstream: Upstream,
    /// What was made.
    pub data: Remote<Box<Downstream>>,
    /// The cursor over the versions that pass the filter.
    pub cursor: Cursor,
    /// The words that a version must have, in its name, stage, aliases or run.
    pub filter: String,
    search_text: String,
}

impl DownstreamScreen {
    /// The versions that were made from something.
    #[must_use]
    pub fn new(upstream: Upstream) -> Self {
        Self {
            upstream,
            data: Remote::default(),
            cursor: Cursor::default(),
            filter: String::new(),
            search_text: String::new(),
        }
    }

    /// The versions that pass the filter, by model, newest first.
    #[must_use]
    pub fn visible_versions(&self) -> Vec<&ModelVersion> {
        let words: Vec<String> = self
            .filter
            .split_whitespace()
            .map(str::to_lowercase)
            .collect();
        let fits = |version: &&ModelVersion| {
            let text = self.version_text(version).to_lowercase();
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
        self.visible_versions().get(self.cursor.index).copied()
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
    fn version_text(&self, version: &ModelVersion) -> String {
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

impl View for DownstreamScreen {
    fn scope(&self) -> Scope {
        Scope::Downstream
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec!["models".into(), format!("made from {}", self.upstream)]
    }

    fn freshness(&self, _: &SharedState) -> Freshness {
        Freshness::of(&self.data)
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch(&mut self.data, Request::Downstream(self.upstream.clone()));
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let current = self
            .current()
            .map(|version| (version.name.clone(), version.version));
        match action {
            Action::Open | Action::Lineage => {
                if let Some((name, version)) = current {
                    context
                        .navigation
                        .push(Navigate::Push(Screen::lineage(name, version)));
                }
            }
            Action::Filter => {
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::text_filter(
                        "filter versions",
                        &self.filter,
                    ))));
            }
            Action::CopyValue => {
                if let Some((name, version)) = current {
                    context.copy_to_clipboard(format!("{}/{version}", name.raw()));
                }
            }
            Action::CopyId => context.copy_to_clipboard(format!(
                "frontrunner versions --made-from {}",
                self.upstream
            )),
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
            _ => return false,
        }
        true
    }

    fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        take_reply!(ticket, reply, context, Downstream => self.data)
    }

    fn handle_choice(&mut self, choice: Choice, _: &mut UpdateContext<'_>) {
        if let Choice::Filter(text) = choice {
            self.filter = text;
        }
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(screen_areas(size).body).rows;
        let len = self.visible_versions().len();
        Some(FocusedList {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn row_label(&self, line: usize, _: &SharedState) -> String {
        self.visible_versions()
            .get(line)
            .map(|version| crate::text::untrusted::clean(&self.version_text(version)).into_owned())
            .unwrap_or_default()
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}
