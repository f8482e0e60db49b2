//! Renders charts and artifacts as images, in half blocks or by the terminal's own graphics.

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

/// Pixels of a rendered chart for each cell, before the terminal scales it.
const PX_PER_CELL: (u32, u32) = (9, 18);

/// Images that the terminal draws over cells.
#[derive(Clone, Default)]
pub(super) struct ImageCache(Arc<Mutex<HashMap<Ticket, Image>>>);

/// The image that the terminal shows.
#[derive(Default)]
pub(super) struct ImageLayer {
    shown: Option<(Ticket, Rect)>,
    image_id: u8,
}

impl ImageCache {
    /// Loads or renders an image. The reply has its half blocks; without them, the cache has the image.
    pub(super) async fn prepare(
        self,
        reader: Reader,
        ticket: Ticket,
        source: ImageSource,
        area: Rect,
        graphics: GraphicsSupport,
    ) -> Reply {
        let loaded = match source {
            ImageSource::Charts(figures, dark) => {
                tokio::task::spawn_blocking(move || render_charts(&figures, dark, area)).await
            }
            ImageSource::Artifact(owner, path) => {
                match reader.preview(&owner, &path, limits::IMAGE_BYTES).await {
                    Err(error) => Ok(Err(RequestError {
                        message: error.to_string(),
                        hint: error.hint().to_owned(),
                    })),
                    Ok(preview) if preview.is_truncated => Ok(Err(too_large())),
                    Ok(preview) => {
                        tokio::task::spawn_blocking(move || decode_image(&preview.bytes)).await
                    }
                }
            }
        };
        let image = loaded.unwrap_or_else(|error| {
            Err(RequestError {
                message: error.to_string(),
                hint: "try again".into(),
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
            // One image is visible at a time.
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
    /// Shows or erases the image after a frame. Returns whether the cells have to be redrawn because an image disappeared.
    pub(super) fn sync(
        &mut self,
        target: Option<(Ticket, Rect)>,
        images: &ImageCache,
        graphics: GraphicsSupport,
    ) -> std::io::Result<bool> {
        if self.shown == target {
            return Ok(false);
        }
        let removed = self.shown.take().is_some();
        if removed {
            terminal::write(&encode_erase(graphics, ImageId::new(self.image_id)))?;
        }
        if let Some((ticket, rect)) = target
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

    /// Forgets the image after the terminal was cleared.
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
    decode_image(&file.bytes)
}

fn decode_image(bytes: &[u8]) -> Result<Image, RequestError> {
    decode(bytes).map_err(|error| RequestError {
        message: error.to_string(),
        hint: "download it and open it with another program".into(),
    })
}

fn too_large() -> RequestError {
    let why = format!(
        "the file is larger than {}",
        crate::text::quantity::format_bytes(limits::IMAGE_BYTES)
    );
    RequestError {
        message: why,
        hint: "download it and open it with another program".into(),
    }
}
