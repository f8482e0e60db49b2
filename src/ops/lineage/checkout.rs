//! Files of the run's repository at the run's commit: MLflow records the commit.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::evidence::{ReadBudget, match_file};
use super::git::Repository;
use crate::domain::{Code, DatasetInput};
use crate::evidence::{EvidenceFile, FileOrigin, Integration, SearchRule};

/// Repositories below a root that are tried.
const MAX_FOLDERS: usize = 50;

/// The files that integrations match, from the first repository that has the commit and the run's remote.
pub(super) fn files_at_run_commit(
    roots: &[PathBuf],
    code: &Code,
    datasets: &[DatasetInput],
    integrations: &[Integration],
    problems: &mut Vec<String>,
) -> Vec<EvidenceFile> {
    let Some(commit) = code.commit.as_ref().map(|commit| commit.raw().to_owned()) else {
        return Vec::new();
    };
    let expected_remote = code.repository.as_ref().map(|url| url.raw().to_owned());
    for root in roots
        .iter()
        .cloned()
        .chain(roots.iter().flat_map(|root| find_repositories(root)))
    {
        let Ok(repository) = Repository::discover(&root) else {
            continue;
        };
        // Runs can record an abbreviated id: git resolves it.
        let known = repository.run(
            &[
                "rev-parse",
                "--verify",
                "--quiet",
                "--end-of-options",
                &format!("{commit}^{{commit}}"),
            ],
            &[&commit],
        );
        let Ok(full_commit) = known.map(|known| known.trim().to_owned()) else {
            continue;
        };
        if full_commit.is_empty() {
            continue;
        }
        if let Some(other) = expected_remote
            .as_deref()
            .and_then(|url| unrelated_remotes(&repository, url))
        {
            problems.push(format!(
                "{}: has the run's commit but is a checkout of {other}, not used",
                root.display()
            ));
            continue;
        }
        return files_at_commit(&repository, &full_commit, datasets, integrations, problems);
    }
    Vec::new()
}

/// Repositories directly under a folder, and one level down.
fn find_repositories(root: &Path) -> Vec<PathBuf> {
    let folders = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .take(MAX_FOLDERS * 20);
        let is_folder =
            |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        entries
            .filter(is_folder)
            .map(|entry| entry.path())
            .take(MAX_FOLDERS)
            .collect()
    };
    let near = folders(root);
    let far: Vec<PathBuf> = near
        .iter()
        .filter(|folder| !folder.ends_with(".git"))
        .flat_map(|folder| folders(folder))
        .collect();
    near.into_iter()
        .chain(far)
        .filter(|folder| folder.join(".git").exists())
        .take(MAX_FOLDERS)
        .collect()
}

/// The remotes of a repository, if it has some and none is the run's.
fn unrelated_remotes(repository: &Repository, expected: &str) -> Option<String> {
    let remotes = &repository.remotes;
    let is_other = !remotes.is_empty()
        && !remotes
            .iter()
            .any(|url| normalize_url(url) == normalize_url(expected));
    is_other.then(|| remotes.join(", "))
}

/// A URL in one spelling: `git@host:a/b.git` and `https://host/a/b` are equal.
fn normalize_url(url: &str) -> String {
    let rest = url
        .trim()
        .split_once("://")
        .map_or(url.trim(), |(_, rest)| rest);
    let rest = rest
        .split_once('@')
        .filter(|(user, _)| !user.contains('/'))
        .map_or(rest, |(_, rest)| rest);
    let rest = rest
        .split('#')
        .next()
        .unwrap_or_default()
        .trim_end_matches('/')
        .trim_end_matches(".git");
    rest.replace(':', "/").to_lowercase()
}

fn files_at_commit(
    repository: &Repository,
    commit: &str,
    datasets: &[DatasetInput],
    integrations: &[Integration],
    problems: &mut Vec<String>,
) -> Vec<EvidenceFile> {
    let Ok(listed) = repository.run(
        &["ls-tree", "-r", "--full-tree", "-z", commit, "--"],
        &[commit],
    ) else {
        return Vec::new();
    };
    // A commit or a link can have the name of a file.
    let blobs: BTreeMap<&str, &str> = listed
        .split('\0')
        .filter_map(|entry| entry.split_once('\t'))
        .filter_map(|(object, path)| {
            Some((path, object.strip_prefix("100")?.split_once(" blob ")?.1))
        })
        .filter(|(path, _)| match_file(integrations, FileOrigin::Commit, path).is_some())
        .collect();
    let paths: Vec<&str> = blobs.keys().copied().collect();
    let tags = data_tags(repository, commit, &paths, datasets, integrations);
    let (mut budget, mut skipped) = (ReadBudget::new(), 0);
    let mut files = Vec::new();
    for path in by_relevance(repository, commit, paths, datasets) {
        if budget.reserve(0).is_err() {
            skipped += 1;
            continue;
        }
        let blob = blobs.get(path).copied().unwrap_or_default();
        let content = repository
            .run(&["cat-file", "blob", blob], &[blob])
            .map(String::into_bytes);
        let from = format!("{path} at commit {}", commit.get(..8).unwrap_or(commit));
        let tag = tags
            .iter()
            .find(|(known, _)| known == path)
            .map(|(_, tag)| tag.clone());
        files.push(EvidenceFile {
            origin: FileOrigin::Commit,
            path: path.to_owned(),
            source: from,
            git_tag: tag,
            content,
        });
    }
    if skipped > 0 {
        problems.push(format!("the run's commit: {skipped} more files not read"));
    }
    files
}

