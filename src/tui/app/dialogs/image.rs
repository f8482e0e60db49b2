//! A picture over the screen: an exported chart or an image artifact.

use ratatui::layout::Rect;

use crate::tui::app::context::UpdateContext;
use crate::tui::app::layout::{Size, screen_areas};
use crate::tui::app::message::{HalfBlockImage, ImageSource, Reply, Request, RequestError, Ticket};

#[derive(Debug)]
pub enum ImageState {
    Loading,
    /// The terminal shows it with its graphics protocol, over blank cells.
    Overlaid,
    HalfBlocks(HalfBlockImage),
    Failed(RequestError),
}

#[derive(Debug)]
pub struct ImageDialog {
    /// Cleaned.
    pub title: String,
    pub state: ImageState,
    /// Identifies the picture for the terminal.
    pub ticket: Ticket,
    source: ImageSource,
    size: Size,
}

impl ImageDialog {
    /// Requests a picture.
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

    /// Requests the picture again after the terminal was resized.
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

    pub(super) fn handle_reply(&mut self, ticket: Ticket, reply: Reply) -> Option<Reply> {
        match reply {
            Reply::Image(result) if ticket == self.ticket => {
                self.state = match result {
                    Ok(Some(cells)) => ImageState::HalfBlocks(cells),
                    Ok(None) => ImageState::Overlaid,
                    Err(error) => ImageState::Failed(error),
                };
                None
            }
            other => Some(other),
        }
    }
}

/// The area of a picture in a terminal of this size: the body without a frame.
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
