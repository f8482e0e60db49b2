//! The repository that the program was started in, asked about commits. Nothing that a repository configures is run for it.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::domain::Code;
use crate::domain::text::clean;
use crate::policy::Candidate;

/// The most bytes that git may print.
const MOST: usize = 4 << 20;

/// The most commits that are listed.
const COMMITS: &str = "-100";

/// What git prints, or why it does not, cleaned. `commits` are the ones that the arguments name: what is none is refused.
///
/// # Errors
/// When git can't be run, one of them is no commit, or the repository does not know it.
pub fn git(arguments: &[&str], commits: &[&str]) -> Result<String, String> {
    git_in(Path::new("."), arguments, commits)
}

/// The same in another folder.
pub(super) fn git_in(folder: &Path, arguments: &[&str], commits: &[&str]) -> Result<String, String> {
    for commit in commits {
        let is_commit = (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_commit {
            return Err(format!("{} is no commit", clean(commit)));
        }
    }
    let safe = ["--no-pager", "--no-optional-locks", "-c", "core.fsmonitor=false"];
    let made = Command::new("git").arg("-C").arg(folder).args(safe).args(arguments).stdin(Stdio::null()).output();
    let made = made.map_err(|error| format!("git can't be run: {error}"))?;
    if !made.status.success() {
        let why = String::from_utf8_lossy(&made.stderr).lines().next().unwrap_or_default().to_owned();
        return Err(format!("git does not know these commits here: {}", clean(&why)));
    }
    Ok(String::from_utf8_lossy(&made.stdout[..made.stdout.len().min(MOST)]).into_owned())
}

/// The commits between two, newest first: short id, author, date, subject, each cleaned.
///
/// # Errors
/// As for [`git`].
fn commits_between(before: &str, after: &str) -> Result<Vec<String>, String> {
    let range = format!("{before}..{after}");
    let printed = git(&["log", "--no-color", COMMITS, "--format=%h %an %as %s", &range, "--"], &[before, after])?;
    Ok(printed.lines().map(|line| clean(line).into_owned()).collect())
}

/// The commits from the champion's code to the candidate's, where both name one.
///
/// # Errors
/// As for [`git`].
pub fn commits(candidate: &Candidate, champion: Option<&Candidate>) -> Result<Vec<String>, String> {
    let commit = |facts: &Candidate| facts.run.as_ref().and_then(|run| Code::of(&run.tags).commit).map(|commit| commit.raw().to_owned());
    match (champion.and_then(commit), commit(candidate)) {
        (Some(before), Some(after)) if before != after => commits_between(&before, &after),
        _ => Ok(Vec::new()),
    }
}
