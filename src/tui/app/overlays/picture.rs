//! A picture over the screen: a chart as it would be written, or an image among the artifacts.

use ratatui::layout::Rect;

use crate::tui::app::layout::{Size, frame};
use crate::tui::app::message::{Cells, PictureOf, Refused, Reply, Request, Ticket};
use crate::tui::app::shared::Context;

/// What became of a picture.
#[derive(Debug)]
pub enum Seen {
    /// It is on its way.
    Loading,
    /// The terminal shows it by its own means, over the cells that are left blank for it.
    Above,
    /// It is drawn in cells.
    Cells(Cells),
    /// There is none.
    Refused(Refused),
}

/// A picture.
#[derive(Debug)]
pub struct PictureView {
    /// What it is, safe to draw.
    pub title: String,
    /// What became of it.
    pub seen: Seen,
    /// The question for it: what the terminal shows is known by this.
    pub ticket: Ticket,
    of: PictureOf,
    size: Size,
}

impl PictureView {
    /// Asks for a picture.
    #[must_use]
    pub fn open(title: String, of: PictureOf, context: &mut Context<'_>) -> Self {
        let ticket = context.ask(Request::Picture(of.clone(), inside(context.size)));
        Self {
            title,
            seen: Seen::Loading,
            ticket,
            of,
            size: context.size,
        }
    }

    /// Asks anew where the terminal has another size.
    pub fn resize(&mut self, context: &mut Context<'_>) {
        if self.size != context.size {
            self.size = context.size;
            self.ticket = context.ask(Request::Picture(self.of.clone(), inside(context.size)));
            self.seen = Seen::Loading;
        }
    }

    /// Takes the answer that it asked for; gives back one that it did not.
    pub fn reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        match reply {
            Reply::Picture(answer) if ticket == self.ticket => {
                self.seen = match answer {
                    Ok(Some(cells)) => Seen::Cells(cells),
                    Ok(None) => Seen::Above,
                    Err(refused) => Seen::Refused(refused),
                };
                None
            }
            other => Some(other),
        }
    }
}

/// Where a picture is, in a terminal of this size: all of the body but its frame.
#[must_use]
pub fn inside(size: Size) -> Rect {
    let body = frame(size).body;
    Rect {
        x: body.x + 1,
        y: body.y + 1,
        width: body.width.saturating_sub(2),
        height: body.height.saturating_sub(2),
    }
}
