//! Where runs are: the folders that W&B makes, one a run.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::domain::{Millis, RunId};
use crate::store::limits;

/// What the folders of runs begin with; the last one is that of very old versions.
const RUN_DIR_PREFIXES: [&str; 3] = ["run-", "offline-run-", "dryrun-"];
/// The folders in which W&B keeps a project's runs.
const WANDB_DIRS: [&str; 2] = ["wandb", ".wandb"];

/// A run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunDir {
    /// The run's id. Where an earlier folder has the same run, which was resumed, the time of this one stands behind it.
    pub id: RunId,
    /// The folder.
    pub path: PathBuf,
    /// The log; very old versions have none.
    pub log: Option<PathBuf>,
    /// When it started, by the folder's name: to the second.
    pub started_at: Option<Millis>,
}

/// How a file is: once that differs, its content may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FileStamp {
    /// How long it is, in bytes.
    pub bytes: u64,
    /// When it was written last, ms since the epoch.
    pub modified: Option<Millis>,
    /// Which file it is.
    file_id: (u64, u64),
}

impl FileStamp {
    /// How a file is now; nothing where it can't be seen.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        let modified = found.modified().ok().and_then(to_millis);
        Some(Self {
            bytes: found.len(),
            modified,
            file_id: file_id(&found),
        })
    }

    /// Whether the same file has become longer, or is as it was.
    pub(super) fn is_extension_of(&self, earlier: &Self) -> bool {
        self.file_id == earlier.file_id && self.bytes >= earlier.bytes
    }

    /// Whether it was written a short while ago.
    pub(super) fn is_recent(&self, now: Millis) -> bool {
        self.modified.is_some_and(|modified| {
            now.saturating_sub(modified) < limits::WANDB_HEARTBEAT_TIMEOUT_SECONDS * 1_000
        })
    }
}

fn to_millis(time: SystemTime) -> Option<Millis> {
    time.duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since: Duration| Millis::try_from(since.as_millis()).ok())
}

/// The time, ms since the epoch.
pub(super) fn now_ms() -> Millis {
    to_millis(SystemTime::now()).unwrap_or(0)
}

#[cfg(unix)]
fn file_id(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn identity(found: &Metadata) -> (u64, u64) {
    (0, u64::from(found.is_file()))
}

impl RunDir {
    /// The run of a folder; nothing where it is none.
    pub(super) fn open(folder: &Path) -> Option<Self> {
        let (time, id) = split_dir_name(folder.file_name()?.to_str()?)?;
        let expected = folder.join(format!("run-{id}.wandb"));
        let log = if expected.is_file() {
            Some(expected)
        } else {
            find_log(folder)
        };
        Some(Self {
            id: RunId::from(id),
            path: folder.to_owned(),
            log,
            started_at: parse_local_time(time),
        })
    }

    /// The time in the folder's name.
    fn time_in_name(&self) -> &str {
        self.path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(split_dir_name)
            .map_or("", |(time, _)| time)
    }

    /// Where the run's files are.
    pub(super) fn files_dir(&self) -> PathBuf {
        self.path.join("files")
    }

    /// Whether W&B kept how the files differed from the commit.
    pub(super) fn has_diff(&self) -> bool {
        self.files_dir().join("diff.patch").is_file()
    }

    /// How the log is now.
    pub(super) fn log_stamp(&self) -> Option<FileStamp> {
        self.log.as_deref().and_then(FileStamp::read)
    }
}

/// The time and the id in the name of a run's folder: `offline-run-20261123_135403-eum48n8y`.
fn split_dir_name(name: &str) -> Option<(&str, &str)> {
    let rest = RUN_DIR_PREFIXES
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))?;
    let (time, id) = rest.split_once('-')?;
    let is_time = time.len() == 15
        && time.bytes().enumerate().all(|(at, byte)| {
            if at == 8 {
                byte == b'_'
            } else {
                byte.is_ascii_digit()
            }
        });
    (is_time && !id.is_empty()).then_some((time, id))
}

/// The time in a folder's name, which is local.
fn parse_local_time(time: &str) -> Option<Millis> {
    let time = DateTime::strptime("%Y%m%d_%H%M%S", time).ok()?;
    Some(TimeZone::system().to_timestamp(time).ok()?.as_millisecond())
}

fn find_log(folder: &Path) -> Option<PathBuf> {
    let mut logs: Vec<PathBuf> = folder
        .read_dir()
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "wandb"))
        .collect();
    logs.sort();
    logs.into_iter().find(|path| path.is_file())
}

