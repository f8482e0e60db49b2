//! The program's own source text, read as the house rules need it: without comments and without its inline tests.

use std::path::{Path, PathBuf};

/// The folder of the package.
pub fn package_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under a folder of the package with one of these endings, sorted.
pub fn find_files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![package_root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// One source file of the program.
pub struct Source {
    /// Its path under `src/`.
    pub path: String,
    /// Its modules, the room first: `["app", "overlays", "plan"]`.
    pub modules: Vec<String>,
    /// Its code: no comments, no tests.
    pub code: String,
}

/// All of the program's source, without the files that are tests.
pub fn production_sources() -> Vec<Source> {
    find_files("src", &["rs"])
        .iter()
        .filter_map(|path| read_source(path))
        .collect()
}

fn read_source(path: &Path) -> Option<Source> {
    let path = path.strip_prefix(package_root().join("src")).unwrap();
    let mut modules: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if modules.iter().any(|module| module == "tests") {
        return None;
    }
    if modules.last().is_some_and(|last| last == "mod") {
        modules.pop();
    }
    let text = std::fs::read_to_string(package_root().join("src").join(path)).unwrap();
    let code: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("mod tests {"))
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.split(" // ").next().unwrap_or_default())
        .collect();
    Some(Source {
        path: path.display().to_string(),
        modules,
        code: code.join("\n"),
    })
}

/// Every path that begins at the crate, with the braces of `use` unfolded: `store::limits::PAGE_RUNS`.
pub fn crate_paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, matched) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '$') {
            expand_use_tree("", &code[at + matched.len()..], &mut paths);
        }
    }
    paths
}

/// Takes one path of a `use` tree from the beginning of `rest`; returns what is left of it.
fn expand_use_tree<'a>(above: &str, rest: &'a str, paths: &mut Vec<String>) -> &'a str {
    let mut rest = rest.trim_start();
    let mut path = above.to_owned();
    loop {
        if let Some(mut inside) = rest.strip_prefix('{') {
            loop {
                inside = inside.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
                match inside.strip_prefix('}') {
                    Some(left) => return left,
                    None if inside.is_empty() => return inside,
                    None => inside = expand_use_tree(&path, inside, paths),
                }
            }
        }
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*')
            .unwrap_or(rest.len());
        path.push_str(&rest[..end]);
        rest = &rest[end..];
        let Some(after) = rest.strip_prefix("::") else {
            paths.push(path);
            // `as Name`, and whatever else stands before the next one.
            return rest.trim_start_matches(|c: char| !matches!(c, ',' | '}' | ';'));
        };
        path.push_str("::");
        rest = after;
    }
}
