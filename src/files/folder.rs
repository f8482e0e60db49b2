//! A folder for output files whose names come from elsewhere: none of them leads out of it.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

use tempfile::NamedTempFile;

use super::write::new_temp;

/// A folder in which new files are created, in folders of their own.
#[derive(Clone, Debug)]
pub struct OutputFolder(PathBuf);

/// A file that is being written. It has its name after [`Self::finish`]; until then it is a hidden one, which is removed
/// when this is dropped.
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
}

/// Whether a path is relative, with `/` between its parts, and stays below the folder to which it is relative.
#[must_use]
pub fn is_plain_path(path: &str) -> bool {
    let is_plain = |part: &str| {
        let mut components = Path::new(part).components();
        let first = components.next();
        matches!(first, Some(Component::Normal(name)) if name.len() == part.len())
            && components.next().is_none()
    };
    !path.contains('\0') && path.split('/').all(is_plain)
}

impl OutputFolder {
    /// Opens a folder that the user named; it is created where there is none.
    ///
    /// # Errors
    /// If it can't be created, or is no folder.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Ok(Self(path.canonicalize()?))
    }

    /// Whether there is anything with this path, a dangling link too.
    ///
    /// # Errors
    /// If the path leads out of the folder or through a link.
    pub fn has(&self, path: &str) -> io::Result<bool> {
        let path = self.resolve(path, false)?;
        Ok(path.symlink_metadata().is_ok())
    }

    /// Begins a file. Its folders are created.
    ///
    /// # Errors
    /// If the path leads out of the folder or through a link, or the file can't be created.
    pub fn create(&self, path: &str) -> io::Result<NewFile> {
        let path = self.resolve(path, true)?;
        let file = new_temp(path.parent().unwrap_or(&self.0))?;
        Ok(NewFile { file, path })
    }

    /// The path below the folder; each folder on the way is a real one, or missing.
    fn resolve(&self, path: &str, creates: bool) -> io::Result<PathBuf> {
        if !is_plain_path(path) {
            let why = "the path leads out of the folder";
            return Err(io::Error::new(ErrorKind::InvalidInput, why));
        }
        let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut folder = self.0.clone();
        for part in parents.split('/').filter(|part| !part.is_empty()) {
            folder.push(part);
            match folder.symlink_metadata() {
                Ok(found) if found.is_dir() => {}
                Ok(_) => {
                    let why = format!("{} is no folder", folder.display());
                    return Err(io::Error::new(ErrorKind::NotADirectory, why));
                }
                Err(_) if creates => fs::create_dir(&folder)?,
                Err(_) => {}
            }
        }
        Ok(folder.join(name))
    }
}

impl NewFile {
    /// Appends to the file.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Syncs the file and gives it its name.
    ///
    /// # Errors
    /// `AlreadyExists` if something has the name by now, or if the file can't be written.
    pub fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        let named = self.file.persist_noclobber(&self.path);
        named.map(drop).map_err(|error| error.error)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let outside = tempfile::tempdir().unwrap();
        let inside = outside.path().join("a/in");
        let folder = OutputFolder::open(&inside).unwrap();
        std::os::unix::fs::symlink(outside.path(), inside.join("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", inside.join("dangling")).unwrap();
        for path in [
            "../x",
            "/x",
            "",
            ".",
            "a/../x",
            "a//x",
            "a/",
            "./x",
            "link/x",
            "dangling/x",
            "x\0",
        ] {
            assert!(folder.create(path).is_err(), "{path:?}");
            assert!(folder.has(path).is_err(), "{path:?}");
        }
        assert!(folder.has("dangling").unwrap() && !folder.has("a/b").unwrap());
        let write = |path: &str| {
            let mut file = folder.create(path)?;
            file.write(b"1")?;
            file.write(b"2")?;
            file.finish()
        };
        write("b/c/..d").unwrap();
        assert_eq!(fs::read(inside.join("b/c/..d")).unwrap(), b"12");
        for path in ["b/c/..d", "dangling", "link"] {
            let error = write(path).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{path}");
        }
        assert!(!inside.join("nowhere").exists() && !outside.path().join("x").exists());
    }

    #[test]
    fn unfinished_file_leaves_nothing() {
        let outside = tempfile::tempdir().unwrap();
        let folder = OutputFolder::open(outside.path()).unwrap();
        let mut file = folder.create("model.pkl").unwrap();
        file.write(b"half").unwrap();
        assert!(!folder.has("model.pkl").unwrap());
        drop(file);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}