/// The files that the run's datasets name first, then the file that changed last.
fn by_relevance<'p>(
    repository: &Repository,
    commit: &str,
    mut paths: Vec<&'p str>,
    datasets: &[DatasetInput],
) -> Vec<&'p str> {
    if paths.len() > 1 {
        let newest = paths
            .iter()
            .take(20)
            .max_by_key(|path| last_change(repository, commit, &[path]).map(|(_, when)| when))
            .copied();
        paths.sort_by_key(|path| (!is_named_by_dataset(datasets, path), Some(*path) != newest));
    }
    paths
}

/// Whether a dataset of the run, or its source, has the file's name: `data/users.csv` and `users.csv.dvc`.
fn is_named_by_dataset(datasets: &[DatasetInput], path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let file = name.rsplit_once('.').map_or(name, |(file, _)| file);
    let stem = file.split('.').next().unwrap_or_default();
    datasets.iter().any(|input| {
        let dataset_name = input.name.raw();
        dataset_name == file
            || dataset_name == stem
            || input
                .source
                .raw()
                .split(['/', '"', '\\'])
                .any(|part| part == file)
    })
}

/// Paths and the tag of the commit that last changed the data: the files that the run's datasets name, else all. Only an
/// integration's first search rule with files counts: the others are fallbacks.
fn data_tags(
    repository: &Repository,
    commit: &str,
    paths: &[&str],
    datasets: &[DatasetInput],
    integrations: &[Integration],
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for integration in integrations {
        let fits = |find: &&SearchRule| {
            paths
                .iter()
                .any(|path| find.location.matches(FileOrigin::Commit, path))
        };
        let Some(find) = integration.search_rules.iter().find(fits) else {
            continue;
        };
        let own: Vec<&str> = paths
            .iter()
            .copied()
            .filter(|path| find.location.matches(FileOrigin::Commit, path))
            .collect();
        let named: Vec<&str> = own
            .iter()
            .copied()
            .filter(|path| is_named_by_dataset(datasets, path))
            .collect();
        let candidates = if named.is_empty() { own } else { named };
        let Some((changed, _)) = last_change(repository, commit, &candidates) else {
            continue;
        };
        let Some(tag) = data_tag(repository, &changed, commit) else {
            continue;
        };
        let of_change = |path: &&&str| {
            last_change(repository, commit, &[path]).is_some_and(|(at, _)| at == changed)
        };
        found.extend(
            candidates
                .iter()
                .filter(of_change)
                .map(|path| ((*path).to_owned(), tag.clone())),
        );
    }
    found
}

/// The last commit up to `commit` that changed one of the files, and its time in seconds since the epoch.
fn last_change(repository: &Repository, commit: &str, paths: &[&str]) -> Option<(String, i64)> {
    let specs: Vec<String> = paths
        .iter()
        .map(|path| format!(":(top,literal){path}"))
        .collect();
    let arguments = ["log", "-1", "--format=%H %ct", commit, "--"]
        .into_iter()
        .chain(specs.iter().map(String::as_str));
    let printed = repository
        .run(&arguments.collect::<Vec<_>>(), &[commit])
        .ok()?;
    let (changed, when) = printed.trim().split_once(' ')?;
    Some((changed.to_owned(), when.parse().ok()?))
}

/// The tag that names the data since a change: one on the change, else one with `data` in its name between the change and
/// the commit, else one on the commit. The data is the same in all of these. Of several tags, one with `data` wins, then
/// the highest version.
fn data_tag(repository: &Repository, changed: &str, commit: &str) -> Option<String> {
    let tags = |arguments: &[&str], commits: &[&str]| -> Vec<String> {
        let all = [&["tag", "--sort=-version:refname"], arguments].concat();
        repository
            .run(&all, commits)
            .map(|printed| printed.lines().map(str::to_owned).collect())
            .unwrap_or_default()
    };
    let names_data = |tag: &&String| tag.to_lowercase().contains("data");
    let has_number = |tag: &&String| tag.contains(|c: char| c.is_ascii_digit());
    let best = |all: &[String]| {
        all.iter()
            .find(names_data)
            .or_else(|| all.iter().find(has_number))
            .or_else(|| all.first())
            .cloned()
    };
    let on_change = tags(&["--points-at", changed], &[changed]);
    let between = || {
        tags(
            &["--contains", changed, "--merged", commit],
            &[changed, commit],
        )
    };
    best(&on_change)
        .or_else(|| between().into_iter().rfind(|tag| names_data(&tag)))
        .or_else(|| best(&tags(&["--points-at", commit], &[commit])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equivalent_remote_urls_normalize_equally() {
        for url in [
            "git@host.org:a/b.git",
            "https://host.org/a/b",
            "ssh://git@host.org/a/b.git/",
            "https://me:word@Host.org/a/b.git",
        ] {
            assert_eq!(normalize_url(url), "host.org/a/b", "{url}");
        }
        assert_ne!(
            normalize_url("https://host.org/a/b"),
            normalize_url("https://host.org/a/c")
        );
    }
}
