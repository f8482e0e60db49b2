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
const PREFIXES: [&str; 3] = ["run-", "offline-run-", "dryrun-"];
/// The folders in which W&B keeps a project's runs.
const HOMES: [&str; 2] = ["wandb", ".wandb"];

/// A run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The run's id. Where an earlier folder has the same run, which was resumed, the time of this one stands behind it.
    pub id: RunId,
    /// The folder.
    pub folder: PathBuf,
    /// The log; very old versions have none.
    pub log: Option<PathBuf>,
    /// When it started, by the folder's name: to the second.
    pub started: Option<Millis>,
}

/// How a file is: once that differs, its content may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stamp {
    /// How long it is, in bytes.
    pub bytes: u64,
    /// When it was written last, ms since the epoch.
    pub modified: Option<Millis>,
    /// Which file it is.
    file: (u64, u64),
}

impl Stamp {
    /// How a file is now; nothing where it can't be seen.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let found = fs::metadata(path).ok()?;
        let modified = found.modified().ok().and_then(millis);
        Some(Self {
            bytes: found.len(),
            modified,
            file: identity(&found),
        })
    }

    /// Whether the same file has become longer, or is as it was.
    pub(super) fn goes_on_from(&self, earlier: &Self) -> bool {
        self.file == earlier.file && self.bytes >= earlier.bytes
    }

    /// Whether it was written a short while ago.
    pub(super) fn is_young(&self, now: Millis) -> bool {
        self.modified.is_some_and(|modified| {
            now.saturating_sub(modified) < limits::WANDB_SILENT_SECONDS * 1_000
        })
    }
}

fn millis(time: SystemTime) -> Option<Millis> {
    time.duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since: Duration| Millis::try_from(since.as_millis()).ok())
}

/// The time, ms since the epoch.
pub(super) fn now() -> Millis {
    millis(SystemTime::now()).unwrap_or(0)
}

#[cfg(unix)]
fn identity(found: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino())
}

#[cfg(not(unix))]
fn identity(found: &Metadata) -> (u64, u64) {
    (0, u64::from(found.is_file()))
}

impl Place {
    /// The run of a folder; nothing where it is none.
    pub(super) fn of(folder: &Path) -> Option<Self> {
        let (time, id) = parts(folder.file_name()?.to_str()?)?;
        let expected = folder.join(format!("run-{id}.wandb"));
        let log = if expected.is_file() {
            Some(expected)
        } else {
            log_in(folder)
        };
        Some(Self {
            id: RunId::from(id),
            folder: folder.to_owned(),
            log,
            started: started(time),
        })
    }

    /// The time in the folder's name.
    fn time(&self) -> &str {
        self.folder
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(parts)
            .map_or("", |(time, _)| time)
    }

    /// Where the run's files are.
    pub(super) fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// Whether W&B kept how the files differed from the commit.
    pub(super) fn has_diff(&self) -> bool {
        self.files().join("diff.patch").is_file()
    }

    /// How the log is now.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.log.as_deref().and_then(Stamp::of)
    }
}

/// The time and the id in the name of a run's folder: `offline-run-20261123_135403-eum48n8y`.
fn parts(name: &str) -> Option<(&str, &str)> {
    let rest = PREFIXES
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
fn started(time: &str) -> Option<Millis> {
    let time = DateTime::strptime("%Y%m%d_%H%M%S", time).ok()?;
    Some(TimeZone::system().to_timestamp(time).ok()?.as_millisecond())
}

fn log_in(folder: &Path) -> Option<PathBuf> {
    let mut logs: Vec<PathBuf> = folder
        .read_dir()
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "wandb"))
        .collect();
    logs.sort();
    logs.into_iter().find(|path| path.is_file())
}

/// The folder of W&B's that a path means: one with runs, a project's folder that has such a one, or one run's.
pub(crate) fn home(path: &Path) -> Option<PathBuf> {
    if !path.is_dir() {
        return None;
    }
    // Links, `latest-run` above all, are named by what they lead to.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if Place::of(&real).is_some_and(|run| run.log.is_some() || run.files().is_dir())
        || has_runs(path)
    {
        return Some(path.to_owned());
    }
    if let Some(home) = HOMES
        .iter()
        .map(|home| path.join(home))
        .find(|home| has_runs(home))
    {
        return Some(home);
    }
    // Nothing was run yet.
    let is_empty = real.file_name().is_some_and(|name| name == "wandb")
        && real
            .read_dir()
            .is_ok_and(|mut inside| inside.next().is_none());
    is_empty.then(|| path.to_owned())
}

