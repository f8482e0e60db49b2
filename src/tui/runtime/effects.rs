//! Effects that take time: each question is a task, and its answer a message with the question's ticket.

use std::collections::HashMap;
use std::sync::Arc;

use ratatui::layout::Rect;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::AbortHandle;

use super::images::ImageCache;
use super::requests::{Services, handle_request};
use crate::tui::app::message::ImageSource;
use crate::tui::app::{Reply, Request, Ticket};
use crate::tui::graphics::GraphicsSupport;

/// A question's answer, or how far it got.
pub(super) type TicketedReply = (Ticket, Reply);

/// The questions under way.
pub(super) struct Tasks {
    services: Arc<Services>,
    replies: UnboundedSender<TicketedReply>,
    running: HashMap<Ticket, Task>,
}

struct Task {
    handle: AbortHandle,
    /// It writes, to the registry or to the journal: it is never broken off.
    is_write: bool,
}

impl Tasks {
    /// No question yet; answers go to `answers`.
    pub(super) fn new(services: Services, replies: UnboundedSender<TicketedReply>) -> Self {
        Self {
            services: Arc::new(services),
            replies,
            running: HashMap::new(),
        }
    }

    /// Asks a question.
    pub(super) fn spawn(&mut self, ticket: Ticket, request: Request) {
        let is_write = matches!(request, Request::Apply(_) | Request::Recheck(_));
        let (services, replies) = (Arc::clone(&self.services), self.replies.clone());
        let task = tokio::spawn(async move {
            let progress = replies.clone();
            let report_progress = move |step| {
                let _ = progress.send((ticket, Reply::Progress(step)));
            };
            let reply = handle_request(&services, request, &report_progress).await;
            // Nobody listens once the program ends.
            let _ = replies.send((ticket, reply));
        });
        self.running.insert(
            ticket,
            Task {
                handle: task.abort_handle(),
                is_write,
            },
        );
    }

    /// Makes a picture for a terminal that can do so much.
    pub(super) fn spawn_image(
        &mut self,
        ticket: Ticket,
        of: ImageSource,
        area: Rect,
        graphics: GraphicsSupport,
        images: ImageCache,
    ) {
        let (reader, replies) = (
            Arc::clone(&self.services.store.reader),
            self.replies.clone(),
        );
        let task = tokio::spawn(async move {
            let _ = replies.send((
                ticket,
                images.prepare(reader, ticket, of, area, graphics).await,
            ));
        });
        self.running.insert(
            ticket,
            Task {
                handle: task.abort_handle(),
                is_write: false,
            },
        );
    }

    /// Answers a question that needs no task.
    pub(super) fn send_reply(&self, ticket: Ticket, reply: Reply) {
        let _ = self.replies.send((ticket, reply));
    }

    /// Forgets a question, and stops its work unless it writes.
    pub(super) fn cancel(&mut self, ticket: Ticket) {
        if self.running.get(&ticket).is_some_and(|task| !task.is_write)
            && let Some(task) = self.running.remove(&ticket)
        {
            task.handle.abort();
        }
    }

    /// Notes that an answer came.
    pub(super) fn mark_done(&mut self, (ticket, reply): &TicketedReply) {
        if !matches!(reply, Reply::Progress(_)) {
            self.running.remove(ticket);
        }
    }

    /// Stops what only reads, then waits for what writes, telling of each on standard error.
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
                "a write is on its way: waiting for its end (ctrl-c ends at once; the journal knows of it)"
            );
        }
        while left > 0 {
            // Without a sender there is no task any more: one that failed said so itself.
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

/// How a write ended, in a line; nothing while it goes on.
fn describe_write_end(reply: &Reply) -> Option<String> {
    match reply {
        Reply::Applied(Ok(report)) => Some(super::requests::describe_outcome(&report.outcome)),
        Reply::Applied(Err(refused)) => {
            Some(format!("not done: {} ({})", refused.message, refused.hint))
        }
        Reply::Rechecked(Ok(text)) => Some(text.clone()),
        Reply::Rechecked(Err(fault)) => Some(fault.to_string()),
        _ => None,
    }
}
