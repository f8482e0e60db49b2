//! Pictures on the screen: made from charts or artifacts, drawn in cells, or laid over them by the terminal's own graphics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ratatui::layout::Rect;

use super::terminal;
use crate::export::picture::{Palette, PictureFormat, PictureOptions, render_picture};
use crate::store::{Reader, limits};
use crate::tui::app::message::{HalfBlockImage, ImageSource, RequestError};
use crate::tui::app::{Reply, Ticket};
use crate::tui::graphics::{
    CellRect, GraphicsSupport, HalfBlocks, Image, ImageId, Protocol, decode, encode_erase,
    encode_image, fit,
};

/// How many px of a picture stand for a cell of the screen, before the terminal scales it.
const PX_PER_CELL: (u32, u32) = (9, 18);

/// Pictures that were made and are to be laid over cells.
#[derive(Clone, Default)]
pub(super) struct ImageCache(Arc<Mutex<HashMap<Ticket, Image>>>);

/// The picture that the terminal shows now.
#[derive(Default)]
pub(super) struct ImageLayer {
    shown: Option<(Ticket, Rect)>,
    image_id: u8,
}

impl ImageCache {
    /// Makes a picture and says how it is shown.
    pub(super) async fn prepare(
        self,
        reader: Reader,
        ticket: Ticket,
        of: ImageSource,
        area: Rect,
        graphics: GraphicsSupport,
    ) -> Reply {
        let loaded = match of {
            ImageSource::Charts(figures, dark) => {
                tokio::task::spawn_blocking(move || render_charts(&figures, dark, area)).await
            }
            ImageSource::Artifact(home, path) => {
                match reader.preview(&home, &path, limits::IMAGE_BYTES).await {
                    Err(fault) => Ok(Err(RequestError {
                        message: fault.to_string(),
                        hint: fault.hint().to_owned(),
                    })),
                    Ok(preview) if preview.is_truncated => Ok(Err(too_large())),
                    Ok(preview) => {
                        tokio::task::spawn_blocking(move || decode_image(&preview.bytes)).await
                    }
                }
            }
        };
        let image = loaded.unwrap_or_else(|stopped| {
            Err(RequestError {
                message: stopped.to_string(),
                hint: "try it again".into(),
            })
        });
        Reply::Image(image.map(|picture| {
            if graphics.protocol == Protocol::HalfBlocks {
                let (columns, rows) =
                    fit(picture.size(), area.width, area.height, graphics.cell_size);
                let blocks = HalfBlocks::from_image(&picture, columns, rows);
                return Some(HalfBlockImage {
                    columns: blocks.columns,
                    ascii_lines: blocks.ascii_lines(),
                    half_blocks: blocks.cells,
                });
            }
            // One picture is seen at a time.
            let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            cache.clear();
            cache.insert(ticket, picture);
            None
        }))
    }

    fn get(&self, ticket: Ticket) -> Option<Image> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&ticket)
            .cloned()
    }
}

impl ImageLayer {
    /// Brings what the terminal shows in line with what is wanted, after a frame. Returns whether the cells have to be drawn anew,
    /// because a picture went away.
    pub(super) fn sync(
        &mut self,
        wanted: Option<(Ticket, Rect)>,
        images: &ImageCache,
        graphics: GraphicsSupport,
    ) -> std::io::Result<bool> {
        if self.shown == wanted {
            return Ok(false);
        }
        let removed = self.shown.take().is_some();
        if removed {
            terminal::write(&encode_erase(graphics, ImageId::new(self.image_id)))?;
        }
        if let Some((ticket, rect)) = wanted
            && let Some(picture) = images.get(ticket)
        {
            if removed {
                return Ok(true);
            }
            self.image_id = self.image_id.wrapping_add(1);
            let (columns, rows) = fit(picture.size(), rect.width, rect.height, graphics.cell_size);
            let area = CellRect {
                x: rect.x,
                y: rect.y,
                columns,
                rows,
            };
            if let Ok(bytes) = encode_image(&picture, area, graphics, ImageId::new(self.image_id)) {
                terminal::write(&bytes)?;
            }
            self.shown = Some((ticket, rect));
        }
        Ok(removed)
    }

    /// The terminal shows nothing any more: it was cleared, or somebody else had it.
    pub(super) fn mark_cleared(&mut self) {
        self.shown = None;
    }
}

fn render_charts(
    figures: &[crate::chart::Figure],
    dark: bool,
    area: Rect,
) -> Result<Image, RequestError> {
    let palette = if dark {
        Palette::dark()
    } else {
        Palette::light()
    };
    let size = (
        u32::from(area.width) * PX_PER_CELL.0,
        u32::from(area.height) * PX_PER_CELL.1,
    );
    let options = PictureOptions {
        size: Some(size),
        scale: 1.0,
        ..PictureOptions::new(PictureFormat::Png, palette)
    };
    let file = render_picture(figures, &options).map_err(|error| RequestError {
        message: error.to_string(),
        hint: "try fewer charts at once".into(),
    })?;
    decode_image(&file)
}

fn decode_image(bytes: &[u8]) -> Result<Image, RequestError> {
    decode(bytes).map_err(|error| RequestError {
        message: error.to_string(),
        hint: "download it, and open it with another program".into(),
    })
}

fn too_large() -> RequestError {
    let why = format!(
        "the file has more than {}",
        crate::text::quantity::format_bytes(limits::IMAGE_BYTES)
    );
    RequestError {
        message: why,
        hint: "download it, and open it with another program".into(),
    }
}