/// Whether a folder has runs in it.
pub(crate) fn has_runs(folder: &Path) -> bool {
    let Ok(inside) = folder.read_dir() else {
        return false;
    };
    inside
        .filter_map(Result::ok)
        .any(|entry| entry.file_name().to_str().and_then(parts).is_some() && entry.path().is_dir())
}

/// The runs of a folder, in the order of their names but for what W&B puts before the time; of a run's own folder that one.
///
/// # Errors
/// When the folder can't be read.
pub(super) fn runs(home: &Path, known: impl Fn(&Path) -> Option<Place>) -> io::Result<Vec<Place>> {
    let mut found: Vec<Place> = match Place::of(home) {
        Some(run) => vec![run],
        None => home
            .read_dir()?
            .filter_map(|entry| place(&entry.ok()?.path(), &known))
            .collect(),
    };
    found.sort_by(|a, b| (a.time(), &a.folder).cmp(&(b.time(), &b.folder)));
    let mut seen = std::collections::HashSet::new();
    for run in &mut found {
        if !seen.insert(run.id.clone()) {
            run.id = RunId::from(format!("{}@{}", run.id.raw(), run.time()));
            seen.insert(run.id.clone());
        }
    }
    Ok(found)
}

fn place(path: &Path, known: &impl Fn(&Path) -> Option<Place>) -> Option<Place> {
    parts(path.file_name()?.to_str()?)?;
    // A run that has its log keeps it.
    let known = known(path).filter(|place| place.log.is_some());
    let (_, id) = parts(path.file_name()?.to_str()?)?;
    known
        .map(|place| Place {
            id: RunId::from(id),
            ..place
        })
        .or_else(|| Place::of(path).filter(|place| place.folder.is_dir()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_folder_tells_the_run() {
        assert_eq!(
            parts("offline-run-20261123_135403-eum48n8y"),
            Some(("20261123_135403", "eum48n8y"))
        );
        assert_eq!(
            parts("run-20261123_135403-my-own-id"),
            Some(("20261123_135403", "my-own-id"))
        );
        for other in [
            "latest-run",
            "run-3",
            "run-20261123_135403-",
            "run-20261123-135403-x",
            "debug.log",
        ] {
            assert_eq!(parts(other), None, "{other}");
        }
    }

    #[test]
    fn a_folder_is_known_as_one_of_wandbs_in_every_form() {
        let folder = tempfile::tempdir().unwrap();
        let (home, run) = (
            folder.path().join("wandb"),
            folder.path().join("wandb/run-20261123_135403-a"),
        );
        assert_eq!(self::home(folder.path()), None);
        fs::create_dir(&home).unwrap();
        assert_eq!(self::home(&home), Some(home.clone()), "nothing was run yet");
        fs::create_dir_all(run.join("files")).unwrap();
        std::os::unix::fs::symlink("run-20261123_135403-a", home.join("latest-run")).unwrap();
        assert_eq!(self::home(folder.path()), Some(home.clone()));
        assert_eq!(self::home(&run), Some(run));
        assert_eq!(
            self::home(&home.join("latest-run")),
            Some(home.join("latest-run"))
        );
        assert_eq!(
            runs(&home, |_| None).unwrap().len(),
            1,
            "the link to the latest run is no run of its own"
        );
    }

    #[test]
    fn a_run_that_was_resumed_is_told_apart_by_the_time() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "run-20261124_000000-a",
            "offline-run-20261123_135403-a",
            "run-20261125_000000-b",
        ] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let ids: Vec<_> = runs(folder.path(), |_| None)
            .unwrap()
            .iter()
            .map(|run| run.id.raw().to_owned())
            .collect();
        assert_eq!(ids, ["a", "a@20261124_000000", "b"]);
    }
}
