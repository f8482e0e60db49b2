//! The review of a version: candidate against champion, with approval and rejection.

use super::{Dialog, Picker, PickerItem};
use crate::config::keymap::Action;
use crate::domain::{ModelName, Slot, VersionNumber};
use crate::promotion::{Decision, Intent};
use crate::tui::app::context::UpdateContext;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::message::{Reply, Request, RequestError, ReviewPage, Ticket};
use crate::tui::app::navigation::Navigate;

/// The cells around a line: the frame and a space on each side.
const BORDER_CELLS: u16 = 4;

#[derive(Debug)]
pub struct ReviewDialog {
    pub model: ModelName,
    pub version: VersionNumber,
    /// `None` until the reply arrives.
    pub page: Option<Result<Box<ReviewPage>, RequestError>>,
    pub cursor: Cursor,
    ticket: Ticket,
}

impl ReviewDialog {
    /// Requests the review of a version.
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

    pub(super) fn handle_reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        match reply {
            Reply::Review(result) if self.ticket == ticket => {
                self.page = Some(result);
                None
            }
            other => Some(other),
        }
    }

    pub(super) fn handle_action(&mut self, action: Action, context: &mut UpdateContext<'_>) {
        let Some(Ok(page)) = &self.page else { return };
        if action == Action::Approve {
            return context.open(Dialog::Picker(self.decisions(page)));
        }
        let height = crate::tui::app::layout::screen_areas(context.size)
            .body
            .height
            .saturating_sub(2);
        self.cursor
            .apply_motion(action, page.lines.len(), height.into());
    }

    /// Approve or reject; leaving the list leads back to the review.
    fn decisions(&self, page: &ReviewPage) -> Picker<Navigate> {
        let item = |label: &str, decision: Decision| {
            let detail = format!("for {}", page.slot);
            let plan = Navigate::Plan(Box::new(self.intent(page, decision)));
            PickerItem::new(label, detail, plan)
        };
        let items = [
            item("approve", Decision::Approve),
            item("reject", Decision::Reject),
        ];
        Picker::new(
            format!("decide on {}/{}", self.model.clean(), self.version),
            items,
        )
        .with_accept_hint("plan")
        .with_cancel(Navigate::Perform(Action::Review))
    }

    fn intent(&self, page: &ReviewPage, decision: Decision) -> Intent {
        let facts_digest = page.digest.clone();
        let (model, version) = (self.model.clone(), self.version);
        match page.slot.clone() {
            Slot::Stage(to) if page.is_requested => Intent::ResolveRequest {
                model,
                version,
                to,
                decision,
                facts_digest,
                archive_existing: false,
            },
            slot => Intent::Review {
                model,
                version,
                slot,
                decision,
                facts_digest,
                prepared: None,
            },
        }
    }
}
