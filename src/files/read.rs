//! Reading small files that people write.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Files of one folder that are read.
const MAX_FILES: usize = 200;

/// Whose files are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Anyone's.
    Anyone,
    /// The user's and the system's, if nobody else can write to them.
    Owner,
}

/// A text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// The whole text.
    pub text: String,
    /// Whether its name is a symbolic link: its lines may be anyone's secrets.
    pub is_link: bool,
}

/// Reads a text file; see [`read_file`].
///
/// # Errors
/// As for [`read_file`], and if it is not UTF-8.
pub fn read_text(path: &Path, max_bytes: u64) -> io::Result<String> {
    read_file(path, max_bytes, Trust::Anyone).map(|file| file.text)
}

/// Reads a regular file of at most `max_bytes`. Pipes and devices are refused, and opening one does not block.
///
/// # Errors
/// If it is missing, unreadable, no regular file, too large, not UTF-8, or not to be trusted.
pub fn read_file(path: &Path, max_bytes: u64, trust: Trust) -> io::Result<TextFile> {
    let is_link = fs::symlink_metadata(path)?.is_symlink();
    let file = open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    if trust == Trust::Owner {
        check_owner(&metadata)?;
    }
    let bytes = read_at_most(file, max_bytes)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8 text"))?;
    Ok(TextFile { text, is_link })
}

/// Reads a regular file of at most `max_bytes` that need not be text.
///
/// # Errors
/// If it is missing, unreadable, no regular file, or too large.
pub fn read_bytes(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    if file.metadata()?.is_file() {
        read_at_most(file, max_bytes)
    } else {
        Err(io::Error::other("not a regular file"))
    }
}

fn read_at_most(file: File, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::other(format!(
            "larger than {} kB",
            max_bytes >> 10
        )));
    }
    Ok(bytes)
}

/// Opening a pipe would wait for its writer, and opening a terminal could take it over.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
fn check_owner(metadata: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let user = rustix::process::geteuid().as_raw();
    let refuse = |why: &str| Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    if ![user, 0].contains(&metadata.uid()) {
        return refuse("refused: it belongs to another user");
    }
    if metadata.mode() & 0o002 != 0 {
        return refuse("refused: every user can write to it; remove that with chmod o-w");
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Metadata) -> io::Result<()> {
    Ok(())
}

/// The first `*.toml` files of a folder by name, and whether there are more; none if the folder is missing.
#[must_use]
pub fn list_toml_files(folder: &Path) -> (Vec<PathBuf>, bool) {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .take(100 * MAX_FILES)
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    paths.sort();
    let has_more = paths.len() > MAX_FILES;
    paths.truncate(MAX_FILES);
    (paths, has_more)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn only_small_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let error = |name: &str| read_text(&path(name), 4).unwrap_err().to_string();
        std::fs::write(path("four"), "four").unwrap();
        assert_eq!(read_text(&path("four"), 4).unwrap(), "four");
        std::fs::write(path("five!"), "five!").unwrap();
        assert!(error("five!").contains("larger"));
        symlink("/dev/zero", path("zero")).unwrap();
        assert!(error("zero").contains("not a regular file"));
        let status = std::process::Command::new("mkfifo")
            .arg(path("pipe"))
            .status()
            .unwrap();
        assert!(status.success());
        assert!(error("pipe").contains("not a regular file"));
        assert!(error(".").contains("not a regular file"));
        std::fs::write(path("binary"), [0xff]).unwrap();
        assert!(error("binary").contains("UTF-8"));
        symlink("four", path("link")).unwrap();
        let read = |name: &str| read_file(&path(name), 4, Trust::Anyone).unwrap().is_link;
        assert_eq!((read("link"), read("four")), (true, false));
    }

    #[test]
    fn untrusted_owner_or_mode_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.toml");
        std::fs::write(&path, "").unwrap();
        let read = || read_file(&path, 4, Trust::Owner);
        let set_mode = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set_mode(0o664);
        assert!(read().is_ok());
        set_mode(0o646);
        assert!(
            read()
                .unwrap_err()
                .to_string()
                .contains("every user can write")
        );
        set_mode(0o644);
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(12_345), None).is_ok() {
            assert!(read().unwrap_err().to_string().contains("another user"));
        }
    }
}
