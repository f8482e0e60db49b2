//! Pictures on the screen: made from charts or artifacts, drawn in cells, or laid over them by the terminal's own graphics.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ratatui::layout::Rect;

use super::terminal;
use crate::export::picture::{Palette, PictureFormat, PictureOptions, picture};
use crate::store::{Reader, limits};
use crate::tui::app::message::{Cells, PictureOf, Refused};
use crate::tui::app::{Reply, Ticket};
use crate::tui::graphics::{Area, Blocks, Found, Id, Picture, Protocol, decode, erase, fit, show};

/// How many px of a picture stand for a cell of the screen, before the terminal scales it.
const PX_A_CELL: (u32, u32) = (9, 18);

/// Pictures that were made and are to be laid over cells.
#[derive(Clone, Default)]
pub(super) struct Gallery(Arc<Mutex<HashMap<Ticket, Picture>>>);

/// The picture that the terminal shows now.
#[derive(Default)]
pub(super) struct Wall {
    shown: Option<(Ticket, Rect)>,
    number: u8,
}

impl Gallery {
    /// Makes a picture and says how it is shown.
    pub(super) async fn make(
        self,
        reader: Reader,
        ticket: Ticket,
        of: PictureOf,
        area: Rect,
        found: Found,
    ) -> Reply {
        let read = match of {
            PictureOf::Charts(figures, dark) => {
                tokio::task::spawn_blocking(move || drawn(&figures, dark, area)).await
            }
            PictureOf::Artifact(home, path) => match reader
                .preview(&home, &path, limits::PICTURE_BYTES)
                .await
            {
                Err(fault) => Ok(Err(Refused {
                    why: fault.to_string(),
                    next: fault.advice().to_owned(),
                })),
                Ok(preview) if preview.truncated => Ok(Err(too_large())),
                Ok(preview) => tokio::task::spawn_blocking(move || decoded(&preview.bytes)).await,
            },
        };
        let made = read.unwrap_or_else(|stopped| {
            Err(Refused {
                why: stopped.to_string(),
                next: "try it again".into(),
            })
        });
        Reply::Picture(made.map(|picture| {
            if found.protocol == Protocol::HalfBlocks {
                let (columns, rows) = fit(picture.size(), area.width, area.height, found.cell);
                let blocks = Blocks::of(&picture, columns, rows);
                return Some(Cells {
                    columns: blocks.columns,
                    letters: blocks.letters(),
                    halves: blocks.cells,
                });
            }
            // One picture is seen at a time.
            let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            made.clear();
            made.insert(ticket, picture);
            None
        }))
    }

    fn of(&self, ticket: Ticket) -> Option<Picture> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&ticket)
            .cloned()
    }
}

impl Wall {
    /// Brings what the terminal shows in line with what is wanted, after a frame. Returns whether the cells have to be drawn anew,
    /// because a picture went away.
    pub(super) fn hang(
        &mut self,
        wanted: Option<(Ticket, Rect)>,
        gallery: &Gallery,
        found: Found,
    ) -> std::io::Result<bool> {
        if self.shown == wanted {
            return Ok(false);
        }
        let went = self.shown.take().is_some();
        if went {
            terminal::write(&erase(found, Id::new(self.number)))?;
        }
        if let Some((ticket, rect)) = wanted
            && let Some(picture) = gallery.of(ticket)
        {
            if went {
                return Ok(true);
            }
            self.number = self.number.wrapping_add(1);
            let (columns, rows) = fit(picture.size(), rect.width, rect.height, found.cell);
            let area = Area {
                x: rect.x,
                y: rect.y,
                columns,
                rows,
            };
            if let Ok(bytes) = show(&picture, area, found, Id::new(self.number)) {
                terminal::write(&bytes)?;
            }
            self.shown = Some((ticket, rect));
        }
        Ok(went)
    }

    /// The terminal shows nothing any more: it was cleared, or somebody else had it.
    pub(super) fn bare(&mut self) {
        self.shown = None;
    }
}

fn drawn(figures: &[crate::chart::Figure], dark: bool, area: Rect) -> Result<Picture, Refused> {
    let palette = if dark {
        Palette::dark()
    } else {
        Palette::light()
    };
    let size = (
        u32::from(area.width) * PX_A_CELL.0,
        u32::from(area.height) * PX_A_CELL.1,
    );
    let options = PictureOptions {
        size: Some(size),
        scale: 1.0,
        ..PictureOptions::new(PictureFormat::Png, palette)
    };
    let file = picture(figures, &options).map_err(|error| Refused {
        why: error.to_string(),
        next: "try fewer charts at once".into(),
    })?;
    decoded(&file)
}

fn decoded(bytes: &[u8]) -> Result<Picture, Refused> {
    decode(bytes).map_err(|error| Refused {
        why: error.to_string(),
        next: "download it, and open it with another program".into(),
    })
}

fn too_large() -> Refused {
    let why = format!(
        "the file has more than {}",
        crate::text::quantity::bytes(limits::PICTURE_BYTES)
    );
    Refused {
        why,
        next: "download it, and open it with another program".into(),
    }
}
