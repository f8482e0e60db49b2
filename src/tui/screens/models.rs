//! The registered models, or the prompts.

use super::details::{model_facts, open_facts};
use super::journal::open_undo_plan;
use super::{FocusedList, Freshness, HistoryScreen, LineageScreen, Screen, VersionsScreen};
use crate::config::keymap::{Action, Scope};
use crate::domain::{ModelName, RegisteredModel};
use crate::promotion::journal::{JournalEntry, last_undoable_entry};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::dialogs::{Dialog, Prompt, edit_model};
use crate::tui::app::layout::{Size, screen_areas, table_areas};
use crate::tui::app::message::TableExport;
use crate::tui::app::text_filter::TextFilter;
use crate::tui::app::{Remote, Reply, Request, SharedState, Ticket, UpdateContext};

const INTERVALS_PER_POLL: i64 = 2;

/// The registered models, whose data is in [`SharedState`], or the prompts.
#[derive(Debug, Default)]
pub struct ModelsScreen {
    /// Whether it lists prompts.
    pub(crate) shows_prompts: bool,
    prompts: Remote<Vec<RegisteredModel>>,
    pub(crate) cursor: Cursor,
    pub(crate) filter: TextFilter,
    /// Sorted by name instead of by the last change.
    pub(crate) is_sorted_by_name: bool,
    /// The journal request to undo the last move of a model.
    undo_request: Option<(Ticket, ModelName)>,
}

/// Plans to undo the last recorded change of a model.
fn undo_last_move(name: &ModelName, entries: &[JournalEntry], context: &mut UpdateContext<'_>) {
    let is_ours = |entry: &JournalEntry| entry.plan.intent.is_about(name.raw());
    match last_undoable_entry(entries, is_ours) {
        Some(entry) => open_undo_plan(entry, context),
        None => context.notify(format!(
            "the journal has no change of {} to undo",
            name.clean()
        )),
    }
}

impl ModelsScreen {
    pub(crate) fn visible_models<'a>(
        &'a self,
        shared: &'a SharedState,
    ) -> Vec<&'a RegisteredModel> {
        let all = self.data(shared).get().into_iter().flatten();
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

    /// The list that is shown.
    pub(crate) fn data<'a>(&'a self, shared: &'a SharedState) -> &'a Remote<Vec<RegisteredModel>> {
        if self.shows_prompts {
            &self.prompts
        } else {
            &shared.models
        }
    }

    fn open_export(&self, context: &mut UpdateContext<'_>) {
        let (title, name) = if self.shows_prompts {
            (
                "export these prompts to (.csv, .md or .json)",
                "prompts.csv",
            )
        } else {
            ("export these models to (.csv, .md or .json)", "models.csv")
        };
        let prompt = Prompt::export(title, name, Self::export, context);
        context.open(Dialog::Prompt(prompt));
    }

    fn export(&mut self, path: String, context: &mut UpdateContext<'_>) {
        let models = self.visible_models(context.shared);
        let slots = context.shared.session.slot_kinds;
        let table = TableExport::of_models(&models, self.shows_prompts, slots);
        context.export_table(path, table);
    }

    fn toggle_prompts(&mut self, context: &mut UpdateContext<'_>) {
        self.shows_prompts = !self.shows_prompts;
        self.cursor = Cursor::default();
        self.request_data(context);
    }

    fn open_edit(&self, context: &mut UpdateContext<'_>) {
        if let Some(model) = self.current(context.shared).cloned() {
            edit_model::<Self>(&model, context);
        }
    }

    fn current<'a>(&'a self, shared: &'a SharedState) -> Option<&'a RegisteredModel> {
        self.visible_models(shared).get(self.cursor.index).copied()
    }
}

impl Screen for ModelsScreen {
    fn scope(&self) -> Scope {
        Scope::Models
    }

    fn breadcrumbs(&self, _: &SharedState) -> Vec<String> {
        vec![
            if self.shows_prompts {
                "prompts"
            } else {
                "models"
            }
            .into(),
        ]
    }

    fn freshness(&self, shared: &SharedState) -> Freshness {
        let data = self.data(shared);
        shared.polled_freshness(
            Freshness::of(data),
            INTERVALS_PER_POLL,
            data.last_attempt_at(),
        )
    }

    fn request_data(&mut self, context: &mut UpdateContext<'_>) {
        if self.shows_prompts {
            context.fetch(&mut self.prompts, Request::Prompts);
        } else {
            context.fetch_models();
        }
    }

    fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) -> bool {
        let current = self.current(context.shared);
        let newest = current.and_then(|m| m.latest_versions.iter().map(|v| v.version).max());
        let facts = current.map(model_facts).unwrap_or_default();
        let name = current.map(|model| model.name.clone());
        match (action, name) {
            (Action::Open, Some(name)) => context.push(VersionsScreen::new(name)),
            (Action::History, Some(name)) => context.push(HistoryScreen::new(name)),
            (Action::Lineage, name) => match (name, newest) {
                (Some(name), Some(version)) => context.push(LineageScreen::new(name, version)),
                _ => context.notify("this model has no version yet"),
            },
            (Action::Export, _) => self.open_export(context),
            (Action::Preview, Some(name)) => {
                open_facts(name.clean().into_owned(), &facts, context);
            }
            (Action::Prompts, _) => self.toggle_prompts(context),
            (Action::Edit, Some(_)) => self.open_edit(context),
            (Action::Undo, Some(name)) => {
                self.undo_request = Some((context.request(Request::Journal), name));
            }
            (Action::Sort, _) => self.is_sorted_by_name = !self.is_sorted_by_name,
            (Action::CopyValue | Action::CopyId, Some(name)) => {
                context.copy_name(name.raw());
            }
            (Action::WebPage, Some(name)) => {
                let page = if self.shows_prompts {
                    "prompts"
                } else {
                    "models"
                };
                context.copy_web_page(&[page, name.raw()]);
            }
            (
                Action::Open
                | Action::Preview
                | Action::History
                | Action::Edit
                | Action::Undo
                | Action::CopyValue
                | Action::CopyId
                | Action::WebPage,
                None,
            ) => context.notify("no model under the cursor"),
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
        match (reply, self.undo_request.take()) {
            (Reply::Journal(result), Some((pending, name))) if pending == ticket => match result {
                Ok(entries) => undo_last_move(&name, &entries, context),
                Err(error) => context.notify_error(&error),
            },
            (Reply::Prompts(result), request) if self.prompts.is_awaiting(ticket) => {
                self.undo_request = request;
                context.resolve(&mut self.prompts, ticket, result);
            }
            (other, request) => {
                self.undo_request = request;
                return Some(other);
            }
        }
        None
    }

    fn after_write(&mut self, context: &mut UpdateContext<'_>) {
        self.request_data(context);
    }

    fn text_filter(&mut self) -> Option<(&'static str, &mut TextFilter)> {
        let title = if self.shows_prompts {
            "filter prompts"
        } else {
            "filter models"
        };
        Some((title, &mut self.filter))
    }

    fn after_update(&mut self, context: &mut UpdateContext<'_>) {
        if self.shows_prompts {
            let request = || Request::Prompts;
            return context.refetch_if_due(&mut self.prompts, INTERVALS_PER_POLL, request);
        }
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
