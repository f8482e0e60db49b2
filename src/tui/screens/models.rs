//! The registered models.

use super::{FocusedList, Freshness, HistoryScreen, LineageScreen, Screen, VersionsScreen};
use crate::config::keymap::{Action, Scope};
use crate::domain::RegisteredModel;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Reply, Request, SharedState, Ticket, UpdateContext};

const INTERVALS_PER_POLL: i64 = 2;

/// The registered models; the data is in [`SharedState`].
#[derive(Debug, Default)]
pub struct ModelsScreen {
    pub(crate) cursor: Cursor,
    pub(crate) filter: TextFilter,
    /// Sorted by name instead of by the last change.
    pub(crate) is_sorted_by_name: bool,
}

impl ModelsScreen {
    pub(crate) fn visible_models<'a>(&self, shared: &'a SharedState) -> Vec<&'a RegisteredModel> {
        let all = shared.models.get().into_iter().flatten();
        let mut rows: Vec<_> = all
            .filter(|model| self.filter.matches(model.name.raw()))
            .collect();
        if self.is_sorted_by_name {
            rows.sort_by_key(|model| model.name.raw().to_lowercase());
        } else {
            rows.sort_by(|a, b| {
                b.last_updated_time
                    .cmp(&a.last_updated_time)
                    .then_with(|| a.name.cmp(&b.name))
            });
        }
        rows
    }

    fn current<'a>(&self, shared: &'a SharedState) -> Option<&'a RegisteredModel> {
        self.visible_models(shared).get(self.cursor.index).copied()
    }
}

impl Screen for ModelsScreen {
    fn scope(&self) -> Scope {
        Scope::Models
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec!["models".into()]
    }

    fn freshness(&self, shared: &SharedState) -> Freshness {
        shared.polled_freshness(
            Freshness::of(&shared.models),
            INTERVALS_PER_POLL,
            shared.models.last_attempt_at(),
        )
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        context.fetch_models();
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let current = self.current(context.shared);
        let newest = current.and_then(|m| m.latest_versions.iter().map(|v| v.version).max());
        let name = current.map(|model| model.name.clone());
        match (action, name) {
            (Action::Open, Some(name)) => context.push(VersionsScreen::new(name)),
            (Action::History, Some(name)) => context.push(HistoryScreen::new(name)),
            (Action::Lineage, name) => match (name, newest) {
                (Some(name), Some(version)) => context.push(LineageScreen::new(name, version)),
                _ => context.notify("this model has no version yet"),
            },
            (Action::Sort, _) => self.is_sorted_by_name = !self.is_sorted_by_name,
            (Action::CopyValue | Action::CopyId, Some(name)) => {
                context.copy_to_clipboard(name.raw().to_owned());
            }
            (Action::WebPage, Some(name)) => {
                context.copy_web_page(&["models", name.raw()]);
            }
            (
                Action::Open
                | Action::History
                | Action::CopyValue
                | Action::CopyId
                | Action::WebPage,
                None,
            ) => {}
            _ => return false,
        }
        true
    }

    fn handle_reply(
        &mut self,
        _: Ticket,
        reply: Reply,
        _: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        Some(reply)
    }

    fn after_write(&mut self, context: &mut UpdateContext<'_>) {
        self.request_data(context);
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        Some(("filter models", &mut self.filter))
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        let mut models = std::mem::take(&mut context.shared.models);
        context.refetch_if_due(&mut models, INTERVALS_PER_POLL, || Request::Models);
        context.shared.models = models;
    }

    fn list(&mut self, size: Size, shared: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(screen_areas(size).body).rows;
        let len = self.visible_models(shared).len();
        Some(FocusedList::new(&mut self.cursor, len, rows))
    }

    fn row_label(&self, row: usize, shared: &SharedState) -> String {
        self.visible_models(shared)
            .get(row)
            .map(|model| model.name.clean().into_owned())
            .unwrap_or_default()
    }
}
