//! Effects that take time: each request is a task, and its replies are messages with the request's ticket.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ratatui::layout::Rect;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::AbortHandle;

use super::images::ImageCache;
use super::requests::{Services, handle_request};
use crate::ops::RequestError;
use crate::ops::download::{DownloadProgress, download};
use crate::ops::list_runs::{RunPages, list_runs};
use crate::store::ReadStore;
use crate::store::limits;
use crate::tui::app::message::ImageSource;
use crate::tui::app::{Reply, Request, Ticket};
use crate::tui::graphics::GraphicsSupport;

/// A reply, or the progress of a write.
pub(super) type TicketedReply = (Ticket, Reply);

/// The requests in flight, each a task.
pub(super) struct Tasks {
    services: Arc<Services>,
    replies: UnboundedSender<TicketedReply>,
    running: HashMap<Ticket, Task>,
}

struct Task {
    handle: AbortHandle,
    /// Writes, to the registry or to the journal, are never aborted.
    is_write: bool,
    /// Notified when the app requests the next page of a listing.
    demand: Arc<Notify>,
}

impl Tasks {
    pub(super) fn new(services: Services, replies: UnboundedSender<TicketedReply>) -> Self {
        Self {
            services: Arc::new(services),
            replies,
            running: HashMap::new(),
        }
    }

    /// How long requests still wait for the limits of a server.
    pub(super) fn rate_limit_wait(&self) -> Option<Duration> {
        self.services.store.reader.rate_limit_wait()
    }

    pub(super) fn spawn(&mut self, ticket: Ticket, request: Request) {
        let is_write = matches!(request, Request::Apply(_) | Request::Recheck(_));
        let demand = Arc::new(Notify::new());
        let (services, next_page) = (Arc::clone(&self.services), Arc::clone(&demand));
        let replies = self.replies.clone();
        let task = tokio::spawn(async move {
            // Nobody receives once the program ends.
            let send = |reply| drop(replies.send((ticket, reply)));
            let reply = match request {
                Request::Runs { query, limit } => {
                    let reader = services.store.reader.as_ref();
                    let pages = list_runs(query, limit).scanning_from(limits::SCANNED_RUNS);
                    stream_runs(reader, pages, &next_page, &send).await
                }
                Request::Download(source, folder) => {
                    let reader = services.store.reader.as_ref();
                    let progress = |state: &DownloadProgress| {
                        send(Reply::Downloading(state.clone()));
                    };
                    let done = download(reader, &source, &folder, progress).await;
                    Reply::Downloaded(done.map_err(RequestError::from))
                }
                request => {
                    let progress = |step| send(Reply::Progress(step));
                    handle_request(&services, request, &progress).await
                }
            };
            send(reply);
        });
        self.insert(ticket, task.abort_handle(), is_write, demand);
    }

    /// Prepares an image for a terminal with these capabilities.
    pub(super) fn spawn_image(
        &mut self,
        ticket: Ticket,
        source: ImageSource,
        area: Rect,
        graphics: GraphicsSupport,
        images: ImageCache,
    ) {
        let reader = Arc::clone(&self.services.store.reader);
        let replies = self.replies.clone();
        let task = tokio::spawn(async move {
            let reply = images.prepare(reader, ticket, source, area, graphics).await;
            let _ = replies.send((ticket, reply));
        });
        self.insert(ticket, task.abort_handle(), false, Arc::default());
    }

    fn insert(&mut self, ticket: Ticket, handle: AbortHandle, is_write: bool, demand: Arc<Notify>) {
        let task = Task {
            handle,
            is_write,
            demand,
        };
        self.running.insert(ticket, task);
    }

    /// Sends a reply that needs no task.
    pub(super) fn send_reply(&self, ticket: Ticket, reply: Reply) {
        let _ = self.replies.send((ticket, reply));
    }

    /// Lets a listing send its next page.
    pub(super) fn next_page(&self, ticket: Ticket) {
        if let Some(task) = self.running.get(&ticket) {
            task.demand.notify_one();
        }
    }

    /// Aborts a request unless it writes.
    pub(super) fn cancel(&mut self, ticket: Ticket) {
        if self.running.get(&ticket).is_some_and(|task| !task.is_write)
            && let Some(task) = self.running.remove(&ticket)
        {
            task.handle.abort();
        }
    }

    /// Forgets the task of a request's last reply.
    pub(super) fn mark_done(&mut self, (ticket, reply): &TicketedReply) {
        let is_last = match reply {
            Reply::Progress(_) | Reply::Downloading(_) => false,
            Reply::Runs(Ok(page)) => page.end.is_some(),
            _ => true,
        };
        if is_last {
            self.running.remove(ticket);
        }
    }

    /// Aborts the reads, then waits for the writes and reports each on standard error.
    pub(super) async fn finish(self, replies: &mut UnboundedReceiver<TicketedReply>) {
        let (writing, reading): (HashMap<_, _>, HashMap<_, _>) = self
            .running
            .into_iter()
            .partition(|(_, task)| task.is_write);
        for task in reading.values() {
            task.handle.abort();
        }
        drop(self.replies);
        let mut left = writing.len();
        if left > 0 {
            eprintln!(
                "waiting for a write to finish (ctrl-c quits at once; the journal has a record of it)"
            );
        }
        while left > 0 {
            // The channel closes when the last task ends; a task that panicked sent no reply.
            let Some((ticket, reply)) = replies.recv().await else {
                return;
            };
            if writing.contains_key(&ticket)
                && let Some(line) = describe_write_end(&reply)
            {
                left -= 1;
                eprintln!("{line}");
            }
        }
    }
}

/// The outcome of a write in one line; `None` while it is running.
fn describe_write_end(reply: &Reply) -> Option<String> {
    match reply {
        Reply::Applied(Ok(report)) => Some(super::requests::describe_outcome(&report.outcome)),
        Reply::Applied(Err(error)) => {
            Some(format!("not written: {} ({})", error.message, error.hint))
        }
        Reply::Rechecked(Ok(text)) => Some(text.clone()),
        Reply::Rechecked(Err(error)) => Some(error.to_string()),
        _ => None,
    }
}

/// Sends the pages of a listing, each when the app asks for it, and returns the last one. The next page is read ahead.
async fn stream_runs(
    reader: &dyn ReadStore,
    mut pages: RunPages,
    demand: &Notify,
    send: &(dyn Fn(Reply) + Sync),
) -> Reply {
    loop {
        match pages.next(reader).await {
            Ok(page) if page.end.is_none() => {
                send(Reply::Runs(Ok(page)));
                pages.read_ahead_until(reader, demand.notified()).await;
            }
            last => return Reply::Runs(last),
        }
    }
}
