//! Git, for commits of local repositories. It runs nothing that a repository configures.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::domain::Code;
use crate::promotion::policy::Candidate;
use crate::text::untrusted::clean;

/// Bytes of stdout that are read.
const MAX_STDOUT_BYTES: usize = 4 << 20;

/// Bytes of stderr that are kept.
const MAX_STDERR_BYTES: usize = 4 << 10;

/// Commits that are listed.
const MAX_COMMITS_FLAG: &str = "-100";

/// Runs git in the working directory. `commits` are the commit ids in the arguments: anything else is refused.
///
/// # Errors
/// If git cannot be run, an id is malformed, or the repository does not have the commit; cleaned.
pub fn run_git(arguments: &[&str], commits: &[&str]) -> Result<String, String> {
    run_git_in(Path::new("."), arguments, commits)
}

pub(super) fn run_git_in(
    folder: &Path,
    arguments: &[&str],
    commits: &[&str],
) -> Result<String, String> {
    for commit in commits {
        let is_commit =
            (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_commit {
            return Err(format!("not a commit id: {}", clean(commit)));
        }
    }
    // A repository names the programs that check signatures and fetch missing objects.
    let safe = [
        "--no-pager",
        "--no-optional-locks",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "log.showSignature=false",
    ];
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(safe)
        .args(arguments)
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    let (stdout, stderr, succeeded) =
        run_bounded(&mut command).map_err(|error| format!("cannot run git: {error}"))?;
    if !succeeded {
        let message = String::from_utf8_lossy(&stderr);
        if message.contains("not a git repository") {
            return Err("this folder is not in a git repository".to_owned());
        }
        return Err(format!(
            "the local repository does not have the commits: {}",
            clean(message.lines().next().unwrap_or_default())
        ));
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// Runs a program: the beginnings of its stdout and stderr, and whether it succeeded. It is killed at
/// [`MAX_STDOUT_BYTES`], which counts as success.
fn run_bounded(command: &mut Command) -> std::io::Result<(Vec<u8>, Vec<u8>, bool)> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stderr_reader = child
        .stderr
        .take()
        .map(|stderr| std::thread::spawn(move || read_prefix(stderr, MAX_STDERR_BYTES)));
    let stdout = child
        .stdout
        .take()
        .map(|stdout| read_prefix(stdout, MAX_STDOUT_BYTES))
        .unwrap_or_default();
    let full = stdout.len() == MAX_STDOUT_BYTES;
    if full {
        child.kill()?;
    }
    let status = child.wait()?;
    let stderr = stderr_reader
        .and_then(|thread| thread.join().ok())
        .unwrap_or_default();
    Ok((stdout, stderr, full || status.success()))
}

/// The beginning of a pipe. The rest of stderr is drained, so that the program does not block.
fn read_prefix(mut pipe: impl Read, limit: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.by_ref().take(limit as u64).read_to_end(&mut bytes);
    if limit == MAX_STDERR_BYTES {
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    }
    bytes
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
