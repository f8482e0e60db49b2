//! The artifacts of a run: a tree that loads folders when they are opened, and the preview of a file.

use std::collections::HashMap;

use ratatui::layout::Rect;

use crate::config::keymap::Action;
use crate::domain::{Artifact, ArtifactOwner, Preview, RunId, StoreError};
use crate::text::Untrusted;
use crate::text::width::wrap;
use crate::tui::app::cursor::Cursor;
use crate::tui::app::layout::{split_bottom, split_right};
use crate::tui::app::{Reply, Request, Ticket, UpdateContext};

const IMAGE_EXTENSIONS: [&str; 5] = [".png", ".jpg", ".jpeg", ".gif", ".webp"];

/// Whether a file has the name of an image.
pub(crate) fn is_image_name(path: &str) -> bool {
    let name = path.to_ascii_lowercase();
    IMAGE_EXTENSIONS.iter().any(|end| name.ends_with(end))
}

#[derive(Clone, Debug, PartialEq)]
pub struct FileRow {
    pub file: Artifact,
    pub depth: u16,
    /// Whether it is an open folder.
    pub is_open: bool,
}

/// The preview of a file.
#[derive(Debug)]
pub struct FilePreview {
    pub file: Artifact,
    /// The beginning of the file; `None` until it arrives.
    pub content: Option<Result<Preview, StoreError>>,
    /// The first visible line.
    pub scroll: usize,
    /// The line of the last match.
    pub found: Option<usize>,
    ticket: Ticket,
}

/// Splits an area into those of the tree and the preview: beside it in a wide area, otherwise below.
pub(crate) fn split_file_preview(area: Rect) -> (Rect, Rect) {
    if area.width >= 80 {
        split_right(area, area.width - (area.width / 3).max(28))
    } else {
        split_bottom(area, area.height - area.height / 2)
    }
}

/// The lines of a preview's text.
pub(crate) fn wrapped_lines(text: &Untrusted, width: u16) -> impl Iterator<Item = String> {
    text.clean_lines().flat_map(move |line| wrap(&line, width))
}

/// The text area of a preview, without its frame.
pub(crate) fn preview_text_area(preview: Rect) -> Rect {
    Rect {
        x: preview.x + 2.min(preview.width),
        y: preview.y + 1.min(preview.height),
        width: preview.width.saturating_sub(3),
        height: preview.height.saturating_sub(2),
    }
}

/// The tree of artifacts.
#[derive(Debug, Default)]
pub struct FileTree {
    /// The loaded folders by path.
    folders: HashMap<String, Result<Vec<Artifact>, StoreError>>,
    open_folders: Vec<String>,
    pending: HashMap<Ticket, String>,
    cursor: Cursor,
    pub preview: Option<FilePreview>,
}

impl FileTree {
    /// Loads the root folder once.
    pub fn load_root(&mut self, run: &RunId, context: &mut UpdateContext<'_>) {
        if !self.folders.contains_key("") && !self.is_loading() {
            self.request_folder(run, "", context);
        }
    }

