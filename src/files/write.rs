//! Writing output files: whole or not at all, and never through a link.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Creates a file. Its contents appear at once and are synced to disk.
///
/// # Errors
/// `AlreadyExists` if there is anything of this name, a dangling link too; other errors if it can't be written.
pub fn create(path: &Path, contents: &[u8]) -> io::Result<()> {
    let file = write_beside(path, contents)?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// Creates a file or replaces one. A link is replaced by the file; what it points to stays as it is.
///
/// # Errors
/// If it can't be written, or the name is that of a folder.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<()> {
    let file = write_beside(path, contents)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A synced file of a random name in the same folder, with the permissions of a new file.
fn write_beside(path: &Path, contents: &[u8]) -> io::Result<NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = new_temp(folder.unwrap_or(Path::new(".")))?;
    file.write_all(contents)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// An empty file of a random name, with the permissions of a new file.
pub(super) fn new_temp(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".frontrunner-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn existing_files_and_links_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        create(&path("new"), b"1").unwrap();
        std::os::unix::fs::symlink("elsewhere", path("dangling")).unwrap();
        std::os::unix::fs::symlink("new", path("link")).unwrap();
        for name in ["new", "dangling", "link"] {
            let error = create(&path(name), b"2").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "{name}");
        }
        assert_eq!(fs::read(path("new")).unwrap(), b"1");
        assert!(!path("elsewhere").exists());
        replace(&path("link"), b"2").unwrap();
        assert_eq!(fs::read(path("new")).unwrap(), b"1");
        assert_eq!(fs::read(path("link")).unwrap(), b"2");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}