/// The folder of runs that a path names: one with runs, a project's folder around it, a run's folder, or a run's log.
pub(in crate::store) fn find_runs(path: &Path) -> Option<PathBuf> {
    if path.is_file() && path.extension().is_some_and(|e| e == "wandb") {
        let run = path.parent()?;
        return Some(if run.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            run.to_owned()
        });
    }
    // Follow links, above all `latest-run`.
    let canonical = path.canonicalize().ok().filter(|path| path.is_dir())?;
    if RunDir::open(&canonical).is_some_and(|run| run.log.is_some() || run.files_dir().is_dir())
        || has_runs(path)
    {
        return Some(path.to_owned());
    }
    find_project_runs(path).or_else(|| {
        // W&B creates the folder before the first run.
        let is_empty = canonical.file_name().is_some_and(|name| name == "wandb")
            && canonical
                .read_dir()
                .is_ok_and(|mut entries| entries.next().is_none());
        is_empty.then(|| path.to_owned())
    })
}

/// The folder of runs in a project's folder.
pub(in crate::store) fn find_project_runs(folder: &Path) -> Option<PathBuf> {
    WANDB_DIRS
        .iter()
        .map(|name| folder.join(name))
        .find(|path| has_runs(path))
}

fn has_runs(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else {
        return false;
    };
    entries.filter_map(Result::ok).any(|entry| {
        entry
            .file_name()
            .to_str()
            .and_then(split_dir_name)
            .is_some()
            && entry.path().is_dir()
    })
}

/// The runs of a folder, in the order of their names but for what W&B puts before the time; of a run's own folder that one.
///
/// # Errors
/// When the folder can't be read.
pub(super) fn list_run_dirs(
    wandb_dir: &Path,
    cached: impl Fn(&Path) -> Option<RunDir>,
) -> io::Result<Vec<RunDir>> {
    let mut found: Vec<RunDir> = match RunDir::open(wandb_dir) {
        Some(run) => vec![run],
        None => wandb_dir
            .read_dir()?
            .filter_map(|entry| cached_or_open(&entry.ok()?.path(), &cached))
            .collect(),
    };
    found.sort_by(|a, b| (a.time_in_name(), &a.path).cmp(&(b.time_in_name(), &b.path)));
    let mut seen = std::collections::HashSet::new();
    for run in &mut found {
        if !seen.insert(run.id.clone()) {
            run.id = RunId::from(format!("{}@{}", run.id.raw(), run.time_in_name()));
            seen.insert(run.id.clone());
        }
    }
    Ok(found)
}

fn cached_or_open(path: &Path, cached: &impl Fn(&Path) -> Option<RunDir>) -> Option<RunDir> {
    split_dir_name(path.file_name()?.to_str()?)?;
    // A run that has its log keeps it.
    let cached = cached(path).filter(|place| place.log.is_some());
    let (_, id) = split_dir_name(path.file_name()?.to_str()?)?;
    cached
        .map(|place| RunDir {
            id: RunId::from(id),
            ..place
        })
        .or_else(|| RunDir::open(path).filter(|place| place.path.is_dir()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_run_directory_names() {
        assert_eq!(
            split_dir_name("offline-run-20261123_135403-eum48n8y"),
            Some(("20261123_135403", "eum48n8y"))
        );
        assert_eq!(
            split_dir_name("run-20261123_135403-my-own-id"),
            Some(("20261123_135403", "my-own-id"))
        );
        for other in [
            "latest-run",
            "run-3",
            "run-20261123_135403-",
            "run-20261123-135403-x",
            "debug.log",
        ] {
            assert_eq!(split_dir_name(other), None, "{other}");
        }
    }

    #[test]
    fn finds_the_wandb_directory_in_every_layout() {
        let folder = tempfile::tempdir().unwrap();
        let (home, run) = (
            folder.path().join("wandb"),
            folder.path().join("wandb/run-20261123_135403-a"),
        );
        assert_eq!(find_runs(folder.path()), None);
        fs::create_dir(&home).unwrap();
        assert_eq!(find_runs(&home), Some(home.clone()), "nothing was run yet");
        fs::create_dir_all(run.join("files")).unwrap();
        std::os::unix::fs::symlink("run-20261123_135403-a", home.join("latest-run")).unwrap();
        assert_eq!(find_runs(folder.path()), Some(home.clone()));
        assert_eq!(find_runs(&run), Some(run));
        assert_eq!(
            find_runs(&home.join("latest-run")),
            Some(home.join("latest-run"))
        );
        assert_eq!(
            list_run_dirs(&home, |_| None).unwrap().len(),
            1,
            "the link to the latest run is no run of its own"
        );
    }

    #[test]
    fn resumed_runs_get_distinct_ids() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "run-20261124_000000-a",
            "offline-run-20261123_135403-a",
            "run-20261125_000000-b",
        ] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let ids: Vec<_> = list_run_dirs(folder.path(), |_| None)
            .unwrap()
            .iter()
            .map(|run| run.id.raw().to_owned())
            .collect();
        assert_eq!(ids, ["a", "a@20261124_000000", "b"]);
    }
}