    #[must_use]
    pub fn is_loading(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Why the root folder can't be read.
    #[must_use]
    pub fn error(&self) -> Option<&StoreError> {
        self.folders
            .get("")
            .and_then(|folder| folder.as_ref().err())
    }

    fn request_folder(&mut self, run: &RunId, path: &str, context: &mut UpdateContext<'_>) {
        let ticket = context.request(Request::Artifacts(
            ArtifactOwner::Run(run.clone()),
            path.to_owned(),
        ));
        self.pending.insert(ticket, path.to_owned());
    }

    /// The rows of the tree: an open folder is followed by its files.
    #[must_use]
    pub fn visible_rows(&self) -> Vec<FileRow> {
        let mut lines = Vec::new();
        self.collect_rows("", 0, &mut lines);
        lines
    }

    fn collect_rows(&self, path: &str, depth: u16, lines: &mut Vec<FileRow>) {
        let Some(Ok(files)) = self.folders.get(path) else {
            return;
        };
        for file in files {
            let open = file.is_dir && self.open_folders.iter().any(|p| p == file.path.raw());
            lines.push(FileRow {
                file: file.clone(),
                depth,
                is_open: open,
            });
            // A folder that lists itself would recurse without end.
            if open && file.path.raw() != path && depth < 64 {
                self.collect_rows(file.path.raw(), depth + 1, lines);
            }
        }
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.visible_rows().len()
    }

    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    pub fn cursor_mut(&mut self) -> &mut Cursor {
        &mut self.cursor
    }

    #[must_use]
    pub fn current(&self) -> Option<Artifact> {
        self.visible_rows()
            .get(self.cursor.index)
            .map(|line| line.file.clone())
    }

    /// Whether the file under the cursor has the name of an image.
    #[must_use]
    pub fn is_image(&self) -> bool {
        self.current()
            .is_some_and(|file| !file.is_dir && is_image_name(file.path.raw()))
    }

    #[must_use]
    pub fn row_label(&self, row: usize) -> String {
        self.visible_rows()
            .get(row)
            .map(|row| row.file.path.clean().into_owned())
            .unwrap_or_default()
    }

    /// Opens or closes the folder under the cursor, or previews the file.
    pub fn open(&mut self, run: &RunId, context: &mut UpdateContext<'_>) {
        let Some(file) = self.current() else { return };
        let path = file.path.raw().to_owned();
        if !file.is_dir {
            let ticket = context.request(Request::Preview(ArtifactOwner::Run(run.clone()), path));
            self.preview = Some(FilePreview {
                file,
                content: None,
                scroll: 0,
                found: None,
                ticket,
            });
        } else if let Some(at) = self.open_folders.iter().position(|p| *p == path) {
            self.open_folders.remove(at);
        } else {
            if !matches!(self.folders.get(&path), Some(Ok(_))) {
                self.request_folder(run, &path, context);
            }
            self.open_folders.push(path);
        }
    }

    /// Scrolls the preview by pages, within its text. Returns false without a preview.
    pub fn scroll_preview(&mut self, action: Action, area: Rect) -> bool {
        let Some(preview) = &mut self.preview else {
            return false;
        };
        let room = preview_text_area(split_file_preview(area).1);
        let height = usize::from(room.height).max(1);
        let text = preview
            .content
            .as_ref()
            .and_then(|content| content.as_ref().ok()?.text());
        let lines = text.map_or(0, |text| wrapped_lines(&text, room.width).count());
        let last = lines.saturating_sub(height);
        preview.scroll = match action {
            Action::HalfPageUp => preview.scroll.saturating_sub(height / 2),
            Action::PageUp => preview.scroll.saturating_sub(height),
            Action::HalfPageDown => preview.scroll + height / 2,
            _ => preview.scroll + height,
        }
        .min(last);
        true
    }

    /// Goes to the next line of the preview with a text, in lower case. `None` without a preview.
    pub fn find_in_preview(&mut self, text: &str, step: isize, area: Rect) -> Option<bool> {
        let preview = self.preview.as_mut()?;
        let room = preview_text_area(split_file_preview(area).1);
        let content = preview.content.as_ref()?.as_ref().ok()?.text()?;
        let lines: Vec<String> = wrapped_lines(&content, room.width).collect();
        let height = usize::from(room.height).max(1);
        let last = lines.len().saturating_sub(height);
        let first = preview.scroll.min(last);
        let visible = first..first + height;
        let current = preview.found.filter(|line| visible.contains(line));
        let (start, len) = (current.unwrap_or(first), lines.len());
        let skipped = usize::from(step != 0 && current.is_some());
        let mut indices = (skipped..skipped + len).map(|i| match step {
            step if step < 0 => (start + 2 * len - i) % len,
            _ => (start + i) % len,
        });
        preview.found = indices.find(|index| lines[*index].to_lowercase().contains(text));
        if let Some(line) = preview.found
            && !visible.contains(&line)
        {
            preview.scroll = line.min(last);
        }
        Some(preview.found.is_some())
    }

    /// Returns false if no preview was open.
    pub fn close_preview(&mut self) -> bool {
        self.preview.take().is_some()
    }

    /// Returns a reply that belongs elsewhere.
    pub fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match reply {
            Reply::Artifacts(result) if self.pending.contains_key(&ticket) => {
                let path = self.pending.remove(&ticket)?;
                if let Err(error) = &result {
                    context.notify_error(error);
                }
                let sorted = result.map(|mut files| {
                    files.sort_by(|a, b| b.is_dir.cmp(&a.is_dir).then_with(|| a.path.cmp(&b.path)));
                    files
                });
                self.folders.insert(path, sorted);
                None
            }
            Reply::Preview(result) => match &mut self.preview {
                Some(preview) if preview.ticket == ticket => {
                    preview.content = Some(result);
                    None
                }
                _ => Some(Reply::Preview(result)),
            },
            other => Some(other),
        }
    }
}
