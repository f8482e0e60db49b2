//! A picture over the screen: a chart as it would be written, or an image among the artifacts.

use ratatui::layout::Rect;

use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::app::message::{HalfBlockImage, ImageSource, Reply, Request, RequestError, Ticket};
use crate::tui::app::shared::UpdateContext;

/// What became of a picture.
#[derive(Debug)]
pub enum ImageState {
    /// It is on its way.
    Loading,
    /// The terminal shows it by its own means, over the cells that are left blank for it.
    Overlaid,
    /// It is drawn in cells.
    HalfBlocks(HalfBlockImage),
    /// There is none.
    Failed(RequestError),
}

/// A picture.
#[derive(Debug)]
pub struct ImageDialog {
    /// What it is, safe to draw.
    pub title: String,
    /// What became of it.
    pub state: ImageState,
    /// The question for it: what the terminal shows is known by this.
    pub ticket: Ticket,
    source: ImageSource,
    size: Size,
}

impl ImageDialog {
    /// Asks for a picture.
    #[must_use]
    pub fn open(title: String, source: ImageSource, context: &mut UpdateContext<'_>) -> Self {
        let ticket = context.request(Request::Image(source.clone(), image_area(context.size)));
        Self {
            title,
            state: ImageState::Loading,
            ticket,
            source,
            size: context.size,
        }
    }

    /// Asks anew where the terminal has another size.
    pub fn resize(&mut self, context: &mut UpdateContext<'_>) {
        if self.size != context.size {
            self.size = context.size;
            self.ticket = context.request(Request::Image(
                self.source.clone(),
                image_area(context.size),
            ));
            self.state = ImageState::Loading;
        }
    }

    /// Takes the answer that it asked for; gives back one that it did not.
    pub fn handle_reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        match reply {
            Reply::Image(answer) if ticket == self.ticket => {
                self.state = match answer {
                    Ok(Some(cells)) => ImageState::HalfBlocks(cells),
                    Ok(None) => ImageState::Overlaid,
                    Err(refused) => ImageState::Failed(refused),
                };
                None
            }
            other => Some(other),
        }
    }
}

/// Where a picture is, in a terminal of this size: all of the body but its frame.
#[must_use]
pub fn image_area(size: Size) -> Rect {
    let body = screen_areas(size).body;
    Rect {
        x: body.x + 1,
        y: body.y + 1,
        width: body.width.saturating_sub(2),
        height: body.height.saturating_sub(2),
    }
}
