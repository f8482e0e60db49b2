//! Git, for commits of local repositories.
//!
//! A repository can be a stranger's, and its configuration can name programs in dozens of keys. So git never sees it: it runs
//! in an empty repository of our own that borrows the objects and the tags, with no configuration at all.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::domain::Code;
use crate::files::read_text;
use crate::promotion::policy::Candidate;
use crate::text::untrusted::clean;

/// Bytes of stdout that are read.
const MAX_STDOUT_BYTES: usize = 4 << 20;

/// Bytes of stderr that are kept.
const MAX_STDERR_BYTES: usize = 4 << 10;

/// How long one call may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The largest `.git` file and configuration.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Commits that are listed.
const MAX_COMMITS_FLAG: &str = "-100";

/// Runs git on the repository around the working directory. `commits` are the commit ids in the arguments: anything else is
/// refused.
///
/// # Errors
/// If there is no repository, git cannot be run, an id is malformed, or the repository does not have the commit; cleaned.
pub fn run_git(arguments: &[&str], commits: &[&str]) -> Result<String, String> {
    run_git_in(Path::new("."), arguments, commits)
}

/// Runs git on the repository around a folder; see [`run_git`].
///
/// # Errors
/// As for [`run_git`].
pub fn run_git_in(folder: &Path, arguments: &[&str], commits: &[&str]) -> Result<String, String> {
    Repository::discover(folder)?.run(arguments, commits)
}

/// The objects and tags of a repository, without its configuration.
pub(super) struct Repository {
    /// The repository that git sees.
    git_dir: TempDir,
    objects: PathBuf,
    /// Where the history of a shallow clone ends.
    shallow: Option<PathBuf>,
    /// The URLs of the remotes.
    pub(super) remotes: Vec<String>,
}

impl Repository {
    /// The repository of a folder or the nearest one around it.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub(super) fn discover(folder: &Path) -> Result<Self, String> {
        let folder = folder.canonicalize().map_err(|error| error.to_string())?;
        let dot_git = folder
            .ancestors()
            .map(|folder| folder.join(".git"))
            .find(|path| path.exists())
            .ok_or_else(|| "this folder is not in a git repository".to_owned())?;
        Self::borrow(&common_dir(&dot_git)?)
            .map_err(|error| format!("cannot read {}: {error}", dot_git.display()))
    }

    /// A fresh repository with the objects, tags and branches of another one.
    fn borrow(common_dir: &Path) -> std::io::Result<Self> {
        let git_dir = tempfile::Builder::new()
            .prefix("frontrunner-git-")
            .tempdir()?;
        let config = common_dir.join("config");
        let config = read_text(&config, MAX_CONFIG_BYTES).unwrap_or_default();
        fs::write(git_dir.path().join("HEAD"), "ref: refs/heads/none\n")?;
        fs::write(git_dir.path().join("own-config"), &config)?;
        let mut repository = Self {
            objects: common_dir.join("objects"),
            shallow: Some(common_dir.join("shallow")).filter(|path| path.is_file()),
            git_dir,
            remotes: Vec::new(),
        };
        let sha256 = repository.read_config(r"^extensions\.objectformat$");
        let is_sha256 = sha256.iter().any(|format| format == "sha256");
        fs::write(
            repository.git_dir.path().join("config"),
            own_config(is_sha256),
        )?;
        repository.remotes = repository.read_config(r"^remote\..*\.url$");
        // Git only reads through them: it gets no command that writes.
        for name in ["refs", "packed-refs"] {
            link(
                &common_dir.join(name),
                &repository.git_dir.path().join(name),
            )?;
        }
        Ok(repository)
    }

    /// The values of the keys in the borrowed repository's own configuration, without the files that it includes.
    fn read_config(&self, keys: &str) -> Vec<String> {
        let path = self.git_dir.path().join("own-config");
        let mut command = self.command();
        command
            .args(["config", "--no-includes", "-z", "--get-regexp", "--file"])
            .arg(path)
            .arg(keys);
        let printed = run_bounded(&mut command).map(|ended| ended.stdout);
        String::from_utf8_lossy(&printed.unwrap_or_default())
            .split('\0')
            .filter_map(|entry| entry.split_once('\n'))
            .map(|(_, value)| value.to_owned())
            .collect()
    }

    /// Runs git; see [`run_git`].
    pub(super) fn run(&self, arguments: &[&str], commits: &[&str]) -> Result<String, String> {
        for commit in commits {
            let is_commit = (7..=64).contains(&commit.len())
                && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_commit {
                return Err(format!("not a commit id: {}", clean(commit)));
            }
        }
        let mut command = self.command();
        command.args(arguments);
        let ended =
            run_bounded(&mut command).map_err(|error| format!("cannot run git: {error}"))?;
        if !ended.is_success {
            let message = String::from_utf8_lossy(&ended.stderr);
            return Err(format!(
                "the local repository does not have the commits: {}",
                clean(message.lines().next().unwrap_or_default())
            ));
        }
        Ok(String::from_utf8_lossy(&ended.stdout).into_owned())
    }

    /// Git with nothing of this process' environment but what it needs to start.
    fn command(&self) -> Command {
        let git_dir = self.git_dir.path();
        let mut command = Command::new("git");
        command.current_dir(git_dir).env_clear();
        let needed = ["PATH", "TMPDIR", "SYSTEMROOT", "DEVELOPER_DIR"];
        command.envs(
            needed
                .into_iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        );
        command
            .env("HOME", git_dir)
            .env("LC_ALL", "C")
            .env("GIT_DIR", git_dir)
            .env("GIT_OBJECT_DIRECTORY", &self.objects)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .arg("--no-pager");
        if let Some(path) = &self.shallow {
            command.env("GIT_SHALLOW_FILE", path);
        }
        command
    }
}

