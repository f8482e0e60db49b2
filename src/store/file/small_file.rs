//! Small files, read whole: values, metrics and `meta.yaml`. Only regular files are opened, as a pipe
//! would block, and only as much is read as a limit allows.

use std::cell::RefCell;
use std::ffi::CStr;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, statat};
use rustix::io::Errno;
use rustix::path::Arg;

use crate::store::limits;
use crate::store::local::{FileStamp, now_ms};

/// Buffers above this size are not kept.
const KEPT_BUFFER_BYTES: usize = 1 << 20;
/// A file may be half written until it is this old, in seconds.
const TORN_SECONDS: i64 = 2;
const TORN_RETRIES: usize = 2;
const TORN_RETRY_DELAY: Duration = Duration::from_millis(50);

/// What is unreadable in a run, an experiment or a model, for users.
#[derive(Debug, Default)]
pub(super) struct Problems {
    shown: Vec<String>,
    more: usize,
}

impl Problems {
    /// The most problems that are listed one by one.
    const MAX_SHOWN: usize = 20;

    pub(super) fn add(&mut self, file: &str, why: &str) {
        if self.shown.len() < Self::MAX_SHOWN {
            self.shown.push(format!("{file}: {why}"));
        } else {
            self.more += 1;
        }
    }

    /// All problems as one text; `None` without one.
    pub(super) fn into_text(mut self) -> Option<String> {
        // Folders are listed in no order.
        self.shown.sort_unstable();
        if self.more > 0 {
            self.shown.push(format!("{} more", self.more));
        }
        (!self.shown.is_empty()).then(|| self.shown.join("; "))
    }
}

/// Reads a regular file of at most `limit` bytes; the error is for users.
pub(super) fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
    FileStamp::of_file(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    read_bounded(path, limit, &mut bytes)?;
    Ok(bytes)
}

/// The same, as text.
pub(super) fn read_text(path: &Path, limit: u64) -> Result<String, String> {
    String::from_utf8(read_bytes(path, limit)?).map_err(|_| "not UTF-8".to_owned())
}

/// Reads and parses a file that another program may be writing: MLflow truncates `meta.yaml` before it writes it, and so does a
/// move from another file system. A file that was just changed and can't be parsed is read again.
pub(super) fn read_when_whole<T>(
    path: &Path,
    read: impl Fn() -> Result<T, String>,
) -> Result<T, String> {
    let mut result = read();
    for _ in 0..TORN_RETRIES {
        let is_settled =
            || !FileStamp::of(path).is_some_and(|stamp| stamp.is_recent(now_ms(), TORN_SECONDS));
        if result.is_ok() || is_settled() {
            break;
        }
        sleep(TORN_RETRY_DELAY);
        result = read();
    }
    result
}

fn read_bounded(path: &Path, limit: u64, buffer: &mut Vec<u8>) -> Result<(), String> {
    buffer.clear();
    let mut file = File::open(path)
        .map_err(|error| error.to_string())?
        .take(limit + 1);
    file.read_to_end(buffer)
        .map_err(|error| error.to_string())?;
    check_size(buffer, limit)
}

fn check_size(buffer: &[u8], limit: u64) -> Result<(), String> {
    if buffer.len() as u64 > limit {
        return Err(format!("larger than {} MiB", limit >> 20));
    }
    Ok(())
}

/// Reads every file below a folder; `visit` gets its key, the path relative to the folder, and its
/// bytes. A missing folder is empty.
pub(super) fn for_each_file(
    folder: &Path,
    limit: u64,
    problems: &mut Problems,
    mut visit: impl FnMut(&str, &[u8], &mut Problems),
) {
    thread_local! {
        static BUFFER: RefCell<Vec<u8>> = RefCell::new(Vec::with_capacity(64 << 10));
    }
    let label = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut buffer = BUFFER.take();
    for_each_entry(folder, &label, problems, &mut |entry, problems| match entry
        .read(limit, &mut buffer)
    {
        Ok(()) => visit(entry.key, &buffer, problems),
        Err(why) => problems.add(&format!("{label}/{}", entry.key), &why),
    });
    if buffer.capacity() <= KEPT_BUFFER_BYTES {
        BUFFER.set(buffer);
    }
}

/// A regular file in an open folder: opening it by its name there takes half the time of a long path.
struct Entry<'a> {
    folder: BorrowedFd<'a>,
    name: &'a CStr,
    key: &'a str,
}

impl Entry<'_> {
    fn read(&self, limit: u64, buffer: &mut Vec<u8>) -> Result<(), String> {
        buffer.clear();
        let message = |error: Errno| io::Error::from(error).to_string();
        // A pipe that took the file's place does not block.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let opened = openat(self.folder, self.name, flags, Mode::empty()).map_err(message)?;
        let mut file = File::from(opened).take(limit + 1);
        file.read_to_end(buffer)
            .map_err(|error| error.to_string())?;
        check_size(buffer, limit)
    }

    fn hash_stamp(&self, hasher: &mut impl Hasher) {
        self.key.hash(hasher);
        if let Ok(found) = statat(self.folder, self.name, AtFlags::empty()) {
            (
                found.st_ino,
                found.st_size,
                found.st_mtime,
                found.st_mtime_nsec,
            )
                .hash(hasher);
        }
    }
}

