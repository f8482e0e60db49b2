//! The artifacts of a run: a tree whose folders are read when they are opened, and the beginning of a file.

use std::collections::HashMap;

use crate::domain::{Artifact, ArtifactOwner, Preview, RunId, StoreError};
use crate::tui::app::cursor::Cursor;
use crate::tui::app::message::{Reply, Request, Ticket};
use crate::tui::app::shared::UpdateContext;

/// How the names of images end.
const IMAGE_EXTENSIONS: [&str; 5] = [".png", ".jpg", ".jpeg", ".gif", ".webp"];

/// A line of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct FileRow {
    /// The file or folder.
    pub file: Artifact,
    /// How deep it is.
    pub depth: u16,
    /// Whether it is a folder that is open.
    pub is_open: bool,
}

/// A file that is looked into.
#[derive(Debug)]
pub struct FilePreview {
    /// Which file.
    pub file: Artifact,
    /// Its beginning, once it came.
    pub content: Option<Result<Preview, StoreError>>,
    ticket: Ticket,
}

/// The state of the tree.
#[derive(Debug, Default)]
pub struct FileTree {
    /// What is known of each folder, by its path.
    folders: HashMap<String, Result<Vec<Artifact>, StoreError>>,
    open_folders: Vec<String>,
    pending: HashMap<Ticket, String>,
    cursor: Cursor,
    /// The file that is looked into.
    pub preview: Option<FilePreview>,
}

impl FileTree {
    /// Reads the root, if it was not read yet.
    pub fn load_root(&mut self, run: &RunId, context: &mut UpdateContext<'_>) {
        if !self.folders.contains_key("") && !self.is_loading() {
            self.request_folder(run, "", context);
        }
    }

    /// Whether a folder is being read.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Why the root could not be read.
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

    /// The lines that are seen: open folders are followed by what is in them.
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
            // A folder that names itself as its own content would have no end.
            if open && file.path.raw() != path && depth < 64 {
                self.collect_rows(file.path.raw(), depth + 1, lines);
            }
        }
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.visible_rows().len()
    }

    /// Whether there are no files, or none are known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cursor over the lines.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The cursor over the lines, to move it.
    pub fn cursor_mut(&mut self) -> &mut Cursor {
        &mut self.cursor
    }

    /// The file under the cursor.
    #[must_use]
    pub fn current(&self) -> Option<Artifact> {
        self.visible_rows()
            .get(self.cursor.index)
            .map(|line| line.file.clone())
    }

    /// Whether the file under the cursor is an image, by its name.
    #[must_use]
    pub fn is_image(&self) -> bool {
        let name = self
            .current()
            .filter(|file| !file.is_dir)
            .map(|file| file.path.raw().to_ascii_lowercase());
        name.is_some_and(|name| IMAGE_EXTENSIONS.iter().any(|end| name.ends_with(end)))
    }

    /// What find looks at.
    #[must_use]
    pub fn row_label(&self, line: usize) -> String {
        self.visible_rows()
            .get(line)
            .map(|line| line.file.path.clean().into_owned())
            .unwrap_or_default()
    }

    /// Opens or closes a folder; looks into a file.
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

    /// Closes the file that is looked into. Returns whether there was one.
    pub fn close_preview(&mut self) -> bool {
        self.preview.take().is_some()
    }

    /// Takes an answer that was asked for here.
    pub fn handle_reply(
        &mut self,
        ticket: Ticket,
        reply: Reply,
        context: &mut UpdateContext<'_>,
    ) -> Option<Reply> {
        match reply {
            Reply::Artifacts(answer) if self.pending.contains_key(&ticket) => {
                let path = self.pending.remove(&ticket)?;
                if let Err(fault) = &answer {
                    context.shared.notifications.store_error(context.now, fault);
                }
                let sorted = answer.map(|mut files| {
                    files.sort_by(|a, b| b.is_dir.cmp(&a.is_dir).then_with(|| a.path.cmp(&b.path)));
                    files
                });
                self.folders.insert(path, sorted);
                None
            }
            Reply::Preview(answer) => match &mut self.preview {
                Some(looked) if looked.ticket == ticket => {
                    looked.content = Some(answer);
                    None
                }
                _ => Some(Reply::Preview(answer)),
            },
            other => Some(other),
        }
    }
}