fn own_config(is_sha256: bool) -> &'static str {
    if is_sha256 {
        "[core]\nbare = true\nrepositoryformatversion = 1\n[extensions]\nobjectFormat = sha256\n"
    } else {
        "[core]\nbare = true\nrepositoryformatversion = 0\n"
    }
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

/// Without links, there are no tags.
#[cfg(not(unix))]
fn link(_: &Path, to: &Path) -> std::io::Result<()> {
    if to.ends_with("refs") {
        fs::create_dir(to)?;
    }
    Ok(())
}

/// The folder with the objects: a worktree or a submodule has a file that names its own.
fn common_dir(dot_git: &Path) -> Result<PathBuf, String> {
    let read = |path: &Path| read_text(path, MAX_CONFIG_BYTES);
    let git_dir = if dot_git.is_dir() {
        dot_git.to_owned()
    } else {
        let text = read(dot_git).map_err(|error| error.to_string())?;
        let named = text
            .trim_end()
            .strip_prefix("gitdir: ")
            .ok_or("the file .git names no folder")?;
        dot_git.parent().unwrap_or(Path::new(".")).join(named)
    };
    Ok(match read(&git_dir.join("commondir")) {
        Ok(text) => git_dir.join(text.trim_end()),
        Err(_) => git_dir,
    })
}

/// How a program ended.
struct Ended {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    is_success: bool,
}

/// Runs a program: the beginnings of its stdout and stderr, and whether it succeeded. It is killed at [`MAX_STDOUT_BYTES`],
/// which counts as success, and after [`TIME_LIMIT`].
fn run_bounded(command: &mut Command) -> std::io::Result<Ended> {
    let deadline = Instant::now() + TIME_LIMIT;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdout = read_in_background(child.stdout.take(), MAX_STDOUT_BYTES);
    let stderr = read_in_background(child.stderr.take(), MAX_STDERR_BYTES);
    let remaining = || deadline.saturating_duration_since(Instant::now());
    let out = stdout.recv_timeout(remaining());
    let is_full = matches!(&out, Ok(bytes) if bytes.len() == MAX_STDOUT_BYTES);
    if is_full {
        child.kill()?;
    }
    let status = match &out {
        Ok(_) => wait_until(&mut child, deadline)?,
        Err(_) => None,
    };
    let Some(status) = status else {
        child.kill()?;
        child.wait()?;
        return Err(std::io::Error::other(format!(
            "no answer within {} s",
            TIME_LIMIT.as_secs()
        )));
    };
    Ok(Ended {
        stdout: out.unwrap_or_default(),
        stderr: stderr.recv_timeout(remaining()).unwrap_or_default(),
        is_success: is_full || status.success(),
    })
}

/// The status of a program that has closed its output, which is about to end.
fn wait_until(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > deadline {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Sends the beginning of a pipe when it has ended or is full. The rest of stderr is drained, so that the program does not
/// block.
fn read_in_background(
    pipe: Option<impl Read + Send + 'static>,
    limit: usize,
) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let Some(mut pipe) = pipe else { return };
        let mut bytes = Vec::new();
        let _ = pipe.by_ref().take(limit as u64).read_to_end(&mut bytes);
        let _ = sender.send(bytes);
        if limit == MAX_STDERR_BYTES {
            let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        }
    });
    receiver
}

/// Short id, author, date and subject of the commits in `before..after`, newest first, cleaned.
fn commits_between(before: &str, after: &str) -> Result<Vec<String>, String> {
    let range = format!("{before}..{after}");
    let printed = run_git(
        &[
            "log",
            "--no-color",
            MAX_COMMITS_FLAG,
            "--format=%h %an %as %s",
            &range,
            "--",
        ],
        &[before, after],
    )?;
    Ok(printed
        .lines()
        .map(|line| clean(line).into_owned())
        .collect())
}

/// The commits from the champion's code to the candidate's; none if either is unknown.
///
/// # Errors
/// As for [`run_git`].
pub fn commits_since_champion(
    candidate: &Candidate,
    champion: Option<&Candidate>,
) -> Result<Vec<String>, String> {
    let commit = |facts: &Candidate| {
        facts
            .run
            .as_ref()
            .and_then(|run| Code::from_tags(&run.tags).commit)
            .map(|commit| commit.raw().to_owned())
    };
    match (champion.and_then(commit), commit(candidate)) {
        (Some(before), Some(after)) if before != after => commits_between(&before, &after),
        _ => Ok(Vec::new()),
    }
}
