//! The registered models.

use super::{FocusedList, Freshness, Screen, View};
use crate::config::keymap::{Action, Scope};
use crate::domain::RegisteredModel;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::Dialog;
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::shared::{Choice, Navigate, SharedState, UpdateContext};

/// How many of the session's intervals pass between two looks.
const INTERVALS_PER_POLL: i64 = 2;

/// The screen's state; the models themselves are shared.
#[derive(Debug, Default)]
pub struct ModelsScreen {
    /// The cursor over the models that pass the filter.
    pub cursor: Cursor,
    /// The words that a name must have.
    pub filter: String,
    /// Sorted by name instead of by the last change.
    pub is_sorted_by_name: bool,
    search_text: String,
}

impl ModelsScreen {
    /// The models that pass the filter, in order.
    #[must_use]
    pub fn visible_models<'a>(&self, shared: &'a SharedState) -> Vec<&'a RegisteredModel> {
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
        if self.is_sorted_by_name {
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
    pub fn current<'a>(&self, shared: &'a SharedState) -> Option<&'a RegisteredModel> {
        self.visible_models(shared).get(self.cursor.index).copied()
    }
}

impl View for ModelsScreen {
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
            shared.models.last_attempt_at,
        )
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        let ticket = context.request(Request::Models);
        context.shared.models.start_loading(ticket, context.now);
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let name = self.current(context.shared).map(|model| model.name.clone());
        match action {
            Action::Open => {
                if let Some(name) = name {
                    context
                        .navigation
                        .push(Navigate::Push(Screen::versions(name)));
                }
            }
            Action::History => {
                if let Some(name) = name {
                    context
                        .navigation
                        .push(Navigate::Push(Screen::history(name)));
                }
            }
            Action::Lineage => {
                let newest = self
                    .current(context.shared)
                    .and_then(|m| m.latest_versions.iter().map(|v| v.version).max());
                match (name, newest) {
                    (Some(name), Some(version)) => context
                        .navigation
                        .push(Navigate::Push(Screen::lineage(name, version))),
                    _ => context.notify("this model has no version yet"),
                }
            }
            Action::Sort => self.is_sorted_by_name = !self.is_sorted_by_name,
            Action::Filter => {
                context
                    .navigation
                    .push(Navigate::OpenDialog(Box::new(Dialog::text_filter(
                        "filter models",
                        &self.filter,
                    ))));
            }
            Action::CopyValue | Action::CopyId => {
                if let Some(name) = name {
                    context.copy_to_clipboard(name.raw().to_owned());
                }
            }
            Action::WebPage => {
                if let (Some(web), Some(name)) = (context.shared.session.web_url.clone(), name) {
                    context.copy_to_clipboard(format!("{web}/#/models/{}", name.raw()));
                }
            }
            Action::Back if !self.filter.is_empty() => self.filter.clear(),
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

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        // Shared by screens: taken out, so that the question can be asked of the rest.
        let mut models = std::mem::take(&mut context.shared.models);
        context.refetch_if_due(&mut models, INTERVALS_PER_POLL, || Request::Models);
        context.shared.models = models;
    }

    fn handle_choice(&mut self, choice: Choice, context: &mut UpdateContext<'_>) {
        match choice {
            Choice::Filter(text) => self.filter = text,
            Choice::Applied => self.request_data(context),
            _ => {}
        }
    }

    fn list(&mut self, size: Size, shared: &SharedState) -> Option<FocusedList<'_>> {
        let rows = table_areas(screen_areas(size).body).rows;
        let len = self.visible_models(shared).len();
        Some(FocusedList {
            cursor: &mut self.cursor,
            len,
            height: rows.height.into(),
            top: rows.y,
        })
    }

    fn row_label(&self, line: usize, shared: &SharedState) -> String {
        self.visible_models(shared)
            .get(line)
            .map(|model| model.name.clean().into_owned())
            .unwrap_or_default()
    }

    fn search_text(&self) -> &str {
        &self.search_text
    }

    fn set_search_text(&mut self, needle: String) {
        self.search_text = needle;
    }
}
