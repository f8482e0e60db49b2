//! The review of a version over the screen: candidate against champion, and the reviewer's word about it.

use super::PlanDialog;
use crate::config::keymap::Action;
use crate::domain::{ModelName, Slot, VersionNumber};
use crate::promotion::{Decision, Intent};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::message::{Reply, Request, RequestError, ReviewPage, Ticket};
use crate::tui::app::shared::UpdateContext;

/// The cells around a line: a frame, and a space at each side.
const BORDER_CELLS: u16 = 4;

/// The review.
#[derive(Debug)]
pub struct ReviewDialog {
    /// The model.
    pub model: ModelName,
    /// The version that is reviewed.
    pub version: VersionNumber,
    /// What there is to see, or why nothing is; nothing while it is on its way.
    pub page: Option<Result<Box<ReviewPage>, RequestError>>,
    /// The cursor over the lines.
    pub cursor: Cursor,
    ticket: Ticket,
}

impl ReviewDialog {
    /// Asks for the review of a version.
    #[must_use]
    pub fn open(model: ModelName, version: VersionNumber, context: &mut UpdateContext<'_>) -> Self {
        let width = context.size.width.saturating_sub(BORDER_CELLS);
        let ticket = context.request(Request::Review(model.clone(), version, width));
        Self {
            model,
            version,
            page: None,
            cursor: Cursor::default(),
            ticket,
        }
    }

    /// Takes the answer that it asked for; gives back one that it did not.
    pub fn handle_reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        match reply {
            Reply::Review(answer) if self.ticket == ticket => {
                self.page = Some(answer);
                None
            }
            other => Some(other),
        }
    }

    /// Takes an action: moves, or takes the reviewer's word about what is seen.
    pub fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        let Some(Ok(page)) = &self.page else { return };
        let decision = match action {
            Action::Approve => Decision::Approve,
            Action::Reject => Decision::Reject,
            other => {
                let height = crate::tui::app::layout::screen_areas(context.size)
                    .body
                    .height
                    .saturating_sub(2);
                self.cursor
                    .apply_motion(other, page.lines.len(), height.into());
                return;
            }
        };
        let (to, seen) = (page.slot.clone(), page.digest.clone());
        let (model, version) = (self.model.clone(), self.version);
        let intent = match to {
            Slot::Stage(to) if page.is_requested => Intent::ResolveRequest {
                model,
                version,
                to,
                decision,
                facts_digest: seen,
                archive_existing: false,
            },
            to => Intent::Review {
                model,
                version,
                slot: to,
                decision,
                facts_digest: seen,
                prepared: None,
            },
        };
        PlanDialog::show(intent, context);
    }
}