fn open_folder(folder: BorrowedFd<'_>, name: impl Arg) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
    openat(folder, name, flags, Mode::empty())
}

/// Calls `visit` with every regular file below a folder.
fn for_each_entry(
    folder: &Path,
    label: &str,
    problems: &mut Problems,
    visit: &mut dyn FnMut(&Entry<'_>, &mut Problems),
) {
    let mut open = vec![(open_folder(CWD, folder), String::new())];
    let mut seen = 0;
    while let Some((opened, prefix)) = open.pop() {
        let listed = opened.and_then(Dir::new).map(|mut dir| {
            let found: Vec<_> = dir.by_ref().filter_map(Result::ok).collect();
            (dir, found)
        });
        let (dir, found) = match listed {
            Ok(listed) => listed,
            Err(Errno::NOENT) => continue,
            Err(error) => {
                let why = io::Error::from(error).to_string();
                problems.add(&format!("{label}/{prefix}"), &why);
                continue;
            }
        };
        let Ok(folder) = dir.fd() else { continue };
        for entry in &found {
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            seen += 1;
            if seen > limits::FILE_STORE_KEYS {
                let why = format!("only the first {} files were read", limits::FILE_STORE_KEYS);
                return problems.add(label, &why);
            }
            let key = format!("{prefix}{}", name.to_string_lossy());
            let kind = match entry.file_type() {
                // Some file systems list no types.
                FileType::Symlink | FileType::Unknown => statat(folder, name, AtFlags::empty())
                    .map_or(FileType::Unknown, |found| {
                        FileType::from_raw_mode(found.st_mode)
                    }),
                kind => kind,
            };
            if kind == FileType::Directory {
                // A link to a folder is not followed, as in MLflow.
                if entry.file_type() != FileType::Symlink {
                    open.push((open_folder(folder, name), format!("{key}/")));
                }
            } else if name.to_str().is_err() || !is_key(&key) {
                problems.add(&format!("{label}/{key}"), "not a name that MLflow uses");
            } else if kind == FileType::RegularFile {
                let key = key.as_str();
                visit(&Entry { folder, name, key }, problems);
            } else {
                problems.add(&format!("{label}/{key}"), "not a regular file");
            }
        }
    }
}

/// Whether MLflow accepts the name of a param, metric or tag; it fails to read runs with others.
fn is_key(key: &str) -> bool {
    key.chars()
        .all(|c| c.is_alphanumeric() || "_/.- :".contains(c))
}

/// A hash of which files are below some folders, and of their stamps.
pub(super) fn hash_files(folders: &[PathBuf], hasher: &mut impl Hasher) {
    let mut ignored = Problems::default();
    for folder in folders {
        for_each_entry(folder, "", &mut ignored, &mut |entry, _| {
            entry.hash_stamp(hasher);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn file_that_was_just_changed_is_read_again() {
        use std::cell::Cell;
        use std::time::SystemTime;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("meta.yaml");
        let file = File::create(&path).unwrap();
        let reads_until_whole = |age_in_hours: i32| {
            let hour = Duration::from_hours(1) * age_in_hours.unsigned_abs();
            let time = match age_in_hours {
                0.. => SystemTime::now() - hour,
                _ => SystemTime::now() + hour,
            };
            file.set_modified(time).unwrap();
            let reads = Cell::new(0);
            let read = || {
                reads.set(reads.get() + 1);
                if reads.get() < 2 {
                    Err("empty".to_owned())
                } else {
                    Ok("whole")
                }
            };
            (read_when_whole(&path, read), reads.get())
        };
        assert_eq!(reads_until_whole(-1), (Ok("whole"), 2));
        assert_eq!(reads_until_whole(1), (Err("empty".to_owned()), 1));
    }

    #[test]
    fn keys_are_relative_paths_and_odd_files_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let tags = folder.path().join("tags");
        fs::create_dir_all(tags.join("a/b")).unwrap();
        fs::write(tags.join("a/b/c"), "slash").unwrap();
        fs::write(tags.join("größe x:y"), "ok").unwrap();
        fs::write(tags.join("50%"), "no key").unwrap();
        fs::write(tags.join("big"), [b'x'; 10]).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(tags.join("pipe"))
            .status()
            .unwrap();
        assert!(made.success());
        let (mut problems, mut read) = (Problems::default(), Vec::new());
        for_each_file(&tags, 9, &mut problems, |key, bytes, _| {
            read.push((key.to_owned(), bytes.to_vec()));
        });
        read.sort();
        assert_eq!(
            read,
            [
                ("a/b/c".to_owned(), b"slash".to_vec()),
                ("größe x:y".to_owned(), b"ok".to_vec())
            ]
        );
        assert_eq!(
            problems.into_text().unwrap(),
            "tags/50%: not a name that MLflow uses; tags/big: larger than 0 MiB; tags/pipe: not a regular file"
        );
    }
}
