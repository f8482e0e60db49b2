//! Files of a run or a model, downloaded to a folder with a manifest of their digests.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::RequestError;
use super::export::expand_home;
use super::lineage::artifact_location;
use crate::domain::{
    ArtifactOwner, ModelName, ModelVersion, StoreError, StoreErrorKind, VersionNumber,
};
use crate::files::{NewFile, OutputFolder, is_plain_path};
use crate::store::{ReadStore, Result, limits};
use crate::text::quantity::format_bytes;
use crate::text::untrusted::{Untrusted, clean};

/// The manifest, which `sha256sum -c` checks. It is written last: a folder without it has no complete download.
pub const MANIFEST: &str = "SHA256SUMS";

/// The most parts of a file that are written at once, and that wait meanwhile.
const PARTS: usize = 32;
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// What to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadSource {
    /// The run or the logged model.
    pub owner: ArtifactOwner,
    /// The folder in its artifacts to which paths are relative; empty for all of them.
    pub root: String,
    /// The file or folder below `root`; empty for all files.
    pub path: String,
}

/// How far a download is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DownloadProgress {
    /// The number of complete files.
    pub files: usize,
    /// The number of files; 0 until all are listed.
    pub total_files: usize,
    /// The bytes that are written.
    pub bytes: u64,
    /// The bytes of all files, as far as the store lists their sizes.
    pub total_bytes: u64,
}

impl DownloadProgress {
    /// One line.
    #[must_use]
    pub fn describe(&self) -> String {
        if self.total_files == 0 {
            return "downloading: listing files".to_owned();
        }
        let at = (self.files + 1).min(self.total_files);
        let bytes = format_bytes(self.bytes);
        let of = match self.total_bytes {
            total if total >= self.bytes => format!(" of {}", format_bytes(total)),
            _ => String::new(),
        };
        format!("downloading file {at} of {}: {bytes}{of}", self.total_files)
    }
}

/// A downloaded file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadedFile {
    /// Relative to the folder.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// In hex.
    pub sha256: String,
}

/// A complete download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// As the user named it.
    pub folder: PathBuf,
    /// Sorted by path.
    pub files: Vec<DownloadedFile>,
    /// The manifest's name in the folder.
    pub manifest: String,
}

impl Download {
    /// The bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// One line, cleaned.
    #[must_use]
    pub fn describe(&self) -> String {
        let count = match self.files.len() {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        let (size, folder) = (format_bytes(self.bytes()), self.folder.display());
        let folder = folder.to_string();
        format!("downloaded {count} ({size}) to {}", clean(&folder))
    }
}

/// Why a download failed. Files that are complete stay in the folder, without a manifest.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store lists a file whose path leads out of the folder.
    #[error("the store lists a file with an unsafe path: {}", .0.clean())]
    UnsafePath(Untrusted),
    /// Something has the name of a file. Nothing was written.
    #[error("{} exists already", clean(.0))]
    Exists(String),
    /// A file could not be written.
    #[error("cannot write {}: {}", clean(.0), .1)]
    Write(String, io::Error),
}

impl From<DownloadError> for RequestError {
    fn from(error: DownloadError) -> Self {
        let hint = match &error {
            DownloadError::Store(error) => error.hint(),
            DownloadError::UnsafePath(_) => "nothing was written",
            DownloadError::Exists(_) => "name another folder",
            DownloadError::Write(..) => "name another folder; the download is incomplete",
        };
        Self::new(error.to_string(), hint)
    }
}

/// The files of a version: those of its logged model, or its folder in the artifacts of its run.
///
/// # Errors
/// When the version does not exist, or its source is not in the artifacts of this store.
pub async fn version_source(
    reader: &dyn ReadStore,
    model: &ModelName,
    number: VersionNumber,
) -> Result<DownloadSource> {
    let what = format!("finding the files of {}/{number}", model.clean());
    let versions = reader.versions(model).await?;
    let version: &ModelVersion = versions
        .iter()
        .find(|version| version.version == number)
        .ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, &what, "no such version"))?;
    let run = if version.logged_model().is_none() && !version.run_id.raw().is_empty() {
        reader.run(&version.run_id).await.ok()
    } else {
        None
    };
    let (owner, root) = artifact_location(version, run.as_ref()).ok_or_else(|| {
        let why = format!(
            "its source is not among the artifacts of a run: {}",
            version.source.clean()
        );
        StoreError::new(StoreErrorKind::Unsupported, &what, why)
            .with_hint(Some("download it from its source with another tool"))
    })?;
    let path = String::new();
    Ok(DownloadSource { owner, root, path })
}

