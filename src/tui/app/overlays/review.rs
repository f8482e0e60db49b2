//! The review of a version over the screen: candidate against champion, and the reviewer's word about it.

use super::PlanDialog;
use crate::config::keymap::Action;
use crate::domain::{ModelName, VersionNumber};
use crate::promotion::{Decision, Intent, Place};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::message::{Refused, Reply, Request, Reviewed, Ticket};
use crate::tui::app::shared::Context;

/// The cells around a line: a frame, and a space at each side.
const AROUND: u16 = 4;

/// The review.
#[derive(Debug)]
pub struct ReviewView {
    /// The model.
    pub model: ModelName,
    /// The version that is reviewed.
    pub version: VersionNumber,
    /// What there is to see, or why nothing is; nothing while it is on its way.
    pub page: Option<Result<Box<Reviewed>, Refused>>,
    /// The cursor over the lines.
    pub cursor: Cursor,
    ticket: Ticket,
}

impl ReviewView {
    /// Asks for the review of a version.
    #[must_use]
    pub fn ask(model: ModelName, version: VersionNumber, context: &mut Context<'_>) -> Self {
        let width = context.size.width.saturating_sub(AROUND);
        let ticket = context.ask(Request::Review(model.clone(), version, width));
        Self {
            model,
            version,
            page: None,
            cursor: Cursor::default(),
            ticket,
        }
    }

    /// Takes the answer that it asked for; gives back one that it did not.
    pub fn reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        match reply {
            Reply::Review(answer) if self.ticket == ticket => {
                self.page = Some(answer);
                None
            }
            other => Some(other),
        }
    }

    /// Takes an action: moves, or takes the reviewer's word about what is seen.
    pub fn on(&mut self, action: Action, context: &mut Context<'_>) {
        let Some(Ok(page)) = &self.page else { return };
        let decision = match action {
            Action::Approve => Decision::Approve,
            Action::Reject => Decision::Reject,
            other => {
                let height = crate::tui::app::layout::frame(context.size)
                    .body
                    .height
                    .saturating_sub(2);
                self.cursor.travel(other, page.lines.len(), height.into());
                return;
            }
        };
        let (to, seen) = (page.to.clone(), page.seen.clone());
        let (model, version) = (self.model.clone(), self.version);
        let intent = match to {
            Place::Stage(to) if page.is_requested => Intent::Answer {
                model,
                version,
                to,
                decision,
                seen,
                archive_existing: false,
            },
            to => Intent::Review {
                model,
                version,
                to,
                decision,
                seen,
                prepared: None,
            },
        };
        PlanDialog::show(intent, context);
    }
}
