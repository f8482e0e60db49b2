//! The versions made from a dataset, a commit, a run or a model.

use super::{FocusedList, Freshness, LineageScreen, Screen};
use crate::config::keymap::{Action, Scope};
use crate::domain::{ModelVersion, Run};
use crate::store::{Downstream, Upstream};
use crate::text::untrusted::clean;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Remote, Reply, Request, SharedState, Ticket, UpdateContext};

/// The versions made from something.
#[derive(Debug)]
pub struct DownstreamScreen {
    pub(crate) upstream: Upstream,
    pub(crate) data: Remote<Box<Downstream>>,
    pub(crate) cursor: Cursor,
    /// Searches model, version, stage, aliases and run.
    pub(crate) filter: TextFilter,
}

impl DownstreamScreen {
    pub(crate) fn new(upstream: Upstream) -> Self {
        Self {
            upstream,
            data: Remote::default(),
            cursor: Cursor::default(),
            filter: TextFilter::default(),
        }
    }

    /// The matching versions, by model, newest first.
    #[must_use]
    pub fn visible_versions(&self) -> Vec<&ModelVersion> {
        let versions = self.data.get().map(|data| data.versions.as_slice());
        let matches = |version: &&ModelVersion| self.filter.matches(&self.searchable_text(version));
        versions
            .unwrap_or_default()
            .iter()
            .filter(matches)
            .collect()
    }

    fn current(&self) -> Option<&ModelVersion> {
        self.visible_versions().get(self.cursor.index).copied()
    }

    /// The source run of a version, if it can be read.
    pub(crate) fn run_of(&self, version: &ModelVersion) -> Option<&Run> {
        let runs = &self.data.get()?.runs;
        runs.iter().find(|run| run.id == version.run_id)
    }

    fn searchable_text(&self, version: &ModelVersion) -> String {
        let aliases = version
            .aliases
            .iter()
            .map(|alias| format!("@{}", alias.raw()));
        let run = self.run_of(version).map(|run| run.label().raw().to_owned());
        let own = [
            format!("{} v{}", version.name.raw(), version.version),
            version.stage_text.raw().to_owned(),
        ];
        let parts: Vec<_> = own.into_iter().chain(aliases).chain(run).collect();
        parts.join(" ")
    }
}

impl Screen for DownstreamScreen {
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
        match (action, current) {
            (Action::Open | Action::Lineage, Some((name, version))) => {
                context.push(LineageScreen::new(name, version));
            }
            (Action::CopyValue, Some((name, version))) => {
                context.copy_name(&format!("{}/{version}", name.raw()));
            }
            (Action::CopyId, _) => context.copy_command(
                "frontrunner versions --made-from",
                &self.upstream.to_string(),
            ),
            (Action::Open | Action::Lineage | Action::CopyValue, None) => {}
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
        match reply {
            Reply::Downstream(result) if self.data.is_awaiting(ticket) => {
                context.resolve(&mut self.data, ticket, result);
                None
            }
            other => Some(other),
        }
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        Some(("filter versions", &mut self.filter))
    }

    fn list(&mut self, size: Size, _: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(screen_areas(size).body).rows;
        let len = self.visible_versions().len();
        Some(FocusedList::new(&mut self.cursor, len, rows))
    }

    fn row_label(&self, row: usize, _: &SharedState) -> String {
        self.visible_versions()
            .get(row)
            .map(|version| clean(&self.searchable_text(version)).into_owned())
            .unwrap_or_default()
    }
}