/// Downloads to a folder, which is created where there is none. A leading `~/` is the home folder. Every file is new, and
/// has its name once it is complete.
///
/// # Errors
/// See [`DownloadError`].
pub async fn download(
    reader: &dyn ReadStore,
    source: &DownloadSource,
    folder: &str,
    mut progress: impl FnMut(&DownloadProgress),
) -> Result<Download, DownloadError> {
    let mut state = DownloadProgress::default();
    progress(&state);
    let files = list_files(reader, source).await?;
    let folder = expand_home(folder);
    let out = prepare_folder(&folder, &files).await?;
    state.total_files = files.len();
    state.total_bytes = files.values().filter_map(|file| file.size).sum();
    let mut done = Vec::new();
    let mut last_report: Option<Instant> = None;
    for (path, file) in &files {
        let new = out.create(path).map_err(|error| write_error(path, error))?;
        let before = state.bytes;
        let on_bytes = |count: u64| {
            state.bytes = before + count;
            if last_report.is_none_or(|at| at.elapsed() >= PROGRESS_INTERVAL) {
                last_report = Some(Instant::now());
                progress(&state);
            }
        };
        let (size, sha256) = copy_file(reader, &source.owner, file, new, path, on_bytes).await?;
        state.files += 1;
        done.push(DownloadedFile {
            path: path.clone(),
            size,
            sha256,
        });
    }
    let manifest = manifest_name(&files);
    let contents: String = done.iter().map(manifest_line).collect();
    write_manifest(out, manifest.clone(), contents).await?;
    Ok(Download {
        folder,
        files: done,
        manifest,
    })
}

/// A file in the store's listing.
struct ListedFile {
    /// Relative to the owner's artifacts.
    path: String,
    size: Option<u64>,
}

/// The files to download, each by its path in the folder.
async fn list_files(
    reader: &dyn ReadStore,
    source: &DownloadSource,
) -> Result<BTreeMap<String, ListedFile>, DownloadError> {
    let (root, path) = (source.root.trim_matches('/'), source.path.trim_matches('/'));
    let what = format!("downloading {}", clean(path));
    let is_safe = |path: &&str| path.is_empty() || is_plain_path(path);
    if ![root, path].iter().all(is_safe) {
        let why = "the path must be relative, without `..`";
        return Err(StoreError::new(StoreErrorKind::InvalidRequest, what, why).into());
    }
    let full = join(root, path);
    let listed = match single_file(reader, &source.owner, path, &full, &what).await? {
        Some(file) => vec![file],
        None => walk(reader, &source.owner, full, &what).await?,
    };
    if listed.is_empty() {
        let error = StoreError::new(StoreErrorKind::NotFound, what, "there are no files");
        return Err(error.into());
    }
    let local = |file: &ListedFile| {
        let below = file.path.strip_prefix(root).unwrap_or(&file.path);
        below.trim_start_matches('/').to_owned()
    };
    Ok(listed
        .into_iter()
        .map(|file| (local(&file), file))
        .collect())
}

/// The file of a path; `None` for a folder.
async fn single_file(
    reader: &dyn ReadStore,
    owner: &ArtifactOwner,
    path: &str,
    full: &str,
    what: &str,
) -> Result<Option<ListedFile>> {
    if path.is_empty() {
        return Ok(None);
    }
    let (parent, _) = full.rsplit_once('/').unwrap_or(("", full));
    let listing = reader.artifacts(owner, parent).await?;
    let found = listing.iter().find(|entry| entry.path.raw() == full);
    let entry = found
        .ok_or_else(|| StoreError::new(StoreErrorKind::NotFound, what, "no such file or folder"))?;
    Ok((!entry.is_dir).then(|| ListedFile {
        path: full.to_owned(),
        size: entry.size,
    }))
}

