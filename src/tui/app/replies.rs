//! Replies to requests that belong to no screen.

use super::context::UpdateContext;
use super::message::{Effect, Reply, Ticket};
use crate::config::saved_views::ViewError;
use crate::domain::RegisteredModel;
use crate::promotion::RegistrySnapshot;
use crate::promotion::journal::{HolderChange, registry_diff};
use crate::text::untrusted::clean;

impl UpdateContext<'_> {
    /// Returns a reply that belongs to a dialog or a screen.
    pub(super) fn handle_shared_reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        let now = self.now;
        let notifications = &mut self.shared.notifications;
        match reply {
            Reply::Features(result) if self.shared.features.is_awaiting(ticket) => {
                if let Err(error) = &result {
                    notifications.store_error(now, error);
                }
                self.shared.features.resolve(result, now);
            }
            Reply::Models(result) if self.shared.models.is_awaiting(ticket) => {
                let mut models = std::mem::take(&mut self.shared.models);
                let fetch = models.fetch();
                let before = models
                    .get()
                    .filter(|_| fetch.is_some_and(|fetch| fetch.is_background))
                    .cloned();
                if let Err(error) = &result {
                    self.notify_error(error);
                }
                models.resolve(result, now);
                let changes = before
                    .zip(models.get())
                    .and_then(|(before, models)| summarize_changes(&before, models));
                self.shared.models = models;
                if let Some(text) = changes {
                    self.alert(text);
                }
            }
            Reply::Histories(result) => {
                if let Some(error) = self.shared.histories.resolve(ticket, result) {
                    notifications.store_error(now, &error);
                }
            }
            Reply::Exported(Ok(done)) => notifications.info(now, done),
            Reply::Downloading(progress) => notifications.progress(now, progress.describe(), false),
            Reply::Downloaded(Ok(done)) => notifications.progress(now, done.describe(), true),
            Reply::Downloaded(Err(error)) | Reply::Exported(Err(error)) => {
                notifications.error(now, error.message, error.hint);
            }
            Reply::ViewSaved(result) => self.report_view(result, "saved the view", "; W opens it"),
            Reply::ViewDeleted(result) => self.report_view(result, "deleted the view", ""),
            Reply::Copied(Ok(())) => {}
            Reply::Copied(Err(error)) => notifications.error(
                now,
                error,
                "select the text with the mouse instead (--no-mouse)".into(),
            ),
            other => return self.handle_workspaces(ticket, other),
        }
        None
    }

    /// Shows a change in the message line and alerts the user outside of the terminal.
    pub fn alert(&mut self, text: String) {
        self.effects.push(Effect::Alert(text.clone()));
        self.notify(text);
    }

    fn report_view(&mut self, result: Result<String, ViewError>, done: &str, next: &str) {
        match result {
            Ok(name) => self.notify(format!("{done} {}{next}", clean(&name))),
            Err(error) => self.shared.notifications.error(
                self.now,
                format!("can't save or delete the view: {error}"),
                "w saves it under another name; a team's view is deleted in its repository".into(),
            ),
        }
    }
}

/// The changes of stages and aliases between two listings of models: the first one, and how many more.
fn summarize_changes(before: &[RegisteredModel], now: &[RegisteredModel]) -> Option<String> {
    let changes_of = |model: &RegisteredModel| -> Vec<HolderChange> {
        let before = before.iter().find(|before| before.name == model.name);
        before
            .map(|before| registry_diff(&listed_snapshot(before).state(), &listed_snapshot(model)))
            .unwrap_or_default()
    };
    let mut all = now
        .iter()
        .flat_map(changes_of)
        .filter(|change| change.to != "deleted");
    let (first, more) = (all.next()?.describe(), all.count());
    Some(if more > 0 {
        format!("{first}, and {more} more")
    } else {
        first
    })
}

/// What a listing contains of a model: the newest version of each stage only.
fn listed_snapshot(model: &RegisteredModel) -> RegistrySnapshot {
    RegistrySnapshot::for_model(
        "",
        &model.name,
        Some(model.clone()),
        model.latest_versions.clone(),
    )
}
