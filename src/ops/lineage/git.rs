//! The repository that the program was started in, asked about commits. Nothing that a repository configures is run for it.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::domain::Code;
use crate::promotion::policy::Candidate;
use crate::text::untrusted::clean;

/// The most bytes that git may print.
const MAX_STDOUT_BYTES: usize = 4 << 20;

/// The most bytes of what it says went wrong that are kept.
const MAX_STDERR_BYTES: usize = 4 << 10;

/// The most commits that are listed.
const MAX_COMMITS_FLAG: &str = "-100";

/// What git prints, or why it does not, cleaned. `commits` are the ones that the arguments name: what is none is refused.
///
/// # Errors
/// When git can't be run, one of them is no commit, or the repository does not know it.
pub fn run_git(arguments: &[&str], commits: &[&str]) -> Result<String, String> {
    run_git_in(Path::new("."), arguments, commits)
}

/// The same in another folder.
pub(super) fn run_git_in(
    folder: &Path,
    arguments: &[&str],
    commits: &[&str],
) -> Result<String, String> {
    for commit in commits {
        let is_commit =
            (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_commit {
            return Err(format!("{} is no commit", clean(commit)));
        }
    }
    // Signatures would be checked by a program that the repository names, and absent objects fetched by another.
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
        run_bounded(&mut command).map_err(|error| format!("git can't be run: {error}"))?;
    if !succeeded {
        let message = String::from_utf8_lossy(&stderr);
        return Err(format!(
            "git does not know these commits here: {}",
            clean(message.lines().next().unwrap_or_default())
        ));
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// Runs a program: the beginning of what it prints, the beginning of what it says on stderr, and whether it did what it should.
/// One that prints more than [`MOST`] is ended there.
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

/// The beginning of what comes out of a pipe; on stderr the rest is read and thrown away, so that nobody waits.
fn read_prefix(mut pipe: impl Read, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.by_ref().take(most as u64).read_to_end(&mut bytes);
    if most == MAX_STDERR_BYTES {
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    }
    bytes
}

/// The commits between two, newest first: short id, author, date, subject, each cleaned.
///
/// # Errors
/// As for [`git`].
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

/// The commits from the champion's code to the candidate's, where both name one.
///
/// # Errors
/// As for [`git`].
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