/// All files below a folder.
async fn walk(
    reader: &dyn ReadStore,
    owner: &ArtifactOwner,
    folder: String,
    what: &str,
) -> Result<Vec<ListedFile>, DownloadError> {
    let mut found = Vec::new();
    let mut folders = vec![(folder, 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in reader.artifacts(owner, &folder).await? {
            let path = entry.path.raw();
            let name = match folder.as_str() {
                "" => Some(path),
                folder => path
                    .strip_prefix(folder)
                    .and_then(|rest| rest.strip_prefix('/')),
            };
            if !name.is_some_and(|name| is_plain_path(name) && !name.contains('/')) {
                return Err(DownloadError::UnsafePath(entry.path));
            }
            let path = path.to_owned();
            if entry.is_dir {
                folders.push((path, depth + 1));
            } else {
                let size = entry.size;
                found.push(ListedFile { path, size });
            }
        }
        let why = if found.len() + folders.len() > limits::DOWNLOAD_FILES {
            format!("there are more than {} files", limits::DOWNLOAD_FILES)
        } else if depth > limits::DOWNLOAD_DEPTH {
            let most = limits::DOWNLOAD_DEPTH;
            format!("there are more than {most} folders inside each other")
        } else {
            continue;
        };
        let error = StoreError::new(StoreErrorKind::ResponseTooLarge, what, why);
        return Err(error.with_hint(Some("download one of its folders")).into());
    }
    Ok(found)
}

fn join(root: &str, path: &str) -> String {
    match (root, path) {
        ("", path) => path.to_owned(),
        (root, "") => root.to_owned(),
        (root, path) => format!("{root}/{path}"),
    }
}

/// The manifest's name; a numbered one where the download has a file or folder of that name.
fn manifest_name(files: &BTreeMap<String, ListedFile>) -> String {
    let is_free = |name: &String| {
        let inside = format!("{name}/");
        !files
            .keys()
            .any(|path| path == name || path.starts_with(&inside))
    };
    let numbered = (2..).map(|number| format!("{MANIFEST}-{number}"));
    let mut names = std::iter::once(MANIFEST.to_owned()).chain(numbered);
    names.find(is_free).unwrap_or_default()
}

/// Opens the folder, unless a file of the download or its manifest is there already.
async fn prepare_folder(
    folder: &Path,
    files: &BTreeMap<String, ListedFile>,
) -> Result<OutputFolder, DownloadError> {
    let folder = folder.to_owned();
    let mut names: Vec<String> = files.keys().cloned().collect();
    names.push(manifest_name(files));
    let work = move || {
        let shown = folder.display().to_string();
        let out = OutputFolder::open(&folder).map_err(|error| write_error(&shown, error))?;
        for name in &names {
            if out.has(name).map_err(|error| write_error(name, error))? {
                let path = folder.join(name).display().to_string();
                return Err(DownloadError::Exists(path));
            }
        }
        Ok(out)
    };
    blocking(work).await
}

/// Copies a file of the store to a new one. Returns its size and digest.
async fn copy_file(
    reader: &dyn ReadStore,
    owner: &ArtifactOwner,
    from: &ListedFile,
    to: NewFile,
    name: &str,
    on_bytes: impl FnMut(u64),
) -> Result<(u64, String), DownloadError> {
    let (sender, receiver) = mpsc::channel(PARTS);
    let read = async {
        let result = reader.read_artifact(owner, &from.path, &sender).await;
        drop(sender);
        result
    };
    let (read, written) = tokio::join!(read, write_parts(receiver, to, name, on_bytes));
    // A failed write ends the read, too.
    let (file, hasher, size) = written?;
    read?;
    if let Some(listed) = from.size.filter(|listed| *listed != size) {
        let what = format!("reading {}", clean(&from.path));
        let why = format!("the file has {size} bytes, and {listed} in the store's listing");
        return Err(StoreError::new(StoreErrorKind::InvalidResponse, what, why)
            .with_hint(Some(
                "it may be written at this moment, or the response ended early: try again",
            ))
            .into());
    }
    let path = name.to_owned();
    blocking(move || file.finish().map_err(|error| write_error(&path, error))).await?;
    let digest = hasher.finalize();
    let hex = digest
        .iter()
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    Ok((size, hex))
}

/// Writes and digests the parts of a file until there are no more.
async fn write_parts(
    mut receiver: mpsc::Receiver<Vec<u8>>,
    mut file: NewFile,
    name: &str,
    mut on_bytes: impl FnMut(u64),
) -> Result<(NewFile, Sha256, u64), DownloadError> {
    let mut hasher = Sha256::new();
    let mut size = 0;
    loop {
        let mut parts = Vec::new();
        if receiver.recv_many(&mut parts, PARTS).await == 0 {
            return Ok((file, hasher, size));
        }
        let path = name.to_owned();
        let write = move || {
            let mut count = 0;
            for part in &parts {
                hasher.update(part);
                count += part.len() as u64;
                file.write(part)
                    .map_err(|error| write_error(&path, error))?;
            }
            Ok((file, hasher, count))
        };
        let count;
        (file, hasher, count) = blocking(write).await?;
        size += count;
        on_bytes(size);
    }
}

/// `DIGEST  PATH`, escaped as coreutils does.
fn manifest_line(file: &DownloadedFile) -> String {
    let escaped = file
        .path
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r");
    let mark = if escaped == file.path { "" } else { "\\" };
    format!("{mark}{}  {escaped}\n", file.sha256)
}

async fn write_manifest(
    out: OutputFolder,
    name: String,
    contents: String,
) -> Result<(), DownloadError> {
    let write = move || {
        let write = || {
            let mut file = out.create(&name)?;
            file.write(contents.as_bytes())?;
            file.finish()
        };
        write().map_err(|error| write_error(&name, error))
    };
    blocking(write).await
}

fn write_error(path: &str, error: io::Error) -> DownloadError {
    DownloadError::Write(path.to_owned(), error)
}

/// Runs work that blocks on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, DownloadError> + Send + 'static,
) -> Result<T, DownloadError> {
    let failed = |error: tokio::task::JoinError| {
        let kind = StoreErrorKind::ServerError;
        StoreError::new(kind, "writing files", error.to_string())
    };
    spawn_blocking(work).await.map_err(failed)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_escaped_as_sha256sum_does() {
        let line = |path: &str| {
            manifest_line(&DownloadedFile {
                path: path.into(),
                size: 0,
                sha256: "e3".into(),
            })
        };
        assert_eq!(line("a b/c"), "e3  a b/c\n");
        assert_eq!(line("a\nb\\"), "\\e3  a\\nb\\\\\n");
    }

    #[test]
    fn progress_names_file_and_bytes() {
        let progress = DownloadProgress {
            files: 2,
            total_files: 3,
            bytes: 2_000,
            total_bytes: 4_000,
        };
        let text = progress.describe();
        assert!(text.starts_with("downloading file 3 of 3: "), "{text}");
    }
}
