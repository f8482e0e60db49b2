//! The list of workspaces. Another one has other experiments and models, so choosing it ends this session and starts a new one.

use super::App;
use super::context::UpdateContext;
use super::dialogs::{Dialog, Picker, PickerItem};
use super::message::{Effect, Reply, Request, Ticket};
use super::navigation::Navigate;
use crate::store::DEFAULT_WORKSPACE;
use crate::text::untrusted::clean;

impl App {
    pub(super) fn request_workspaces(&mut self) {
        let mut workspaces = std::mem::take(&mut self.shared.workspaces);
        self.context().fetch(&mut workspaces, Request::Workspaces);
        self.shared.workspaces = workspaces;
    }

    pub(super) fn open_workspace(&mut self, name: String) {
        self.dialog = None;
        if self.shared.session.workspace_name() == name {
            let text = format!("this is workspace {}", clean(&name));
            return self.context().notify(text);
        }
        self.effects.push(Effect::OpenWorkspace(name));
    }
}

impl UpdateContext<'_> {
    /// Opens the list of workspaces. Returns a reply that is not one of them.
    pub(super) fn handle_workspaces(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        let names = match reply {
            Reply::Workspaces(result) if self.shared.workspaces.is_awaiting(ticket) => {
                if let Err(error) = &result {
                    self.notify_error(error);
                }
                let names = result.as_ref().ok().cloned();
                self.shared.workspaces.resolve(result, self.now);
                names?
            }
            other => return Some(other),
        };
        if names.len() < 2 {
            self.notify("this store has no other workspace");
            return None;
        }
        let current = self.shared.session.workspace_name();
        let item = |name: String| {
            let detail = if name == current { "this one" } else { "" };
            PickerItem::new(clean(&name), detail, Navigate::OpenWorkspace(name.clone()))
        };
        let picker = Picker::new("workspaces", names.into_iter().map(item));
        self.open(Dialog::Picker(picker.with_accept_hint("open")));
        None
    }
}

impl super::Session {
    /// The store and the workspace in it, cleaned.
    pub(crate) fn place(&self) -> String {
        let store = clean(&self.store_name);
        match &self.workspace {
            Some(workspace) => format!("{store} ({})", clean(workspace)),
            None => store.into_owned(),
        }
    }

    fn workspace_name(&self) -> &str {
        self.workspace.as_deref().unwrap_or(DEFAULT_WORKSPACE)
    }
}
