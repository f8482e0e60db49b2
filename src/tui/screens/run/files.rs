//! The artifacts of a run: a tree that loads folders when they are opened, and the preview of a file.

use std::collections::HashMap;

use crate::domain::{Artifact, ArtifactOwner, Preview, RunId, StoreError};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::{Reply, Request, Ticket, UpdateContext};

const IMAGE_EXTENSIONS: [&str; 5] = [".png", ".jpg", ".jpeg", ".gif", ".webp"];

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
    ticket: Ticket,
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
        let name = self
            .current()
            .filter(|file| !file.is_dir)
            .map(|file| file.path.raw().to_ascii_lowercase());
        name.is_some_and(|name| IMAGE_EXTENSIONS.iter().any(|end| name.ends_with(end)))
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
