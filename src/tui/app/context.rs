//! What a screen or a dialog works with during one update.

use super::dialogs::Dialog;
use super::layout::Size;
use super::message::{Effect, Export, Request, TableExport, Ticket};
use super::navigation::Navigate;
use super::remote::{Fetch, Remote};
use super::screen::Screen;
use super::session::SharedState;
use url::Url;

use crate::domain::{Millis, RunId, StoreError};
use crate::promotion::Intent;
use crate::store::Resolution;
use crate::store::limits::BULK_RUNS;
use crate::text::shell::quote_word;
use crate::text::untrusted::clean;

/// Requests every point of a history, where a number of points is expected.
pub const ALL_POINTS: u32 = u32::MAX;

/// The shared state, and where effects and navigation are collected.
pub struct UpdateContext<'a> {
    /// The time of the message, ms since the epoch.
    pub now: Millis,
    pub size: Size,
    pub shared: &'a mut SharedState,
    pub effects: &'a mut Vec<Effect>,
    pub navigation: &'a mut Vec<Navigate>,
}

impl UpdateContext<'_> {
    /// Opens a screen on top of this one.
    pub fn push(&mut self, screen: impl Screen) {
        self.navigation.push(Navigate::Push(Box::new(screen)));
    }

    /// Opens a dialog over the screen.
    pub fn open(&mut self, dialog: Dialog) {
        self.navigation.push(Navigate::OpenDialog(Box::new(dialog)));
    }

    pub fn close_dialog(&mut self) {
        self.navigation.push(Navigate::CloseDialog);
    }

    /// Opens the dialog that plans a write.
    pub fn plan(&mut self, intent: Intent) {
        let dialog = super::dialogs::PlanDialog::open(intent, self);
        self.open(Dialog::Plan(Box::new(dialog)));
    }

    pub fn request(&mut self, request: Request) -> Ticket {
        let ticket = self.shared.next_ticket();
        self.effects.push(Effect::Request(ticket, request));
        ticket
    }

    /// Writes a table to a new file.
    pub fn export_table(&mut self, path: String, table: TableExport) {
        self.request(Request::Export(path, Box::new(Export::Table(table))));
    }

    /// Requests the missing histories of a metric in chunks of [`BULK_RUNS`], each with about `points` points.
    pub fn request_histories(&mut self, runs: &[RunId], metric: &str, points: u32) -> Vec<Ticket> {
        let missing = self.shared.histories.missing(runs, metric, points);
        let resolution = if points == ALL_POINTS {
            Resolution::Full
        } else {
            Resolution::Points(points)
        };
        missing
            .chunks(BULK_RUNS)
            .map(|runs| self.request_chunk(runs, metric, points, resolution))
            .collect()
    }

    /// Requests the steps from `first` to `last` of sampled histories at a higher resolution, about `points` points each.
    pub fn refine_histories(
        &mut self,
        runs: &[RunId],
        metric: &str,
        points: u32,
        (first, last): (i64, i64),
    ) {
        let histories = &self.shared.histories;
        let resolution = Resolution::StepRange {
            points,
            first,
            last,
        };
        for runs in histories
            .needing_refinement(runs, metric, (first, last))
            .chunks(BULK_RUNS)
        {
            self.request_chunk(runs, metric, points, resolution);
        }
    }

    fn request_chunk(
        &mut self,
        runs: &[RunId],
        metric: &str,
        points: u32,
        resolution: Resolution,
    ) -> Ticket {
        let ticket = self.request(Request::Histories {
            runs: runs.to_vec(),
            metric: metric.to_owned(),
            resolution,
        });
        let step_range = match resolution {
            Resolution::StepRange { first, last, .. } => Some((first, last)),
            _ => None,
        };
        self.shared
            .histories
            .start_request(ticket, runs, metric, points, step_range);
        ticket
    }

    /// Sends the request for `remote` and cancels the one that it replaces.
    pub fn fetch<T>(&mut self, remote: &mut Remote<T>, request: Request) {
        self.begin(remote, request, false);
    }

    pub(super) fn begin<T>(
        &mut self,
        remote: &mut Remote<T>,
        request: Request,
        is_background: bool,
    ) {
        let ticket = self.request(request);
        let replaced = remote.begin(Fetch {
            ticket,
            since: self.now,
            is_background,
        });
        self.effects
            .extend(replaced.map(|old| Effect::Cancel(old.ticket)));
    }

    /// Requests the registered models, which all screens share.
    pub fn fetch_models(&mut self) {
        let mut models = std::mem::take(&mut self.shared.models);
        self.fetch(&mut models, Request::Models);
        self.shared.models = models;
    }

    pub fn copy_to_clipboard(&mut self, text: String) {
        let ticket = self.shared.next_ticket();
        self.notify(format!("copied: {}", clean(&text)));
        self.effects.push(Effect::Copy(ticket, text));
    }

    /// Copies a name or an id, which is often pasted into a command: quoted where a POSIX shell would not take it for one
    /// word. Anybody who can write to the store can choose a name.
    pub fn copy_name(&mut self, name: &str) {
        match quote_word(name) {
            Some(word) => self.copy_to_clipboard(word),
            None => self.notify(format!(
                "not copied: {} cannot be quoted for a shell",
                clean(name)
            )),
        }
    }

    /// Copies a command for a POSIX shell with one argument, which is quoted.
    pub fn copy_command(&mut self, command: &str, argument: &str) {
        match quote_word(argument) {
            Some(word) if !word.starts_with('-') => {
                self.copy_to_clipboard(format!("{command} {word}"));
            }
            _ => self.notify(format!(
                "not copied: {} cannot be quoted for a shell",
                clean(argument)
            )),
        }
    }

    /// Copies the address of a page of the server's web UI, where the store has one. Each segment is percent-encoded.
    pub fn copy_web_page(&mut self, segments: &[&str]) {
        let Some(web) = self.shared.session.web_url.clone() else {
            self.notify("this store is a file and has no web page");
            return;
        };
        let Ok(mut page) = Url::parse("http://page/") else {
            return;
        };
        if let Ok(mut path) = page.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        self.copy_to_clipboard(format!("{web}{}", page.path()));
    }

    /// Shows a line in the message line.
    pub fn notify(&mut self, text: impl Into<String>) {
        self.shared.notifications.info(self.now, text.into());
    }

    pub fn notify_error(&mut self, error: &StoreError) {
        self.shared.notifications.store_error(self.now, error);
    }
}
