//! Changes to files, each whole: a new file is written beside the folder of values, where MLflow ignores
//! it, and then renamed, so that no reader sees half of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::layout::META_FILE;
use super::small_file::{read_text, read_when_whole};
use super::yaml_edit::{self, Field};
use crate::domain::StoreErrorKind;
use crate::store::limits;
use crate::store::mlflow_names::InvalidName;

/// Why a write failed: the kind, and a message for users.
#[derive(Debug)]
pub(super) struct WriteFailure(pub(super) StoreErrorKind, pub(super) String);

impl From<InvalidName> for WriteFailure {
    fn from(InvalidName(why): InvalidName) -> Self {
        Self(StoreErrorKind::InvalidRequest, why)
    }
}

impl WriteFailure {
    pub(super) fn not_found(why: &str) -> Self {
        Self(StoreErrorKind::NotFound, why.to_owned())
    }

    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self(StoreErrorKind::InvalidRequest, why.into())
    }

    pub(super) fn unsupported(why: impl Into<String>) -> Self {
        Self(StoreErrorKind::Unsupported, why.into())
    }

    fn of_file(path: &Path, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                StoreErrorKind::PermissionDenied
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
                StoreErrorKind::InvalidRequest
            }
            _ => StoreErrorKind::ServerError,
        };
        Self(kind, format!("{}: {error}", path.display()))
    }
}

/// The changes of one write, counted: one that fails after the first may have been applied in part.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) done: usize,
}

/// A name that no other program uses.
pub(super) fn temporary_path(folder: &Path) -> PathBuf {
    folder.join(format!(".frontrunner-{}", uuid::Uuid::new_v4().simple()))
}

impl Changes {
    /// Replaces or creates a file; the new one is first written to `folder`, which must be on the same
    /// file system.
    pub(super) fn replace(
        &mut self,
        folder: &Path,
        target: &Path,
        text: &str,
    ) -> Result<(), WriteFailure> {
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|error| clash(target, &error))?;
        }
        if target.is_dir() {
            let error = io::Error::from(io::ErrorKind::IsADirectory);
            return Err(clash(target, &error));
        }
        let temporary = temporary_path(folder);
        let written = write_new(&temporary, text)
            .and_then(|()| keep_permissions(target, &temporary))
            .and_then(|()| fs::rename(&temporary, target));
        written.map_err(|error| {
            let _ = fs::remove_file(&temporary);
            WriteFailure::of_file(target, &error)
        })?;
        self.done += 1;
        sync_folder(target);
        Ok(())
    }

    /// Changes fields of the `meta.yaml` in a folder.
    pub(super) fn edit_meta(
        &mut self,
        folder: &Path,
        changes: &[(&str, Field<'_>)],
    ) -> Result<(), WriteFailure> {
        let path = folder.join(META_FILE);
        let edited = read_when_whole(&path, || {
            let text = read_text(&path, limits::FILE_STORE_META_BYTES)?;
            yaml_edit::edit(&text, changes)
        });
        let edited = edited.map_err(|why| {
            let why = format!("can't change {}: {why}", path.display());
            WriteFailure::unsupported(why)
        })?;
        self.replace(folder, &path, &edited)
    }

    /// Removes a file; returns whether it was there.
    pub(super) fn remove(&mut self, path: &Path) -> Result<bool, WriteFailure> {
        match fs::remove_file(path) {
            Ok(()) => {
                self.done += 1;
                sync_folder(path);
                Ok(true)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(WriteFailure::of_file(path, &error)),
        }
    }

    /// Moves a prepared folder to its place. `false` if something is there already.
    pub(super) fn publish(&mut self, prepared: &Path, target: &Path) -> Result<bool, WriteFailure> {
        match fs::rename(prepared, target) {
            Ok(()) => {
                self.done += 1;
                sync_folder(target);
                Ok(true)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::DirectoryNotEmpty
                        | io::ErrorKind::AlreadyExists
                        | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(WriteFailure::of_file(target, &error)),
        }
    }
}

/// In a file store `a` and `a/b` can't both be keys.
fn clash(target: &Path, error: &io::Error) -> WriteFailure {
    match error.kind() {
        io::ErrorKind::AlreadyExists
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory => WriteFailure::invalid(format!(
            "{}: the key is the beginning of another key, which a file store can't hold",
            target.display()
        )),
        _ => WriteFailure::of_file(target, error),
    }
}

/// Writes a file that does not exist yet.
pub(super) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn keep_permissions(from: &Path, to: &Path) -> io::Result<()> {
    match fs::metadata(from) {
        Ok(metadata) => fs::set_permissions(to, metadata.permissions()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a rename durable. Some file systems can't, and the rename has been done.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().and_then(|parent| File::open(parent).ok()) {
        let _ = folder.sync_all();
    }
}

/// A folder that is removed unless it was moved to its place.
pub(super) struct PreparedFolder(pub(super) PathBuf);

impl PreparedFolder {
    pub(super) fn create(parent: &Path) -> Result<Self, WriteFailure> {
        let path = temporary_path(parent);
        fs::create_dir_all(&path).map_err(|error| WriteFailure::of_file(&path, &error))?;
        Ok(Self(path))
    }

    pub(super) fn write(&self, path: &Path, text: &str) -> Result<(), WriteFailure> {
        let path = self.0.join(path);
        let write = || {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            write_new(&path, text)
        };
        write().map_err(|error| clash(&path, &error))
    }
}

impl Drop for PreparedFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
