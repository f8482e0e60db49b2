//! Diffs of Python environments by package.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::lines::{DiffLine, LineKind};

/// The environment files that MLflow writes next to a model.
const ENVIRONMENT_FILES: [&str; 4] = [
    "requirements.txt",
    "conda.yaml",
    "conda.yml",
    "python_env.yaml",
];

/// Whether a file lists packages, by its name.
#[must_use]
pub fn is_environment_file(path: &str) -> bool {
    ENVIRONMENT_FILES.contains(&path.rsplit('/').next().unwrap_or_default())
}

/// The packages that were added, removed, or changed their version, after a header with the number of equal ones.
#[must_use]
pub fn diff_requirements(before: &str, after: &str) -> Vec<DiffLine> {
    let (a, b) = (parse_packages(before), parse_packages(after));
    let mut lines = Vec::new();
    let describe = |name: &str, version: &str| {
        if version.is_empty() {
            name.to_owned()
        } else {
            format!("{name} {version}")
        }
    };
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for name in names {
        match (a.get(name), b.get(name)) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => {
                let suffix = match compare_versions(old, new) {
                    Some(Ordering::Less) => "  (newer)",
                    Some(Ordering::Greater) => "  (older)",
                    _ => "",
                };
                lines.push(DiffLine::plain(LineKind::Removed, describe(name, old)));
                lines.push(DiffLine::plain(
                    LineKind::Added,
                    format!("{}{suffix}", describe(name, new)),
                ));
            }
            (Some(old), None) => {
                lines.push(DiffLine::plain(LineKind::Removed, describe(name, old)));
            }
            (None, Some(new)) => lines.push(DiffLine::plain(LineKind::Added, describe(name, new))),
            (None, None) => {}
        }
    }
    let same = a
        .iter()
        .filter(|(name, version)| b.get(*name) == Some(version))
        .count();
    lines.insert(
        0,
        DiffLine::plain(LineKind::Header, format!("{same} packages are equal")),
    );
    lines
}

/// The packages of requirements.txt, or of the lists in conda.yaml and python_env.yaml, where each is on a line of its own.
fn parse_packages(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut section = "";
    for line in text.lines().map(str::trim) {
        let line = line
            .strip_prefix("- ")
            .unwrap_or(line)
            .trim_matches(['"', '\'']);
        if let Some(head) = line.strip_suffix(':') {
            section = head;
        }
        let line = line
            .split(" #")
            .next()
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim();
        let is_package = line.starts_with(|c: char| c.is_ascii_alphanumeric())
            && !line.ends_with(':')
            && !line.contains(": ");
        if is_package && section != "channels" {
            found.extend([parse_package(line)]);
        }
    }
    found
}

/// A name, normalized by PEP 503, and its version: bare if it is pinned, else with its operator.
fn parse_package(line: &str) -> (String, String) {
    let end = line
        .find(|c: char| "=<>!~ @[".contains(c))
        .unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let mut normalized = String::new();
    for c in name.to_lowercase().chars() {
        let c = if "-_.".contains(c) { '-' } else { c };
        if c != '-' || !normalized.ends_with('-') {
            normalized.push(c);
        }
    }
    let rest = rest.trim();
    let (extras, version) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((extras, version)) => (format!("[{extras}]"), version.trim()),
        None => (String::new(), rest),
    };
    // conda pins with one `=`.
    let version = version
        .strip_prefix("==")
        .or_else(|| version.strip_prefix('='))
        .unwrap_or(version);
    (normalized + &extras, version.trim().to_owned())
}

/// Compares two versions of plain numbers.
fn compare_versions(a: &str, b: &str) -> Option<Ordering> {
    let numbers = |text: &str| {
        text.split('.')
            .map(|part| part.parse::<u64>().ok())
            .collect::<Option<Vec<u64>>>()
    };
    Some(numbers(a)?.cmp(&numbers(b)?))
}
