//! The folders of W&B, one for each run.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::domain::{Millis, RunId};
use crate::store::limits;
use crate::store::local::FileStamp;

/// The prefixes of run folders; very old versions use the last one.
const RUN_DIR_PREFIXES: [&str; 3] = ["run-", "offline-run-", "dryrun-"];
/// The folders of a project's runs.
const WANDB_DIRS: [&str; 2] = ["wandb", ".wandb"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RunDir {
    /// The run's id. A resumed run has several folders: the last one has the id, and the times of the others are appended to
    /// theirs.
    pub id: RunId,
    /// The number of the folder, from 1, and how many there are, of a resumed run.
    pub piece: Option<(usize, usize)>,
    pub path: PathBuf,
    /// Very old versions of wandb write no log.
    pub log: Option<PathBuf>,
    /// The time in the folder's name, ms since the epoch.
    pub started_at: Option<Millis>,
}

/// Whether the log was written within the heartbeat timeout.
pub(super) fn has_heartbeat(log: Option<&FileStamp>, now: Millis) -> bool {
    log.is_some_and(|stamp| stamp.is_recent(now, limits::WANDB_HEARTBEAT_TIMEOUT_SECONDS))
}

impl RunDir {
    /// `None` if the folder's name is not a run's.
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
            piece: None,
            path: folder.to_owned(),
            log,
            started_at: parse_local_time(time),
        })
    }

    fn time_in_name(&self) -> &str {
        self.path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(split_dir_name)
            .map_or("", |(time, _)| time)
    }

    /// The id of the resumed run that an earlier folder belongs to.
    pub(super) fn resumed_id(&self) -> Option<RunId> {
        let (id, _) = self
            .id
            .raw()
            .rsplit_once('@')
            .filter(|_| self.piece.is_some())?;
        Some(RunId::from(id))
    }

    pub(super) fn files_dir(&self) -> PathBuf {
        self.path.join("files")
    }

    /// Whether W&B recorded uncommitted changes.
    pub(super) fn has_diff(&self) -> bool {
        self.files_dir().join("diff.patch").is_file()
    }

    pub(super) fn log_stamp(&self) -> Option<FileStamp> {
        self.log.as_deref().and_then(FileStamp::of)
    }
}

/// The time and the id in a folder's name such as `offline-run-20261123_135403-eum48n8y`.
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

/// A folder's name has the local time.
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

/// The folder of runs that a path names: one with runs, a project's folder around it, a run's
/// folder, or a run's log.
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

/// The runs of a folder by their time, or the run of a run's own folder. `cached` returns what is
/// known of a folder.
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
    tell_pieces_apart(&mut found);
    Ok(found)
}

/// Numbers the folders of resumed runs, which are in the order of time.
fn tell_pieces_apart(found: &mut [RunDir]) {
    let mut totals: HashMap<RunId, usize> = HashMap::new();
    for run in found.iter() {
        *totals.entry(run.id.clone()).or_default() += 1;
    }
    let mut counts: HashMap<RunId, usize> = HashMap::new();
    for run in found {
        let total = totals.get(&run.id).copied().unwrap_or(1);
        let count = counts.entry(run.id.clone()).or_default();
        *count += 1;
        run.piece = (total > 1).then_some((*count, total));
        if *count < total {
            run.id = RunId::from(format!("{}@{}", run.id.raw(), run.time_in_name()));
        }
    }
}

fn cached_or_open(path: &Path, cached: &impl Fn(&Path) -> Option<RunDir>) -> Option<RunDir> {
    split_dir_name(path.file_name()?.to_str()?)?;
    // A run without a log may get one.
    let cached = cached(path).filter(|run| run.log.is_some());
    let (_, id) = split_dir_name(path.file_name()?.to_str()?)?;
    cached
        .map(|run| RunDir {
            id: RunId::from(id),
            piece: None,
            ..run
        })
        .or_else(|| RunDir::open(path).filter(|run| run.path.is_dir()))
}

#[cfg(test)]
mod tests {
    use std::fs;

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
        let (wandb_dir, run) = (
            folder.path().join("wandb"),
            folder.path().join("wandb/run-20261123_135403-a"),
        );
        assert_eq!(find_runs(folder.path()), None);
        fs::create_dir(&wandb_dir).unwrap();
        assert_eq!(
            find_runs(&wandb_dir),
            Some(wandb_dir.clone()),
            "before the first run"
        );
        fs::create_dir_all(run.join("files")).unwrap();
        std::os::unix::fs::symlink("run-20261123_135403-a", wandb_dir.join("latest-run")).unwrap();
        assert_eq!(find_runs(folder.path()), Some(wandb_dir.clone()));
        assert_eq!(find_runs(&run), Some(run));
        assert_eq!(
            find_runs(&wandb_dir.join("latest-run")),
            Some(wandb_dir.join("latest-run"))
        );
        assert_eq!(
            list_run_dirs(&wandb_dir, |_| None).unwrap().len(),
            1,
            "the link to the latest run is not another run"
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
        assert_eq!(
            ids,
            ["a@20261123_135403", "a", "b"],
            "the last one is the run"
        );
    }
}
