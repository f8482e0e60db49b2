//! Effects that take time: each question is a task, and its answer a message with the question's ticket.

use std::collections::HashMap;
use std::sync::Arc;

use ratatui::layout::Rect;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::task::AbortHandle;

use super::answer::{Ground, answer};
use super::gallery::Gallery;
use crate::tui::app::message::PictureOf;
use crate::tui::app::{Reply, Request, Ticket};
use crate::tui::graphics::Found;

/// A question's answer, or how far it got.
pub(super) type Answered = (Ticket, Reply);

/// The questions under way.
pub(super) struct Tasks {
    ground: Arc<Ground>,
    answers: UnboundedSender<Answered>,
    asked: HashMap<Ticket, Task>,
}

struct Task {
    handle: AbortHandle,
    /// It writes, to the registry or to the journal: it is never broken off.
    writes: bool,
}

impl Tasks {
    /// No question yet; answers go to `answers`.
    pub(super) fn new(ground: Ground, answers: UnboundedSender<Answered>) -> Self {
        Self {
            ground: Arc::new(ground),
            answers,
            asked: HashMap::new(),
        }
    }

    /// Asks a question.
    pub(super) fn ask(&mut self, ticket: Ticket, request: Request) {
        let writes = matches!(request, Request::Apply(_) | Request::Recheck(_));
        let (ground, answers) = (Arc::clone(&self.ground), self.answers.clone());
        let task = tokio::spawn(async move {
            let progress = answers.clone();
            let tell = move |step| {
                let _ = progress.send((ticket, Reply::Progress(step)));
            };
            let reply = answer(&ground, request, &tell).await;
            // Nobody listens once the program ends.
            let _ = answers.send((ticket, reply));
        });
        self.asked.insert(
            ticket,
            Task {
                handle: task.abort_handle(),
                writes,
            },
        );
    }

    /// Makes a picture for a terminal that can do so much.
    pub(super) fn picture(
        &mut self,
        ticket: Ticket,
        of: PictureOf,
        area: Rect,
        found: Found,
        gallery: Gallery,
    ) {
        let (reader, answers) = (Arc::clone(&self.ground.opened.reader), self.answers.clone());
        let task = tokio::spawn(async move {
            let _ = answers.send((ticket, gallery.make(reader, ticket, of, area, found).await));
        });
        self.asked.insert(
            ticket,
            Task {
                handle: task.abort_handle(),
                writes: false,
            },
        );
    }

    /// Answers a question that needs no task.
    pub(super) fn answer(&self, ticket: Ticket, reply: Reply) {
        let _ = self.answers.send((ticket, reply));
    }

    /// Forgets a question, and stops its work unless it writes.
    pub(super) fn cancel(&mut self, ticket: Ticket) {
        if self.asked.get(&ticket).is_some_and(|task| !task.writes)
            && let Some(task) = self.asked.remove(&ticket)
        {
            task.handle.abort();
        }
    }

    /// Notes that an answer came.
    pub(super) fn note(&mut self, (ticket, reply): &Answered) {
        if !matches!(reply, Reply::Progress(_)) {
            self.asked.remove(ticket);
        }
    }

    /// Stops what only reads, then waits for what writes, telling of each on standard error.
    pub(super) async fn finish(self, answers: &mut UnboundedReceiver<Answered>) {
        let (writing, reading): (HashMap<_, _>, HashMap<_, _>) =
            self.asked.into_iter().partition(|(_, task)| task.writes);
        for task in reading.values() {
            task.handle.abort();
        }
        drop(self.answers);
        let mut left = writing.len();
        if left > 0 {
            eprintln!(
                "a write is on its way: waiting for its end (ctrl-c ends at once; the journal knows of it)"
            );
        }
        while left > 0 {
            // Without a sender there is no task any more: one that failed said so itself.
            let Some((ticket, reply)) = answers.recv().await else {
                return;
            };
            if writing.contains_key(&ticket)
                && let Some(end) = end(&reply)
            {
                left -= 1;
                eprintln!("{end}");
            }
        }
    }
}

/// How a write ended, in a line; nothing while it goes on.
fn end(reply: &Reply) -> Option<String> {
    match reply {
        Reply::Applied(Ok(report)) => Some(super::answer::outcome(&report.outcome)),
        Reply::Applied(Err(refused)) => {
            Some(format!("not done: {} ({})", refused.why, refused.next))
        }
        Reply::Rechecked(Ok(text)) => Some(text.clone()),
        Reply::Rechecked(Err(fault)) => Some(fault.to_string()),
        _ => None,
    }
}
